//! `Idempotency-Key`: the same request sent twice does its work once and gets the same answer.

use serde::{Serialize, de::DeserializeOwned};
use sluice_domain::{
    id::AccountId,
    keyed_digest::{KeyedDigest, Kind},
    limits,
    time::Timestamp,
};
use sluice_storage::{IdempotencyRow, Tx};

use crate::{App, AppError, caller::Caller};

/// A key that a caller chose for one request.
#[derive(Debug, Clone)]
pub(crate) struct IdempotencyKey {
    account: AccountId,
    actor: String,
    key: String,
    request: KeyedDigest,
}

impl App {
    /// The key of a request, told from other requests by `request`: what is asked for, and all that makes a difference.
    pub(crate) fn idempotency_key(
        &self,
        key: String,
        caller: &Caller,
        request: &str,
    ) -> Result<IdempotencyKey, AppError> {
        if !(1..=limits::IDEMPOTENCY_KEY_BYTES).contains(&key.len()) || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(AppError::invalid("Idempotency-Key", "1 to 128 visible ASCII characters, such as a UUID"));
        }
        let (account, actor) = (caller.account, caller.actor().id);
        let owner = [account.to_string(), actor, key];
        let [id, name, chosen] = &owner;
        let digest_key = &self.inner.digest_key;
        let request = digest_key.digest(Kind::IdempotentRequest, &[id, name, chosen], request.as_bytes());
        let [_, actor, key] = owner;
        Ok(IdempotencyKey { account, actor, key, request })
    }

    /// A request that makes something, with an idempotency key or without one: see [`App::idempotency_key`].
    pub(crate) fn making(
        &self,
        key: Option<String>,
        caller: &Caller,
        request: impl FnOnce() -> String,
    ) -> Result<Making, AppError> {
        key.map(|key| self.idempotency_key(key, caller, &request())).transpose().map(Making)
    }
}

impl IdempotencyKey {
    /// The answer that this key's request was given, if there was one.
    pub(crate) fn answered<T: DeserializeOwned>(&self, tx: &mut Tx<'_>) -> Result<Option<T>, AppError> {
        let Some(row) = tx.account(self.account).idempotent_answer(&self.actor, &self.key)? else { return Ok(None) };
        let another = || AppError::Conflict("this Idempotency-Key was used for another request: choose a new one");
        if row.request.is_some_and(|request| request != self.request) {
            return Err(another());
        }
        serde_json::from_str(&row.body).map(Some).map_err(|_| match row.request {
            Some(_) => AppError::Internal("reading a kept answer"),
            // Nothing says what the request was, and the answer is to something else.
            None => another(),
        })
    }

    /// Keeps the answer.
    pub(crate) fn keep(&self, tx: &mut Tx<'_>, answer: &impl Serialize, now: Timestamp) -> Result<(), AppError> {
        let body = serde_json::to_string(answer).map_err(|_| AppError::Internal("writing an answer as JSON"))?;
        let (actor, key, request) = (self.actor.clone(), self.key.clone(), Some(self.request));
        let row = IdempotencyRow { actor, key, request, body, created_at: now };
        Ok(tx.account(self.account).keep_idempotent_answer(&row)?)
    }
}

/// A request that makes something, with a key or without one. What is kept is the id of what was made: the same request again is
/// answered with that thing as it is by then.
pub(crate) struct Making(Option<IdempotencyKey>);

impl Making {
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
