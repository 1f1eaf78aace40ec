//! The platform's catalogue: components that accounts can take. Their bytes are blobs, named by their digest.
//!
//! It belongs to no account. An account's handle shows what is published to it, and not to whom else.

use std::collections::{BTreeMap, BTreeSet};

use sluice_domain::{
    catalogue::PublishedTo,
    digest::Digest,
    id::{AccountId, CatalogueId},
    plugin::{Hook, Import, PluginName},
    signature::Signatures,
    time::Timestamp,
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, json, values},
    tx::{Account, Tx},
};

/// An entry of the catalogue: one version of a plugin, without its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueRow {
    /// The entry's own.
    pub id: CatalogueId,
    /// As the plugin says.
    pub name: PluginName,
    /// As the plugin says.
    pub version: semver::Version,
    /// Of the component.
    pub sha256: Digest,
    /// Of the component, in bytes.
    pub size: u64,
    /// One sentence on what it does.
    pub summary: String,
    /// What it decides about.
    pub hooks: BTreeSet<Hook>,
    /// What it asks for.
    pub imports: BTreeSet<Import>,
    /// What changed with this version; may be empty.
    pub notes: String,
    /// Of publishers.
    pub signatures: Signatures,
    /// A person of the platform, or `platform`.
    pub published_by: String,
    /// When.
    pub published_at: Timestamp,
}

