-- Digests of what could be guessed are keyed from here on. Those of before are taken out: there is no key here to make others with.
{overwrite}

ALTER TABLE decisions RENAME COLUMN input_sha256 TO input_mac;
UPDATE decisions SET input_mac = '';

-- The answers stay, for the day that they are kept: a request that is sent again does its work once.
ALTER TABLE idempotency RENAME COLUMN request_sha256 TO request_mac;
UPDATE idempotency SET request_mac = '';

-- Counters and pauses begin anew. Both are of minutes or days.
DELETE FROM counters;
UPDATE accounts SET counters = 0;
DELETE FROM throttles;

-- Where a log ends, and where its chain begins, is sealed too. `audit_earlier` is the MAC over the entries from before the chain; `audit_seal` the one
-- over the account's four other columns about its log. `unsealed`: the server seals what it finds at its next start, which needs its key.

ALTER TABLE accounts ADD COLUMN audit_earlier {text} NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN audit_seal {text} NOT NULL DEFAULT '';
UPDATE accounts SET audit_seal = 'unsealed';
