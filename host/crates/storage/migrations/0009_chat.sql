-- Conversations are opened and closed, read, tagged, commented and searched.

-- `last_seq` is that of the last message that was not blocked, 0 before there is one. `activity` is the same number, or that of the
-- event that announced the conversation: no two conversations of an account share one, so that a list in its order has a cursor.
ALTER TABLE conversations ADD COLUMN state {text} NOT NULL DEFAULT 'open';
ALTER TABLE conversations ADD COLUMN closed_at {int};
ALTER TABLE conversations ADD COLUMN last_seq {int} NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN activity {int} NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN request_id {text};
ALTER TABLE conversations ADD COLUMN client_read_seq {int} NOT NULL DEFAULT 0;
UPDATE conversations SET last_seq = COALESCE((SELECT MAX(messages.seq) FROM messages
    WHERE messages.account_id = conversations.account_id AND messages.conversation_id = conversations.id
      AND messages.state <> 'blocked'), 0);
UPDATE conversations SET activity = last_seq;
-- Those without a message were announced by no event: they come after all others, the newest first.
UPDATE conversations SET activity = -numbered.place
    FROM (SELECT account_id, id, ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY id DESC) AS place
          FROM conversations WHERE last_seq = 0) numbered
    WHERE conversations.account_id = numbered.account_id AND conversations.id = numbered.id;
CREATE INDEX conversations_by_activity ON conversations (account_id, activity);
CREATE INDEX conversations_by_state ON conversations (account_id, state, activity);
CREATE INDEX conversations_by_assignee ON conversations (account_id, assignee_id, activity);
CREATE INDEX conversations_by_client ON conversations (account_id, client_id);
-- What is counted as unread.
CREATE INDEX messages_to_read ON messages (account_id, conversation_id, seq)
    WHERE direction = 'incoming' AND state <> 'blocked';

CREATE TABLE requests (
    account_id {text} NOT NULL,
    id {text} NOT NULL,
    conversation_id {text} NOT NULL,
    opened_at {int} NOT NULL,
    closed_at {int},
    closed_by {text},
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, conversation_id) REFERENCES conversations (account_id, id)
) {clustered};
CREATE INDEX requests_by_conversation ON requests (account_id, conversation_id, id);
-- What was written before there were requests is one.
INSERT INTO requests (account_id, id, conversation_id, opened_at)
    SELECT account_id, 'req_' || substr(id, 5), id, created_at FROM conversations WHERE last_seq > 0;
UPDATE conversations SET request_id = 'req_' || substr(id, 5) WHERE last_seq > 0;

-- How far each person has read.
CREATE TABLE reading_marks (
    account_id {text} NOT NULL,
    person_id {text} NOT NULL,
    conversation_id {text} NOT NULL,
    seq {int} NOT NULL,
    PRIMARY KEY (account_id, person_id, conversation_id),
    FOREIGN KEY (account_id, person_id) REFERENCES people (account_id, id),
    FOREIGN KEY (account_id, conversation_id) REFERENCES conversations (account_id, id)
) {clustered};

-- What operators tell one another. Apart from messages, so that nothing that sends to clients can ever pick one up.
CREATE TABLE comments (
    account_id {text} NOT NULL,
    id {text} NOT NULL,
    conversation_id {text} NOT NULL,
    seq {int} NOT NULL,
    person_id {text} NOT NULL,
    author_id {text} NOT NULL,
    author_role {text} NOT NULL,
    author_name {text} NOT NULL,
    text {text} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, conversation_id) REFERENCES conversations (account_id, id)
) {table};
CREATE INDEX comments_by_conversation ON comments (account_id, conversation_id, seq);

CREATE TABLE answer_templates (
    account_id {text} NOT NULL REFERENCES accounts (id),
    id {text} NOT NULL,
    name {text} NOT NULL,
    text {text} NOT NULL,
    command {text},
    created_at {int} NOT NULL,
    PRIMARY KEY (account_id, id),
    CONSTRAINT answer_templates_name UNIQUE (account_id, name),
    CONSTRAINT answer_templates_command UNIQUE (account_id, command)
) {table};

CREATE TABLE tags (
    account_id {text} NOT NULL REFERENCES accounts (id),
    id {text} NOT NULL,
    label {text} NOT NULL,
    description {text} NOT NULL,
    color {text} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (account_id, id),
    CONSTRAINT tags_label UNIQUE (account_id, label)
) {clustered};

CREATE TABLE conversation_tags (
    account_id {text} NOT NULL,
    conversation_id {text} NOT NULL,
    tag_id {text} NOT NULL,
    PRIMARY KEY (account_id, conversation_id, tag_id),
    FOREIGN KEY (account_id, conversation_id) REFERENCES conversations (account_id, id),
    FOREIGN KEY (account_id, tag_id) REFERENCES tags (account_id, id)
) {clustered};
CREATE INDEX conversation_tags_by_tag ON conversation_tags (account_id, tag_id);

CREATE TABLE client_tags (
    account_id {text} NOT NULL,
    client_id {text} NOT NULL,
    tag_id {text} NOT NULL,
    PRIMARY KEY (account_id, client_id, tag_id),
    FOREIGN KEY (account_id, client_id) REFERENCES clients (account_id, id),
    FOREIGN KEY (account_id, tag_id) REFERENCES tags (account_id, id)
) {clustered};
CREATE INDEX client_tags_by_tag ON client_tags (account_id, tag_id, client_id);

ALTER TABLE clients ADD COLUMN phone {text};
ALTER TABLE clients ADD COLUMN email {text};
ALTER TABLE clients ADD COLUMN comment {text};

-- The words of messages. Those that are there already are added by the program, which knows what a word is.
{search}
