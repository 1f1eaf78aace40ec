//! What went wrong, as RFC 9457 problem details with a stable `code`.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sluice_app::{AppError, StorageError, caller::Duty};
use sluice_domain::{
    id::InstallationId,
    plugin::ConfigError,
    verdict::{Decision, Reason},
};
use utoipa::ToSchema;

use sluice_app::repeated::Repeated;

use crate::{
    documents::{DecisionDoc, ReasonDoc},
    routes::second_factors::ChallengeView,
};

/// The body of every answer that is not a success (RFC 9457, `application/problem+json`).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// `about:blank`: the code says what there is to know.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The same for every problem of this status.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What went wrong with this request, and what to do.
    detail: String,
    /// Stable, for programs.
    #[schema(value_type = String)]
    code: &'static str,
    #[serde(flatten)]
    more: Box<More>,
}

/// What some problems say beside.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct More {
    /// Which value of the request cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    /// What a configuration lacks, and where.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Option<Vec<ConfigErrorDoc>>)]
    errors: Vec<ConfigError>,
    /// Why a rule refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ReasonDoc>)]
    reason: Option<Reason>,
    /// What to tell the client whose message it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<String>,
    /// What would make a password better.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    suggestions: Vec<String>,
    /// After how many seconds to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    /// What the chain made of a message that was blocked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DecisionDoc>)]
    decision: Option<Decision>,
    /// Which installations use a plugin that cannot be removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Option<Vec<String>>)]
    installations: Vec<InstallationId>,
    /// A challenge for an authenticator, whose answer a log-in may carry instead of a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    passkey: Option<ChallengeView>,
}

/// What is wrong with a configuration, and where.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConfigErrorDoc {
    /// A JSON Pointer (RFC 6901) into the configuration.
    path: String,
    /// What to write instead.
    message: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            code,
            more: Box::default(),
        }
    }

    /// A value that cannot be used, and what to write instead.
    pub(crate) fn invalid(field: &'static str, problem: &str) -> Self {
        let more = More { field: Some(field), ..More::default() };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", format!("`{field}`: {problem}")).with(more)
    }

    /// Who asks has as much under way as it may have.
    pub(crate) fn share_used_up() -> Self {
        let detail = "you have as many requests, or as many bytes of them, under way as you may have: wait for answers, read \
                      them, then ask again";
        let more = More { retry_after: Some(1), ..More::default() };
        Self::new(StatusCode::TOO_MANY_REQUESTS, SHARE_USED_UP, detail).with(more)
    }

    /// Stable, for programs.
    pub(crate) const fn code(&self) -> &'static str {
        self.code
    }

    fn with(mut self, more: More) -> Self {
        *self.more = more;
        self
    }

    /// A message that a rule blocked; `notice` is for the client who wrote it.
    pub(crate) fn blocked(decision: Decision, notice: Option<String>) -> Self {
        let reason = decision.reason.clone();
        let detail =
            reason.as_ref().map_or("a rule of this account blocked the message", |reason| &reason.text).to_owned();
        let more = More { reason, notice, decision: Some(decision), ..More::default() };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "message-blocked", detail).with(more)
    }
}

/// What somebody had under way was as much as they may have.
const SHARE_USED_UP: &str = "share-used-up";

