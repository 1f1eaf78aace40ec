-- Entries are numbered and carry a keyed MAC over themselves and the MAC before. Those from before have a number and no MAC.

ALTER TABLE audit ADD COLUMN seq {int} NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN mac {text} NOT NULL DEFAULT '';
UPDATE audit SET seq = (SELECT COUNT(*) FROM audit earlier
    WHERE earlier.account_id = audit.account_id AND earlier.id <= audit.id);
CREATE UNIQUE INDEX audit_by_seq ON audit (account_id, seq);

-- How many entries have no MAC, the number of the newest entry, and its MAC; empty before the first that has one.
ALTER TABLE accounts ADD COLUMN audit_unsealed {int} NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN audit_seq {int} NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN audit_head {text} NOT NULL DEFAULT '';
UPDATE accounts SET audit_unsealed = (SELECT COUNT(*) FROM audit WHERE audit.account_id = accounts.id);
UPDATE accounts SET audit_seq = audit_unsealed;
