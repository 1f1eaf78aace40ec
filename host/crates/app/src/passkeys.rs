//! Passkeys (WebAuthn, level 3) as second factors: set up, asked for, answered, removed.
//!
//! What the server remembers between its challenge and the answer stays in the database, for one answer. When a passkey is asked
//! for is in `second_factor`.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sluice_domain::{
    audit::Action,
    id::{AccountId, ChallengeId, PasskeyId, PersonId},
    public_url::PublicUrl,
    time::Timestamp,
};
use sluice_storage::{PasskeyRow, SessionEnd};
use webauthn_rs::{
    Webauthn, WebauthnBuilder,
    prelude::{
        Passkey, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Uuid,
    },
};

use crate::{
    App, AppError,
    caller::Caller,
    names,
    second_factor::{Proof, Shown, forget_codes_without_factor, has_factor, recovery_codes, use_up_if_any},
    seldom::MINUTE,
    store::By,
};

/// What authenticators show as the server's name.
const NAME: &str = "Sluice";
/// How long a challenge can be answered, in milliseconds.
const CHALLENGE_MILLIS: i64 = 5 * MINUTE;
/// Most passkeys of a person.
const PASSKEYS: usize = 10;
/// Longest credential that is kept, in bytes of JSON.
const CREDENTIAL_BYTES: usize = 16 << 10;

/// A challenge for an authenticator.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// What its answer has to name.
    pub id: ChallengeId,
    /// What `navigator.credentials` takes: `create` for a new passkey, `get` for a log-in.
    pub options: Value,
}

/// An answer to a challenge, as a browser gives it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Of the challenge.
    pub challenge_id: ChallengeId,
    /// The credential, as JSON.
    pub credential: Value,
}

/// What an answer is checked against.
#[derive(Serialize, Deserialize)]
enum State {
    Register(PasskeyRegistration),
    LogIn(PasskeyAuthentication),
}

/// The server as a relying party. Browsers let only names be one, over HTTPS or on the machine itself.
pub(crate) fn relying_party(public_url: &PublicUrl) -> Option<Webauthn> {
    if public_url.is_address() || !(public_url.is_https() || public_url.host() == "localhost") {
        return None;
    }
    WebauthnBuilder::new(public_url.host(), public_url.url()).ok()?.rp_name(NAME).build().ok()
}

impl App {
    fn relying_party(&self) -> Result<&Webauthn, AppError> {
        self.inner.relying_party.as_ref().ok_or(AppError::PasskeysUnavailable)
    }

    /// Asks the caller's authenticator for a new passkey. A caller who has a second factor shows it: a thief with the session and the
    /// password could otherwise add one.
    ///
    /// # Errors
    /// [`AppError::SessionRequired`], [`AppError::WrongCredentials`] for the password, [`AppError::TooManyAttempts`];
    /// [`AppError::Quota`]; [`AppError::PasskeysUnavailable`] when the server is not reached by a name over HTTPS;
    /// [`AppError::CodeRequired`], [`AppError::WrongCode`] and [`AppError::WrongPasskey`] for who has a second factor.
    pub async fn begin_passkey(
        &self,
        caller: &Caller,
        password: SecretString,
        proof: Option<Proof>,
    ) -> Result<Challenge, AppError> {
        caller.session()?;
        let party = self.relying_party()?;
        let confirmed = self.confirm_password(caller, password).await?;
        let (account, person) = (caller.account, caller.person);
        let rows = self.inner.database.read(move |tx| Ok::<_, AppError>(tx.account(account).passkeys(person)?)).await?;
        if rows.len() >= PASSKEYS {
            return Err(AppError::Quota("you have as many passkeys as one can have: remove one first"));
        }
        let shown = self.check_own_proof(caller, proof).await?;
        self.inner
            .database
            .write((caller, &confirmed), move |tx| use_up_if_any(shown.as_ref(), &mut tx.account(account), person))
            .await?;
        let known = credentials(&rows)?.into_iter().map(|passkey| passkey.cred_id().clone()).collect();
        let (options, state) = party
            .start_passkey_registration(handle(person), &caller.name, &caller.name, Some(known))
            .map_err(|_| AppError::Internal("making a challenge"))?;
        self.challenge((caller, &confirmed), account, person, &options, &State::Register(state)).await
    }

