//! Group commit: a thread takes all closures that wait, runs them one after the other in one transaction, and commits once.
//!
//! A commit waits for the disk, and what arrives meanwhile shares the next one: so many callers write as fast as one. Each
//! closure has a savepoint of its own, so that one that fails takes nothing with it.

use std::{
    collections::{BTreeSet, VecDeque},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sluice_domain::id::AccountId;
use tokio::sync::mpsc;

use crate::{
    error::StorageError,
    job::{Job, Order, Ran},
    postgres::PostgresConnection,
    queue::{Queue, Waiting},
    sql::{Sql, values},
    sqlite,
    tx::{Backend, Tx},
};

/// Where a connection comes from.
#[derive(Clone)]
pub(crate) enum Source {
    Sqlite(PathBuf),
    Postgres(Box<postgres::Config>),
}

/// A connection that writes.
pub(crate) enum WriteConnection {
    Sqlite(rusqlite::Connection),
    Postgres(Box<PostgresConnection>),
}

/// What begins and ends transactions, and parts of them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Control {
    Begin,
    /// Rolls everything back and begins again.
    Restart,
    /// Sets the first savepoint.
    Save,
    /// Moves the savepoint to here.
    SaveAgain,
    /// Rolls back what was written since the savepoint, which stays.
    RollBackToSave,
    Commit,
    RollBack,
}

impl Control {
    const fn sqlite(self) -> &'static [&'static str] {
        match self {
            Self::Begin => &["BEGIN IMMEDIATE"],
            Self::Restart => &["ROLLBACK", "BEGIN IMMEDIATE"],
            Self::Save => &["SAVEPOINT closure"],
            Self::SaveAgain => &["RELEASE closure", "SAVEPOINT closure"],
            Self::RollBackToSave => &["ROLLBACK TO closure"],
            Self::Commit => &["COMMIT"],
            Self::RollBack => &["ROLLBACK"],
        }
    }

    /// One round trip each.
    const fn postgres(self) -> &'static str {
        match self {
            Self::Begin => "BEGIN",
            Self::Restart => "ROLLBACK; BEGIN",
            Self::Save => "SAVEPOINT closure",
            Self::SaveAgain => "RELEASE closure; SAVEPOINT closure",
            Self::RollBackToSave => "ROLLBACK TO closure",
            Self::Commit => "COMMIT",
            Self::RollBack => "ROLLBACK",
        }
    }
}

/// After this time a transaction takes no further closures: whoever was first waits for the commit. A closure itself may take longer.
const LONGEST: Duration = Duration::from_millis(10);

/// Any number: it only has to be the same in all servers that use one database.
const LOCK_MIGRATIONS: &str = "SELECT pg_advisory_xact_lock(7305803)";
const LOCK_ACCOUNTS: Sql =
    Sql::new("SELECT 1 FROM accounts WHERE id = ANY (string_to_array($1, ',')) ORDER BY id FOR NO KEY UPDATE");

impl Source {
    pub(crate) fn open(&self) -> Result<WriteConnection, StorageError> {
        match self {
            Self::Sqlite(path) => sqlite::open_writer(path).map(WriteConnection::Sqlite),
            Self::Postgres(config) => PostgresConnection::open(config).map(Box::new).map(WriteConnection::Postgres),
        }
    }

    /// How many closures may share a commit. PostgreSQL keeps 64 subtransactions of a session in shared memory; with more, every
    /// reader looks them up on the disk.
    const fn batch(&self) -> usize {
        match self {
            Self::Sqlite(_) => 256,
            Self::Postgres(_) => 60,
        }
    }
}

impl WriteConnection {
    pub(crate) fn tx<'c>(&'c mut self, failed: &'c mut bool) -> Tx<'c> {
        let backend = match self {
            Self::Sqlite(connection) => Backend::Sqlite(connection),
            Self::Postgres(connection) => Backend::Postgres(connection),
        };
        Tx::new(backend, failed)
    }

    pub(crate) fn control(&mut self, control: Control) -> Result<(), StorageError> {
        match self {
            Self::Sqlite(connection) => control.sqlite().iter().try_for_each(|text| sqlite::control(connection, text)),
            Self::Postgres(connection) => connection.batch(control.postgres()),
        }
    }

