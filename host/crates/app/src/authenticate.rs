//! From what a request shows to its caller: the session or token is found, and everything that may speak against it is asked.
//!
//! How sessions are made is in `sessions`, how tokens are made in `tokens`.

use secrecy::SecretString;
use serde_json::json;
use sluice_domain::{
    access::Occasion,
    address,
    audit::{Action, Refused},
    digest::Digest,
    id::{AccountId, SessionId},
    message::Role,
    network::{network_of, subscriber_of},
    permission::Permissions,
    security::{Roaming, SecuritySettings},
    time::Timestamp,
};
use sluice_storage::{
    Account, LiveSession, LiveSupport, LiveToken, PersonStatus, SessionEnd, SessionRow, StorageError,
};

use crate::{
    App, AppError,
    access::{Visit, cut},
    caller::{Caller, Duty, Means},
    refusals, secret,
    seldom::MINUTE,
    store::By,
};

/// What a request carries to show who sent it.
#[derive(Debug)]
pub enum Credentials {
    /// The secret of a session, from the cookie.
    Session(SecretString),
    /// The secret of an API token or of a support session, from the `Authorization` header.
    Bearer(SecretString),
}

/// What is known of a request before it is known who sent it.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Where it comes from.
    pub address: String,
    /// As it was sent; empty when it was not.
    pub user_agent: &'a str,
    /// Of HTTP.
    pub method: &'a str,
    /// Without the query: ids and no texts.
    pub path: &'a str,
}

/// How much of a path is written down, in bytes.
const PATH_BYTES: usize = 256;

impl Request<'_> {
    /// Whether it is there to change something (RFC 9110, section 9.2.1).
    pub(crate) fn changes_something(&self) -> bool {
        !matches!(self.method, "GET" | "HEAD" | "OPTIONS")
    }

    pub(crate) fn short_path(&self) -> &str {
        cut(self.path, PATH_BYTES)
    }
}

/// Why a session or a token that is there is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The person was disabled or deleted.
    PersonDisabled,
    /// The session was ended: by its person from elsewhere, by an administrator, by a change of the password.
    SessionEnded,
    /// The session was not used for longer than the account's settings allow.
    SessionIdle,
    /// The session is used in a network in which its person has never logged in.
    AnotherNetwork,
    /// The token has expired.
    TokenExpired,
    /// The token was revoked.
    TokenRevoked,
    /// The account does not let support in any longer.
    SupportClosed,
}

impl Refusal {
    /// Stable, for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::PersonDisabled => "person-disabled",
            Self::SessionEnded => "session-ended",
            Self::SessionIdle => "session-idle",
            Self::AnotherNetwork => "session-from-another-network",
            Self::TokenExpired => "token-expired",
            Self::TokenRevoked => "token-revoked",
            Self::SupportClosed => "support-closed",
        }
    }

    /// What happened, and what to do.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::PersonDisabled => "this person has been disabled: ask an administrator of the account",
            Self::SessionEnded => "this session was ended: log in again",
            Self::SessionIdle => "this session was not used for too long: log in again",
            Self::AnotherNetwork => "this session comes from a network in which you have not logged in: log in here",
            Self::TokenExpired => "this API token has expired: ask an administrator of the account to renew it",
            Self::TokenRevoked => "this API token was revoked: ask an administrator of the account for another one",
            Self::SupportClosed => {
                "the account does not let support in any longer: ask its administrators to open it again"
            }
        }
    }
}

/// How long a network in which a person has logged in is known, in milliseconds.
pub(crate) const KNOWN_MILLIS: i64 = 90 * 24 * 60 * MINUTE;
const DAY_MILLIS: i64 = 24 * 60 * MINUTE;

enum Found {
    Session(LiveSession),
    Token(LiveToken),
    Support(LiveSupport),
}

impl App {
    /// Finds out who sent a request.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`] for a session or token that does not exist or has come to its end, [`AppError::Refused`] for
    /// one that something speaks against, [`AppError::AddressRefused`]; [`AppError::AccessDenied`] and
    /// [`AppError::SecondFactorRequired`] when a rule of the account says so.
    pub async fn authenticate(&self, credentials: Credentials, request: Request<'_>) -> Result<Caller, AppError> {
        let now = self.now();
        let (kinds, secret) = match &credentials {
            Credentials::Session(secret) => (&[secret::SESSION_PREFIX][..], secret),
            Credentials::Bearer(secret) => (&[secret::TOKEN_PREFIX, secret::SUPPORT_PREFIX][..], secret),
        };
        let kind = kinds.iter().copied().find(|kind| secret::is_shaped(kind, secret));
        let kind = kind.ok_or(AppError::Unauthenticated)?;
        let digest = secret::digest(secret);
        let found = self
            .inner
            .database
            .read(move |tx| {
                let found = match kind {
                    secret::SESSION_PREFIX => tx.session_by_token_hash(digest, now)?.map(Found::Session),
                    secret::SUPPORT_PREFIX => tx.support_session_by_secret(digest)?.map(Found::Support),
                    _ => tx.api_token_by_hash(digest, now)?.map(Found::Token),
                };
                found.ok_or(AppError::Unauthenticated)
            })
            .await?;
        match found {
            Found::Session(live) => self.enter_with_session(live, digest, request, now).await,
            Found::Token(live) => self.enter_with_token(live, digest, request, now).await,
            Found::Support(live) => self.enter_with_support(live, digest, request, now).await,
        }
    }