    /// Takes a new passkey: from now on log-ins ask for a second factor. Gives recovery codes to who has none yet.
    ///
    /// # Errors
    /// [`AppError::SessionRequired`], [`AppError::Invalid`] for the name; [`AppError::WrongPasskey`] for an answer that does not fit,
    /// and for one that comes late or twice; [`AppError::Quota`].
    pub async fn confirm_passkey(
        &self,
        caller: &Caller,
        name: String,
        answer: Answer,
    ) -> Result<Vec<SecretString>, AppError> {
        let session = caller.session()?;
        let name = names::name("name", &name, names::BYTES)?;
        let party = self.relying_party()?;
        let (account, person, now) = (caller.account, caller.person, self.now());
        let State::Register(state) = self.state(account, person, answer.challenge_id, now).await? else {
            return Err(AppError::WrongPasskey);
        };
        let credential: RegisterPublicKeyCredential =
            serde_json::from_value(answer.credential).map_err(|_| AppError::WrongPasskey)?;
        let passkey = party.finish_passkey_registration(&credential, &state).map_err(refused)?;
        let row = PasskeyRow {
            id: PasskeyId::new(now, self.random()),
            name,
            credential: written(&passkey)?,
            created_at: now,
            last_used_at: None,
        };
        let (codes, digests) = recovery_codes(&self.inner.rng);
        let has_shown = caller.second_factor;
        let entry = self.audit_row(caller, Action::SecondFactorAdded, person, json!({"kind": "passkey", "id": row.id}));
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                if rows.passkeys(person)?.len() >= PASSKEYS {
                    return Err(AppError::Quota("you have as many passkeys as one can have: remove one first"));
                }
                // Who has a second factor and did not show it adds none.
                if !has_shown && has_factor(&mut rows, person)? {
                    return Err(AppError::CodeRequired(None));
                }
                rows.insert_passkey(person, &row)?;
                rows.session_has_second_factor(person, session)?;
                rows.insert_audit(&entry)?;
                if rows.recovery_codes(person)? > 0 {
                    return Ok(Vec::new());
                }
                rows.set_recovery_codes(person, &digests)?;
                // Sessions of whoever has only the password are of no use any more.
                rows.end_sessions(person, Some(session), SessionEnd::Ended)?;
                Ok(codes)
            })
            .await
    }

    /// Removes a passkey of the caller's. Beside the password, that takes a second factor, which may be the one that is removed: or a session
    /// and a password that were stolen would end it.
    ///
    /// # Errors
    /// [`AppError::SessionRequired`], [`AppError::WrongCredentials`] for the password, [`AppError::TooManyAttempts`],
    /// [`AppError::NotFound`]; [`AppError::CodeRequired`] without a second factor, [`AppError::WrongCode`] and [`AppError::WrongPasskey`] for
    /// one that does not fit.
    pub async fn remove_passkey(
        &self,
        caller: &Caller,
        id: PasskeyId,
        password: SecretString,
        proof: Option<Proof>,
    ) -> Result<(), AppError> {
        caller.session()?;
        let confirmed = self.confirm_password(caller, password).await?;
        let (account, person) = (caller.account, caller.person);
        let own = self.inner.database.read(move |tx| Ok::<_, AppError>(tx.account(account).passkeys(person)?)).await?;
        if own.iter().all(|passkey| passkey.id != id) {
            return Err(AppError::NotFound("passkey"));
        }
        let shown = self.check_own_proof(caller, proof).await?.ok_or(AppError::NotFound("second factor"))?;
        let entry = self.audit_row(caller, Action::SecondFactorRemoved, person, json!({"kind": "passkey", "id": id}));
        self.inner
            .database
            .write((caller, &confirmed), move |tx| {
                let mut rows = tx.account(account);
                shown.use_up(&mut rows, person)?;
                if !rows.delete_passkey(person, id)? {
                    return Err(AppError::NotFound("passkey"));
                }
                forget_codes_without_factor(&mut rows, person)?;
                Ok(rows.insert_audit(&entry)?)
            })
            .await
    }

    /// Asks for one of a person's passkeys; `None` when there are none, or the server cannot take any.
    pub(crate) async fn ask_for_passkey(
        &self,
        account: AccountId,
        person: PersonId,
        rows: &[PasskeyRow],
    ) -> Result<Option<Challenge>, AppError> {
        let Some(party) = self.inner.relying_party.as_ref().filter(|_| !rows.is_empty()) else { return Ok(None) };
        let (options, state) = party
            .start_passkey_authentication(&credentials(rows)?)
            .map_err(|_| AppError::Internal("making a challenge"))?;
        self.challenge(By::server(account), account, person, &options, &State::LogIn(state)).await.map(Some)
    }

    /// Checks the answer to what [`App::ask_for_passkey`] asked.
    pub(crate) async fn answered_with_passkey(
        &self,
        account: AccountId,
        person: PersonId,
        rows: &[PasskeyRow],
        answer: Answer,
        now: Timestamp,
    ) -> Result<Shown, AppError> {
        let party = self.relying_party()?;
        let State::LogIn(state) = self.state(account, person, answer.challenge_id, now).await? else {
            return Err(AppError::WrongPasskey);
        };
        let credential: PublicKeyCredential =
            serde_json::from_value(answer.credential).map_err(|_| AppError::WrongPasskey)?;
        let result = party.finish_passkey_authentication(&credential, &state).map_err(refused)?;
        let mut passkeys = credentials(rows)?;
        let used = rows.iter().zip(&mut passkeys).find(|(_, passkey)| passkey.cred_id() == result.cred_id());
        let (row, passkey) = used.ok_or(AppError::WrongPasskey)?;
        passkey.update_credential(&result);
        Ok(Shown::Passkey { id: row.id, was: row.credential.clone(), credential: written(passkey)?, at: now })
    }

    async fn challenge(
        &self,
        by: impl Into<By>,
        account: AccountId,
        person: PersonId,
        options: &impl Serialize,
        state: &State,
    ) -> Result<Challenge, AppError> {
        let now = self.now();
        let id = ChallengeId::new(now, self.random());
        let options = serde_json::to_value(options).map_err(|_| AppError::Internal("writing a challenge"))?;
        let state = serde_json::to_string(state).map_err(|_| AppError::Internal("writing a challenge"))?;
        let until = now.plus_millis(CHALLENGE_MILLIS);
        self.inner
            .database
            .write(by, move |tx| {
                tx.account(account).put_challenge(person, id, &state, until)?;
                Ok::<_, AppError>(Challenge { id, options })
            })
            .await
    }

    /// What an answer is checked against, once.
    async fn state(
        &self,
        account: AccountId,
        person: PersonId,
        id: ChallengeId,
        now: Timestamp,
    ) -> Result<State, AppError> {
        let taken = self
            .inner
            .database
            .write(By::server(account), move |tx| {
                Ok::<_, AppError>(tx.account(account).take_challenge(person, id, now)?)
            })
            .await?;
        let state = taken.ok_or(AppError::WrongPasskey)?;
        serde_json::from_str(&state).map_err(|_| AppError::Internal("reading a challenge"))
    }
}

