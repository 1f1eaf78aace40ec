//! One closure on its way to a thread of storage, and its answer on the way back.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sluice_domain::id::AccountId;
use tokio::sync::oneshot;

use crate::{error::StorageError, tx::Tx};

/// What a thread of storage is told.
pub(crate) enum Order {
    /// Run this, which writes what belongs to this account.
    Run(Box<dyn Job>, Option<AccountId>),
    /// Take no more orders, finish those that were taken, and drop the sender when that is done.
    Close(oneshot::Sender<()>),
}

/// A closure of whatever types, with the way to its caller.
pub(crate) trait Job: Send {
    /// Runs the closure and keeps what it gave. Does not panic when the closure does.
    fn run(&mut self, tx: &mut Tx<'_>) -> Ran;

    /// Tells the caller: what the closure gave if the transaction ended well, else how it ended.
    fn answer(self: Box<Self>, end: Result<(), StorageError>);
}

/// What is to become of what a closure wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ran {
    Keep,
    RollBack,
}

struct Call<F, T, E> {
    closure: Option<F>,
    result: Option<Result<T, E>>,
    caller: oneshot::Sender<Result<T, E>>,
}

/// An order to run `closure`, and where its answer will come.
pub(crate) fn order<F, T, E>(account: Option<AccountId>, closure: F) -> (Order, oneshot::Receiver<Result<T, E>>)
where
    F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StorageError> + Send + 'static,
{
    let (caller, answer) = oneshot::channel();
    (Order::Run(Box::new(Call { closure: Some(closure), result: None, caller }), account), answer)
}

impl<F, T, E> Job for Call<F, T, E>
where
    F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StorageError> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Ran {
        let closure = self.closure.take().expect("a job is run once");
        let result = attempt(closure, tx);
        let ran = if result.is_ok() { Ran::Keep } else { Ran::RollBack };
        self.result = Some(result);
        ran
    }

    fn answer(self: Box<Self>, end: Result<(), StorageError>) {
        let result = match (end, self.result) {
            (Ok(()), Some(result)) => result,
            (Err(error), _) => Err(error.into()),
            (Ok(()), None) => Err(StorageError::Closed.into()),
        };
        // A caller that does not wait any more has no need to know.
        let _ = self.caller.send(result);
    }
}

/// Runs a closure. A panic becomes an error, and so does success after a failed statement: on PostgreSQL such a transaction cannot
/// be committed, and both databases are to behave alike.
pub(crate) fn attempt<T, E: From<StorageError>>(
    closure: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    tx: &mut Tx<'_>,
) -> Result<T, E> {
    let result = catch_unwind(AssertUnwindSafe(|| closure(tx)));
    match result {
        Err(_) => Err(StorageError::Panicked.into()),
        Ok(Ok(_)) if tx.has_failed() => Err(StorageError::Aborted.into()),
        Ok(result) => result,
    }
}
