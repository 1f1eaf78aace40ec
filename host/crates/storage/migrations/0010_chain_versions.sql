-- What one call of an installation may use, and for how many of a hundred conversations it is in force.
ALTER TABLE installations ADD COLUMN fuel {int} NOT NULL DEFAULT 10000000;
ALTER TABLE installations ADD COLUMN memory {int} NOT NULL DEFAULT 16777216;
ALTER TABLE installations ADD COLUMN percent {int} NOT NULL DEFAULT 100;

-- 0: the account's plugins are switched off, all at once.
ALTER TABLE accounts ADD COLUMN plugins_on {int} NOT NULL DEFAULT 1;

-- Every chain that an account had, so that it can be gone back to and decisions of then can be made again.
CREATE TABLE chain_versions (
    account_id {text} NOT NULL REFERENCES accounts (id),
    version {int} NOT NULL,
    audit_id {text},
    body {text} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (account_id, version)
) {table};

-- Configurations by their digest: the chains of above name them.
CREATE TABLE plugin_configs (
    account_id {text} NOT NULL REFERENCES accounts (id),
    sha256 {text} NOT NULL,
    body {text} NOT NULL,
    PRIMARY KEY (account_id, sha256)
) {table};
INSERT INTO plugin_configs (account_id, sha256, body)
SELECT account_id, config_sha256, MIN(config) FROM installations GROUP BY account_id, config_sha256;

-- Components that the platform switched off for every account.
CREATE TABLE switched_off_plugins (
    sha256 {text} NOT NULL PRIMARY KEY,
    reason {text} NOT NULL,
    created_at {int} NOT NULL
) {table};
CREATE INDEX plugins_by_digest ON plugins (sha256);

-- Until when an installation is not asked because it failed too often, how often that has happened in a row, and how it failed.
ALTER TABLE installations ADD COLUMN suspended_until {int};
ALTER TABLE installations ADD COLUMN suspensions {int} NOT NULL DEFAULT 0;
ALTER TABLE installations ADD COLUMN suspended_for {text};

-- What a decision needs to be made again: the chain that made it, and what it was asked about, sealed; gone after a time.
ALTER TABLE decisions ADD COLUMN chain_version {int};
ALTER TABLE decisions ADD COLUMN input {text};
CREATE INDEX decisions_with_input ON decisions (account_id, id) WHERE input IS NOT NULL;
