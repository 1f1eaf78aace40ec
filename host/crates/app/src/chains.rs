//! The chains of all accounts that are awake, each swapped as a whole when the account's chain has a new version.
//!
//! The version stands in the account's row, and every request reads it with its caller: so each server of an installation
//! swaps at the next request after a change, whoever made the change.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use sluice_domain::{id::AccountId, installation::Budget, verdict::PluginRef};
use sluice_storage::InstallationRow;

use crate::{
    App, AppError,
    chain::{BuiltIn, Chain, Rule},
    imports::Granted,
    installations::component,
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
            return Ok(chain.clone());
        }
        let (version, filters, messaging, rows) = self
            .inner
            .database
            .read(move |tx| {
                let account_row = tx.account_row(account)?.ok_or(AppError::NotFound("account"))?;
                let mut rows = tx.account(account);
                let messaging = rows.messaging()?.ok_or(AppError::NotFound("account"))?;
                Ok::<_, AppError>((account_row.chain_version, rows.filter_rules()?, messaging, rows.installations()?))
            })
            .await?;
        let before = held.clone();
        let app = self.clone();
        let rules = self
            .inner
            .evaluators
            .run(move || rows.into_iter().map(|row| app.ready_rule(row, before.as_deref())).collect::<Vec<_>>())
            .await?;
        let built_in = filters.into_iter().map(BuiltIn::of).collect();
        let chain = Arc::new(Chain::new(account, version, built_in, rules, messaging, self.inner.blobs.clone()));
        *held = Some(chain.clone());
        Ok(chain)
    }

    /// Makes one installation ready. Takes what an earlier chain has ready of the same component and configuration.
    fn ready_rule(&self, row: InstallationRow, before: Option<&Chain>) -> Rule {
        let same = |rule: &&Rule| rule.component == row.sha256 && rule.config == row.config_sha256;
        let known = before.and_then(|chain| chain.rules.iter().find(same)).and_then(|rule| rule.ready.clone());
        let blobs = self.inner.blobs.clone();
        let ready = known.or_else(|| {
            let made = self.inner.sandbox.configure(|| component(&blobs, row.sha256), row.sha256, &row.config);
            made.inspect_err(|error| tracing::error!(installation = %row.id, %error, "a rule cannot be made ready"))
                .ok()
        });
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
            budget: Budget::CALL,
            ready,
        }
    }
}
