//! Conversations: one client's messages with the account.

use sluice_domain::{
    id::{ClientId, ConversationId},
    permission::{Permission, Reach},
};
use sluice_storage::{Assignment, Before, ClientRow, ConversationRow, NewConversation, Reader};

use crate::{App, AppError, caller::Caller, names};

/// Who a new conversation is with.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// What operators see.
    pub name: String,
    /// The client's id in the messenger or the customer's own system: the same one again is the same client.
    pub external_id: Option<String>,
}

impl App {
    /// Starts a conversation with a client, who is made unless the account has one with this external id.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`] for a name or an id.
    pub async fn start_conversation(&self, caller: &Caller, client: NewClient) -> Result<ConversationRow, AppError> {
        // Programs that bring in what clients wrote start the conversations for it, and need not read them.
        let reader = match caller.require(Permission::WriteAsClient) {
            Ok(()) => Reader { person: caller.person, reach: Reach::All },
            Err(_) => caller.reader()?,
        };
        names::check("client.name", &client.name, names::BYTES)?;
        if let Some(id) = &client.external_id {
            names::check("client.external_id", id, names::BYTES)?;
        }
        let (account, now) = (caller.account, self.now());
        let new_client = ClientRow {
            id: ClientId::new(now, self.random()),
            name: client.name,
            external_id: client.external_id,
            created_at: now,
        };
        let id = ConversationId::new(now, self.random());
        // Who does not reach all conversations reaches this one by being its assignee.
        let assignment = Assignment { person: Some(caller.person).filter(|_| reader.reach != Reach::All), group: None };
        self.inner
            .database
            .write(Some(account), move |tx| {
                let mut rows = tx.account(account);
                let known = match &new_client.external_id {
                    Some(external_id) => rows.client_by_external_id(external_id)?,
                    None => None,
                };
                let client_id = match known {
                    Some(client) => client.id,
                    None => {
                        rows.insert_client(&new_client)?;
                        new_client.id
                    }
                };
                rows.insert_conversation(&NewConversation {
                    id,
                    client_id,
                    transport: "api".to_owned(),
                    channel: "api".to_owned(),
                    assignment,
                    created_at: now,
                })?;
                rows.conversation(id, reader)?.ok_or(AppError::Internal("reading a conversation back"))
            })
            .await
    }

    /// The account's conversations that the caller reaches, newest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn conversations(
        &self,
        caller: &Caller,
        page: Before<ConversationId>,
    ) -> Result<Vec<ConversationRow>, AppError> {
        let (account, reader) = (caller.account, caller.reader()?);
        self.inner.database.read(move |tx| Ok(tx.account(account).conversations(reader, page)?)).await
    }
}
