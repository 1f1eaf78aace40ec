-- What an account owns has `account_id` first in its primary key, and refers to nothing outside its account.

CREATE TABLE accounts (
    id {text} NOT NULL PRIMARY KEY,
    name {text} NOT NULL,
    created_at {int} NOT NULL,
    chain_version {int} NOT NULL,
    last_event {int} NOT NULL
) {clustered};

CREATE TABLE people (
    account_id {text} NOT NULL REFERENCES accounts (id),
    id {text} NOT NULL,
    email {text} NOT NULL,
    name {text} NOT NULL,
    role {text} NOT NULL,
    password_hash {text} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (account_id, id),
    CONSTRAINT people_email UNIQUE (email)
) {clustered};

CREATE TABLE sessions (
    account_id {text} NOT NULL,
    id {text} NOT NULL,
    person_id {text} NOT NULL,
    token_hash {text} NOT NULL,
    created_at {int} NOT NULL,
    expires_at {int} NOT NULL,
    address {text} NOT NULL,
    user_agent {text} NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, person_id) REFERENCES people (account_id, id),
    CONSTRAINT sessions_token UNIQUE (token_hash)
) {clustered};
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE api_tokens (
    account_id {text} NOT NULL,
    id {text} NOT NULL,
    name {text} NOT NULL,
    token_hash {text} NOT NULL,
    created_by {text} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, created_by) REFERENCES people (account_id, id),
    CONSTRAINT api_tokens_token UNIQUE (token_hash)
) {clustered};

CREATE TABLE plugins (
    account_id {text} NOT NULL,
    id {text} NOT NULL,
    name {text} NOT NULL,
    version {text} NOT NULL,
    sha256 {text} NOT NULL,
    size {int} NOT NULL,
    summary {text} NOT NULL,
    config_schema {text} NOT NULL,
    hooks {text} NOT NULL,
    imports {text} NOT NULL,
    uploaded_by {text} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, uploaded_by) REFERENCES people (account_id, id),
    CONSTRAINT plugins_digest UNIQUE (account_id, sha256)
) {table};

CREATE TABLE installations (
    account_id {text} NOT NULL,
    id {text} NOT NULL,
    plugin_id {text} NOT NULL,
    position {int} NOT NULL,
    mode {text} NOT NULL,
    scope {text} NOT NULL,
    failure {text} NOT NULL,
    grants {text} NOT NULL,
    config {text} NOT NULL,
    config_sha256 {text} NOT NULL,
    created_at {int} NOT NULL,
    updated_at {int} NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, plugin_id) REFERENCES plugins (account_id, id)
) {table};

CREATE TABLE clients (
    account_id {text} NOT NULL REFERENCES accounts (id),
    id {text} NOT NULL,
    name {text} NOT NULL,
    external_id {text},
    created_at {int} NOT NULL,
    PRIMARY KEY (account_id, id),
    CONSTRAINT clients_external_id UNIQUE (account_id, external_id)
) {clustered};

CREATE TABLE conversations (
    account_id {text} NOT NULL,
    id {text} NOT NULL,
    client_id {text} NOT NULL,
    transport {text} NOT NULL,
    channel {text} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, client_id) REFERENCES clients (account_id, id)
) {clustered};

-- A decision may be about a message that was not kept, and outlives what it is about: so it refers to its account only.
CREATE TABLE decisions (
    account_id {text} NOT NULL REFERENCES accounts (id),
    id {text} NOT NULL,
    subject {text} NOT NULL,
    verdict {text} NOT NULL,
    shadow {int} NOT NULL,
    message_id {text},
    conversation_id {text},
    input_sha256 {text} NOT NULL,
    body {text} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (account_id, id)
) {table};
CREATE INDEX decisions_by_conversation ON decisions (account_id, conversation_id, id);

-- Only rules that said something but `allow`.
CREATE TABLE decision_rules (
    account_id {text} NOT NULL,
    rule {text} NOT NULL,
    decision_id {text} NOT NULL,
    verdict {text} NOT NULL,
    PRIMARY KEY (account_id, rule, decision_id),
    FOREIGN KEY (account_id, decision_id) REFERENCES decisions (account_id, id)
) {clustered};

CREATE TABLE messages (
    account_id {text} NOT NULL,
    id {text} NOT NULL,
    conversation_id {text} NOT NULL,
    seq {int} NOT NULL,
    direction {text} NOT NULL,
    author_id {text} NOT NULL,
    author_role {text} NOT NULL,
    author_name {text} NOT NULL,
    text {text} NOT NULL,
    state {text} NOT NULL,
    reason {text},
    decision_id {text} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, conversation_id) REFERENCES conversations (account_id, id),
    FOREIGN KEY (account_id, decision_id) REFERENCES decisions (account_id, id)
) {table};
CREATE INDEX messages_by_conversation ON messages (account_id, conversation_id, seq);

-- Its account's row is locked by whoever takes the number, so no foreign key is needed.
CREATE TABLE events (
    account_id {text} NOT NULL,
    seq {int} NOT NULL,
    kind {text} NOT NULL,
    body {text} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (account_id, seq)
) {clustered};

CREATE TABLE audit (
    account_id {text} NOT NULL REFERENCES accounts (id),
    id {text} NOT NULL,
    at {int} NOT NULL,
    actor_id {text} NOT NULL,
    actor_role {text} NOT NULL,
    action {text} NOT NULL,
    target {text} NOT NULL,
    address {text} NOT NULL,
    details {text} NOT NULL,
    PRIMARY KEY (account_id, id)
) {clustered};

CREATE TABLE idempotency (
    account_id {text} NOT NULL REFERENCES accounts (id),
    actor {text} NOT NULL,
    key {text} NOT NULL,
    request_sha256 {text} NOT NULL,
    body {text} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (account_id, actor, key)
) {table};
CREATE INDEX idempotency_by_time ON idempotency (created_at);
