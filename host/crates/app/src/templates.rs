//! Templates of permissions: those that every account has, and an account's own.

use serde_json::json;
use sluice_domain::{
    audit::Action,
    message::Role,
    permission::{Permission, Permissions, TEMPLATES},
};

use crate::{App, AppError, caller::Caller, names, people::may_give};

/// Most templates of an account's own.
const OWN: usize = 100;
/// Longest name, in bytes.
const NAME_BYTES: usize = 64;

/// A set of permissions under a name.
#[derive(Debug, Clone)]
pub struct TemplateView {
    /// Unique in the account.
    pub name: String,
    /// What it gives.
    pub permissions: Permissions,
    /// Whether every account has it: then it cannot be changed.
    pub built_in: bool,
}

impl App {
    /// The templates that every account has, then the account's own by name.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn templates(&self, caller: &Caller) -> Result<Vec<TemplateView>, AppError> {
        caller.require(Permission::ManagePeople)?;
        let account = caller.account;
        let own =
            self.inner.database.read(move |tx| Ok::<_, AppError>(tx.account(account).permission_templates()?)).await?;
        let built_in = TEMPLATES.iter().map(|template| TemplateView {
            name: template.name.to_owned(),
            permissions: template.permissions.iter().copied().collect(),
            built_in: true,
        });
        let own = own.into_iter().map(|(name, permissions)| TemplateView { name, permissions, built_in: false });
        Ok(built_in.chain(own).collect())
    }

    /// Keeps a template of the account's own. People to whom its permissions were given keep what they have.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], also for a token that has not what it would give; [`AppError::Invalid`], [`AppError::Conflict`] for the name
    /// of one that every account has.
    pub async fn keep_template(
        &self,
        caller: &Caller,
        name: String,
        permissions: Permissions,
    ) -> Result<TemplateView, AppError> {
        caller.require(Permission::ManagePeople)?;
        let name = names::name("name", &name, NAME_BYTES)?;
        if TEMPLATES.iter().any(|template| template.name == name) {
            return Err(AppError::Conflict("every account has a template with this name: choose another one"));
        }
        if permissions.not_given_in(caller.kind).is_some() {
            return Err(AppError::invalid("permissions", "only such as can be given: see GET /api/v1/permissions"));
        }
        may_give(caller, Role::Supervisor, permissions)?;
        let account = caller.account;
        let entry = self.audit_row(caller, Action::TemplateKept, &name, json!({"permissions": permissions}));
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                rows.put_permission_template(&name, permissions)?;
                if rows.permission_templates()?.len() > OWN {
                    return Err(AppError::Quota("the account has too many templates: remove some first"));
                }
                rows.insert_audit(&entry)?;
                Ok(TemplateView { name, permissions, built_in: false })
            })
            .await
    }

    /// Removes a template of the account's own.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn remove_template(&self, caller: &Caller, name: String) -> Result<(), AppError> {
        caller.require(Permission::ManagePeople)?;
        let account = caller.account;
        let entry = self.audit_row(caller, Action::TemplateRemoved, &name, json!({}));
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                if !rows.delete_permission_template(&name)? {
                    return Err(AppError::NotFound("template"));
                }
                Ok(rows.insert_audit(&entry)?)
            })
            .await
    }
}
