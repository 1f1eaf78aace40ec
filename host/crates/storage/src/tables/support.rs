//! Support in an account: that it is let in, and who of the platform is inside. Secrets are not kept, only their digests.

use sluice_domain::{
    digest::Digest,
    id::{AccountId, PersonId, SessionId, SupportGrantId, SupportSessionId},
    message::Role,
    permission::Permissions,
    support::SupportScope,
    time::Timestamp,
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, values, word},
    tables::people::PersonStatus,
    tx::{Account, Tx},
};

/// That an account lets support in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportGrantRow {
    /// The grant's own.
    pub id: SupportGrantId,
    /// How far.
    pub scope: SupportScope,
    /// Who opened it.
    pub opened_by: PersonId,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it ends by itself.
    pub until: Timestamp,
    /// When somebody closed it.
    pub closed_at: Option<Timestamp>,
}

impl SupportGrantRow {
    /// Whether it lets anybody in.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.closed_at.is_none() && now < self.until
    }
}

/// That somebody of the platform is in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportSessionRow {
    /// The session's own.
    pub id: SupportSessionId,
    /// Under which grant.
    pub grant_id: SupportGrantId,
    /// The digest of the secret.
    pub secret_hash: Digest,
    /// The platform's account.
    pub platform: AccountId,
    /// Who it is there.
    pub person: PersonId,
    /// The session there by which the person entered.
    pub session: SessionId,
    /// Why.
    pub reason: String,
    /// From where the person entered.
    pub address: String,
    /// When the person entered.
    pub created_at: Timestamp,
    /// When the person left.
    pub ended_at: Option<Timestamp>,
}

/// A support session with what every request needs to know of the grant, the person and the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSupport {
    /// The account that was entered.
    pub account_id: AccountId,
    /// The session itself.
    pub session: SupportSessionRow,
    /// Under which it is.
    pub grant: SupportGrantRow,
    /// The person's name.
    pub name: String,
    /// The person's role at the platform.
    pub role: Role,
    /// What was given to the person there.
    pub permissions: Permissions,
    /// Whether the platform lets the person in.
    pub status: PersonStatus,
    /// The person's own session there; `None` when it has been ended.
    pub own: Option<OwnSession>,
    /// Of the platform's account, see [`crate::AccountRow::security_version`].
    pub platform_version: i64,
    /// See [`crate::AccountRow::chain_version`].
    pub chain_version: i64,
    /// See [`crate::AccountRow::security_version`].
    pub security_version: i64,
}

/// A session at the platform by which somebody entered an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnSession {
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// Somebody of the platform who is in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsideRow {
    /// The session.
    pub session: SupportSessionRow,
    /// The person's name.
    pub name: String,
}

fn grant(row: &mut Row<'_>) -> Result<SupportGrantRow, StorageError> {
    Ok(SupportGrantRow {
        id: row.parsed("grant id")?,
        scope: row.word("support scope")?,
        opened_by: row.parsed("person id")?,
        opened_at: row.time("grant time")?,
        until: row.time("grant end")?,
        closed_at: row.maybe_time("grant closing")?,
    })
}

fn session(row: &mut Row<'_>) -> Result<SupportSessionRow, StorageError> {
    Ok(SupportSessionRow {
        id: row.parsed("support session id")?,
        grant_id: row.parsed("grant id")?,
        secret_hash: row.parsed("support secret")?,
        platform: row.parsed("platform id")?,
        person: row.parsed("person id")?,
        session: row.parsed("session id")?,
        reason: row.text("support reason")?,
        address: row.text("support address")?,
        created_at: row.time("support time")?,
        ended_at: row.maybe_time("support end")?,
    })
}

fn own(row: &mut Row<'_>) -> Result<Option<OwnSession>, StorageError> {
    let times = [row.maybe_time("session time")?, row.maybe_time("session use")?, row.maybe_time("session end")?];
    let [Some(created_at), Some(last_seen_at), Some(expires_at)] = times else { return Ok(None) };
    Ok(Some(OwnSession { created_at, last_seen_at, expires_at }))
}

fn live(row: &mut Row<'_>) -> Result<LiveSupport, StorageError> {
    Ok(LiveSupport {
        session: session(row)?,
        grant: grant(row)?,
        account_id: row.parsed("account id")?,
        name: row.text("person name")?,
        role: row.word("role")?,
        permissions: row.json("permissions")?,
        status: row.word("person status")?,
        own: own(row)?,
        platform_version: row.int("security version")?,
        chain_version: row.int("chain version")?,
        security_version: row.int("security version")?,
    })
}

