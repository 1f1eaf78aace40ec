//! What is slowed down when attempts to log in fail: the subscriber whose address they come from, and the e-mail address that they name.
//!
//! Somebody who guesses at a person's password from elsewhere slows down that elsewhere only: from networks in which the person
//! has logged in before, attempts are counted apart. So nobody can keep a rightful owner out. By how much is in the domain.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use sluice_domain::{
    digest::Digest,
    id::AccountId,
    network::subscriber_of,
    throttle::{self, Failures},
    time::Timestamp,
};
use sluice_storage::{NewAudit, ThrottleRow, Tx};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{App, AppError, store::By};

/// Attempts of one address that are looked at without a pause: an office of many people shares one.
const FREE_OF_ADDRESS: u32 = 20;
/// Attempts with one e-mail address that are looked at without a pause.
const FREE_OF_PERSON: u32 = 5;

/// What one attempt counts for. Digests, so that no address is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subjects {
    address: Digest,
    person: Digest,
}

impl Subjects {
    /// Of an attempt with `email` from `address`. `known` is the network, when the person has logged in there before.
    pub(crate) fn new(email: &str, address: &str, known: Option<&str>) -> Self {
        Self {
            address: Digest::of(format!("address\0{}", subscriber_of(address)).as_bytes()),
            person: Digest::of(format!("person\0{email}\0{}", known.unwrap_or_default()).as_bytes()),
        }
    }

    const fn each(self) -> [(Digest, u32); 2] {
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

    /// Counts an attempt as failed before it is looked at, unless it has to wait: of many at once, no more are looked at than may be.
    /// The last one that needs no pause begins one.
    pub(crate) fn charge(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), AppError> {
        tx.lock_throttles()?;
        self.check(tx, now)?;
        for (subject, free) in self.each() {
            let before = tx.throttle(subject)?.map(failures);
            put(tx, subject, throttle::after_failure(before, free - 1, now))?;
        }
        Ok(())
    }

    /// Takes back what an attempt was charged that guessed nothing.
    pub(crate) fn take_back(self, tx: &mut Tx<'_>) -> Result<(), AppError> {
        tx.lock_throttles()?;
        for (subject, free) in self.each() {
            if let Some(row) = tx.throttle(subject)? {
                put(tx, subject, throttle::one_less(failures(row), free - 1))?;
            }
        }
        Ok(())
    }

    /// Writes once more what an attempt was charged that failed: its pause begins when that is known, however long the look took.
    pub(crate) fn failed(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), AppError> {
        tx.lock_throttles()?;
        for (subject, free) in self.each() {
            if let Some(row) = tx.throttle(subject)? {
                put(tx, subject, throttle::known_at(failures(row), free - 1, now))?;
            }
        }
        Ok(())
    }

    /// Takes back what an attempt was charged that succeeded, and forgets the failures of the person. Those of the address stay: whoever
    /// has one good password there may be guessing others.
    pub(crate) fn succeeded(self, tx: &mut Tx<'_>) -> Result<(), AppError> {
        self.take_back(tx)?;
        Ok(tx.delete_throttle(self.person)?)
    }
}

/// Attempts that are looked at now: of one subject no more than are looked at without a pause. Others wait for their turn, so that many who
/// know the password come in at once, and many who guess learn of the pause.
#[derive(Default)]
pub(crate) struct Attempts {
    turns: Arc<Mutex<HashMap<Digest, Arc<Semaphore>>>>,
}

/// The turn of an attempt at one subject.
struct Turn {
    subject: Digest,
    permit: Option<OwnedSemaphorePermit>,
    turns: Arc<Mutex<HashMap<Digest, Arc<Semaphore>>>>,
}

impl Attempts {
    /// Waits for the turn at each subject, in the order in which all attempts do: the person first, so that many who wait for one person
    /// keep nobody else at their address waiting.
    async fn turns(&self, subjects: Subjects) -> Result<Vec<Turn>, AppError> {
        let mut held = Vec::new();
        for (subject, free) in subjects.each().into_iter().rev() {
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
        wrong: Option<(AccountId, NewAudit)>,
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
            // One transaction, whether there is somebody to write it down for or not.
            let fail = move |tx: &mut Tx<'_>| {
                subjects.failed(tx, now)?;
                match wrong {
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

fn put(tx: &mut Tx<'_>, subject: Digest, failures: Failures) -> Result<(), AppError> {
    let Failures { count, blocked_until, last } = failures;
    Ok(tx.put_throttle(&ThrottleRow { subject, failures: count, blocked_until, updated_at: last })?)
}
