//! Installations: a plugin's version enabled in an account, with a configuration, a mode, a scope and a place in the chain.

use std::{collections::BTreeSet, io};

use serde_json::{Value, json};
use sluice_domain::{
    audit::Action,
    digest::Digest,
    id::{AccountId, InstallationId, PluginId},
    installation::{self, Budget, FailurePolicy, HostName, Mode, Percent, Scope, missing_grants},
    limits,
    permission::Permission,
    plugin::{Hook, Import},
    time::Timestamp,
};
use sluice_sandbox::{ConfigureError, Configured, Sandbox, Use};
use sluice_storage::{Account, Blobs, InstallationRow, InstallationUpdate, NewAudit, NewInstallation, PluginRow};

use crate::{App, AppError, caller::Caller, chain_versions::keep_chain, enabling, store::By};

/// A new installation.
#[derive(Debug, Clone)]
pub struct Install {
    /// Which plugin.
    pub plugin: PluginId,
    /// With which configuration.
    pub config: Value,
    /// How much it counts.
    pub mode: Mode,
    /// About what it is asked.
    pub scope: Scope,
    /// What its failure means.
    pub failure: FailurePolicy,
    /// What it may import.
    pub grants: BTreeSet<Import>,
    /// What one call may use; what the server gives when not said.
    pub budget: Option<Budget>,
    /// For how many conversations it is in force.
    pub percent: Percent,
    /// Whom it may ask over HTTPS.
    pub http_hosts: BTreeSet<HostName>,
}

/// What to change of an installation; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Which version of the same plugin.
    pub plugin: Option<PluginId>,
    /// With which configuration.
    pub config: Option<Value>,
    /// How much it counts.
    pub mode: Option<Mode>,
    /// About what it is asked.
    pub scope: Option<Scope>,
    /// What its failure means.
    pub failure: Option<FailurePolicy>,
    /// What it may import.
    pub grants: Option<BTreeSet<Import>>,
    /// What one call may use.
    pub budget: Option<Budget>,
    /// For how many conversations it is in force.
    pub percent: Option<Percent>,
    /// Whom it may ask over HTTPS.
    pub http_hosts: Option<BTreeSet<HostName>>,
}

impl Change {
    /// What it makes of an installation.
    fn made_to(&self, row: &InstallationRow, now: Timestamp) -> InstallationUpdate {
        let config = self.config.as_ref().map_or_else(|| row.config.clone(), Value::to_string);
        InstallationUpdate {
            plugin_id: self.plugin.unwrap_or(row.plugin_id),
            mode: self.mode.unwrap_or(row.mode),
            scope: self.scope.clone().unwrap_or_else(|| row.scope.clone()),
            failure: self.failure.unwrap_or(row.failure),
            grants: self.grants.clone().unwrap_or_else(|| row.grants.clone()),
            budget: self.budget.unwrap_or(row.budget),
            percent: self.percent.unwrap_or(row.percent),
            http_hosts: self.http_hosts.clone().unwrap_or_else(|| row.http_hosts.clone()),
            config_sha256: Digest::of(config.as_bytes()),
            config,
            updated_at: now,
        }
    }
}

/// What was made ready, before the transaction that installs it.
#[derive(PartialEq, Eq)]
struct Tried {
    plugin: PluginId,
    config: Digest,
    grants: BTreeSet<Import>,
}

impl Tried {
    fn of(update: &InstallationUpdate) -> Self {
        Self { plugin: update.plugin_id, config: update.config_sha256, grants: update.grants.clone() }
    }
}

/// What can no longer be made ready must still be possible to disable.
fn has_to_be_ready(before: &InstallationRow, update: &InstallationUpdate) -> bool {
    update.mode != Mode::Disabled || update.config != before.config || update.plugin_id != before.plugin_id
}

/// That a change was decided from what is not there any more.
const CHANGED: AppError = AppError::Conflict(
    "somebody else changed the installation at this moment, and what was made ready is not what it would be: look again",
);

impl App {
    /// Installs a plugin, last in the chain. It is in force at every server from the next request on.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for the plugin, [`AppError::NotForSupport`] for an access rule, [`AppError::MissingGrants`], [`AppError::Configuration`] with what the schema or the
    /// plugin refuses, [`AppError::ConfigureFailed`], [`AppError::Quota`], [`AppError::SignatureRequired`],
    /// [`AppError::Invalid`] for the hosts and the budget.
    pub async fn install(&self, caller: &Caller, install: Install) -> Result<InstallationRow, AppError> {
        let plugin = self.plugin(caller, install.plugin).await?;
        may_touch(caller, &plugin.hooks)?;
        check_hosts(&install.grants, &install.http_hosts)?;
        let budget = self.budget(install.budget)?;
        let config = install.config.to_string();
        self.configure(caller.account, &plugin, &config, &install.grants).await?;
        let now = self.now();
        let new = NewInstallation {
            id: InstallationId::new(now, self.random()),
            plugin_id: plugin.id,
            mode: install.mode,
            scope: install.scope,
            failure: install.failure,
            grants: install.grants,
            budget,
            percent: install.percent,
            http_hosts: install.http_hosts,
            config_sha256: Digest::of(config.as_bytes()),
            config,
            created_at: now,
        };
        let details = json!({"plugin": plugin.id, "name": plugin.name, "version": plugin.version, "mode": new.mode, "grants": new.grants, "http_hosts": new.http_hosts, "percent": new.percent, "config_sha256": new.config_sha256});
        let entry = self.audit_row(caller, Action::InstallationCreated, new.id, details);
        self.change_chain(caller, entry, move |rows, _| {
            if rows.installation_count()? >= limits::INSTALLATIONS as u64 {
                return Err(AppError::Quota("the chain is full: remove an installation first"));
            }
            enabling::check(rows, None, new.plugin_id, new.mode)?;
            rows.insert_installation(&new)?;
            rows.installation(new.id)?.ok_or(AppError::Internal("reading an installation back"))
        })
        .await
    }

