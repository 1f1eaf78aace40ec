-- Named lists, into which plugins look.

-- `version` is that of the entries; `entries` is how many there are.
CREATE TABLE lists (
    account_id {text} NOT NULL REFERENCES accounts (id),
    id {text} NOT NULL,
    name {text} NOT NULL,
    kind {text} NOT NULL,
    description {text} NOT NULL,
    version {int} NOT NULL,
    entries {int} NOT NULL,
    created_at {int} NOT NULL,
    updated_at {int} NOT NULL,
    PRIMARY KEY (account_id, id),
    CONSTRAINT lists_name UNIQUE (account_id, name)
) {clustered};

-- `key` is what an entry is compared as, `value` what somebody wrote.
CREATE TABLE list_entries (
    account_id {text} NOT NULL,
    list_id {text} NOT NULL,
    key {text} NOT NULL,
    value {text} NOT NULL,
    note {text} NOT NULL,
    created_by {text} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (account_id, list_id, key),
    FOREIGN KEY (account_id, list_id) REFERENCES lists (account_id, id)
) {clustered};
