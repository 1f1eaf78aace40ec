//! The account's chain: plugins installed with a configuration, a mode and a scope.

use std::collections::BTreeSet;

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::Value;
use sluice_app::installations::{Change, Install};
use sluice_domain::{
    id::{InstallationId, PluginId},
    installation::{Budget, FailurePolicy, HostName, Mode, Percent, Scope},
    plugin::Import,
};
use utoipa::ToSchema;

use crate::{
    Web,
    documents::{self, BudgetDoc, ScopeDoc},
    extract::{Auth, Id, Json},
    problem::Problem,
    views::{self, InstallationView, List},
};

/// A new installation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewInstallation {
    #[schema(value_type = String)]
    plugin_id: PluginId,
    /// Its configuration; `{}` when not said.
    #[serde(default = "views::empty")]
    #[schema(value_type = Object)]
    config: Value,
    /// How much it counts.
    #[schema(schema_with = documents::mode)]
    mode: Mode,
    /// About what it is asked; everything when not said.
    #[serde(default)]
    #[schema(value_type = Option<ScopeDoc>)]
    scope: Scope,
    /// What its failure means; `closed` when not said.
    #[serde(default)]
    #[schema(schema_with = documents::failure)]
    failure: FailurePolicy,
    /// What it may import; nothing when not said.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    grants: BTreeSet<Import>,
    /// What one call may use; what the server gives when not said.
    #[schema(value_type = Option<BudgetDoc>)]
    budget: Option<Budget>,
    /// For how many of a hundred conversations it is in force; all when not said. Which these are does not change while it is the same.
    #[serde(default)]
    #[schema(value_type = Option<u8>)]
    percent: Percent,
    /// Whom it may ask over HTTPS: 1 to 16 names of hosts when `http` is granted.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["api.example.com"]))]
    http_hosts: BTreeSet<HostName>,
}

/// What to change; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InstallationChange {
    /// Another version of the same plugin. Configuration and grants are checked anew.
    #[schema(value_type = Option<String>)]
    plugin_id: Option<PluginId>,
    /// Its configuration, whole.
    #[schema(value_type = Option<Object>)]
    config: Option<Value>,
    /// How much it counts.
    #[schema(schema_with = documents::mode, required = false)]
    mode: Option<Mode>,
    /// About what it is asked, whole.
    #[schema(value_type = Option<ScopeDoc>)]
    scope: Option<Scope>,
    /// What its failure means.
    #[schema(schema_with = documents::failure, required = false)]
    failure: Option<FailurePolicy>,
    /// What it may import, whole.
    #[schema(value_type = Option<Vec<String>>)]
    grants: Option<BTreeSet<Import>>,
    /// What one call may use.
    #[schema(value_type = Option<BudgetDoc>)]
    budget: Option<Budget>,
    /// For how many of a hundred conversations it is in force.
    #[schema(value_type = Option<u8>)]
    percent: Option<Percent>,
    /// Whom it may ask over HTTPS, whole.
    #[schema(value_type = Option<Vec<String>>)]
    http_hosts: Option<BTreeSet<HostName>>,
}

/// Installs a plugin, last in the chain; in force from the next message on.
#[utoipa::path(post, path = "/api/v1/installations", tag = "installations", request_body = NewInstallation, responses(
    (status = 201, description = "Installed", body = InstallationView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`: the plugin", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`quota-exceeded`; `signature-required`: the account enables only what a trusted publisher signed", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`configuration-refused` with `errors`, `configure-failed`, `grants-missing`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn create(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<NewInstallation>,
) -> Result<(StatusCode, axum::Json<InstallationView>), Problem> {
    let NewInstallation { plugin_id: plugin, config, mode, scope, failure, grants, budget, percent, http_hosts } = body;
    let install = Install { plugin, config, mode, scope, failure, grants, budget, percent, http_hosts };
    let row = web.app.install(&caller, install).await?;
    Ok((StatusCode::CREATED, axum::Json(row.into())))
}

/// The chain, in order.
#[utoipa::path(get, path = "/api/v1/installations", tag = "installations", responses(
    (status = 200, description = "The whole chain", body = List<InstallationView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
) -> Result<axum::Json<List<InstallationView>>, Problem> {
    let rows = web.app.installations(&caller).await?;
    Ok(axum::Json(List { items: rows.into_iter().map(InstallationView::from).collect(), next: None }))
}

/// One installation.
#[utoipa::path(get, path = "/api/v1/installations/{id}", tag = "installations", params(("id" = String, Path)), responses(
    (status = 200, description = "The installation", body = InstallationView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn get(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<InstallationId>,
) -> Result<axum::Json<InstallationView>, Problem> {
    Ok(axum::Json(web.app.installation(&caller, id).await?.into()))
}

/// Changes an installation; with an error, everything stays as it was.
#[utoipa::path(patch, path = "/api/v1/installations/{id}", tag = "installations", params(("id" = String, Path)), request_body = InstallationChange, responses(
    (status = 200, description = "Changed", body = InstallationView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`: the installation or the plugin", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`quota-exceeded`; `signature-required`: the account enables only what a trusted publisher signed", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`configuration-refused` with `errors`, `configure-failed`, `grants-missing`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn change(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<InstallationId>,
    Json(body): Json<InstallationChange>,
) -> Result<axum::Json<InstallationView>, Problem> {
    let InstallationChange { plugin_id: plugin, config, mode, scope, failure, grants, budget, percent, http_hosts } =
        body;
    let change = Change { plugin, config, mode, scope, failure, grants, budget, percent, http_hosts };
    let row = web.app.change_installation(&caller, id, change).await?;
    Ok(axum::Json(row.into()))
}

/// Removes an installation from the chain.
#[utoipa::path(delete, path = "/api/v1/installations/{id}", tag = "installations", params(("id" = String, Path)), responses(
    (status = 204, description = "Removed"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn remove(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<InstallationId>,
) -> Result<StatusCode, Problem> {
    web.app.uninstall(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
