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
