-- Passkeys of people, and the challenges that were given out and not answered yet.

CREATE TABLE passkeys (
    account_id {text} NOT NULL,
    id {text} NOT NULL,
    person_id {text} NOT NULL,
    name {text} NOT NULL,
    -- JSON: public key, counter, what the authenticator said of itself.
    credential {text} NOT NULL,
    created_at {int} NOT NULL,
    last_used_at {int},
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, person_id) REFERENCES people (account_id, id)
) {table};
CREATE INDEX passkeys_by_person ON passkeys (account_id, person_id);

-- JSON of what the answer is checked against. Never shown to anybody; gone with the first answer.
CREATE TABLE passkey_challenges (
    account_id {text} NOT NULL,
    id {text} NOT NULL,
    person_id {text} NOT NULL,
    state {text} NOT NULL,
    expires_at {int} NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, person_id) REFERENCES people (account_id, id)
) {table};
CREATE INDEX passkey_challenges_by_time ON passkey_challenges (expires_at);
