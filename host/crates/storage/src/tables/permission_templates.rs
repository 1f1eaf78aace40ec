//! Sets of permissions that an account gives often, under names of its own.

use sluice_domain::permission::Permissions;

use crate::{
    error::StorageError,
    sql::{Sql, json, values},
    tx::Account,
};

const PUT: Sql = Sql::new(
    "INSERT INTO permission_templates (account_id, name, permissions) VALUES ($1, $2, $3)
     ON CONFLICT (account_id, name) DO UPDATE SET permissions = excluded.permissions",
);
const LIST: Sql = Sql::new("SELECT name, permissions FROM permission_templates WHERE account_id = $1 ORDER BY name");
const DELETE: Sql = Sql::new("DELETE FROM permission_templates WHERE account_id = $1 AND name = $2");

impl Account<'_> {
    /// Keeps a template, in place of one with the same name.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account does not exist.
    pub fn put_permission_template(&mut self, name: &str, permissions: Permissions) -> Result<(), StorageError> {
        self.tx.execute(PUT, values![self.id, name, json(&permissions)])?;
        Ok(())
    }

    /// The account's own templates, by name.
    ///
    /// # Errors
    /// Those of the database.
    pub fn permission_templates(&mut self) -> Result<Vec<(String, Permissions)>, StorageError> {
        self.tx.all(LIST, values![self.id], |row| Ok((row.text("template name")?, row.json("permissions")?)))
    }

    /// Removes a template. Gives whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_permission_template(&mut self, name: &str) -> Result<bool, StorageError> {
        Ok(self.tx.execute(DELETE, values![self.id, name])? > 0)
    }
}
