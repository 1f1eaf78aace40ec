//! Plugins of the account.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::StatusCode,
};
use sluice_domain::{id::PluginId, limits};

use crate::{
    Web,
    extract::{Auth, Id, Params, bounded},
    paging::Paging,
    problem::Problem,
    views::{List, PluginView},
};

/// How long a component may take to arrive. Until then it keeps a place that another upload could have.
const PATIENCE: Duration = Duration::from_mins(5);

/// Uploads a component as a plugin, not yet installed. The same component again gives the plugin that is there.
///
/// The component is inspected: it must be a WebAssembly component of at most 32 MiB that exports `sluice:policy/plugin` and a hook of
/// the contract, and imports nothing but what the contract offers. What is wrong with it is said by `code`.
#[utoipa::path(post, path = "/api/v1/plugins", tag = "plugins",
    request_body(content = Vec<u8>, content_type = "application/wasm", description = "The component"),
    responses(
        (status = 201, description = "Kept", body = PluginView),
        (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "`too-slow`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: another component has this name and version; `quota-exceeded`", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`too-large`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The component cannot be a plugin: `code` says why", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`busy`: the account has two uploads running, or the server sixteen", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn upload(
    State(web): State<Web>,
    Auth(caller): Auth,
    request: Request,
) -> Result<(StatusCode, axum::Json<PluginView>), Problem> {
    // Asked before the body is read: 32 MiB are taken only from those who may send them.
    let place = web.app.begin_upload(&caller)?;
    let component = tokio::time::timeout(PATIENCE, bounded(request.into_body(), limits::COMPONENT_BYTES));
    let component = component.await.map_err(|_| {
        let detail = "the component took more than 5 minutes to arrive: send it over a faster line";
        Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", detail)
    })??;
    let plugin = web.app.upload_plugin(&caller, place, component).await?;
    Ok((StatusCode::CREATED, axum::Json(plugin.into())))
}

/// The account's plugins, newest first.
#[utoipa::path(get, path = "/api/v1/plugins", tag = "plugins", params(Paging), responses(
    (status = 200, description = "One page", body = List<PluginView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(paging): Params<Paging>,
) -> Result<axum::Json<List<PluginView>>, Problem> {
    let plugins = web.app.plugins(&caller, paging.newest_first()?).await?;
    Ok(axum::Json(List::of(plugins.into_iter().map(PluginView::from).collect(), &paging, |plugin| plugin.id)))
}

/// One plugin, with the JSON Schema of its configuration.
#[utoipa::path(get, path = "/api/v1/plugins/{id}", tag = "plugins", params(("id" = String, Path)), responses(
    (status = 200, description = "The plugin", body = PluginView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn get(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<PluginId>,
) -> Result<axum::Json<PluginView>, Problem> {
    Ok(axum::Json(web.app.plugin(&caller, id).await?.into()))
}
