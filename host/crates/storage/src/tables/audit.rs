//! The audit log: who did what, when, from where. It is only ever added to.

use serde_json::{Map, Value as Json};
use sluice_domain::{id::AuditId, message::Role, time::Timestamp};

use crate::{
    error::StorageError,
    page::Before,
    row::Row,
    sql::{Sql, json, values, word},
    tx::Account,
};

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// The entry's own.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Who: a person, a token.
    pub actor_id: String,
    /// In what capacity.
    pub actor_role: Role,
    /// What: `plugin.uploaded`, `installation.changed`.
    pub action: String,
    /// To what.
    pub target: String,
    /// From where.
    pub address: String,
    /// What else is worth knowing; never a secret, never a message's text.
    pub details: Map<String, Json>,
}

fn entry(row: &mut Row<'_>) -> Result<AuditRow, StorageError> {
    Ok(AuditRow {
        id: row.parsed("audit id")?,
        at: row.time("audit time")?,
        actor_id: row.text("actor id")?,
        actor_role: row.word("actor role")?,
        action: row.text("action")?,
        target: row.text("target")?,
        address: row.text("address")?,
        details: row.json("audit details")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO audit (account_id, id, at, actor_id, actor_role, action, target, address, details)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
);
const LIST: Sql = Sql::new(
    "SELECT id, at, actor_id, actor_role, action, target, address, details
     FROM audit WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
);

impl Account<'_> {
    /// Adds an entry.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] for the id.
    pub fn insert_audit(&mut self, row: &AuditRow) -> Result<(), StorageError> {
        self.tx.execute(
            INSERT,
            values![
                self.id,
                row.id,
                row.at,
                &row.actor_id,
                word(&row.actor_role),
                &row.action,
                &row.target,
                &row.address,
                json(&row.details)
            ],
        )?;
        Ok(())
    }

    /// The account's entries, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn audit(&mut self, page: Before<AuditId>) -> Result<Vec<AuditRow>, StorageError> {
        self.tx.all(LIST, values![self.id, page.bound(), page.limit], entry)
    }
}
