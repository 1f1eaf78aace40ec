//! What decides who gets in to an account, in memory: swapped as a whole when the account's security version has grown.
//!
//! Every request reads that version with its caller, so each server of an installation swaps at the next request after a change.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use serde_json::json;
use sluice_domain::{
    address::AddressTable,
    audit::Action,
    id::AccountId,
    installation::{Mode, Scope},
    message::Role,
    permission::Permission,
    plugin::Hook,
    security::SecuritySettings,
};
use sluice_storage::Account;

use crate::{App, AppError, caller::Caller};

/// What an account asks of those who want in, as of one version.
pub(crate) struct Door {
    version: i64,
    pub(crate) settings: SecuritySettings,
    pub(crate) addresses: AddressTable,
    /// Of the access rules in force.
    guards: Vec<Scope>,
}

impl Door {
    /// Whether an access rule is asked about somebody in `role`. Without one, nothing of the chain is needed.
    pub(crate) fn is_guarded(&self, role: Role) -> bool {
        self.guards.iter().any(|scope| scope.covers_access(role))
    }
}

/// Whether somebody who comes in was asked what is asked now: the rules took their time, and may be others.
pub(crate) fn unchanged(rows: &mut Account<'_>, version: i64) -> Result<(), AppError> {
    let (now, _) = rows.security()?.ok_or(AppError::NotFound("account"))?;
    if now == version {
        Ok(())
    } else {
        Err(AppError::Conflict("who may come in was changed at this moment: try again"))
    }
}

#[derive(Default)]
pub(crate) struct Doors {
    held: RwLock<HashMap<AccountId, Arc<Door>>>,
}

impl Doors {
    fn held(&self, account: AccountId, version: i64) -> Option<Arc<Door>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.get(&account).filter(|door| door.version >= version).cloned()
    }

    fn hold(&self, account: AccountId, door: Arc<Door>) -> Arc<Door> {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        // Of two that were read at once, the newer one stays.
        let newest = held.get(&account).filter(|other| other.version > door.version).cloned().unwrap_or(door);
        held.insert(account, newest.clone());
        newest
    }
}

impl App {
    /// The account's door, at `version` or newer.
    pub(crate) async fn door(&self, account: AccountId, version: i64) -> Result<Arc<Door>, AppError> {
        match self.inner.doors.held(account, version) {
            Some(door) => Ok(door),
            None => self.door_anew(account).await,
        }
    }

    /// The account's door as it is now, for when the held one is too old: by its version, or because a rule of it has expired.
    pub(crate) async fn door_anew(&self, account: AccountId) -> Result<Arc<Door>, AppError> {
        let now = self.now();
        let door = self
            .inner
            .database
            .read(move |tx| {
                let mut rows = tx.account(account);
                let (version, settings) = rows.security()?.ok_or(AppError::NotFound("account"))?;
                let addresses = AddressTable::compile(&rows.address_rules()?, now);
                let guards = rows.scopes(Mode::Enforce, Hook::AccessRule)?;
                Ok::<_, AppError>(Door { version, settings, addresses, guards })
            })
            .await?;
        Ok(self.inner.doors.hold(account, Arc::new(door)))
    }

    /// The account's security settings.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn security_settings(&self, caller: &Caller) -> Result<SecuritySettings, AppError> {
        caller.require(Permission::ManageSecurity)?;
        Ok(self.door(caller.account, caller.security_version).await?.settings.clone())
    }

    /// Replaces the account's security settings. They are in force at every server from the next request on, for sessions that are
    /// open too.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]; [`AppError::Invalid`] for a setting out of its bounds.
    pub async fn change_security_settings(
        &self,
        caller: &Caller,
        settings: SecuritySettings,
    ) -> Result<SecuritySettings, AppError> {
        caller.require(Permission::ManageSecurity)?;
        settings.check().map_err(|bad| AppError::invalid(bad.field, bad.problem))?;
        let account = caller.account;
        let mut entry = self.audit_row(caller, Action::SecurityChanged, account, json!({}));
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                let (_, before) = rows.security()?.ok_or(AppError::NotFound("account"))?;
                entry.row.details = json!({"before": before, "after": settings}).to_string();
                rows.set_security(&settings)?;
                rows.bump_security_version()?;
                rows.insert_audit(&entry)?;
                Ok(settings)
            })
            .await
    }
}
