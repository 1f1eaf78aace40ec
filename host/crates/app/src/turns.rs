//! Turns at work that takes a core for milliseconds: as few pieces at once as may be, given fairly to those who wait.
//!
//! Everybody who asks for a turn says who they are. An address, a network, a person and an account have their shares of the places, so
//! that a flood fills its own share only; in what order the others are served is in `sluice_domain::turns`. What the work is, is not
//! known here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::setpriority_process;
use sluice_domain::{
    digest::Digest,
    id::{AccountId, PersonId},
    network::{network_of, subscriber_of},
    shares::{Full, Shares},
    turns::{Lane, Line, Ticket},
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
};

use crate::{AppError, Clock};

/// How far behind everything else threads for strangers' work stand, as `nice` counts.
const NICE: i32 = 10;

/// What a piece of work is for. Each kind has places and turns of its own, in this order where nothing else decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A log-in from a network in which the person has logged in before.
    LogInFromKnown,
    /// What somebody does who is logged in.
    OfCaller,
    /// A new password by link.
    ByLink,
    /// Any other log-in.
    LogInOfStranger,
}

impl Kind {
    const ALL: [Self; 4] = [Self::LogInFromKnown, Self::OfCaller, Self::ByLink, Self::LogInOfStranger];

    /// How many turns it gets beside the others while all have work.
    const fn weight(self) -> u32 {
        match self {
            Self::LogInFromKnown => 4,
            Self::OfCaller => 2,
            Self::ByLink | Self::LogInOfStranger => 1,
        }
    }

    /// Whether anybody can ask for it.
    const fn is_of_strangers(self) -> bool {
        match self {
            Self::LogInFromKnown | Self::OfCaller => false,
            Self::ByLink | Self::LogInOfStranger => true,
        }
    }
}

/// Whose share of the places of one kind of work it is. Digests, because whoever is no person yet writes what they like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Whose {
    Address(Digest),
    Network(Digest),
    /// An e-mail address, or a person.
    Person(Digest),
    Account(AccountId),
}

type Holder = (Kind, Whose);

/// Who asks for a turn, and for what.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    kind: Kind,
    /// What weighs most first: who used less there is before.
    levels: Vec<Vec<Whose>>,
}

impl Asker {
    /// A log-in of a person in whose network the person has logged in before.
    pub(crate) fn known(account: AccountId, person: PersonId, address: &str) -> Self {
        let network = network(address);
        // Somebody else in the same network is another one.
        let person = Digest::of(format!("{person}\0{}", network_of(address)).as_bytes());
        let levels =
            vec![vec![network, Whose::Account(account)], vec![Whose::Person(person)], vec![subscriber(address)]];
        Self { kind: Kind::LogInFromKnown, levels }
    }

    /// Any other log-in. Whether anybody has the e-mail address makes no difference.
    pub(crate) fn stranger(email: &str, address: &str) -> Self {
        let person = Digest::of(format!("{email}\0{}", network_of(address)).as_bytes());
        let levels = vec![vec![network(address)], vec![subscriber(address)], vec![Whose::Person(person)]];
        Self { kind: Kind::LogInOfStranger, levels }
    }

    /// Somebody who is logged in, wherever they are.
    pub(crate) fn caller(account: AccountId, person: PersonId) -> Self {
        Self { kind: Kind::OfCaller, levels: vec![vec![Whose::Account(account)], vec![of_person(person)]] }
    }

    /// Whoever has a link of a person.
    pub(crate) fn by_link(account: AccountId, person: PersonId, address: &str) -> Self {
        let levels =
            vec![vec![network(address), Whose::Account(account)], vec![of_person(person)], vec![subscriber(address)]];
        Self { kind: Kind::ByLink, levels }
    }

    /// Whoever runs the server.
    pub(crate) const fn platform() -> Self {
        Self { kind: Kind::OfCaller, levels: Vec::new() }
    }

    fn levels(&self) -> Vec<Vec<Holder>> {
        self.levels.iter().map(|level| level.iter().map(|whose| (self.kind, *whose)).collect()).collect()
    }
}

fn network(address: &str) -> Whose {
    Whose::Network(Digest::of(network_of(address).as_bytes()))
}

fn subscriber(address: &str) -> Whose {
    Whose::Address(Digest::of(subscriber_of(address).as_bytes()))
}

fn of_person(person: PersonId) -> Whose {
    Whose::Person(Digest::of(person.to_string().as_bytes()))
}

/// How many places there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places {
    /// Pieces of work at once.
    pub(crate) at_once: usize,
    /// Pieces of one kind that wait.
    pub(crate) waiting: usize,
    /// Of one address: waiting or running.
    pub(crate) per_address: usize,
    pub(crate) per_network: usize,
    pub(crate) per_person: usize,
    pub(crate) per_account: usize,
}

