//! The chain as a whole: its order, its earlier versions and the way back to them, and the switch that turns all plugins off.
//!
//! Single installations are changed in `installations`, single rules of the content filter in `filters`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;
use sluice_domain::{
    audit::Action,
    digest::Digest,
    filter::FilterRule,
    id::{AuditId, FilterRuleId, InstallationId, PluginId},
    installation::{Budget, FailurePolicy, HostName, Mode, Percent, Scope},
    permission::Permission,
    plugin::{Hook, Import, PluginName},
    review::MessagingSettings,
    time::Timestamp,
};
use sluice_storage::{
    Account, Before, ChainVersionRow, FilterRuleRow, InstallationRow, InstallationUpdate, NamedFilterRule,
    NewInstallation,
};

use crate::{App, AppError, caller::Caller, enabling, installations::may_touch};

/// The chain as it is.
#[derive(Debug, Clone)]
pub struct ChainOverview {
    /// Grows with every change.
    pub version: i64,
    /// Whether plugins are asked at all.
    pub plugins_on: bool,
}

/// An earlier chain, or the one that is in force.
#[derive(Debug, Clone)]
pub struct ChainVersion {
    /// Which.
    pub version: i64,
    /// When it came into force.
    pub at: Timestamp,
    /// The entry of the audit log that says who made it and how; `None` for the chain that was there before chains were kept.
    pub audit: Option<AuditId>,
    /// What it was made of.
    pub state: ChainState,
}

/// All of an account's rules at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainState {
    /// In order.
    pub installations: Vec<PastInstallation>,
    /// In the order in which they were made.
    pub filters: Vec<PastFilter>,
    /// How messages were dealt with beside rules.
    pub messaging: MessagingSettings,
}

