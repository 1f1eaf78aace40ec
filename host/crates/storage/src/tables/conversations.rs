//! Conversations with clients.

use sluice_domain::{
    id::{ClientId, ConversationId},
    time::Timestamp,
};

use crate::{
    error::StorageError,
    page::Before,
    row::Row,
    sql::{Sql, values},
    tx::Account,
};

/// A conversation, with its client's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationRow {
    /// The conversation's own.
    pub id: ConversationId,
    /// With whom.
    pub client_id: ClientId,
    /// The client's name.
    pub client_name: String,
    /// How its messages travel: `widget`, `api`, the name of a messenger.
    pub transport: String,
    /// The account's channel; opaque.
    pub channel: String,
    /// When it began.
    pub created_at: Timestamp,
}

/// A conversation to be begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConversation {
    /// The conversation's own.
    pub id: ConversationId,
    /// With whom.
    pub client_id: ClientId,
    /// See [`ConversationRow::transport`].
    pub transport: String,
    /// See [`ConversationRow::channel`].
    pub channel: String,
    /// When it begins.
    pub created_at: Timestamp,
}

fn conversation(row: &mut Row<'_>) -> Result<ConversationRow, StorageError> {
    Ok(ConversationRow {
        id: row.parsed("conversation id")?,
        client_id: row.parsed("client id")?,
        client_name: row.text("client name")?,
        transport: row.text("transport")?,
        channel: row.text("channel")?,
        created_at: row.time("conversation time")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO conversations (account_id, id, client_id, transport, channel, created_at)
     VALUES ($1, $2, $3, $4, $5, $6)",
);
const GET: Sql = Sql::new(
    "SELECT v.id, v.client_id, c.name, v.transport, v.channel, v.created_at
     FROM conversations v JOIN clients c ON c.account_id = v.account_id AND c.id = v.client_id
     WHERE v.account_id = $1 AND v.id = $2",
);
const LIST: Sql = Sql::new(
    "SELECT v.id, v.client_id, c.name, v.transport, v.channel, v.created_at
     FROM conversations v JOIN clients c ON c.account_id = v.account_id AND c.id = v.client_id
     WHERE v.account_id = $1 AND v.id < $2 ORDER BY v.id DESC LIMIT $3",
);

impl Account<'_> {
    /// Begins a conversation.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such client.
    pub fn insert_conversation(&mut self, new: &NewConversation) -> Result<(), StorageError> {
        self.tx
            .execute(INSERT, values![self.id, new.id, new.client_id, &new.transport, &new.channel, new.created_at])?;
        Ok(())
    }

    /// One conversation; `None` when the account has no such conversation.
    ///
    /// # Errors
    /// Those of the database.
    pub fn conversation(&mut self, id: ConversationId) -> Result<Option<ConversationRow>, StorageError> {
        self.tx.first(GET, values![self.id, id], conversation)
    }

    /// The account's conversations, newest first by when they began.
    ///
    /// # Errors
    /// Those of the database.
    pub fn conversations(&mut self, page: Before<ConversationId>) -> Result<Vec<ConversationRow>, StorageError> {
        self.tx.all(LIST, values![self.id, page.bound(), page.limit], conversation)
    }
}
