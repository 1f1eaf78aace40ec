//! The turns of accounts at the workers that inspect and configure plugins: a worker takes a core and memory for as long as a second.
//!
//! Places are taken before anything large is read, and an account that has used much leaves a worker to others.

use std::time::Instant;

use sluice_domain::{
    id::AccountId,
    server_limits::ServerLimits,
    shares::{Full, Share as Place, Shares},
};

use crate::{
    App, AppError,
    evaluators::{Evaluators, Share},
};

/// How many workers run at once (`sluice_sandbox::WorkerLimits`).
const AT_ONCE: usize = 2;

/// Who may have something configured.
pub(crate) struct Workers {
    turns: Evaluators,
    places: Shares<AccountId>,
}

impl Workers {
    pub(crate) fn new(limits: &ServerLimits) -> Self {
        Self { turns: Evaluators::new(AT_ONCE), places: Shares::new(ServerLimits::count(limits.configurations)) }
    }
}

impl App {
    /// A place for one configuration of an account, which waits or is being made ready as long as this is kept.
    ///
    /// # Errors
    /// [`AppError::TooManyAtOnce`] for the account, [`AppError::Busy`] for the server.
    pub(crate) fn configuration_place(&self, account: AccountId) -> Result<Place<AccountId>, AppError> {
        let most = ServerLimits::count(self.inner.limits.configurations_per_account);
        self.inner.workers.places.take(&[(account, most)]).map_err(|full| match full {
            Full::Holder(_) => {
                AppError::TooManyAtOnce("the account has as many configurations being made ready as it may have")
            }
            Full::Everybody => AppError::Busy,
        })
    }

    /// Runs what asks a worker, when it is the account's turn. It goes on when the caller has gone.
    ///
    /// # Errors
    /// [`AppError::Closing`], [`AppError::Internal`] when `work` panics.
    pub(crate) async fn with_worker<T: Send + 'static>(
        &self,
        account: AccountId,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AppError> {
        let app = self.clone();
        let timed = move || {
            // The work is done in another process: what counts is how long this account has had the worker.
            let begun = Instant::now();
            let done = work();
            app.inner.workers.turns.charge(account, Share::USUAL, begun.elapsed());
            done
        };
        self.inner.workers.turns.run(account, Share::USUAL, timed).await
    }
}
