//! Attachments: what was uploaded, and which message it went with. Their content is a blob.

use sluice_domain::{
    id::{AccountId, AttachmentId, ConversationId, MessageId},
    message::{Attachment, Direction},
    time::Timestamp,
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, json, values, word},
    tx::{Account, Tx},
};

/// A file that was uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentRow {
    /// What it is.
    pub attachment: Attachment,
    /// In which direction it may be sent.
    pub direction: Direction,
    /// Where it may be sent, or was; anywhere when not said.
    pub conversation_id: Option<ConversationId>,
    /// The message that it went with; `None` until it is sent.
    pub message_id: Option<MessageId>,
    /// Who uploaded it: the person or the token, who alone may send it.
    pub uploaded_by: String,
    /// When.
    pub created_at: Timestamp,
}

fn attachment(row: &mut Row<'_>) -> Result<AttachmentRow, StorageError> {
    Ok(AttachmentRow {
        attachment: row.json("attachment")?,
        direction: row.word("direction")?,
        conversation_id: row.maybe_parsed("conversation id")?,
        message_id: row.maybe_parsed("message id")?,
        uploaded_by: row.text("uploader")?,
        created_at: row.time("attachment time")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO attachments (account_id, id, direction, conversation_id, message_id, uploaded_by, size, body, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
);
const GET: Sql = Sql::new(
    "SELECT body, direction, conversation_id, message_id, uploaded_by, created_at
     FROM attachments WHERE account_id = $1 AND id = $2",
);
const SEND: Sql = Sql::new(
    "UPDATE attachments SET message_id = $1, conversation_id = $2
     WHERE account_id = $3 AND id = $4 AND message_id IS NULL",
);
const DELETE: Sql = Sql::new("DELETE FROM attachments WHERE account_id = $1 AND id = $2 AND message_id IS NULL");
const USE: Sql = Sql::new("UPDATE accounts SET attachment_bytes = attachment_bytes + $1 WHERE id = $2");
const USED: Sql = Sql::new("SELECT attachment_bytes FROM accounts WHERE id = $1");
const UNSENT: Sql = Sql::new(
    "SELECT account_id, id FROM attachments WHERE message_id IS NULL AND created_at < $1 ORDER BY created_at LIMIT $2",
);

impl Tx<'_> {
    /// At most `limit` attachments of any account that were uploaded before `before` and not sent, oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn unsent_attachments(
        &mut self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<(AccountId, AttachmentId)>, StorageError> {
        self.all(UNSENT, values![before, limit], |row| Ok((row.parsed("account id")?, row.parsed("attachment id")?)))
    }
}

impl Account<'_> {
    /// Adds an attachment. Its size counts from now on.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account does not exist.
    pub fn insert_attachment(&mut self, row: &AttachmentRow) -> Result<(), StorageError> {
        let size = i64::try_from(row.attachment.size).unwrap_or(i64::MAX);
        self.tx.execute(
            INSERT,
            values![
                self.id,
                row.attachment.id,
                word(&row.direction),
                row.conversation_id,
                row.message_id,
                &row.uploaded_by,
                size,
                json(&row.attachment),
                row.created_at
            ],
        )?;
        self.tx.execute(USE, values![size, self.id])?;
        Ok(())
    }

    /// One attachment; `None` when the account has no such attachment.
    ///
    /// # Errors
    /// Those of the database.
    pub fn attachment(&mut self, id: AttachmentId) -> Result<Option<AttachmentRow>, StorageError> {
        self.tx.first(GET, values![self.id, id], attachment)
    }

    /// Says with which message an attachment goes. Gives whether it was there and went with none.
    ///
    /// # Errors
    /// Those of the database.
    pub fn send_attachment(
        &mut self,
        id: AttachmentId,
        message: MessageId,
        conversation: ConversationId,
    ) -> Result<bool, StorageError> {
        Ok(self.tx.execute(SEND, values![message, conversation, self.id, id])? > 0)
    }

    /// Removes an attachment that was not sent; its size does not count any more. Gives whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_unsent_attachment(&mut self, id: AttachmentId) -> Result<bool, StorageError> {
        let Some(row) = self.attachment(id)? else { return Ok(false) };
        if self.tx.execute(DELETE, values![self.id, id])? == 0 {
            return Ok(false);
        }
        let size = i64::try_from(row.attachment.size).unwrap_or(i64::MAX);
        self.tx.execute(USE, values![-size, self.id])?;
        Ok(true)
    }

    /// How many bytes the account's attachments have.
    ///
    /// # Errors
    /// Those of the database.
    pub fn attachment_bytes(&mut self) -> Result<u64, StorageError> {
        Ok(self.tx.first(USED, values![self.id], |row| row.size("bytes of attachments"))?.unwrap_or(0))
    }
}
