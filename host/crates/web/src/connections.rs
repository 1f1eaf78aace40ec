//! The connections of a server: how many there may be, of whom, and which of them end when there is no room or nobody uses them.
//!
//! What is said on a connection is not known here, only whether something is, and whether somebody showed who they are.

use std::{
    cmp::Reverse,
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sluice_domain::{
    forwarding::Proxies,
    server_limits::ServerLimits,
    shares::{Full, Shares},
};
use tokio::time::Instant;

use crate::room::{Holder, NoRoom, Room, Who, at_address};

mod open;

pub(crate) use open::{Idle, OpenConnection};

/// How long a client may take to send a request's head, and how long a connection may go without having asked for anything.
pub(crate) const HEAD: Duration = Duration::from_secs(20);
/// How long a connection that is told to end may take for it.
const LEAVE: Duration = Duration::from_secs(5);
/// How often it is looked which connections nobody uses.
const SWEEP: Duration = Duration::from_millis(500);
/// When there is no room, this part of the connections that nobody uses is closed at once: looking for them costs time.
const CLEARED: usize = 32;
/// The same of those that strangers or nobody use any more.
const CLEARED_SELDOM: usize = 256;
/// After how many milliseconds it is looked again where nothing could be closed.
const LOOK_AGAIN: u64 = 100;
/// Of how many holders it is remembered at most that nothing of theirs could be closed.
const REMEMBERED: usize = 1024;
/// Most exchanges that a connection may have when it is not to be ended for having most of them.
const FEW: usize = 8;

/// All connections of a server.
#[derive(Debug)]
pub(crate) struct Connections {
    open: Mutex<Open>,
    places: Shares<Holder>,
    room: Room,
    proxies: Proxies,
    limits: ServerLimits,
    begun: Instant,
}

#[derive(Debug, Default)]
struct Open {
    by_number: HashMap<u64, Arc<OpenConnection>>,
    next: u64,
    /// Until when it is not looked again what of a holder's, or of everybody's, could be closed.
    in_use: HashMap<Option<Holder>, u64>,
    /// When it is looked again whose requests are to end.
    relieve_after: u64,
}

/// How soon a connection may be closed to make room; what is first goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    idle: Idle,
    /// Those of the network with most connections go first.
    of_network: Reverse<usize>,
    /// For how long nothing has happened on it: since when, in milliseconds.
    since: u64,
}

impl Connections {
    pub(crate) fn new(limits: ServerLimits, proxies: Proxies) -> Arc<Self> {
        Arc::new(Self {
            open: Mutex::default(),
            places: Shares::new(ServerLimits::count(limits.connections)),
            room: Room::new(limits.clone()),
            proxies,
            limits,
            begun: Instant::now(),
        })
    }

    /// Milliseconds since the server began.
    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection from `peer`, if need be one that another had who does not use it.
    ///
    /// # Errors
    /// [`NoRoom`] when all who have one use it.
    pub(crate) fn admit(self: &Arc<Self>, peer: SocketAddr) -> Result<Arc<OpenConnection>, NoRoom> {
        let peer = peer.ip().to_canonical();
        let is_proxy = self.proxies.contains(peer);
        let holders = at_address(peer, self.limits.connections_per_address, self.limits.connections_per_network);
        // Many people come through a proxy: its connections are not one's.
        let holders = if is_proxy { &[] } else { &holders[..] };
        loop {
            match self.places.take(holders) {
                Ok(place) => {
                    let mut open = self.open();
                    open.next += 1;
                    let connection = Arc::new(OpenConnection::new(open.next, peer, is_proxy, self.clone(), place));
                    open.by_number.insert(connection.number(), connection.clone());
                    return Ok(connection);
                }
                Err(full) if self.make_room(full) == 0 => return Err(full.into()),
                Err(_) => {}
            }
        }
    }

    /// Closes connections that are used least, so that others can come in; how many.
    pub(crate) fn make_room(&self, full: Full<Holder>) -> usize {
        let (now, mut open) = (self.now(), self.open());
        let holder = match full {
            Full::Everybody => None,
            Full::Holder(holder) => Some(holder),
        };
        if open.in_use.get(&holder).is_some_and(|until| now < *until) {
            return 0;
        }
        let least_used = least_used(&open, holder, now, |_| true);
        if least_used.is_empty() {
            if open.in_use.len() >= REMEMBERED {
                open.in_use.clear();
            }
            open.in_use.insert(holder, now.saturating_add(LOOK_AGAIN));
        }
        for number in &least_used {
            if let Some(connection) = open.by_number.remove(number) {
                connection.end();
            }
        }
        least_used.len()
    }

    /// There is no room for a request of `who`. Answers that nobody takes need memory too, even short ones: connections with many of them
    /// end. Where everybody's room is used up, those of strangers end too that have been under way for longest.
    fn relieve(&self, who: Who, full: NoRoom) {
        let (now, mut open) = (self.now(), self.open());
        if now < open.relieve_after {
            return;
        }
        open.relieve_after = now.saturating_add(LOOK_AGAIN);
        let busy = |of: &dyn Fn(&OpenConnection) -> bool| -> Vec<_> {
            let connections = open.by_number.values().filter(|connection| of(connection));
            connections.filter(|connection| connection.exchanges() > FEW).cloned().collect()
        };
        let ended = match (who, full) {
            (Who::Account(account), _) => {
                let busy = busy(&|connection| connection.account() == Some(account));
                busy.into_iter().max_by_key(|connection| connection.exchanges()).into_iter().collect()
            }
            (Who::Stranger(address), NoRoom::Own) => {
                let network = Holder::of_network(address);
                busy(&|connection| connection.is_strangers_of(network))
            }
            (Who::Stranger(_), NoRoom::Everybodys) => {
                let oldest = least_used(&open, None, now, |idle| idle == Idle::StrangersBusy);
                let oldest = oldest.iter().filter_map(|number| open.by_number.get(number)).cloned();
                busy(&OpenConnection::is_strangers).into_iter().chain(oldest).collect()
            }
        };
        drop(open);
        ended.iter().for_each(|connection| connection.end());
    }

