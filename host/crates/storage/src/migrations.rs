//! The schema: forward only, each step applied once and remembered with its digest.

use sluice_domain::digest::Digest;

use crate::{
    error::StorageError,
    sql::{Sql, values},
    tables::search,
    writer::{Control, WriteConnection},
};

/// The steps, in order; the first is version 1. A step that was released is never changed.
const MIGRATIONS: [&str; 16] = [
    include_str!("../migrations/0001_init.sql"),
    include_str!("../migrations/0002_people.sql"),
    include_str!("../migrations/0003_addresses.sql"),
    include_str!("../migrations/0004_audit_chain.sql"),
    include_str!("../migrations/0005_second_factors.sql"),
    include_str!("../migrations/0006_support.sql"),
    include_str!("../migrations/0007_passkeys.sql"),
    include_str!("../migrations/0008_attachments.sql"),
    include_str!("../migrations/0009_chat.sql"),
    include_str!("../migrations/0010_chain_versions.sql"),
    include_str!("../migrations/0011_decision_search.sql"),
    include_str!("../migrations/0012_library.sql"),
    include_str!("../migrations/0013_shadow.sql"),
    include_str!("../migrations/0014_lists.sql"),
    include_str!("../migrations/0015_imports.sql"),
    include_str!("../migrations/0016_words_by_one_rule.sql"),
];

/// Stands for the table of words.
const SEARCH: &str = "{search}";

/// What stands in a step where the databases differ: placeholder, SQLite, PostgreSQL.
const DIALECT: [(&str, &str, &str); 5] = [
    // First: the others may stand in it.
    (SEARCH, search::SQLITE_TABLE, search::POSTGRES_TABLE),
    ("{int}", "INTEGER", "BIGINT"),
    // Identifiers are compared byte by byte, as Rust does; the database's own collation would be slower and may differ.
    ("{text}", "TEXT", "TEXT COLLATE \"C\""),
    ("{table}", "STRICT", ""),
    // Rows are kept in the primary key's tree itself. For small rows.
    ("{clustered}", "STRICT, WITHOUT ROWID", ""),
];

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (version {int} NOT NULL PRIMARY KEY, sha256 {text} NOT NULL) {table};";
const APPLIED: Sql = Sql::new("SELECT version, sha256 FROM schema_migrations ORDER BY version");
const REMEMBER: Sql = Sql::new("INSERT INTO schema_migrations (version, sha256) VALUES ($1, $2)");

/// Brings the schema to the newest version that this program knows. Of several servers that start at once, one does it and the
/// others wait.
pub(crate) fn migrate(connection: &mut WriteConnection) -> Result<(), StorageError> {
    connection.control(Control::Begin)?;
    let done = connection.lock_migrations().and_then(|()| apply(connection));
    match done {
        Ok(()) => connection.control(Control::Commit),
        Err(error) => {
            // The first error says more than what may go wrong here.
            let _ = connection.control(Control::RollBack);
            Err(error)
        }
    }
}

fn apply(connection: &mut WriteConnection) -> Result<(), StorageError> {
    batch(connection, TABLE)?;
    let mut failed = false;
    let applied = connection
        .tx(&mut failed)
        .all(APPLIED, values![], |row| Ok((row.int("migration")?, row.parsed::<Digest>("migration digest")?)))?;
    let known = steps().map(|(version, _)| version).last().unwrap_or(0);
    if let Some((found, _)) = applied.iter().find(|(version, _)| *version > known) {
        return Err(StorageError::Newer { found: *found, known });
    }
    for (version, text) in steps() {
        let digest = Digest::of(text.as_bytes());
        match applied.iter().find(|(found, _)| *found == version) {
            Some((_, found)) if *found == digest => {}
            Some(_) => return Err(StorageError::Changed { version }),
            None => {
                batch(connection, text)?;
                if text.contains(SEARCH) {
                    search::index_all(&mut connection.tx(&mut failed))?;
                }
                connection.tx(&mut failed).execute(REMEMBER, values![version, digest])?;
                tracing::info!(version, "the database's schema was migrated");
            }
        }
    }
    Ok(())
}

fn steps() -> impl Iterator<Item = (i64, &'static str)> {
    (1..).zip(MIGRATIONS)
}

fn batch(connection: &mut WriteConnection, text: &str) -> Result<(), StorageError> {
    let mut text = text.to_owned();
    for (placeholder, sqlite, postgres) in DIALECT {
        let written = match connection {
            WriteConnection::Sqlite(_) => sqlite,
            WriteConnection::Postgres(_) => postgres,
        };
        text = text.replace(placeholder, written);
    }
    connection.batch(&text)
}
