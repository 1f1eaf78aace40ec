//! API tokens. Secrets are not kept, only their digests.

use sluice_domain::{
    digest::Digest,
    id::{AccountId, PersonId, TokenId},
    message::Role,
    time::Timestamp,
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, values},
    tx::{Account, Tx},
};

/// An API token, as it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiTokenRow {
    /// The token's own.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// The digest of the secret.
    pub token_hash: Digest,
    /// The person for whom it acts.
    pub created_by: PersonId,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An API token with what every request needs to know of its person and account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveToken {
    /// The token's account.
    pub account_id: AccountId,
    /// The token's own.
    pub id: TokenId,
    /// The person for whom it acts.
    pub person_id: PersonId,
    /// What that person may do.
    pub role: Role,
    /// The token's name.
    pub name: String,
    /// See [`crate::AccountRow::chain_version`].
    pub chain_version: i64,
}

fn live(row: &mut Row<'_>) -> Result<LiveToken, StorageError> {
    Ok(LiveToken {
        account_id: row.parsed("account id")?,
        id: row.parsed("token id")?,
        person_id: row.parsed("person id")?,
        role: row.word("role")?,
        name: row.text("token name")?,
        chain_version: row.int("chain version")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO api_tokens (account_id, id, name, token_hash, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
);
const BY_HASH: Sql = Sql::new(
    "SELECT t.account_id, t.id, t.created_by, p.role, t.name, a.chain_version
     FROM api_tokens t
     JOIN people p ON p.account_id = t.account_id AND p.id = t.created_by
     JOIN accounts a ON a.id = t.account_id
     WHERE t.token_hash = $1",
);

impl Tx<'_> {
    /// The token whose secret has this digest.
    ///
    /// # Errors
    /// Those of the database.
    pub fn api_token_by_hash(&mut self, token_hash: Digest) -> Result<Option<LiveToken>, StorageError> {
        self.first(BY_HASH, values![token_hash], live)
    }
}

impl Account<'_> {
    /// Adds a token.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such person, [`StorageError::Conflict`] for the secret.
    pub fn insert_api_token(&mut self, row: &ApiTokenRow) -> Result<(), StorageError> {
        self.tx.execute(INSERT, values![self.id, row.id, &row.name, row.token_hash, row.created_by, row.created_at])?;
        Ok(())
    }
}
