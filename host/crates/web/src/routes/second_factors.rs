//! Second factors: one's own, and those of people who have lost theirs.

use axum::{extract::State, http::StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sluice_app::{
    passkeys::{Answer, Challenge},
    rows::PasskeyRow,
    second_factor::Proof,
};
use sluice_domain::{
    id::{ChallengeId, PasskeyId, PersonId},
    time::Timestamp,
};
use utoipa::ToSchema;

use crate::{
    Web,
    extract::{Auth, Id, Json},
    problem::Problem,
};

/// What second factors one has.
#[derive(Serialize, ToSchema)]
pub(crate) struct Factors {
    /// Whether log-ins ask for a time-based code.
    totp: bool,
    /// How many recovery codes are left.
    recovery_codes: u64,
    /// In the order in which they were added.
    passkeys: Vec<PasskeyView>,
}

/// A passkey.
#[derive(Serialize, ToSchema)]
struct PasskeyView {
    #[schema(value_type = String)]
    id: PasskeyId,
    name: String,
    /// Milliseconds since 1970.
    #[schema(value_type = i64)]
    created_at: Timestamp,
    /// Milliseconds since 1970.
    #[schema(value_type = Option<i64>)]
    last_used_at: Option<Timestamp>,
}

impl From<PasskeyRow> for PasskeyView {
    fn from(row: PasskeyRow) -> Self {
        let PasskeyRow { id, name, created_at, last_used_at, .. } = row;
        Self { id, name, created_at, last_used_at }
    }
}

/// A challenge for an authenticator.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChallengeView {
    /// What the answer has to name, within five minutes.
    #[schema(value_type = String)]
    challenge_id: ChallengeId,
    /// What `navigator.credentials.create` or `get` takes (WebAuthn), with binary members in base64url.
    #[schema(value_type = Object)]
    options: Value,
}

impl From<Challenge> for ChallengeView {
    fn from(challenge: Challenge) -> Self {
        Self { challenge_id: challenge.id, options: challenge.options }
    }
}

/// An authenticator's answer to a challenge.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyAnswer {
    /// Of the challenge.
    #[schema(value_type = String)]
    challenge_id: ChallengeId,
    /// What `navigator.credentials` gave, with binary members in base64url.
    #[schema(value_type = Object)]
    credential: Value,
}

impl From<PasskeyAnswer> for Answer {
    fn from(answer: PasskeyAnswer) -> Self {
        let PasskeyAnswer { challenge_id, credential } = answer;
        Self { challenge_id, credential }
    }
}

/// A new passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPasskey {
    /// As one calls it: 1 to 256 bytes.
    name: String,
    /// Of the challenge.
    #[schema(value_type = String)]
    challenge_id: ChallengeId,
    /// What `navigator.credentials.create` gave, with binary members in base64url.
    #[schema(value_type = Object)]
    credential: Value,
}

/// What it takes to change one's second factors: the password, and a second factor as at a log-in, by who has one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirmation {
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// Six digits, or a recovery code.
    code: Option<String>,
    /// Instead of a code: the answer to the challenge that came with `code-required`.
    passkey: Option<PasskeyAnswer>,
}

impl Confirmation {
    fn parts(self) -> (SecretString, Option<Proof>) {
        let Self { password, code, passkey } = self;
        (password, passkey.map(|answer| Proof::Passkey(answer.into())).or_else(|| code.map(Proof::Code)))
    }
}

/// A code of one's second factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Code {
    /// Six digits, or a recovery code.
    code: String,
}

/// A secret for time-based codes. It cannot be read again.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewTotp {
    /// In base 32, for typing into an authenticator.
    secret: String,
    /// The same as an `otpauth` URL, for a QR code.
    url: String,
}

/// Recovery codes. Each is good once, and they cannot be read again.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

impl From<Vec<SecretString>> for RecoveryCodes {
    fn from(codes: Vec<SecretString>) -> Self {
        Self { recovery_codes: codes.iter().map(|code| code.expose_secret().to_owned()).collect() }
    }
}

/// One's second factors.
#[utoipa::path(get, path = "/api/v1/me/second-factors", tag = "own", responses(
    (status = 200, description = "What there is", body = Factors),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`session-required`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn get(State(web): State<Web>, Auth(caller): Auth) -> Result<axum::Json<Factors>, Problem> {
    let own = web.app.own_factors(&caller).await?;
    Ok(axum::Json(Factors {
        totp: own.totp,
        recovery_codes: own.recovery_codes,
        passkeys: own.passkeys.into_iter().map(PasskeyView::from).collect(),
    }))
}

