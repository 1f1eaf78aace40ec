//! Who did what, when, from where.

use serde_json::{Map, Value};
use sluice_domain::{id::AuditId, permission::Permission};
use sluice_storage::{AuditRow, Before};

use crate::{
    App, AppError,
    caller::{Caller, Means},
};

pub(crate) const ACCOUNT_CREATED: &str = "account.created";
pub(crate) const PERSON_CREATED: &str = "person.created";
pub(crate) const TOKEN_CREATED: &str = "token.created";
pub(crate) const LOGGED_IN: &str = "session.started";
pub(crate) const LOGGED_OUT: &str = "session.ended";
pub(crate) const LOG_IN_REFUSED: &str = "login.refused";
pub(crate) const SESSION_REFUSED: &str = "session.refused";
pub(crate) const TOKEN_REFUSED: &str = "token.refused";
pub(crate) const SECURITY_CHANGED: &str = "security.changed";
pub(crate) const PLUGIN_UPLOADED: &str = "plugin.uploaded";
pub(crate) const INSTALLATION_CREATED: &str = "installation.created";
pub(crate) const INSTALLATION_CHANGED: &str = "installation.changed";
pub(crate) const INSTALLATION_REMOVED: &str = "installation.removed";

impl App {
    /// The account's audit log, newest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn audit_log(&self, caller: &Caller, page: Before<AuditId>) -> Result<Vec<AuditRow>, AppError> {
        caller.require(Permission::ReadAudit)?;
        let account = caller.account;
        self.inner.database.read(move |tx| Ok(tx.account(account).audit(page)?)).await
    }

    /// An entry about something that `caller` does now. Never put a secret or a message's text into `details`.
    pub(crate) fn audit_row(&self, caller: &Caller, action: &str, target: impl ToString, details: Value) -> AuditRow {
        let now = self.now();
        let actor_id = match caller.means {
            Means::Session(_) => caller.person.to_string(),
            Means::Token(token) => token.to_string(),
        };
        AuditRow {
            id: AuditId::new(now, self.random()),
            at: now,
            actor_id,
            actor_role: caller.actor().role,
            action: action.to_owned(),
            target: target.to_string(),
            address: caller.address.clone(),
            details: object(details),
        }
    }

    /// Keeps an entry about something that changes no other row.
    pub(crate) async fn record(&self, caller: &Caller, action: &str, details: Value) -> Result<(), AppError> {
        let entry = self.audit_row(caller, action, caller.person, details);
        let account = caller.account;
        self.inner.database.write(Some(account), move |tx| Ok(tx.account(account).insert_audit(&entry)?)).await
    }
}

/// The members of a JSON object.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(members) = value { members } else { Map::new() }
}
