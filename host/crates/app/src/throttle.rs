//! What is slowed down when attempts to log in fail: the subscriber whose address they come from, and the e-mail address that they name.
//!
//! Somebody who guesses at a person's password from elsewhere slows down that elsewhere only: from networks in which the person
//! has logged in before, attempts are counted apart. So nobody can keep a rightful owner out. By how much is in the domain.

use sluice_domain::{
    keyed_digest::{DigestKey, KeyedDigest, Kind},
    network::subscriber_of,
    throttle::{self, Failures},
    time::Timestamp,
};
use sluice_storage::{ThrottleRow, Tx};

use crate::AppError;

/// Failures of one address before it is slowed down: an office of many people shares one.
const FREE_OF_ADDRESS: u32 = 20;
/// Failures of one e-mail address before it is slowed down.
const FREE_OF_PERSON: u32 = 5;

/// What one attempt counts for. Keyed digests, so that no address is kept or can be guessed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subjects {
    address: KeyedDigest,
    person: KeyedDigest,
}

impl Subjects {
    /// Of an attempt with `email` from `address`. `known` is the network, when the person has logged in there before.
    pub(crate) fn new(key: &DigestKey, email: &str, address: &str, known: Option<&str>) -> Self {
        Self {
            address: key.digest(Kind::Throttle, &["address"], subscriber_of(address).as_bytes()),
            person: key.digest(Kind::Throttle, &["person", known.unwrap_or_default()], email.as_bytes()),
        }
    }

    const fn each(self) -> [(KeyedDigest, u32); 2] {
        [(self.address, FREE_OF_ADDRESS), (self.person, FREE_OF_PERSON)]
    }

    /// Lets an attempt be looked at, or says when the next one may be.
    pub(crate) fn check(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), AppError> {
        let mut until = now;
        for (subject, _) in self.each() {
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
        Self::count(tx, now, &[(self.person, FREE_OF_PERSON)])
    }

    /// Counts for the address what was charged to the person and failed.
    pub(crate) fn failed_as_charged(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), AppError> {
        Self::count(tx, now, &[(self.address, FREE_OF_ADDRESS)])
    }

    /// Counts a failure.
    pub(crate) fn failed(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), AppError> {
        Self::count(tx, now, &self.each())
    }

    fn count(tx: &mut Tx<'_>, now: Timestamp, subjects: &[(KeyedDigest, u32)]) -> Result<(), AppError> {
        for (subject, free) in subjects.iter().copied() {
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

    /// Forgets the failures of the person. Those of the address stay: whoever has one good password there may be guessing others.
    pub(crate) fn succeeded(self, tx: &mut Tx<'_>) -> Result<(), AppError> {
        Ok(tx.delete_throttle(self.person)?)
    }
}
