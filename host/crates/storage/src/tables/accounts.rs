//! Accounts: the tenants themselves.

use sluice_domain::{
    id::AccountId, permission::AccountKind, review::MessagingSettings, security::SecuritySettings, time::Timestamp,
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, json, values, word},
    tx::{Account, Tx},
};

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// The account's own.
    pub id: AccountId,
    /// Whose it is.
    pub kind: AccountKind,
    /// As people call it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Grows with every change of the account's chain of rules.
    pub chain_version: i64,
    /// Whether the account's plugins are asked at all.
    pub plugins_on: bool,
    /// Grows with every change of what decides who gets in.
    pub security_version: i64,
    /// The sequence number of the newest event in the outbox; 0 before the first.
    pub last_event: i64,
}

impl AccountRow {
    /// A customer's account at its beginning.
    pub const fn new(id: AccountId, name: String, created_at: Timestamp) -> Self {
        Self {
            id,
            kind: AccountKind::Customer,
            name,
            created_at,
            chain_version: 0,
            plugins_on: true,
            security_version: 0,
            last_event: 0,
        }
    }
}

fn account(row: &mut Row<'_>) -> Result<AccountRow, StorageError> {
    Ok(AccountRow {
        id: row.parsed("account id")?,
        kind: row.word("account kind")?,
        name: row.text("account name")?,
        created_at: row.time("account time")?,
        chain_version: row.int("chain version")?,
        plugins_on: row.int("switch of plugins")? != 0,
        security_version: row.int("security version")?,
        last_event: row.int("last event")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO accounts (id, kind, name, created_at, chain_version, plugins_on, security_version, last_event)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
);
const GET: Sql = Sql::new(
    "SELECT id, kind, name, created_at, chain_version, plugins_on, security_version, last_event FROM accounts WHERE id = $1",
);
const LIST: Sql = Sql::new(
    "SELECT id, kind, name, created_at, chain_version, plugins_on, security_version, last_event FROM accounts ORDER BY id",
);
const BUMP: Sql =
    Sql::new("UPDATE accounts SET chain_version = chain_version + 1 WHERE id = $1 RETURNING chain_version");

const SWITCH_PLUGINS: Sql = Sql::new("UPDATE accounts SET plugins_on = $1 WHERE id = $2");

const SECURITY: Sql = Sql::new("SELECT security_version, security FROM accounts WHERE id = $1");
const SET_SECURITY: Sql = Sql::new("UPDATE accounts SET security = $1 WHERE id = $2");
const BUMP_SECURITY: Sql =
    Sql::new("UPDATE accounts SET security_version = security_version + 1 WHERE id = $1 RETURNING security_version");

const MESSAGING: Sql = Sql::new("SELECT messaging FROM accounts WHERE id = $1");
const SET_MESSAGING: Sql = Sql::new("UPDATE accounts SET messaging = $1 WHERE id = $2");

impl Tx<'_> {
    /// Adds an account.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when there is one with this id, or the platform has one already.
    pub fn insert_account(&mut self, row: &AccountRow) -> Result<(), StorageError> {
        self.execute(
            INSERT,
            values![
                row.id,
                word(&row.kind),
                &row.name,
                row.created_at,
                row.chain_version,
                i64::from(row.plugins_on),
                row.security_version,
                row.last_event
            ],
        )?;
        Ok(())
    }

    /// The row of one account; `None` when there is no such account.
    ///
    /// # Errors
    /// Those of the database.
    pub fn account_row(&mut self, id: AccountId) -> Result<Option<AccountRow>, StorageError> {
        self.first(GET, values![id], account)
    }

    /// All accounts, oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn accounts(&mut self) -> Result<Vec<AccountRow>, StorageError> {
        self.all(LIST, values![], account)
    }
}

impl Account<'_> {
    /// Says that the chain of rules changed, and gives its new version. `None` when the account does not exist.
    ///
    /// # Errors
    /// Those of the database.
    pub fn bump_chain_version(&mut self) -> Result<Option<i64>, StorageError> {
        self.tx.first(BUMP, values![self.id], |row| row.int("chain version"))
    }

    /// Switches all of the account's plugins on or off. The chain's version is not changed here.
    ///
    /// # Errors
    /// Those of the database.
    pub fn switch_plugins(&mut self, on: bool) -> Result<(), StorageError> {
        self.tx.execute(SWITCH_PLUGINS, values![i64::from(on), self.id])?;
        Ok(())
    }

    /// The security settings, and the version of all that decides who gets in. `None` when the account does not exist.
    ///
    /// # Errors
    /// Those of the database.
    pub fn security(&mut self) -> Result<Option<(i64, SecuritySettings)>, StorageError> {
        self.tx
            .first(SECURITY, values![self.id], |row| Ok((row.int("security version")?, row.json("security settings")?)))
    }

    /// Replaces the security settings.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_security(&mut self, settings: &SecuritySettings) -> Result<(), StorageError> {
        self.tx.execute(SET_SECURITY, values![json(settings), self.id])?;
        Ok(())
    }

    /// How messages are dealt with beside the rules. `None` when the account does not exist.
    ///
    /// # Errors
    /// Those of the database.
    pub fn messaging(&mut self) -> Result<Option<MessagingSettings>, StorageError> {
        self.tx.first(MESSAGING, values![self.id], |row| row.json("messaging settings"))
    }

    /// Replaces how messages are dealt with beside the rules.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_messaging(&mut self, settings: &MessagingSettings) -> Result<(), StorageError> {
        self.tx.execute(SET_MESSAGING, values![json(settings), self.id])?;
        Ok(())
    }

    /// Says that what decides who gets in has changed, and gives the new version. `None` when the account does not exist.
    ///
    /// # Errors
    /// Those of the database.
    pub fn bump_security_version(&mut self) -> Result<Option<i64>, StorageError> {
        self.tx.first(BUMP_SECURITY, values![self.id], |row| row.int("security version"))
    }
}