/// Makes a secret for time-based codes (RFC 6238). It counts when a code of it was shown.
#[utoipa::path(post, path = "/api/v1/me/second-factors/totp", tag = "own", request_body = Confirmation, responses(
    (status = 201, description = "Made", body = NewTotp),
    (status = 401, description = "`unauthenticated`; `wrong-credentials`; of who has a second factor: `code-required` (with `passkey`, a challenge), `wrong-code`, `wrong-passkey`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`session-required`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`conflict`: there are time-based codes", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too-many-attempts`; `too-many-at-once`: wait for the answers", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn begin(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<Confirmation>,
) -> Result<(StatusCode, axum::Json<NewTotp>), Problem> {
    let (password, proof) = body.parts();
    let made = web.app.begin_totp(&caller, password, proof).await?;
    let text = |secret: &SecretString| secret.expose_secret().to_owned();
    Ok((StatusCode::CREATED, axum::Json(NewTotp { secret: text(&made.secret), url: text(&made.url) })))
}

/// Shows the first code of a new secret: from now on log-ins ask for one. One's other sessions end.
#[utoipa::path(post, path = "/api/v1/me/second-factors/totp/confirmation", tag = "own", request_body = Code, responses(
    (status = 200, description = "In force; keep the recovery codes", body = RecoveryCodes),
    (status = 401, description = "`unauthenticated`; `wrong-code`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`session-required`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`: no secret was made", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too-many-attempts`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn confirm(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<Code>,
) -> Result<axum::Json<RecoveryCodes>, Problem> {
    Ok(axum::Json(web.app.confirm_totp(&caller, &body.code).await?.into()))
}

/// Asks one's authenticator for a new passkey.
#[utoipa::path(post, path = "/api/v1/me/second-factors/passkeys", tag = "own", request_body = Confirmation, responses(
    (status = 201, description = "Give the options to `navigator.credentials.create`", body = ChallengeView),
    (status = 401, description = "`unauthenticated`; `wrong-credentials`; of who has a second factor: `code-required` (with `passkey`, a challenge), `wrong-code`, `wrong-passkey`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`session-required`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`passkeys-unavailable`: the server is not reached by a name over HTTPS; `quota-exceeded`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too-many-attempts`; `too-many-at-once`: wait for the answers", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn begin_passkey(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<Confirmation>,
) -> Result<(StatusCode, axum::Json<ChallengeView>), Problem> {
    let (password, proof) = body.parts();
    Ok((StatusCode::CREATED, axum::Json(web.app.begin_passkey(&caller, password, proof).await?.into())))
}

/// Shows a new passkey: from now on log-ins ask for a second factor. With the first one, one's other sessions end.
#[utoipa::path(post, path = "/api/v1/me/second-factors/passkeys/confirmation", tag = "own", request_body = NewPasskey, responses(
    (status = 200, description = "In force; keep the recovery codes. There are none for who has some", body = RecoveryCodes),
    (status = 401, description = "`unauthenticated`; `wrong-passkey`: the answer does not fit, or comes late or twice", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`session-required`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`passkeys-unavailable`, `quota-exceeded`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`: the name", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn confirm_passkey(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<NewPasskey>,
) -> Result<axum::Json<RecoveryCodes>, Problem> {
    let NewPasskey { name, challenge_id, credential } = body;
    Ok(axum::Json(web.app.confirm_passkey(&caller, name, Answer { challenge_id, credential }).await?.into()))
}

/// Removes a passkey of one's own, for whoever shows the password and a second factor.
#[utoipa::path(delete, path = "/api/v1/me/second-factors/passkeys/{id}", tag = "own", params(("id" = String, Path)), request_body = Confirmation, responses(
    (status = 204, description = "Removed"),
    (status = 401, description = "`unauthenticated`; `wrong-credentials`; `code-required` (with `passkey`, a challenge), `wrong-code`, `wrong-passkey`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`session-required`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too-many-attempts`; `too-many-at-once`: wait for the answers", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn remove_passkey(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<PasskeyId>,
    Json(body): Json<Confirmation>,
) -> Result<StatusCode, Problem> {
    let (password, proof) = body.parts();
    web.app.remove_passkey(&caller, id, password, proof).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives new recovery codes in place of all earlier ones.
#[utoipa::path(post, path = "/api/v1/me/second-factors/recovery-codes", tag = "own", request_body = Code, responses(
    (status = 200, description = "Keep them", body = RecoveryCodes),
    (status = 401, description = "`unauthenticated`; `wrong-code`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`session-required`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`: there is no second factor", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too-many-attempts`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn renew(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<Code>,
) -> Result<axum::Json<RecoveryCodes>, Problem> {
    Ok(axum::Json(web.app.renew_recovery_codes(&caller, &body.code).await?.into()))
}

/// Ends time-based codes. Passkeys stay.
#[utoipa::path(delete, path = "/api/v1/me/second-factors", tag = "own", request_body = Code, responses(
    (status = 204, description = "Removed"),
    (status = 401, description = "`unauthenticated`; `wrong-code`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`session-required`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`: there is none", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too-many-attempts`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn remove(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<Code>,
) -> Result<StatusCode, Problem> {
    web.app.remove_own_factor(&caller, &body.code).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes all second factors of a person who has lost them. The person's sessions end.
#[utoipa::path(delete, path = "/api/v1/people/{id}/second-factors", tag = "people", params(("id" = String, Path)), responses(
    (status = 204, description = "Removed"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`, also for a token about somebody who may do more than it; `session-required` for a token, about an administrator", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`: the person, or a second factor", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn reset(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<PersonId>,
) -> Result<StatusCode, Problem> {
    web.app.reset_factor(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
