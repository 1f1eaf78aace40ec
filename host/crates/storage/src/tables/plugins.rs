//! Uploaded plugins. Their components are blobs, named by their digest.

use std::collections::BTreeSet;

use sluice_domain::{
    digest::Digest,
    id::{InstallationId, PersonId, PluginId},
    installation::Mode,
    plugin::{Hook, Import, PluginName, Source},
    signature::Signatures,
    time::Timestamp,
};

use crate::{
    error::StorageError,
    page::Before,
    row::Row,
    sql::{Sql, json, values, word},
    tx::{Account, Tx},
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
    /// What changed with this version, in its uploader's words; may be empty.
    pub notes: String,
    /// Where it came from.
    pub source: Source,
    /// Of publishers.
    pub signatures: Signatures,
    /// Who uploaded it, or took it from the catalogue.
    pub uploaded_by: PersonId,
    /// When.
    pub created_at: Timestamp,
}

/// One version of a plugin, without what is large.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginVersion {
    /// The version's own.
    pub id: PluginId,
    /// The plugin's.
    pub name: PluginName,
    /// As the plugin says.
    pub version: semver::Version,
}

/// That a version is installed, without what is large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstalledVersion {
    /// Where.
    pub installation: InstallationId,
    /// Which version.
    pub plugin: PluginId,
    /// How much it counts.
    pub mode: Mode,
}

/// What an account's plugins take up, for its quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PluginUsage {
    /// How many there are.
    pub count: u64,
    /// Of all components together.
    pub bytes: u64,
    /// How many installations are in shadow or in force.
    pub enabled: u64,
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
        notes: row.text("change notes")?,
        source: row.word("source of a plugin")?,
        signatures: row.json("signatures")?,
        uploaded_by: row.parsed("person id")?,
        created_at: row.time("plugin time")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO plugins (account_id, id, name, version, sha256, size, summary, config_schema, hooks, imports, notes, source,
                          signatures, uploaded_by, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
);
const GET: Sql = Sql::new(
    "SELECT id, name, version, sha256, size, summary, config_schema, hooks, imports, notes, source, signatures,
            uploaded_by, created_at
     FROM plugins WHERE account_id = $1 AND id = $2",
);
const BY_DIGEST: Sql = Sql::new(
    "SELECT id, name, version, sha256, size, summary, config_schema, hooks, imports, notes, source, signatures,
            uploaded_by, created_at
     FROM plugins WHERE account_id = $1 AND sha256 = $2",
);
const LIST: Sql = Sql::new(
    "SELECT id, name, version, sha256, size, summary, config_schema, hooks, imports, notes, source, signatures,
            uploaded_by, created_at
     FROM plugins WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
);
const USAGE: Sql = Sql::new(
    "SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS BIGINT),
            (SELECT COUNT(*) FROM installations WHERE account_id = $1 AND mode <> 'disabled')
     FROM plugins WHERE account_id = $1",
);
const VERSIONS: Sql = Sql::new("SELECT id, name, version FROM plugins WHERE account_id = $1 ORDER BY name, id");
const VERSIONS_OF: Sql =
    Sql::new("SELECT id, name, version FROM plugins WHERE account_id = $1 AND name = $2 ORDER BY id");
const INSTALLED: Sql =
    Sql::new("SELECT id, plugin_id, mode FROM installations WHERE account_id = $1 ORDER BY position, id");
const SIGN: Sql = Sql::new("UPDATE plugins SET signatures = $1 WHERE account_id = $2 AND id = $3");
const DELETE: Sql = Sql::new("DELETE FROM plugins WHERE account_id = $1 AND id = $2");
const USES: Sql = Sql::new(
    "SELECT (SELECT COUNT(*) FROM plugins WHERE sha256 = $1) + (SELECT COUNT(*) FROM catalogue WHERE sha256 = $1)",
);

fn version(row: &mut Row<'_>) -> Result<PluginVersion, StorageError> {
    Ok(PluginVersion {
        id: row.parsed("plugin id")?,
        name: row.word("plugin name")?,
        version: row.parsed("plugin version")?,
    })
}

impl Tx<'_> {
    /// Whether any account's plugin, or an entry of the catalogue, has the component with this digest. Which is not said.
    ///
    /// # Errors
    /// Those of the database.
    pub fn is_component_used(&mut self, sha256: Digest) -> Result<bool, StorageError> {
        Ok(self.first(USES, values![sha256], |row| row.int("uses of a component"))?.unwrap_or(0) > 0)
    }
}

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
                &row.notes,
                word(&row.source),
                json(&row.signatures),
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
            Ok(PluginUsage {
                count: row.size("number of plugins")?,
                bytes: row.size("size of plugins")?,
                enabled: row.size("number of installations")?,
            })
        })?;
        Ok(usage.unwrap_or_default())
    }

    /// All versions of all plugins, by name.
    ///
    /// # Errors
    /// Those of the database.
    pub fn plugin_versions(&mut self) -> Result<Vec<PluginVersion>, StorageError> {
        self.tx.all(VERSIONS, values![self.id], version)
    }

    /// All versions of one plugin, in the order in which they came.
    ///
    /// # Errors
    /// Those of the database.
    pub fn versions_of_plugin(&mut self, name: &PluginName) -> Result<Vec<PluginVersion>, StorageError> {
        self.tx.all(VERSIONS_OF, values![self.id, name.as_str()], version)
    }

    /// Which versions are installed, in the order of the chain, disabled ones too.
    ///
    /// # Errors
    /// Those of the database.
    pub fn installed_versions(&mut self) -> Result<Vec<InstalledVersion>, StorageError> {
        self.tx.all(INSTALLED, values![self.id], |row| {
            Ok(InstalledVersion {
                installation: row.parsed("installation id")?,
                plugin: row.parsed("plugin id")?,
                mode: row.word("mode")?,
            })
        })
    }

    /// Replaces a plugin's signatures, and gives whether there is one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_plugin_signatures(&mut self, id: PluginId, signatures: &Signatures) -> Result<bool, StorageError> {
        Ok(self.tx.execute(SIGN, values![json(signatures), self.id, id])? > 0)
    }

    /// Removes a plugin, and gives whether there was one. Its component is not removed here.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when it is installed.
    pub fn delete_plugin(&mut self, id: PluginId) -> Result<bool, StorageError> {
        Ok(self.tx.execute(DELETE, values![self.id, id])? > 0)
    }
}
