//! Sessions: a person logs in with a password, past the account's access rules, and gets an opaque secret.

use secrecy::SecretString;
use serde_json::json;
use sluice_domain::{
    access::Occasion,
    address::Door,
    audit::{Action, Refused},
    digest::Digest,
    email,
    id::SessionId,
    limits,
    network::network_of,
    time::Timestamp,
};
use sluice_storage::{AccountRow, PersonRow, SessionRow};

use crate::{
    App, AppError,
    access::{Visit, cut},
    audit::Who,
    authenticate::{KNOWN_MILLIS, duty, not_let_in},
    caller::{Caller, Means},
    door::unchanged,
    people::person_by_email,
    refusals::Refusal,
    second_factor::{Proof, Shown, has_factor},
    secret,
    seldom::MINUTE,
    store::By,
    throttle::Subjects,
    turns::Asker,
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
    asker: Asker,
    subjects: Subjects,
}

/// An attempt that is looked at.
struct LetIn {
    known: Known,
    password: SecretString,
    proof: Option<Proof>,
    address: String,
    user_agent: String,
    now: Timestamp,
}

struct Found {
    account: AccountRow,
    person: PersonRow,
}

impl Found {
    /// The person as a caller, with a session that is not made yet and the digest of its secret.
    fn caller(self, session: SessionId, shown: Digest, address: String) -> (Caller, PersonRow) {
        let Self { account, person } = self;
        let caller = Caller {
            account: account.id,
            kind: account.kind,
            person: person.id,
            means: Means::Session(session),
            shown,
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
        let subjects = known.subjects;
        let wrong = known.found.as_ref().map(|found| {
            let person = &found.person;
            let who = Who { id: person.id.to_string(), role: person.role, address: address.clone() };
            let (subject, target) = (person.id.to_string(), person.id.to_string());
            (found.account.id, Refusal { who, refused: Refused::LogIn, subject, target, code: "wrong-credentials" })
        });
        self.look_charged(subjects, wrong, self.let_in(LetIn { known, password, proof, address, user_agent, now }))
            .await
    }

    /// Logs a person in whose attempt is counted as a failed one, until it has succeeded.
    async fn let_in(&self, attempt: LetIn) -> Result<NewSession, AppError> {
        let LetIn { known, password, proof, address, user_agent, now } = attempt;
        let stored = known.found.as_ref().and_then(|found| found.person.password_hash.clone());
        let verified = self.inner.passwords.verify(&known.asker, password, stored, &self.inner.rng).await?;
        let session = SessionId::new(now, self.random());
        let secret = secret::generate(secret::SESSION_PREFIX, &self.inner.rng);
        let shown = secret::digest(&secret);
        let (caller, person) = match known.found.map(|found| found.caller(session, shown, address)) {
            Some(known) if verified.right => known,
            _ => return Err(AppError::WrongCredentials),
        };
        if let Some(refusal) = not_let_in(person.status) {
            self.keep_refusal(caller.account, Refusal::of_log_in(&caller, person.id, refusal.code()), now).await?;
            return Err(AppError::Refused(refusal));
        }
        let door = self.door(caller.account, caller.security_version).await?;
        self.check_address(&door, &caller, Door::LogIn, now).await?;
        let factor = self.second_factor_of(&caller, proof, now).await?;
        let second_factor = factor.is_some();
        let duty = duty(caller.role, person.password_changed_at, second_factor, &door.settings, now);
        let caller = Caller { second_factor, duty, ..caller };
        let user_agent = cut(&user_agent, limits::USER_AGENT_BYTES).to_owned();
        self.admit(&Visit {
            caller: &caller,
            door: &door,
            occasion: Occasion::LogIn,
            user_agent: &user_agent,
            at: now,
        })
        .await?;

        let row = SessionRow {
            id: session,
            person_id: person.id,
            token_hash: shown,
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
        let version = caller.security_version;
        self.inner
            .database
            .write(By::server(account), move |tx| {
                subjects.succeeded(tx)?;
                let mut rows = tx.account(account);
                // Hashing and the rules took their time: the password or the address may be another one by now, or the person be kept
                // out; and who has another role, or is asked for something else, was not asked for it.
                let now_known = rows.person(person.id)?.ok_or(AppError::WrongCredentials)?;
                if now_known.password_changed_at != person.password_changed_at || now_known.email != person.email {
                    return Err(AppError::WrongCredentials);
                }
                if let Some(refusal) = not_let_in(now_known.status) {
                    return Err(AppError::Refused(refusal));
                }
                if now_known.role != person.role {
                    return Err(AppError::RightsChanged);
                }
                unchanged(&mut rows, version)?;
                match factor {
                    Some(factor) => factor.use_up(&mut rows, person.id)?,
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

    /// What a person shows who has a second factor.
    async fn second_factor_of(
        &self,
        caller: &Caller,
        proof: Option<Proof>,
        now: Timestamp,
    ) -> Result<Option<Shown>, AppError> {
        let fitting = self.fitting(caller.account, caller.person, proof, now).await;
        let code = match fitting {
            Err(AppError::WrongCode) => "wrong-code",
            Err(AppError::WrongPasskey) => "wrong-passkey",
            other => return other,
        };
        self.keep_refusal(caller.account, Refusal::of_log_in(caller, caller.person, code), now).await?;
        fitting
    }

    /// Who has the e-mail address, and what an attempt to log in counts for.
    async fn known(&self, forms: Vec<String>, address: String, now: Timestamp) -> Result<Known, AppError> {
        let free = self.free_failures();
        let key = self.inner.digest_key.clone();
        self.inner
            .database
            .read(move |tx| {
                let network = network_of(&address);
                let mut found = None;
                let mut known = None;
                if let Some((account, person)) = person_by_email(tx, &forms)? {
                    let since = now.plus_millis(-KNOWN_MILLIS);
                    let been_here = tx.account(account).knows_network(person.id, &network, since)?;
                    known = been_here.then(|| Asker::known(account, person.id, &address));
                    let row = tx.account_row(account)?.ok_or(AppError::Internal("finding a person's account"))?;
                    found = Some(Found { account: row, person });
                }
                // Counted by the one form, so that nobody tries again under another.
                let email = forms.last().map_or("", String::as_str);
                let subjects =
                    Subjects::new(&key, free, email, &address, Some(network.as_str()).filter(|_| known.is_some()));
                let asker = known.unwrap_or_else(|| Asker::stranger(email, &address));
                Ok::<_, AppError>(Known { found, asker, subjects })
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
            // Whoever leaves needs no right to it.
            .write(By::server(account), move |tx| {
                let mut rows = tx.account(account);
                rows.delete_session(session)?;
                Ok(rows.insert_audit(&entry)?)
            })
            .await
    }
}