/// An installation at one time. Its configuration is kept under its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastInstallation {
    /// The installation's own.
    pub id: InstallationId,
    /// The plugin's version.
    pub plugin: PluginId,
    /// The plugin's name.
    pub name: PluginName,
    /// The plugin's version, as it said.
    pub version: String,
    /// Of the component.
    pub component: Digest,
    /// What the plugin decides about.
    pub hooks: BTreeSet<Hook>,
    /// How much it counted.
    pub mode: Mode,
    /// What it was asked about.
    pub scope: Scope,
    /// What its failure meant.
    pub failure: FailurePolicy,
    /// What it might import.
    pub grants: BTreeSet<Import>,
    /// Whom it might ask over HTTPS.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub http_hosts: BTreeSet<HostName>,
    /// What one call might use.
    pub budget: Budget,
    /// For how many conversations it was in force.
    pub percent: Percent,
    /// Of the configuration.
    pub config: Digest,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A rule of the content filter at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastFilter {
    /// The rule's own.
    pub id: FilterRuleId,
    /// How much it counted.
    pub mode: Mode,
    /// What it was about.
    pub rule: PastRule,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a rule of the content filter was about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PastRule {
    /// Kept under its digest.
    Named(Digest),
    /// All of it.
    Whole(Box<FilterRule>),
}

impl App {
    /// The version of the account's chain, and whether plugins are asked.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn chain_overview(&self, caller: &Caller) -> Result<ChainOverview, AppError> {
        caller.require(Permission::ManagePlugins)?;
        let account = caller.account;
        let row = self.inner.database.read(move |tx| Ok::<_, AppError>(tx.account_row(account)?)).await?;
        let row = row.ok_or(AppError::NotFound("account"))?;
        Ok(ChainOverview { version: row.chain_version, plugins_on: row.plugins_on })
    }

    /// The account's chains, newest first, each from a change to the next, with their rules of the content filter by digest. The oldest
    /// are removed when there are more than the server's limits allow.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn chain_versions(&self, caller: &Caller, page: Before<i64>) -> Result<Vec<ChainVersion>, AppError> {
        caller.require(Permission::ManagePlugins)?;
        let account = caller.account;
        let rows = self.read(account, move |tx| Ok::<_, AppError>(tx.account(account).chain_versions(page)?)).await?;
        rows.into_iter().map(ChainVersion::of).collect()
    }

    /// The chain that was in force at `version`, with its rules of the content filter as a whole.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn chain_version(&self, caller: &Caller, version: i64) -> Result<ChainVersion, AppError> {
        caller.require(Permission::ManagePlugins)?;
        let account = caller.account;
        self.read(account, move |tx| {
            let mut rows = tx.account(account);
            let row = rows.chain_version_at(version)?.ok_or(AppError::NotFound("version of the chain"))?;
            let mut past = ChainVersion::of(row)?;
            past.state.open(&mut rows)?;
            Ok(past)
        })
        .await
    }

    /// Goes back to the rules that were in force at `version`: plugins with their versions, configurations and order, and the content filter.
    /// Whether plugins are asked at all stays as it is. It is a change like any other: one can go back from it.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`], [`AppError::NotForSupport`] when an access rule is among them,
    /// [`AppError::Conflict`] when a plugin of then was removed, or somebody else changes the chain meanwhile, [`AppError::ConfigureFailed`], [`AppError::Quota`],
    /// [`AppError::SignatureRequired`]; with an error, everything stays as it was.
    pub async fn roll_back(&self, caller: &Caller, version: i64) -> Result<ChainOverview, AppError> {
        let past = self.chain_version(caller, version).await?;
        let account = caller.account;
        let seen = self.inner.database.read(move |tx| ChainState::of(&mut tx.account(account))).await?;
        past.state.installations.iter().try_for_each(|was| may_touch(caller, &was.hooks))?;
        let mut again = Vec::with_capacity(past.state.installations.len());
        for was in past.state.installations {
            let (component, digest) = (was.component, was.config);
            let found = self
                .inner
                .database
                .read(move |tx| {
                    let mut rows = tx.account(account);
                    Ok::<_, AppError>(rows.plugin_by_digest(component)?.zip(rows.chain_part(digest)?))
                })
                .await?;
            let (plugin, config) = found.ok_or(REMOVED)?;
            if was.mode != Mode::Disabled {
                self.configure(account, &plugin, &config, &was.grants).await?;
            }
            again.push((was, config));
        }
        let filters = past.state.filters;
        let at = self.now();
        let entry = self.audit_row(caller, Action::ChainRolledBack, account, json!({"to": past.version}));
        let by = caller.clone();
        self.change_chain(caller, entry, move |rows, _| {
            may_touch_all(&by, rows)?;
            // Or what somebody has just disabled would be back.
            if !ChainState::of(rows)?.has_rules_of(&seen) {
                return Err(CHANGED);
            }
            restore_installations(rows, again, at)?;
            restore_filters(rows, filters, at)
        })
        .await?;
        self.chain_overview(caller).await
    }

    /// Puts the account's installations into this order, which names each of them once.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`], [`AppError::NotForSupport`] when an access rule is among them.
    pub async fn order_chain(
        &self,
        caller: &Caller,
        order: Vec<InstallationId>,
    ) -> Result<Vec<InstallationRow>, AppError> {
        caller.require(Permission::ManagePlugins)?;
        let entry = self.audit_row(caller, Action::ChainOrdered, caller.account, json!({"order": order}));
        let by = caller.clone();
        self.change_chain(caller, entry, move |rows, _| {
            may_touch_all(&by, rows)?;
            let known: BTreeSet<_> = rows.installation_outlines()?.into_iter().map(|row| row.id).collect();
            let named: BTreeSet<_> = order.iter().copied().collect();
            if named != known || named.len() != order.len() {
                return Err(AppError::invalid("installations", "name each installation of the chain once"));
            }
            for (position, id) in (1..).zip(order) {
                rows.move_installation(id, position)?;
            }
            Ok(rows.installations()?)
        })
        .await
    }

    /// Switches all of the account's plugins on or off, whatever their modes, at every server from the next request on. The content filter
    /// stays.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotForSupport`] when one of them is an access rule.
    pub async fn switch_plugins(&self, caller: &Caller, on: bool) -> Result<ChainOverview, AppError> {
        caller.require(Permission::ManagePlugins)?;
        let entry = self.audit_row(caller, Action::PluginsSwitched, caller.account, json!({"on": on}));
        let by = caller.clone();
        self.change_chain(caller, entry, move |rows, _| {
            may_touch_all(&by, rows)?;
            Ok(rows.switch_plugins(on)?)
        })
        .await?;
        self.chain_overview(caller).await
    }
}

