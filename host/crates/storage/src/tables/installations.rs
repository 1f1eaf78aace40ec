//! Installations: plugins' versions enabled in an account, in order.

use std::collections::BTreeSet;

use sluice_domain::{
    digest::Digest,
    id::{InstallationId, PluginId},
    installation::{Budget, FailurePolicy, HostName, Mode, Percent, Scope, Suspension},
    plugin::{Hook, Import, PluginName},
    time::Timestamp,
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, json, values},
    tx::{Account, Tx},
};

/// An installation, with what its plugin says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallationRow {
    /// The installation's own.
    pub id: InstallationId,
    /// The plugin's version that is installed.
    pub plugin_id: PluginId,
    /// The plugin's name.
    pub name: PluginName,
    /// The plugin's version.
    pub version: semver::Version,
    /// Of the component.
    pub sha256: Digest,
    /// What the plugin decides about.
    pub hooks: BTreeSet<Hook>,
    /// What the plugin asks for.
    pub imports: BTreeSet<Import>,
    /// Its place in the order; lower is asked earlier.
    pub position: i64,
    /// How much it counts.
    pub mode: Mode,
    /// What it is asked about.
    pub scope: Scope,
    /// What its failure means.
    pub failure: FailurePolicy,
    /// What it may import.
    pub grants: BTreeSet<Import>,
    /// What one call may use.
    pub budget: Budget,
    /// For how many conversations it is in force.
    pub percent: Percent,
    /// Whom it may ask over HTTPS.
    pub http_hosts: BTreeSet<HostName>,
    /// JSON.
    pub config: String,
    /// Of `config`.
    pub config_sha256: Digest,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Set when it failed too often, until a good answer.
    pub suspension: Option<Suspension>,
    /// Why the platform switched the plugin off for every account, when it did.
    pub switched_off: Option<String>,
}

/// An installation to be made. It takes the last place in the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInstallation {
    /// The installation's own.
    pub id: InstallationId,
    /// The plugin's version to install.
    pub plugin_id: PluginId,
    /// How much it counts.
    pub mode: Mode,
    /// What it is asked about.
    pub scope: Scope,
    /// What its failure means.
    pub failure: FailurePolicy,
    /// What it may import.
    pub grants: BTreeSet<Import>,
    /// What one call may use.
    pub budget: Budget,
    /// For how many conversations it is in force.
    pub percent: Percent,
    /// Whom it may ask over HTTPS.
    pub http_hosts: BTreeSet<HostName>,
    /// JSON.
    pub config: String,
    /// Of `config`.
    pub config_sha256: Digest,
    /// When it is made.
    pub created_at: Timestamp,
}

/// What an installation becomes. Its place in the order stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallationUpdate {
    /// The plugin's version to install.
    pub plugin_id: PluginId,
    /// How much it counts.
    pub mode: Mode,
    /// What it is asked about.
    pub scope: Scope,
    /// What its failure means.
    pub failure: FailurePolicy,
    /// What it may import.
    pub grants: BTreeSet<Import>,
    /// What one call may use.
    pub budget: Budget,
    /// For how many conversations it is in force.
    pub percent: Percent,
    /// Whom it may ask over HTTPS.
    pub http_hosts: BTreeSet<HostName>,
    /// JSON.
    pub config: String,
    /// Of `config`.
    pub config_sha256: Digest,
    /// When it is changed.
    pub updated_at: Timestamp,
}

impl InstallationRow {
    /// What it becomes when nothing changes but the time of its last change.
    pub fn unchanged(&self, at: Timestamp) -> InstallationUpdate {
        InstallationUpdate {
            plugin_id: self.plugin_id,
            mode: self.mode,
            scope: self.scope.clone(),
            failure: self.failure,
            grants: self.grants.clone(),
            budget: self.budget,
            percent: self.percent,
            http_hosts: self.http_hosts.clone(),
            config: self.config.clone(),
            config_sha256: self.config_sha256,
            updated_at: at,
        }
    }
}

fn installation(row: &mut Row<'_>) -> Result<InstallationRow, StorageError> {
    Ok(InstallationRow {
        id: row.parsed("installation id")?,
        plugin_id: row.parsed("plugin id")?,
        name: row.word("plugin name")?,
        version: row.parsed("plugin version")?,
        sha256: row.parsed("component digest")?,
        hooks: row.json("hooks")?,
        imports: row.json("imports")?,
        position: row.int("position")?,
        mode: row.word("mode")?,
        scope: row.json("scope")?,
        failure: row.word("failure policy")?,
        grants: row.json("grants")?,
        budget: budget(row)?,
        percent: percent(row)?,
        config: row.text("configuration")?,
        config_sha256: row.parsed("configuration digest")?,
        created_at: row.time("installation time")?,
        updated_at: row.time("installation time")?,
        suspension: suspension(row)?,
        switched_off: row.maybe_text("reason")?,
        http_hosts: row.json("hosts")?,
    })
}

