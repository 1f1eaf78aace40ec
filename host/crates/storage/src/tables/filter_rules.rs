//! Rules of the built-in content filter.

use sluice_domain::{digest::Digest, filter::FilterRule, id::FilterRuleId, installation::Mode, time::Timestamp};

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

/// What a chain says of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFilterRule {
    /// The rule's own.
    pub id: FilterRuleId,
    /// How much it counts.
    pub mode: Mode,
    /// Of its JSON, which [`Account::chain_part`] gives.
    pub sha256: Digest,
    /// When it was made.
    pub created_at: Timestamp,
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

fn named(row: &mut Row<'_>) -> Result<NamedFilterRule, StorageError> {
    let (id, mode) = (row.parsed("filter rule id")?, row.word("mode")?);
    let (sha256, body) = (row.text("filter rule digest")?, row.text("filter rule")?);
    let sha256 = if sha256.is_empty() {
        Digest::of(body.as_bytes())
    } else {
        sha256.parse().map_err(|_| StorageError::Corrupt { what: "filter rule digest" })?
    };
    Ok(NamedFilterRule { id, mode, sha256, created_at: row.time("filter rule time")? })
}

/// A rule from before rules were kept under their digest.
fn unnamed(row: &mut Row<'_>) -> Result<(FilterRuleId, String), StorageError> {
    Ok((row.parsed("filter rule id")?, row.text("filter rule")?))
}

const INSERT: Sql = Sql::new(
    "INSERT INTO filter_rules (account_id, id, mode, body, sha256, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
);
const LIST: Sql =
    Sql::new("SELECT id, mode, body, created_at, updated_at FROM filter_rules WHERE account_id = $1 ORDER BY id");
const GET: Sql =
    Sql::new("SELECT id, mode, body, created_at, updated_at FROM filter_rules WHERE account_id = $1 AND id = $2");
const NAMES: Sql = Sql::new(
    "SELECT id, mode, sha256, CASE sha256 WHEN '' THEN body ELSE '' END, created_at
     FROM filter_rules WHERE account_id = $1 ORDER BY id",
);
const UNNAMED: Sql = Sql::new("SELECT id, body FROM filter_rules WHERE account_id = $1 AND sha256 = ''");
const NAME: Sql = Sql::new("UPDATE filter_rules SET sha256 = $1 WHERE account_id = $2 AND id = $3");
const UPDATE: Sql = Sql::new(
    "UPDATE filter_rules SET mode = $1, body = $2, sha256 = $3, updated_at = $4 WHERE account_id = $5 AND id = $6",
);
const DELETE: Sql = Sql::new("DELETE FROM filter_rules WHERE account_id = $1 AND id = $2");

impl Account<'_> {
    /// Adds a rule.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account does not exist.
    pub fn insert_filter_rule(&mut self, row: &FilterRuleRow) -> Result<(), StorageError> {
        let body = json(&row.rule);
        let sha256 = Digest::of(body.as_bytes());
        self.keep_chain_part(sha256, &body)?;
        self.tx.execute(
            INSERT,
            values![self.id, row.id, row.mode.as_str(), &body, sha256, row.created_at, row.updated_at],
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
        let body = json(&row.rule);
        let sha256 = Digest::of(body.as_bytes());
        self.keep_chain_part(sha256, &body)?;
        let values = values![row.mode.as_str(), &body, sha256, row.updated_at, self.id, row.id];
        Ok(self.tx.execute(UPDATE, values)? > 0)
    }

    /// The account's rules by digest, in the order in which they were made.
    ///
    /// # Errors
    /// Those of the database.
    pub fn named_filter_rules(&mut self) -> Result<Vec<NamedFilterRule>, StorageError> {
        self.tx.all(NAMES, values![self.id], named)
    }

    /// Keeps what was made before rules were kept under their digest.
    ///
    /// # Errors
    /// Those of the database.
    pub fn name_filter_rules(&mut self) -> Result<(), StorageError> {
        for (id, body) in self.tx.all(UNNAMED, values![self.id], unnamed)? {
            let sha256 = Digest::of(body.as_bytes());
            self.keep_chain_part(sha256, &body)?;
            self.tx.execute(NAME, values![sha256, self.id, id])?;
        }
        Ok(())
    }

    /// Removes a rule. Gives whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_filter_rule(&mut self, id: FilterRuleId) -> Result<bool, StorageError> {
        Ok(self.tx.execute(DELETE, values![self.id, id])? > 0)
    }
}
