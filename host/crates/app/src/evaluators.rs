//! Threads for plugins, shared fairly: as many calls run at once as there are cores, off the async threads and behind them in priority.
//!
//! Accounts take turns by the processor time that they used, and one that uses much waits behind those that use little. What a call may
//! use at most is its budget, which is not decided here.

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rustix::{
    process::setpriority_process,
    time::{ClockId, clock_gettime},
};
use sluice_domain::id::AccountId;
use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
};

use crate::AppError;

/// How far behind the async threads the threads for plugins stand, as `nice` counts.
const NICE: i32 = 10;
/// Most threads: calls that wait for the database or another server keep theirs, but not their core.
const THREADS: usize = 256;
/// Most calls of one account that wait for a core.
const WAITING: usize = 1_024;
/// An account that used more processor time than this in the last second or so is heavy.
const HEAVY: Duration = Duration::from_millis(50);
/// In this time, half of what was used is forgotten.
const HALF_LIFE: Duration = Duration::from_secs(1);
/// With more accounts than this in memory, those that used nothing lately are forgotten.
const REMEMBERED: usize = 4_096;

/// How an account's processor time is weighed, in percent of the usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share(u32);

impl Share {
    /// Of work that is not a message's, too.
    pub(crate) const USUAL: Self = Self(100);

    /// A weight, in percent of the usual.
    pub(crate) const fn of(percent: u32) -> Self {
        Self(percent)
    }

    fn weigh(self, used: Duration) -> f64 {
        used.as_secs_f64() * 100.0 / f64::from(self.0.max(1))
    }
}

/// Where plugins' calls get a core.
pub(crate) struct Evaluators {
    cores: Arc<Cores>,
    /// Only its threads are used.
    threads: Option<Runtime>,
}

impl Evaluators {
    pub(crate) fn new(cores: usize) -> Self {
        let threads = Builder::new_current_thread()
            .max_blocking_threads(THREADS)
            .thread_name("plugins")
            .on_thread_start(|| {
                // Without it, plugins merely compete with everything else.
                if let Err(error) = setpriority_process(None, NICE) {
                    tracing::debug!(%error, "threads for plugins have the usual priority");
                }
            })
            .build()
            .expect("a runtime without drivers is made of memory only");
        let state = State { free: cores.max(1), heavy: 0, turn: 0.0, accounts: HashMap::new() };
        Self { cores: Arc::new(Cores { all: cores.max(1), state: Mutex::new(state) }), threads: Some(threads) }
    }

    /// Runs `work` for an account when it is its turn and a core is free. What was begun is finished, even if the caller has gone.
    ///
    /// # Errors
    /// [`AppError::Busy`] when too much of the account waits already.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        account: AccountId,
        share: Share,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AppError> {
        let core = match self.cores.ask(account, share)? {
            Asked::Given(core) => core,
            Asked::Waits(given) => given.await.map_err(|_| AppError::Closing)?,
        };
        let threads = self.threads.as_ref().ok_or(AppError::Closing)?;
        let done = threads.spawn_blocking(move || {
            let _place = core.occupy();
            work()
        });
        done.await.map_err(|_| AppError::Internal("a rule's evaluation"))
    }

    /// Whether an account used so little lately that its quick calls need not wait for a turn.
    pub(crate) fn is_light(&self, account: AccountId) -> bool {
        let mut state = self.cores.lock();
        let now = Instant::now();
        state.accounts.get_mut(&account).is_none_or(|usage| !usage.is_heavy(now))
    }

    /// Counts processor time that an account used elsewhere.
    pub(crate) fn charge(&self, account: AccountId, share: Share, used: Duration) {
        self.cores.lock().charge(account, share, used, Instant::now());
    }
}

