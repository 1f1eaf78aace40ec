-- What plugins may ask for: counters, and hosts over HTTPS.

ALTER TABLE installations ADD COLUMN http_hosts {text} NOT NULL DEFAULT '[]';

-- How many counters the account has: with each new one, this is asked, not the table.
ALTER TABLE accounts ADD COLUMN counters {int} NOT NULL DEFAULT 0;

-- `key` is the digest of the plugin's own name for it, which may be personal data. `realm` is `live` or `shadow`.
CREATE TABLE counters (
    account_id {text} NOT NULL REFERENCES accounts (id),
    plugin {text} NOT NULL,
    realm {text} NOT NULL,
    key {text} NOT NULL,
    value {int} NOT NULL,
    expires_at {int} NOT NULL,
    PRIMARY KEY (account_id, plugin, realm, key)
) {clustered};
CREATE INDEX counters_by_expiry ON counters (expires_at, account_id);
