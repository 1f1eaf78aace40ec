//! Conversations with clients.

use sluice_domain::{
    id::{ClientId, ConversationId, GroupId, PersonId},
    permission::Reach,
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
    /// Who answers it.
    pub assignment: Assignment,
    /// When it began.
    pub created_at: Timestamp,
}

/// Who answers a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Assignment {
    /// One person.
    pub person: Option<PersonId>,
    /// Everybody of a group.
    pub group: Option<GroupId>,
}

/// Who reads conversations, and which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader {
    /// Whose own conversations, and whose groups'.
    pub person: PersonId,
    /// Which of them.
    pub reach: Reach,
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
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO conversations (account_id, id, client_id, transport, channel, assignee_id, group_id, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
);
const GET: Sql = Sql::new(
    "SELECT v.id, v.client_id, c.name, v.transport, v.channel, v.assignee_id, v.group_id, v.created_at
     FROM conversations v JOIN clients c ON c.account_id = v.account_id AND c.id = v.client_id
     WHERE v.account_id = $1 AND v.id = $2",
);
const LIST: Sql = Sql::new(
    "SELECT v.id, v.client_id, c.name, v.transport, v.channel, v.assignee_id, v.group_id, v.created_at
     FROM conversations v JOIN clients c ON c.account_id = v.account_id AND c.id = v.client_id
     WHERE v.account_id = $1 AND v.id < $2 ORDER BY v.id DESC LIMIT $3",
);

// One statement a reach: a condition that depends on a value would keep the databases from the index.
const LIST_OF_GROUPS: Sql = Sql::new(
    "SELECT v.id, v.client_id, c.name, v.transport, v.channel, v.assignee_id, v.group_id, v.created_at
     FROM conversations v JOIN clients c ON c.account_id = v.account_id AND c.id = v.client_id
     WHERE v.account_id = $1 AND v.id < $2 AND (v.assignee_id = $3 OR v.group_id IN
       (SELECT m.group_id FROM group_members m WHERE m.account_id = $1 AND m.person_id = $3))
     ORDER BY v.id DESC LIMIT $4",
);
const LIST_OWN: Sql = Sql::new(
    "SELECT v.id, v.client_id, c.name, v.transport, v.channel, v.assignee_id, v.group_id, v.created_at
     FROM conversations v JOIN clients c ON c.account_id = v.account_id AND c.id = v.client_id
     WHERE v.account_id = $1 AND v.id < $2 AND v.assignee_id = $3 ORDER BY v.id DESC LIMIT $4",
);
const IS_MEMBER: Sql =
    Sql::new("SELECT 1 FROM group_members WHERE account_id = $1 AND group_id = $2 AND person_id = $3");
const ASSIGN: Sql =
    Sql::new("UPDATE conversations SET assignee_id = $1, group_id = $2 WHERE account_id = $3 AND id = $4");
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
                new.created_at
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
        let Some(row) = self.tx.first(GET, values![self.id, id], conversation)? else { return Ok(None) };
        let own = row.assignment.person == Some(reader.person);
        let reached = match (reader.reach, row.assignment.group) {
            (Reach::All, _) => true,
            (Reach::Groups, Some(group)) if !own => self.is_member(group, reader.person)?,
            (Reach::Own | Reach::Groups, _) => own,
        };
        Ok(Some(row).filter(|_| reached))
    }

    /// The account's conversations that the reader reaches, newest first by when they began.
    ///
    /// # Errors
    /// Those of the database.
    pub fn conversations(
        &mut self,
        reader: Reader,
        page: Before<ConversationId>,
    ) -> Result<Vec<ConversationRow>, StorageError> {
        let Reader { person, reach } = reader;
        match reach {
            Reach::All => self.tx.all(LIST, values![self.id, page.bound(), page.limit], conversation),
            Reach::Groups => {
                self.tx.all(LIST_OF_GROUPS, values![self.id, page.bound(), person, page.limit], conversation)
            }
            Reach::Own => self.tx.all(LIST_OWN, values![self.id, page.bound(), person, page.limit], conversation),
        }
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
