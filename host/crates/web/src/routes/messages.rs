//! Messages of a conversation.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use serde::Deserialize;
use sluice_app::messages::{Audience, Draft};
use sluice_domain::{
    id::{AttachmentId, ConversationId},
    message::Direction,
    verdict::State as Fate,
};
use utoipa::{IntoParams, ToSchema};

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
    /// At most 65,536 bytes of UTF-8; absent or empty only beside attachments.
    #[serde(default)]
    text: String,
    /// `outgoing` when not said. `incoming` is for administrators and for programs that bring in what clients wrote.
    #[schema(schema_with = documents::direction, required = false)]
    direction: Option<Direction>,
    /// Ids of at most 32 files that the caller uploaded and has not sent.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    attachments: Vec<AttachmentId>,
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
        (status = 404, description = "`not-found`: the conversation, or an attachment", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: the key was used for another request, or an attachment was sent already", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`message-blocked` with `reason`, `decision` and a `notice` for the client whose message it is; `invalid`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn post(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(conversation): Id<ConversationId>,
    headers: HeaderMap,
    Json(body): Json<NewMessage>,
) -> Result<(StatusCode, axum::Json<PostedView>), Problem> {
    let key = headers.get("idempotency-key").map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned());
    let draft =
        Draft { text: body.text, attachments: body.attachments, direction: body.direction, idempotency_key: key };
    let posted = web.app.post_message(&caller, conversation, draft).await?;
    match posted.state {
        Fate::Delivered | Fate::Held => Ok((StatusCode::CREATED, axum::Json(posted.into()))),
        Fate::Blocked => Err(Problem::blocked(posted.decision, posted.notice)),
    }
}

/// Whose view is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct View {
    /// `client`: what the client sees, for programs that carry messages to it. What the account's people see, when not said.
    #[serde(rename = "as")]
    #[param(required = false, rename = "as")]
    audience: Option<Whose>,
}

/// Whose view.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Whose {
    /// The account's people's.
    People,
    /// The client's.
    Client,
}

impl View {
    pub(crate) const fn audience(&self) -> Audience {
        match self.audience {
            None | Some(Whose::People) => Audience::People,
            Some(Whose::Client) => Audience::Client,
        }
    }
}

/// The conversation's messages in the order of acceptance. What is withheld from the caller has no `text`.
///
/// As its client sees it there is nothing of messages to the client that were not delivered, and a `notice` in place of its own that were
/// blocked.
#[utoipa::path(get, path = "/api/v1/conversations/{id}/messages", tag = "messages", params(("id" = String, Path), Paging, View), responses(
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
    Params(view): Params<View>,
) -> Result<axum::Json<List<MessageDto>>, Problem> {
    let messages = web.app.messages(&caller, conversation, view.audience(), paging.oldest_first()?).await?;
    Ok(axum::Json(List::of(messages.into_iter().map(MessageDto::from).collect(), &paging, |message| message.seq)))
}
