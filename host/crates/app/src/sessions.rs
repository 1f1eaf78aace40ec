//! Sessions: a person logs in with a password, past the account's access rules, and gets an opaque secret.

use secrecy::SecretString;
use serde_json::json;
use sluice_domain::{
    access::Occasion, address::Door, audit::Action, email, id::SessionId, limits, network::network_of, time::Timestamp,
};
use sluice_storage::{AccountRow, PersonRow, SessionRow};

use crate::{
    App, AppError,
    access::{Visit, cut},
    authenticate::{KNOWN_MILLIS, not_let_in},
    caller::{Caller, Means},
    people::person_by_email,
    second_factor::{Proof, Shown, has_factor},
    secret,
    seldom::MINUTE,
    throttle::Subjects,
};

/// A log-in.
#[derive(Debug)]
pub struct LogIn {
    /// In any case.
    pub email: String,
    /// As it was typed.
    pub password: SecretString,
    /// The second factor, of a person who has one.
    pub proof: Option<Proof>,
    /// Where it comes from.
    pub address: String,
    /// As it was sent; what is too long is cut.
    pub user_agent: String,
}

/// A session that was just made.
#[derive(Debug)]
pub struct NewSession {
    /// What the cookie carries; it cannot be read again.
    pub secret: SecretString,
    /// How long it lasts, in seconds.
    pub lasts_seconds: i64,
    /// Whose it is.
    pub caller: Caller,
}

/// What is known of an e-mail address before the password is looked at.
struct Known {
    found: Option<Found>,
    subjects: Subjects,
}

struct Found {
    account: AccountRow,
    person: PersonRow,
}

impl Found {
    /// The person as a caller, with a session that is not made yet.
    fn caller(self, session: SessionId, address: String) -> (Caller, PersonRow) {
        let Self { account, person } = self;
        let caller = Caller {
            account: account.id,
            kind: account.kind,
            person: person.id,
            means: Means::Session(session),
            role: person.role,
            permissions: person.may(account.kind),
            duty: None,
            second_factor: false,
            name: person.name.clone(),
            address,
            chain_version: account.chain_version,
            security_version: account.security_version,
        };
        (caller, person)
    }
}

impl App {
    /// Logs a person in.
    ///
    /// # Errors
    /// [`AppError::WrongCredentials`] for an unknown address and for a wrong password, after the same time;
    /// [`AppError::TooManyAttempts`] after many of those; with the right password [`AppError::Refused`] for a person who was disabled,
    /// [`AppError::AccessDenied`] and [`AppError::SecondFactorRequired`] when a rule of the account says so.
    pub async fn log_in(&self, log_in: LogIn) -> Result<NewSession, AppError> {
        let now = self.now();
        let LogIn { email, password, proof, address, user_agent } = log_in;
        let known = self.known(email::forms(&email), address.clone(), now).await?;
        let stored = known.found.as_ref().and_then(|found| found.person.password_hash.clone());
        let verified = self.inner.passwords.verify(password, stored, &self.inner.rng).await?;
        let session = SessionId::new(now, self.random());
        let (caller, person) = match known.found.map(|found| found.caller(session, address)) {
            Some(known) if verified.right => known,
            other => {
                let caller = other.as_ref().map(|(caller, _)| caller);
                self.failed(known.subjects, caller, now).await?;
                return Err(AppError::WrongCredentials);
            }
        };
        if let Some(refusal) = not_let_in(person.status) {
            self.record(&caller, Action::LogInRefused, json!({"code": refusal.code()})).await?;
            return Err(AppError::Refused(refusal));
        }
        let door = self.door(caller.account, caller.security_version).await?;
        self.check_address(&door, &caller, Door::LogIn, now).await?;
        let shown = self.second_factor_of(&caller, known.subjects, proof, now).await?;
        let caller = Caller { second_factor: shown.is_some(), ..caller };
        let user_agent = cut(&user_agent, limits::USER_AGENT_BYTES).to_owned();
        self.admit(&Visit {
            caller: &caller,
            door: &door,
            occasion: Occasion::LogIn,
            user_agent: &user_agent,
            at: now,
        })
        .await?;

        let secret = secret::generate(secret::SESSION_PREFIX, &self.inner.rng);
        let row = SessionRow {
            id: session,
            person_id: person.id,
            token_hash: secret::digest(&secret),
            created_at: now,
            expires_at: now.plus_millis(i64::from(door.settings.session.absolute_hours) * 60 * MINUTE),
            last_seen_at: now,
            address: caller.address.clone(),
            user_agent,
            second_factor: caller.second_factor,
            ended: None,
        };
        let lasts_seconds = (row.expires_at.millis() - now.millis()) / 1000;
        let entry = self.audit_row(&caller, Action::LoggedIn, session, json!({"user_agent": row.user_agent}));
        let (account, subjects, network) = (caller.account, known.subjects, network_of(&caller.address));
        self.inner
            .database
            .write(Some(account), move |tx| {
                subjects.succeeded(tx)?;
                let mut rows = tx.account(account);
                // Hashing and the rules took their time: the password may be another one by now, or the person be kept out.
                let now_known = rows.person(person.id)?.ok_or(AppError::WrongCredentials)?;
                if now_known.password_changed_at != person.password_changed_at {
                    return Err(AppError::WrongCredentials);
                }
                if let Some(refusal) = not_let_in(now_known.status) {
                    return Err(AppError::Refused(refusal));
                }
                match shown {
                    Some(shown) => shown.use_up(&mut rows, person.id)?,
                    None if has_factor(&mut rows, person.id)? => return Err(AppError::CodeRequired(None)),
                    None => {}
                }
                if let (Some(old), Some(new)) = (&person.password_hash, &verified.rehashed) {
                    rows.rehash_password(person.id, old, new)?;
                }
                rows.know_network(person.id, &network, now)?;
                rows.insert_session(&row)?;
                Ok::<_, AppError>(rows.insert_audit(&entry)?)
            })
            .await?;
        Ok(NewSession { secret, lasts_seconds, caller })
    }

