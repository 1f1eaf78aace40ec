//! One connection: what happens on it, and what it is told to do.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sluice_domain::{id::AccountId, server_limits::ServerLimits, shares::Share};
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

use super::{Connections, HEAD, LEAVE};
use crate::{
    exchange::{Ended, Exchange},
    room::{Holder, NoRoom, Room, Who},
};

/// How little a connection is used. What is first is closed first when there is no room; what is not here is not closed for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Idle {
    /// Nothing is under way, and nobody ever showed who they are.
    Strangers,
    /// Requests are under way, all of strangers.
    StrangersBusy,
    /// Nothing is under way.
    Knowns,
}

/// One connection, as its server sees it.
#[derive(Debug)]
pub(crate) struct OpenConnection {
    number: u64,
    peer: IpAddr,
    is_proxys: bool,
    server: Arc<Connections>,
    place: Mutex<Option<Share<Holder>>>,
    state: Mutex<State>,
    /// Whose people have shown on it who they are: the first account.
    account: OnceLock<AccountId>,
    /// Since when a write stands still, in milliseconds; 0 when none does.
    blocked: AtomicU64,
    retires: CancellationToken,
    ends: CancellationToken,
}

#[derive(Debug)]
struct State {
    exchanges: HashMap<u64, Weak<Exchange>>,
    begun: u64,
    /// When something began or ended on it.
    since: u64,
}

/// Takes the connection from its server's when it is dropped.
#[derive(Debug)]
pub(crate) struct Attended(Arc<OpenConnection>);

impl Drop for Attended {
    fn drop(&mut self) {
        self.0.server.leave(self.0.number);
        self.0.give_place_back();
    }
}

impl OpenConnection {
    pub(super) fn new(
        number: u64,
        peer: IpAddr,
        is_proxys: bool,
        server: Arc<Connections>,
        place: Share<Holder>,
    ) -> Self {
        let since = server.now();
        Self {
            number,
            peer,
            is_proxys,
            server,
            place: Mutex::new(Some(place)),
            state: Mutex::new(State { exchanges: HashMap::new(), begun: 0, since }),
            account: OnceLock::new(),
            blocked: AtomicU64::new(0),
            retires: CancellationToken::new(),
            ends: CancellationToken::new(),
        }
    }

    pub(crate) fn attended(self: &Arc<Self>) -> Attended {
        Attended(self.clone())
    }

    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    pub(super) const fn is_proxys(&self) -> bool {
        self.is_proxys
    }

    pub(super) fn network(&self) -> Holder {
        Holder::of_network(self.peer)
    }

    pub(super) fn is_of(&self, holder: Holder) -> bool {
        !self.is_proxys && (Holder::of_address(self.peer) == holder || self.network() == holder)
    }

    pub(super) fn is_strangers(&self) -> bool {
        !self.is_proxys && self.account.get().is_none()
    }

    pub(super) fn is_strangers_of(&self, holder: Holder) -> bool {
        self.is_strangers() && self.is_of(holder)
    }

    pub(super) fn account(&self) -> Option<AccountId> {
        self.account.get().copied().filter(|_| !self.is_proxys)
    }

    /// Waits until it is time for a TLS handshake of its network. Many people come through a proxy: it does not wait.
    pub(crate) async fn wait_to_greet(&self) {
        if !self.is_proxys {
            self.room().handshakes().keep(Holder::of_network(self.peer)).await;
        }
    }

    pub(crate) fn room(&self) -> &Room {
        &self.server.room
    }

    /// Milliseconds since the server began.
    pub(crate) fn now(&self) -> u64 {
        self.server.now()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request has come.
    pub(crate) fn begin(self: &Arc<Self>) -> Arc<Exchange> {
        let now = self.now();
        let mut state = self.state();
        state.begun += 1;
        state.since = now;
        let exchange = Arc::new(Exchange::new(state.begun, self.clone()));
        let number = state.begun;
        state.exchanges.insert(number, Arc::downgrade(&exchange));
        exchange
    }

    /// All of its answer was taken, or nobody will.
    pub(crate) fn finish(&self, number: u64) {
        let now = self.now();
        let mut state = self.state();
        state.exchanges.remove(&number);
        state.since = now;
    }

    pub(super) fn exchanges(&self) -> usize {
        self.state().exchanges.len()
    }

    /// Somebody showed who they are.
    pub(crate) fn is_known_to(&self, account: AccountId) {
        // It stays the first one's.
        let _ = self.account.set(account);
    }

    pub(crate) fn relieve(&self, who: Who, full: NoRoom) {
        self.server.relieve(who, full);
    }

    /// A write stands still, or goes on.
    pub(crate) fn write_is_blocked(&self, is_blocked: bool) {
        let since = if is_blocked { self.now().max(1) } else { 0 };
        self.blocked.store(since, Ordering::Relaxed);
    }

    /// How little it is used, and when something last happened on it; `None` when somebody is served who is known.
    pub(super) fn idle(&self, now: u64) -> Option<(Idle, u64)> {
        let is_known = self.is_proxys || self.account.get().is_some();
        let state = self.state();
        let idle = match (is_known, state.exchanges.is_empty()) {
            (false, true) => Idle::Strangers,
            (false, false) => Idle::StrangersBusy,
            (true, true) => Idle::Knowns,
            (true, false) => return None,
        };
        Some((idle, state.since.min(now)))
    }

    /// Ends it, or what is under way on it, if nobody uses or reads it any more.
    pub(super) fn sweep(&self, now: u64, limits: &ServerLimits) {
        let stalled = now.saturating_sub(limits.stall_seconds.saturating_mul(1000));
        let blocked = self.blocked.load(Ordering::Relaxed);
        if blocked != 0 && blocked < stalled {
            return self.end();
        }
        let (exchanges, since, begun) = {
            let state = self.state();
            // They are dropped after the lock: the last one of them takes it.
            let exchanges: Vec<_> = state.exchanges.values().filter_map(Weak::upgrade).collect();
            (exchanges, state.since, state.begun)
        };
        if exchanges.is_empty() {
            let idle_since = |limit: Duration| since.saturating_add(millis(limit)) < now;
            let idle = Duration::from_secs(limits.idle_seconds);
            let is_known = self.is_proxys || self.account.get().is_some();
            let idle = if is_known && begun > 0 { idle } else { idle.min(HEAD) };
            if idle_since(idle + LEAVE) || (begun == 0 && idle_since(idle)) {
                self.end();
            } else if idle_since(idle) {
                self.retire();
            }
        }
        let ended: Vec<_> = exchanges.iter().filter_map(|exchange| exchange.end_if_unread(stalled)).collect();
        if ended.contains(&Ended::WithItsConnection) {
            self.end();
        }
    }

    /// It is to end once its requests are done.
    pub(crate) fn retire(&self) {
        self.retires.cancel();
    }

    /// It is to end now. Another may have its place.
    pub(super) fn end(&self) {
        self.ends.cancel();
        self.give_place_back();
    }

    fn give_place_back(&self) {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Until it is to end once its requests are done.
    pub(crate) fn retires(&self) -> WaitForCancellationFuture<'_> {
        self.retires.cancelled()
    }

    /// Until it is to end now.
    pub(crate) fn ends(&self) -> WaitForCancellationFuture<'_> {
        self.ends.cancelled()
    }

    #[cfg(test)]
    pub(super) fn has_ended(&self) -> bool {
        self.ends.is_cancelled()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