    pub(crate) fn batch(&mut self, text: &str) -> Result<(), StorageError> {
        match self {
            Self::Sqlite(connection) => sqlite::batch(connection, text),
            Self::Postgres(connection) => connection.batch(text),
        }
    }

    /// Waits until no other server migrates. On SQLite, beginning to write has waited already.
    pub(crate) fn lock_migrations(&mut self) -> Result<(), StorageError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(connection) => connection.batch(LOCK_MIGRATIONS),
        }
    }

    /// Whether transactions lock the accounts whose rows they write. SQLite has one writer.
    const fn locks_accounts(&self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::Postgres(_) => true,
        }
    }

    /// Locks the accounts whose rows the transaction writes, before anything else and in one order. A transaction of many accounts
    /// would otherwise lock them in the order of its closures: two of them, of two servers, could wait for each other.
    fn lock_accounts(&mut self, accounts: &BTreeSet<AccountId>) -> Result<(), StorageError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(connection) => {
                let ids = accounts.iter().map(AccountId::to_string).collect::<Vec<_>>().join(",");
                connection.query(LOCK_ACCOUNTS, values![ids], &mut |_| Ok(()))
            }
        }
    }

    /// Whether the open transaction is gone with all that was written in it: the connection was lost, or SQLite rolled back by
    /// itself, as it does when the disk is full.
    fn has_dropped_transaction(&self) -> bool {
        match self {
            Self::Sqlite(connection) => connection.is_autocommit(),
            Self::Postgres(connection) => connection.is_lost(),
        }
    }
}

/// What runs on a thread that writes.
pub(crate) struct Writer {
    source: Source,
    connection: Option<WriteConnection>,
    /// Shared with the others, and with whoever asks whether the server is ready.
    fails: Arc<AtomicBool>,
}

impl Writer {
    /// The first connection may be given; others are opened when one is lost.
    pub(crate) const fn new(source: Source, connection: Option<WriteConnection>, fails: Arc<AtomicBool>) -> Self {
        Self { source, connection, fails }
    }

    /// Takes orders until it is told to close, or nobody can give any.
    pub(crate) fn run(mut self, orders: mpsc::Receiver<Order>) {
        let mut queue = Queue::new(orders);
        while let Some(first) = queue.wait() {
            self.work(first, &mut queue);
        }
        // Before the queue tells that it is closed.
        drop(self.connection);
    }

    fn work(&mut self, first: Waiting, queue: &mut Queue) {
        let (most, fails) = (self.source.batch(), self.fails.clone());
        match self.begin() {
            Ok(connection) => {
                if !transaction(connection, first, queue, most, &fails) {
                    self.connection = None;
                }
            }
            Err(error) => {
                fails.store(true, Ordering::Relaxed);
                tracing::error!(%error, "no transaction can be begun");
                first.job.answer(Err(error.clone()));
                // To find out may have taken seconds: those that waited meanwhile are not made to wait for it again.
                while let Some(next) = queue.next() {
                    next.job.answer(Err(error.clone()));
                }
            }
        }
    }

    /// Begins a transaction, on a new connection if there is none or if it turns out to be of no use: nothing was done on it yet.
    fn begin(&mut self) -> Result<&mut WriteConnection, StorageError> {
        if let Some(connection) = &mut self.connection
            && connection.control(Control::Begin).is_err()
        {
            self.connection = None;
        }
        match &mut self.connection {
            Some(connection) => Ok(connection),
            empty @ None => {
                let mut connection = self.source.open()?;
                connection.control(Control::Begin)?;
                Ok(empty.insert(connection))
            }
        }
    }
}

/// Where a transaction stands between two closures.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// Nothing is written.
    Begun,
    /// Nothing of what is written may stay.
    Spoiled,
    /// What is written is to stay, and there is no savepoint.
    Kept,
    /// What is written is to stay, some of it after the savepoint.
    KeptAfterSave,
    /// Right at the savepoint.
    Saved,
}

impl Place {
    /// What makes the transaction ready for another closure. The first one needs no savepoint: when it fails, nothing else is lost.
    const fn prepare(self) -> Option<(Control, Self)> {
        match self {
            Self::Begun | Self::Saved => None,
            Self::Spoiled => Some((Control::Restart, Self::Begun)),
            Self::Kept => Some((Control::Save, Self::Saved)),
            Self::KeptAfterSave => Some((Control::SaveAgain, Self::Saved)),
        }
    }

