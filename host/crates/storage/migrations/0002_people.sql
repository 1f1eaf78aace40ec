-- People's permissions and states, groups, one-time links, what sessions and tokens know, security settings.

-- `security` is JSON; its version grows with every change of what decides who gets in.
ALTER TABLE accounts ADD COLUMN security {text} NOT NULL DEFAULT '{}';
ALTER TABLE accounts ADD COLUMN security_version {int} NOT NULL DEFAULT 0;

-- An empty password hash: no password was set yet.
ALTER TABLE people ADD COLUMN permissions {text} NOT NULL DEFAULT '[]';
ALTER TABLE people ADD COLUMN status {text} NOT NULL DEFAULT 'active';
ALTER TABLE people ADD COLUMN password_changed_at {int} NOT NULL DEFAULT 0;
UPDATE people SET password_changed_at = created_at;
-- What the roles gave before permissions were given one by one.
UPDATE people SET permissions = '["conversations-all"]' WHERE role = 'operator';
UPDATE people SET permissions = '["conversations-all","messages-review"]' WHERE role = 'supervisor';

-- Hashes that were replaced.
CREATE TABLE password_history (
    account_id {text} NOT NULL,
    person_id {text} NOT NULL,
    replaced_at {int} NOT NULL,
    password_hash {text} NOT NULL,
    PRIMARY KEY (account_id, person_id, replaced_at),
    FOREIGN KEY (account_id, person_id) REFERENCES people (account_id, id)
) {clustered};

-- Kept when it was used, so that whoever uses it again learns that.
CREATE TABLE one_time_links (
    account_id {text} NOT NULL,
    id {text} NOT NULL,
    person_id {text} NOT NULL,
    secret_hash {text} NOT NULL,
    created_at {int} NOT NULL,
    expires_at {int} NOT NULL,
    used_at {int},
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, person_id) REFERENCES people (account_id, id),
    CONSTRAINT one_time_links_secret UNIQUE (secret_hash)
) {clustered};

CREATE TABLE permission_templates (
    account_id {text} NOT NULL REFERENCES accounts (id),
    name {text} NOT NULL,
    permissions {text} NOT NULL,
    PRIMARY KEY (account_id, name)
) {clustered};

ALTER TABLE sessions ADD COLUMN last_seen_at {int} NOT NULL DEFAULT 0;
UPDATE sessions SET last_seen_at = created_at;
ALTER TABLE sessions ADD COLUMN second_factor {int} NOT NULL DEFAULT 0;
-- Why it ended, when somebody else than its holder ended it.
ALTER TABLE sessions ADD COLUMN ended {text};
CREATE INDEX sessions_by_person ON sessions (account_id, person_id);

-- Networks in which a person has logged in.
CREATE TABLE known_networks (
    account_id {text} NOT NULL,
    person_id {text} NOT NULL,
    network {text} NOT NULL,
    seen_at {int} NOT NULL,
    PRIMARY KEY (account_id, person_id, network),
    FOREIGN KEY (account_id, person_id) REFERENCES people (account_id, id)
) {clustered};

-- Attempts to log in that failed, by what is slowed down for them: a digest, so that no address stands here.
CREATE TABLE throttles (
    subject {text} NOT NULL PRIMARY KEY,
    failures {int} NOT NULL,
    blocked_until {int} NOT NULL,
    updated_at {int} NOT NULL
) {clustered};
CREATE INDEX throttles_by_time ON throttles (updated_at);

-- The secret before the last renewal is good until `previous_until`.
ALTER TABLE api_tokens ADD COLUMN scopes {text} NOT NULL DEFAULT '[]';
ALTER TABLE api_tokens ADD COLUMN expires_at {int};
ALTER TABLE api_tokens ADD COLUMN last_used_at {int};
ALTER TABLE api_tokens ADD COLUMN last_used_from {text};
ALTER TABLE api_tokens ADD COLUMN previous_hash {text};
ALTER TABLE api_tokens ADD COLUMN previous_until {int};
ALTER TABLE api_tokens ADD COLUMN revoked_at {int};
CREATE UNIQUE INDEX api_tokens_previous ON api_tokens (previous_hash);
-- What tokens could do before they had scopes: all that their owner may, and bring in what clients wrote.
UPDATE api_tokens SET scopes = '["conversations-own","conversations-group","conversations-all","conversations-assign","messages-review","dashboards-edit","funnels-edit","chatbots-edit","auto-assignment-edit","blacklist-edit","templates-edit","channels-edit","data-export","data-delete","security-manage","people-manage","plugins-manage","tokens-manage","support-manage","audit-read","quarantine-read","messages-write-as-client"]';

CREATE TABLE operator_groups (
    account_id {text} NOT NULL REFERENCES accounts (id),
    id {text} NOT NULL,
    name {text} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (account_id, id),
    CONSTRAINT operator_groups_name UNIQUE (account_id, name)
) {clustered};

CREATE TABLE group_members (
    account_id {text} NOT NULL,
    group_id {text} NOT NULL,
    person_id {text} NOT NULL,
    PRIMARY KEY (account_id, group_id, person_id),
    FOREIGN KEY (account_id, group_id) REFERENCES operator_groups (account_id, id),
    FOREIGN KEY (account_id, person_id) REFERENCES people (account_id, id)
) {clustered};

ALTER TABLE conversations ADD COLUMN assignee_id {text};
ALTER TABLE conversations ADD COLUMN group_id {text};
