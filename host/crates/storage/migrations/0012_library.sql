-- Plugins have versions with notes and signatures, accounts have quotas and publishers that they trust, the platform has a catalogue.

-- `signatures` is JSON, by the publisher's key. That an account has a version of a plugin once is asked when one is added: from before,
-- it may be there twice.
ALTER TABLE plugins ADD COLUMN notes {text} NOT NULL DEFAULT '';
ALTER TABLE plugins ADD COLUMN source {text} NOT NULL DEFAULT 'upload';
ALTER TABLE plugins ADD COLUMN signatures {text} NOT NULL DEFAULT '{}';
CREATE INDEX plugins_by_name ON plugins (account_id, name);

ALTER TABLE accounts ADD COLUMN plugin_quota {text} NOT NULL DEFAULT '{}';
ALTER TABLE accounts ADD COLUMN plugin_trust {text} NOT NULL DEFAULT '{}';

-- What the platform publishes. It belongs to no account: the command line publishes before the platform has one.
CREATE TABLE catalogue (
    id {text} NOT NULL PRIMARY KEY,
    name {text} NOT NULL,
    version {text} NOT NULL,
    sha256 {text} NOT NULL,
    size {int} NOT NULL,
    summary {text} NOT NULL,
    config_schema {text} NOT NULL,
    hooks {text} NOT NULL,
    imports {text} NOT NULL,
    notes {text} NOT NULL,
    signatures {text} NOT NULL,
    for_all {int} NOT NULL,
    published_by {text} NOT NULL,
    published_at {int} NOT NULL,
    CONSTRAINT catalogue_version UNIQUE (name, version)
) {table};
CREATE INDEX catalogue_by_component ON catalogue (sha256);

-- Who sees an entry that is not for all. Publishing locks no other account's row, so this refers to none; accounts are never removed.
CREATE TABLE catalogue_readers (
    account_id {text} NOT NULL,
    entry_id {text} NOT NULL REFERENCES catalogue (id),
    PRIMARY KEY (account_id, entry_id)
) {clustered};
CREATE INDEX catalogue_readers_by_entry ON catalogue_readers (entry_id);
