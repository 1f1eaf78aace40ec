//! Conversations with clients.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use sluice_app::conversations::NewClient;
use utoipa::ToSchema;

use crate::{
    Web,
    extract::{Auth, Json, Params},
    paging::Paging,
    problem::Problem,
    views::{ConversationView, List},
};

/// A conversation to be started.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewConversation {
    client: ClientDraft,
}

/// Who it is with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientDraft {
    /// What operators see: 1 to 256 bytes.
    name: String,
    /// The client's id elsewhere; the same one again is the same client.
    external_id: Option<String>,
}

/// Starts a conversation with a client.
#[utoipa::path(post, path = "/api/v1/conversations", tag = "conversations", request_body = NewConversation, responses(
    (status = 201, description = "Started", body = ConversationView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn start(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<NewConversation>,
) -> Result<(StatusCode, axum::Json<ConversationView>), Problem> {
    let client = NewClient { name: body.client.name, external_id: body.client.external_id };
    let row = web.app.start_conversation(&caller, client).await?;
    Ok((StatusCode::CREATED, axum::Json(row.into())))
}

/// The account's conversations, newest first.
#[utoipa::path(get, path = "/api/v1/conversations", tag = "conversations", params(Paging), responses(
    (status = 200, description = "One page", body = List<ConversationView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(paging): Params<Paging>,
) -> Result<axum::Json<List<ConversationView>>, Problem> {
    let rows = web.app.conversations(&caller, paging.newest_first()?).await?;
    Ok(axum::Json(List::of(rows.into_iter().map(ConversationView::from).collect(), &paging, |row| row.id)))
}
