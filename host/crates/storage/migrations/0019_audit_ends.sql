-- Where a log ends, and where its chain begins, is sealed too. `audit_earlier` is the MAC over the entries from before the chain; `audit_seal` the one
-- over the account's four other columns about its log. `unsealed`: the server seals what it finds at its next start, which needs its key.

ALTER TABLE accounts ADD COLUMN audit_earlier {text} NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN audit_seal {text} NOT NULL DEFAULT '';
UPDATE accounts SET audit_seal = 'unsealed';
