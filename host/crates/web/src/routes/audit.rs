//! The audit log.

use axum::extract::State;

use crate::{
    Web,
    extract::{Auth, Params},
    paging::Paging,
    problem::Problem,
    views::{AuditView, List},
};

/// Who did what, when, from where; newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(Paging), responses(
    (status = 200, description = "One page", body = List<AuditView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(paging): Params<Paging>,
) -> Result<axum::Json<List<AuditView>>, Problem> {
    let rows = web.app.audit_log(&caller, paging.newest_first()?).await?;
    Ok(axum::Json(List::of(rows.into_iter().map(AuditView::from).collect(), &paging, |row| row.id)))
}
