//! The chain as a whole: its order, its versions and the way back to them, and what switches plugins off.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use sluice_app::{
    chain_versions::{ChainOverview, ChainState, ChainVersion},
    rows::SwitchedOffRow,
};
use sluice_domain::{
    digest::Digest,
    id::{AuditId, InstallationId},
    time::Timestamp,
};
use utoipa::ToSchema;

use crate::{
    Web,
    extract::{Auth, Id, Json, Params},
    paging::Paging,
    problem::Problem,
    views::{InstallationView, List},
};

/// The chain as it is.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChainView {
    /// Grows with every change of a rule.
    version: i64,
    /// Whether plugins are asked at all.
    plugins_on: bool,
}

impl From<ChainOverview> for ChainView {
    fn from(overview: ChainOverview) -> Self {
        Self { version: overview.version, plugins_on: overview.plugins_on }
    }
}

/// Whether plugins are asked at all.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PluginSwitch {
    /// `false` switches all of them off.
    on: bool,
}

/// The order in which plugins are asked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    /// Each installation once, first to last.
    #[schema(value_type = Vec<String>)]
    installations: Vec<InstallationId>,
}

/// To what to go back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rollback {
    /// A version of the chain.
    version: i64,
}

/// The rules of one time.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChainVersionView {
    version: i64,
    /// When they came into force. Milliseconds since 1970.
    #[schema(value_type = i64)]
    at: Timestamp,
    /// The entry of the audit log that says who changed what; absent for what was there before versions were kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    audit_id: Option<AuditId>,
    /// `installations` in order, with the digest of their configuration; `filters`, with the digest of their rule in lists, and with the
    /// rule itself where one version is asked for; `messaging`.
    #[schema(value_type = Object)]
    state: ChainState,
}

impl From<ChainVersion> for ChainVersionView {
    fn from(version: ChainVersion) -> Self {
        let ChainVersion { version, at, audit, state } = version;
        Self { version, at, audit_id: audit, state }
    }
}

/// A component that no account asks.
#[derive(Serialize, ToSchema)]
pub(crate) struct SwitchedOffView {
    #[schema(value_type = String)]
    sha256: Digest,
    reason: String,
    /// Milliseconds since 1970.
    #[schema(value_type = i64)]
    at: Timestamp,
}

impl From<SwitchedOffRow> for SwitchedOffView {
    fn from(row: SwitchedOffRow) -> Self {
        Self { sha256: row.sha256, reason: row.reason, at: row.created_at }
    }
}

/// Why a component is switched off.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SwitchOff {
    /// For the accounts to read: 1 to 1,024 bytes.
    reason: String,
}

/// The version of the chain, and whether plugins are asked.
#[utoipa::path(get, path = "/api/v1/chain", tag = "chain", responses(
    (status = 200, description = "The chain", body = ChainView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn get(State(web): State<Web>, Auth(caller): Auth) -> Result<axum::Json<ChainView>, Problem> {
    Ok(axum::Json(web.app.chain_overview(&caller).await?.into()))
}

/// Switches all plugins on or off, at every server from the next request on. The content filter stays.
#[utoipa::path(put, path = "/api/v1/chain/plugins", tag = "chain", request_body = PluginSwitch, responses(
    (status = 200, description = "Done", body = ChainView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`, `not-for-support`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn switch(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<PluginSwitch>,
) -> Result<axum::Json<ChainView>, Problem> {
    Ok(axum::Json(web.app.switch_plugins(&caller, body.on).await?.into()))
}

/// Puts installations into another order.
#[utoipa::path(put, path = "/api/v1/chain/order", tag = "chain", request_body = Order, responses(
    (status = 200, description = "The chain in its new order", body = List<InstallationView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`, `not-for-support`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`: not each installation once", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn order(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<Order>,
) -> Result<axum::Json<List<InstallationView>>, Problem> {
    Ok(axum::Json(List::whole(web.app.order_chain(&caller, body.installations).await?)))
}

/// The chains that the account had, newest first.
#[utoipa::path(get, path = "/api/v1/chain/versions", tag = "chain", params(Paging), responses(
    (status = 200, description = "One page", body = List<ChainVersionView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn versions(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(paging): Params<Paging>,
) -> Result<axum::Json<List<ChainVersionView>>, Problem> {
    let versions = web.app.chain_versions(&caller, paging.newest_first()?).await?;
    let items = versions.into_iter().map(ChainVersionView::from).collect();
    Ok(axum::Json(List::of(items, &paging, |item| item.version)))
}

/// The chain that was in force at a version.
#[utoipa::path(get, path = "/api/v1/chain/versions/{version}", tag = "chain", params(("version" = i64, Path)), responses(
    (status = 200, description = "The chain", body = ChainVersionView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn version(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(version): Id<i64>,
) -> Result<axum::Json<ChainVersionView>, Problem> {
    Ok(axum::Json(web.app.chain_version(&caller, version).await?.into()))
}

/// Goes back to the rules of an earlier version, plugins and content filter, as a change that one can go back from.
#[utoipa::path(post, path = "/api/v1/chain/rollback", tag = "chain", request_body = Rollback, responses(
    (status = 200, description = "In force from the next request on", body = ChainView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`, `not-for-support`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`conflict`: a plugin of then was removed", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn roll_back(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<Rollback>,
) -> Result<axum::Json<ChainView>, Problem> {
    Ok(axum::Json(web.app.roll_back(&caller, body.version).await?.into()))
}

/// The components that no account asks.
#[utoipa::path(get, path = "/api/v1/platform/switched-off", tag = "platform", responses(
    (status = 200, description = "All of them", body = List<SwitchedOffView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn switched_off(
    State(web): State<Web>,
    Auth(caller): Auth,
) -> Result<axum::Json<List<SwitchedOffView>>, Problem> {
    Ok(axum::Json(List::whole(web.app.switched_off_plugins(&caller).await?)))
}

/// Switches a component off for every account, by its SHA-256.
#[utoipa::path(put, path = "/api/v1/platform/switched-off/{sha256}", tag = "platform", params(("sha256" = String, Path)), request_body = SwitchOff, responses(
    (status = 204, description = "No account asks it from the next request on"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`: the reason", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn switch_off(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(sha256): Id<Digest>,
    Json(body): Json<SwitchOff>,
) -> Result<StatusCode, Problem> {
    web.app.switch_plugin_off(&caller, sha256, &body.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets accounts ask a component again.
#[utoipa::path(delete, path = "/api/v1/platform/switched-off/{sha256}", tag = "platform", params(("sha256" = String, Path)), responses(
    (status = 204, description = "Done"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`: it was not switched off", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn switch_on(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(sha256): Id<Digest>,
) -> Result<StatusCode, Problem> {
    web.app.switch_plugin_on(&caller, sha256).await?;
    Ok(StatusCode::NO_CONTENT)
}
