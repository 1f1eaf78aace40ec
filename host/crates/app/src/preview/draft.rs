//! The chain that a preview tries: the account's own with a change, or drafts in place of its plugins.
//!
//! The built-in filter is part of it as it is.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;
use sluice_domain::{
    id::{InstallationId, PluginId},
    installation::{Budget, FailurePolicy, HostName, Mode, Percent, Scope},
    limits,
    plugin::Import,
};
use sluice_storage::InstallationRow;

use crate::{App, AppError, caller::Caller, chain::Chain, policy::DraftInstallation};

/// What is tried.
#[derive(Debug, Clone)]
pub enum PreviewDraft {
    /// These in place of all installations.
    Whole(Vec<DraftInstallation>),
    /// One more, last in the chain.
    Added(Box<DraftInstallation>),
    /// One of them as it would be after a change.
    Changed(Box<DraftChange>),
}

/// An installation as it would be; what is `None` stays.
#[derive(Debug, Clone)]
pub struct DraftChange {
    /// Which.
    pub installation: InstallationId,
    /// Whether it is asked at all: an installation in another mode than [`Mode::Enforce`] is not part of the chain.
    pub mode: Mode,
    /// Which version of the plugin.
    pub plugin: Option<PluginId>,
    /// With which configuration.
    pub config: Option<Value>,
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
    /// Whom it may ask over HTTPS. In a preview nobody is asked.
    pub http_hosts: Option<BTreeSet<HostName>>,
}

const FULL: AppError = AppError::Quota("the chain would be too long: leave an installation out");

impl App {
    /// The chain that is tried, ready to be asked.
    pub(super) async fn preview_chain(
        &self,
        caller: &Caller,
        draft: PreviewDraft,
        current: &Arc<Chain>,
    ) -> Result<Chain, AppError> {
        let rules = match draft {
            PreviewDraft::Whole(drafts) => {
                if drafts.len() > limits::INSTALLATIONS {
                    return Err(FULL);
                }
                let mut rules = Vec::with_capacity(drafts.len());
                for draft in drafts {
                    rules.push(self.draft_rule(caller, InstallationId::new(self.now(), self.random()), draft).await?);
                }
                rules
            }
            PreviewDraft::Added(draft) => {
                let rows = self.installations(caller).await?;
                if rows.len() >= limits::INSTALLATIONS {
                    return Err(FULL);
                }
                let added = self.draft_rule(caller, InstallationId::new(self.now(), self.random()), *draft).await?;
                let mut rules = self.rules_of(rows, current).await?;
                rules.push(added);
                rules
            }
            PreviewDraft::Changed(change) => {
                let mut before = self.installations(caller).await?;
                let place = before.iter().position(|row| row.id == change.installation);
                let mut after = before.split_off(place.ok_or(AppError::NotFound("installation"))?);
                let row = after.remove(0);
                let changed = match change.mode {
                    Mode::Enforce => Some(self.draft_rule(caller, row.id, self.changed(&row, *change)?).await?),
                    Mode::Disabled | Mode::Shadow => None,
                };
                let mut rules = self.rules_of(before, current).await?;
                rules.extend(changed);
                rules.extend(self.rules_of(after, current).await?);
                rules
            }
        };
        Ok(current.with_rules(rules).apart())
    }

    /// Those of the installations that are in force, ready to be asked.
    async fn rules_of(
        &self,
        rows: Vec<InstallationRow>,
        current: &Arc<Chain>,
    ) -> Result<Vec<crate::chain::Rule>, AppError> {
        let (account, share) = (current.account, current.share);
        let (app, current) = (self.clone(), current.clone());
        let ready = move || {
            let asked = rows.into_iter().filter(|row| row.mode == Mode::Enforce && row.switched_off.is_none());
            asked.map(|row| app.ready_rule(row, Some(&current))).collect()
        };
        self.inner.evaluators.run(account, share, ready).await
    }

    /// What an installation would be after a change.
    fn changed(&self, row: &InstallationRow, change: DraftChange) -> Result<DraftInstallation, AppError> {
        let config = match change.config {
            Some(config) => config,
            None => serde_json::from_str(&row.config).map_err(|_| AppError::Internal("reading a configuration"))?,
        };
        Ok(DraftInstallation {
            plugin: change.plugin.unwrap_or(row.plugin_id),
            config,
            scope: change.scope.unwrap_or_else(|| row.scope.clone()),
            failure: change.failure.unwrap_or(row.failure),
            grants: change.grants.unwrap_or_else(|| row.grants.clone()),
            budget: Some(change.budget.unwrap_or(row.budget.min(self.inner.budget_ceiling))),
            percent: change.percent.unwrap_or(row.percent),
            http_hosts: change.http_hosts.unwrap_or_else(|| row.http_hosts.clone()),
        })
    }
}
