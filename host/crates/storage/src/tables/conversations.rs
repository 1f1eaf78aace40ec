//! Conversations with clients.

use sluice_domain::{
    conversation::ConversationState,
    id::{ClientId, ConversationId, GroupId, PersonId, RequestId, TagId},
    permission::Reach,
    time::Timestamp,
};

use crate::{
    error::StorageError,
    page::Before,
    row::Row,
    sql::{Sql, values},
    tables::{
        reach::{self, Reader, reached},
        tags::tag_ids,
    },
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
    /// Who answers it.
    pub assignment: Assignment,
    /// When it began.
    pub created_at: Timestamp,
    /// Whether somebody has to do something about it.
    pub state: ConversationState,
    /// When it was closed, while it is.
    pub closed_at: Option<Timestamp>,
    /// The sequence number of its last message that was not blocked; 0 before there is one.
    pub last_seq: i64,
    /// Its place in lists: that of the last message, or of the event that announced the conversation.
    pub activity: i64,
    /// The request that is open.
    pub request: Option<RequestId>,
    /// How far the client has read.
    pub client_read_seq: i64,
}

/// A conversation as one reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationOverview {
    /// The conversation itself.
    pub row: ConversationRow,
    /// How far the reader has read.
    pub read_seq: i64,
    /// What the client wrote after that and was not blocked; at most 100 are counted.
    pub unread: u64,
    /// In the order of their identifiers.
    pub tags: Vec<TagId>,
}

/// Which conversations are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConversationFilter {
    /// Those in this state.
    pub state: Option<ConversationState>,
    /// Those of these people.
    pub assigned: Assigned,
    /// Those that have this tag.
    pub tag: Option<TagId>,
}

/// To whom a conversation is assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Assigned {
    /// To anybody, or to nobody.
    #[default]
    Whoever,
    /// To no person. It may be a group's.
    Nobody,
    /// To this person.
    To(PersonId),
}

/// Who answers a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Assignment {
    /// One person.
    pub person: Option<PersonId>,
    /// Everybody of a group.
    pub group: Option<GroupId>,
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
    /// Who answers it.
    pub assignment: Assignment,
    /// When it begins.
    pub created_at: Timestamp,
    /// See [`ConversationRow::activity`].
    pub activity: i64,
}

fn conversation(row: &mut Row<'_>) -> Result<ConversationRow, StorageError> {
    Ok(ConversationRow {
        id: row.parsed("conversation id")?,
        client_id: row.parsed("client id")?,
        client_name: row.text("client name")?,
        transport: row.text("transport")?,
        channel: row.text("channel")?,
        assignment: Assignment { person: row.maybe_parsed("assignee")?, group: row.maybe_parsed("group")? },
        created_at: row.time("conversation time")?,
        state: row.word("conversation state")?,
        closed_at: row.maybe_time("conversation end")?,
        last_seq: row.int("last message")?,
        activity: row.int("activity")?,
        request: row.maybe_parsed("request id")?,
        client_read_seq: row.int("reading mark")?,
    })
}

fn overview(row: &mut Row<'_>) -> Result<ConversationOverview, StorageError> {
    Ok(ConversationOverview {
        row: conversation(row)?,
        read_seq: row.int("reading mark")?,
        unread: row.size("unread messages")?,
        tags: tag_ids(row)?,
    })
}

/// The columns of a conversation, then what is given in pieces.
macro_rules! conversations {
    ($($rest:expr),*) => {
        concat!(
            "SELECT v.id, v.client_id, c.name, v.transport, v.channel, v.assignee_id, v.group_id, v.created_at,
                    v.state, v.closed_at, v.last_seq, v.activity, v.request_id, v.client_read_seq",
            $($rest),*
        )
    };
}

