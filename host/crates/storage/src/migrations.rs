//! The schema: forward only, each step applied once and remembered with its digest.

use sluice_domain::digest::Digest;

use crate::{
    error::StorageError,
    sql::{Sql, values},
    tables::search,
    writer::{Control, WriteConnection},
};

/// The steps, in order; the first is version 1. A step that was released is never changed.
const MIGRATIONS: [&str; 21] = [
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
    include_str!("../migrations/0017_deleted_people.sql"),
    include_str!("../migrations/0018_proofs.sql"),
    include_str!("../migrations/0019_unverified_addresses.sql"),
    include_str!("../migrations/0020_chain_history.sql"),
    include_str!("../migrations/0021_token_makers.sql"),
];

/// Stands for the table of words.
const SEARCH: &str = "{search}";

/// What stands in a step where the databases differ: placeholder, SQLite, PostgreSQL.
const DIALECT: [(&str, &str, &str); 6] = [
    // First: the others may stand in it.
    (SEARCH, search::SQLITE_TABLE, search::POSTGRES_TABLE),
    ("{int}", "INTEGER", "BIGINT"),
    // Identifiers are compared byte by byte, as Rust does; the database's own collation would be slower and may differ.
    ("{text}", "TEXT", "TEXT COLLATE \"C\""),
    ("{table}", "STRICT", ""),
    // Rows are kept in the primary key's tree itself. For small rows.
    ("{clustered}", "STRICT, WITHOUT ROWID", ""),
    // What is taken out in the steps that follow is overwritten in the file. PostgreSQL leaves that to its vacuum.
    ("{overwrite}", "PRAGMA secure_delete = ON;", ""),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite;

    const COUNT: Sql = Sql::new("SELECT COUNT(*) FROM decisions WHERE input_mac <> ''");

    #[test]
    fn digests_without_a_key_are_gone_from_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sluice.db");
        let plain = "0123456789abcdef".repeat(4);
        let mut connection = WriteConnection::Sqlite(sqlite::open_writer(&path).unwrap());
        let keyed = MIGRATIONS.iter().position(|text| text.contains("input_mac")).unwrap();
        MIGRATIONS[..keyed].iter().for_each(|text| batch(&mut connection, text).unwrap());
        connection
            .batch(&format!(
                "INSERT INTO accounts (id, kind, name, created_at, chain_version, last_event, counters)
               VALUES ('acc_1', 'customer', 'A', 1, 0, 0, 1);
             INSERT INTO decisions (account_id, id, subject, verdict, shadow, input_sha256, body, created_at)
               VALUES ('acc_1', 'dec_1', 'message', 'allow', 0, '{plain}', '{{}}', 1);
             INSERT INTO idempotency (account_id, actor, key, request_sha256, body, created_at)
               VALUES ('acc_1', 'per_1', 'key', '{plain}', '{{}}', 1);
             INSERT INTO counters (account_id, plugin, realm, key, value, expires_at)
               VALUES ('acc_1', 'rate-limit', 'live', '{plain}', 1, 9);
             INSERT INTO throttles (subject, failures, blocked_until, updated_at) VALUES ('{plain}', 1, 1, 1)"
            ))
            .unwrap();
        connection.batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        let has_it = || std::fs::read(&path).unwrap().windows(64).any(|bytes| bytes == plain.as_bytes());
        assert!(has_it());

        MIGRATIONS[keyed..].iter().for_each(|text| batch(&mut connection, text).unwrap());
        let mut failed = false;
        let left = connection.tx(&mut failed).first(COUNT, values![], |row| row.int("count"));
        assert_eq!(left, Ok(Some(0)));
        connection.batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        assert!(!has_it(), "nobody finds them in free pages either");
    }
}