fn entry(row: &mut Row<'_>) -> Result<CatalogueRow, StorageError> {
    Ok(CatalogueRow {
        id: row.parsed("catalogue id")?,
        name: row.word("plugin name")?,
        version: row.parsed("plugin version")?,
        sha256: row.parsed("component digest")?,
        size: row.size("component size")?,
        summary: row.text("plugin summary")?,
        hooks: row.json("hooks")?,
        imports: row.json("imports")?,
        notes: row.text("change notes")?,
        signatures: row.json("signatures")?,
        published_by: row.text("publisher")?,
        published_at: row.time("catalogue time")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO catalogue (id, name, version, sha256, size, summary, config_schema, hooks, imports, notes, signatures,
                            for_all, published_by, published_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
);
const INSERT_READER: Sql = Sql::new("INSERT INTO catalogue_readers (account_id, entry_id) VALUES ($1, $2)");
const LIST: Sql = Sql::new(
    "SELECT id, name, version, sha256, size, summary, hooks, imports, notes, signatures, published_by, published_at, for_all
     FROM catalogue ORDER BY name, id",
);
const READERS: Sql = Sql::new("SELECT entry_id, account_id FROM catalogue_readers ORDER BY entry_id, account_id");
const GET: Sql = Sql::new(
    "SELECT id, name, version, sha256, size, summary, hooks, imports, notes, signatures, published_by, published_at
     FROM catalogue WHERE id = $1",
);
const COUNT: Sql = Sql::new("SELECT COUNT(*) FROM catalogue");
const SIGN: Sql = Sql::new("UPDATE catalogue SET signatures = $1 WHERE id = $2");
const DELETE_READERS: Sql = Sql::new("DELETE FROM catalogue_readers WHERE entry_id = $1");
const DELETE: Sql = Sql::new("DELETE FROM catalogue WHERE id = $1");
const PUBLISHED: Sql = Sql::new(
    "SELECT id, name, version, sha256, size, summary, hooks, imports, notes, signatures, published_by, published_at
     FROM catalogue
     WHERE for_all = 1 OR EXISTS (SELECT 1 FROM catalogue_readers r WHERE r.account_id = $1 AND r.entry_id = catalogue.id)
     ORDER BY name, id",
);
const PUBLISHED_ONE: Sql = Sql::new(
    "SELECT id, name, version, sha256, size, summary, hooks, imports, notes, signatures, published_by, published_at,
            config_schema
     FROM catalogue
     WHERE (for_all = 1 OR EXISTS (SELECT 1 FROM catalogue_readers r WHERE r.account_id = $1 AND r.entry_id = catalogue.id))
       AND id = $2",
);

impl Tx<'_> {
    /// Adds an entry, with the JSON Schema of the plugin's configuration.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when the catalogue has this version of the plugin already.
    pub fn insert_catalogue_entry(
        &mut self,
        row: &CatalogueRow,
        config_schema: &str,
        published_to: &PublishedTo,
    ) -> Result<(), StorageError> {
        let (for_all, readers) = match published_to {
            PublishedTo::Everybody => (1_i64, BTreeSet::new()),
            PublishedTo::Accounts(accounts) => (0, accounts.clone()),
        };
        self.execute(
            INSERT,
            values![
                row.id,
                row.name.as_str(),
                row.version.to_string(),
                row.sha256,
                row.size,
                &row.summary,
                config_schema,
                json(&row.hooks),
                json(&row.imports),
                &row.notes,
                json(&row.signatures),
                for_all,
                &row.published_by,
                row.published_at
            ],
        )?;
        readers.into_iter().try_for_each(|account| self.execute(INSERT_READER, values![account, row.id]).map(drop))
    }

    /// The whole catalogue by name, with who sees each entry: for the platform.
    ///
    /// # Errors
    /// Those of the database.
    pub fn catalogue(&mut self) -> Result<Vec<(CatalogueRow, PublishedTo)>, StorageError> {
        let mut readers: BTreeMap<CatalogueId, BTreeSet<AccountId>> = BTreeMap::new();
        let read = |row: &mut Row<'_>| Ok((row.parsed("catalogue id")?, row.parsed("account id")?));
        for (entry, account) in self.all(READERS, values![], read)? {
            readers.entry(entry).or_default().insert(account);
        }
        self.all(LIST, values![], |row| {
            let entry = entry(row)?;
            let published_to = match row.int("readers of the catalogue")? {
                0 => PublishedTo::Accounts(readers.remove(&entry.id).unwrap_or_default()),
                _ => PublishedTo::Everybody,
            };
            Ok((entry, published_to))
        })
    }

    /// One entry, whoever sees it: for the platform. `None` when there is none.
    ///
    /// # Errors
    /// Those of the database.
    pub fn catalogue_entry(&mut self, id: CatalogueId) -> Result<Option<CatalogueRow>, StorageError> {
        self.first(GET, values![id], entry)
    }

    /// How many entries there are.
    ///
    /// # Errors
    /// Those of the database.
    pub fn catalogue_count(&mut self) -> Result<u64, StorageError> {
        Ok(self.first(COUNT, values![], |row| row.size("number of entries"))?.unwrap_or(0))
    }

    /// Replaces an entry's signatures, and gives whether there is one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_catalogue_signatures(&mut self, id: CatalogueId, signatures: &Signatures) -> Result<bool, StorageError> {
        Ok(self.execute(SIGN, values![json(signatures), id])? > 0)
    }

    /// Removes an entry, and gives whether there was one. Who took it keeps what it took.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_catalogue_entry(&mut self, id: CatalogueId) -> Result<bool, StorageError> {
        self.execute(DELETE_READERS, values![id])?;
        Ok(self.execute(DELETE, values![id])? > 0)
    }
}

impl Account<'_> {
    /// What is published to the account, by name.
    ///
    /// # Errors
    /// Those of the database.
    pub fn published(&mut self) -> Result<Vec<CatalogueRow>, StorageError> {
        self.tx.all(PUBLISHED, values![self.id], entry)
    }

    /// One entry that is published to the account, with the JSON Schema of its configuration; `None` when there is none.
    ///
    /// # Errors
    /// Those of the database.
    pub fn published_entry(&mut self, id: CatalogueId) -> Result<Option<(CatalogueRow, String)>, StorageError> {
        self.tx.first(PUBLISHED_ONE, values![self.id, id], |row| Ok((entry(row)?, row.text("configuration schema")?)))
    }
}
