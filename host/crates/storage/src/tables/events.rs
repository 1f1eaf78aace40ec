//! The outbox: what happened in an account, in order, for those who were not listening.

use sluice_domain::time::Timestamp;

use crate::{
    error::StorageError,
    sql::{Sql, json, values},
    tx::Account,
};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its place in the account's order: 1, 2, 3 …, without gaps.
    pub seq: i64,
    /// What kind of thing.
    pub kind: String,
    /// JSON.
    pub body: String,
    /// When.
    pub created_at: Timestamp,
}

// Taking the number locks the account's row until the commit: numbers become visible in order, and none is lost to a rollback.
const NEXT: Sql = Sql::new("UPDATE accounts SET last_event = last_event + 1 WHERE id = $1 RETURNING last_event");
const INSERT: Sql =
    Sql::new("INSERT INTO events (account_id, seq, kind, body, created_at) VALUES ($1, $2, $3, $4, $5)");
const AFTER: Sql =
    Sql::new("SELECT seq, kind, body, created_at FROM events WHERE account_id = $1 AND seq > $2 ORDER BY seq LIMIT $3");
const LATEST: Sql = Sql::new("SELECT last_event FROM accounts WHERE id = $1");

impl Account<'_> {
    /// Adds an event, and gives its place in the order.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account does not exist.
    pub fn append_event(
        &mut self,
        kind: &str,
        body: &serde_json::Value,
        created_at: Timestamp,
    ) -> Result<i64, StorageError> {
        let seq = self.tx.first(NEXT, values![self.id], |row| row.int("last event"))?;
        let seq = seq.ok_or(StorageError::Dangling)?;
        self.tx.execute(INSERT, values![self.id, seq, kind, json(body), created_at])?;
        Ok(seq)
    }

    /// At most `limit` events after `seq`, in order; 0 is before the first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn events_after(&mut self, seq: i64, limit: u32) -> Result<Vec<EventRow>, StorageError> {
        self.tx.all(AFTER, values![self.id, seq, limit], |row| {
            Ok(EventRow {
                seq: row.int("event sequence")?,
                kind: row.text("event kind")?,
                body: row.text("event")?,
                created_at: row.time("event time")?,
            })
        })
    }

    /// The place of the newest event in the order; 0 before the first, and when the account does not exist.
    ///
    /// # Errors
    /// Those of the database.
    pub fn latest_event(&mut self) -> Result<i64, StorageError> {
        Ok(self.tx.first(LATEST, values![self.id], |row| row.int("last event"))?.unwrap_or(0))
    }
}