    const fn after(self, ran: Ran) -> Self {
        match (ran, self) {
            (Ran::Keep, Self::Begun | Self::Kept) => Self::Kept,
            (Ran::Keep, Self::Saved | Self::KeptAfterSave) => Self::KeptAfterSave,
            (Ran::RollBack, Self::Saved | Self::KeptAfterSave) => Self::Saved,
            (_, Self::Spoiled) | (Ran::RollBack, Self::Begun | Self::Kept) => Self::Spoiled,
        }
    }
}

/// Runs a closure, and those that wait by then, in the transaction that was begun; commits; answers. Gives whether the connection
/// can be used further.
fn transaction(
    connection: &mut WriteConnection,
    first: Waiting,
    queue: &mut Queue,
    most: usize,
    fails: &AtomicBool,
) -> bool {
    let (mut ran, mut place, begun) = (Vec::new(), Place::Begun, Instant::now());
    let mut batch = VecDeque::from([first]);
    if connection.locks_accounts() {
        batch.extend(std::iter::from_fn(|| queue.next()).take(most.saturating_sub(1)));
    }
    let accounts = batch.iter().filter_map(|waiting| waiting.account).collect();
    let mut end = connection.lock_accounts(&accounts);
    // Everybody is answered together: those that were not run learn how the transaction ended.
    while let Some(Waiting { mut job, .. }) = batch.pop_front() {
        if end.is_ok() {
            end = step(connection, job.as_mut(), &mut place, &accounts);
        }
        ran.push(job);
        if begun.elapsed() > LONGEST {
            queue.put_back(batch);
            break;
        }
        // Looked for only now: who was answered by the commit before may be back, and then shares this one.
        if batch.is_empty() && end.is_ok() && ran.len() < most {
            let any = !connection.locks_accounts();
            let fits = |account: Option<AccountId>| any || account.is_none_or(|account| accounts.contains(&account));
            batch.extend(queue.next_if(fits));
        }
    }
    let usable = match (&end, place) {
        (Ok(()), Place::Begun | Place::Spoiled) => connection.control(Control::RollBack).is_ok(),
        (Ok(()), Place::Kept | Place::KeptAfterSave | Place::Saved) => {
            end = commit(connection);
            end.is_ok()
        }
        // Nothing was committed.
        (Err(_), _) => false,
    };
    // A transaction that wrote nothing says nothing about the disk.
    match (&end, place) {
        (Err(_), _) => fails.store(true, Ordering::Relaxed),
        (Ok(()), Place::Kept | Place::KeptAfterSave | Place::Saved) => fails.store(false, Ordering::Relaxed),
        (Ok(()), Place::Begun | Place::Spoiled) => {}
    }
    ran.into_iter().for_each(|job| job.answer(end.clone()));
    usable
}

/// Runs one closure. An error is the transaction's, not the closure's.
fn step(
    connection: &mut WriteConnection,
    job: &mut dyn Job,
    place: &mut Place,
    accounts: &BTreeSet<AccountId>,
) -> Result<(), StorageError> {
    if let Some((control, ready)) = place.prepare() {
        connection.control(control)?;
        if matches!(ready, Place::Begun) {
            // The locks went with what was rolled back.
            connection.lock_accounts(accounts)?;
        }
        *place = ready;
    }
    let ran = job.run(&mut connection.tx(&mut false));
    if connection.has_dropped_transaction() {
        return Err(StorageError::Unavailable { reason: "the transaction was lost".to_owned() });
    }
    *place = place.after(ran);
    match (ran, *place) {
        (Ran::RollBack, Place::Saved) => connection.control(Control::RollBackToSave),
        (Ran::Keep | Ran::RollBack, _) => Ok(()),
    }
}

fn commit(connection: &mut WriteConnection) -> Result<(), StorageError> {
    connection.control(Control::Commit).map_err(|error| match error {
        StorageError::Unavailable { reason } => {
            tracing::error!(reason, "a commit was interrupted");
            StorageError::OutcomeUnknown
        }
        other => other,
    })
}
