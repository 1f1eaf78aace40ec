//! Sessions of people. Secrets are not kept, only their digests.

use serde::{Deserialize, Serialize};
use sluice_domain::{
    digest::Digest,
    id::{AccountId, PersonId, SessionId},
    message::Role,
    permission::{AccountKind, Permissions},
    time::Timestamp,
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, values, word},
    tables::people::PersonStatus,
    tx::{Account, Tx},
};

/// Why a session ended, when somebody else than its holder ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionEnd {
    /// The person was disabled or deleted.
    PersonDisabled,
    /// The password was changed.
    PasswordChanged,
    /// The person, or an administrator, ended it from elsewhere.
    Ended,
}

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
    /// When the last request came with it, to the minute.
    pub last_seen_at: Timestamp,
    /// From where the person logged in.
    pub address: String,
    /// With what the person logged in.
    pub user_agent: String,
    /// Whether the person showed a second factor.
    pub second_factor: bool,
    /// Why it is not good any more.
    pub ended: Option<SessionEnd>,
}

/// A session with what every request needs to know of the person and the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSession {
    /// The person's account.
    pub account_id: AccountId,
    /// The session itself.
    pub session: SessionRow,
    /// The person's role.
    pub role: Role,
    /// See [`crate::PersonRow::permissions`].
    pub permissions: Permissions,
    /// Whether the person can be let in.
    pub status: PersonStatus,
    /// The person's name.
    pub name: String,
    /// When the person's password was set.
    pub password_changed_at: Timestamp,
    /// Whose the account is.
    pub kind: AccountKind,
    /// See [`crate::AccountRow::chain_version`].
    pub chain_version: i64,
    /// See [`crate::AccountRow::security_version`].
    pub security_version: i64,
}

fn session(row: &mut Row<'_>) -> Result<SessionRow, StorageError> {
    Ok(SessionRow {
        id: row.parsed("session id")?,
        person_id: row.parsed("person id")?,
        token_hash: row.parsed("session token")?,
        created_at: row.time("session time")?,
        expires_at: row.time("session end")?,
        last_seen_at: row.time("session use")?,
        address: row.text("session address")?,
        user_agent: row.text("session agent")?,
        second_factor: row.int("session factor")? != 0,
        ended: row.maybe_word("session end")?,
    })
}