/// Conversations as a reader, `$1`, sees them; what follows `WHERE` is given in pieces.
macro_rules! overviews {
    ($($rest:expr),*) => {
        Sql::new(conversations!(
            ", COALESCE(r.seq, 0),
             (SELECT COUNT(*) FROM (SELECT 1 FROM messages n
                WHERE n.account_id = v.account_id AND n.conversation_id = v.id AND n.seq > COALESCE(r.seq, 0)
                  AND n.direction = 'incoming' AND n.state <> 'blocked' LIMIT 100) u),
             (SELECT string_agg(t.tag_id, ' ' ORDER BY t.tag_id) FROM conversation_tags t
                WHERE t.account_id = v.account_id AND t.conversation_id = v.id)
             FROM conversations v JOIN clients c ON c.account_id = v.account_id AND c.id = v.client_id
             LEFT JOIN reading_marks r
                ON r.account_id = v.account_id AND r.person_id = $1 AND r.conversation_id = v.id
             WHERE ",
            $($rest),*
        ))
    };
}

const INSERT: Sql = Sql::new(
    "INSERT INTO conversations (account_id, id, client_id, transport, channel, assignee_id, group_id, created_at, activity)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
);
const GET: Sql = Sql::new(conversations!(
    " FROM conversations v JOIN clients c ON c.account_id = v.account_id AND c.id = v.client_id
     WHERE v.account_id = $1 AND v.id = $2 AND ",
    reached!("$1", "$3", "$4")
));
const OVERVIEW: Sql = overviews!("v.account_id = $2 AND v.id = $3 AND ", reached!("$2", "$4", "$1"));

/// A page of a list on further conditions. `$2` is the account, `$3` where the page begins, `$4` the state, `$5` the assignee and `$6`
/// the tag, or nothing. One statement a combination: a condition that depends on a value would keep the databases from their indexes.
/// The tag does, because a list of one tag is read along the activity as any other.
macro_rules! list {
    ($state:literal, $assigned:literal, $reached:literal) => {
        overviews!(
            "v.account_id = $2 AND v.activity < $3 AND ",
            $state,
            " AND ",
            $assigned,
            " AND ($6 = '' OR EXISTS (SELECT 1 FROM conversation_tags g
                 WHERE g.account_id = $2 AND g.conversation_id = v.id AND g.tag_id = $6))",
            $reached,
            " ORDER BY v.activity DESC LIMIT $7"
        )
    };
}
macro_rules! list_for {
    ($reach:expr, $state:literal, $assigned:literal) => {
        match $reach {
            Reach::All => const { list!($state, $assigned, "") },
            Reach::Groups => {
                const {
                    list!(
                        $state,
                        $assigned,
                        " AND (v.assignee_id = $1 OR v.group_id IN
                            (SELECT m.group_id FROM group_members m WHERE m.account_id = $2 AND m.person_id = $1))"
                    )
                }
            }
            Reach::Own => const { list!($state, $assigned, " AND v.assignee_id = $1") },
        }
    };
}

const fn list_sql(reach: Reach, filter: &ConversationFilter) -> Sql {
    match (filter.state, filter.assigned) {
        (None, Assigned::Whoever) => list_for!(reach, "$4 = ''", "$5 = ''"),
        (None, Assigned::Nobody) => list_for!(reach, "$4 = ''", "$5 = '' AND v.assignee_id IS NULL"),
        (None, Assigned::To(_)) => list_for!(reach, "$4 = ''", "v.assignee_id = $5"),
        (Some(_), Assigned::Whoever) => list_for!(reach, "v.state = $4", "$5 = ''"),
        (Some(_), Assigned::Nobody) => list_for!(reach, "v.state = $4", "$5 = '' AND v.assignee_id IS NULL"),
        (Some(_), Assigned::To(_)) => list_for!(reach, "v.state = $4", "v.assignee_id = $5"),
    }
}

const IS_MEMBER: Sql =
    Sql::new("SELECT 1 FROM group_members WHERE account_id = $1 AND group_id = $2 AND person_id = $3");
const ASSIGN: Sql =
    Sql::new("UPDATE conversations SET assignee_id = $1, group_id = $2 WHERE account_id = $3 AND id = $4");
const NOTE_MESSAGE: Sql = Sql::new(
    "UPDATE conversations SET last_seq = $1, activity = $1 WHERE account_id = $2 AND id = $3 RETURNING state, request_id",
);
const UNASSIGN: Sql =
    Sql::new("UPDATE conversations SET assignee_id = NULL WHERE account_id = $1 AND assignee_id = $2");

