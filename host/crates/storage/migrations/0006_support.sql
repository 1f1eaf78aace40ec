-- The platform's own account, and how its people enter accounts that let support in.

ALTER TABLE accounts ADD COLUMN kind {text} NOT NULL DEFAULT 'customer';
CREATE UNIQUE INDEX accounts_platform ON accounts (kind) WHERE kind = 'platform';

-- That an account lets support in, from its opening to its end or closing.
CREATE TABLE support_grants (
    account_id {text} NOT NULL REFERENCES accounts (id),
    id {text} NOT NULL,
    scope {text} NOT NULL,
    opened_by {text} NOT NULL,
    opened_at {int} NOT NULL,
    until {int} NOT NULL,
    closed_at {int},
    PRIMARY KEY (account_id, id)
) {clustered};

-- Somebody of the platform in an account: under one grant, by one session of their own.
CREATE TABLE support_sessions (
    account_id {text} NOT NULL,
    id {text} NOT NULL,
    grant_id {text} NOT NULL,
    secret_hash {text} NOT NULL,
    platform_id {text} NOT NULL,
    person_id {text} NOT NULL,
    session_id {text} NOT NULL,
    reason {text} NOT NULL,
    address {text} NOT NULL,
    created_at {int} NOT NULL,
    ended_at {int},
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, grant_id) REFERENCES support_grants (account_id, id),
    FOREIGN KEY (platform_id, person_id) REFERENCES people (account_id, id),
    CONSTRAINT support_sessions_secret UNIQUE (secret_hash)
) {clustered};
