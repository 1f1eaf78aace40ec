//! Messages as rules saw them, in the order of time, many at once.
//!
//! What became of them is not read here: see `messages`.

use sluice_domain::{
    id::MessageId,
    message::{Actor, Message},
    time::Period,
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, values},
    tables::reach::{self, TextReader, reached, reached_by_id, text_seen},
    tx::Account,
};

/// Some of an account's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// How many they are.
    pub messages: u64,
    /// The oldest.
    pub oldest: MessageId,
}

// For who sees all texts, what is in the index of the primary key is given, and no row looked at.
const EXTENT: Sql = Sql::new(
    "SELECT COUNT(*), MIN(id) FROM
         (SELECT id FROM messages WHERE account_id = $1 AND id >= $2 AND id < $3 ORDER BY id DESC LIMIT $4) newest",
);
const EXTENT_REACHED: Sql = Sql::new(concat!(
    "SELECT COUNT(*), MIN(id) FROM
         (SELECT m.id FROM messages m WHERE m.account_id = $1 AND m.id >= $2 AND m.id < $3 AND ",
    reached_by_id!("m.conversation_id", "$1", "$4", "$5"),
    " AND ",
    text_seen!("$6", "$7"),
    " ORDER BY m.id DESC LIMIT $8) newest"
));
const REPLAY: Sql = Sql::new(concat!(
    "SELECT m.id, m.direction, v.transport, v.channel, m.conversation_id, v.group_id, m.author_id, m.author_role,
            m.author_name, m.text, m.attachments, m.created_at
     FROM messages m JOIN conversations v ON v.account_id = m.account_id AND v.id = m.conversation_id
     WHERE m.account_id = $1 AND m.id >= $2 AND m.id < $3 AND ",
    reached!("$1", "$4", "$5"),
    " AND ",
    text_seen!("$6", "$7"),
    " ORDER BY m.id LIMIT $8"
));

fn message(row: &mut Row<'_>) -> Result<Message, StorageError> {
    Ok(Message {
        id: row.parsed("message id")?,
        direction: row.word("direction")?,
        transport: row.text("transport")?,
        channel: row.text("channel")?,
        conversation: Some(row.parsed("conversation id")?),
        group: row.maybe_parsed("group")?,
        author: Actor { id: row.text("author id")?, role: row.word("author role")?, name: row.text("author name")? },
        text: row.text("message text")?,
        links: Vec::new(),
        attachments: row.json("attachments")?,
        sent_at: row.time("message time")?,
    })
}

impl Account<'_> {
    /// The newest messages of `period` that are older than `before`, that the reader sees, at most `limit`; `None` when
    /// there are none.
    ///
    /// # Errors
    /// Those of the database.
    pub fn newest_extent(
        &mut self,
        reader: TextReader,
        period: Period,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Option<Extent>, StorageError> {
        let (from, to) = (MessageId::first_at(period.from), before.unwrap_or(MessageId::first_at(period.to)));
        let read = |row: &mut Row<'_>| {
            let messages = row.size("number of messages")?;
            Ok(row.maybe_parsed("message id")?.map(|oldest| Extent { messages, oldest }))
        };
        let TextReader { messages, .. } = reader;
        let (held, blocked) = (i64::from(reader.held), i64::from(reader.blocked));
        let extent = if reader.sees_all() {
            self.tx.first(EXTENT, values![self.id, from, to, limit], read)?
        } else {
            self.tx.first(
                EXTENT_REACHED,
                values![self.id, from, to, reach::word(messages), reach::person(messages), held, blocked, limit],
                read,
            )?
        };
        Ok(extent.flatten())
    }

    /// The messages from `from` on and before `to`, that the reader sees, as they were kept, oldest first; at most
    /// `limit`. Links are not looked for, and the place is that of the conversation now.
    ///
    /// # Errors
    /// Those of the database.
    pub fn replay_messages(
        &mut self,
        reader: TextReader,
        from: MessageId,
        to: MessageId,
        limit: u32,
    ) -> Result<Vec<Message>, StorageError> {
        let TextReader { messages, .. } = reader;
        let (held, blocked) = (i64::from(reader.held), i64::from(reader.blocked));
        let values = values![self.id, from, to, reach::word(messages), reach::person(messages), held, blocked, limit];
        self.tx.all(REPLAY, values, message)
    }
}
