//! What people do about themselves: passwords and sessions.

use axum::{extract::State, http::StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sluice_app::rows::SessionRow;
use sluice_domain::{id::SessionId, time::Timestamp};
use utoipa::ToSchema;

use crate::{
    Web,
    extract::{Auth, Id, Peer, ShortJson},
    problem::Problem,
    views::List,
};

/// A password that a person chooses with a one-time link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChosenPassword {
    /// The link's secret.
    #[schema(value_type = String, format = Password)]
    link: SecretString,
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// A change of one's own password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangedPassword {
    #[schema(value_type = String, format = Password)]
    current: SecretString,
    #[schema(value_type = String, format = Password)]
    new: SecretString,
}

/// A password to look at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TriedPassword {
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// How strong a password is.
#[derive(Serialize, ToSchema)]
pub(crate) struct StrengthView {
    /// As zxcvbn estimates it, 0 to 4.
    score: u8,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
    /// What would make it better.
    suggestions: Vec<String>,
}

/// A password that nobody guesses.
#[derive(Serialize, ToSchema)]
pub(crate) struct Suggestion {
    password: String,
}

/// One of the caller's sessions.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionView {
    #[schema(value_type = String)]
    id: SessionId,
    /// Whether the request came with it.
    current: bool,
    /// From where the person logged in.
    address: String,
    /// With what: the `User-Agent` as it was sent.
    user_agent: String,
    /// Whether a second factor was shown.
    second_factor: bool,
    #[schema(value_type = i64)]
    created_at: Timestamp,
    /// To the minute.
    #[schema(value_type = i64)]
    last_seen_at: Timestamp,
    #[schema(value_type = i64)]
    expires_at: Timestamp,
}

impl SessionView {
    fn of(row: SessionRow, current: Option<SessionId>) -> Self {
        let SessionRow { id, address, user_agent, second_factor, created_at, last_seen_at, expires_at, .. } = row;
        let current = current == Some(id);
        Self { id, current, address, user_agent, second_factor, created_at, last_seen_at, expires_at }
    }
}

/// Sets a password with a one-time link. All sessions of the link's person end.
#[utoipa::path(post, path = "/api/v1/passwords", tag = "own", security(()), request_body = ChosenPassword, responses(
    (status = 204, description = "Set: log in with it"),
    (status = 404, description = "`not-found`: no such link, or a newer one was made", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`email-taken`: somebody of another account has set a password with this e-mail address; the link stays good", body = Problem, content_type = "application/problem+json"),
    (status = 410, description = "`link-used`, `link-expired`", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "`too-large`: the body has more than 8 KiB", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`weak-password`, with `suggestions`; the link stays good", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too-many-attempts` with links that were used or have expired, from your address or network; `too-many-at-once`: wait for the answers", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`busy`: more passwords wait than may; the link stays good", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn set_by_link(
    State(web): State<Web>,
    peer: Peer,
    ShortJson(body): ShortJson<ChosenPassword>,
) -> Result<StatusCode, Problem> {
    web.app.set_password_by_link(body.link, body.password, peer.address).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes one's password. One's other sessions end.
#[utoipa::path(put, path = "/api/v1/me/password", tag = "own", request_body = ChangedPassword, responses(
    (status = 204, description = "Changed"),
    (status = 401, description = "`unauthenticated`; `wrong-credentials`: the current password is another one", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`session-required`", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "`too-large`: the body has more than 8 KiB", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`weak-password`, with `suggestions`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too-many-attempts`; `too-many-at-once`: wait for the answers", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`busy`: more passwords wait than may; nothing is changed", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn change_password(
    State(web): State<Web>,
    Auth(caller): Auth,
    ShortJson(body): ShortJson<ChangedPassword>,
) -> Result<StatusCode, Problem> {
    web.app.change_password(&caller, body.current, body.new).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How strong a password would be.
#[utoipa::path(post, path = "/api/v1/passwords/strength", tag = "own", request_body = TriedPassword, responses(
    (status = 200, description = "Its strength", body = StrengthView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "`too-large`: the body has more than 8 KiB", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too-many-at-once`: you or your account wait for as many answers as you may", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`busy`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn strength(
    State(web): State<Web>,
    Auth(caller): Auth,
    ShortJson(body): ShortJson<TriedPassword>,
) -> Result<axum::Json<StrengthView>, Problem> {
    let strength = web.app.password_strength(&caller, body.password).await?;
    Ok(axum::Json(StrengthView { score: strength.score, warning: strength.warning, suggestions: strength.suggestions }))
}

/// A new password of 100 random bits, in groups that a person can copy. It is kept nowhere.
#[utoipa::path(post, path = "/api/v1/passwords/suggestion", tag = "own", responses(
    (status = 200, description = "A password", body = Suggestion),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn suggest(State(web): State<Web>, Auth(_): Auth) -> axum::Json<Suggestion> {
    axum::Json(Suggestion { password: web.app.suggest_password().expose_secret().to_owned() })
}

/// One's sessions, newest first.
#[utoipa::path(get, path = "/api/v1/me/sessions", tag = "own", responses(
    (status = 200, description = "All that are good", body = List<SessionView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`session-required`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn sessions(
    State(web): State<Web>,
    Auth(caller): Auth,
) -> Result<axum::Json<List<SessionView>>, Problem> {
    let sessions = web.app.own_sessions(&caller).await?;
    let current = caller.session_id();
    Ok(axum::Json(List::whole(sessions.into_iter().map(|row| SessionView::of(row, current)))))
}

/// Ends one of one's sessions.
#[utoipa::path(delete, path = "/api/v1/me/sessions/{id}", tag = "own", params(("id" = String, Path)), responses(
    (status = 204, description = "Ended"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`session-required`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn end_session(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<SessionId>,
) -> Result<StatusCode, Problem> {
    web.app.end_own_session(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all of one's sessions but for the one that the request came with.
#[utoipa::path(delete, path = "/api/v1/me/sessions", tag = "own", responses(
    (status = 204, description = "Ended"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`session-required`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn end_other_sessions(State(web): State<Web>, Auth(caller): Auth) -> Result<StatusCode, Problem> {
    web.app.end_other_sessions(&caller).await?;
    Ok(StatusCode::NO_CONTENT)
}
