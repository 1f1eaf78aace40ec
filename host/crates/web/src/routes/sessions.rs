//! Logging in and out, and who one is.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sluice_app::{
    caller::{Caller, Duty, Means},
    second_factor::Proof,
    sessions::LogIn,
};
use sluice_domain::{
    id::{AccountId, PersonId},
    message::Role,
    permission::Permissions,
};
use utoipa::ToSchema;

use crate::{
    Transport, Web, documents,
    extract::{Auth, Peer, ShortJson, cookie_name},
    problem::Problem,
    routes::second_factors::PasskeyAnswer,
};

/// A log-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    /// In any case.
    email: String,
    /// As it was typed.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// Of the second factor, for a person who has one: six digits, or a recovery code.
    code: Option<String>,
    /// Instead of a code: the answer to the challenge that came with `code-required`.
    passkey: Option<PasskeyAnswer>,
}

/// Who the caller is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    #[schema(value_type = String)]
    account_id: AccountId,
    #[schema(value_type = String)]
    person_id: PersonId,
    /// The person's name.
    name: String,
    #[schema(schema_with = documents::role)]
    role: Role,
    /// What the caller may do.
    #[schema(value_type = Vec<String>)]
    permissions: Permissions,
    /// What must be done before anything else: `change-password` or `enrol-second-factor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    duty: Option<&'static str>,
    /// `session`, `token` or `support`.
    means: &'static str,
}

impl From<Caller> for Me {
    fn from(caller: Caller) -> Self {
        Self {
            account_id: caller.account,
            person_id: caller.person,
            name: caller.name,
            role: caller.role,
            permissions: caller.permissions,
            duty: caller.duty.map(|duty| match duty {
                Duty::ChangePassword => "change-password",
                Duty::EnrolSecondFactor => "enrol-second-factor",
            }),
            means: match caller.means {
                Means::Session(_) => "session",
                Means::Token(_) => "token",
                Means::Support(_) => "support",
            },
        }
    }
}

/// Logs in with a password and sets the session's cookie.
#[utoipa::path(post, path = "/api/v1/sessions", tag = "sessions", security(()), request_body = Credentials, responses(
    (status = 201, description = "Logged in", body = Me),
    (status = 401, description = "`wrong-credentials`; with the right password `code-required` (with `passkey`, a challenge, for who has one), `wrong-code`, `wrong-passkey`, `person-disabled`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`access-denied` or `second-factor-required`: a rule of the account says so", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`conflict`, `rights-changed`: who may come in, or your role, was changed at this moment; try again", body = Problem, content_type = "application/problem+json"),
    (status = 408, description = "`too-slow`: the body took more than 10 seconds", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "`too-large`: the body has more than 8 KiB", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too-many-attempts` failed; `share-used-up`; `too-many-at-once`: your address or network, or this e-mail address from there, waits for as many answers as it may: see `Retry-After`", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`busy`: more log-ins wait than may: see `Retry-After`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn log_in(
    State(web): State<Web>,
    peer: Peer,
    ShortJson(body): ShortJson<Credentials>,
) -> Result<Response, Problem> {
    let proof = body.passkey.map(|answer| Proof::Passkey(answer.into())).or_else(|| body.code.map(Proof::Code));
    let log_in =
        LogIn { email: body.email, password: body.password, proof, address: peer.address, user_agent: peer.user_agent };
    let session = web.app.log_in(log_in).await?;
    let cookie = cookie(&web, session.secret.expose_secret(), session.lasts_seconds)?;
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie)], axum::Json(Me::from(session.caller))).into_response())
}

/// Ends the session that the request came with.
#[utoipa::path(delete, path = "/api/v1/sessions/current", tag = "sessions", responses(
    (status = 204, description = "Ended"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`session-required`: the request came with a token", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn log_out(State(web): State<Web>, Auth(caller): Auth) -> Result<Response, Problem> {
    web.app.log_out(&caller).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie(&web, "", 0)?)]).into_response())
}

/// Who the caller is.
#[utoipa::path(get, path = "/api/v1/me", tag = "sessions", responses(
    (status = 200, description = "The caller", body = Me),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn me(Auth(caller): Auth) -> axum::Json<Me> {
    axum::Json(caller.into())
}

fn cookie(web: &Web, secret: &str, seconds: i64) -> Result<HeaderValue, Problem> {
    let name = cookie_name(web.settings.transport);
    let secure = match web.settings.transport {
        Transport::Local => "",
        Transport::Encrypted => "; Secure",
    };
    let text = format!("{name}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::try_from(text).map_err(|_| sluice_app::AppError::Internal("writing a cookie").into())
}
