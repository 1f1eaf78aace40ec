//! Who gets in: the account's security settings.

use axum::extract::State;
use sluice_domain::security::SecuritySettings;

use crate::{
    Web,
    documents::SecurityDoc,
    extract::{Auth, Json},
    problem::Problem,
};

/// The account's security settings.
#[utoipa::path(get, path = "/api/v1/security", tag = "security", responses(
    (status = 200, description = "The settings", body = SecurityDoc),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn get(State(web): State<Web>, Auth(caller): Auth) -> Result<axum::Json<SecuritySettings>, Problem> {
    Ok(axum::Json(web.app.security_settings(&caller).await?))
}

/// Replaces the security settings; what is left out is the default. In force from the next request on, for open sessions too.
#[utoipa::path(put, path = "/api/v1/security", tag = "security", request_body = SecurityDoc, responses(
    (status = 200, description = "The settings as they are now", body = SecurityDoc),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`: a setting out of its bounds", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn put(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(settings): Json<SecuritySettings>,
) -> Result<axum::Json<SecuritySettings>, Problem> {
    Ok(axum::Json(web.app.change_security_settings(&caller, settings).await?))
}
