//! Messages of conversations, delivered or not.

use sluice_domain::{
    id::{ConversationId, DecisionId, MessageId},
    message::{Actor, Direction},
    time::Timestamp,
    verdict::{Reason, State},
};

use crate::{
    error::StorageError,
    page::{Cursor, Page},
    row::Row,
    sql::{Sql, json, values, word},
    tx::Account,
};

/// A message as the rules left it.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageRow {
    /// The message's own.
    pub id: MessageId,
    /// Where it was written.
    pub conversation_id: ConversationId,
    /// The sequence number of the event that announced it: messages are ordered by it. Two messages never share one.
    pub seq: i64,
    /// From the client or to the client.
    pub direction: Direction,
    /// Who wrote it.
    pub author: Actor,
    /// As the rules left it.
    pub text: String,
    /// What became of it.
    pub state: State,
    /// Why it was held or blocked.
    pub reason: Option<Reason>,
    /// What the chain made of it.
    pub decision_id: DecisionId,
    /// When it was accepted.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for MessageRow {
    /// Without what people wrote: rows end up in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MessageRow")
            .field("id", &self.id)
            .field("conversation_id", &self.conversation_id)
            .field("seq", &self.seq)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

pub(crate) fn message(row: &mut Row<'_>) -> Result<MessageRow, StorageError> {
    Ok(MessageRow {
        id: row.parsed("message id")?,
        conversation_id: row.parsed("conversation id")?,
        seq: row.int("message sequence")?,
        direction: row.word("direction")?,
        author: Actor { id: row.text("author id")?, role: row.word("author role")?, name: row.text("author name")? },
        text: row.text("message text")?,
        state: row.word("message state")?,
        reason: row.maybe_json("reason")?,
        decision_id: row.parsed("decision id")?,
        created_at: row.time("message time")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO messages (account_id, id, conversation_id, seq, direction, author_id, author_role, author_name, text, state,
                           reason, decision_id, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
);
const GET: Sql = Sql::new(
    "SELECT id, conversation_id, seq, direction, author_id, author_role, author_name, text, state, reason, decision_id,
            created_at
     FROM messages WHERE account_id = $1 AND id = $2",
);
const AFTER: Sql = Sql::new(
    "SELECT id, conversation_id, seq, direction, author_id, author_role, author_name, text, state, reason, decision_id,
            created_at
     FROM messages WHERE account_id = $1 AND conversation_id = $2 AND seq > $3 ORDER BY seq LIMIT $4",
);
const BEFORE: Sql = Sql::new(
    "SELECT id, conversation_id, seq, direction, author_id, author_role, author_name, text, state, reason, decision_id,
            created_at
     FROM messages WHERE account_id = $1 AND conversation_id = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4",
);

impl Account<'_> {
    /// Adds a message. Its decision and its event go before it, in the same transaction.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such conversation or decision; [`StorageError::Conflict`] for the id.
    pub fn insert_message(&mut self, row: &MessageRow) -> Result<(), StorageError> {
        self.tx.execute(
            INSERT,
            values![
                self.id,
                row.id,
                row.conversation_id,
                row.seq,
                word(&row.direction),
                &row.author.id,
                word(&row.author.role),
                &row.author.name,
                &row.text,
                row.state.as_str(),
                row.reason.as_ref().map(json),
                row.decision_id,
                row.created_at
            ],
        )?;
        self.index_new_message(row.id, &row.text)
    }

    /// One message; `None` when the account has no such message.
    ///
    /// # Errors
    /// Those of the database.
    pub fn message(&mut self, id: MessageId) -> Result<Option<MessageRow>, StorageError> {
        self.tx.first(GET, values![self.id, id], message)
    }

    /// The messages of a conversation in the order of acceptance; cursors are [`MessageRow::seq`]. Empty when the account has no
    /// such conversation.
    ///
    /// # Errors
    /// Those of the database.
    pub fn messages(&mut self, conversation: ConversationId, page: Page<i64>) -> Result<Vec<MessageRow>, StorageError> {
        let (sql, seq) = match page.cursor {
            Cursor::First => (AFTER, 0),
            Cursor::After(seq) => (AFTER, seq),
            Cursor::Before(seq) => (BEFORE, seq),
            Cursor::Last => (BEFORE, i64::MAX),
        };
        let mut messages = self.tx.all(sql, values![self.id, conversation, seq, page.limit], message)?;
        match page.cursor {
            Cursor::First | Cursor::After(_) => {}
            Cursor::Before(_) | Cursor::Last => messages.reverse(),
        }
        Ok(messages)
    }
}
