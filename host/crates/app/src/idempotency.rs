//! `Idempotency-Key`: the same request sent twice does its work once and gets the same answer.

use serde::{Serialize, de::DeserializeOwned};
use sluice_domain::{digest::Digest, id::AccountId, limits, time::Timestamp};
use sluice_storage::{IdempotencyRow, Tx};

use crate::{AppError, caller::Caller};

/// A key that a caller chose for one request.
#[derive(Debug, Clone)]
pub(crate) struct IdempotencyKey {
    account: AccountId,
    actor: String,
    key: String,
    request: Digest,
}

impl IdempotencyKey {
    /// The key of a request, told from other requests by `request`: what is asked for, and all that makes a difference.
    pub(crate) fn new(key: String, caller: &Caller, request: &str) -> Result<Self, AppError> {
        if !(1..=limits::IDEMPOTENCY_KEY_BYTES).contains(&key.len()) || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(AppError::invalid("Idempotency-Key", "1 to 128 visible ASCII characters, such as a UUID"));
        }
        let request = Digest::of(request.as_bytes());
        Ok(Self { account: caller.account, actor: caller.actor().id, key, request })
    }

    /// The answer that this key's request was given, if there was one.
    pub(crate) fn answered<T: DeserializeOwned>(&self, tx: &mut Tx<'_>) -> Result<Option<T>, AppError> {
        let Some(row) = tx.account(self.account).idempotent_answer(&self.actor, &self.key)? else { return Ok(None) };
        if row.request_sha256 != self.request {
            return Err(AppError::Conflict("this Idempotency-Key was used for another request: choose a new one"));
        }
        serde_json::from_str(&row.body).map(Some).map_err(|_| AppError::Internal("reading a kept answer"))
    }

    /// Keeps the answer.
    pub(crate) fn keep(&self, tx: &mut Tx<'_>, answer: &impl Serialize, now: Timestamp) -> Result<(), AppError> {
        let body = serde_json::to_string(answer).map_err(|_| AppError::Internal("writing an answer as JSON"))?;
        let (actor, key, request_sha256) = (self.actor.clone(), self.key.clone(), self.request);
        let row = IdempotencyRow { actor, key, request_sha256, body, created_at: now };
        Ok(tx.account(self.account).keep_idempotent_answer(&row)?)
    }
}

/// A request that makes something, with a key or without one. What is kept is the id of what was made: the same request again is
/// answered with that thing as it is by then.
pub(crate) struct Making(Option<IdempotencyKey>);

impl Making {
    /// See [`IdempotencyKey::new`].
    pub(crate) fn new(
        key: Option<String>,
        caller: &Caller,
        request: impl FnOnce() -> String,
    ) -> Result<Self, AppError> {
        key.map(|key| IdempotencyKey::new(key, caller, &request())).transpose().map(Self)
    }

    /// What the key's request made earlier, if it was sent before; else `new` is noted as what it makes.
    pub(crate) fn earlier<T: Serialize + DeserializeOwned>(
        &self,
        tx: &mut Tx<'_>,
        new: T,
        now: Timestamp,
    ) -> Result<Option<T>, AppError> {
        let Some(key) = &self.0 else { return Ok(None) };
        let earlier = key.answered(tx)?;
        if earlier.is_none() {
            key.keep(tx, &new, now)?;
        }
        Ok(earlier)
    }
}
