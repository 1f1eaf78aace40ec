//! Reads that may take long, fair among accounts: an account that reads much has its reads run by turns, on threads that nobody else
//! waits for.
//!
//! What an ordinary request reads takes some tens of microseconds and runs where the request is served. A list with a filter, a search
//! or an export may look at thousands of rows. On SQLite these would run on the threads that serve everybody, and on PostgreSQL on
//! the few connections that everybody shares.

use std::time::{Duration, Instant};

use sluice_domain::{
    id::AccountId,
    server_limits::ServerLimits,
    shares::{Full, Share as Place, Shares},
};
use sluice_storage::Tx;

use crate::{
    App, AppError,
    caller::{Caller, Means},
    evaluators::{Share, processor_time},
};

/// A read of this processor time (SQLite) is not counted: it is as short as that of any request.
const SHORT: Duration = Duration::from_micros(500);
/// A read of this time on PostgreSQL is not counted. It is the time that passed, since the work is done in another process.
const SHORT_ELSEWHERE: Duration = Duration::from_millis(10);

/// Who has a live stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Listener {
    Account(AccountId),
    /// A session, a token, or a session of support.
    Means(Means),
}

/// What many accounts have going on for long: each of them has a share of it.
pub(crate) struct LongShares {
    streams: Shares<Listener>,
    exports: Shares<AccountId>,
}

impl LongShares {
    pub(crate) fn new(limits: &ServerLimits) -> Self {
        Self {
            streams: Shares::new(ServerLimits::count(limits.streams)),
            exports: Shares::new(ServerLimits::count(limits.exports)),
        }
    }
}

/// Which reads count for an account's share of the processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    /// Those that take long.
    Long,
    /// Each one: there are many, such as those of live streams.
    Each,
}

impl App {
    /// Reads what may take long. The time counts for the account's share, and while it has used much, it waits for its turn.
    ///
    /// # Errors
    /// Those of `closure`; [`AppError::Busy`] when too much of the account waits already; [`AppError::Storage`].
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        account: AccountId,
        closure: impl FnOnce(&mut Tx<'_>) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        self.read_counted(account, Counted::Long, closure).await
    }

    /// Reads what one account may ask for any number of times at once, as [`App::read`] does; each read is counted, also a short one.
    ///
    /// # Errors
    /// As of [`App::read`].
    pub(crate) async fn read_often<T: Send + 'static>(
        &self,
        account: AccountId,
        closure: impl FnOnce(&mut Tx<'_>) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        self.read_counted(account, Counted::Each, closure).await
    }

    async fn read_counted<T: Send + 'static>(
        &self,
        account: AccountId,
        counted: Counted,
        closure: impl FnOnce(&mut Tx<'_>) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let (database, evaluators) = (&self.inner.database, &self.inner.evaluators);
        let here = database.reads_here();
        if evaluators.is_light(account) {
            let app = self.clone();
            let timed = move |tx: &mut Tx<'_>| {
                let stopwatch = Stopwatch::start(here);
                let result = closure(tx);
                app.charge_read(account, counted, stopwatch);
                result
            };
            return database.read(timed).await;
        }
        let (app, database) = (self.clone(), database.clone());
        let work = move || {
            if here {
                // The thread's processor time is charged by the core that it has.
                return database.read_blocking(closure);
            }
            // The core is kept although this thread only waits: PostgreSQL may work on this machine, and one account's reads would else
            // take all of its cores.
            let stopwatch = Stopwatch::start(here);
            let result = database.read_blocking(closure);
            app.charge_read(account, counted, stopwatch);
            result
        };
        evaluators.run(account, Share::USUAL, work).await?
    }

    /// A place for a live stream of the caller, as long as it is kept.
    ///
    /// # Errors
    /// [`AppError::TooManyAtOnce`] for the caller's session or token and for the account, [`AppError::Busy`] for the server.
    pub(crate) fn stream_place(&self, caller: &Caller) -> Result<Place<Listener>, AppError> {
        let limits = &self.inner.limits;
        let holders = [
            (Listener::Means(caller.means), ServerLimits::count(limits.streams_per_session)),
            (Listener::Account(caller.account), ServerLimits::count(limits.streams_per_account)),
        ];
        self.inner.long.streams.take(&holders).map_err(|full| match full {
            Full::Holder(Listener::Means(_)) => {
                AppError::TooManyAtOnce("this session or token has as many live streams as it may have")
            }
            Full::Holder(Listener::Account(_)) => {
                AppError::TooManyAtOnce("the account has as many live streams as it may have")
            }
            Full::Everybody => AppError::Busy,
        })
    }

    /// A place for an export or a verification of an account, as long as it is kept.
    ///
    /// # Errors
    /// [`AppError::TooManyAtOnce`] for the account, [`AppError::Busy`] for the server.
    pub(crate) fn export_place(&self, account: AccountId) -> Result<Place<AccountId>, AppError> {
        let most = ServerLimits::count(self.inner.limits.exports_per_account);
        self.inner.long.exports.take(&[(account, most)]).map_err(|full| match full {
            Full::Holder(_) => {
                AppError::TooManyAtOnce("the account has as many exports and verifications as it may have")
            }
            Full::Everybody => AppError::Busy,
        })
    }

    fn charge_read(&self, account: AccountId, counted: Counted, stopwatch: Stopwatch) {
        let (took, short) = stopwatch.read();
        if counted == Counted::Each || took > short {
            self.inner.evaluators.charge(account, Share::USUAL, took);
        }
    }
}

/// What a read takes: processor time of this thread, or time where another process does the work.
enum Stopwatch {
    Here(Duration),
    Elsewhere(Instant),
}

impl Stopwatch {
    fn start(here: bool) -> Self {
        if here { Self::Here(processor_time()) } else { Self::Elsewhere(Instant::now()) }
    }

    /// What it took, and what is short.
    fn read(&self) -> (Duration, Duration) {
        match self {
            Self::Here(begun) => (processor_time().saturating_sub(*begun), SHORT),
            Self::Elsewhere(begun) => (begun.elapsed(), SHORT_ELSEWHERE),
        }
    }
}
