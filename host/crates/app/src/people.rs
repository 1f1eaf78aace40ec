//! The people of an account: invited by link, changed, disabled, deleted. Who they are to themselves is in `own`.

use serde_json::{Value, json};
use sluice_domain::{
    audit::Action,
    email,
    id::{AccountId, PersonId},
    message::Role,
    permission::{AccountKind, Permission, Permissions},
    time::Timestamp,
};
use sluice_storage::{Account, LinkRow, NewAudit, PersonRow, PersonStatus, SessionEnd, StorageError, Tx};

use crate::{
    App, AppError,
    audit::Who,
    caller::{Caller, Means},
    events,
    links::{NewLink, replace_link},
    names,
    plugins::conflict,
};

/// What an e-mail address that is somebody's means.
pub(crate) const EMAIL_TAKEN: &str = "somebody has this e-mail address already";
/// What the addresses of people who were deleted end with: nobody else's do.
const NOBODYS: &str = "deleted.invalid";
/// Most people of an account who are not deleted.
const PEOPLE: usize = 10_000;

/// Who is invited.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Not yet anybody's.
    pub email: String,
    /// What others will see.
    pub name: String,
    /// Operator, supervisor or administrator.
    pub role: Role,
    /// What is given to an operator or a supervisor.
    pub permissions: Permissions,
}

/// What to change of a person; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct PersonChange {
    /// Not yet anybody's.
    pub email: Option<String>,
    /// What others see.
    pub name: Option<String>,
    /// Operator, supervisor or administrator.
    pub role: Option<Role>,
    /// What is given to an operator or a supervisor.
    pub permissions: Option<Permissions>,
    /// Whether the person is kept out.
    pub disabled: Option<bool>,
}

/// A person who was changed, and what ended with that.
#[derive(Debug, Clone)]
pub struct ChangedPerson {
    /// As they are now.
    pub person: PersonRow,
    /// How many links that were not used are good no longer: what they were sent for has changed.
    pub links_ended: u64,
    /// How many sessions are.
    pub sessions_ended: u64,
    /// How many API tokens are.
    pub tokens_ended: u64,
}

/// How many links, sessions and tokens ended.
struct Ended {
    links: u64,
    sessions: u64,
    tokens: u64,
}

