//! Rules about the addresses from which one may come in.

use sluice_domain::{address::AddressRule, id::AddressRuleId};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, json, values, word},
    tx::Account,
};

fn rule(row: &mut Row<'_>) -> Result<AddressRule, StorageError> {
    Ok(AddressRule {
        id: row.parsed("address rule id")?,
        net: row.parsed("network")?,
        action: row.word("address action")?,
        roles: row.json("roles")?,
        doors: row.json("doors")?,
        comment: row.text("comment")?,
        expires_at: row.maybe_time("end of an address rule")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO address_rules (account_id, id, net, action, roles, doors, comment, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
);
const LIST: Sql = Sql::new(
    "SELECT id, net, action, roles, doors, comment, expires_at FROM address_rules WHERE account_id = $1 ORDER BY id",
);
const DELETE: Sql = Sql::new("DELETE FROM address_rules WHERE account_id = $1 AND id = $2");
const CLEAR: Sql = Sql::new("DELETE FROM address_rules WHERE account_id = $1");

impl Account<'_> {
    /// Adds a rule.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account does not exist.
    pub fn insert_address_rule(&mut self, rule: &AddressRule) -> Result<(), StorageError> {
        self.tx.execute(
            INSERT,
            values![
                self.id,
                rule.id,
                rule.net.to_string(),
                word(&rule.action),
                json(&rule.roles),
                json(&rule.doors),
                &rule.comment,
                rule.expires_at
            ],
        )?;
        Ok(())
    }

    /// All rules, in the order in which they were made; at most [`sluice_domain::limits::ADDRESS_RULES`].
    ///
    /// # Errors
    /// Those of the database.
    pub fn address_rules(&mut self) -> Result<Vec<AddressRule>, StorageError> {
        self.tx.all(LIST, values![self.id], rule)
    }

    /// Removes a rule. Gives whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_address_rule(&mut self, id: AddressRuleId) -> Result<bool, StorageError> {
        Ok(self.tx.execute(DELETE, values![self.id, id])? > 0)
    }

    /// Removes all rules, and says how many.
    ///
    /// # Errors
    /// Those of the database.
    pub fn clear_address_rules(&mut self) -> Result<u64, StorageError> {
        self.tx.execute(CLEAR, values![self.id])
    }
}
