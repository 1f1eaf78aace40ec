//! Rules of the built-in content filter.

use sluice_domain::{filter::FilterRule, id::FilterRuleId, installation::Mode, time::Timestamp};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, json, values},
    tx::Account,
};

/// A rule of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterRuleRow {
    /// The rule's own.
    pub id: FilterRuleId,
    /// How much it counts.
    pub mode: Mode,
    /// What it is about and what becomes of that.
    pub rule: FilterRule,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

fn filter_rule(row: &mut Row<'_>) -> Result<FilterRuleRow, StorageError> {
    Ok(FilterRuleRow {
        id: row.parsed("filter rule id")?,
        mode: row.word("mode")?,
        rule: row.json("filter rule")?,
        created_at: row.time("filter rule time")?,
        updated_at: row.time("filter rule time")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO filter_rules (account_id, id, mode, body, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6)",
);
const LIST: Sql =
    Sql::new("SELECT id, mode, body, created_at, updated_at FROM filter_rules WHERE account_id = $1 ORDER BY id");
const GET: Sql =
    Sql::new("SELECT id, mode, body, created_at, updated_at FROM filter_rules WHERE account_id = $1 AND id = $2");
const UPDATE: Sql =
    Sql::new("UPDATE filter_rules SET mode = $1, body = $2, updated_at = $3 WHERE account_id = $4 AND id = $5");
const DELETE: Sql = Sql::new("DELETE FROM filter_rules WHERE account_id = $1 AND id = $2");

impl Account<'_> {
    /// Adds a rule.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account does not exist.
    pub fn insert_filter_rule(&mut self, row: &FilterRuleRow) -> Result<(), StorageError> {
        self.tx.execute(
            INSERT,
            values![self.id, row.id, row.mode.as_str(), json(&row.rule), row.created_at, row.updated_at],
        )?;
        Ok(())
    }

    /// The account's rules, in the order in which they were made.
    ///
    /// # Errors
    /// Those of the database.
    pub fn filter_rules(&mut self) -> Result<Vec<FilterRuleRow>, StorageError> {
        self.tx.all(LIST, values![self.id], filter_rule)
    }

    /// One rule; `None` when the account has no such rule.
    ///
    /// # Errors
    /// Those of the database.
    pub fn filter_rule(&mut self, id: FilterRuleId) -> Result<Option<FilterRuleRow>, StorageError> {
        self.tx.first(GET, values![self.id, id], filter_rule)
    }

    /// Replaces a rule. Gives whether there is one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn update_filter_rule(&mut self, row: &FilterRuleRow) -> Result<bool, StorageError> {
        let values = values![row.mode.as_str(), json(&row.rule), row.updated_at, self.id, row.id];
        Ok(self.tx.execute(UPDATE, values)? > 0)
    }

    /// Removes a rule. Gives whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_filter_rule(&mut self, id: FilterRuleId) -> Result<bool, StorageError> {
        Ok(self.tx.execute(DELETE, values![self.id, id])? > 0)
    }
}
