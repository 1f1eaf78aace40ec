//! Messages of conversations, delivered or not.

use sluice_domain::{
    id::{AccountId, ConversationId, DecisionId, GroupId, MessageId},
    import::EarlierMessage,
    message::{Actor, Attachment, Direction},
    review::Review,
    time::Timestamp,
    verdict::{Reason, State},
};

use crate::{
    error::StorageError,
    page::{Before, Cursor, Page},
    row::Row,
    sql::{Sql, json, values, word},
    tables::reach::{self, Reader, TextReader, reached, reached_by_id, text_seen},
    tx::{Account, Tx},
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
    /// Files that go with it, as the rules left them.
    pub attachments: Vec<Attachment>,
    /// What the client is told in place of what it wrote, when that was blocked.
    pub notice: Option<String>,
    /// What a supervisor made of it, when it was held.
    pub review: Option<Review>,
    /// Until when it waits, while it is held.
    pub held_until: Option<Timestamp>,
    /// The sequence number of the event with which it reached the other side.
    pub delivered_seq: Option<i64>,
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
        author: author(row)?,
        text: row.text("message text")?,
        state: row.word("message state")?,
        reason: row.maybe_json("reason")?,
        attachments: row.json("attachments")?,
        notice: row.maybe_text("notice")?,
        review: row.maybe_json("review")?,
        held_until: row.maybe_time("end of a hold")?,
        delivered_seq: row.maybe_int("delivery sequence")?,
        decision_id: row.parsed("decision id")?,
        created_at: row.time("message time")?,
    })
}

fn author(row: &mut Row<'_>) -> Result<Actor, StorageError> {
    Ok(Actor { id: row.text("author id")?, role: row.word("author role")?, name: row.text("author name")? })
}

/// The columns of a message `m`, as [`message`] reads them.
macro_rules! columns {
    () => {
        "m.id, m.conversation_id, m.seq, m.direction, m.author_id, m.author_role, m.author_name, m.text, m.state,
         m.reason, m.attachments, m.notice, m.review, m.held_until, m.delivered_seq, m.decision_id, m.created_at "
    };
}
pub(crate) use columns;

/// A statement that gives messages.
macro_rules! select {
    ($($rest:expr),*) => {
        Sql::new(concat!("SELECT ", columns!(), $($rest),*))
    };
}

