-- Attachments, the built-in content filter, and what becomes of held messages.

-- A file that was uploaded. It belongs to no message until it is sent; then to one. `body` is JSON: its name, its kind, what is suspicious.
CREATE TABLE attachments (
    account_id {text} NOT NULL REFERENCES accounts (id),
    id {text} NOT NULL,
    direction {text} NOT NULL,
    conversation_id {text},
    message_id {text},
    uploaded_by {text} NOT NULL,
    size {int} NOT NULL,
    body {text} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (account_id, id)
) {table};
CREATE INDEX attachments_unsent ON attachments (created_at) WHERE message_id IS NULL;

-- How many bytes all attachments of the account have.
ALTER TABLE accounts ADD COLUMN attachment_bytes {int} NOT NULL DEFAULT 0;

-- `attachments` and `review` are JSON; `notice` is what the client is told instead of the message; `delivered_seq` is the number of the
-- event with which it reached the other side.
ALTER TABLE messages ADD COLUMN attachments {text} NOT NULL DEFAULT '[]';
ALTER TABLE messages ADD COLUMN notice {text};
ALTER TABLE messages ADD COLUMN review {text};
ALTER TABLE messages ADD COLUMN held_until {int};
ALTER TABLE messages ADD COLUMN delivered_seq {int};
UPDATE messages SET delivered_seq = seq WHERE state = 'delivered';
-- Messages that are held already have waited without anybody being asked: they wait on until somebody decides.
CREATE INDEX messages_held ON messages (account_id, seq) WHERE state = 'held';
CREATE INDEX messages_expiring ON messages (held_until) WHERE state = 'held';
CREATE INDEX messages_quarantined ON messages (account_id, id) WHERE state = 'blocked' AND direction = 'incoming';

-- `messaging` is JSON: language, notices, how long messages are held.
ALTER TABLE accounts ADD COLUMN messaging {text} NOT NULL DEFAULT '{}';

-- `body` is JSON: what the rule is about and what becomes of it.
CREATE TABLE filter_rules (
    account_id {text} NOT NULL REFERENCES accounts (id),
    id {text} NOT NULL,
    mode {text} NOT NULL,
    body {text} NOT NULL,
    created_at {int} NOT NULL,
    updated_at {int} NOT NULL,
    PRIMARY KEY (account_id, id)
) {table};
