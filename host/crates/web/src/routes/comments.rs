//! What operators tell one another in a conversation.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use sluice_domain::id::{CommentId, ConversationId};
use utoipa::ToSchema;

use crate::{
    Web,
    extract::{Auth, Id, Json, Key, Params},
    paging::Paging,
    problem::Problem,
    views::{CommentView, List},
};

/// A comment to be written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewComment {
    /// 1 to 65,536 bytes of UTF-8.
    text: String,
}

/// Writes a comment. It passes no rules, and no client ever sees it.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/comments", tag = "comments", params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "The same key again, within a day, gives what was made and makes nothing")), request_body = NewComment, responses(
    (status = 201, description = "Written", body = CommentView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`conflict`: the key was used for another request", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn write(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(conversation): Id<ConversationId>,
    Key(key): Key,
    Json(body): Json<NewComment>,
) -> Result<(StatusCode, axum::Json<CommentView>), Problem> {
    let row = web.app.comment(&caller, conversation, body.text, key).await?;
    Ok((StatusCode::CREATED, axum::Json(row.into())))
}

/// The comments in a conversation, in the order in which they were written.
#[utoipa::path(get, path = "/api/v1/conversations/{id}/comments", tag = "comments", params(("id" = String, Path), Paging), responses(
    (status = 200, description = "One page", body = List<CommentView>),
    (status = 400, description = "`malformed`: the cursor, the limit or a filter", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(conversation): Id<ConversationId>,
    Params(paging): Params<Paging>,
) -> Result<axum::Json<List<CommentView>>, Problem> {
    let rows = web.app.comments(&caller, conversation, paging.oldest_first()?).await?;
    Ok(axum::Json(List::of(rows.into_iter().map(CommentView::from).collect(), &paging, |row| row.seq)))
}

/// Removes a comment. Its author does, or the person for whom its author acted.
#[utoipa::path(delete, path = "/api/v1/comments/{id}", tag = "comments", params(("id" = String, Path)), responses(
    (status = 204, description = "Removed"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`: there is no such comment, or somebody else wrote it", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn remove(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<CommentId>,
) -> Result<StatusCode, Problem> {
    web.app.remove_comment(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
