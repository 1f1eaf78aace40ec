//! Clients, and what is known of them.

use axum::extract::State;
use serde::Deserialize;
use sluice_app::{clients::ClientChange, rows::ClientFilter};
use sluice_domain::id::{ClientId, TagId};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Web,
    extract::{Auth, Id, Json, Params},
    paging::Paging,
    problem::Problem,
    views::{ClientView, List},
};

/// Which clients.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// The one that another system calls this.
    #[param(required = false)]
    external_id: Option<String>,
    /// A tag's id.
    #[param(required = false, value_type = String)]
    tag: Option<TagId>,
}

/// What to change; what is left out stays, and what is empty is known no longer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangedClient {
    /// 1 to 256 bytes.
    name: Option<String>,
    /// At most 256 bytes.
    phone: Option<String>,
    /// At most 256 bytes.
    email: Option<String>,
    /// At most 1,024 bytes.
    comment: Option<String>,
}

/// The clients with whom the caller reaches a conversation, newest first; who reaches all conversations sees all clients.
#[utoipa::path(get, path = "/api/v1/clients", tag = "clients", params(Paging, Filter), responses(
    (status = 200, description = "One page", body = List<ClientView>),
    (status = 400, description = "`malformed`: the cursor, the limit or a filter", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(paging): Params<Paging>,
    Params(filter): Params<Filter>,
) -> Result<axum::Json<List<ClientView>>, Problem> {
    let filter = ClientFilter { external_id: filter.external_id, tag: filter.tag };
    let rows = web.app.clients(&caller, filter, paging.newest_first::<ClientId>()?).await?;
    Ok(axum::Json(List::of(rows.into_iter().map(ClientView::from).collect(), &paging, |row| row.id)))
}

/// One client.
#[utoipa::path(get, path = "/api/v1/clients/{id}", tag = "clients", params(("id" = String, Path)), responses(
    (status = 200, description = "The client", body = ClientView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn get(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ClientId>,
) -> Result<axum::Json<ClientView>, Problem> {
    Ok(axum::Json(web.app.client(&caller, id).await?.into()))
}

/// Changes what is known of a client.
#[utoipa::path(patch, path = "/api/v1/clients/{id}", tag = "clients", params(("id" = String, Path)), request_body = ChangedClient, responses(
    (status = 200, description = "The client as it is now", body = ClientView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn change(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ClientId>,
    Json(body): Json<ChangedClient>,
) -> Result<axum::Json<ClientView>, Problem> {
    let ChangedClient { name, phone, email, comment } = body;
    let change = ClientChange { name, phone, email, comment };
    Ok(axum::Json(web.app.change_client(&caller, id, change).await?.into()))
}
