//! One-time links: whoever has one sets the password of its person, once. Invitations are such links, and so are resets.

use secrecy::SecretString;
use serde_json::json;
use sluice_domain::{
    audit::{Action, Refused},
    id::{AccountId, LinkId, PersonId, SessionId},
    network::network_of,
    time::Timestamp,
};
use sluice_storage::{Account, LinkRow, PersonRow, SessionEnd, StorageError};

use crate::{
    App, AppError, audit::Who, people::is_taken, refusals::Refusal, secret, store::By, throttle::Subjects, turns::Asker,
};

/// How long a link is good, in milliseconds.
const LIFE_MILLIS: i64 = 72 * 60 * 60 * 1000;

/// A link that was just made.
#[derive(Debug)]
pub struct NewLink {
    /// It cannot be read again. Send it to the person over a way that you trust.
    pub secret: SecretString,
    /// From when on it is not good any more.
    pub expires_at: Timestamp,
}

impl App {
    /// A link for a person, and its row. Earlier ones that were not used end with it.
    pub(crate) fn new_link(&self, person: PersonId) -> (NewLink, LinkRow) {
        let now = self.now();
        let secret = secret::generate(secret::LINK_PREFIX, &self.inner.rng);
        let expires_at = now.plus_millis(LIFE_MILLIS);
        let row = LinkRow {
            id: LinkId::new(now, self.random()),
            person_id: person,
            secret_hash: secret::digest(&secret),
            created_at: now,
            expires_at,
            used_at: None,
        };
        (NewLink { secret, expires_at }, row)
    }

    /// Sets a password with a link. All sessions of its person end; the person is active then, unless disabled meanwhile.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a link that was never made or was replaced, [`AppError::LinkUsed`], [`AppError::LinkExpired`],
    /// [`AppError::TooManyAttempts`] after many of those; [`AppError::WeakPassword`], which leaves the link as it was, and so does [`AppError::EmailTaken`].
    pub async fn set_password_by_link(
        &self,
        link: SecretString,
        password: SecretString,
        address: String,
    ) -> Result<(), AppError> {
        let now = self.now();
        if !secret::is_shaped(secret::LINK_PREFIX, &link) {
            return Err(AppError::NotFound("link"));
        }
        let digest = secret::digest(&link);
        let (account, link, person) = self
            .inner
            .database
            .read(move |tx| {
                let (account, link) = tx.link_by_secret(digest)?.ok_or(AppError::NotFound("link"))?;
                let person = tx.account(account).person(link.person_id)?.ok_or(AppError::NotFound("link"))?;
                Ok::<_, AppError>((account, link, person))
            })
            .await?;
        let who = Who { id: person.id.to_string(), role: person.role, address: address.clone() };
        let refusal = match link.used_at {
            Some(_) => Some(("link-used", AppError::LinkUsed)),
            None if link.expires_at <= now => Some(("link-expired", AppError::LinkExpired)),
            None => None,
        };
        if let Some((code, refusal)) = refusal {
            self.refuse_link(account, who, link.id, code, now).await?;
            return Err(refusal);
        }
        let asker = Asker::by_link(account, person.id, &address);
        let hash = self.hash_new_password(&asker, account, &person, password).await?;
        let entry = self.audit_row_of(who, Action::PasswordSet, person.id, json!({"link": link.id}));
        let network = network_of(&address);
        self.inner
            .database
            .write(By::server(account), move |tx| {
                // Under another form, which the database does not compare.
                if person.password_hash.is_none() && is_taken(tx, &person.email, person.id, None)? {
                    return Err(AppError::EmailTaken);
                }
                let mut rows = tx.account(account);
                if !rows.use_link(link.id, now)? {
                    return Err(AppError::LinkUsed);
                }
                // A link lets nobody in whom an administrator keeps out.
                if !replace_password(&mut rows, person.id, &hash, None, now)? {
                    return Err(AppError::LinkExpired);
                }
                rows.activate_person(person.id)?;
                rows.cancel_links(person.id)?;
                rows.claim_email(person.id).map_err(|error| match error {
                    StorageError::Conflict { .. } => AppError::EmailTaken,
                    other => other.into(),
                })?;
                // Who has the link is the person: attempts to log in from here count apart from a stranger's.
                rows.know_network(person.id, &network, now)?;
                Ok(rows.insert_audit(&entry)?)
            })
            .await
    }

    /// Counts a link that was used or has expired for the address that it comes from, and writes it down. Whoever has a good one is not
    /// held up by that.
    async fn refuse_link(
        &self,
        account: AccountId,
        who: Who,
        link: LinkId,
        code: &'static str,
        now: Timestamp,
    ) -> Result<(), AppError> {
        let subjects = Subjects::of_address(&self.inner.digest_key, self.free_failures(), &who.address);
        self.inner.database.read(move |tx| subjects.check(tx, now)).await?;
        let id = link.to_string();
        let refusal = Refusal { who, refused: Refused::Link, subject: id.clone(), target: id, code };
        let entry = self.refusal_entry(account, refusal, now);
        self.inner
            .database
            .write(By::server(account), move |tx| {
                subjects.refused(tx, now)?;
                entry.map_or(Ok(()), |entry| Ok(tx.account(account).insert_audit(&entry)?))
            })
            .await
    }

    /// Checks a new password against the account's settings and the person's earlier ones, and hashes it.
    pub(crate) async fn hash_new_password(
        &self,
        asker: &Asker,
        account: AccountId,
        person: &PersonRow,
        password: SecretString,
    ) -> Result<String, AppError> {
        let id = person.id;
        let (policy, mut earlier) = self
            .inner
            .database
            .read(move |tx| {
                let mut rows = tx.account(account);
                let (_, settings) = rows.security()?.ok_or(AppError::NotFound("account"))?;
                // The one of now is one of them.
                let earlier = rows.remembered_passwords(id, settings.password.remembered.saturating_sub(1))?;
                Ok::<_, AppError>((settings.password, earlier))
            })
            .await?;
        if policy.remembered > 0 {
            earlier.extend(person.password_hash.clone());
        }
        let known = vec![person.name.clone(), person.email.clone(), "sluice".to_owned()];
        let passwords = &self.inner.passwords;
        passwords.check(asker, password.clone(), policy, known).await?;
        if passwords.is_any_of(asker, &password, earlier).await? {
            return Err(AppError::WeakPassword {
                problem: "you have used this password before: choose another one".to_owned(),
                suggestions: Vec::new(),
            });
        }
        passwords.hash(asker, password, &self.inner.rng).await
    }
}

/// Keeps a link in place of the earlier ones of its person.
pub(crate) fn replace_link(rows: &mut Account<'_>, link: &LinkRow) -> Result<(), AppError> {
    rows.cancel_links(link.person_id)?;
    Ok(rows.insert_link(link)?)
}

/// Sets a person's password, remembers the one before, and ends the sessions that were begun with it but for one that is kept. Gives
/// whether the person can have one: nobody who is kept out can.
pub(crate) fn replace_password(
    rows: &mut Account<'_>,
    id: PersonId,
    hash: &str,
    kept: Option<SessionId>,
    now: Timestamp,
) -> Result<bool, AppError> {
    let Some(person) = rows.person(id)? else { return Ok(false) };
    // Later than the one before, whatever the clock says: by its time, one password is told from another.
    let at = now.max(person.password_changed_at.plus_millis(1));
    if !rows.set_password(id, hash, at)? {
        return Ok(false);
    }
    if let Some(old) = &person.password_hash {
        rows.remember_password(id, old, at)?;
    }
    rows.end_sessions(id, kept, SessionEnd::PasswordChanged)?;
    Ok(true)
}
