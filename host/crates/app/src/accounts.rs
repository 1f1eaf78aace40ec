//! Accounts, their people and their API tokens, as the platform makes them.

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sluice_domain::{
    audit::{Action, BORN_SEALED},
    email,
    id::{AccountId, PersonId, TokenId},
    message::Role,
    permission::{AccountKind, Permission, Permissions},
    security::SecuritySettings,
};
use sluice_storage::{AccountRow, ApiTokenRow, NewAudit, PersonRow, PersonStatus, Tx};

use crate::{
    App, AppError,
    audit::Who,
    caller::Caller,
    links::{NewLink, replace_link},
    names, passwords,
    people::{EMAIL_TAKEN, Invitation, check_email, person_by_email, there},
    plugins::conflict,
    secret,
    store::By,
    turns::Asker,
};

/// How many invitations of one address are looked at, when an account is made for its owner.
const MOST_INVITED: u32 = 1_000;

/// A person to be made.
#[derive(Debug)]
pub struct PersonDraft {
    /// Not yet anybody's; kept in lower case.
    pub email: String,
    /// What others see.
    pub name: String,
    /// Operator, supervisor or administrator.
    pub role: Role,
    /// What is given to an operator or a supervisor.
    pub permissions: Permissions,
    /// At least twelve characters.
    pub password: SecretString,
}

impl App {
    /// Makes an account without people, for whoever runs the server.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for the name.
    pub async fn create_account(&self, name: &str) -> Result<AccountId, AppError> {
        let new = self.new_account(AccountKind::Customer, name, Who::platform())?;
        let id = new.row.id;
        self.inner.database.write(By::server(id), move |tx| new.insert(tx)).await?;
        Ok(id)
    }

    /// Makes an account and invites its first administrator, for whoever runs the server.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for a name or the e-mail address, [`AppError::Conflict`] for an address that is somebody's and for a
    /// second account of the platform. Then nothing is made.
    pub async fn open_account(
        &self,
        kind: AccountKind,
        name: &str,
        first: Invitation,
    ) -> Result<(AccountId, NewLink), AppError> {
        self.open_account_as(kind, name, first, Who::platform(), By::server).await
    }

    /// Makes a customer's account and invites its first administrator.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for who is none of the platform; as of [`App::open_account`].
    pub async fn open_account_for(
        &self,
        caller: &Caller,
        name: &str,
        first: Invitation,
    ) -> Result<(AccountId, NewLink), AppError> {
        caller.require(Permission::ManageAccounts)?;
        let (account, link) = self
            .open_account_as(AccountKind::Customer, name, first, Who::of_platform(caller), |id| {
                By::caller_in(caller, id)
            })
            .await?;
        // The platform's own log says it too.
        let entry = self.audit_row(caller, Action::AccountCreated, account, json!({"name": name}));
        self.keep_entry(caller.account, entry).await?;
        Ok((account, link))
    }

    async fn open_account_as(
        &self,
        kind: AccountKind,
        name: &str,
        first: Invitation,
        who: Who,
        by: impl FnOnce(AccountId) -> By,
    ) -> Result<(AccountId, NewLink), AppError> {
        let new = self.new_account(kind, name, who.clone())?;
        let (invited, link) = self.invited(kind, who, first)?;
        let id = new.row.id;
        let email = invited.email().to_owned();
        self.inner
            .database
            .write(by(id), move |tx| {
                if is_somebodys(tx, &email)? {
                    return Err(AppError::Conflict(EMAIL_TAKEN));
                }
                new.insert(tx)?;
                invited.insert(&mut tx.account(id))
            })
            .await?;
        Ok((id, link))
    }

    /// Makes a new link for somebody who has not set a password yet, or for an administrator of the platform, for whoever runs the
    /// server. Nobody of a customer who has a password is helped this way: it would let the platform in.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for the e-mail address, [`AppError::Conflict`] for somebody of a customer who has set a password.
    pub async fn renew_invitation(&self, email: &str) -> Result<NewLink, AppError> {
        let forms = email::forms(email);
        let named = forms.clone();
        let (account, person) = self
            .inner
            .database
            .read(move |tx| {
                let mut invited = Vec::new();
                for form in &forms {
                    invited.extend(tx.invited_by_email(form, 2)?);
                }
                if invited.len() > 1 {
                    return Err(AppError::Conflict(
                        "several accounts have invited somebody with this e-mail address: an administrator of the account makes the link",
                    ));
                }
                let found = match invited.pop() {
                    None => person_by_email(tx, &forms)?,
                    found => found,
                };
                let (account, person) = found.ok_or(AppError::NotFound("person"))?;
                Ok::<_, AppError>((account, person.id))
            })
            .await?;
        let (link, row) = self.new_link(person);
        let details = json!({"link": row.id});
        let entry = self.audit_row_of(Who::platform(), Action::PasswordLinkMade, person, details);
        self.inner
            .database
            .write(By::server(account), move |tx| {
                let kind = tx.account_row(account)?.ok_or(AppError::NotFound("account"))?.kind;
                let mut rows = tx.account(account);
                let person = there(&mut rows, person)?;
                // It may be somebody else's address by now.
                if !named.contains(&person.email) {
                    return Err(AppError::NotFound("person"));
                }
                let of_platform = kind == AccountKind::Platform && person.role == Role::Administrator;
                match person.status {
                    PersonStatus::Invited => {}
                    PersonStatus::Active if of_platform => {}
                    PersonStatus::Active | PersonStatus::Disabled | PersonStatus::Deleted => {
                        return Err(AppError::Conflict(
                            "this person has set a password: an administrator of the account helps",
                        ));
                    }
                }
                replace_link(&mut rows, &row)?;
                Ok(rows.insert_audit(&entry)?)
            })
            .await?;
        Ok(link)
    }