fn live(row: &mut Row<'_>) -> Result<LiveSession, StorageError> {
    Ok(LiveSession {
        session: session(row)?,
        account_id: row.parsed("account id")?,
        role: row.word("role")?,
        permissions: row.json("permissions")?,
        status: row.word("person status")?,
        name: row.text("person name")?,
        password_changed_at: row.time("password time")?,
        kind: row.word("account kind")?,
        chain_version: row.int("chain version")?,
        security_version: row.int("security version")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO sessions (account_id, id, person_id, token_hash, created_at, expires_at, last_seen_at, address, user_agent,
       second_factor, ended)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
);
const BY_TOKEN_HASH: Sql = Sql::new(
    "SELECT s.id, s.person_id, s.token_hash, s.created_at, s.expires_at, s.last_seen_at, s.address, s.user_agent,
       s.second_factor, s.ended,
       s.account_id, p.role, p.permissions, p.status, p.name, p.password_changed_at, a.kind, a.chain_version, a.security_version
     FROM sessions s
     JOIN people p ON p.account_id = s.account_id AND p.id = s.person_id
     JOIN accounts a ON a.id = s.account_id
     WHERE s.token_hash = $1 AND s.expires_at > $2",
);
const OF_PERSON: Sql = Sql::new(
    "SELECT id, person_id, token_hash, created_at, expires_at, last_seen_at, address, user_agent, second_factor, ended
     FROM sessions WHERE account_id = $1 AND person_id = $2 AND expires_at > $3 AND ended IS NULL ORDER BY id DESC",
);
const SEEN: Sql =
    Sql::new("UPDATE sessions SET last_seen_at = $1 WHERE account_id = $2 AND id = $3 AND last_seen_at < $1");
const END: Sql =
    Sql::new("UPDATE sessions SET ended = $1 WHERE account_id = $2 AND person_id = $3 AND id = $4 AND ended IS NULL");
const END_ALL: Sql =
    Sql::new("UPDATE sessions SET ended = $1 WHERE account_id = $2 AND person_id = $3 AND id <> $4 AND ended IS NULL");
const DELETE: Sql = Sql::new("DELETE FROM sessions WHERE account_id = $1 AND id = $2");
const DELETE_EXPIRED: Sql = Sql::new(
    "DELETE FROM sessions WHERE (account_id, id) IN
       (SELECT account_id, id FROM sessions WHERE expires_at <= $1 LIMIT $2)",
);
const KNOW_NETWORK: Sql = Sql::new(
    "INSERT INTO known_networks (account_id, person_id, network, seen_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (account_id, person_id, network) DO UPDATE SET seen_at = excluded.seen_at",
);
const KNOWS_NETWORK: Sql = Sql::new(
    "SELECT seen_at FROM known_networks WHERE account_id = $1 AND person_id = $2 AND network = $3 AND seen_at > $4",
);
const FORGET_NETWORKS: Sql = Sql::new("DELETE FROM known_networks WHERE account_id = $1 AND person_id = $2");

impl Tx<'_> {
    /// The session whose secret has this digest, if it has not expired at `now`: a session ends with the millisecond
    /// `expires_at`. Whether it was ended, and whether its person can be let in, is in what this gives.
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

    /// Removes the sessions of all accounts that have expired at `now`, and says how many.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_expired_sessions(&mut self, now: Timestamp, limit: u32) -> Result<u64, StorageError> {
        self.execute(DELETE_EXPIRED, values![now, limit])
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
                row.last_seen_at,
                &row.address,
                &row.user_agent,
                i64::from(row.second_factor),
                row.ended.as_ref().map(word)
            ],
        )?;
        Ok(())
    }

    /// The sessions of a person that are good at `now`, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn sessions_of(&mut self, person: PersonId, now: Timestamp) -> Result<Vec<SessionRow>, StorageError> {
        self.tx.all(OF_PERSON, values![self.id, person, now], session)
    }

    /// Notes that a session was used. An older time changes nothing.
    ///
    /// # Errors
    /// Those of the database.
    pub fn session_seen(&mut self, id: SessionId, at: Timestamp) -> Result<(), StorageError> {
        self.tx.execute(SEEN, values![at, self.id, id])?;
        Ok(())
    }

    /// Ends one session of a person. Gives whether there was one to end.
    ///
    /// # Errors
    /// Those of the database.
    pub fn end_session(&mut self, person: PersonId, id: SessionId, why: SessionEnd) -> Result<bool, StorageError> {
        Ok(self.tx.execute(END, values![word(&why), self.id, person, id])? > 0)
    }

    /// Ends the sessions of a person, but for one that is kept. Gives how many.
    ///
    /// # Errors
    /// Those of the database.
    pub fn end_sessions(
        &mut self,
        person: PersonId,
        kept: Option<SessionId>,
        why: SessionEnd,
    ) -> Result<u64, StorageError> {
        let kept = kept.map(|id| id.to_string()).unwrap_or_default();
        self.tx.execute(END_ALL, values![word(&why), self.id, person, kept])
    }

    /// Removes a session: its holder logged out. Gives whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_session(&mut self, id: SessionId) -> Result<bool, StorageError> {
        Ok(self.tx.execute(DELETE, values![self.id, id])? > 0)
    }

    /// Notes that a person has logged in in a network.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such person.
    pub fn know_network(&mut self, person: PersonId, network: &str, at: Timestamp) -> Result<(), StorageError> {
        self.tx.execute(KNOW_NETWORK, values![self.id, person, network, at])?;
        Ok(())
    }

    /// Whether a person has logged in in a network after `since`.
    ///
    /// # Errors
    /// Those of the database.
    pub fn knows_network(&mut self, person: PersonId, network: &str, since: Timestamp) -> Result<bool, StorageError> {
        Ok(self.tx.first(KNOWS_NETWORK, values![self.id, person, network, since], |_| Ok(()))?.is_some())
    }

    /// Forgets the networks of a person.
    ///
    /// # Errors
    /// Those of the database.
    pub fn forget_networks(&mut self, person: PersonId) -> Result<(), StorageError> {
        self.tx.execute(FORGET_NETWORKS, values![self.id, person])?;
        Ok(())
    }
}