    /// Changes an installation. It is in force at every server from the next request on; messages in flight finish on the chain
    /// that they began with.
    ///
    /// # Errors
    /// As of [`App::install`]; [`AppError::Invalid`] for a version of another plugin; [`AppError::Conflict`] when somebody else has changed what
    /// was made ready; with an error, everything stays as it was.
    pub async fn change_installation(
        &self,
        caller: &Caller,
        id: InstallationId,
        change: Change,
    ) -> Result<InstallationRow, AppError> {
        let row = self.installation(caller, id).await?;
        may_touch(caller, &row.hooks)?;
        let plugin = self.plugin(caller, change.plugin.unwrap_or(row.plugin_id)).await?;
        enabling::same_plugin(&row.name, &plugin)?;
        may_touch(caller, &plugin.hooks)?;
        change.budget.map(|budget| self.budget(Some(budget))).transpose()?;
        let now = self.now();
        let wanted = change.made_to(&row, now);
        let tried = if has_to_be_ready(&row, &wanted) {
            check_hosts(&wanted.grants, &wanted.http_hosts)?;
            self.configure(caller.account, &plugin, &wanted.config, &wanted.grants).await?;
            Some(Tried::of(&wanted))
        } else {
            None
        };
        let (entry, by) = (self.audit_row(caller, Action::InstallationChanged, id, json!({})), caller.clone());
        self.change_chain(caller, entry, move |rows, entry| {
            // As it is now: somebody else may have changed the rest of it while this was made ready.
            let before = rows.installation(id)?.ok_or(AppError::NotFound("installation"))?;
            may_touch(&by, &before.hooks)?;
            let update = change.made_to(&before, now);
            if has_to_be_ready(&before, &update) {
                check_hosts(&update.grants, &update.http_hosts)?;
                if tried != Some(Tried::of(&update)) {
                    return Err(CHANGED);
                }
            }
            enabling::check(rows, Some(&before), update.plugin_id, update.mode)?;
            let version = if change.plugin.is_some() { &plugin.version } else { &before.version };
            let (was, is) = (details(&before.version, &before.unchanged(now)), details(version, &update));
            entry.row.details = json!({"before": was, "after": is}).to_string();
            rows.update_installation(id, &update)?;
            rows.installation(id)?.ok_or(AppError::NotFound("installation"))
        })
        .await
    }