/// Whether the caller may change the chain as a whole, in the transaction that does.
fn may_touch_all(caller: &Caller, rows: &mut Account<'_>) -> Result<(), AppError> {
    rows.installation_outlines()?.iter().try_for_each(|row| may_touch(caller, &row.hooks))
}

/// That the chain to go back from is not the one that was there.
const CHANGED: AppError = AppError::Conflict("somebody else changed the chain at this moment: look again");

/// That nobody knows what a rule of the content filter was about.
const FORGOTTEN: AppError =
    AppError::Conflict("a rule of that chain is not kept any more: make it again, or go back to another version");

const REMOVED: AppError =
    AppError::Conflict("a plugin of that chain was removed since: upload it again, or go back to another version");

/// Keeps the chain as it is, under `version`.
pub(crate) fn keep_chain(
    rows: &mut Account<'_>,
    version: i64,
    audit: Option<AuditId>,
    at: Timestamp,
) -> Result<(), AppError> {
    rows.name_filter_rules()?;
    let state = ChainState::of(rows)?;
    let body = serde_json::to_string(&state).map_err(|_| AppError::Internal("writing a chain as JSON"))?;
    rows.insert_chain_version(&ChainVersionRow { version, audit, body, created_at: at })?;
    Ok(rows.name_chain_parts(version)?)
}

fn restore_installations(
    rows: &mut Account<'_>,
    again: Vec<(PastInstallation, String)>,
    at: Timestamp,
) -> Result<(), AppError> {
    let known: BTreeMap<_, _> = rows.installation_outlines()?.into_iter().map(|row| (row.id, row)).collect();
    let kept: BTreeSet<_> = again.iter().map(|(was, _)| was.id).collect();
    for gone in known.keys().filter(|id| !kept.contains(id)) {
        rows.delete_installation(*gone)?;
    }
    for (position, (was, config)) in (1..).zip(again) {
        let plugin_id = rows.plugin_by_digest(was.component)?.ok_or(REMOVED)?.id;
        enabling::check(rows, known.get(&was.id), plugin_id, was.mode)?;
        let PastInstallation { id, mode, scope, failure, grants, http_hosts, budget, percent, .. } = was;
        let config_sha256 = was.config;
        if known.contains_key(&id) {
            let update = InstallationUpdate {
                plugin_id,
                mode,
                scope,
                failure,
                grants,
                http_hosts,
                budget,
                percent,
                config,
                config_sha256,
                updated_at: at,
            };
            rows.update_installation(id, &update)?;
        } else {
            let new = NewInstallation {
                id,
                plugin_id,
                mode,
                scope,
                failure,
                grants,
                http_hosts,
                budget,
                percent,
                config,
                config_sha256,
                created_at: was.created_at,
            };
            rows.insert_installation(&new)?;
        }
        rows.move_installation(id, position)?;
    }
    Ok(())
}

fn restore_filters(rows: &mut Account<'_>, again: Vec<PastFilter>, at: Timestamp) -> Result<(), AppError> {
    let known: BTreeSet<_> = rows.filter_rules()?.into_iter().map(|row| row.id).collect();
    let kept: BTreeSet<_> = again.iter().map(|was| was.id).collect();
    for gone in known.difference(&kept) {
        rows.delete_filter_rule(*gone)?;
    }
    for past in again {
        let row = FilterRuleRow { updated_at: at, ..past.into_row().ok_or(FORGOTTEN)? };
        if !rows.update_filter_rule(&row)? {
            rows.insert_filter_rule(&row)?;
        }
    }
    Ok(())
}

