-- Rules of the content filter are kept under their digest, as configurations are: chains of the past name both. '': not kept yet, which the next
-- change of the chain does.
ALTER TABLE filter_rules ADD COLUMN sha256 {text} NOT NULL DEFAULT '';

-- What chains name by digest: the newest version that names it, and its size in bytes. What no chain names any more is removed.
CREATE TABLE chain_parts (
    account_id {text} NOT NULL REFERENCES accounts (id),
    sha256 {text} NOT NULL,
    version {int} NOT NULL,
    bytes {int} NOT NULL,
    PRIMARY KEY (account_id, sha256)
) {clustered};
CREATE INDEX chain_parts_by_version ON chain_parts (account_id, version);
INSERT INTO chain_parts (account_id, sha256, version, bytes)
SELECT c.account_id, c.sha256, a.chain_version, OCTET_LENGTH(c.body)
FROM plugin_configs c JOIN accounts a ON a.id = c.account_id;