impl Drop for Evaluators {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

thread_local! {
    static CORE: RefCell<Option<Core>> = const { RefCell::new(None) };
}

/// Gives the core of the call that runs on this thread to others while `wait` waits for something.
pub(crate) fn without_core<T>(wait: impl FnOnce() -> T) -> T {
    let Some(core) = CORE.take() else { return wait() };
    let (cores, account, share) = (core.cores.clone(), core.account, core.share);
    drop(core);
    let waited = wait();
    let again = match cores.ask_whatever_waits(account, share) {
        Asked::Given(core) => Some(core),
        Asked::Waits(given) => given.blocking_recv().ok(),
    };
    if let Some(mut core) = again {
        core.begun = processor_time();
        CORE.set(Some(core));
    }
    waited
}

/// Processor time of this thread.
pub(crate) fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

struct Cores {
    all: usize,
    state: Mutex<State>,
}

struct State {
    free: usize,
    /// How many cores heavy accounts have.
    heavy: usize,
    /// The weighed time at which the account stood that had its turn last.
    turn: f64,
    accounts: HashMap<AccountId, Usage>,
}

struct Usage {
    /// In seconds, weighed; of what is long ago little is left.
    recent: f64,
    as_of: Instant,
    /// The weighed time that it used, counted from where the others stood when it began.
    turn: f64,
    waiting: VecDeque<(Share, oneshot::Sender<Core>)>,
}

enum Asked {
    Given(Core),
    Waits(oneshot::Receiver<Core>),
}

/// A core for one call; given on when it is dropped.
struct Core {
    cores: Arc<Cores>,
    account: AccountId,
    share: Share,
    heavy: bool,
    /// The thread's processor time when the call began; until then nothing is used.
    begun: Duration,
    occupied: bool,
}

/// That a call runs on this thread.
struct Place;

impl Drop for Place {
    fn drop(&mut self) {
        drop(CORE.take());
    }
}

impl Core {
    /// Begins to use it on this thread.
    fn occupy(mut self) -> Place {
        (self.begun, self.occupied) = (processor_time(), true);
        CORE.set(Some(self));
        Place
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        let used = if self.occupied { processor_time().saturating_sub(self.begun) } else { Duration::ZERO };
        let given = {
            let mut state = self.cores.lock();
            state.free += 1;
            state.heavy -= usize::from(self.heavy);
            state.charge(self.account, self.share, used, Instant::now());
            state.give(&self.cores)
        };
        // Whoever has gone meanwhile drops its core, which takes the lock again.
        for (waiting, core) in given {
            let _gone = waiting.send(core);
        }
    }
}

impl Cores {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(self: &Arc<Self>, account: AccountId, share: Share) -> Result<Asked, AppError> {
        let waiting = self.lock().accounts.get(&account).map_or(0, |usage| usage.waiting.len());
        if waiting >= WAITING { Err(AppError::Busy) } else { Ok(self.ask_whatever_waits(account, share)) }
    }

    fn ask_whatever_waits(self: &Arc<Self>, account: AccountId, share: Share) -> Asked {
        let (waiting, mut given) = oneshot::channel();
        let all = {
            let mut state = self.lock();
            state.usage(account).waiting.push_back((share, waiting));
            state.give(self)
        };
        for (waiting, core) in all {
            let _gone = waiting.send(core);
        }
        given.try_recv().map_or(Asked::Waits(given), Asked::Given)
    }
}

impl State {
    fn usage(&mut self, account: AccountId) -> &mut Usage {
        let (now, turn) = (Instant::now(), self.turn);
        if self.accounts.len() >= REMEMBERED {
            self.accounts.retain(|_, usage| !usage.waiting.is_empty() || usage.recent(now) > 0.001);
        }
        let new = || Usage { recent: 0.0, as_of: now, turn, waiting: VecDeque::new() };
        let usage = self.accounts.entry(account).or_insert_with(new);
        // Who used nothing for a while saves up nothing.
        usage.turn = usage.turn.max(turn);
        usage
    }

    fn charge(&mut self, account: AccountId, share: Share, used: Duration, now: Instant) {
        let weighed = share.weigh(used);
        let usage = self.usage(account);
        usage.recent = usage.recent(now) + weighed;
        usage.as_of = now;
        usage.turn += weighed;
    }

    /// Gives free cores to those whose turn it is. Heavy accounts leave one to the others, where there are two.
    fn give(&mut self, cores: &Arc<Cores>) -> Vec<(oneshot::Sender<Core>, Core)> {
        let (now, mut given) = (Instant::now(), Vec::new());
        while self.free > 0 {
            let heavy_may = self.heavy < (cores.all - 1).max(1);
            let next = self
                .accounts
                .iter_mut()
                .filter(|(_, usage)| !usage.waiting.is_empty())
                .map(|(account, usage)| (*account, usage.is_heavy(now), usage.turn))
                .filter(|(_, heavy, _)| heavy_may || !heavy)
                .min_by(|one, other| one.1.cmp(&other.1).then(one.2.total_cmp(&other.2)));
            let Some((account, heavy, turn)) = next else { break };
            let Some((share, waiting)) = self.usage(account).waiting.pop_front() else { break };
            self.turn = self.turn.max(turn);
            self.free -= 1;
            self.heavy += usize::from(heavy);
            let core = Core { cores: cores.clone(), account, share, heavy, begun: Duration::ZERO, occupied: false };
            given.push((waiting, core));
        }
        given
    }
}

impl Usage {
    fn recent(&self, now: Instant) -> f64 {
        let halves = now.saturating_duration_since(self.as_of).as_secs_f64() / HALF_LIFE.as_secs_f64();
        self.recent * 0.5_f64.powf(halves)
    }

