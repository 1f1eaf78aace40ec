//! The platform's catalogue of plugins: what its people publish, and what accounts take of it.

use axum::{
    extract::{Request, State},
    http::StatusCode,
};
use serde::Deserialize;
use sluice_app::catalogue::Publication;
use sluice_domain::{
    catalogue::PublishedTo,
    id::{AccountId, CatalogueId},
};
use utoipa::IntoParams;

use crate::{
    Web,
    extract::{Auth, Id, Json, Params},
    problem::Problem,
    routes::plugins::{NewSignature, component},
    views::{CatalogueView, List, OfferView, PluginView},
};

/// What is said of an entry beside its bytes.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct About {
    /// What changed with this version: at most 4,096 bytes. `curl --url-query notes="…"` encodes it.
    #[serde(default)]
    #[param(required = false)]
    notes: String,
    /// Ids of the accounts that see it, with commas between them; all accounts when not said.
    #[param(required = false)]
    accounts: Option<String>,
}

impl About {
    fn readers(&self) -> Result<PublishedTo, Problem> {
        let Some(accounts) = &self.accounts else { return Ok(PublishedTo::Everybody) };
        let accounts = accounts.split(',').map(|id| id.trim().parse::<AccountId>()).collect::<Result<_, _>>();
        let accounts = accounts.map_err(|error| Problem::invalid("accounts", &error.to_string()))?;
        Ok(PublishedTo::Accounts(accounts))
    }
}

/// What the platform publishes to the account: by name, the highest version of each first.
#[utoipa::path(get, path = "/api/v1/catalogue", tag = "catalogue", responses(
    (status = 200, description = "All of it", body = List<OfferView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn offers(State(web): State<Web>, Auth(caller): Auth) -> Result<axum::Json<List<OfferView>>, Problem> {
    Ok(axum::Json(List::whole(web.app.offers(&caller).await?)))
}

/// Makes an entry of the catalogue a plugin of the account, not yet installed. It stays when the entry is withdrawn.
#[utoipa::path(post, path = "/api/v1/catalogue/{id}/take", tag = "catalogue", params(("id" = String, Path)), responses(
    (status = 201, description = "The account's plugin; if it has the component already, that one, with the entry's signatures", body = PluginView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`, `not-for-support`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`: not published to the account", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`version-exists`: the account has another component with this name and version; `quota-exceeded`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn take(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<CatalogueId>,
) -> Result<(StatusCode, axum::Json<PluginView>), Problem> {
    Ok((StatusCode::CREATED, axum::Json(web.app.take(&caller, id).await?.into())))
}

/// The whole catalogue: by name, the highest version of each first.
#[utoipa::path(get, path = "/api/v1/platform/catalogue", tag = "platform", responses(
    (status = 200, description = "All of it", body = List<CatalogueView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
) -> Result<axum::Json<List<CatalogueView>>, Problem> {
    let entries = web.app.catalogue(&caller).await?.into_iter().map(|(row, to)| CatalogueView::new(row, to));
    Ok(axum::Json(List { items: entries.collect(), next: None }))
}

/// Publishes a component, inspected as an upload is. The same component again gives the entry that is there.
#[utoipa::path(post, path = "/api/v1/platform/catalogue", tag = "platform", params(About),
    request_body(content = Vec<u8>, content_type = "application/wasm", description = "The component"),
    responses(
        (status = 201, description = "Published", body = CatalogueView),
        (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "`too-slow`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`version-exists`: another component has this name and version; `conflict`: it is published to other accounts; `quota-exceeded`", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`too-large`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The component cannot be a plugin: `code` says why; `invalid`: the notes or an account", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`busy`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn publish(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(about): Params<About>,
    request: Request,
) -> Result<(StatusCode, axum::Json<CatalogueView>), Problem> {
    let place = web.app.begin_publication(&caller)?;
    let to = about.readers()?;
    let component = component(request).await?;
    let publication = Publication { component, notes: about.notes, to: to.clone() };
    let row = web.app.publish(&caller, place, publication).await?;
    Ok((StatusCode::CREATED, axum::Json(CatalogueView::new(row, to))))
}

/// Withdraws an entry. Accounts that took it keep it.
#[utoipa::path(delete, path = "/api/v1/platform/catalogue/{id}", tag = "platform", params(("id" = String, Path)), responses(
    (status = 204, description = "Withdrawn"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn withdraw(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<CatalogueId>,
) -> Result<StatusCode, Problem> {
    web.app.withdraw(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Adds a publisher's signature to an entry; at most 8. Accounts that took it before take it again to have it.
#[utoipa::path(post, path = "/api/v1/platform/catalogue/{id}/signatures", tag = "platform", params(("id" = String, Path)), request_body = NewSignature, responses(
    (status = 204, description = "Added, or there already"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`quota-exceeded`: it has 8", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`signature-invalid`: it is not the key's over this component; `invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn sign(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<CatalogueId>,
    Json(body): Json<NewSignature>,
) -> Result<StatusCode, Problem> {
    let NewSignature { publisher_key, signature } = body;
    web.app.sign_entry(&caller, id, publisher_key, signature).await?;
    Ok(StatusCode::NO_CONTENT)
}
