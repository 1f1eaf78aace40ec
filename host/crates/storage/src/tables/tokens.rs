//! API tokens. Secrets are not kept, only their digests.

use sluice_domain::{
    digest::Digest,
    id::{AccountId, PersonId, TokenId},
    message::Role,
    permission::{AccountKind, Permissions},
    time::Timestamp,
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, json, values},
    tables::people::PersonStatus,
    tx::{Account, Tx},
};

/// An API token.
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
    /// What of its person's permissions it has.
    pub scopes: Permissions,
    /// From when on it is not good any more; never when absent.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// From where it was last used.
    pub last_used_from: Option<String>,
    /// Until when the secret before the last renewal is good.
    pub previous_until: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The token by which it was made, which it ends with.
    pub made_by: Option<TokenId>,
}

/// An API token with what every request needs to know of its person and account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveToken {
    /// The token's account.
    pub account_id: AccountId,
    /// The token itself.
    pub token: ApiTokenRow,
    /// The role of its person.
    pub role: Role,
    /// See [`crate::PersonRow::permissions`].
    pub permissions: Permissions,
    /// Whether its person can be let in.
    pub status: PersonStatus,
    /// Whose the account is.
    pub kind: AccountKind,
    /// See [`crate::AccountRow::chain_version`].
    pub chain_version: i64,
    /// See [`crate::AccountRow::security_version`].
    pub security_version: i64,
}

fn token(row: &mut Row<'_>) -> Result<ApiTokenRow, StorageError> {
    Ok(ApiTokenRow {
        id: row.parsed("token id")?,
        name: row.text("token name")?,
        token_hash: row.parsed("token")?,
        created_by: row.parsed("person id")?,
        created_at: row.time("token time")?,
        scopes: row.json("token scopes")?,
        expires_at: row.maybe_time("token end")?,
        last_used_at: row.maybe_time("token use")?,
        last_used_from: row.maybe_text("token address")?,
        previous_until: row.maybe_time("token overlap")?,
        revoked_at: row.maybe_time("token revocation")?,
        made_by: row.unless_empty("token's maker")?,
    })
}