    async fn enter_with_session(
        &self,
        live: LiveSession,
        shown: Digest,
        request: Request<'_>,
        now: Timestamp,
    ) -> Result<Caller, AppError> {
        let door = self.door(live.account_id, live.security_version).await?;
        let (id, person) = (live.session.id, live.session.person_id);
        let caller = Caller {
            account: live.account_id,
            kind: live.kind,
            person,
            means: Means::Session(id),
            shown,
            role: live.role,
            permissions: Permissions::of(live.kind, live.role, live.permissions),
            duty: duty(live.role, live.password_changed_at, live.session.second_factor, &door.settings, now),
            second_factor: live.session.second_factor,
            name: live.name,
            address: request.address,
            chain_version: live.chain_version,
            security_version: live.security_version,
        };
        let refusal = match refused(&live.session, live.status, &door.settings, now) {
            Some(refusal) => Some(refusal),
            None => self.moved(&caller, &live.session.address, door.settings.session.roaming, now).await?,
        };
        if let Some(refusal) = refusal {
            return Err(self.refuse(&caller, refusal, now).await);
        }
        self.check_address(&door, &caller, address::Door::Session, now).await?;
        if caller.address != live.session.address {
            let (occasion, user_agent) = (Occasion::NewAddress, request.user_agent);
            self.admit_again(&Visit { caller: &caller, door: &door, occasion, user_agent, at: now }).await?;
        }
        self.note_seen(caller.account, id, live.session.last_seen_at, now);
        Ok(caller)
    }

    async fn enter_with_token(
        &self,
        live: LiveToken,
        shown: Digest,
        request: Request<'_>,
        now: Timestamp,
    ) -> Result<Caller, AppError> {
        let refusal = token_ended(&live, now).or_else(|| not_let_in(live.status));
        let permissions = of_token(&live);
        let token = live.token;
        let caller = Caller {
            account: live.account_id,
            kind: live.kind,
            person: token.created_by,
            means: Means::Token(token.id),
            shown,
            role: live.role,
            permissions,
            duty: None,
            second_factor: false,
            name: token.name,
            address: request.address,
            chain_version: live.chain_version,
            security_version: live.security_version,
        };
        if let Some(refusal) = refusal {
            return Err(self.refuse(&caller, refusal, now).await);
        }
        let door = self.door(caller.account, caller.security_version).await?;
        self.check_address(&door, &caller, address::Door::Token, now).await?;
        let (occasion, user_agent) = (Occasion::TokenUse, request.user_agent);
        self.admit_again(&Visit { caller: &caller, door: &door, occasion, user_agent, at: now }).await?;
        // Whoever has a /64 of IPv6 may come from another address of it each time.
        let subscriber = subscriber_of(&caller.address);
        let same = |from: &String| subscriber_of(from) == subscriber;
        let used_here = token.last_used_at.filter(|_| token.last_used_from.as_ref().is_some_and(same));
        let used_here_within = |millis| used_here.is_some_and(|at| now < at.plus_millis(millis));
        if !used_here_within(MINUTE) && self.inner.seldom.first(format!("used {} {subscriber}", token.id), now) {
            let (id, from) = (token.id, caller.address.clone());
            // The journal says that a token is used from an address once a day.
            let journal = !used_here_within(DAY_MILLIS);
            let journal = journal.then(|| self.audit_row(&caller, Action::TokenUsed, id, json!({})));
            self.note_use(caller.account, move |rows| {
                rows.api_token_used(id, now, &from)?;
                journal.map_or(Ok(()), |entry| rows.insert_audit(&entry))
            });
        }
        Ok(caller)
    }

    /// Writes down that a session was used, once a minute.
    pub(crate) fn note_seen(&self, account: AccountId, id: SessionId, last_seen_at: Timestamp, now: Timestamp) {
        if now >= last_seen_at.plus_millis(MINUTE) && self.inner.seldom.first(format!("seen {id}"), now) {
            self.note_use(account, move |rows| rows.session_seen(id, now));
        }
    }

