//! What is slowed down when attempts to log in fail: the address and the network that they come from, and the e-mail address that they
//! name.
//!
//! Somebody who guesses at a person's password from elsewhere slows down that elsewhere only: from networks in which the person
//! has logged in before, attempts are counted apart, and neither the address nor the network holds them up. So nobody can keep a
//! rightful owner out. By how much is in the domain.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use sluice_domain::{
    id::AccountId,
    keyed_digest::{DigestKey, KeyedDigest, Kind},
    network::{network_of, subscriber_of},
    server_limits::ServerLimits,
    throttle::{self, Failures},
    time::Timestamp,
};
use sluice_storage::{ThrottleRow, Tx};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{App, AppError, refusals::Refusal, store::By};

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

/// What one attempt counts for. Keyed digests, so that no address is kept or can be guessed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subjects {
    person: Option<KeyedDigest>,
    address: KeyedDigest,
    network: KeyedDigest,
    /// Whether failures of others from the same address and network hold it up.
    held_by_others: bool,
    free: Free,
}

impl Subjects {
    /// Of an attempt with `email` from `address`. `known` is the network, when the person has logged in there before.
    pub(crate) fn new(key: &DigestKey, free: Free, email: &str, address: &str, known: Option<&str>) -> Self {
        let person = key.digest(Kind::Throttle, &["person", known.unwrap_or_default()], email.as_bytes());
        Self { person: Some(person), held_by_others: known.is_none(), ..Self::of_address(key, free, address) }
    }

    /// Of an attempt of somebody who is logged in, by what they try.
    pub(crate) fn of_caller(key: &DigestKey, free: Free, what: &str, address: &str) -> Self {
        Self { held_by_others: false, ..Self::new(key, free, what, address, None) }
    }

    /// Of an attempt that names nobody.
    pub(crate) fn of_address(key: &DigestKey, free: Free, address: &str) -> Self {
        Self {
            person: None,
            address: key.digest(Kind::Throttle, &["address"], subscriber_of(address).as_bytes()),
            network: key.digest(Kind::Throttle, &["network"], network_of(address).as_bytes()),
            held_by_others: true,
            free,
        }
    }

    fn own(self) -> impl Iterator<Item = (KeyedDigest, u32)> {
        self.person.into_iter().map(move |person| (person, self.free.person))
    }

    fn whereabouts(self) -> impl Iterator<Item = (KeyedDigest, u32)> {
        [(self.address, self.free.address), (self.network, self.free.network)].into_iter()
    }

    /// What holds an attempt up.
    fn holding(self) -> impl Iterator<Item = (KeyedDigest, u32)> {
        self.own().chain(self.whereabouts().filter(move |_| self.held_by_others))
    }

    fn each(self) -> impl Iterator<Item = (KeyedDigest, u32)> {
        self.own().chain(self.whereabouts())
    }

    /// Lets an attempt be looked at, or says when the next one may be.
    pub(crate) fn check(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), AppError> {
        let mut until = now;
        for (subject, _) in self.holding() {
            // A failure without a pause is blocked until it happened, which may be later than this attempt came.
            if let Some(row) = tx.throttle(subject)?.filter(|row| row.blocked_until > row.updated_at) {
                until = until.max(row.blocked_until);
            }
        }
        let seconds = (until.millis() - now.millis()).unsigned_abs().div_ceil(1000);
        if seconds == 0 { Ok(()) } else { Err(AppError::TooManyAttempts { seconds }) }
    }

    /// Counts an attempt as failed before it is looked at, unless it has to wait: of many at once, no more are looked at than may be.
    /// The last one that needs no pause begins one.
    pub(crate) fn charge(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), AppError> {
        tx.lock_throttles()?;
        self.check(tx, now)?;
        for (subject, free) in self.each() {
            let before = tx.throttle(subject)?.map(failures);
            put(tx, subject, throttle::after_failure(before, free.saturating_sub(1), now))?;
        }
        Ok(())
    }

    /// Counts a refusal of what was not charged before.
    pub(crate) fn refused(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), AppError> {
        tx.lock_throttles()?;
        for (subject, free) in self.each() {
            let before = tx.throttle(subject)?.map(failures);
            put(tx, subject, throttle::after_failure(before, free, now))?;
        }
        Ok(())
    }

    /// Takes back what an attempt was charged that guessed nothing.
    pub(crate) fn take_back(self, tx: &mut Tx<'_>) -> Result<(), AppError> {
        tx.lock_throttles()?;
        for (subject, free) in self.each() {
            if let Some(row) = tx.throttle(subject)? {
                put(tx, subject, throttle::one_less(failures(row), free.saturating_sub(1)))?;
            }
        }
        Ok(())
    }

