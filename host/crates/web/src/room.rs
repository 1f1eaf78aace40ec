//! What requests under way may take together: how many there are, how many bytes they hold, how many files they have open.
//!
//! Strangers and accounts have shares of their own, so that nobody who is not known takes what people and programs work with. Who a
//! request is from is not found out here.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use sluice_domain::{
    id::AccountId,
    server_limits::ServerLimits,
    shares::{Full, Share, Shares},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::pace::{Pace, Pauses};

/// Of how many accounts turns are kept that nobody may be waiting for.
const KEPT: usize = 1024;

/// Whose places are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    /// An IPv4 address; of IPv6 a /64, which is what one customer gets.
    Address(IpAddr),
    /// A /24 of IPv4, a /48 of IPv6.
    Network(IpAddr),
    /// Everybody in an account.
    Account(AccountId),
}

impl Holder {
    /// Whom an address belongs to, as far as its places are counted.
    pub(crate) fn of_address(address: IpAddr) -> Self {
        Self::Address(masked(address, 32, 64))
    }

    /// The network around an address.
    pub(crate) fn of_network(address: IpAddr) -> Self {
        Self::Network(masked(address, 24, 48))
    }
}

/// The first `four` bits of an IPv4 address, the first `six` of an IPv6 address; the rest is zero.
fn masked(address: IpAddr, four: u32, six: u32) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - four).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - six).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// Somebody at an address who has not shown who they are.
    Stranger(IpAddr),
    /// Somebody of an account, or a program of it.
    Account(AccountId),
}

/// Whose share is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoRoom {
    /// The share of who asks.
    Own,
    /// Everybody's.
    Everybodys,
}

impl From<Full<Holder>> for NoRoom {
    fn from(full: Full<Holder>) -> Self {
        match full {
            Full::Everybody => Self::Everybodys,
            Full::Holder(_) => Self::Own,
        }
    }
}

/// What all requests of a server share.
#[derive(Debug)]
pub(crate) struct Room {
    requests: Shares<Holder>,
    bytes: Shares<Holder>,
    stranger_requests: Shares<Holder>,
    stranger_bytes: Shares<Holder>,
    downloads: Shares<Holder>,
    turns: Mutex<HashMap<AccountId, Arc<Semaphore>>>,
    reads: Pace,
    handshakes: Pace,
    pauses: Pauses,
    limits: ServerLimits,
}

impl Room {
    pub(crate) fn new(limits: ServerLimits) -> Self {
        let shares = |limit| Shares::new(ServerLimits::count(limit));
        Self {
            requests: shares(limits.requests),
            bytes: shares(limits.request_bytes),
            stranger_requests: shares(limits.stranger_requests),
            stranger_bytes: shares(limits.stranger_bytes),
            downloads: shares(limits.downloads),
            turns: Mutex::default(),
            reads: Pace::of(limits.reads_per_second),
            handshakes: Pace::of(limits.handshakes_per_second),
            pauses: Pauses::new(&limits),
            limits,
        }
    }

    /// A place for one request.
    pub(crate) fn request(&self, who: Who) -> Result<Share<Holder>, NoRoom> {
        let (per_address, per_network) =
            (self.limits.stranger_requests_per_address, self.limits.stranger_requests_per_network);
        Ok(match who {
            Who::Account(account) => self.requests.take(&[of_account(account, self.limits.requests_per_account)]),
            Who::Stranger(address) => self.stranger_requests.take(&at_address(address, per_address, per_network)),
        }?)
    }

    /// Room for so many bytes.
    pub(crate) fn bytes(&self, who: Who, bytes: usize) -> Result<Share<Holder>, NoRoom> {
        let (per_address, per_network) =
            (self.limits.stranger_bytes_per_address, self.limits.stranger_bytes_per_network);
        Ok(match who {
            Who::Account(account) => {
                self.bytes.take_many(bytes, &[of_account(account, self.limits.request_bytes_per_account)])
            }
            Who::Stranger(address) => {
                self.stranger_bytes.take_many(bytes, &at_address(address, per_address, per_network))
            }
        }?)
    }

