//! Conversations with clients.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use sluice_app::{
    conversations::NewClient,
    rows::{Assigned, ConversationFilter},
};
use sluice_domain::{
    conversation::ConversationState,
    id::{ConversationId, PersonId, RequestId, TagId},
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Web, documents,
    extract::{Auth, Id, Json, Key, Params},
    paging::Paging,
    problem::Problem,
    views::{ConversationView, List, RequestView},
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
    /// The client's id elsewhere; the same one again is the same client. Who does not reach all conversations names a client whom they
    /// reach, or leaves it out.
    external_id: Option<String>,
}

/// What a conversation is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangedConversation {
    #[schema(schema_with = documents::conversation_state)]
    state: ConversationState,
}

/// Which conversations.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Those that are `open` or `closed`.
    #[param(required = false, schema_with = documents::conversation_state)]
    state: Option<ConversationState>,
    /// `me`, `none` for those that are assigned to no person, or a person's id.
    #[param(required = false)]
    assignee: Option<String>,
    /// A tag's id.
    #[param(required = false, value_type = String)]
    tag: Option<TagId>,
}

impl Filter {
    fn of(self, me: PersonId) -> Result<ConversationFilter, Problem> {
        let assigned = match self.assignee.as_deref() {
            None => Assigned::Whoever,
            Some("me") => Assigned::To(me),
            Some("none") => Assigned::Nobody,
            Some(id) => Assigned::To(id.parse().map_err(|_| {
                let detail = "`assignee` is `me`, `none` or a person's id";
                Problem::new(StatusCode::BAD_REQUEST, "malformed", detail)
            })?),
        };
        Ok(ConversationFilter { state: self.state, assigned, tag: self.tag })
    }
}

/// Starts a conversation with a client.
#[utoipa::path(post, path = "/api/v1/conversations", tag = "conversations", params(("Idempotency-Key" = Option<String>, Header, description = "The same key again, within a day, gives what was made and makes nothing")), request_body = NewConversation, responses(
    (status = 201, description = "Started", body = ConversationView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`: for who does not reach all conversations, an `external_id` that is not that of a client whom they reach, whether there is one or not", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`conflict`: the key was used for another request", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn start(
    State(web): State<Web>,
    Auth(caller): Auth,
    Key(key): Key,
    Json(body): Json<NewConversation>,
) -> Result<(StatusCode, axum::Json<ConversationView>), Problem> {
    let client = NewClient { name: body.client.name, external_id: body.client.external_id };
    let row = web.app.start_conversation(&caller, client, key).await?;
    Ok((StatusCode::CREATED, axum::Json(row.into())))
}

/// The account's conversations that the caller reaches, those first in which something happened last: a message that was not blocked,
/// or their beginning.
#[utoipa::path(get, path = "/api/v1/conversations", tag = "conversations", params(Paging, Filter), responses(
    (status = 200, description = "One page", body = List<ConversationView>),
    (status = 400, description = "`malformed`: the cursor, the limit or a filter", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(paging): Params<Paging>,
    Params(filter): Params<Filter>,
) -> Result<axum::Json<List<ConversationView>>, Problem> {
    let filter = filter.of(caller.person)?;
    let rows = web.app.conversations(&caller, filter, paging.newest_first()?).await?;
    Ok(axum::Json(List::of(rows.into_iter().map(ConversationView::from).collect(), &paging, |row| row.activity)))
}

/// One conversation.
#[utoipa::path(get, path = "/api/v1/conversations/{id}", tag = "conversations", params(("id" = String, Path)), responses(
    (status = 200, description = "The conversation", body = ConversationView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn get(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ConversationId>,
) -> Result<axum::Json<ConversationView>, Problem> {
    Ok(axum::Json(web.app.conversation(&caller, id).await?.into()))
}

/// Closes a conversation, with its request, or opens it again, with a new one. What is so already stays so.
#[utoipa::path(patch, path = "/api/v1/conversations/{id}", tag = "conversations", params(("id" = String, Path)), request_body = ChangedConversation, responses(
    (status = 200, description = "The conversation as it is now", body = ConversationView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn change(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ConversationId>,
    Json(body): Json<ChangedConversation>,
) -> Result<axum::Json<ConversationView>, Problem> {
    Ok(axum::Json(web.app.set_conversation_state(&caller, id, body.state).await?.into()))
}

/// The requests of a conversation, newest first.
#[utoipa::path(get, path = "/api/v1/conversations/{id}/requests", tag = "conversations", params(("id" = String, Path), Paging), responses(
    (status = 200, description = "One page", body = List<RequestView>),
    (status = 400, description = "`malformed`: the cursor, the limit or a filter", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn requests(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ConversationId>,
    Params(paging): Params<Paging>,
) -> Result<axum::Json<List<RequestView>>, Problem> {
    let rows = web.app.requests(&caller, id, paging.newest_first::<RequestId>()?).await?;
    Ok(axum::Json(List::of(rows.into_iter().map(RequestView::from).collect(), &paging, |row| row.id)))
}
