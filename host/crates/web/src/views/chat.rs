//! Conversations, their requests and comments, and clients in their JSON form.

use serde::Serialize;
use sluice_app::rows::{ClientRow, CommentRow, ConversationOverview, RequestRow};
use sluice_domain::{
    conversation::ConversationState,
    id::{ClientId, CommentId, ConversationId, GroupId, PersonId, RequestId, TagId},
    message::Actor,
    time::Timestamp,
};
use utoipa::ToSchema;

use crate::documents::{self, ActorDoc};

/// With whom a conversation is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClientName {
    #[schema(value_type = String)]
    id: ClientId,
    /// What operators see.
    name: String,
}

/// A conversation with a client, as the caller sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConversationView {
    #[schema(value_type = String)]
    id: ConversationId,
    client: ClientName,
    /// How its messages travel.
    transport: String,
    /// The account's channel.
    channel: String,
    /// The person who answers it.
    #[schema(value_type = Option<String>)]
    assignee_id: Option<PersonId>,
    /// The group that answers it.
    #[schema(value_type = Option<String>)]
    group_id: Option<GroupId>,
    #[schema(value_type = i64)]
    created_at: Timestamp,
    /// `closed` until the client writes again.
    #[schema(schema_with = documents::conversation_state)]
    state: ConversationState,
    /// While it is closed.
    #[schema(value_type = Option<i64>)]
    closed_at: Option<Timestamp>,
    /// The request that is open.
    #[schema(value_type = Option<String>)]
    request: Option<RequestId>,
    /// `seq` of its last message that was not blocked; 0 before there is one.
    last_seq: i64,
    /// How far the caller has read, as a `seq`.
    read_seq: i64,
    /// How many messages the client wrote after that; 100 stands for more.
    unread: u64,
    /// How far the client has read, as a `seq`.
    client_read_seq: i64,
    /// The tags' ids.
    #[schema(value_type = Vec<String>)]
    tags: Vec<TagId>,
    #[serde(skip)]
    pub(crate) activity: i64,
}

impl From<ConversationOverview> for ConversationView {
    fn from(ConversationOverview { row, read_seq, unread, tags }: ConversationOverview) -> Self {
        Self {
            id: row.id,
            client: ClientName { id: row.client_id, name: row.client_name },
            transport: row.transport,
            channel: row.channel,
            assignee_id: row.assignment.person,
            group_id: row.assignment.group,
            created_at: row.created_at,
            state: row.state,
            closed_at: row.closed_at,
            request: row.request,
            last_seq: row.last_seq,
            read_seq,
            unread,
            client_read_seq: row.client_read_seq,
            tags,
            activity: row.activity,
        }
    }
}

/// What a client wanted once: from the message that began it to the closing of the conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RequestView {
    #[schema(value_type = String)]
    pub(crate) id: RequestId,
    #[schema(value_type = String)]
    conversation_id: ConversationId,
    #[schema(value_type = i64)]
    opened_at: Timestamp,
    /// `null` while it is open.
    #[schema(value_type = Option<i64>)]
    closed_at: Option<Timestamp>,
    /// The person or the token that closed it.
    closed_by: Option<String>,
}

impl From<RequestRow> for RequestView {
    fn from(row: RequestRow) -> Self {
        let RequestRow { id, conversation_id, opened_at, closed_at, closed_by } = row;
        Self { id, conversation_id, opened_at, closed_at, closed_by }
    }
}

/// What one operator tells the others in a conversation. No client ever sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CommentView {
    #[schema(value_type = String)]
    id: CommentId,
    #[schema(value_type = String)]
    conversation_id: ConversationId,
    /// Its place among the account's events, and so among the conversation's messages.
    pub(crate) seq: i64,
    #[schema(value_type = ActorDoc)]
    author: Actor,
    text: String,
    #[schema(value_type = i64)]
    created_at: Timestamp,
}

impl From<CommentRow> for CommentView {
    fn from(row: CommentRow) -> Self {
        Self {
            id: row.id,
            conversation_id: row.conversation_id,
            seq: row.seq,
            author: row.author,
            text: row.text,
            created_at: row.created_at,
        }
    }
}

/// A client of the account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClientView {
    #[schema(value_type = String)]
    pub(crate) id: ClientId,
    /// What operators see.
    name: String,
    /// What another system calls the client.
    external_id: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    /// What operators wrote down.
    comment: Option<String>,
    /// The tags' ids.
    #[schema(value_type = Vec<String>)]
    tags: Vec<TagId>,
    #[schema(value_type = i64)]
    created_at: Timestamp,
}

impl From<ClientRow> for ClientView {
    fn from(row: ClientRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            external_id: row.external_id,
            phone: row.known.phone,
            email: row.known.email,
            comment: row.known.comment,
            tags: row.tags,
            created_at: row.created_at,
        }
    }
}