impl Account<'_> {
    /// Begins a conversation.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such client.
    pub fn insert_conversation(&mut self, new: &NewConversation) -> Result<(), StorageError> {
        self.tx.execute(
            INSERT,
            values![
                self.id,
                new.id,
                new.client_id,
                &new.transport,
                &new.channel,
                new.assignment.person,
                new.assignment.group,
                new.created_at,
                new.activity
            ],
        )?;
        Ok(())
    }

    /// One conversation; `None` when the account has no such conversation, or the reader does not reach it.
    ///
    /// # Errors
    /// Those of the database.
    pub fn conversation(
        &mut self,
        id: ConversationId,
        reader: Reader,
    ) -> Result<Option<ConversationRow>, StorageError> {
        self.tx.first(GET, values![self.id, id, reach::word(Some(reader)), reader.person], conversation)
    }

    /// The same as its reader sees it.
    ///
    /// # Errors
    /// Those of the database.
    pub fn conversation_overview(
        &mut self,
        id: ConversationId,
        reader: Reader,
    ) -> Result<Option<ConversationOverview>, StorageError> {
        self.tx.first(OVERVIEW, values![reader.person, self.id, id, reach::word(Some(reader))], overview)
    }

    /// Whether a reader reaches conversations that are assigned so: for an assignment that is no longer that of a row.
    ///
    /// # Errors
    /// Those of the database.
    pub fn reaches(&mut self, assignment: Assignment, reader: Reader) -> Result<bool, StorageError> {
        let own = assignment.person == Some(reader.person);
        match (reader.reach, assignment.group) {
            (Reach::All, _) => Ok(true),
            (Reach::Groups, Some(group)) if !own => self.is_member(group, reader.person),
            (Reach::Own | Reach::Groups, _) => Ok(own),
        }
    }

    /// The account's conversations that the reader reaches and that pass `filter`, those first in which something happened last;
    /// cursors are [`ConversationRow::activity`].
    ///
    /// # Errors
    /// Those of the database.
    pub fn conversations(
        &mut self,
        reader: Reader,
        filter: &ConversationFilter,
        page: Before<i64>,
    ) -> Result<Vec<ConversationOverview>, StorageError> {
        let state = filter.state.map_or("", ConversationState::as_str);
        let assignee = match filter.assigned {
            Assigned::Whoever | Assigned::Nobody => String::new(),
            Assigned::To(person) => person.to_string(),
        };
        let tag = filter.tag.map(|tag| tag.to_string()).unwrap_or_default();
        let values = values![reader.person, self.id, page.below(), state, assignee, tag, page.limit];
        self.tx.all(list_sql(reader.reach, filter), values, overview)
    }

    /// Notes that a conversation has a message with this sequence number, which is its newest. Gives its state and its open request;
    /// `None` when the account has no such conversation.
    ///
    /// # Errors
    /// Those of the database.
    pub fn note_message(
        &mut self,
        id: ConversationId,
        seq: i64,
    ) -> Result<Option<(ConversationState, Option<RequestId>)>, StorageError> {
        self.tx.first(NOTE_MESSAGE, values![seq, self.id, id], |row| {
            Ok((row.word("conversation state")?, row.maybe_parsed("request id")?))
        })
    }

    /// Says who answers a conversation. Gives whether there is one. That the person and the group are the account's is not checked.
    ///
    /// # Errors
    /// Those of the database.
    pub fn assign(&mut self, id: ConversationId, assignment: Assignment) -> Result<bool, StorageError> {
        Ok(self.tx.execute(ASSIGN, values![assignment.person, assignment.group, self.id, id])? > 0)
    }

    /// Takes a person's conversations away, and says how many.
    ///
    /// # Errors
    /// Those of the database.
    pub fn unassign(&mut self, person: PersonId) -> Result<u64, StorageError> {
        self.tx.execute(UNASSIGN, values![self.id, person])
    }

    fn is_member(&mut self, group: GroupId, person: PersonId) -> Result<bool, StorageError> {
        Ok(self.tx.first(IS_MEMBER, values![self.id, group, person], |_| Ok(()))?.is_some())
    }
}
