//! What people do about themselves: their password and their sessions. An API token does none of it.

use secrecy::SecretString;
use serde_json::json;
use sluice_domain::{audit::Action, id::SessionId};
use sluice_storage::{PersonRow, SessionEnd, SessionRow};

use crate::{
    App, AppError, authenticate::Refusal, caller::Caller, links::replace_password, store::By, throttle::Subjects,
    turns::Asker,
};

/// That the caller has shown the password once more. It counts in a write by [`crate::store::By`], which asks whether it is still that
/// password.
#[must_use]
pub(crate) struct Confirmed(PersonRow);

impl Confirmed {
    /// The person as they were when the password was shown.
    pub(crate) const fn person(&self) -> &PersonRow {
        &self.0
    }
}

impl App {
    /// Changes the caller's password. Their other sessions end; links that were made for them stay.
    ///
    /// # Errors
    /// [`AppError::SessionRequired`]; [`AppError::WrongCredentials`] for the current password, [`AppError::TooManyAttempts`] after
    /// many of those; [`AppError::WeakPassword`] for the new one.
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: SecretString,
        new: SecretString,
    ) -> Result<(), AppError> {
        let session = caller.session()?;
        let (account, id, now) = (caller.account, caller.person, self.now());
        let confirmed = self.confirm_password(caller, current).await?;
        let asker = Asker::caller(account, id);
        let hash = self.hash_new_password(&asker, account, confirmed.person(), new).await?;
        let entry = self.audit_row(caller, Action::PasswordChanged, id, json!({}));
        self.inner
            .database
            .write((caller, &confirmed), move |tx| {
                let mut rows = tx.account(account);
                // Links stay: an administrator made them, perhaps for the owner of a password that a thief has.
                if !replace_password(&mut rows, id, &hash, Some(session), now)? {
                    return Err(AppError::Refused(Refusal::PersonDisabled));
                }
                Ok(rows.insert_audit(&entry)?)
            })
            .await
    }

    /// Asks the caller for the password once more, before what is worth it.
    pub(crate) async fn confirm_password(
        &self,
        caller: &Caller,
        password: SecretString,
    ) -> Result<Confirmed, AppError> {
        let (account, id) = (caller.account, caller.person);
        // Somebody at an unlocked screen must not try passwords without end.
        let subjects = Subjects::of_caller(
            &self.inner.digest_key,
            self.free_failures(),
            &format!("confirm {id}"),
            &caller.address,
        );
        let person = self
            .inner
            .database
            .read(move |tx| tx.account(account).person(id)?.ok_or(AppError::Unauthenticated))
            .await?;
        let stored = person.password_hash.clone();
        let asker = Asker::caller(account, id);
        let look = async {
            let right = self.inner.passwords.verify(&asker, password, stored, &self.inner.rng).await?.right;
            if !right {
                return Err(AppError::WrongCredentials);
            }
            self.inner.database.write(By::server(None), move |tx| subjects.succeeded(tx)).await
        };
        self.look_charged(subjects, None, look).await?;
        Ok(Confirmed(person))
    }

    /// The caller's sessions, newest first.
    ///
    /// # Errors
    /// [`AppError::SessionRequired`].
    pub async fn own_sessions(&self, caller: &Caller) -> Result<Vec<SessionRow>, AppError> {
        caller.session()?;
        let (account, person, now) = (caller.account, caller.person, self.now());
        self.inner.database.read(move |tx| Ok(tx.account(account).sessions_of(person, now)?)).await
    }

    /// Ends one of the caller's sessions.
    ///
    /// # Errors
    /// [`AppError::SessionRequired`]; [`AppError::NotFound`] for one that has ended, and for somebody else's.
    pub async fn end_own_session(&self, caller: &Caller, id: SessionId) -> Result<(), AppError> {
        caller.session()?;
        let (account, person) = (caller.account, caller.person);
        let entry = self.audit_row(caller, Action::SessionEnded, id, json!({}));
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                if !rows.end_session(person, id, SessionEnd::Ended)? {
                    return Err(AppError::NotFound("session"));
                }
                Ok(rows.insert_audit(&entry)?)
            })
            .await
    }

    /// Ends the caller's sessions but for the one that asks; gives how many.
    ///
    /// # Errors
    /// [`AppError::SessionRequired`].
    pub async fn end_other_sessions(&self, caller: &Caller) -> Result<u64, AppError> {
        let kept = caller.session()?;
        let (account, person) = (caller.account, caller.person);
        let entry = self.audit_row(caller, Action::SessionEnded, person, json!({"which": "all others"}));
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                let ended = rows.end_sessions(person, Some(kept), SessionEnd::Ended)?;
                if ended > 0 {
                    rows.insert_audit(&entry)?;
                }
                Ok(ended)
            })
            .await
    }
}
