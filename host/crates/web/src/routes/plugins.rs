//! Plugins of the account: versions come in, are signed, and go.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::StatusCode,
};
use serde::Deserialize;
use sluice_app::plugins::Upload;
use sluice_domain::{
    id::PluginId,
    limits,
    plugin::PluginName,
    signature::{PluginSignature, PublisherKey},
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Web,
    extract::{Auth, Id, Json, Params, bounded},
    paging::Paging,
    problem::Problem,
    views::{List, PluginView},
};

/// How long a component may take to arrive. Until then it keeps a place that another upload could have.
const PATIENCE: Duration = Duration::from_mins(5);

/// What is said of a component beside its bytes.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct About {
    /// What changed with this version: at most 4,096 bytes. `curl --url-query notes="…"` encodes it.
    #[serde(default)]
    #[param(required = false)]
    notes: String,
}

/// Which plugins.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// The versions of this one, from the highest down.
    #[param(value_type = Option<String>)]
    name: Option<PluginName>,
}

/// A publisher's signature over a component, as `sluice plugin sign` prints it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSignature {
    /// The publisher's Ed25519 public key. Base64 of 32 bytes.
    #[schema(value_type = String)]
    pub(super) publisher_key: PublisherKey,
    /// Over the component's statement: see `docs/plugins.md`. Base64 of 64 bytes.
    #[schema(value_type = String)]
    pub(super) signature: PluginSignature,
}

/// Uploads a component as a version of a plugin, not yet installed. The same component again gives the one that is there.
///
/// The component is inspected: it must be a WebAssembly component of at most 32 MiB that exports `sluice:policy/plugin` and a hook of
/// the contract, and imports nothing but what the contract offers. What is wrong with it is said by `code`.
#[utoipa::path(post, path = "/api/v1/plugins", tag = "plugins", params(About),
    request_body(content = Vec<u8>, content_type = "application/wasm", description = "The component"),
    responses(
        (status = 201, description = "Kept", body = PluginView),
        (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "`too-slow`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`version-exists`: another component has this name and version; `quota-exceeded`", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`too-large`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The component cannot be a plugin: `code` says why; `invalid`: the notes", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`busy`: the account has two uploads running, or the server sixteen", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn upload(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(About { notes }): Params<About>,
    request: Request,
) -> Result<(StatusCode, axum::Json<PluginView>), Problem> {
    // Asked before the body is read: 32 MiB are taken only from those who may send them.
    let place = web.app.begin_upload(&caller)?;
    let component = component(request).await?;
    let plugin = web.app.upload_plugin(&caller, place, Upload { component, notes }).await?;
    Ok((StatusCode::CREATED, axum::Json(plugin.into())))
}

/// Reads a component, bounded in bytes and in time.
pub(super) async fn component(request: Request) -> Result<Vec<u8>, Problem> {
    let component = tokio::time::timeout(PATIENCE, bounded(request, limits::COMPONENT_BYTES));
    component.await.map_err(|_| {
        let detail = "the component took more than 5 minutes to arrive: send it over a faster line";
        Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", detail)
    })?
}

/// The account's plugins, newest first; with `name`, the versions of one of them by semantic version, the highest first.
#[utoipa::path(get, path = "/api/v1/plugins", tag = "plugins", params(Which, Paging), responses(
    (status = 200, description = "One page", body = List<PluginView>),
    (status = 400, description = "`malformed`: the name, the cursor or the limit", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(which): Params<Which>,
    Params(paging): Params<Paging>,
) -> Result<axum::Json<List<PluginView>>, Problem> {
    let plugins = web.app.plugins(&caller, which.name, paging.newest_first()?).await?;
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
    Ok(axum::Json(web.app.shown_plugin(&caller, id).await?.into()))
}

/// Removes a version that is not installed. Decisions that name it stay.
#[utoipa::path(delete, path = "/api/v1/plugins/{id}", tag = "plugins", params(("id" = String, Path)), responses(
    (status = 204, description = "Removed"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`, `not-for-support`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`plugin-in-use`: `installations` names those that use it, in whatever mode", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn remove(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<PluginId>,
) -> Result<StatusCode, Problem> {
    web.app.remove_plugin(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Adds a publisher's signature to a plugin; at most 8. One that is there stays.
#[utoipa::path(post, path = "/api/v1/plugins/{id}/signatures", tag = "plugins", params(("id" = String, Path)), request_body = NewSignature, responses(
    (status = 200, description = "The plugin as it is now", body = PluginView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`quota-exceeded`: it has 8", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`signature-invalid`: it is not the key's over this component; `invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn sign(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<PluginId>,
    Json(body): Json<NewSignature>,
) -> Result<axum::Json<PluginView>, Problem> {
    let NewSignature { publisher_key, signature } = body;
    Ok(axum::Json(web.app.sign_plugin(&caller, id, publisher_key, signature).await?.into()))
}