/// Tells that there was no room, which is no failure, but what whoever runs the server should know: once a minute.
fn tell_of_refusal(code: &str) {
    static BUSY: Repeated = Repeated::seldom();
    static SHARES: Repeated = Repeated::seldom();
    let refusals = match code {
        "busy" => &BUSY,
        SHARE_USED_UP => &SHARES,
        _ => return,
    };
    if let Some(before) = refusals.tell() {
        tracing::warn!(code, before, "a request was refused: a limit is reached");
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        tell_of_refusal(self.code);
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.more.retry_after.or((status == StatusCode::SERVICE_UNAVAILABLE).then_some(1));
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        use StatusCode as S;
        let detail = error.to_string();
        match error {
            AppError::Unauthenticated => Self::new(S::UNAUTHORIZED, "unauthenticated", detail),
            AppError::WrongCredentials => Self::new(S::UNAUTHORIZED, "wrong-credentials", detail),
            AppError::Refused(refusal) => Self::new(S::UNAUTHORIZED, refusal.code(), detail),
            AppError::TooManyAttempts { seconds } => {
                let more = More { retry_after: Some(seconds), ..More::default() };
                Self::new(S::TOO_MANY_REQUESTS, "too-many-attempts", detail).with(more)
            }
            AppError::WeakPassword { suggestions, .. } => {
                let more = More { suggestions, field: Some("password"), ..More::default() };
                Self::new(S::UNPROCESSABLE_ENTITY, "weak-password", detail).with(more)
            }
            AppError::LinkUsed => Self::new(S::GONE, "link-used", detail),
            AppError::LinkExpired => Self::new(S::GONE, "link-expired", detail),
            AppError::AddressRefused => Self::new(S::FORBIDDEN, "address-refused", detail),
            AppError::WouldLockYouOut => Self::new(S::CONFLICT, "would-lock-you-out", detail),
            AppError::CodeRequired(challenge) => {
                let passkey = challenge.map(|challenge| ChallengeView::from(*challenge));
                Self::new(S::UNAUTHORIZED, "code-required", detail).with(More { passkey, ..More::default() })
            }
            AppError::WrongPasskey => Self::new(S::UNAUTHORIZED, "wrong-passkey", detail),
            AppError::PasskeysUnavailable => Self::new(S::CONFLICT, "passkeys-unavailable", detail),
            AppError::WrongCode => Self::new(S::UNAUTHORIZED, "wrong-code", detail),
            AppError::LastAdministrator => Self::new(S::CONFLICT, "last-administrator", detail),
            AppError::SessionRequired => Self::new(S::FORBIDDEN, "session-required", detail),
            AppError::Forbidden(_) => Self::new(S::FORBIDDEN, "forbidden", detail),
            AppError::RightsChanged => Self::new(S::CONFLICT, "rights-changed", detail),
            AppError::Duty(Duty::ChangePassword) => Self::new(S::FORBIDDEN, "password-change-required", detail),
            AppError::Duty(Duty::EnrolSecondFactor) => {
                Self::new(S::FORBIDDEN, "second-factor-enrolment-required", detail)
            }
            AppError::AccessDenied(reason) => {
                Self::new(S::FORBIDDEN, "access-denied", detail).with(More { reason: Some(reason), ..More::default() })
            }
            AppError::SecondFactorRequired(reason) => {
                let more = More { reason: Some(reason), ..More::default() };
                Self::new(S::FORBIDDEN, "second-factor-required", detail).with(more)
            }
            AppError::SupportNotOpen => Self::new(S::FORBIDDEN, AppError::SUPPORT_NOT_OPEN, detail),
            AppError::NotForSupport => Self::new(S::FORBIDDEN, "not-for-support", detail),
            AppError::NotFound(_) => Self::new(S::NOT_FOUND, "not-found", detail),
            AppError::Invalid { field, .. } => {
                let more = More { field: Some(field), ..More::default() };
                Self::new(S::UNPROCESSABLE_ENTITY, "invalid", detail).with(more)
            }
            AppError::TooLarge { .. } => Self::new(S::PAYLOAD_TOO_LARGE, "too-large", detail),
            AppError::AttachmentTooLarge { .. } => Self::new(S::PAYLOAD_TOO_LARGE, "too-large", detail),
            AppError::AttachmentRefused(reason) => {
                let more = More { reason: Some(reason), ..More::default() };
                Self::new(S::UNPROCESSABLE_ENTITY, "attachment-refused", detail).with(more)
            }
            AppError::UnknownEvent { .. } => Self::new(S::CONFLICT, "unknown-event", detail),
            AppError::NotHeld => Self::new(S::CONFLICT, "not-held", detail),
            AppError::OwnMessage => Self::new(S::FORBIDDEN, "own-message", detail),
            AppError::EditRefused(reason) => {
                let more = More { reason, ..More::default() };
                Self::new(S::UNPROCESSABLE_ENTITY, "edit-refused", detail).with(more)
            }
            AppError::Upload(error) if error.is_ours() => ours(&error),
            AppError::Upload(error) => Self::new(S::UNPROCESSABLE_ENTITY, error.code(), detail),
            AppError::Configuration(errors) => {
                let more = More { errors, ..More::default() };
                Self::new(S::UNPROCESSABLE_ENTITY, "configuration-refused", detail).with(more)
            }
            AppError::ConfigureFailed(_) => Self::new(S::UNPROCESSABLE_ENTITY, "configure-failed", detail),
            AppError::MissingGrants(_) => {
                let more = More { field: Some("grants"), ..More::default() };
                Self::new(S::UNPROCESSABLE_ENTITY, "grants-missing", detail).with(more)
            }
            AppError::VersionExists { .. } => Self::new(S::CONFLICT, "version-exists", detail),
            AppError::PluginInUse(installations) => {
                let more = More { installations, ..More::default() };
                Self::new(S::CONFLICT, "plugin-in-use", detail).with(more)
            }
            AppError::SignatureInvalid => {
                let more = More { field: Some("signature"), ..More::default() };
                Self::new(S::UNPROCESSABLE_ENTITY, "signature-invalid", detail).with(more)
            }
            AppError::SignatureRequired => Self::new(S::CONFLICT, "signature-required", detail),
            AppError::Conflict(_) => Self::new(S::CONFLICT, "conflict", detail),
            AppError::EmailTaken => Self::new(S::CONFLICT, "email-taken", detail),
            AppError::Quota(_) => Self::new(S::CONFLICT, "quota-exceeded", detail),
            AppError::TooManyAtOnce(_) => {
                let more = More { retry_after: Some(1), ..More::default() };
                Self::new(S::TOO_MANY_REQUESTS, "too-many-at-once", detail).with(more)
            }
            AppError::Busy => Self::new(S::SERVICE_UNAVAILABLE, "busy", detail),
            AppError::Closing => Self::new(S::SERVICE_UNAVAILABLE, "closing", detail),
            AppError::Storage(StorageError::Unavailable { .. }) => {
                static UNAVAILABLE: Repeated = Repeated::seldom();
                if let Some(before) = UNAVAILABLE.tell() {
                    tracing::error!(%detail, before, "the database is not available");
                }
                Self::new(
                    S::SERVICE_UNAVAILABLE,
                    "storage-unavailable",
                    "the database is not available: try again in a moment",
                )
            }
            AppError::Storage(StorageError::Nul) => Self::new(S::UNPROCESSABLE_ENTITY, "invalid", detail),
            AppError::Storage(error @ StorageError::OutcomeUnknown) => {
                tracing::error!(%error, "nobody knows whether a request was stored");
                Self::new(
                    S::INTERNAL_SERVER_ERROR,
                    "outcome-unknown",
                    "the server failed while it was storing this: it may have been stored, or not. Look before you try again, or send it again with the same Idempotency-Key",
                )
            }
            AppError::Storage(error @ StorageError::AuditBroken) => {
                tracing::error!(%error, "a request was refused");
                Self::new(
                    S::INTERNAL_SERVER_ERROR,
                    "audit-broken",
                    "the account's audit log does not end as it was written, so nothing that goes into it is done, and nothing was stored: tell whoever runs the server",
                )
            }
            AppError::Storage(error) => ours(&error),
            AppError::Internal(_) => ours(&detail),
        }
    }
}

/// How many failures of its own the server tells a minute: with a full disk, each request of a stranger is one.
const FAILURES_TOLD: u64 = 60;

/// A failure of the server's own: logged here, where it is handled, and not told to the one who asked.
fn ours(error: &dyn std::fmt::Display) -> Problem {
    static FAILURES: Repeated = Repeated::at_most(FAILURES_TOLD);
    if let Some(before) = FAILURES.tell() {
        tracing::error!(%error, before, "a request failed");
    }
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "the server failed; nothing was stored: try again, and tell whoever runs it if it stays so",
    )
}
