//! Plugins that the platform switches off for every account, by the digest of their component.
//!
//! An account's own switch is in `chain_versions`.

use serde_json::json;
use sluice_domain::{audit::Action, digest::Digest, permission::Permission};
use sluice_storage::{SwitchedOffRow, Tx};

use crate::{
    App, AppError,
    audit::{Who, platform_reason},
    caller::Caller,
    store::By,
};

impl App {
    /// The components that no account asks.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for who is none of the platform.
    pub async fn switched_off_plugins(&self, caller: &Caller) -> Result<Vec<SwitchedOffRow>, AppError> {
        caller.require(Permission::SwitchPlugins)?;
        self.inner.database.read(|tx| Ok(tx.switched_off_plugins()?)).await
    }

    /// Switches a component off for every account, at every server from the next request on. Accounts that have installed it read why in
    /// their audit log, and their chains go on without it.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for who is none of the platform, [`AppError::Invalid`] for the reason.
    pub async fn switch_plugin_off(&self, caller: &Caller, sha256: Digest, reason: &str) -> Result<(), AppError> {
        caller.require(Permission::SwitchPlugins)?;
        let reason = platform_reason(reason)?.to_owned();
        let row = SwitchedOffRow { sha256, reason: reason.clone(), created_at: self.now() };
        self.inner
            .database
            .write(By::caller_in(caller, None), move |tx| Ok::<_, AppError>(tx.switch_plugin_off(&row)?))
            .await?;
        self.tell_of_switch(caller, Action::PluginSwitchedOff, sha256, &json!({"sha256": sha256, "reason": reason}))
            .await
    }

    /// Lets accounts ask a component again.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for who is none of the platform, [`AppError::NotFound`] when it was not switched off.
    pub async fn switch_plugin_on(&self, caller: &Caller, sha256: Digest) -> Result<(), AppError> {
        caller.require(Permission::SwitchPlugins)?;
        let switch = move |tx: &mut Tx<'_>| Ok::<_, AppError>(tx.switch_plugin_on(sha256)?);
        if !self.inner.database.write(By::caller_in(caller, None), switch).await? {
            return Err(AppError::NotFound("plugin that is switched off"));
        }
        self.tell_of_switch(caller, Action::PluginSwitchedOn, sha256, &json!({"sha256": sha256})).await
    }

    /// Each account that has it gets a new version of its chain. Broken off, it is done by switching again.
    async fn tell_of_switch(
        &self,
        caller: &Caller,
        action: Action,
        sha256: Digest,
        details: &serde_json::Value,
    ) -> Result<(), AppError> {
        let accounts = self.inner.database.read(move |tx| Ok::<_, AppError>(tx.accounts_with_plugin(sha256)?)).await?;
        for account in accounts {
            let entry = self.audit_row_of(Who::of_platform(caller), action, sha256, details.clone());
            // It is switched by now: each account learns of it, whatever the caller may do by then.
            self.change_chain(By::server(account), entry, |_, _| Ok(())).await?;
        }
        let entry = self.audit_row(caller, action, sha256, details.clone());
        self.keep_entry(caller.account, entry).await
    }
}
