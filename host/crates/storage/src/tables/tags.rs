//! Tags, and the conversations and clients that have them.

use sluice_domain::{
    id::{ClientId, ConversationId, TagId},
    tag::Color,
    time::Timestamp,
};

use crate::{
    error::StorageError,
    page::Before,
    row::Row,
    sql::{Sql, values},
    tx::Account,
};

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRow {
    /// The tag's own.
    pub id: TagId,
    /// Unique in the account.
    pub label: String,
    /// What it means; may be empty.
    pub description: String,
    /// How it is shown.
    pub color: Color,
    /// When it was made.
    pub created_at: Timestamp,
}

fn tag(row: &mut Row<'_>) -> Result<TagRow, StorageError> {
    Ok(TagRow {
        id: row.parsed("tag id")?,
        label: row.text("label")?,
        description: row.text("description")?,
        color: row.parsed("color")?,
        created_at: row.time("tag time")?,
    })
}

/// The next column: identifiers with spaces between them, or nothing.
pub(crate) fn tag_ids(row: &mut Row<'_>) -> Result<Vec<TagId>, StorageError> {
    let ids = row.maybe_text("tags")?.unwrap_or_default();
    let ids: Result<Vec<TagId>, _> = ids.split_ascii_whitespace().map(str::parse).collect();
    ids.map_err(|_| StorageError::Corrupt { what: "tags" })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO tags (account_id, id, label, description, color, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
);
const UPDATE: Sql =
    Sql::new("UPDATE tags SET label = $1, description = $2, color = $3 WHERE account_id = $4 AND id = $5");
const GET: Sql =
    Sql::new("SELECT id, label, description, color, created_at FROM tags WHERE account_id = $1 AND id = $2");
const LIST: Sql = Sql::new(
    "SELECT id, label, description, color, created_at FROM tags WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
);
const COUNT: Sql = Sql::new("SELECT COUNT(*) FROM tags WHERE account_id = $1");
const DELETE: Sql = Sql::new("DELETE FROM tags WHERE account_id = $1 AND id = $2");
const TAKE_FROM_CONVERSATIONS: Sql = Sql::new("DELETE FROM conversation_tags WHERE account_id = $1 AND tag_id = $2");
const TAKE_FROM_CLIENTS: Sql = Sql::new("DELETE FROM client_tags WHERE account_id = $1 AND tag_id = $2");
const CLEAR_CONVERSATION: Sql =
    Sql::new("DELETE FROM conversation_tags WHERE account_id = $1 AND conversation_id = $2");
const CLEAR_CLIENT: Sql = Sql::new("DELETE FROM client_tags WHERE account_id = $1 AND client_id = $2");
const TAG_CONVERSATION: Sql =
    Sql::new("INSERT INTO conversation_tags (account_id, conversation_id, tag_id) VALUES ($1, $2, $3)");
const TAG_CLIENT: Sql = Sql::new("INSERT INTO client_tags (account_id, client_id, tag_id) VALUES ($1, $2, $3)");

impl Account<'_> {
    /// Adds a tag that nothing has.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] for the label.
    pub fn insert_tag(&mut self, row: &TagRow) -> Result<(), StorageError> {
        self.tx.execute(INSERT, values![self.id, row.id, &row.label, &row.description, row.color, row.created_at])?;
        Ok(())
    }

    /// Changes a tag. Gives whether there is one.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] for the label.
    pub fn update_tag(&mut self, row: &TagRow) -> Result<bool, StorageError> {
        Ok(self.tx.execute(UPDATE, values![&row.label, &row.description, row.color, self.id, row.id])? > 0)
    }

    /// One tag; `None` when the account has no such tag.
    ///
    /// # Errors
    /// Those of the database.
    pub fn tag(&mut self, id: TagId) -> Result<Option<TagRow>, StorageError> {
        self.tx.first(GET, values![self.id, id], tag)
    }

    /// The account's tags, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn tags(&mut self, page: Before<TagId>) -> Result<Vec<TagRow>, StorageError> {
        self.tx.all(LIST, values![self.id, page.bound(), page.limit], tag)
    }

    /// How many tags the account has.
    ///
    /// # Errors
    /// Those of the database.
    pub fn tag_count(&mut self) -> Result<u64, StorageError> {
        Ok(self.tx.first(COUNT, values![self.id], |row| row.size("count"))?.unwrap_or(0))
    }

    /// Removes a tag, from all that had it too. Gives whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_tag(&mut self, id: TagId) -> Result<bool, StorageError> {
        self.tx.execute(TAKE_FROM_CONVERSATIONS, values![self.id, id])?;
        self.tx.execute(TAKE_FROM_CLIENTS, values![self.id, id])?;
        Ok(self.tx.execute(DELETE, values![self.id, id])? > 0)
    }

    /// Says which tags a conversation has; each once.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such conversation or tag.
    pub fn set_conversation_tags(&mut self, id: ConversationId, tags: &[TagId]) -> Result<(), StorageError> {
        self.tx.execute(CLEAR_CONVERSATION, values![self.id, id])?;
        tags.iter().try_for_each(|tag| self.tx.execute(TAG_CONVERSATION, values![self.id, id, *tag]).map(drop))
    }

    /// Says which tags a client has; each once.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such client or tag.
    pub fn set_client_tags(&mut self, id: ClientId, tags: &[TagId]) -> Result<(), StorageError> {
        self.tx.execute(CLEAR_CLIENT, values![self.id, id])?;
        tags.iter().try_for_each(|tag| self.tx.execute(TAG_CLIENT, values![self.id, id, *tag]).map(drop))
    }
}
