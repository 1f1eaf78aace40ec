//! Uploaded plugins. Their components are blobs, named by their digest.

use std::collections::BTreeSet;

use sluice_domain::{
    digest::Digest,
    id::{PersonId, PluginId},
    plugin::{Hook, Import, PluginName},
    time::Timestamp,
};

use crate::{
    error::StorageError,
    page::Before,
    row::Row,
    sql::{Sql, json, values},
    tx::Account,
};

/// An uploaded plugin, one version of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginRow {
    /// The plugin's own.
    pub id: PluginId,
    /// Uploads with the same name are versions of one plugin.
    pub name: PluginName,
    /// As the plugin says.
    pub version: semver::Version,
    /// Of the component.
    pub sha256: Digest,
    /// Of the component, in bytes.
    pub size: u64,
    /// One sentence on what it does.
    pub summary: String,
    /// A JSON Schema of its configuration, as text.
    pub config_schema: String,
    /// What it decides about.
    pub hooks: BTreeSet<Hook>,
    /// What it asks for.
    pub imports: BTreeSet<Import>,
    /// Who uploaded it.
    pub uploaded_by: PersonId,
    /// When.
    pub created_at: Timestamp,
}

/// What an account's plugins take up, for its quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PluginUsage {
    /// How many there are.
    pub count: u64,
    /// Of all components together.
    pub bytes: u64,
}

fn plugin(row: &mut Row<'_>) -> Result<PluginRow, StorageError> {
    Ok(PluginRow {
        id: row.parsed("plugin id")?,
        name: row.word("plugin name")?,
        version: row.parsed("plugin version")?,
        sha256: row.parsed("component digest")?,
        size: row.size("component size")?,
        summary: row.text("plugin summary")?,
        config_schema: row.text("configuration schema")?,
        hooks: row.json("hooks")?,
        imports: row.json("imports")?,
        uploaded_by: row.parsed("person id")?,
        created_at: row.time("plugin time")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO plugins (account_id, id, name, version, sha256, size, summary, config_schema, hooks, imports, uploaded_by,
                          created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
);
const GET: Sql = Sql::new(
    "SELECT id, name, version, sha256, size, summary, config_schema, hooks, imports, uploaded_by, created_at
     FROM plugins WHERE account_id = $1 AND id = $2",
);
const BY_DIGEST: Sql = Sql::new(
    "SELECT id, name, version, sha256, size, summary, config_schema, hooks, imports, uploaded_by, created_at
     FROM plugins WHERE account_id = $1 AND sha256 = $2",
);
const LIST: Sql = Sql::new(
    "SELECT id, name, version, sha256, size, summary, config_schema, hooks, imports, uploaded_by, created_at
     FROM plugins WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
);
const USAGE: Sql =
    Sql::new("SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM plugins WHERE account_id = $1");

impl Account<'_> {
    /// Adds a plugin.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when the account has this component already.
    pub fn insert_plugin(&mut self, row: &PluginRow) -> Result<(), StorageError> {
        self.tx.execute(
            INSERT,
            values![
                self.id,
                row.id,
                row.name.as_str(),
                row.version.to_string(),
                row.sha256,
                i64::try_from(row.size).unwrap_or(i64::MAX),
                &row.summary,
                &row.config_schema,
                json(&row.hooks),
                json(&row.imports),
                row.uploaded_by,
                row.created_at
            ],
        )?;
        Ok(())
    }

    /// One plugin; `None` when the account has no such plugin.
    ///
    /// # Errors
    /// Those of the database.
    pub fn plugin(&mut self, id: PluginId) -> Result<Option<PluginRow>, StorageError> {
        self.tx.first(GET, values![self.id, id], plugin)
    }

    /// The plugin whose component has this digest; `None` when the account has not uploaded it.
    ///
    /// # Errors
    /// Those of the database.
    pub fn plugin_by_digest(&mut self, sha256: Digest) -> Result<Option<PluginRow>, StorageError> {
        self.tx.first(BY_DIGEST, values![self.id, sha256], plugin)
    }

    /// The account's plugins, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn plugins(&mut self, page: Before<PluginId>) -> Result<Vec<PluginRow>, StorageError> {
        self.tx.all(LIST, values![self.id, page.bound(), page.limit], plugin)
    }

    /// How much the account's plugins take up.
    ///
    /// # Errors
    /// Those of the database.
    pub fn plugin_usage(&mut self) -> Result<PluginUsage, StorageError> {
        let usage = self.tx.first(USAGE, values![self.id], |row| {
            Ok(PluginUsage { count: row.size("number of plugins")?, bytes: row.size("size of plugins")? })
        })?;
        Ok(usage.unwrap_or(PluginUsage { count: 0, bytes: 0 }))
    }
}
