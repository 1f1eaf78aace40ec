//! Tags of conversations and clients.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use sluice_app::{
    rows::TagRow,
    tags::{TagChange, TagDraft},
};
use sluice_domain::{
    id::{ClientId, ConversationId, TagId},
    tag::Color,
    time::Timestamp,
};
use utoipa::ToSchema;

use crate::{
    Web,
    extract::{Auth, Id, Json, Key, Params},
    paging::Paging,
    problem::Problem,
    views::{ClientView, ConversationView, List},
};

/// A tag.
#[derive(Serialize, ToSchema)]
pub(crate) struct TagView {
    #[schema(value_type = String)]
    id: TagId,
    /// Unique in the account.
    label: String,
    /// What it means; may be empty.
    description: String,
    /// `#rrggbb`.
    #[schema(value_type = String)]
    color: Color,
    #[schema(value_type = i64)]
    created_at: Timestamp,
}

impl From<TagRow> for TagView {
    fn from(row: TagRow) -> Self {
        let TagRow { id, label, description, color, created_at } = row;
        Self { id, label, description, color, created_at }
    }
}

/// A tag to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTag {
    /// 1 to 64 bytes.
    label: String,
    /// At most 1,024 bytes.
    #[serde(default)]
    #[schema(required = false)]
    description: String,
    /// `#rrggbb`.
    #[schema(value_type = String)]
    color: Color,
}

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangedTag {
    label: Option<String>,
    description: Option<String>,
    #[schema(value_type = Option<String>)]
    color: Option<Color>,
}

/// All tags that something is to have.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TagSet {
    /// At most 50 ids.
    #[schema(value_type = Vec<String>)]
    tags: Vec<TagId>,
}

/// The account's tags, newest first.
#[utoipa::path(get, path = "/api/v1/tags", tag = "tags", params(Paging), responses(
    (status = 200, description = "One page", body = List<TagView>),
    (status = 400, description = "`malformed`: the cursor, the limit or a filter", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(paging): Params<Paging>,
) -> Result<axum::Json<List<TagView>>, Problem> {
    let rows = web.app.tags(&caller, paging.newest_first()?).await?;
    Ok(axum::Json(List::of(rows.into_iter().map(TagView::from).collect(), &paging, |row| row.id)))
}

/// Makes a tag; needs `templates-edit`. An account has at most 1,000.
#[utoipa::path(post, path = "/api/v1/tags", tag = "tags", params(("Idempotency-Key" = Option<String>, Header, description = "The same key again, within a day, gives what was made and makes nothing")), request_body = NewTag, responses(
    (status = 201, description = "Made", body = TagView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`conflict`: another tag has this label; `quota-exceeded`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn create(
    State(web): State<Web>,
    Auth(caller): Auth,
    Key(key): Key,
    Json(body): Json<NewTag>,
) -> Result<(StatusCode, axum::Json<TagView>), Problem> {
    let NewTag { label, description, color } = body;
    let row = web.app.make_tag(&caller, TagDraft { label, description, color }, key).await?;
    Ok((StatusCode::CREATED, axum::Json(row.into())))
}

/// Changes a tag; needs `templates-edit`.
#[utoipa::path(patch, path = "/api/v1/tags/{id}", tag = "tags", params(("id" = String, Path)), request_body = ChangedTag, responses(
    (status = 200, description = "The tag as it is now", body = TagView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`conflict`: another tag has this label", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn change(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<TagId>,
    Json(body): Json<ChangedTag>,
) -> Result<axum::Json<TagView>, Problem> {
    let ChangedTag { label, description, color } = body;
    Ok(axum::Json(web.app.change_tag(&caller, id, TagChange { label, description, color }).await?.into()))
}

/// Removes a tag, from all that had it too; needs `templates-edit`.
#[utoipa::path(delete, path = "/api/v1/tags/{id}", tag = "tags", params(("id" = String, Path)), responses(
    (status = 204, description = "Removed"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn remove(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<TagId>,
) -> Result<StatusCode, Problem> {
    web.app.remove_tag(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says which tags a conversation has. Whoever answers it may.
#[utoipa::path(put, path = "/api/v1/conversations/{id}/tags", tag = "tags", params(("id" = String, Path)), request_body = TagSet, responses(
    (status = 200, description = "The conversation as it is now", body = ConversationView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`: the conversation, or a tag", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn of_conversation(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ConversationId>,
    Json(body): Json<TagSet>,
) -> Result<axum::Json<ConversationView>, Problem> {
    Ok(axum::Json(web.app.tag_conversation(&caller, id, body.tags).await?.into()))
}

/// Says which tags a client has. Whoever answers a conversation with the client may.
#[utoipa::path(put, path = "/api/v1/clients/{id}/tags", tag = "tags", params(("id" = String, Path)), request_body = TagSet, responses(
    (status = 200, description = "The client as it is now", body = ClientView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`: the client, or a tag", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn of_client(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ClientId>,
    Json(body): Json<TagSet>,
) -> Result<axum::Json<ClientView>, Problem> {
    Ok(axum::Json(web.app.tag_client(&caller, id, body.tags).await?.into()))
}
