//! Conversations: one client's messages with the account, opened and closed.

use sluice_domain::{
    conversation::ConversationState,
    id::{ClientId, ConversationId, RequestId},
    permission::{Permission, Reach},
};
use sluice_storage::{
    Account, Assignment, Before, ClientRow, ClientUpdate, ConversationFilter, ConversationOverview, NewConversation,
    Reader, RequestRow,
};

use crate::{
    App, AppError,
    caller::Caller,
    events::{self, Change},
    names,
};

/// Who a new conversation is with.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// What operators see.
    pub name: String,
    /// The client's id in the messenger or the customer's own system: the same one again is the same client.
    pub external_id: Option<String>,
}

/// The same whether there is such a client or not.
const UNREACHED: &str = "client with this external id whom you reach (leave `external_id` out for a new client, or ask somebody who reaches all conversations)";

impl App {
    /// Starts a conversation with a client, who is made unless the account has one with this external id. Who does not reach all
    /// conversations names only clients whom they reach: whether there is another with an external id, they do not learn.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`] for a name, an id or the key; [`AppError::Conflict`] for the key;
    /// [`AppError::NotFound`] for an external id that is not that of a client whom the caller reaches, when that is asked for.
    pub async fn start_conversation(
        &self,
        caller: &Caller,
        client: NewClient,
        idempotency_key: Option<String>,
    ) -> Result<ConversationOverview, AppError> {
        let reader = bringer(caller)?;
        let name = names::of_client("client.name", &client.name)?;
        if let Some(id) = &client.external_id {
            names::check("client.external_id", id, names::BYTES)?;
        }
        let request = || format!("conversation\n{}\n{:?}", client.name, client.external_id);
        let making = self.making(idempotency_key, caller, request)?;
        let (account, now) = (caller.account, self.now());
        let new_client = ClientRow {
            id: ClientId::new(now, self.random()),
            name,
            external_id: client.external_id,
            created_at: now,
            known: ClientUpdate::default(),
            tags: Vec::new(),
        };
        let id = ConversationId::new(now, self.random());
        // Who does not reach all conversations reaches this one by being its assignee.
        let assignment = Assignment { person: Some(caller.person).filter(|_| reader.reach != Reach::All), group: None };
        self.write_and_wake(caller, move |tx| {
            if let Some(earlier) = making.earlier(tx, id, now)? {
                return overview(&mut tx.account(account), earlier, reader);
            }
            let mut rows = tx.account(account);
            let known = match &new_client.external_id {
                Some(external_id) => rows.client_by_external_id(external_id, reader)?,
                None => None,
            };
            if known.is_none() && new_client.external_id.is_some() && reader.reach != Reach::All {
                return Err(AppError::NotFound(UNREACHED));
            }
            let client_id = match known {
                Some(client) => client.id,
                None => {
                    rows.insert_client(&new_client)?;
                    new_client.id
                }
            };
            let activity = events::announce(&mut rows, id, Change::Something, now)?;
            rows.insert_conversation(&NewConversation {
                id,
                client_id,
                transport: "api".to_owned(),
                channel: "api".to_owned(),
                assignment,
                created_at: now,
                activity,
            })?;
            overview(&mut rows, id, reader)
        })
        .await
    }

    /// The account's conversations that the caller reaches and that pass `filter`, those first in which something happened last.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn conversations(
        &self,
        caller: &Caller,
        filter: ConversationFilter,
        page: Before<i64>,
    ) -> Result<Vec<ConversationOverview>, AppError> {
        let (account, reader) = (caller.account, caller.reader()?);
        self.read(account, move |tx| Ok(tx.account(account).conversations(reader, &filter, page)?)).await
    }

    /// One conversation.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn conversation(&self, caller: &Caller, id: ConversationId) -> Result<ConversationOverview, AppError> {
        let (account, reader) = (caller.account, caller.reader()?);
        self.inner.database.read(move |tx| overview(&mut tx.account(account), id, reader)).await
    }

    /// Closes a conversation, with its request, or opens it again, with a new one.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn set_conversation_state(
        &self,
        caller: &Caller,
        id: ConversationId,
        state: ConversationState,
    ) -> Result<ConversationOverview, AppError> {
        let (account, reader, by) = (caller.account, caller.reader()?, caller.actor().id);
        let now = self.now();
        let request = RequestId::new(now, self.random());
        self.write_and_wake(caller, move |tx| {
            let mut rows = tx.account(account);
            let before = overview(&mut rows, id, reader)?;
            match (before.row.state, state) {
                (ConversationState::Open, ConversationState::Open)
                | (ConversationState::Closed, ConversationState::Closed) => return Ok(before),
                (ConversationState::Open, ConversationState::Closed) => {
                    rows.close_conversation(id, now, &by)?;
                }
                (ConversationState::Closed, ConversationState::Open) => rows.open_request(request, id, now)?,
            }
            events::announce(&mut rows, id, Change::Something, now)?;
            overview(&mut rows, id, reader)
        })
        .await
    }

    /// The requests of a conversation, newest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`] for the conversation.
    pub async fn requests(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        page: Before<RequestId>,
    ) -> Result<Vec<RequestRow>, AppError> {
        let (account, reader) = (caller.account, caller.reader()?);
        self.read(account, move |tx| {
            let mut rows = tx.account(account);
            reached(&mut rows, conversation, reader)?;
            Ok(rows.requests(conversation, page)?)
        })
        .await
    }
}

/// A program that brings in what clients wrote does so for all conversations, and need not read them.
fn bringer(caller: &Caller) -> Result<Reader, AppError> {
    match caller.require(Permission::WriteAsClient) {
        Ok(()) => Ok(Reader { person: caller.person, reach: Reach::All }),
        Err(_) => caller.reader(),
    }
}

/// A conversation as one reader sees it.
pub(crate) fn overview(
    rows: &mut Account<'_>,
    id: ConversationId,
    reader: Reader,
) -> Result<ConversationOverview, AppError> {
    rows.conversation_overview(id, reader)?.ok_or(AppError::NotFound("conversation"))
}

/// Whether there is such a conversation for the reader.
pub(crate) fn reached(rows: &mut Account<'_>, id: ConversationId, reader: Reader) -> Result<(), AppError> {
    rows.conversation(id, reader)?.map(drop).ok_or(AppError::NotFound("conversation"))
}
