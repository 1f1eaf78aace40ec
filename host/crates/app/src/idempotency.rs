//! `Idempotency-Key`: the same request sent twice does its work once and gets the same answer.

use sluice_domain::{
    digest::Digest,
    id::{AccountId, AttachmentId, ConversationId},
    limits,
    message::Direction,
    time::Timestamp,
};
use sluice_storage::{IdempotencyRow, Tx};

use crate::{AppError, caller::Caller, messages::Posted};

/// A key that a caller chose for one request.
#[derive(Debug, Clone)]
pub(crate) struct IdempotencyKey {
    account: AccountId,
    actor: String,
    key: String,
    request: Digest,
}

impl IdempotencyKey {
    pub(crate) fn new(
        key: String,
        caller: &Caller,
        conversation: ConversationId,
        direction: Direction,
        text: &str,
        attachments: &[AttachmentId],
    ) -> Result<Self, AppError> {
        if !(1..=limits::IDEMPOTENCY_KEY_BYTES).contains(&key.len()) || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(AppError::invalid("Idempotency-Key", "1 to 128 visible ASCII characters, such as a UUID"));
        }
        // Without attachments as it was before there were any: keys of an earlier server are good.
        let files: String = attachments.iter().map(|id| format!("{id}\n")).collect();
        let request = Digest::of(format!("{files}{conversation}\n{direction:?}\n{text}").as_bytes());
        Ok(Self { account: caller.account, actor: caller.actor().id, key, request })
    }

    /// The answer that this key's request was given, if there was one.
    pub(crate) fn answered(&self, tx: &mut Tx<'_>) -> Result<Option<Posted>, AppError> {
        let Some(row) = tx.account(self.account).idempotent_answer(&self.actor, &self.key)? else { return Ok(None) };
        if row.request_sha256 != self.request {
            return Err(AppError::Conflict("this Idempotency-Key was used for another request: choose a new one"));
        }
        serde_json::from_str(&row.body).map(Some).map_err(|_| AppError::Internal("reading a kept answer"))
    }

    /// Keeps the answer.
    pub(crate) fn keep(&self, tx: &mut Tx<'_>, answer: &Posted, now: Timestamp) -> Result<(), AppError> {
        let body = serde_json::to_string(answer).map_err(|_| AppError::Internal("writing an answer as JSON"))?;
        let (actor, key, request_sha256) = (self.actor.clone(), self.key.clone(), self.request);
        let row = IdempotencyRow { actor, key, request_sha256, body, created_at: now };
        Ok(tx.account(self.account).keep_idempotent_answer(&row)?)
    }
}
