//! The account's library: each plugin once, and what all of them take up.

use axum::extract::State;

use crate::{
    Web,
    extract::{Auth, Params},
    paging::Paging,
    problem::Problem,
    views::{LibraryView, List, QuotaView},
};

/// The account's plugins by name, each with its newest version and where it is installed.
#[utoipa::path(get, path = "/api/v1/library", tag = "plugins", params(Paging), responses(
    (status = 200, description = "One page", body = List<LibraryView>),
    (status = 400, description = "`malformed`: the cursor or the limit", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(paging): Params<Paging>,
) -> Result<axum::Json<List<LibraryView>>, Problem> {
    let entries = web.app.library(&caller, paging.oldest_first()?).await?;
    let entries = entries.into_iter().map(LibraryView::from).collect();
    Ok(axum::Json(List::of(entries, &paging, |entry| entry.name.clone())))
}

/// What the account's plugins may take up, and what they do.
#[utoipa::path(get, path = "/api/v1/plugins/usage", tag = "plugins", responses(
    (status = 200, description = "The quota, and what of it is used", body = QuotaView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn usage(State(web): State<Web>, Auth(caller): Auth) -> Result<axum::Json<QuotaView>, Problem> {
    Ok(axum::Json(web.app.plugin_usage(&caller).await?.into()))
}
