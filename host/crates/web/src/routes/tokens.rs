//! API tokens.

use axum::{extract::State, http::StatusCode};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use sluice_app::{
    rows::ApiTokenRow,
    tokens::{Renewal, TokenDraft},
};
use sluice_domain::{
    id::{PersonId, TokenId},
    permission::Permissions,
    time::Timestamp,
};
use utoipa::ToSchema;

use crate::{
    Web,
    extract::{Auth, Id, Json},
    problem::Problem,
    views::List,
};

/// An API token, without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenView {
    #[schema(value_type = String)]
    id: TokenId,
    /// What it is for.
    name: String,
    /// What of its person's permissions it has.
    #[schema(value_type = Vec<String>)]
    scopes: Permissions,
    /// The person for whom it acts.
    #[schema(value_type = String)]
    person_id: PersonId,
    #[schema(value_type = i64)]
    created_at: Timestamp,
    #[schema(value_type = Option<i64>)]
    expires_at: Option<Timestamp>,
    /// To the minute.
    #[schema(value_type = Option<i64>)]
    last_used_at: Option<Timestamp>,
    /// From where it was last used.
    last_used_from: Option<String>,
    /// Until when the secret before the last renewal is good.
    #[schema(value_type = Option<i64>)]
    previous_until: Option<Timestamp>,
}

impl From<ApiTokenRow> for TokenView {
    fn from(row: ApiTokenRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            scopes: row.scopes,
            person_id: row.created_by,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            last_used_from: row.last_used_from,
            previous_until: row.previous_until,
        }
    }
}

/// A token whose secret was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewSecret {
    token: TokenView,
    /// What `Authorization: Bearer` takes. It begins with `slc_` and cannot be read again.
    secret: String,
}

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// What it is for: 1 to 256 bytes.
    name: String,
    /// As `GET /api/v1/permissions` names them.
    #[schema(value_type = Vec<String>)]
    scopes: Permissions,
    /// Milliseconds since 1970; never when absent.
    #[schema(value_type = Option<i64>)]
    expires_at: Option<Timestamp>,
}

/// How a token is renewed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenewedToken {
    /// How long the secret of now stays good beside the new one: 0 to 7,776,000 seconds.
    overlap_seconds: u32,
    /// Milliseconds since 1970; never when absent.
    #[schema(value_type = Option<i64>)]
    expires_at: Option<Timestamp>,
}

/// The tokens that were not revoked, newest first.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens", responses(
    (status = 200, description = "All of them", body = List<TokenView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(State(web): State<Web>, Auth(caller): Auth) -> Result<axum::Json<List<TokenView>>, Problem> {
    Ok(axum::Json(List::whole(web.app.tokens(&caller).await?)))
}

/// Makes a token that acts for the caller, with some of the caller's permissions.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", request_body = NewToken, responses(
    (status = 201, description = "Made", body = NewSecret),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`quota-exceeded`; `conflict`: asked with a token's secret from before its renewal", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn create(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<NewToken>,
) -> Result<(StatusCode, axum::Json<NewSecret>), Problem> {
    let NewToken { name, scopes, expires_at } = body;
    let (token, secret) = web.app.make_token(&caller, TokenDraft { name, scopes, expires_at }).await?;
    let secret = secret.expose_secret().to_owned();
    Ok((StatusCode::CREATED, axum::Json(NewSecret { token: token.into(), secret })))
}

/// Gives a token another secret. The one of now stays good for as long as is said, so that programs can be changed one by one.
/// With 0 seconds, tokens that it made end too.
#[utoipa::path(post, path = "/api/v1/tokens/{id}/renewal", tag = "tokens", params(("id" = String, Path)), request_body = RenewedToken, responses(
    (status = 201, description = "Renewed", body = NewSecret),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`; `session-required`: asked with a token that is another one and did not make it", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`conflict`: somebody renewed or revoked it at this moment, or it was asked with its secret from before a renewal", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn renew(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<TokenId>,
    Json(body): Json<RenewedToken>,
) -> Result<(StatusCode, axum::Json<NewSecret>), Problem> {
    let overlap_millis = i64::from(body.overlap_seconds) * 1000;
    let renewal = Renewal { overlap_millis, expires_at: body.expires_at };
    let (token, secret) = web.app.renew_token(&caller, id, renewal).await?;
    let secret = secret.expose_secret().to_owned();
    Ok((StatusCode::CREATED, axum::Json(NewSecret { token: token.into(), secret })))
}

/// Revokes a token, and those that it made.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "tokens", params(("id" = String, Path)), responses(
    (status = 204, description = "Revoked"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn revoke(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<TokenId>,
) -> Result<StatusCode, Problem> {
    web.app.revoke_token(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