    fn new_account(&self, kind: AccountKind, name: &str, who: Who) -> Result<New, AppError> {
        let name = names::name("name", name, names::BYTES)?;
        let now = self.now();
        let id = AccountId::new(now, self.random());
        let row = AccountRow { kind, ..AccountRow::new(id, name.clone(), now) };
        let entry = self.audit_row_of(who, Action::AccountCreated, id, json!({"name": name, BORN_SEALED: true}));
        Ok(New { row, entry })
    }

    /// Makes a person of an account, and an API token that acts for them. The token's secret cannot be read again.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for the password or the role, [`AppError::Conflict`] for an address that is somebody's.
    pub async fn create_person(
        &self,
        account: AccountId,
        draft: PersonDraft,
    ) -> Result<(PersonId, SecretString), AppError> {
        if !draft.role.is_of_people() {
            return Err(AppError::invalid("role", "operator, supervisor or administrator"));
        }
        let email = check_email(&draft.email)?;
        let normal = passwords::normal_form(&draft.password);
        let length = |password: &SecretString| password.expose_secret().chars().count();
        if length(&draft.password) < passwords::SHORTEST
            || normal.is_none_or(|normal| length(&normal) < passwords::SHORTEST)
        {
            return Err(AppError::invalid(
                "password",
                format!("{} characters or more, at most {} bytes", passwords::SHORTEST, passwords::LONGEST),
            ));
        }
        let password_hash = self.inner.passwords.hash(&Asker::platform(), draft.password, &self.inner.rng).await?;
        let now = self.now();
        let person = PersonRow {
            id: PersonId::new(now, self.random()),
            email,
            name: draft.name.clone(),
            role: draft.role,
            permissions: draft.permissions,
            status: PersonStatus::Active,
            password_hash: Some(password_hash),
            password_changed_at: now,
            created_at: now,
        };
        let secret = secret::generate(secret::TOKEN_PREFIX, &self.inner.rng);
        let token = ApiTokenRow {
            id: TokenId::new(now, self.random()),
            created_by: person.id,
            name: draft.name,
            token_hash: secret::digest(&secret),
            created_at: now,
            scopes: Permissions::NONE,
            expires_at: None,
            last_used_at: None,
            last_used_from: None,
            previous_until: None,
            revoked_at: None,
            made_by: None,
        };
        let id = person.id;
        let entries = [
            self.audit_row_of(Who::platform(), Action::PersonCreated, id, json!({"role": person.role})),
            self.audit_row_of(Who::platform(), Action::TokenCreated, token.id, json!({"person": id})),
        ];
        self.inner
            .database
            .write(By::server(account), move |tx| {
                let kind = tx.account_row(account)?.ok_or(AppError::NotFound("account"))?.kind;
                // Whatever may be given to its person one day, and no more: so an administrator can renew it.
                let token =
                    ApiTokenRow { scopes: Permissions::of(kind, Role::Administrator, Permissions::NONE), ..token };
                let mut rows = tx.account(account);
                rows.insert_person(&person).map_err(|error| conflict(error, EMAIL_TAKEN))?;
                rows.insert_api_token(&token)?;
                entries.iter().try_for_each(|entry| rows.insert_audit(entry))?;
                Ok::<_, AppError>(())
            })
            .await?;
        Ok((id, secret))
    }

    /// All accounts of customers.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for who is none of the platform.
    pub async fn customers(&self, caller: &Caller) -> Result<Vec<AccountRow>, AppError> {
        caller.require(Permission::ManageAccounts)?;
        let mut accounts = self.accounts().await?;
        accounts.retain(|account| account.kind == AccountKind::Customer);
        Ok(accounts)
    }

    /// All accounts, for whoever runs the server.
    ///
    /// # Errors
    /// [`AppError::Storage`].
    pub async fn accounts(&self) -> Result<Vec<AccountRow>, AppError> {
        self.inner.database.read(|tx| Ok(tx.accounts()?)).await
    }
}

/// Whether somebody has set a password with an e-mail address, or is to be the first in an account that was made for them. An invitation
/// of a customer's keeps nobody from having an account.
fn is_somebodys(tx: &mut Tx<'_>, email: &str) -> Result<bool, AppError> {
    let forms = email::forms(email);
    if person_by_email(tx, &forms)?.is_some() {
        return Ok(true);
    }
    for form in &forms {
        for (account, person) in tx.invited_by_email(form, MOST_INVITED)? {
            if tx.account(account).is_alone(person.id)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// An account to be made, with the entry of its audit log.
struct New {
    row: AccountRow,
    entry: NewAudit,
}

impl New {
    fn insert(&self, tx: &mut Tx<'_>) -> Result<(), AppError> {
        tx.insert_account(&self.row).map_err(|error| conflict(error, "the platform has an account already"))?;
        let mut rows = tx.account(self.row.id);
        if self.row.kind == AccountKind::Platform {
            // Its people get in to the accounts of others.
            let second_factor_for = [Role::Administrator, Role::Supervisor, Role::Operator].into();
            rows.set_security(&SecuritySettings { second_factor_for, ..SecuritySettings::default() })?;
        }
        Ok(rows.insert_audit(&self.entry)?)
    }
}