const INSERT: Sql = Sql::new(
    "INSERT INTO messages (account_id, id, conversation_id, seq, direction, author_id, author_role, author_name, text, state,
                           reason, attachments, notice, review, held_until, delivered_seq, decision_id, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
);
const GET: Sql = select!("FROM messages m WHERE m.account_id = $1 AND m.id = $2");
const GET_REACHED: Sql = select!(
    "FROM messages m WHERE m.account_id = $1 AND m.id = $2 AND ",
    reached_by_id!("m.conversation_id", "$1", "$3", "$4")
);
const AFTER: Sql = select!(
    "FROM messages m WHERE m.account_id = $1 AND m.conversation_id = $2 AND m.seq > $3 ORDER BY m.seq LIMIT $4"
);
const BEFORE: Sql = select!(
    "FROM messages m WHERE m.account_id = $1 AND m.conversation_id = $2 AND m.seq < $3 ORDER BY m.seq DESC LIMIT $4"
);
const AFTER_OF_CLIENT: Sql = select!(
    "FROM messages m WHERE m.account_id = $1 AND m.conversation_id = $2 AND m.seq > $3
       AND (m.direction = 'incoming' OR m.state = 'delivered') ORDER BY m.seq LIMIT $4"
);
const BEFORE_OF_CLIENT: Sql = select!(
    "FROM messages m WHERE m.account_id = $1 AND m.conversation_id = $2 AND m.seq < $3
       AND (m.direction = 'incoming' OR m.state = 'delivered') ORDER BY m.seq DESC LIMIT $4"
);
const EARLIER: Sql = Sql::new(
    "SELECT direction, author_id, author_role, author_name, text, created_at FROM messages
     WHERE account_id = $1 AND conversation_id = $2 AND state = 'delivered' AND id < $3 ORDER BY seq DESC LIMIT $4",
);
const HELD: Sql = select!(
    "FROM messages m WHERE m.account_id = $1 AND m.state = 'held' AND m.seq > $2 AND ",
    reached_by_id!("m.conversation_id", "$1", "$3", "$4"),
    " ORDER BY m.seq LIMIT $5"
);
const QUARANTINED: Sql = select!(
    "FROM messages m WHERE m.account_id = $1 AND m.state = 'blocked' AND m.direction = 'incoming' AND m.id < $2 AND ",
    reached_by_id!("m.conversation_id", "$1", "$3", "$4"),
    " ORDER BY m.id DESC LIMIT $5"
);
const LATEST: Sql = select!(
    ", v.transport, v.channel, v.group_id
     FROM messages m JOIN conversations v ON v.account_id = m.account_id AND v.id = m.conversation_id
     WHERE m.account_id = $1 AND m.id < $2 AND ",
    reached!("$1", "$3", "$4"),
    " AND ",
    text_seen!("$5", "$6"),
    " ORDER BY m.id DESC LIMIT $7"
);
const REVIEW: Sql = Sql::new(
    "UPDATE messages SET state = $1, text = $2, reason = $3, notice = $4, review = $5, delivered_seq = $6, held_until = NULL
     WHERE account_id = $7 AND id = $8 AND state = 'held'",
);
const EXPIRED: Sql = Sql::new(
    "SELECT account_id, id FROM messages WHERE state = 'held' AND held_until <= $1 ORDER BY held_until LIMIT $2",
);

/// A message, and where its conversation is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedMessage {
    /// The message.
    pub message: MessageRow,
    /// How it travelled.
    pub transport: String,
    /// The account's channel.
    pub channel: String,
    /// The group that answers the conversation.
    pub group: Option<GroupId>,
}

/// What became of a message that was held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// Delivered or blocked.
    pub state: State,
    /// As it is delivered.
    pub text: String,
    /// Why it was blocked; what it was held for, when it is delivered.
    pub reason: Option<Reason>,
    /// What the client is told in place of what it wrote.
    pub notice: Option<String>,
    /// Who decided.
    pub review: Review,
    /// See [`MessageRow::delivered_seq`].
    pub delivered_seq: Option<i64>,
}