impl App {
    /// The people who are not deleted, in the order in which they were added.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn people(&self, caller: &Caller) -> Result<Vec<PersonRow>, AppError> {
        caller.require(Permission::ManagePeople)?;
        let account = caller.account;
        self.read(account, move |tx| Ok(tx.account(account).people()?)).await
    }

    /// One person who is not deleted.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn person(&self, caller: &Caller, id: PersonId) -> Result<PersonRow, AppError> {
        caller.require(Permission::ManagePeople)?;
        let account = caller.account;
        self.inner.database.read(move |tx| there(&mut tx.account(account), id)).await
    }

    /// Invites a person: whoever opens the link sets the password.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], also for a token that has not what it would give; [`AppError::SessionRequired`] for a token that invites an
    /// administrator; [`AppError::Invalid`] for an address, a name, a role or a permission; [`AppError::Conflict`] for an address that is
    /// somebody's.
    pub async fn invite(&self, caller: &Caller, invitation: Invitation) -> Result<(PersonRow, NewLink), AppError> {
        caller.require(Permission::ManagePeople)?;
        let account = caller.account;
        let (invited, link) = self.invited(caller.kind, Who::of(caller), invitation)?;
        may_give(caller, invited.person.role, invited.person.permissions)?;
        let person = self
            .inner
            .database
            .write(caller, move |tx| {
                if tx.account(account).people()?.len() >= PEOPLE {
                    return Err(AppError::Quota("the account has too many people: delete some first"));
                }
                if is_taken(tx, invited.email(), invited.person.id, Some(account))? {
                    return Err(AppError::Conflict(EMAIL_TAKEN));
                }
                invited.insert(&mut tx.account(account))?;
                Ok(invited.person)
            })
            .await?;
        Ok((person, link))
    }

    /// Makes a new link with which a person sets a password. Earlier links end; the password that is set now stays until then.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::SessionRequired`], as of [`App::invite`]; [`AppError::NotFound`], [`AppError::Conflict`] for a
    /// person who was disabled.
    pub async fn make_password_link(&self, caller: &Caller, id: PersonId) -> Result<NewLink, AppError> {
        caller.require(Permission::ManagePeople)?;
        let account = caller.account;
        let (link, row) = self.new_link(id);
        let entry = self.audit_row(caller, Action::PasswordLinkMade, id, json!({"link": row.id}));
        let by = caller.clone();
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                let person = there(&mut rows, id)?;
                // Whoever has the link is that person.
                may_give(&by, person.role, person.permissions)?;
                if person.status == PersonStatus::Disabled {
                    return Err(AppError::Conflict("this person is disabled: enable the person first"));
                }
                replace_link(&mut rows, &row)?;
                Ok(rows.insert_audit(&entry)?)
            })
            .await?;
        Ok(link)
    }

    /// Changes a person. Whoever is disabled is out at once, with all sessions and tokens. With another e-mail address or role, links that
    /// were sent and sessions are good no longer, but for the session by which somebody changes their own address: access rules were
    /// asked about the role of before.
    ///
    /// # Errors
    /// As of [`App::invite`]; [`AppError::LastAdministrator`].
    pub async fn change_person(
        &self,
        caller: &Caller,
        id: PersonId,
        change: PersonChange,
    ) -> Result<ChangedPerson, AppError> {
        caller.require(Permission::ManagePeople)?;
        let (account, kind, now) = (caller.account, caller.kind, self.now());
        let email = change.email.as_deref().map(check_email).transpose()?;
        let name = change.name.as_deref().map(names::of_person).transpose()?;
        let (entry, by) = (self.audit_row(caller, Action::PersonChanged, id, json!({})), caller.clone());
        self.inner
            .database
            .write(caller, move |tx| {
                let before = there(&mut tx.account(account), id)?;
                // Who has set no password keeps nobody else from the address.
                let within = before.password_hash.is_none().then_some(account);
                if let Some(email) = &email
                    && is_taken(tx, email, id, within)?
                {
                    return Err(AppError::Conflict(EMAIL_TAKEN));
                }
                let mut rows = tx.account(account);
                let after = PersonRow {
                    email: email.unwrap_or_else(|| before.email.clone()),
                    name: name.unwrap_or_else(|| before.name.clone()),
                    role: change.role.unwrap_or(before.role),
                    permissions: change.permissions.unwrap_or(before.permissions),
                    status: match (change.disabled, &before.password_hash) {
                        (None, _) => before.status,
                        (Some(true), _) => PersonStatus::Disabled,
                        (Some(false), Some(_)) => PersonStatus::Active,
                        (Some(false), None) => PersonStatus::Invited,
                    },
                    ..before.clone()
                };
                check_rights(kind, after.role, after.permissions)?;
                if gives(&before, &after) {
                    // Also who they are now: by taking rights first, one would take over whoever has more.
                    may_give(&by, before.role, before.permissions)?;
                    may_give(&by, after.role, after.permissions)?;
                }
                rows.update_person(&after).map_err(|error| conflict(error, EMAIL_TAKEN))?;
                keep_an_administrator(&mut rows)?;
                let Ended { links, sessions, tokens } = end_what_was_begun(&mut rows, &before, &after, &by, now)?;
                let mut entry = entry;
                entry.row.details = json!({
                    "before": described(&before), "after": described(&after), "email_changed": before.email != after.email,
                    "links_ended": links, "sessions_ended": sessions, "tokens_ended": tokens,
                })
                .to_string();
                rows.insert_audit(&entry)?;
                Ok(ChangedPerson { person: after, links_ended: links, sessions_ended: sessions, tokens_ended: tokens })
            })
            .await
    }

    /// Deletes a person: name, e-mail address, password and whereabouts are gone, sessions and tokens end, conversations are
    /// nobody's. What the person did stays under the person's id.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`], [`AppError::LastAdministrator`].
    pub async fn delete_person(&self, caller: &Caller, id: PersonId) -> Result<(), AppError> {
        caller.require(Permission::ManagePeople)?;
        let (account, now) = (caller.account, self.now());
        let entry = self.audit_row(caller, Action::PersonDeleted, id, json!({}));
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                // Nobody's address, and another one for each who is deleted.
                if !rows.erase_person(id, &format!("{id}@{NOBODYS}"))? {
                    return Err(AppError::NotFound("person"));
                }
                rows.revoke_api_tokens_of(id, now)?;
                rows.forget_passwords(id)?;
                rows.forget_networks(id)?;
                rows.delete_second_factor(id)?;
                rows.delete_passkeys(id)?;
                rows.set_recovery_codes(id, &[])?;
                rows.cancel_links(id)?;
                rows.leave_groups(id)?;
                if rows.unassign(id)? > 0 {
                    events::announce_many(&mut rows, json!({"was": {"assignee": id}}), now)?;
                }
                rows.forget_reading_marks(id)?;
                rows.end_sessions(id, None, SessionEnd::PersonDisabled)?;
                keep_an_administrator(&mut rows)?;
                Ok(rows.insert_audit(&entry)?)
            })
            .await
    }

    /// Somebody who is invited, for the transaction that keeps it.
    pub(crate) fn invited(
        &self,
        kind: AccountKind,
        who: Who,
        invitation: Invitation,
    ) -> Result<(Invited, NewLink), AppError> {
        let Invitation { email, name, role, permissions } = invitation;
        let email = check_email(&email)?;
        let name = names::of_person(&name)?;
        check_rights(kind, role, permissions)?;
        let now = self.now();
        let person = PersonRow {
            id: PersonId::new(now, self.random()),
            email,
            name,
            role,
            permissions,
            status: PersonStatus::Invited,
            password_hash: None,
            password_changed_at: now,
            created_at: now,
        };
        let (link, row) = self.new_link(person.id);
        let details = json!({"person": described(&person), "link": row.id});
        let entry = self.audit_row_of(who, Action::PersonInvited, person.id, details);
        Ok((Invited { person, link: row, entry }, link))
    }
}