    /// What a person shows who has a second factor. What does not fit counts as a failed attempt.
    async fn second_factor_of(
        &self,
        caller: &Caller,
        subjects: Subjects,
        proof: Option<Proof>,
        now: Timestamp,
    ) -> Result<Option<Shown>, AppError> {
        let is_shown = proof.is_some();
        let look = self.fitting(caller.account, caller.person, proof, now);
        let fitting = if is_shown { self.look_charged(caller.account, subjects, now, look).await } else { look.await };
        let code = match fitting {
            Err(AppError::WrongCode) => "wrong-code",
            Err(AppError::WrongPasskey) => "wrong-passkey",
            other => return other,
        };
        self.record(caller, Action::LogInRefused, json!({"code": code})).await?;
        fitting
    }

    /// Who has the e-mail address, and whether an attempt to log in is looked at now.
    async fn known(&self, forms: Vec<String>, address: String, now: Timestamp) -> Result<Known, AppError> {
        self.inner
            .database
            .read(move |tx| {
                let network = network_of(&address);
                let mut found = None;
                let mut been_here = false;
                if let Some((account, person)) = person_by_email(tx, &forms)? {
                    let since = now.plus_millis(-KNOWN_MILLIS);
                    been_here = tx.account(account).knows_network(person.id, &network, since)?;
                    let row = tx.account_row(account)?.ok_or(AppError::Internal("finding a person's account"))?;
                    found = Some(Found { account: row, person });
                }
                // Counted by the one form, so that nobody tries again under another.
                let email = forms.last().map_or("", String::as_str);
                let subjects = Subjects::new(email, &address, Some(network.as_str()).filter(|_| been_here));
                subjects.check(tx, now)?;
                Ok::<_, AppError>(Known { found, subjects })
            })
            .await
    }

    /// Writes down a failed attempt: the same work for an unknown e-mail address and for a wrong password.
    async fn failed(&self, subjects: Subjects, caller: Option<&Caller>, now: Timestamp) -> Result<(), AppError> {
        let entry = caller.map(|caller| {
            let entry =
                self.audit_row(caller, Action::LogInRefused, caller.person, json!({"code": "wrong-credentials"}));
            (caller.account, entry)
        });
        self.inner
            .database
            .write(caller.map(|caller| caller.account), move |tx| {
                subjects.failed(tx, now)?;
                if let Some((account, entry)) = entry {
                    tx.account(account).insert_audit(&entry)?;
                }
                Ok(())
            })
            .await
    }

    /// Ends the caller's session, also one of support. A caller with a token has none.
    ///
    /// # Errors
    /// [`AppError::SessionRequired`].
    pub async fn log_out(&self, caller: &Caller) -> Result<(), AppError> {
        if let Means::Support(session) = caller.means {
            return self.leave_support(caller, session).await;
        }
        let session = caller.session()?;
        let account = caller.account;
        let entry = self.audit_row(caller, Action::LoggedOut, session, json!({}));
        self.inner
            .database
            .write(Some(account), move |tx| {
                let mut rows = tx.account(account);
                rows.delete_session(session)?;
                Ok(rows.insert_audit(&entry)?)
            })
            .await
    }
}
