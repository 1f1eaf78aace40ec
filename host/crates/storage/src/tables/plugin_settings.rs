//! What an account may do with plugins, and whose it trusts: parts of its row.

use sluice_domain::{quota::PluginQuota, signature::Trust};

use crate::{
    error::StorageError,
    sql::{Sql, json, values},
    tx::Account,
};

const QUOTA: Sql = Sql::new("SELECT plugin_quota FROM accounts WHERE id = $1");
const SET_QUOTA: Sql = Sql::new("UPDATE accounts SET plugin_quota = $1 WHERE id = $2");
const TRUST: Sql = Sql::new("SELECT plugin_trust FROM accounts WHERE id = $1");
const SET_TRUST: Sql = Sql::new("UPDATE accounts SET plugin_trust = $1 WHERE id = $2");

impl Account<'_> {
    /// What the account's plugins may take up. `None` when the account does not exist.
    ///
    /// # Errors
    /// Those of the database.
    pub fn plugin_quota(&mut self) -> Result<Option<PluginQuota>, StorageError> {
        self.tx.first(QUOTA, values![self.id], |row| row.json("plugin quota"))
    }

    /// Replaces what the account's plugins may take up.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_plugin_quota(&mut self, quota: &PluginQuota) -> Result<(), StorageError> {
        self.tx.execute(SET_QUOTA, values![json(quota), self.id])?;
        Ok(())
    }

    /// Whose plugins the account trusts. `None` when the account does not exist.
    ///
    /// # Errors
    /// Those of the database.
    pub fn plugin_trust(&mut self) -> Result<Option<Trust>, StorageError> {
        self.tx.first(TRUST, values![self.id], |row| row.json("trusted publishers"))
    }

    /// Replaces whose plugins the account trusts.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_plugin_trust(&mut self, trust: &Trust) -> Result<(), StorageError> {
        self.tx.execute(SET_TRUST, values![json(trust), self.id])?;
        Ok(())
    }
}
