//! Comments: what operators tell one another in a conversation. They pass no rules and go to no client.

use serde_json::json;
use sluice_domain::id::{CommentId, ConversationId};
use sluice_storage::{CommentRow, Page};

use crate::{App, AppError, caller::Caller, conversations::reached, events::COMMENT_EVENT, messages::check_words};

impl App {
    /// Writes a comment in a conversation.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`] for the conversation, [`AppError::Invalid`] for the text or the key,
    /// [`AppError::Conflict`] for the key.
    pub async fn comment(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        text: String,
        idempotency_key: Option<String>,
    ) -> Result<CommentRow, AppError> {
        let (account, reader, now) = (caller.account, caller.reader()?, self.now());
        check_words(&text)?;
        let making = self.making(idempotency_key, caller, || format!("comment\n{conversation}\n{text}"))?;
        let mut row = CommentRow {
            id: CommentId::new(now, self.random()),
            conversation_id: conversation,
            seq: 0,
            person_id: caller.person,
            author: caller.actor(),
            text,
            created_at: now,
        };
        self.write_and_wake(caller, move |tx| {
            reached(&mut tx.account(account), conversation, reader)?;
            if let Some(earlier) = making.earlier(tx, row.id, now)? {
                return tx.account(account).comment_for(earlier, reader)?.ok_or(AppError::NotFound("comment any more"));
            }
            let mut rows = tx.account(account);
            row.seq =
                rows.append_event(COMMENT_EVENT, &json!({"comment": row.id, "conversation": conversation}), now)?;
            rows.insert_comment(&row)?;
            Ok(row)
        })
        .await
    }

    /// The comments in a conversation, in their order.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`] for the conversation.
    pub async fn comments(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        page: Page<i64>,
    ) -> Result<Vec<CommentRow>, AppError> {
        let (account, reader) = (caller.account, caller.reader()?);
        self.inner
            .database
            .read(move |tx| {
                let mut rows = tx.account(account);
                reached(&mut rows, conversation, reader)?;
                Ok(rows.comments(conversation, page)?)
            })
            .await
    }

    /// Removes a comment that the caller wrote, or a token of the same person.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn remove_comment(&self, caller: &Caller, id: CommentId) -> Result<(), AppError> {
        let (account, reader, now) = (caller.account, caller.reader()?, self.now());
        self.write_and_wake(caller, move |tx| {
            let mut rows = tx.account(account);
            let own = rows.comment_for(id, reader)?.filter(|row| row.person_id == reader.person);
            let row = own.ok_or(AppError::NotFound("comment of yours"))?;
            rows.delete_comment(id)?;
            let body = json!({"comment": id, "conversation": row.conversation_id, "removed": true});
            rows.append_event(COMMENT_EVENT, &body, now)?;
            Ok(())
        })
        .await
    }
}