impl Places {
    const fn of(&self, whose: Whose) -> usize {
        match whose {
            Whose::Address(_) => self.per_address,
            Whose::Network(_) => self.per_network,
            Whose::Person(_) => self.per_person,
            Whose::Account(_) => self.per_account,
        }
    }
}

/// Where work waits for its turn, and is done.
pub(crate) struct Turns {
    places: Places,
    shares: Shares<Holder>,
    queue: Queue,
    /// Threads of the usual priority; only those of the runtime are used. Without them, all work is done behind everything else.
    front: Option<Runtime>,
    behind: Option<Runtime>,
}

impl Turns {
    /// Turns whose work is done beside everything else; that of strangers, and of who used much lately, behind it.
    pub(crate) fn new(places: Places, clock: Clock) -> Self {
        Self::of(places, clock, Some(threads(places.at_once, 0)))
    }

    /// Turns whose work is done behind everything else.
    pub(crate) fn behind(places: Places, clock: Clock) -> Self {
        Self::of(places, clock, None)
    }

    fn of(places: Places, clock: Clock, front: Option<Runtime>) -> Self {
        let lanes = Kind::ALL.map(|kind| Lane {
            weight: kind.weight(),
            room: places.waiting,
            leaves_one: kind.is_of_strangers(),
        });
        let line = Arc::new(Mutex::new(Line::new(places.at_once, &lanes)));
        Self {
            places,
            shares: Shares::new(usize::MAX),
            queue: Queue { line, clock },
            front,
            behind: Some(threads(places.at_once, NICE)),
        }
    }

    /// Does `work` when its turn has come. Who stops waiting before that gives up the turn; what has begun is done to its end, and
    /// keeps its place until then.
    ///
    /// # Errors
    /// [`AppError::TooManyAtOnce`] when a share of the asker's is used up, [`AppError::Busy`] when everybody's places are.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        asker: &Asker,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AppError> {
        let holders = asker.levels.iter().flatten();
        let holders: Vec<_> = holders.map(|whose| ((asker.kind, *whose), self.places.of(*whose))).collect();
        let share = self.shares.take(&holders).map_err(|full| match full {
            Full::Everybody => AppError::Busy,
            Full::Holder(_) => {
                AppError::TooManyAtOnce("as many of your requests of this kind are being worked on as may be")
            }
        })?;
        let place = self.queue.join(asker).await?;
        let front = self.front.as_ref().filter(|_| !place.leaves_one);
        let threads = front.or(self.behind.as_ref()).ok_or(AppError::Closing)?;
        let done = threads.spawn_blocking(move || {
            let _held = (share, place);
            work()
        });
        done.await.map_err(|_| AppError::Internal("work in turn"))
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        for threads in [self.front.take(), self.behind.take()].into_iter().flatten() {
            threads.shutdown_background();
        }
    }
}

fn threads(most: usize, nice: i32) -> Runtime {
    Builder::new_current_thread()
        .max_blocking_threads(most)
        .thread_name("passwords")
        .on_thread_start(move || {
            if nice > 0
                && let Err(error) = setpriority_process(None, nice)
            {
                tracing::debug!(%error, "threads for strangers' passwords have the usual priority");
            }
        })
        .build()
        .expect("a runtime without drivers is made of memory only")
}

type Waits = oneshot::Sender<Place>;

#[derive(Clone)]
struct Queue {
    line: Arc<Mutex<Line<Holder, Waits>>>,
    clock: Clock,
}

/// A turn that has come; when it is dropped, the next one's has.
struct Place {
    queue: Queue,
    leaves_one: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.queue.lock().done(self.leaves_one);
        self.queue.give();
    }
}

/// Who waits, for as long as they wait.
struct InLine<'a> {
    queue: &'a Queue,
    ticket: Ticket,
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        let gone = self.queue.lock().leave(self.ticket);
        drop(gone);
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Line<Holder, Waits>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn join(&self, asker: &Asker) -> Result<Place, AppError> {
        let (waits, come) = oneshot::channel();
        // Before the lock is held: a clock may take its time.
        let now = self.clock.now();
        let joined = self.lock().join(asker.kind as usize, asker.levels(), waits, now);
        let (ticket, displaced) = joined.map_err(|_| AppError::Busy)?;
        // That is how whoever made room learns it.
        drop(displaced);
        let _in_line = InLine { queue: self, ticket };
        self.give();
        come.await.map_err(|_| AppError::Busy)
    }

    /// Tells those whose turn has come.
    fn give(&self) {
        loop {
            let now = self.clock.now();
            let next = self.lock().next(now);
            let Some(turn) = next else { return };
            let place = Place { queue: self.clone(), leaves_one: turn.leaves_one };
            // Whoever has gone meanwhile drops the place, which gives it to the next one.
            let _gone = turn.work.send(place);
        }
    }
}

#[cfg(test)]
mod tests;
