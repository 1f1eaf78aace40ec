//! Messages of a conversation.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use serde::Deserialize;
use serde_json::Value;
use sluice_app::messages::Draft;
use sluice_domain::{id::ConversationId, message::Direction, verdict::State as Fate};
use utoipa::ToSchema;

use crate::{
    Web, documents,
    extract::{Auth, Id, Json, Params},
    paging::Paging,
    problem::Problem,
    views::{List, MessageDto, PostedView},
};

/// A message to be sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMessage {
    /// 1 to 65,536 bytes of UTF-8.
    text: String,
    /// `outgoing` when not said. `incoming` is for administrators and for programs that bring in what clients wrote.
    #[schema(schema_with = documents::direction, required = false)]
    direction: Option<Direction>,
    /// None are taken yet.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    attachments: Vec<Value>,
}

/// Attachments are not taken yet: a message that has some is refused whole.
pub(crate) fn without_attachments(attachments: &[Value]) -> Result<(), Problem> {
    if attachments.is_empty() {
        Ok(())
    } else {
        let detail = "this server does not take attachments: send the message without them";
        Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "attachments-unsupported", detail))
    }
}

/// Sends a message through the account's rules. When the answer comes, the message and its decision are on disk.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/messages", tag = "messages", request_body = NewMessage,
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key again, within a day, gives the same answer and sends nothing"),
    ),
    responses(
        (status = 201, description = "Delivered, or held for a supervisor: `state` says which", body = PostedView),
        (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: the conversation", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: the key was used for another request", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`message-blocked` with `reason` and `decision`; `invalid`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn post(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(conversation): Id<ConversationId>,
    headers: HeaderMap,
    Json(body): Json<NewMessage>,
) -> Result<(StatusCode, axum::Json<PostedView>), Problem> {
    without_attachments(&body.attachments)?;
    let key = headers.get("idempotency-key").map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned());
    let draft = Draft { text: body.text, direction: body.direction, idempotency_key: key };
    let posted = web.app.post_message(&caller, conversation, draft).await?;
    match posted.state {
        Fate::Delivered | Fate::Held => Ok((StatusCode::CREATED, axum::Json(posted.into()))),
        Fate::Blocked => Err(Problem::blocked(posted.decision)),
    }
}

/// The conversation's messages in the order of acceptance. What is withheld from the caller has no `text`.
#[utoipa::path(get, path = "/api/v1/conversations/{id}/messages", tag = "messages", params(("id" = String, Path), Paging), responses(
    (status = 200, description = "One page", body = List<MessageDto>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(conversation): Id<ConversationId>,
    Params(paging): Params<Paging>,
) -> Result<axum::Json<List<MessageDto>>, Problem> {
    let messages = web.app.messages(&caller, conversation, paging.oldest_first()?).await?;
    Ok(axum::Json(List::of(messages.into_iter().map(MessageDto::from).collect(), &paging, |message| message.seq)))
}
