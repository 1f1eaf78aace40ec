//! Answers that were given to requests with an idempotency key, so that the same request again gets the same answer.

use sluice_domain::{keyed_digest::KeyedDigest, time::Timestamp};

use crate::{
    error::StorageError,
    sql::{Sql, values},
    tx::{Account, Tx},
};

/// An answer that was given.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyRow {
    /// Who sent the request: keys of different callers have nothing to do with one another.
    pub actor: String,
    /// What the caller chose.
    pub key: String,
    /// Of the request, to tell when a key is used for another one. `None` when the answer was kept before digests had a key.
    pub request: Option<KeyedDigest>,
    /// The answer; what is in it is the caller's business.
    pub body: String,
    /// When it was given.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for IdempotencyRow {
    /// Without the answer: it may hold what people wrote.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdempotencyRow").field("actor", &self.actor).finish_non_exhaustive()
    }
}

const PUT: Sql = Sql::new(
    "INSERT INTO idempotency (account_id, actor, key, request_mac, body, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
);
const GET: Sql = Sql::new(
    "SELECT actor, key, request_mac, body, created_at FROM idempotency
     WHERE account_id = $1 AND actor = $2 AND key = $3",
);
const DELETE: Sql = Sql::new(
    "DELETE FROM idempotency WHERE (account_id, actor, key) IN
       (SELECT account_id, actor, key FROM idempotency WHERE created_at < $1 LIMIT $2)",
);

impl Tx<'_> {
    /// Forgets at most `limit` answers of all accounts that were given before `before`, and says how many.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_idempotent_answers(&mut self, before: Timestamp, limit: u32) -> Result<u64, StorageError> {
        self.execute(DELETE, values![before, limit])
    }
}

impl Account<'_> {
    /// Keeps an answer.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when the actor has used the key: look with [`Account::idempotent_answer`] first, in the same
    /// write.
    pub fn keep_idempotent_answer(&mut self, row: &IdempotencyRow) -> Result<(), StorageError> {
        let request = row.request.map(|digest| digest.to_string()).unwrap_or_default();
        self.tx.execute(PUT, values![self.id, &row.actor, &row.key, request, &row.body, row.created_at])?;
        Ok(())
    }

    /// The answer that was given to the actor's request with this key; `None` when there was no such request.
    ///
    /// # Errors
    /// Those of the database.
    pub fn idempotent_answer(&mut self, actor: &str, key: &str) -> Result<Option<IdempotencyRow>, StorageError> {
        self.tx.first(GET, values![self.id, actor, key], |row| {
            Ok(IdempotencyRow {
                actor: row.text("actor")?,
                key: row.text("idempotency key")?,
                request: row.unless_empty("request digest")?,
                body: row.text("answer")?,
                created_at: row.time("answer time")?,
            })
        })
    }
}
