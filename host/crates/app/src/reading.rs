//! How far conversations were read.

use serde_json::json;
use sluice_domain::{
    id::ConversationId,
    permission::{Permission, Reach},
};
use sluice_storage::{ConversationOverview, Reader};

use crate::{App, AppError, caller::Caller, conversations::overview, events::READ_EVENT};

/// Which way a reading mark may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moves {
    /// Forth only: a mark that comes late changes nothing.
    Forth,
    /// Also back: what was read counts as unread again.
    Back,
}

impl App {
    /// Says how far the caller has read a conversation; a token says it for its person. Not further than to the last message.
    ///
    /// # Errors
    /// [`AppError::NotForSupport`], [`AppError::Forbidden`], [`AppError::NotFound`], [`AppError::Invalid`] for the number.
    pub async fn mark_read(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        seq: i64,
        moves: Moves,
    ) -> Result<ConversationOverview, AppError> {
        caller.not_support()?;
        let (account, reader, now) = (caller.account, caller.reader()?, self.now());
        check_seq(seq)?;
        self.write_and_wake(caller, move |tx| {
            let mut rows = tx.account(account);
            let before = overview(&mut rows, conversation, reader)?;
            let seq = seq.min(before.row.last_seq);
            let goes = match moves {
                Moves::Forth => seq > before.read_seq,
                Moves::Back => seq != before.read_seq,
            };
            if !goes {
                return Ok(before);
            }
            rows.put_reading_mark(reader.person, conversation, seq)?;
            let body = json!({"conversation": conversation, "person": reader.person, "seq": seq});
            rows.append_event(READ_EVENT, &body, now)?;
            overview(&mut rows, conversation, reader)
        })
        .await
    }

    /// Says how far the client has read, for a program that knows. Not further than to the last message, and never back.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`], [`AppError::Invalid`] for the number.
    pub async fn mark_read_by_client(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        seq: i64,
    ) -> Result<(), AppError> {
        caller.require(Permission::WriteAsClient)?;
        check_seq(seq)?;
        let (account, now) = (caller.account, self.now());
        let everything = Reader { person: caller.person, reach: Reach::All };
        self.write_and_wake(caller, move |tx| {
            let mut rows = tx.account(account);
            let row = rows.conversation(conversation, everything)?.ok_or(AppError::NotFound("conversation"))?;
            let seq = seq.min(row.last_seq);
            if rows.put_clients_mark(conversation, seq)? {
                let body = json!({"conversation": conversation, "client": row.client_id, "seq": seq});
                rows.append_event(READ_EVENT, &body, now)?;
            }
            Ok(())
        })
        .await
    }
}

fn check_seq(seq: i64) -> Result<(), AppError> {
    if seq < 0 { Err(AppError::invalid("seq", "the `seq` of a message, or 0 for none of them")) } else { Ok(()) }
}
