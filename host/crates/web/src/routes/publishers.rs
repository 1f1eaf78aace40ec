//! Publishers whom the account trusts, and whether plugins need the signature of one.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use sluice_domain::signature::{PublisherKey, SignaturePolicy};
use utoipa::ToSchema;

use crate::{
    Web, documents,
    extract::{Auth, Json, Name},
    problem::Problem,
    views::PublishersView,
};

/// Whether plugins need a signature.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    /// `off`, or `trusted`: then only plugins that a trusted publisher signed are installed or enabled. What is enabled stays so.
    #[schema(schema_with = documents::signature_policy)]
    require_signature: SignaturePolicy,
}

/// A publisher to be trusted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPublisher {
    /// Its Ed25519 public key, as `sluice plugin keygen` prints it. Base64 of 32 bytes.
    #[schema(value_type = String)]
    key: PublisherKey,
}

/// Whom the account trusts. Needs `plugins-manage`.
#[utoipa::path(get, path = "/api/v1/publishers", tag = "plugins", responses(
    (status = 200, description = "All of them", body = PublishersView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(State(web): State<Web>, Auth(caller): Auth) -> Result<axum::Json<PublishersView>, Problem> {
    Ok(axum::Json(web.app.trust(&caller).await?.into()))
}

/// Says whether plugins need the signature of a trusted publisher. Needs `security-manage`.
#[utoipa::path(put, path = "/api/v1/publishers", tag = "plugins", request_body = Policy, responses(
    (status = 200, description = "Whom the account trusts, as it is now", body = PublishersView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn set_policy(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<Policy>,
) -> Result<axum::Json<PublishersView>, Problem> {
    Ok(axum::Json(web.app.set_signature_policy(&caller, body.require_signature).await?.into()))
}

/// Trusts a publisher under a name of 1 to 64 bytes, in place of the one that had it. Needs `security-manage`.
#[utoipa::path(put, path = "/api/v1/publishers/{name}", tag = "plugins", params(("name" = String, Path)), request_body = NewPublisher, responses(
    (status = 200, description = "Whom the account trusts, as it is now", body = PublishersView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`quota-exceeded`: it trusts 64", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`: the name or the key", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn put(
    State(web): State<Web>,
    Auth(caller): Auth,
    Name(name): Name,
    Json(body): Json<NewPublisher>,
) -> Result<axum::Json<PublishersView>, Problem> {
    Ok(axum::Json(web.app.trust_publisher(&caller, name, body.key).await?.into()))
}

/// Trusts a publisher no longer. Plugins of it that are enabled stay so. Needs `security-manage`.
#[utoipa::path(delete, path = "/api/v1/publishers/{name}", tag = "plugins", params(("name" = String, Path)), responses(
    (status = 204, description = "Trusted no longer"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn remove(
    State(web): State<Web>,
    Auth(caller): Auth,
    Name(name): Name,
) -> Result<StatusCode, Problem> {
    web.app.distrust_publisher(&caller, name).await?;
    Ok(StatusCode::NO_CONTENT)
}
