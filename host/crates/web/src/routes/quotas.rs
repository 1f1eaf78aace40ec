//! What an account's plugins may take up, as the platform says.

use axum::extract::State;
use sluice_domain::{id::AccountId, quota::PluginQuota};

use crate::{
    Web,
    documents::QuotaDoc,
    extract::{Auth, Id, Json},
    problem::Problem,
    views::QuotaView,
};

/// What an account's plugins may take up, and what they do.
#[utoipa::path(get, path = "/api/v1/platform/accounts/{id}/quota", tag = "platform", params(("id" = String, Path)), responses(
    (status = 200, description = "The quota, and what of it is used", body = QuotaView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn get(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(account): Id<AccountId>,
) -> Result<axum::Json<QuotaView>, Problem> {
    Ok(axum::Json(web.app.quota_of(&caller, account).await?.into()))
}

/// Replaces an account's quota; what is left out is the default. What is there and enabled beyond it stays so.
#[utoipa::path(put, path = "/api/v1/platform/accounts/{id}/quota", tag = "platform", params(("id" = String, Path)), request_body = QuotaDoc, responses(
    (status = 200, description = "The quota as it is now, and what of it is used", body = QuotaView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`: a value out of its bounds", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn put(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(account): Id<AccountId>,
    Json(quota): Json<PluginQuota>,
) -> Result<axum::Json<QuotaView>, Problem> {
    Ok(axum::Json(web.app.set_quota(&caller, account, quota).await?.into()))
}
