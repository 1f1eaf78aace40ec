//! Whether the server lives, and whether it can serve.

use axum::extract::State;

use crate::{Web, problem::Problem};

/// Whether the process answers.
#[utoipa::path(get, path = "/healthz", responses((status = 200, description = "It does", body = String)), security(()))]
pub(crate) async fn alive() -> &'static str {
    "ok"
}

/// Whether the server can do its work: the database answers, and takes writes. When the last write failed, one is tried.
#[utoipa::path(get, path = "/readyz", security(()), responses(
    (status = 200, description = "It can", body = String),
    (status = 503, description = "It can't now: `storage-unavailable`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn ready(State(web): State<Web>) -> Result<&'static str, Problem> {
    web.app.ready().await?;
    Ok("ok")
}
