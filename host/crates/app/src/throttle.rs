//! What is slowed down when attempts to log in fail: the address and the network that they come from, and the e-mail address that they
//! name.
//!
//! Somebody who guesses at a person's password from elsewhere slows down that elsewhere only: from networks in which the person
//! has logged in before, attempts are counted apart, and neither the address nor the network holds them up. So nobody can keep a
//! rightful owner out. By how much is in the domain.

use sluice_domain::{
    digest::Digest,
    network::{network_of, subscriber_of},
    server_limits::ServerLimits,
    throttle::{self, Failures},
    time::Timestamp,
};
use sluice_storage::{ThrottleRow, Tx};

use crate::{App, AppError};

/// How many failures are free, before pauses begin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Free {
    person: u32,
    /// An office of many people shares one.
    address: u32,
    /// Who has a site of IPv6 has 65,536 addresses as they are counted here.
    network: u32,
}

impl Free {
    fn of(limits: &ServerLimits) -> Self {
        let free = |limit: u64| u32::try_from(limit).unwrap_or(u32::MAX);
        Self {
            person: free(limits.free_failures_per_person),
            address: free(limits.free_failures_per_address),
            network: free(limits.free_failures_per_network),
        }
    }
}

impl App {
    /// How many failures are free on this server.
    pub(crate) fn free_failures(&self) -> Free {
        Free::of(&self.inner.limits)
    }
}

/// What one attempt counts for. Digests, so that no address is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subjects {
    person: Option<Digest>,
    address: Digest,
    network: Digest,
    /// Whether failures of others from the same address and network hold it up.
    held_by_others: bool,
    free: Free,
}

impl Subjects {
    /// Of an attempt with `email` from `address`. `known` is the network, when the person has logged in there before.
    pub(crate) fn new(free: Free, email: &str, address: &str, known: Option<&str>) -> Self {
        let person = Digest::of(format!("person\0{email}\0{}", known.unwrap_or_default()).as_bytes());
        Self { person: Some(person), held_by_others: known.is_none(), ..Self::of_address(free, address) }
    }

    /// Of an attempt of somebody who is logged in, by what they try.
    pub(crate) fn of_caller(free: Free, what: &str, address: &str) -> Self {
        Self { held_by_others: false, ..Self::new(free, what, address, None) }
    }

    /// Of an attempt that names nobody.
    pub(crate) fn of_address(free: Free, address: &str) -> Self {
        Self {
            person: None,
            address: Digest::of(format!("address\0{}", subscriber_of(address)).as_bytes()),
            network: Digest::of(format!("network\0{}", network_of(address)).as_bytes()),
            held_by_others: true,
            free,
        }
    }

    fn own(self) -> impl Iterator<Item = (Digest, u32)> {
        self.person.into_iter().map(move |person| (person, self.free.person))
    }

    fn whereabouts(self) -> impl Iterator<Item = (Digest, u32)> {
        [(self.address, self.free.address), (self.network, self.free.network)].into_iter()
    }

    /// Lets an attempt be looked at, or says when the next one may be.
    pub(crate) fn check(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), AppError> {
        let mut until = now;
        for (subject, _) in self.own().chain(self.whereabouts().filter(|_| self.held_by_others)) {
            if let Some(row) = tx.throttle(subject)? {
                until = until.max(row.blocked_until);
            }
        }
        let seconds = (until.millis() - now.millis()).unsigned_abs().div_ceil(1000);
        if seconds == 0 { Ok(()) } else { Err(AppError::TooManyAttempts { seconds }) }
    }

    /// Counts an attempt for the person before it is looked at, unless it has to wait: of many at once, no more are looked at than
    /// may be. [`Subjects::succeeded`] takes it back.
    pub(crate) fn charge(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), AppError> {
        self.check(tx, now)?;
        Self::count(tx, now, self.own())
    }

    /// Counts for the address and the network what was charged to the person and failed.
    pub(crate) fn failed_as_charged(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), AppError> {
        Self::count(tx, now, self.whereabouts())
    }

    /// Counts a failure.
    pub(crate) fn failed(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), AppError> {
        Self::count(tx, now, self.own().chain(self.whereabouts()))
    }

    fn count(tx: &mut Tx<'_>, now: Timestamp, subjects: impl Iterator<Item = (Digest, u32)>) -> Result<(), AppError> {
        for (subject, free) in subjects {
            let before = tx.throttle(subject)?;
            let before = before.map(|row| Failures {
                count: row.failures,
                blocked_until: row.blocked_until,
                last: row.updated_at,
            });
            let Failures { count, blocked_until, last } = throttle::after_failure(before, free, now);
            tx.put_throttle(&ThrottleRow { subject, failures: count, blocked_until, updated_at: last })?;
        }
        Ok(())
    }

    /// Forgets the failures of the person. Those of the address and the network stay: whoever has one good password there may be guessing others.
    pub(crate) fn succeeded(self, tx: &mut Tx<'_>) -> Result<(), AppError> {
        self.person.map_or(Ok(()), |person| Ok(tx.delete_throttle(person)?))
    }
}