fn live(row: &mut Row<'_>) -> Result<LiveToken, StorageError> {
    Ok(LiveToken {
        token: token(row)?,
        account_id: row.parsed("account id")?,
        role: row.word("role")?,
        permissions: row.json("permissions")?,
        status: row.word("person status")?,
        kind: row.word("account kind")?,
        chain_version: row.int("chain version")?,
        security_version: row.int("security version")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO api_tokens (account_id, id, name, token_hash, created_by, created_at, scopes, expires_at, made_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
);
const BY_HASH: Sql = Sql::new(
    "SELECT t.id, t.name, t.token_hash, t.created_by, t.created_at, t.scopes, t.expires_at, t.last_used_at, t.last_used_from,
       t.previous_until, t.revoked_at, t.made_by,
       t.account_id, p.role, p.permissions, p.status, a.kind, a.chain_version, a.security_version
     FROM api_tokens t
     JOIN people p ON p.account_id = t.account_id AND p.id = t.created_by
     JOIN accounts a ON a.id = t.account_id
     WHERE t.token_hash = $1 OR (t.previous_hash = $1 AND t.previous_until > $2)",
);
const GET: Sql = Sql::new(
    "SELECT id, name, token_hash, created_by, created_at, scopes, expires_at, last_used_at, last_used_from, previous_until,
       revoked_at, made_by
     FROM api_tokens WHERE account_id = $1 AND id = $2",
);
const LIST: Sql = Sql::new(
    "SELECT id, name, token_hash, created_by, created_at, scopes, expires_at, last_used_at, last_used_from, previous_until,
       revoked_at, made_by
     FROM api_tokens WHERE account_id = $1 AND revoked_at IS NULL ORDER BY id DESC",
);
const USED: Sql =
    Sql::new("UPDATE api_tokens SET last_used_at = $1, last_used_from = $2 WHERE account_id = $3 AND id = $4");
const RENEW: Sql = Sql::new(
    "UPDATE api_tokens SET previous_hash = token_hash, previous_until = $1, token_hash = $2, expires_at = $3
     WHERE account_id = $4 AND id = $5 AND token_hash = $6 AND revoked_at IS NULL",
);
const REVOKE: Sql = Sql::new(
    "UPDATE api_tokens SET revoked_at = $1, previous_hash = NULL WHERE account_id = $2 AND id = $3 AND revoked_at IS NULL",
);
const REVOKE_MADE: Sql = Sql::new(
    "UPDATE api_tokens SET revoked_at = $1, previous_hash = NULL WHERE account_id = $2 AND made_by = $3 AND revoked_at IS NULL
     RETURNING id",
);
const REVOKE_ALL: Sql = Sql::new(
    "UPDATE api_tokens SET revoked_at = $1, previous_hash = NULL
     WHERE account_id = $2 AND created_by = $3 AND revoked_at IS NULL",
);

impl Tx<'_> {
    /// The token whose secret has this digest, or had it before the last renewal and is still good as that at `now`. Whether it has
    /// expired or was revoked, and whether its person can be let in, is in what this gives.
    ///
    /// # Errors
    /// Those of the database.
    pub fn api_token_by_hash(&mut self, token_hash: Digest, now: Timestamp) -> Result<Option<LiveToken>, StorageError> {
        self.first(BY_HASH, values![token_hash, now], live)
    }
}

impl Account<'_> {
    /// Adds a token, which was not used yet.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such person, [`StorageError::Conflict`] for the secret.
    pub fn insert_api_token(&mut self, row: &ApiTokenRow) -> Result<(), StorageError> {
        self.tx.execute(
            INSERT,
            values![
                self.id,
                row.id,
                &row.name,
                row.token_hash,
                row.created_by,
                row.created_at,
                json(&row.scopes),
                row.expires_at,
                row.made_by.map_or_else(String::new, |maker| maker.to_string())
            ],
        )?;
        Ok(())
    }

    /// One token, also one that was revoked; `None` when the account has no such token.
    ///
    /// # Errors
    /// Those of the database.
    pub fn api_token(&mut self, id: TokenId) -> Result<Option<ApiTokenRow>, StorageError> {
        self.tx.first(GET, values![self.id, id], token)
    }

    /// The tokens that were not revoked, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn api_tokens(&mut self) -> Result<Vec<ApiTokenRow>, StorageError> {
        self.tx.all(LIST, values![self.id], token)
    }

    /// Notes that a token was used.
    ///
    /// # Errors
    /// Those of the database.
    pub fn api_token_used(&mut self, id: TokenId, at: Timestamp, from: &str) -> Result<(), StorageError> {
        self.tx.execute(USED, values![at, from, self.id, id])?;
        Ok(())
    }

    /// Replaces a token's secret and its end; the one before stays good until `previous_until`. Gives whether it was still the one
    /// with the digest `old`.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] for the secret.
    pub fn renew_api_token(
        &mut self,
        id: TokenId,
        old: Digest,
        new: Digest,
        previous_until: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<bool, StorageError> {
        Ok(self.tx.execute(RENEW, values![previous_until, new, expires_at, self.id, id, old])? > 0)
    }

    /// Revokes a token, and those that were made by it. Gives whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn revoke_api_token(&mut self, id: TokenId, at: Timestamp) -> Result<bool, StorageError> {
        let revoked = self.tx.execute(REVOKE, values![at, self.id, id])? > 0;
        self.revoke_api_tokens_made_by(id, at)?;
        Ok(revoked)
    }

    /// Revokes the tokens that were made by one, those that were made by them, and so on. Says how many.
    ///
    /// # Errors
    /// Those of the database.
    pub fn revoke_api_tokens_made_by(&mut self, maker: TokenId, at: Timestamp) -> Result<usize, StorageError> {
        let (mut makers, mut revoked) = (vec![maker], 0);
        while let Some(maker) = makers.pop() {
            let made: Vec<TokenId> =
                self.tx.all(REVOKE_MADE, values![at, self.id, maker], |row| row.parsed("token id"))?;
            revoked += made.len();
            makers.extend(made);
        }
        Ok(revoked)
    }

    /// Revokes all tokens of a person, and says how many.
    ///
    /// # Errors
    /// Those of the database.
    pub fn revoke_api_tokens_of(&mut self, person: PersonId, at: Timestamp) -> Result<u64, StorageError> {
        self.tx.execute(REVOKE_ALL, values![at, self.id, person])
    }
}