/// Somebody who is invited, with the link and the entry of the audit log.
pub(crate) struct Invited {
    person: PersonRow,
    link: LinkRow,
    entry: NewAudit,
}

impl Invited {
    /// Whom it goes to.
    pub(crate) fn email(&self) -> &str {
        &self.person.email
    }

    pub(crate) fn insert(&self, rows: &mut Account<'_>) -> Result<(), AppError> {
        rows.insert_person(&self.person).map_err(|error| conflict(error, EMAIL_TAKEN))?;
        rows.insert_link(&self.link)?;
        Ok(rows.insert_audit(&self.entry)?)
    }
}

/// A person who is not deleted.
pub(crate) fn there(rows: &mut Account<'_>, id: PersonId) -> Result<PersonRow, AppError> {
    let person = rows.person(id)?.filter(|person| person.status != PersonStatus::Deleted);
    person.ok_or(AppError::NotFound("person"))
}

/// Whether somebody may do more by a change, or be somebody else.
fn gives(before: &PersonRow, after: &PersonRow) -> bool {
    let let_in = before.status == PersonStatus::Disabled && after.status != PersonStatus::Disabled;
    let_in || before.email != after.email || before.role != after.role || before.permissions != after.permissions
}

/// Whether the caller may make somebody who may do so much, or hand out their account. What a token gives, it has, and it makes no
/// administrators: whoever has it would have all, and would keep it when the token is revoked.
pub(crate) fn may_give(caller: &Caller, role: Role, permissions: Permissions) -> Result<(), AppError> {
    if role == Role::Administrator && matches!(caller.means, Means::Token(_)) {
        return Err(AppError::SessionRequired);
    }
    let given = Permissions::of(caller.kind, role, permissions);
    let beyond = given.iter().find(|permission| !caller.permissions.contains(*permission));
    beyond.map_or(Ok(()), |permission| Err(AppError::Forbidden(permission)))
}

