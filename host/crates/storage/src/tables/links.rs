//! One-time links, with which people set a password: invitations, and resets. Secrets are not kept, only their digests.

use sluice_domain::{
    digest::Digest,
    id::{AccountId, LinkId, PersonId},
    time::Timestamp,
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, values},
    tx::{Account, Tx},
};

/// A one-time link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    /// The link's own.
    pub id: LinkId,
    /// Who sets a password with it.
    pub person_id: PersonId,
    /// The digest of its secret.
    pub secret_hash: Digest,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is not good any more.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

fn link(row: &mut Row<'_>) -> Result<LinkRow, StorageError> {
    Ok(LinkRow {
        id: row.parsed("link id")?,
        person_id: row.parsed("person id")?,
        secret_hash: row.parsed("link secret")?,
        created_at: row.time("link time")?,
        expires_at: row.time("link end")?,
        used_at: row.maybe_time("link use")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO one_time_links (account_id, id, person_id, secret_hash, created_at, expires_at, used_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)",
);
const BY_SECRET: Sql = Sql::new(
    "SELECT account_id, id, person_id, secret_hash, created_at, expires_at, used_at FROM one_time_links WHERE secret_hash = $1",
);
const USE: Sql =
    Sql::new("UPDATE one_time_links SET used_at = $1 WHERE account_id = $2 AND id = $3 AND used_at IS NULL");
const CANCEL: Sql = Sql::new("DELETE FROM one_time_links WHERE account_id = $1 AND person_id = $2 AND used_at IS NULL");

impl Tx<'_> {
    /// The link whose secret has this digest, used or not, and its account.
    ///
    /// # Errors
    /// Those of the database.
    pub fn link_by_secret(&mut self, secret_hash: Digest) -> Result<Option<(AccountId, LinkRow)>, StorageError> {
        self.first(BY_SECRET, values![secret_hash], |row| Ok((row.parsed("account id")?, link(row)?)))
    }
}

impl Account<'_> {
    /// Adds a link.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such person.
    pub fn insert_link(&mut self, row: &LinkRow) -> Result<(), StorageError> {
        self.tx.execute(
            INSERT,
            values![self.id, row.id, row.person_id, row.secret_hash, row.created_at, row.expires_at, row.used_at],
        )?;
        Ok(())
    }

    /// Marks a link as used. Of two who use it at once, one gets `true`.
    ///
    /// # Errors
    /// Those of the database.
    pub fn use_link(&mut self, id: LinkId, at: Timestamp) -> Result<bool, StorageError> {
        Ok(self.tx.execute(USE, values![at, self.id, id])? > 0)
    }

    /// Removes the links of a person that were not used, and says how many.
    ///
    /// # Errors
    /// Those of the database.
    pub fn cancel_links(&mut self, person: PersonId) -> Result<u64, StorageError> {
        self.tx.execute(CANCEL, values![self.id, person])
    }
}