/// How authenticators know a person: nothing that says who it is.
fn handle(person: PersonId) -> Uuid {
    Uuid::from_u128(person.number())
}

fn credentials(rows: &[PasskeyRow]) -> Result<Vec<Passkey>, AppError> {
    let read = |row: &PasskeyRow| serde_json::from_str(&row.credential);
    rows.iter().map(read).collect::<Result<_, _>>().map_err(|_| AppError::Internal("reading a passkey"))
}

fn written(passkey: &Passkey) -> Result<String, AppError> {
    let text = serde_json::to_string(passkey).map_err(|_| AppError::Internal("writing a passkey"))?;
    if text.len() > CREDENTIAL_BYTES { Err(AppError::WrongPasskey) } else { Ok(text) }
}

fn refused(error: webauthn_rs::prelude::WebauthnError) -> AppError {
    tracing::debug!(%error, "a passkey was refused");
    AppError::WrongPasskey
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_over_https_or_the_machine_itself_has_passkeys() {
        for (url, available) in [
            ("https://chat.example.com", true),
            ("https://chat.example.com:8443", true),
            ("http://localhost:8080", true),
            ("http://chat.example.com", false),
            ("http://127.0.0.1:8080", false),
            ("https://192.0.2.1", false),
        ] {
            let url: PublicUrl = url.parse().expect("a URL");
            assert_eq!(relying_party(&url).is_some(), available, "{}", url.as_str());
        }
    }
}