    /// Writes down, beside the request, that a session or a token was used.
    fn note_use(
        &self,
        account: AccountId,
        note: impl FnOnce(&mut Account<'_>) -> Result<(), StorageError> + Send + 'static,
    ) {
        let database = self.inner.database.clone();
        self.inner.background.spawn(async move {
            let noted =
                database.write(By::server(account), move |tx| Ok::<_, AppError>(note(&mut tx.account(account))?));
            if let Err(error) = noted.await {
                tracing::warn!(%error, "that a session or a token was used was not kept");
            }
        });
    }

    /// Whether a session has moved to where its person has never logged in.
    async fn moved(
        &self,
        caller: &Caller,
        began_at: &str,
        roaming: Roaming,
        now: Timestamp,
    ) -> Result<Option<Refusal>, AppError> {
        if roaming == Roaming::Anywhere || began_at == caller.address {
            return Ok(None);
        }
        let network = network_of(&caller.address);
        if network == network_of(began_at) {
            return Ok(None);
        }
        let (account, person) = (caller.account, caller.person);
        let since = now.plus_millis(-KNOWN_MILLIS);
        let known = self
            .inner
            .database
            .read(move |tx| Ok::<_, AppError>(tx.account(account).knows_network(person, &network, since)?))
            .await?;
        Ok((!known).then_some(Refusal::AnotherNetwork))
    }

    pub(crate) async fn refuse(&self, caller: &Caller, refusal: Refusal, now: Timestamp) -> AppError {
        let written = self.write_down_refusal(caller, refusal.code(), now).await;
        written.err().unwrap_or(AppError::Refused(refusal))
    }

    /// Writes down that the caller's session or token was refused, once a minute for each address and reason.
    pub(crate) async fn write_down_refusal(
        &self,
        caller: &Caller,
        code: &'static str,
        now: Timestamp,
    ) -> Result<(), AppError> {
        let (subject, refused) = match caller.means {
            Means::Session(id) => (id.to_string(), Refused::Session),
            Means::Token(id) => (id.to_string(), Refused::Token),
            // Each attempt of one person to enter an account would be a session of its own.
            Means::Support(_) => (caller.person.to_string(), Refused::Support),
        };
        self.keep_refusal(caller.account, refusals::Refusal::of(caller, refused, subject, code), now).await
    }
}

/// What speaks against a session, wherever it is used.
fn refused(session: &SessionRow, status: PersonStatus, settings: &SecuritySettings, now: Timestamp) -> Option<Refusal> {
    ended(session)
        .or_else(|| overdue(session.created_at, session.last_seen_at, settings, now))
        .or_else(|| not_let_in(status))
}

/// Whether somebody has ended a session.
pub(crate) fn ended(session: &SessionRow) -> Option<Refusal> {
    match session.ended? {
        SessionEnd::PersonDisabled => Some(Refusal::PersonDisabled),
        SessionEnd::PasswordChanged | SessionEnd::Ended => Some(Refusal::SessionEnded),
    }
}

/// Whether a token was revoked, or has come to its end.
pub(crate) fn token_ended(live: &LiveToken, now: Timestamp) -> Option<Refusal> {
    if live.token.revoked_at.is_some() {
        Some(Refusal::TokenRevoked)
    } else if live.token.expires_at.is_some_and(|end| end <= now) {
        Some(Refusal::TokenExpired)
    } else {
        None
    }
}

/// What a token may do.
pub(crate) fn of_token(live: &LiveToken) -> Permissions {
    Permissions::of_token(live.token.scopes, Permissions::of(live.kind, live.role, live.permissions))
}

/// What the account's settings say of a session by its age and its last use. Settings that have become stricter count for sessions
/// that were made before.
pub(crate) fn overdue(
    created_at: Timestamp,
    last_seen_at: Timestamp,
    settings: &SecuritySettings,
    now: Timestamp,
) -> Option<Refusal> {
    let idle = i64::from(settings.session.idle_minutes) * MINUTE;
    let absolute = i64::from(settings.session.absolute_hours) * 60 * MINUTE;
    if now >= created_at.plus_millis(absolute) {
        Some(Refusal::SessionEnded)
    } else if now >= last_seen_at.plus_millis(idle + MINUTE) {
        // A minute more, because the last use is known to the minute.
        Some(Refusal::SessionIdle)
    } else {
        None
    }
}

/// What speaks against a person.
pub(crate) const fn not_let_in(status: PersonStatus) -> Option<Refusal> {
    match status {
        PersonStatus::Active => None,
        PersonStatus::Invited | PersonStatus::Disabled | PersonStatus::Deleted => Some(Refusal::PersonDisabled),
    }
}

/// What the person of a session must do before anything else.
pub(crate) fn duty(
    role: Role,
    password_changed_at: Timestamp,
    second_factor: bool,
    settings: &SecuritySettings,
    now: Timestamp,
) -> Option<Duty> {
    let too_old = |days: u32| now >= password_changed_at.plus_millis(i64::from(days) * DAY_MILLIS);
    if settings.password.max_age_days.is_some_and(too_old) {
        return Some(Duty::ChangePassword);
    }
    let wanted = settings.second_factor_for.contains(&role);
    (wanted && !second_factor).then_some(Duty::EnrolSecondFactor)
}
