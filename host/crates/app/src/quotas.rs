//! What an account's plugins may take up, as the platform says, and what they do.
//!
//! That nothing goes beyond it is asked where something is added: in `plugins`, `catalogue` and `enabling`.

use serde_json::json;
use sluice_domain::{audit::Action, id::AccountId, permission::Permission, quota::PluginQuota};
use sluice_storage::{Account, PluginUsage};

use crate::{App, AppError, audit::Who, caller::Caller, store::By};

impl App {
    /// What the account's plugins may take up, and what they do.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn plugin_usage(&self, caller: &Caller) -> Result<(PluginQuota, PluginUsage), AppError> {
        caller.require(Permission::ManagePlugins)?;
        let account = caller.account;
        self.inner.database.read(move |tx| used(&mut tx.account(account))).await
    }

    /// The same of any account, for the platform.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]; [`AppError::NotFound`] for the account.
    pub async fn quota_of(&self, caller: &Caller, account: AccountId) -> Result<(PluginQuota, PluginUsage), AppError> {
        caller.require(Permission::ManageAccounts)?;
        self.inner.database.read(move |tx| used(&mut tx.account(account))).await
    }

    /// Says what an account's plugins may take up. What is there and enabled beyond it stays so; nothing is added to it.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]; [`AppError::Invalid`]; [`AppError::NotFound`] for the account.
    pub async fn set_quota(
        &self,
        caller: &Caller,
        account: AccountId,
        quota: PluginQuota,
    ) -> Result<(PluginQuota, PluginUsage), AppError> {
        caller.require(Permission::ManageAccounts)?;
        quota.check().map_err(|bad| AppError::invalid(bad.field, bad.problem))?;
        let details = json!({"quota": quota});
        let entry = self.audit_row_of(Who::of_platform(caller), Action::QuotaChanged, account, details.clone());
        // With a new version of the chain, so that every server has the share of the CPU from the next request on.
        let set = self
            .change_chain(By::caller_in(caller, account), entry, move |rows, entry| {
                let (before, used) = used(rows)?;
                entry.row.details = json!({"before": before, "after": quota}).to_string();
                rows.set_plugin_quota(&quota)?;
                Ok((quota, used))
            })
            .await?;
        // The platform's own log says it too.
        self.keep_entry(caller.account, self.audit_row(caller, Action::QuotaChanged, account, details)).await?;
        Ok(set)
    }
}

/// What the account's plugins may take up, and what they do.
pub(crate) fn used(rows: &mut Account<'_>) -> Result<(PluginQuota, PluginUsage), AppError> {
    let quota = rows.plugin_quota()?.ok_or(AppError::NotFound("account"))?;
    Ok((quota, rows.plugin_usage()?))
}