fn budget(row: &mut Row<'_>) -> Result<Budget, StorageError> {
    let (fuel, memory) = (row.size("instructions")?, row.size("memory")?);
    Ok(Budget { fuel, memory: usize::try_from(memory).map_err(|_| StorageError::Corrupt { what: "memory" })? })
}

fn percent(row: &mut Row<'_>) -> Result<Percent, StorageError> {
    let number = u8::try_from(row.int("share")?).ok().and_then(|number| Percent::try_from(number).ok());
    number.ok_or(StorageError::Corrupt { what: "share of conversations" })
}

fn suspension(row: &mut Row<'_>) -> Result<Option<Suspension>, StorageError> {
    let (until, times) = (row.maybe_time("suspension")?, row.int("suspensions")?);
    let failure = row.maybe_word("failure")?;
    let times = u32::try_from(times).map_err(|_| StorageError::Corrupt { what: "suspensions" })?;
    Ok(until.zip(failure).map(|(until, failure)| Suspension { until, times, failure }))
}

const INSERT: Sql = Sql::new(
    "INSERT INTO installations (account_id, id, plugin_id, position, mode, scope, failure, grants, fuel, memory, percent,
                                config, config_sha256, created_at, updated_at, http_hosts)
     VALUES ($1, $2, $3, (SELECT COALESCE(MAX(position), 0) + 1 FROM installations WHERE account_id = $1),
             $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14)
     RETURNING position",
);
const GET: Sql = Sql::new(
    "SELECT i.id, i.plugin_id, p.name, p.version, p.sha256, p.hooks, p.imports, i.position, i.mode, i.scope, i.failure,
            i.grants, i.fuel, i.memory, i.percent, i.config, i.config_sha256, i.created_at, i.updated_at,
            i.suspended_until, i.suspensions, i.suspended_for, o.reason, i.http_hosts
     FROM installations i JOIN plugins p ON p.account_id = i.account_id AND p.id = i.plugin_id
                          LEFT JOIN switched_off_plugins o ON o.sha256 = p.sha256
     WHERE i.account_id = $1 AND i.id = $2",
);
const LIST: Sql = Sql::new(
    "SELECT i.id, i.plugin_id, p.name, p.version, p.sha256, p.hooks, p.imports, i.position, i.mode, i.scope, i.failure,
            i.grants, i.fuel, i.memory, i.percent, i.config, i.config_sha256, i.created_at, i.updated_at,
            i.suspended_until, i.suspensions, i.suspended_for, o.reason, i.http_hosts
     FROM installations i JOIN plugins p ON p.account_id = i.account_id AND p.id = i.plugin_id
                          LEFT JOIN switched_off_plugins o ON o.sha256 = p.sha256
     WHERE i.account_id = $1 ORDER BY i.position, i.id",
);
// The configuration, which may be large, is not read.
const OUTLINES: Sql = Sql::new(
    "SELECT i.id, i.plugin_id, p.name, p.version, p.sha256, p.hooks, p.imports, i.position, i.mode, i.scope, i.failure,
            i.grants, i.fuel, i.memory, i.percent, '' AS config, i.config_sha256, i.created_at, i.updated_at,
            i.suspended_until, i.suspensions, i.suspended_for, o.reason, i.http_hosts
     FROM installations i JOIN plugins p ON p.account_id = i.account_id AND p.id = i.plugin_id
                          LEFT JOIN switched_off_plugins o ON o.sha256 = p.sha256
     WHERE i.account_id = $1 ORDER BY i.position, i.id",
);
const UPDATE: Sql = Sql::new(
    "UPDATE installations SET plugin_id = $1, mode = $2, scope = $3, failure = $4, grants = $5, fuel = $6, memory = $7,
                              percent = $8, config = $9, config_sha256 = $10, updated_at = $11, suspended_until = NULL,
                              suspensions = 0, suspended_for = NULL, http_hosts = $12
     WHERE account_id = $13 AND id = $14",
);
const MOVE: Sql = Sql::new("UPDATE installations SET position = $1 WHERE account_id = $2 AND id = $3");
const SUSPEND: Sql = Sql::new(
    "UPDATE installations SET suspended_until = $1, suspensions = $2, suspended_for = $3
     WHERE account_id = $4 AND id = $5",
);
const DELETE: Sql = Sql::new("DELETE FROM installations WHERE account_id = $1 AND id = $2");
const COUNT: Sql = Sql::new("SELECT COUNT(*) FROM installations WHERE account_id = $1");
const SCOPES: Sql = Sql::new(
    "SELECT i.scope FROM installations i JOIN plugins p ON p.account_id = i.account_id AND p.id = i.plugin_id
     WHERE i.account_id = $1 AND i.mode = $2 AND p.hooks LIKE $3 ORDER BY i.position, i.id",
);

const INSTALLED: Sql = Sql::new(
    "SELECT DISTINCT p.sha256, i.config_sha256 FROM installations i
     JOIN plugins p ON p.account_id = i.account_id AND p.id = i.plugin_id",
);