    /// Waits until a request of `account` that only reads may be worked on: one account's readers would else take the threads that serve
    /// everybody. `None` never comes: turns are not closed.
    pub(crate) async fn turn(&self, account: AccountId) -> Option<OwnedSemaphorePermit> {
        self.reads.keep(Holder::Account(account)).await;
        let turns = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            if turns.len() >= KEPT {
                turns.retain(|_, turns| Arc::strong_count(turns) > 1);
            }
            let at_once = ServerLimits::count(self.limits.reads_per_account).min(Semaphore::MAX_PERMITS);
            turns.entry(account).or_insert_with(|| Arc::new(Semaphore::new(at_once))).clone()
        };
        turns.acquire_owned().await.ok()
    }

    /// Of TLS handshakes, each of which takes a core for up to a millisecond.
    pub(crate) fn handshakes(&self) -> &Pace {
        &self.handshakes
    }

    /// Before refusals.
    pub(crate) fn pauses(&self) -> &Pauses {
        &self.pauses
    }

    /// A place for one open file of an account.
    pub(crate) fn download(&self, account: AccountId) -> Result<Share<Holder>, NoRoom> {
        Ok(self.downloads.take(&[of_account(account, self.limits.downloads_per_account)])?)
    }
}

fn of_account(account: AccountId, most: u64) -> (Holder, usize) {
    (Holder::Account(account), ServerLimits::count(most))
}

/// An address and its network, with what each may have.
pub(crate) fn at_address(address: IpAddr, per_address: u64, per_network: u64) -> [(Holder, usize); 2] {
    [
        (Holder::of_address(address), ServerLimits::count(per_address)),
        (Holder::of_network(address), ServerLimits::count(per_network)),
    ]
}

#[cfg(test)]
mod tests {
    use sluice_domain::time::Timestamp;

    use super::*;

    #[test]
    fn an_address_is_one_of_ipv4_or_a_customers_network_of_ipv6() {
        let of = |address: &str| {
            let address = address.parse().expect("an address");
            (Holder::of_address(address), Holder::of_network(address))
        };
        let held = |address: &str, network: &str| {
            (
                Holder::Address(address.parse().expect("an address")),
                Holder::Network(network.parse().expect("an address")),
            )
        };
        assert_eq!(of("192.0.2.77"), held("192.0.2.77", "192.0.2.0"));
        assert_eq!(of("::ffff:192.0.2.77"), held("192.0.2.77", "192.0.2.0"));
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), held("2001:db8:1:2::", "2001:db8:1::"));
    }

    #[tokio::test]
    async fn readers_of_one_account_wait_for_each_other_and_for_nobody_else() {
        let mut limits = ServerLimits::default();
        limits.set("reads_per_account", 1).expect("a limit");
        let room = Room::new(limits);
        let account = |number| AccountId::new(Timestamp::from_millis(number), [1; 10]);
        let first = room.turn(account(1)).await;
        let mut second = Box::pin(room.turn(account(1)));
        assert!(futures::poll!(second.as_mut()).is_pending());
        assert!(room.turn(account(2)).await.is_some());
        drop(first);
        assert!(second.await.is_some());
    }

    #[test]
    fn strangers_take_nothing_from_accounts_and_not_everything_from_each_other() {
        let mut limits = ServerLimits::default();
        for (name, value) in [
            ("stranger_bytes", 131_072),
            ("stranger_bytes_per_address", 32_768),
            ("stranger_bytes_per_network", 65_536),
            ("request_bytes_per_account", 1_048_576),
        ] {
            limits.set(name, value).expect("a limit");
        }
        let room = Room::new(limits);
        let stranger = |address: [u8; 4], bytes| room.bytes(Who::Stranger(address.into()), bytes);
        let mut held = vec![stranger([192, 0, 2, 1], 32_768).expect("its own share")];
        assert_eq!(stranger([192, 0, 2, 1], 1).err(), Some(NoRoom::Own));
        held.push(stranger([192, 0, 2, 2], 32_768).expect("the rest of the network's share"));
        assert_eq!(stranger([192, 0, 2, 3], 1).err(), Some(NoRoom::Own));
        held.push(stranger([198, 51, 100, 1], 32_768).expect("another network's"));
        held.push(stranger([198, 51, 100, 2], 32_768).expect("another network's"));
        assert_eq!(stranger([203, 0, 113, 1], 1).err(), Some(NoRoom::Everybodys));
        let account = Who::Account(AccountId::new(Timestamp::from_millis(1), [1; 10]));
        held.push(room.bytes(account, 1_048_576).expect("an account's share"));
        assert_eq!(room.bytes(account, 1).err(), Some(NoRoom::Own));
    }
}