    /// Removes an installation from the chain.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn uninstall(&self, caller: &Caller, id: InstallationId) -> Result<(), AppError> {
        caller.require(Permission::ManagePlugins)?;
        let (entry, by) = (self.audit_row(caller, Action::InstallationRemoved, id, json!({})), caller.clone());
        self.change_chain(caller, entry, move |rows, entry| {
            let row = rows.installation(id)?.ok_or(AppError::NotFound("installation"))?;
            may_touch(&by, &row.hooks)?;
            entry.row.details = json!({"plugin": row.plugin_id, "name": row.name}).to_string();
            rows.delete_installation(id).map(drop)?;
            Ok(())
        })
        .await
    }

    /// One installation of the account.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn installation(&self, caller: &Caller, id: InstallationId) -> Result<InstallationRow, AppError> {
        caller.require(Permission::ManagePlugins)?;
        let account = caller.account;
        let found =
            self.inner.database.read(move |tx| Ok::<_, AppError>(tx.account(account).installation(id)?)).await?;
        found.ok_or(AppError::NotFound("installation"))
    }

    /// The account's chain, in order.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn installations(&self, caller: &Caller) -> Result<Vec<InstallationRow>, AppError> {
        caller.require(Permission::ManagePlugins)?;
        let account = caller.account;
        self.read_often(account, move |tx| Ok(tx.account(account).installations()?)).await
    }

    /// What one call may use, where `asked` is what somebody wants it to be.
    pub(crate) fn budget(&self, asked: Option<Budget>) -> Result<Budget, AppError> {
        let ceiling = self.inner.budget_ceiling;
        match asked {
            None => Ok(Budget::CALL.min(ceiling)),
            Some(budget) if budget.is_within(ceiling) => Ok(budget),
            Some(_) => Err(AppError::invalid(
                "budget",
                format!(
                    "100,000 to {} `instructions` and 131,072 to {} bytes of `memory` on this server",
                    ceiling.fuel, ceiling.memory
                ),
            )),
        }
    }

    /// Makes a plugin ready with a configuration, or says why it can't be. What is installed later is made ready by then.
    pub(crate) async fn configure(
        &self,
        account: AccountId,
        plugin: &PluginRow,
        config: &str,
        grants: &BTreeSet<Import>,
    ) -> Result<Configured, AppError> {
        let missing = missing_grants(&plugin.imports, grants);
        if !missing.is_empty() {
            return Err(AppError::MissingGrants(missing));
        }
        let place = self.configuration_place(account)?;
        let (sandbox, blobs) = (self.inner.sandbox.clone(), self.inner.blobs.clone());
        let (sha256, config) = (plugin.sha256, config.to_owned());
        let work = move || {
            let made = ready(&sandbox, &blobs, sha256, &config, Use::Trial);
            drop(place);
            made
        };
        self.with_worker(account, work).await?.map_err(refused)
    }

    /// One transaction: the change, which may say more in the entry, the chain's new version, the whole chain as it is then, the audit entry,
    /// and the event that announces it.
    pub(crate) async fn change_chain<T: Send + 'static>(
        &self,
        by: impl Into<By>,
        mut entry: NewAudit,
        change: impl FnOnce(&mut Account<'_>, &mut NewAudit) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let by = by.into();
        let account = by.account().ok_or(AppError::Internal("naming the account of a chain"))?;
        let limits = &self.inner.limits;
        let (chains, bytes) = (limits.chains_per_account, limits.chain_bytes_per_account);
        let changed = self
            .inner
            .database
            .write(by, move |tx| {
                let mut rows = tx.account(account);
                let version = rows.bump_chain_version()?.ok_or(AppError::NotFound("account"))?;
                // It may have an access rule in it.
                rows.bump_security_version()?;
                // The chain of before chains were kept.
                if rows.chain_version_at(version - 1)?.is_none() {
                    keep_chain(&mut rows, version - 1, None, entry.row.at)?;
                }
                let changed = change(&mut rows, &mut entry)?;
                keep_chain(&mut rows, version, Some(entry.row.id), entry.row.at)?;
                rows.forget_chains(chains, bytes)?;
                rows.insert_audit(&entry)?;
                rows.append_event(CHAIN_EVENT, &json!({"version": version}), entry.row.at)?;
                Ok::<_, AppError>(changed)
            })
            .await?;
        self.inner.bus.wake(account);
        Ok(changed)
    }
}

/// What the audit log says of an installation.
fn details(version: &semver::Version, update: &InstallationUpdate) -> Value {
    json!({"version": version, "mode": update.mode, "failure": update.failure, "scope": update.scope, "grants": update.grants, "http_hosts": update.http_hosts,
        "budget": update.budget, "percent": update.percent, "config_sha256": update.config_sha256})
}

/// Who may ask over HTTP names whom.
pub(crate) fn check_hosts(grants: &BTreeSet<Import>, hosts: &BTreeSet<HostName>) -> Result<(), AppError> {
    installation::check_hosts(grants, hosts).map_err(|problem| AppError::invalid("http_hosts", problem.to_string()))
}

/// Support decides nothing about who gets in.
pub(crate) fn may_touch(caller: &Caller, hooks: &BTreeSet<Hook>) -> Result<(), AppError> {
    if hooks.contains(&Hook::AccessRule) { caller.not_support() } else { Ok(()) }
}

/// The kind of the event that announces a new version of the chain.
const CHAIN_EVENT: &str = "chain";

/// A plugin with its configuration, loaded, to be installed or to be tried.
pub(crate) fn ready(
    sandbox: &Sandbox,
    blobs: &Blobs,
    sha256: Digest,
    config: &str,
    made_for: Use,
) -> Result<Configured, ConfigureError> {
    let configured = || sandbox.configure(|| component(blobs, sha256), sha256, config, made_for);
    let ready = configured()?;
    if let Err(error) = ready.load() {
        // A broken file was removed when it was found to be broken: now the plugin is configured anew.
        tracing::warn!(component = %sha256, %error, "a plugin is made ready anew");
        let ready = configured()?;
        ready.load().map_err(|error| ConfigureError::Host(error.to_string()))?;
        return Ok(ready);
    }
    Ok(ready)
}

/// Reads a component that the account's plugin needs.
fn component(blobs: &Blobs, sha256: Digest) -> io::Result<Vec<u8>> {
    blobs
        .get(sha256)
        .map_err(io::Error::other)?
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the component is not stored"))
}

fn refused(error: ConfigureError) -> AppError {
    match error {
        ConfigureError::Refused(errors) => AppError::Configuration(errors),
        other => AppError::ConfigureFailed(other.to_string()),
    }
}
