//! Sessions: a person logs in with a password, past the account's access rules, and gets an opaque secret.

use secrecy::SecretString;
use serde_json::json;
use sluice_domain::{
    access::{AccessDecision, AccessRequest, AccessSeverity, Occasion},
    digest::Digest,
    id::{DecisionId, SessionId},
    limits,
    time::Timestamp,
};
use sluice_storage::{DecisionRow, Outcome, SessionRow};

use crate::{
    App, AppError, audit,
    caller::{Caller, Means},
    secret,
};

/// How long a session lasts, in milliseconds.
pub const SESSION_MILLIS: i64 = 12 * 60 * 60 * 1000;

/// A log-in.
#[derive(Debug)]
pub struct LogIn {
    /// In any case.
    pub email: String,
    /// As it was typed.
    pub password: SecretString,
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
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whose it is.
    pub caller: Caller,
}

impl App {
    /// Logs a person in.
    ///
    /// # Errors
    /// [`AppError::WrongCredentials`] for an unknown address and for a wrong password, after the same time;
    /// [`AppError::AccessDenied`] and [`AppError::SecondFactorRequired`] when a rule of the account says so.
    pub async fn log_in(&self, log_in: LogIn) -> Result<NewSession, AppError> {
        let now = self.now();
        let email = log_in.email.trim().to_lowercase();
        let found = self
            .inner
            .database
            .read(move |tx| {
                let Some((account, person)) = tx.person_by_email(&email)? else { return Ok(None) };
                let row = tx.account_row(account)?.ok_or(AppError::Internal("finding a person's account"))?;
                Ok::<_, AppError>(Some((account, row.chain_version, person)))
            })
            .await?;
        let stored = found.as_ref().map(|(_, _, person)| person.password_hash.clone());
        let right = self.inner.passwords.verify(log_in.password, stored).await?;
        let Some((account, chain_version, person)) = found else { return Err(AppError::WrongCredentials) };
        let session = SessionId::new(now, self.random());
        let caller = Caller {
            account,
            person: person.id,
            means: Means::Session(session),
            role: person.role,
            name: person.name,
            address: log_in.address,
            chain_version,
        };
        if !right {
            self.record(&caller, audit::LOG_IN_REFUSED, json!({"code": "wrong-credentials"})).await?;
            return Err(AppError::WrongCredentials);
        }
        let user_agent = cut(log_in.user_agent, limits::USER_AGENT_BYTES);
        self.admit(&caller, &user_agent, now).await?;

        let secret = secret::generate(secret::SESSION_PREFIX, &self.inner.rng);
        let row = SessionRow {
            id: session,
            person_id: person.id,
            token_hash: secret::digest(&secret),
            created_at: now,
            expires_at: now.plus_millis(SESSION_MILLIS),
            address: caller.address.clone(),
            user_agent,
        };
        let expires_at = row.expires_at;
        let entry = self.audit_row(&caller, audit::LOGGED_IN, session, json!({}));
        self.inner
            .database
            .write(Some(account), move |tx| {
                let mut rows = tx.account(account);
                rows.insert_session(&row)?;
                Ok::<_, AppError>(rows.insert_audit(&entry)?)
            })
            .await?;
        Ok(NewSession { secret, expires_at, caller })
    }

    /// Ends the caller's session. A caller with a token has none.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a caller with a token.
    pub async fn log_out(&self, caller: &Caller) -> Result<(), AppError> {
        let Means::Session(session) = caller.means else { return Err(AppError::NotFound("session")) };
        let account = caller.account;
        let entry = self.audit_row(caller, audit::LOGGED_OUT, session, json!({}));
        self.inner
            .database
            .write(Some(account), move |tx| {
                let mut rows = tx.account(account);
                rows.delete_session(session)?;
                Ok(rows.insert_audit(&entry)?)
            })
            .await
    }

    /// Asks the account's access rules about a log-in with a right password, and keeps what they said.
    async fn admit(&self, caller: &Caller, user_agent: &str, now: Timestamp) -> Result<(), AppError> {
        let chain = self.chain(caller.account, caller.chain_version).await?;
        if !chain.guards_the_door() {
            return Ok(());
        }
        let request = AccessRequest {
            occasion: Occasion::LogIn,
            who: caller.actor(),
            address: caller.address.clone(),
            user_agent: user_agent.to_owned(),
            at: now,
        };
        let decision = self.inner.evaluators.run(move || chain.admit(&request)).await?;
        self.keep_access_decision(caller, &decision, now).await?;
        match (decision.verdict, decision.reason) {
            (AccessSeverity::Allow, _) => Ok(()),
            (AccessSeverity::Challenge, Some(reason)) => Err(AppError::SecondFactorRequired(reason)),
            (AccessSeverity::Deny, Some(reason)) => Err(AppError::AccessDenied(reason)),
            (AccessSeverity::Challenge | AccessSeverity::Deny, None) => Err(AppError::Internal("an access decision")),
        }
    }

    async fn keep_access_decision(
        &self,
        caller: &Caller,
        decision: &AccessDecision,
        now: Timestamp,
    ) -> Result<(), AppError> {
        let row = DecisionRow {
            id: DecisionId::new(now, self.random()),
            outcome: Outcome::Access(decision.verdict),
            shadow: false,
            message_id: None,
            conversation_id: None,
            rules: decision.rules.iter().map(|rule| (rule.rule.rule.clone(), Outcome::Access(rule.verdict))).collect(),
            input_sha256: Digest::of(format!("{:?} {}", Occasion::LogIn, caller.person).as_bytes()),
            body: serde_json::to_string(decision).map_err(|_| AppError::Internal("writing a decision as JSON"))?,
            created_at: now,
        };
        let refused = decision.verdict != AccessSeverity::Allow;
        let code = decision.reason.as_ref().map(|reason| reason.code.clone());
        let entry = self.audit_row(caller, audit::LOG_IN_REFUSED, row.id, json!({"code": code}));
        let account = caller.account;
        self.inner
            .database
            .write(Some(account), move |tx| {
                let mut rows = tx.account(account);
                rows.insert_decision(&row)?;
                if refused {
                    rows.insert_audit(&entry)?;
                }
                Ok(())
            })
            .await
    }
}

/// The longest beginning of `text` that has at most `bytes` bytes.
fn cut(mut text: String, bytes: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes));
    text
}