/// Ends the links, sessions and API tokens of a person who is disabled, and those of them that another e-mail address or role ends.
fn end_what_was_begun(
    rows: &mut Account<'_>,
    before: &PersonRow,
    after: &PersonRow,
    by: &Caller,
    at: Timestamp,
) -> Result<Ended, AppError> {
    let id = after.id;
    if after.status == PersonStatus::Disabled {
        let (links, sessions) = (rows.cancel_links(id)?, rows.end_sessions(id, None, SessionEnd::PersonDisabled)?);
        return Ok(Ended { links, sessions, tokens: rows.revoke_api_tokens_of(id, at)? });
    }
    let (moved, raised) = (before.email != after.email, before.role != after.role);
    let links = if moved || raised { rows.cancel_links(id)? } else { 0 };
    let own = by.session_id().filter(|_| by.person == id && !raised);
    let sessions = if moved || raised { rows.end_sessions(id, own, SessionEnd::Ended)? } else { 0 };
    Ok(Ended { links, sessions, tokens: 0 })
}

/// Asked in the transaction of a change: the account's writes come one after the other, so two cannot each spare the other.
fn keep_an_administrator(rows: &mut Account<'_>) -> Result<(), AppError> {
    let can_log_in = |person: &PersonRow| {
        person.role == Role::Administrator && person.status == PersonStatus::Active && person.password_hash.is_some()
    };
    if rows.people()?.iter().any(can_log_in) { Ok(()) } else { Err(AppError::LastAdministrator) }
}

fn check_rights(kind: AccountKind, role: Role, permissions: Permissions) -> Result<(), AppError> {
    if !role.is_of_people() {
        return Err(AppError::invalid("role", "operator, supervisor or administrator"));
    }
    match permissions.not_given_in(kind) {
        None => Ok(()),
        Some(permission) => Err(AppError::invalid(
            "permissions",
            format!("`{}` can be given to nobody here: see GET /api/v1/permissions", permission.as_str()),
        )),
    }
}

/// What an entry says of a person: no address and no name, which are gone when the person is deleted.
fn described(person: &PersonRow) -> Value {
    json!({"role": person.role, "permissions": person.permissions, "status": person.status})
}

/// The address in its one form.
pub(crate) fn check_email(typed: &str) -> Result<String, AppError> {
    let address = email::normal(typed).filter(|address| !address.ends_with(&format!("@{NOBODYS}")));
    address.ok_or_else(|| {
        let problem = format!("an e-mail address such as ada@example.com, at most {} bytes", email::BYTES);
        AppError::invalid("email", problem)
    })
}

/// The person who has set a password with an address that has these forms, and the person's account. All forms are looked for whoever
/// is found, so that the time says nothing.
pub(crate) fn person_by_email(
    tx: &mut Tx<'_>,
    forms: &[String],
) -> Result<Option<(AccountId, PersonRow)>, StorageError> {
    let mut found = None;
    for form in forms {
        let person = tx.person_by_email(form)?;
        found = found.or(person);
    }
    Ok(found)
}

/// Whether somebody else has set a password with an address, in whichever form it is kept; within one account, or in any.
pub(crate) fn is_taken(
    tx: &mut Tx<'_>,
    address: &str,
    own: PersonId,
    within: Option<AccountId>,
) -> Result<bool, StorageError> {
    for form in email::forms(address) {
        let person = tx.person_by_email(&form)?;
        if person.is_some_and(|(account, person)| person.id != own && within.is_none_or(|within| within == account)) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_refused() {
        for good in ["ada@example.com", " Ada@Example.com ", "a@localhost", "ünal@пример.рф"] {
            assert!(check_email(good).is_ok(), "{good}");
        }
        let long = format!("{}@example.com", "a".repeat(email::BYTES));
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a b@example.com",
            "a@b@c",
            "a\n@example.com",
            "a@deleted.invalid",
            "a\u{200b}da@example.com",
            long.as_str(),
        ] {
            assert!(check_email(bad).is_err(), "{bad}");
        }
    }
}