const INSERT_GRANT: Sql = Sql::new(
    "INSERT INTO support_grants (account_id, id, scope, opened_by, opened_at, until) VALUES ($1, $2, $3, $4, $5, $6)",
);
const UNCLOSED_GRANT: Sql = Sql::new(
    "SELECT id, scope, opened_by, opened_at, until, closed_at FROM support_grants
     WHERE account_id = $1 AND closed_at IS NULL ORDER BY id DESC",
);
const CLOSE: Sql = Sql::new("UPDATE support_grants SET closed_at = $1 WHERE account_id = $2 AND closed_at IS NULL");
const OPEN: Sql = Sql::new(
    "SELECT a.id, a.name, g.id, g.scope, g.opened_by, g.opened_at, g.until, g.closed_at
     FROM support_grants g JOIN accounts a ON a.id = g.account_id
     WHERE g.closed_at IS NULL AND g.until > $1 ORDER BY a.id",
);
const INSERT_SESSION: Sql = Sql::new(
    "INSERT INTO support_sessions (account_id, id, grant_id, secret_hash, platform_id, person_id, session_id, reason, address,
       created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
);
const INSIDE: Sql = Sql::new(
    "SELECT s.id, s.grant_id, s.secret_hash, s.platform_id, s.person_id, s.session_id, s.reason, s.address, s.created_at,
       s.ended_at, p.name
     FROM support_sessions s JOIN people p ON p.account_id = s.platform_id AND p.id = s.person_id
     WHERE s.account_id = $1 AND s.grant_id = $2 AND s.ended_at IS NULL ORDER BY s.id",
);
const END_SESSION: Sql =
    Sql::new("UPDATE support_sessions SET ended_at = $1 WHERE account_id = $2 AND id = $3 AND ended_at IS NULL");
const BY_SECRET: Sql = Sql::new(
    "SELECT s.id, s.grant_id, s.secret_hash, s.platform_id, s.person_id, s.session_id, s.reason, s.address, s.created_at,
       s.ended_at,
       g.id, g.scope, g.opened_by, g.opened_at, g.until, g.closed_at,
       s.account_id, p.name, p.role, p.permissions, p.status,
       own.created_at, own.last_seen_at, own.expires_at, home.security_version, a.chain_version, a.security_version
     FROM support_sessions s
     JOIN support_grants g ON g.account_id = s.account_id AND g.id = s.grant_id
     JOIN people p ON p.account_id = s.platform_id AND p.id = s.person_id
     JOIN accounts a ON a.id = s.account_id
     JOIN accounts home ON home.id = s.platform_id
     LEFT JOIN sessions own ON own.account_id = s.platform_id AND own.id = s.session_id AND own.ended IS NULL
     WHERE s.secret_hash = $1",
);

impl Tx<'_> {
    /// The support session whose secret has this digest. Whether it is still good is in what this gives.
    ///
    /// # Errors
    /// Those of the database.
    pub fn support_session_by_secret(&mut self, secret_hash: Digest) -> Result<Option<LiveSupport>, StorageError> {
        self.first(BY_SECRET, values![secret_hash], live)
    }

    /// The accounts that let support in at `now`, with their names, oldest account first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn accounts_open_to_support(
        &mut self,
        now: Timestamp,
    ) -> Result<Vec<(AccountId, String, SupportGrantRow)>, StorageError> {
        self.all(OPEN, values![now], |row| Ok((row.parsed("account id")?, row.text("account name")?, grant(row)?)))
    }
}

impl Account<'_> {
    /// Lets support in.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account does not exist.
    pub fn insert_support_grant(&mut self, row: &SupportGrantRow) -> Result<(), StorageError> {
        self.tx.execute(
            INSERT_GRANT,
            values![self.id, row.id, word(&row.scope), row.opened_by, row.opened_at, row.until],
        )?;
        Ok(())
    }

    /// The grant that nobody has closed. It may have come to its end.
    ///
    /// # Errors
    /// Those of the database.
    pub fn support_grant(&mut self) -> Result<Option<SupportGrantRow>, StorageError> {
        self.tx.first(UNCLOSED_GRANT, values![self.id], grant)
    }

    /// Closes all grants that nobody has closed.
    ///
    /// # Errors
    /// Those of the database.
    pub fn close_support_grants(&mut self, at: Timestamp) -> Result<(), StorageError> {
        self.tx.execute(CLOSE, values![at, self.id])?;
        Ok(())
    }

    /// Notes that somebody of the platform has entered.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] for the grant and for the person, [`StorageError::Conflict`] for the secret.
    pub fn insert_support_session(&mut self, row: &SupportSessionRow) -> Result<(), StorageError> {
        self.tx.execute(
            INSERT_SESSION,
            values![
                self.id,
                row.id,
                row.grant_id,
                row.secret_hash,
                row.platform,
                row.person,
                row.session,
                &row.reason,
                &row.address,
                row.created_at
            ],
        )?;
        Ok(())
    }

    /// Who has entered under a grant and has not left, in the order of entering.
    ///
    /// # Errors
    /// Those of the database.
    pub fn support_inside(&mut self, grant: SupportGrantId) -> Result<Vec<InsideRow>, StorageError> {
        self.tx.all(INSIDE, values![self.id, grant], |row| {
            Ok(InsideRow { session: session(row)?, name: row.text("person name")? })
        })
    }

    /// Ends a support session. Gives whether there was one to end.
    ///
    /// # Errors
    /// Those of the database.
    pub fn end_support_session(&mut self, id: SupportSessionId, at: Timestamp) -> Result<bool, StorageError> {
        Ok(self.tx.execute(END_SESSION, values![at, self.id, id])? > 0)
    }
}