    fn leave(&self, number: u64) {
        self.open().by_number.remove(&number);
    }

    fn all(&self) -> Vec<Arc<OpenConnection>> {
        self.open().by_number.values().cloned().collect()
    }

    /// Ends what nobody uses or reads, for as long as it is polled.
    pub(crate) async fn keep_clear(&self) {
        let mut again = tokio::time::interval(SWEEP);
        loop {
            again.tick().await;
            let now = self.now();
            for connection in self.all() {
                connection.sweep(now, &self.limits);
            }
        }
    }

    /// Asks all to end, once their requests are done.
    pub(crate) fn retire(&self) {
        for connection in self.all() {
            connection.retire();
        }
    }
}

/// The numbers of those connections, of one holder or of all, that are to be closed first.
fn least_used(open: &Open, holder: Option<Holder>, now: u64, may_end: impl Fn(Idle) -> bool) -> Vec<u64> {
    let mut of_networks = HashMap::<Holder, usize>::new();
    for connection in open.by_number.values().filter(|connection| !connection.is_proxys()) {
        *of_networks.entry(connection.network()).or_default() += 1;
    }
    let is_held = |connection: &&Arc<OpenConnection>| holder.is_none_or(|holder| connection.is_of(holder));
    let all = open.by_number.values().filter(is_held).count();
    let ranked = open.by_number.values().filter(is_held).filter_map(|connection| {
        let (idle, since) = connection.idle(now).filter(|(idle, _)| may_end(*idle))?;
        let of_network = Reverse(of_networks.get(&connection.network()).copied().unwrap_or(0));
        Some((Rank { idle, of_network, since }, connection.number()))
    });
    let mut ranked: Vec<_> = ranked.collect();
    ranked.sort_unstable();
    let Some((Rank { idle: first, .. }, _)) = ranked.first().copied() else { return Vec::new() };
    let part = match first {
        Idle::Strangers => CLEARED,
        Idle::StrangersBusy | Idle::Knowns => CLEARED_SELDOM,
    };
    let alike = ranked.into_iter().take_while(|(rank, _)| rank.idle == first);
    alike.take((all / part).max(1)).map(|(_, number)| number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(limits: &[(&str, u64)]) -> Arc<Connections> {
        let mut all = ServerLimits::default();
        for (name, value) in limits {
            all.set(name, *value).expect("a limit");
        }
        let proxies = Proxies::new(["10.0.0.0/8".parse().expect("a network")], Default::default());
        Connections::new(all, proxies)
    }

    fn peer(address: [u8; 4]) -> SocketAddr {
        (address, 4711).into()
    }

    #[test]
    fn whoever_has_all_of_an_addresss_places_and_uses_none_loses_the_oldest() {
        let all = connections(&[("connections_per_address", 8)]);
        let own: Vec<_> = (0..8).map(|_| all.admit(peer([192, 0, 2, 1])).expect("a place")).collect();
        let others = all.admit(peer([192, 0, 2, 2])).expect("a place");
        all.admit(peer([192, 0, 2, 1])).expect("the place of the oldest");
        let ended: Vec<_> = own.iter().map(|connection| connection.has_ended()).collect();
        assert_eq!(ended, [true, false, false, false, false, false, false, false]);
        assert!(!others.has_ended());
    }

    #[test]
    fn when_all_places_are_taken_whoever_has_most_and_uses_them_least_makes_room() {
        let all = connections(&[("connections", 64)]);
        let early = all.admit(peer([203, 0, 113, 1])).expect("a place");
        let many: Vec<_> = (0..63).map(|_| all.admit(peer([192, 0, 2, 1])).expect("a place")).collect();
        let _late = all.admit(peer([203, 0, 113, 2])).expect("a place of who has many");
        assert!(!early.has_ended());
        assert!(many.iter().any(|connection| connection.has_ended()));
    }

    #[test]
    fn a_connection_that_somebody_uses_is_not_closed_for_a_newer_one() {
        let all = connections(&[("connections_per_address", 8)]);
        let account = sluice_domain::id::AccountId::new(sluice_domain::time::Timestamp::from_millis(1), [1; 10]);
        let used: Vec<_> = (0..8)
            .map(|_| {
                let connection = all.admit(peer([192, 0, 2, 1])).expect("a place");
                connection.is_known_to(account);
                (connection.begin(), connection)
            })
            .collect();
        assert_eq!(all.admit(peer([192, 0, 2, 1])).err(), Some(NoRoom::Own));
        assert!(used.iter().all(|(_, connection)| !connection.has_ended()));
    }

    #[test]
    fn a_proxy_has_as_many_connections_as_there_are() {
        let all = connections(&[("connections_per_address", 8), ("connections_per_network", 8), ("connections", 64)]);
        let proxys: Vec<_> = (0..64).map(|_| all.admit(peer([10, 0, 0, 1])).expect("a place")).collect();
        assert!(proxys.iter().all(|connection| !connection.has_ended()));
    }

    #[test]
    fn a_place_is_free_again_when_its_connection_has_ended() {
        let all = connections(&[("connections", 64)]);
        for _ in 0..200 {
            let connection = all.admit(peer([192, 0, 2, 1])).expect("a place");
            drop(connection.attended());
            assert_eq!(all.places.taken(), 0);
        }
    }
}
