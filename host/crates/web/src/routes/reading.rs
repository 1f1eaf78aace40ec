//! How far conversations were read, and who is typing in them.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use sluice_app::{reading::Moves, typing::TypesAs};
use sluice_domain::id::ConversationId;
use utoipa::ToSchema;

use crate::{
    Web,
    extract::{Auth, Id, Json},
    problem::Problem,
    views::ConversationView,
};

/// How far somebody has read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadingMark {
    /// `seq` of the last message that was read; 0 for none.
    #[schema(minimum = 0)]
    seq: i64,
    /// Whether the mark may go back too: what comes after it counts as unread again.
    #[serde(default)]
    #[schema(required = false)]
    back: bool,
}

/// How far the client has read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientsMark {
    /// `seq` of the last message that was read; 0 for none.
    #[schema(minimum = 0)]
    seq: i64,
}

/// Who is typing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TypingNow {
    /// `client`, for a program that brings in what clients do; the caller when not said.
    #[serde(rename = "as")]
    types_as: Option<TypesAsWord>,
}

/// As whom.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TypesAsWord {
    /// As the conversation's client.
    Client,
}

/// Says how far the caller has read a conversation; a token says it for its person. A mark that comes late changes nothing, unless it may
/// go back. Not further than to the last message.
#[utoipa::path(put, path = "/api/v1/conversations/{id}/read", tag = "conversations", params(("id" = String, Path)), request_body = ReadingMark, responses(
    (status = 200, description = "The conversation as it is now", body = ConversationView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`; `not-for-support`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn mark(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(conversation): Id<ConversationId>,
    Json(body): Json<ReadingMark>,
) -> Result<axum::Json<ConversationView>, Problem> {
    let moves = if body.back { Moves::Back } else { Moves::Forth };
    Ok(axum::Json(web.app.mark_read(&caller, conversation, body.seq, moves).await?.into()))
}

/// Says how far the client has read a conversation, for programs that connect messengers. It never goes back, and not further than to
/// the last message.
#[utoipa::path(put, path = "/api/v1/conversations/{id}/client-read", tag = "conversations", params(("id" = String, Path)), request_body = ClientsMark, responses(
    (status = 204, description = "Noted"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn mark_by_client(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(conversation): Id<ConversationId>,
    Json(body): Json<ClientsMark>,
) -> Result<StatusCode, Problem> {
    web.app.mark_read_by_client(&caller, conversation, body.seq).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that somebody is typing. It is kept nowhere: the live streams of this server hear of it, once a second at most.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/typing", tag = "conversations", params(("id" = String, Path)), request_body = TypingNow, responses(
    (status = 204, description = "Told"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn typing(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(conversation): Id<ConversationId>,
    Json(body): Json<TypingNow>,
) -> Result<StatusCode, Problem> {
    let types_as = match body.types_as {
        None => TypesAs::Itself,
        Some(TypesAsWord::Client) => TypesAs::Client,
    };
    web.app.type_in(&caller, conversation, types_as).await?;
    Ok(StatusCode::NO_CONTENT)
}