impl Tx<'_> {
    /// At most `limit` messages of any account that waited until `now` or longer.
    ///
    /// # Errors
    /// Those of the database.
    pub fn expired_messages(
        &mut self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(AccountId, MessageId)>, StorageError> {
        self.all(EXPIRED, values![now, limit], |row| Ok((row.parsed("account id")?, row.parsed("message id")?)))
    }
}

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
                json(&row.attachments),
                row.notice.as_deref(),
                row.review.as_ref().map(json),
                row.held_until,
                row.delivered_seq,
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

    /// The same; `None` too when the reader does not reach its conversation.
    ///
    /// # Errors
    /// Those of the database.
    pub fn message_for(&mut self, id: MessageId, reader: Reader) -> Result<Option<MessageRow>, StorageError> {
        self.tx.first(GET_REACHED, values![self.id, id, reach::word(Some(reader)), reader.person], message)
    }

    /// The messages of a conversation in the order of acceptance; cursors are [`MessageRow::seq`]. Empty when the account has no
    /// such conversation.
    ///
    /// # Errors
    /// Those of the database.
    pub fn messages(&mut self, conversation: ConversationId, page: Page<i64>) -> Result<Vec<MessageRow>, StorageError> {
        self.page_of(conversation, page, AFTER, BEFORE)
    }

    /// Like [`Account::messages`], without what was written to the client and has not reached it.
    ///
    /// # Errors
    /// Those of the database.
    pub fn messages_of_client(
        &mut self,
        conversation: ConversationId,
        page: Page<i64>,
    ) -> Result<Vec<MessageRow>, StorageError> {
        self.page_of(conversation, page, AFTER_OF_CLIENT, BEFORE_OF_CLIENT)
    }

    fn page_of(
        &mut self,
        conversation: ConversationId,
        page: Page<i64>,
        after: Sql,
        before: Sql,
    ) -> Result<Vec<MessageRow>, StorageError> {
        let (sql, seq) = match page.cursor {
            Cursor::First => (after, 0),
            Cursor::After(seq) => (after, seq),
            Cursor::Before(seq) => (before, seq),
            Cursor::Last => (before, i64::MAX),
        };
        let mut messages = self.tx.all(sql, values![self.id, conversation, seq, page.limit], message)?;
        match page.cursor {
            Cursor::First | Cursor::After(_) => {}
            Cursor::Before(_) | Cursor::Last => messages.reverse(),
        }
        Ok(messages)
    }

    /// The newest messages of a conversation that were accepted before `message` and have reached the other side, newest first: at most
    /// `limit`, and at most `bytes` bytes of text together.
    ///
    /// # Errors
    /// Those of the database.
    pub fn earlier_messages(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
        limit: u32,
        bytes: usize,
    ) -> Result<Vec<EarlierMessage>, StorageError> {
        let mut messages = self.tx.all(EARLIER, values![self.id, conversation, message, limit], |row| {
            Ok(EarlierMessage {
                direction: row.word("direction")?,
                author: author(row)?,
                text: row.text("message text")?,
                sent_at: row.time("message time")?,
            })
        })?;
        let mut together = 0;
        let too_many = messages.iter().position(|message| {
            together += message.text.len();
            together > bytes
        });
        messages.truncate(too_many.unwrap_or(messages.len()));
        Ok(messages)
    }

    /// Messages that wait for a supervisor, oldest first: at most `limit` after the sequence number `after`.
    ///
    /// # Errors
    /// Those of the database.
    pub fn held_messages(&mut self, reader: Reader, after: i64, limit: u32) -> Result<Vec<MessageRow>, StorageError> {
        let values = values![self.id, after, reach::word(Some(reader)), reader.person, limit];
        self.tx.all(HELD, values, message)
    }

    /// Messages of clients that were blocked, in conversations that the reader reaches, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn quarantined_messages(
        &mut self,
        reader: Option<Reader>,
        page: Before<MessageId>,
    ) -> Result<Vec<MessageRow>, StorageError> {
        let values = values![self.id, page.bound(), reach::word(reader), reach::person(reader), page.limit];
        self.tx.all(QUARANTINED, values, message)
    }

    /// The newest messages that the reader sees, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn latest_messages(
        &mut self,
        reader: TextReader,
        page: Before<MessageId>,
    ) -> Result<Vec<PlacedMessage>, StorageError> {
        let (reached, held, blocked) = (reader.messages, i64::from(reader.held), i64::from(reader.blocked));
        let (word, person) = (reach::word(reached), reach::person(reached));
        let values = values![self.id, page.bound(), word, person, held, blocked, page.limit];
        self.tx.all(LATEST, values, |row| {
            Ok(PlacedMessage {
                message: message(row)?,
                transport: row.text("transport")?,
                channel: row.text("channel")?,
                group: row.maybe_parsed("group")?,
            })
        })
    }

    /// Says what became of a held message. Gives whether it was still held.
    ///
    /// # Errors
    /// Those of the database.
    pub fn review_message(&mut self, id: MessageId, reviewed: &Reviewed) -> Result<bool, StorageError> {
        let Reviewed { state, text, reason, notice, review, delivered_seq } = reviewed;
        let values = values![
            state.as_str(),
            text,
            reason.as_ref().map(json),
            notice.as_deref(),
            json(review),
            *delivered_seq,
            self.id,
            id
        ];
        Ok(self.tx.execute(REVIEW, values)? > 0)
    }
}