impl ChainVersion {
    fn of(row: ChainVersionRow) -> Result<Self, AppError> {
        let state = serde_json::from_str(&row.body).map_err(|_| AppError::Internal("reading a chain that was kept"))?;
        Ok(Self { version: row.version, at: row.created_at, audit: row.audit, state })
    }
}

impl ChainState {
    /// Whether it has the rules that `other` has.
    fn has_rules_of(&self, other: &Self) -> bool {
        self.installations == other.installations && self.filters == other.filters
    }

    /// As it is now.
    pub(crate) fn of(rows: &mut Account<'_>) -> Result<Self, AppError> {
        Ok(Self {
            installations: rows.installation_outlines()?.into_iter().map(PastInstallation::of).collect(),
            filters: rows.named_filter_rules()?.into_iter().map(PastFilter::of).collect(),
            messaging: rows.messaging()?.ok_or(AppError::NotFound("account"))?,
        })
    }

    /// As it was at `version`, with its rules of the content filter as a whole; `None` when it is not kept any more.
    pub(crate) fn at(rows: &mut Account<'_>, version: i64) -> Result<Option<Self>, AppError> {
        if let Some(row) = rows.chain_version_at(version)? {
            let mut state = ChainVersion::of(row)?.state;
            state.open(rows)?;
            return Ok(Some(state));
        }
        if !rows.chain_versions(Before::newest(1))?.is_empty() {
            return Ok(None);
        }
        // Until the first change, the chain of then is the one of now.
        let filters = rows.filter_rules()?.into_iter().map(PastFilter::whole).collect();
        Ok(Some(Self { filters, ..Self::of(rows)? }))
    }

    /// Reads the rules of the content filter that are named by digest.
    fn open(&mut self, rows: &mut Account<'_>) -> Result<(), AppError> {
        for past in &mut self.filters {
            let PastRule::Named(digest) = past.rule else { continue };
            if let Some(rule) = rows.chain_part(digest)? {
                let rule = serde_json::from_str(&rule).map_err(|_| AppError::Internal("reading a rule of a chain"))?;
                past.rule = PastRule::Whole(rule);
            }
        }
        Ok(())
    }
}

impl PastInstallation {
    fn of(row: InstallationRow) -> Self {
        Self {
            id: row.id,
            plugin: row.plugin_id,
            name: row.name,
            version: row.version.to_string(),
            component: row.sha256,
            hooks: row.hooks,
            mode: row.mode,
            scope: row.scope,
            failure: row.failure,
            grants: row.grants,
            http_hosts: row.http_hosts,
            budget: row.budget,
            percent: row.percent,
            config: row.config_sha256,
            created_at: row.created_at,
        }
    }
}

impl PastFilter {
    fn of(row: NamedFilterRule) -> Self {
        Self { id: row.id, mode: row.mode, rule: PastRule::Named(row.sha256), created_at: row.created_at }
    }

    fn whole(row: FilterRuleRow) -> Self {
        let FilterRuleRow { id, mode, rule, created_at, .. } = row;
        Self { id, mode, rule: PastRule::Whole(Box::new(rule)), created_at }
    }

    /// The digest of its rule, where that is not kept any more.
    pub(crate) fn forgotten(&self) -> Option<Digest> {
        match self.rule {
            PastRule::Named(digest) => Some(digest),
            PastRule::Whole(_) => None,
        }
    }

    /// As a row; nothing when its rule is not kept any more.
    pub(crate) fn into_row(self) -> Option<FilterRuleRow> {
        let Self { id, mode, rule, created_at } = self;
        match rule {
            PastRule::Whole(rule) => Some(FilterRuleRow { id, mode, rule: *rule, created_at, updated_at: created_at }),
            PastRule::Named(_) => None,
        }
    }
}