    /// Writes once more what an attempt was charged that failed: its pause begins when that is known, however long the look took.
    pub(crate) fn failed(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), AppError> {
        tx.lock_throttles()?;
        for (subject, free) in self.each() {
            if let Some(row) = tx.throttle(subject)? {
                put(tx, subject, throttle::known_at(failures(row), free.saturating_sub(1), now))?;
            }
        }
        Ok(())
    }

    /// Takes back what an attempt was charged that succeeded, and forgets the failures of the person. Those of the address stay: whoever
    /// has one good password there may be guessing others.
    pub(crate) fn succeeded(self, tx: &mut Tx<'_>) -> Result<(), AppError> {
        self.take_back(tx)?;
        self.person.map_or(Ok(()), |person| Ok(tx.delete_throttle(person)?))
    }
}

/// Attempts that are looked at now: of one subject no more than are looked at without a pause. Others wait for their turn, so that many who
/// know the password come in at once, and many who guess learn of the pause.
#[derive(Default)]
pub(crate) struct Attempts {
    turns: Arc<Mutex<HashMap<KeyedDigest, Arc<Semaphore>>>>,
}

/// The turn of an attempt at one subject.
struct Turn {
    subject: KeyedDigest,
    permit: Option<OwnedSemaphorePermit>,
    turns: Arc<Mutex<HashMap<KeyedDigest, Arc<Semaphore>>>>,
}

impl Attempts {
    /// Waits for the turn at each subject, in the order in which all attempts do: the person first, so that many who wait for one person
    /// keep nobody else at their address waiting.
    async fn turns(&self, subjects: Subjects) -> Result<Vec<Turn>, AppError> {
        let mut held = Vec::new();
        for (subject, free) in subjects.holding() {
            // There before it waits: who goes away while waiting leaves nothing behind.
            let mut turn = Turn { subject, permit: None, turns: self.turns.clone() };
            let places = {
                let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
                turns.entry(subject).or_insert_with(|| Arc::new(Semaphore::new(free as usize))).clone()
            };
            turn.permit = Some(places.acquire_owned().await.map_err(|_| AppError::Closing)?);
            held.push(turn);
        }
        Ok(held)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(self.permit.take());
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever waits has a handle of it.
        if turns.get(&self.subject).is_some_and(|turn| Arc::strong_count(turn) == 1) {
            turns.remove(&self.subject);
        }
    }
}

impl App {
    /// Looks at something that could be guessed: counted as a failed attempt before, and taken back when it turns out to be none. `look`
    /// itself forgets the failures when it succeeds ([`Subjects::succeeded`]). `wrong` is written down when a password was.
    pub(crate) async fn look_charged<T>(
        &self,
        subjects: Subjects,
        wrong: Option<(AccountId, Refusal<'static>)>,
        look: impl Future<Output = Result<T, AppError>> + Send,
    ) -> Result<T, AppError> {
        let _turns = self.inner.attempts.turns(subjects).await?;
        let now = self.now();
        // A flood that has to wait writes nothing.
        self.inner.database.read(move |tx| subjects.check(tx, now)).await?;
        self.inner.database.write(By::server(None), move |tx| subjects.charge(tx, now)).await?;
        let looked = look.await;
        if looked.is_ok() {
            return looked;
        }
        let is_password = matches!(looked, Err(AppError::WrongCredentials));
        if is_password || matches!(looked, Err(AppError::WrongCode | AppError::WrongPasskey)) {
            let now = self.now();
            let account = wrong.as_ref().map(|(account, _)| *account);
            let wrong = wrong.filter(|_| is_password);
            let entry =
                wrong.and_then(|(account, refusal)| Some((account, self.refusal_entry(account, refusal, now)?)));
            // One transaction, whether there is somebody to write it down for or not.
            let fail = move |tx: &mut Tx<'_>| {
                subjects.failed(tx, now)?;
                match entry {
                    Some((account, entry)) => Ok::<_, AppError>(tx.account(account).insert_audit(&entry)?),
                    None => Ok(()),
                }
            };
            self.inner.database.write(By::server(account), fail).await?;
        } else {
            self.inner.database.write(By::server(None), move |tx| subjects.take_back(tx)).await?;
        }
        looked
    }
}

const fn failures(row: ThrottleRow) -> Failures {
    Failures { count: row.failures, blocked_until: row.blocked_until, last: row.updated_at }
}

fn put(tx: &mut Tx<'_>, subject: KeyedDigest, failures: Failures) -> Result<(), AppError> {
    let Failures { count, blocked_until, last } = failures;
    Ok(tx.put_throttle(&ThrottleRow { subject, failures: count, blocked_until, updated_at: last })?)
}
