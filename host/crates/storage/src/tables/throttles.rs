//! How often attempts to log in failed, by what is slowed down for them. How much that is, is decided elsewhere.

use sluice_domain::{keyed_digest::KeyedDigest, time::Timestamp};

use crate::{
    error::StorageError,
    sql::{Sql, values},
    tx::Tx,
};

/// What failed how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleRow {
    /// A digest of what is slowed down.
    pub subject: KeyedDigest,
    /// Failures since the last success.
    pub failures: u32,
    /// Until when no attempt is looked at.
    pub blocked_until: Timestamp,
    /// When the last attempt failed.
    pub updated_at: Timestamp,
}

/// Any number that no other lock of this program has.
const LOCK: Sql = Sql::new("SELECT pg_advisory_xact_lock(7305804)");
const GET: Sql = Sql::new("SELECT subject, failures, blocked_until, updated_at FROM throttles WHERE subject = $1");
const PUT: Sql = Sql::new(
    "INSERT INTO throttles (subject, failures, blocked_until, updated_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures, blocked_until = excluded.blocked_until,
       updated_at = excluded.updated_at",
);
const DELETE: Sql = Sql::new("DELETE FROM throttles WHERE subject = $1");
const DELETE_OLD: Sql =
    Sql::new("DELETE FROM throttles WHERE subject IN (SELECT subject FROM throttles WHERE updated_at <= $1 LIMIT $2)");

impl Tx<'_> {
    /// Lets nobody else count until this transaction ends: what is counted belongs to no account, whose lock would do. On SQLite,
    /// nobody else writes.
    ///
    /// # Errors
    /// Those of the database.
    pub fn lock_throttles(&mut self) -> Result<(), StorageError> {
        if self.is_postgres() { self.first(LOCK, values![], |_| Ok(())).map(drop) } else { Ok(()) }
    }

    /// What is known of `subject`.
    ///
    /// # Errors
    /// Those of the database.
    pub fn throttle(&mut self, subject: KeyedDigest) -> Result<Option<ThrottleRow>, StorageError> {
        self.first(GET, values![subject], |row| {
            Ok(ThrottleRow {
                subject: row.parsed("throttle")?,
                failures: u32::try_from(row.int("failures")?).unwrap_or(u32::MAX),
                blocked_until: row.time("throttle end")?,
                updated_at: row.time("throttle time")?,
            })
        })
    }

    /// Writes what is known of a subject.
    ///
    /// # Errors
    /// Those of the database.
    pub fn put_throttle(&mut self, row: &ThrottleRow) -> Result<(), StorageError> {
        self.execute(PUT, values![row.subject, row.failures, row.blocked_until, row.updated_at])?;
        Ok(())
    }

    /// Forgets what is known of a subject.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_throttle(&mut self, subject: KeyedDigest) -> Result<(), StorageError> {
        self.execute(DELETE, values![subject])?;
        Ok(())
    }

    /// Forgets all subjects whose last failure was at `before` or earlier, and says how many.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_old_throttles(&mut self, before: Timestamp, limit: u32) -> Result<u64, StorageError> {
        self.execute(DELETE_OLD, values![before, limit])
    }
}
