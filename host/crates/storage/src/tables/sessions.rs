//! Sessions of people. Secrets are not kept, only their digests.

use sluice_domain::{
    digest::Digest,
    id::{AccountId, PersonId, SessionId},
    message::Role,
    time::Timestamp,
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, values},
    tx::{Account, Tx},
};

/// A session, as it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The session's own.
    pub id: SessionId,
    /// Whose it is.
    pub person_id: PersonId,
    /// The digest of the secret that the browser holds.
    pub token_hash: Digest,
    /// When the person logged in.
    pub created_at: Timestamp,
    /// From when on it is not good any more.
    pub expires_at: Timestamp,
    /// From where the person logged in.
    pub address: String,
    /// With what the person logged in.
    pub user_agent: String,
}

/// A session that is good, with what every request needs to know of the person and the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSession {
    /// The person's account.
    pub account_id: AccountId,
    /// The session's own.
    pub id: SessionId,
    /// Whose it is.
    pub person_id: PersonId,
    /// What the person may do.
    pub role: Role,
    /// The person's name.
    pub name: String,
    /// From when on it is not good any more.
    pub expires_at: Timestamp,
    /// From where the person logged in.
    pub address: String,
    /// See [`crate::AccountRow::chain_version`].
    pub chain_version: i64,
}

fn live(row: &mut Row<'_>) -> Result<LiveSession, StorageError> {
    Ok(LiveSession {
        account_id: row.parsed("account id")?,
        id: row.parsed("session id")?,
        person_id: row.parsed("person id")?,
        role: row.word("role")?,
        name: row.text("person name")?,
        expires_at: row.time("session end")?,
        address: row.text("session address")?,
        chain_version: row.int("chain version")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO sessions (account_id, id, person_id, token_hash, created_at, expires_at, address, user_agent)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
);
const BY_TOKEN_HASH: Sql = Sql::new(
    "SELECT s.account_id, s.id, s.person_id, p.role, p.name, s.expires_at, s.address, a.chain_version
     FROM sessions s
     JOIN people p ON p.account_id = s.account_id AND p.id = s.person_id
     JOIN accounts a ON a.id = s.account_id
     WHERE s.token_hash = $1 AND s.expires_at > $2",
);
const DELETE: Sql = Sql::new("DELETE FROM sessions WHERE account_id = $1 AND id = $2");
const DELETE_EXPIRED: Sql = Sql::new("DELETE FROM sessions WHERE expires_at <= $1");

impl Tx<'_> {
    /// The session whose secret has this digest, if it is good at `now`: a session ends with the millisecond `expires_at`.
    ///
    /// # Errors
    /// Those of the database.
    pub fn session_by_token_hash(
        &mut self,
        token_hash: Digest,
        now: Timestamp,
    ) -> Result<Option<LiveSession>, StorageError> {
        self.first(BY_TOKEN_HASH, values![token_hash, now], live)
    }

    /// Removes the sessions of all accounts that are not good at `now`, and says how many.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_expired_sessions(&mut self, now: Timestamp) -> Result<u64, StorageError> {
        self.execute(DELETE_EXPIRED, values![now])
    }
}

impl Account<'_> {
    /// Adds a session.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such person, [`StorageError::Conflict`] for the secret.
    pub fn insert_session(&mut self, row: &SessionRow) -> Result<(), StorageError> {
        self.tx.execute(
            INSERT,
            values![
                self.id,
                row.id,
                row.person_id,
                row.token_hash,
                row.created_at,
                row.expires_at,
                &row.address,
                &row.user_agent
            ],
        )?;
        Ok(())
    }

    /// Ends a session. Gives whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_session(&mut self, id: SessionId) -> Result<bool, StorageError> {
        Ok(self.tx.execute(DELETE, values![self.id, id])? > 0)
    }
}