    fn is_heavy(&self, now: Instant) -> bool {
        self.recent(now) > HEAVY.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use sluice_domain::time::Timestamp;

    use super::*;

    fn account(number: u8) -> AccountId {
        AccountId::new(Timestamp::from_millis(1), [number; 10])
    }

    fn runtime() -> Runtime {
        Builder::new_multi_thread().worker_threads(2).build().expect("a runtime")
    }

    /// Takes a core and keeps it.
    fn taken(evaluators: &Evaluators, account: AccountId) -> Core {
        match evaluators.cores.ask(account, Share::USUAL).expect("may ask") {
            Asked::Given(core) => core,
            Asked::Waits(_) => panic!("no core is free"),
        }
    }

    fn waits(evaluators: &Evaluators, account: AccountId) -> oneshot::Receiver<Core> {
        match evaluators.cores.ask(account, Share::USUAL).expect("may ask") {
            Asked::Given(_) => panic!("a core is free"),
            Asked::Waits(given) => given,
        }
    }

    #[test]
    fn no_more_calls_run_at_once_than_there_are_cores() {
        let evaluators = Arc::new(Evaluators::new(2));
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        runtime().block_on(async {
            let calls = (0..64).map(|number| {
                let (evaluators, running, most) = (evaluators.clone(), running.clone(), most.clone());
                tokio::spawn(async move {
                    let work = move || {
                        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        running.fetch_sub(1, Ordering::SeqCst);
                    };
                    evaluators.run(account(number % 4), Share::USUAL, work).await
                })
            });
            for call in calls.collect::<Vec<_>>() {
                call.await.expect("runs").expect("runs");
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 2);
    }

    #[test]
    fn who_used_less_has_its_turn_first() {
        let evaluators = Evaluators::new(1);
        let busy = taken(&evaluators, account(9));
        evaluators.charge(account(1), Share::USUAL, Duration::from_millis(30));
        evaluators.charge(account(2), Share::USUAL, Duration::from_millis(10));
        // Four times the share counts a quarter.
        evaluators.charge(account(3), Share(400), Duration::from_millis(20));
        let (mut first, mut second, mut third) =
            (waits(&evaluators, account(1)), waits(&evaluators, account(2)), waits(&evaluators, account(3)));
        drop(busy);
        let core = third.try_recv().expect("the third's turn");
        assert!(second.try_recv().is_err());
        drop(core);
        let core = second.try_recv().expect("the second's turn");
        assert!(first.try_recv().is_err());
        drop(core);
        assert!(first.try_recv().is_ok());
    }

    #[test]
    fn heavy_accounts_leave_a_core_to_the_others() {
        let evaluators = Evaluators::new(2);
        for number in 1..=3 {
            evaluators.charge(account(number), Share::USUAL, HEAVY * 2);
            assert!(!evaluators.is_light(account(number)));
        }
        let _first = taken(&evaluators, account(1));
        let _second = waits(&evaluators, account(2));
        let _third = waits(&evaluators, account(3));
        assert!(evaluators.is_light(account(4)));
        drop(taken(&evaluators, account(4)));
        drop(taken(&evaluators, account(5)));
    }

    #[test]
    fn a_call_that_nobody_waits_for_any_more_gives_its_core_on() {
        let evaluators = Evaluators::new(1);
        let busy = taken(&evaluators, account(9));
        drop(waits(&evaluators, account(1)));
        let mut second = waits(&evaluators, account(2));
        drop(busy);
        assert!(second.try_recv().is_ok());
    }

    #[test]
    fn a_core_is_anothers_while_its_call_waits() {
        let evaluators = Arc::new(Evaluators::new(1));
        let runtime = runtime();
        let (inside, told) = (evaluators.clone(), runtime.handle().clone());
        let both = runtime.block_on(evaluators.run(account(1), Share::USUAL, move || {
            without_core(|| told.block_on(inside.run(account(2), Share::USUAL, || 2)))
        }));
        assert!(matches!(both, Ok(Ok(2))));
        assert_eq!(evaluators.cores.lock().free, 1);
    }

    #[test]
    fn a_panic_is_answered_and_gives_its_core_back() {
        let evaluators = Evaluators::new(1);
        let runtime = runtime();
        let panics = runtime.block_on(evaluators.run(account(1), Share::USUAL, || panic!("a host's mistake")));
        assert!(matches!(panics, Err(AppError::Internal(_))));
        assert!(matches!(runtime.block_on(evaluators.run(account(1), Share::USUAL, || 1)), Ok(1)));
    }

    #[test]
    fn what_waits_is_bounded() {
        let evaluators = Evaluators::new(1);
        let _busy = taken(&evaluators, account(9));
        let waiting: Vec<_> = (0..WAITING).map(|_| waits(&evaluators, account(1))).collect();
        assert!(matches!(evaluators.cores.ask(account(1), Share::USUAL), Err(AppError::Busy)));
        drop(waits(&evaluators, account(2)));
        drop(waiting);
    }
}