impl Tx<'_> {
    /// The components and configurations that are installed anywhere, whoever installed them.
    ///
    /// # Errors
    /// Those of the database.
    pub fn installed_configurations(&mut self) -> Result<Vec<(Digest, Digest)>, StorageError> {
        self.all(INSTALLED, values![], |row| Ok((row.parsed("component digest")?, row.parsed("configuration digest")?)))
    }
}

impl Account<'_> {
    /// Adds an installation at the end of the order, and gives its position. The chain's version is not changed here.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such plugin.
    pub fn insert_installation(&mut self, new: &NewInstallation) -> Result<i64, StorageError> {
        self.keep_chain_part(new.config_sha256, &new.config)?;
        let position = self.tx.first(
            INSERT,
            values![
                self.id,
                new.id,
                new.plugin_id,
                new.mode.as_str(),
                json(&new.scope),
                new.failure.as_str(),
                json(&new.grants),
                new.budget.fuel,
                new.budget.memory as u64,
                u32::from(u8::from(new.percent)),
                &new.config,
                new.config_sha256,
                new.created_at,
                json(&new.http_hosts)
            ],
            |row| row.int("position"),
        )?;
        position.ok_or(StorageError::Corrupt { what: "position" })
    }

    /// One installation; `None` when the account has no such installation.
    ///
    /// # Errors
    /// Those of the database.
    pub fn installation(&mut self, id: InstallationId) -> Result<Option<InstallationRow>, StorageError> {
        self.tx.first(GET, values![self.id, id], installation)
    }

    /// The account's installations in order, disabled ones too.
    ///
    /// # Errors
    /// Those of the database.
    pub fn installations(&mut self) -> Result<Vec<InstallationRow>, StorageError> {
        self.tx.all(LIST, values![self.id], installation)
    }

    /// The same without their configurations: `config` is empty, `config_sha256` is as it is.
    ///
    /// # Errors
    /// Those of the database.
    pub fn installation_outlines(&mut self) -> Result<Vec<InstallationRow>, StorageError> {
        self.tx.all(OUTLINES, values![self.id], installation)
    }

    /// Changes an installation, and gives whether there was one. It is suspended no longer. The chain's version is not changed here.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such plugin.
    pub fn update_installation(
        &mut self,
        id: InstallationId,
        update: &InstallationUpdate,
    ) -> Result<bool, StorageError> {
        self.keep_chain_part(update.config_sha256, &update.config)?;
        let changed = self.tx.execute(
            UPDATE,
            values![
                update.plugin_id,
                update.mode.as_str(),
                json(&update.scope),
                update.failure.as_str(),
                json(&update.grants),
                update.budget.fuel,
                update.budget.memory as u64,
                u32::from(u8::from(update.percent)),
                &update.config,
                update.config_sha256,
                update.updated_at,
                json(&update.http_hosts),
                self.id,
                id
            ],
        )?;
        Ok(changed > 0)
    }

    /// Gives an installation its place in the order. Gives whether there is one. The chain's version is not changed here.
    ///
    /// # Errors
    /// Those of the database.
    pub fn move_installation(&mut self, id: InstallationId, position: i64) -> Result<bool, StorageError> {
        Ok(self.tx.execute(MOVE, values![position, self.id, id])? > 0)
    }

    /// Suspends an installation, or ends that. Gives whether there is one. The chain's version is not changed here.
    ///
    /// # Errors
    /// Those of the database.
    pub fn suspend_installation(
        &mut self,
        id: InstallationId,
        suspension: Option<&Suspension>,
    ) -> Result<bool, StorageError> {
        let until = suspension.map(|suspension| suspension.until);
        let times = suspension.map_or(0, |suspension| suspension.times);
        let failure = suspension.map(|suspension| suspension.failure.as_str());
        Ok(self.tx.execute(SUSPEND, values![until, times, failure, self.id, id])? > 0)
    }

    /// Removes an installation, and gives whether there was one. The chain's version is not changed here.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_installation(&mut self, id: InstallationId) -> Result<bool, StorageError> {
        Ok(self.tx.execute(DELETE, values![self.id, id])? > 0)
    }

    /// How many installations the account has, in whatever mode.
    ///
    /// # Errors
    /// Those of the database.
    pub fn installation_count(&mut self) -> Result<u64, StorageError> {
        Ok(self.tx.first(COUNT, values![self.id], |row| row.size("number of installations"))?.unwrap_or(0))
    }

    /// The scopes of the installations in `mode` whose plugin has `hook`, in order.
    ///
    /// # Errors
    /// Those of the database.
    pub fn scopes(&mut self, mode: Mode, hook: Hook) -> Result<Vec<Scope>, StorageError> {
        let among = format!("%{}%", json(&hook));
        self.tx.all(SCOPES, values![self.id, mode.as_str(), among], |row| row.json("scope"))
    }
}
