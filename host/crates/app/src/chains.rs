//! The chains of all accounts that are awake, each swapped as a whole when the account's chain has a new version.
//!
//! The version stands in the account's row, and every request reads it with its caller: so each server of an installation
//! swaps at the next request after a change, whoever made the change.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use sluice_domain::{id::AccountId, limits, verdict::PluginRef};
use sluice_sandbox::Use;
use sluice_storage::{Before, InstallationRow};

use crate::{
    App, AppError,
    chain::{BuiltIn, Chain, Rule},
    evaluators::Share,
    imports::Granted,
    installations::ready,
};

type Slot = Arc<tokio::sync::Mutex<Option<Arc<Chain>>>>;

#[derive(Default)]
pub(crate) struct Chains {
    slots: Mutex<HashMap<AccountId, Slot>>,
}

impl Chains {
    fn slot(&self, account: AccountId) -> Slot {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).entry(account).or_default().clone()
    }
}

impl App {
    /// The account's chain, at `version` or newer.
    pub(crate) async fn chain(&self, account: AccountId, version: i64) -> Result<Arc<Chain>, AppError> {
        let slot = self.inner.chains.slot(account);
        let mut held = slot.lock().await;
        if let Some(chain) = held.as_ref().filter(|chain| chain.version >= version) {
            if chain.is_loaded() {
                return Ok(chain.clone());
            }
            // To load is to read files. A rule whose file is gone is made ready again, with the whole chain.
            let cold = chain.clone();
            if self.inner.evaluators.run(account, Share::USUAL, move || cold.load()).await? {
                return Ok(chain.clone());
            }
        }
        let (version, filters, messaging, quota, rows, lists) = self
            .read_often(account, move |tx| {
                let account_row = tx.account_row(account)?.ok_or(AppError::NotFound("account"))?;
                let mut rows = tx.account(account);
                let messaging = rows.messaging()?.ok_or(AppError::NotFound("account"))?;
                let installations = if account_row.plugins_on { rows.installations()? } else { Vec::new() };
                let quota = rows.plugin_quota()?.unwrap_or_default();
                let lists = rows.lists(Before::newest(limits::LISTS))?;
                let (version, filters) = (account_row.chain_version, rows.filter_rules()?);
                Ok::<_, AppError>((version, filters, messaging, quota, installations, lists))
            })
            .await?;
        let before = held.clone();
        let lists = self.ready_lists(account, lists, before.as_deref().map(|chain| &*chain.lists)).await?;
        let app = self.clone();
        let rules = self
            .inner
            .evaluators
            .run(account, Share::USUAL, move || {
                let asked = rows.into_iter().filter(|row| row.switched_off.is_none());
                let rules = asked.map(|row| app.ready_rule(row, before.as_deref())).collect::<Vec<_>>();
                release(before.as_deref(), &rules);
                rules
            })
            .await?;
        let built_in = filters.into_iter().map(BuiltIn::of).collect();
        let chain = Chain::new(account, version, built_in, rules, messaging, self.inner.blobs.clone());
        let mut chain = chain.with_lists(Arc::new(lists));
        chain.share = Share::of(quota.cpu_share);
        let chain = Arc::new(chain);
        *held = Some(chain.clone());
        Ok(chain)
    }

    /// Makes one installation ready. Takes over what an earlier chain knows of its health.
    pub(crate) fn ready_rule(&self, row: InstallationRow, before: Option<&Chain>) -> Rule {
        let ready = ready(&self.inner.sandbox, &self.inner.blobs, row.sha256, &row.config, Use::Installed)
            .inspect_err(|error| tracing::error!(installation = %row.id, %error, "a rule cannot be made ready"))
            .ok();
        // A changed installation begins anew.
        let same = |rule: &&Rule| rule.rule.installation == row.id && rule.changed_at == row.updated_at;
        let health = before.and_then(|chain| chain.rules.iter().find(same)).map(|rule| rule.health.clone());
        let health = health.unwrap_or_default();
        health.learn(row.suspension);
        let granted = Granted::new(row.name.clone(), &row.imports, &row.grants, row.http_hosts);
        Rule {
            rule: PluginRef {
                installation: row.id,
                plugin: row.plugin_id,
                rule: row.name,
                version: row.version.to_string(),
                component: Some(row.sha256),
                config: Some(row.config_sha256),
            },
            granted,
            component: row.sha256,
            config: row.config_sha256,
            hooks: row.hooks,
            mode: row.mode,
            scope: row.scope,
            on_failure: row.failure,
            budget: row.budget.min(self.inner.budget_ceiling),
            percent: row.percent,
            changed_at: row.updated_at,
            health,
            ready,
        }
    }
}

/// Says of what was installed until now that it is not any more.
fn release(before: Option<&Chain>, now: &[Rule]) {
    for gone in before.into_iter().flat_map(|before| &before.rules) {
        let stays = now.iter().any(|rule| (rule.component, rule.config) == (gone.component, gone.config));
        if let (false, Some(ready)) = (stays, &gone.ready) {
            ready.release();
        }
    }
}
