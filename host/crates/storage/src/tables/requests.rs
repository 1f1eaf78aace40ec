//! Requests: what clients wanted, from the message that began each to the closing of its conversation.

use sluice_domain::{
    id::{ConversationId, RequestId},
    time::Timestamp,
};

use crate::{
    error::StorageError,
    page::Before,
    row::Row,
    sql::{Sql, values},
    tx::Account,
};

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRow {
    /// The request's own.
    pub id: RequestId,
    /// In which conversation.
    pub conversation_id: ConversationId,
    /// When it began.
    pub opened_at: Timestamp,
    /// When the conversation was closed; `None` while it is open.
    pub closed_at: Option<Timestamp>,
    /// Who closed it: a person or a token.
    pub closed_by: Option<String>,
}

fn request(row: &mut Row<'_>) -> Result<RequestRow, StorageError> {
    Ok(RequestRow {
        id: row.parsed("request id")?,
        conversation_id: row.parsed("conversation id")?,
        opened_at: row.time("request time")?,
        closed_at: row.maybe_time("request end")?,
        closed_by: row.maybe_text("who closed a request")?,
    })
}

const INSERT: Sql =
    Sql::new("INSERT INTO requests (account_id, id, conversation_id, opened_at) VALUES ($1, $2, $3, $4)");
const OPEN: Sql = Sql::new(
    "UPDATE conversations SET state = 'open', closed_at = NULL, request_id = $1 WHERE account_id = $2 AND id = $3",
);
const CLOSE: Sql = Sql::new(
    "UPDATE requests SET closed_at = $1, closed_by = $2
     WHERE account_id = $3 AND conversation_id = $4 AND closed_at IS NULL",
);
const CLOSE_CONVERSATION: Sql = Sql::new(
    "UPDATE conversations SET state = 'closed', closed_at = $1, request_id = NULL WHERE account_id = $2 AND id = $3",
);
const LIST: Sql = Sql::new(
    "SELECT id, conversation_id, opened_at, closed_at, closed_by FROM requests
     WHERE account_id = $1 AND conversation_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4",
);

impl Account<'_> {
    /// Begins a request, which opens its conversation. That the conversation has none is for the caller to know.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such conversation.
    pub fn open_request(
        &mut self,
        id: RequestId,
        conversation: ConversationId,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        self.tx.execute(INSERT, values![self.id, id, conversation, at])?;
        self.tx.execute(OPEN, values![id, self.id, conversation])?;
        Ok(())
    }

    /// Closes a conversation and its open request. Gives whether there is such a conversation.
    ///
    /// # Errors
    /// Those of the database.
    pub fn close_conversation(&mut self, id: ConversationId, at: Timestamp, by: &str) -> Result<bool, StorageError> {
        self.tx.execute(CLOSE, values![at, by, self.id, id])?;
        Ok(self.tx.execute(CLOSE_CONVERSATION, values![at, self.id, id])? > 0)
    }

    /// The requests of a conversation, newest first. Empty when the account has no such conversation.
    ///
    /// # Errors
    /// Those of the database.
    pub fn requests(
        &mut self,
        conversation: ConversationId,
        page: Before<RequestId>,
    ) -> Result<Vec<RequestRow>, StorageError> {
        self.tx.all(LIST, values![self.id, conversation, page.bound(), page.limit], request)
    }
}
