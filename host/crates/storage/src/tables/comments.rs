//! Comments: what operators tell one another in a conversation. No client ever sees one.

use sluice_domain::{
    id::{CommentId, ConversationId, PersonId},
    message::Actor,
    time::Timestamp,
};

use crate::{
    error::StorageError,
    page::{Cursor, Page},
    row::Row,
    sql::{Sql, values, word},
    tables::reach::{self, Reader, reached_by_id},
    tx::Account,
};

/// A comment.
#[derive(Clone, PartialEq, Eq)]
pub struct CommentRow {
    /// The comment's own.
    pub id: CommentId,
    /// Where it was written.
    pub conversation_id: ConversationId,
    /// The sequence number of the event that announced it: comments stand among messages by it.
    pub seq: i64,
    /// Whose it is: the author, or the person for whom the author acts.
    pub person_id: PersonId,
    /// Who wrote it.
    pub author: Actor,
    /// What it says.
    pub text: String,
    /// When it was written.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for CommentRow {
    /// Without what people wrote: rows end up in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CommentRow").field("id", &self.id).field("seq", &self.seq).finish_non_exhaustive()
    }
}

fn comment(row: &mut Row<'_>) -> Result<CommentRow, StorageError> {
    Ok(CommentRow {
        id: row.parsed("comment id")?,
        conversation_id: row.parsed("conversation id")?,
        seq: row.int("comment sequence")?,
        person_id: row.parsed("person id")?,
        author: Actor { id: row.text("author id")?, role: row.word("author role")?, name: row.text("author name")? },
        text: row.text("comment text")?,
        created_at: row.time("comment time")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO comments (account_id, id, conversation_id, seq, person_id, author_id, author_role, author_name, text, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
);
const GET: Sql = Sql::new(
    "SELECT id, conversation_id, seq, person_id, author_id, author_role, author_name, text, created_at
     FROM comments WHERE account_id = $1 AND id = $2",
);
const GET_REACHED: Sql = Sql::new(concat!(
    "SELECT id, conversation_id, seq, person_id, author_id, author_role, author_name, text, created_at
     FROM comments WHERE account_id = $1 AND id = $2 AND ",
    reached_by_id!("comments.conversation_id", "$1", "$3", "$4")
));
const AFTER: Sql = Sql::new(
    "SELECT id, conversation_id, seq, person_id, author_id, author_role, author_name, text, created_at
     FROM comments WHERE account_id = $1 AND conversation_id = $2 AND seq > $3 ORDER BY seq LIMIT $4",
);
const BEFORE: Sql = Sql::new(
    "SELECT id, conversation_id, seq, person_id, author_id, author_role, author_name, text, created_at
     FROM comments WHERE account_id = $1 AND conversation_id = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4",
);
const DELETE: Sql = Sql::new("DELETE FROM comments WHERE account_id = $1 AND id = $2");

impl Account<'_> {
    /// Adds a comment. Its event goes before it, in the same transaction.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such conversation; [`StorageError::Conflict`] for the id.
    pub fn insert_comment(&mut self, row: &CommentRow) -> Result<(), StorageError> {
        self.tx.execute(
            INSERT,
            values![
                self.id,
                row.id,
                row.conversation_id,
                row.seq,
                row.person_id,
                &row.author.id,
                word(&row.author.role),
                &row.author.name,
                &row.text,
                row.created_at
            ],
        )?;
        Ok(())
    }

    /// One comment; `None` when the account has no such comment.
    ///
    /// # Errors
    /// Those of the database.
    pub fn comment(&mut self, id: CommentId) -> Result<Option<CommentRow>, StorageError> {
        self.tx.first(GET, values![self.id, id], comment)
    }

    /// The same; `None` too when the reader does not reach its conversation.
    ///
    /// # Errors
    /// Those of the database.
    pub fn comment_for(&mut self, id: CommentId, reader: Reader) -> Result<Option<CommentRow>, StorageError> {
        self.tx.first(GET_REACHED, values![self.id, id, reach::word(Some(reader)), reader.person], comment)
    }

    /// The comments in a conversation in their order; cursors are [`CommentRow::seq`]. Empty when the account has no such
    /// conversation.
    ///
    /// # Errors
    /// Those of the database.
    pub fn comments(&mut self, conversation: ConversationId, page: Page<i64>) -> Result<Vec<CommentRow>, StorageError> {
        let (sql, seq) = match page.cursor {
            Cursor::First => (AFTER, 0),
            Cursor::After(seq) => (AFTER, seq),
            Cursor::Before(seq) => (BEFORE, seq),
            Cursor::Last => (BEFORE, i64::MAX),
        };
        let mut comments = self.tx.all(sql, values![self.id, conversation, seq, page.limit], comment)?;
        match page.cursor {
            Cursor::First | Cursor::After(_) => {}
            Cursor::Before(_) | Cursor::Last => comments.reverse(),
        }
        Ok(comments)
    }

    /// Removes a comment. Gives whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_comment(&mut self, id: CommentId) -> Result<bool, StorageError> {
        Ok(self.tx.execute(DELETE, values![self.id, id])? > 0)
    }
}
