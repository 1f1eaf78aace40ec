//! The database as use cases see it: closures that read, closures that write.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use sluice_domain::id::AccountId;
use tokio::sync::{mpsc, oneshot};

use crate::{
    error::StorageError,
    job::{self, Order},
    migrations, postgres,
    readers::{PostgresReader, SqliteReaders},
    sql::{Sql, values},
    tx::Tx,
    writer::{Source, Writer},
};

/// Where the rows are.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseConfig {
    /// In a file of this machine, which is made if it is not there; its folder must be there. One server at a time.
    Sqlite {
        /// The file.
        path: PathBuf,
    },
    /// In PostgreSQL, 13 or newer. Any number of servers.
    Postgres {
        /// A connection string, `postgresql://user@host/database`.
        url: String,
    },
}

impl std::fmt::Debug for DatabaseConfig {
    /// Without the connection string: it may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite { path } => f.debug_struct("Sqlite").field("path", path).finish(),
            Self::Postgres { .. } => f.debug_struct("Postgres").finish_non_exhaustive(),
        }
    }
}

/// A database. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    writers: Vec<mpsc::Sender<Order>>,
    readers: Readers,
    /// Whether the last transaction that was to write something failed for the database.
    fails: Arc<AtomicBool>,
}

enum Readers {
    Sqlite(SqliteReaders),
    Postgres(mpsc::Sender<Order>),
}

/// Closures that may wait for a thread; who comes later waits for room.
const QUEUE: usize = 1024;
/// Connections that read from SQLite: more than that run at once only when many wait for the disk.
const SQLITE_READERS: usize = 16;
/// Connections that write to PostgreSQL: enough to keep its disk busy, since each shares its commits.
const POSTGRES_WRITERS: usize = 4;
/// Connections that read from PostgreSQL.
const POSTGRES_READERS: usize = 4;

/// Writes a page, and changes nothing.
const PROBE: Sql = Sql::new("UPDATE schema_migrations SET sha256 = sha256 WHERE version = 1");
const PING: Sql = Sql::new("SELECT last_event FROM accounts LIMIT 1");

impl Database {
    /// Connects, and brings the schema to the newest version that this program knows.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] when the database cannot be reached; [`StorageError::Newer`] and [`StorageError::Changed`] when
    /// its schema is not one of this program's.
    pub async fn open(config: &DatabaseConfig) -> Result<Self, StorageError> {
        let source = match config {
            DatabaseConfig::Sqlite { path } => Source::Sqlite(path.clone()),
            DatabaseConfig::Postgres { url } => Source::Postgres(Box::new(postgres::parse(url)?)),
        };
        let first = source.clone();
        let (done, opened) = oneshot::channel();
        spawn("migrate", move || {
            let opened = first.open().and_then(|mut connection| {
                migrations::migrate(&mut connection)?;
                Ok(connection)
            });
            // Who does not wait any more needs no database.
            let _ = done.send(opened);
        })?;
        let mut connection = Some(opened.await.map_err(|_| StorageError::Panicked)??);

        let (writers, readers) = match &source {
            Source::Sqlite(path) => (1, Readers::Sqlite(SqliteReaders::new(path.clone(), SQLITE_READERS))),
            Source::Postgres(config) => (POSTGRES_WRITERS, Readers::Postgres(postgres_readers(config)?)),
        };
        let fails = Arc::<AtomicBool>::default();
        let writers = (0..writers)
            .map(|_| {
                let (sender, orders) = mpsc::channel(QUEUE);
                let writer = Writer::new(source.clone(), connection.take(), fails.clone());
                spawn("write", move || writer.run(orders))?;
                Ok(sender)
            })
            .collect::<Result<_, StorageError>>()?;
        Ok(Self { inner: Arc::new(Inner { writers, readers, fails }) })
    }

    /// Runs a closure that reads. It sees one state of the database from its first statement to its last.
    ///
    /// On SQLite it runs on the caller's thread, so it should read a bounded number of rows.
    ///
    /// # Errors
    /// Those of the closure; [`StorageError::Unavailable`], [`StorageError::Closed`], [`StorageError::Panicked`].
    pub async fn read<T, E>(&self, closure: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        match &self.inner.readers {
            Readers::Sqlite(readers) => readers.read(closure).await,
            Readers::Postgres(orders) => send(orders, None, closure).await,
        }
    }

    /// Runs a closure that reads, as [`Database::read`] does, and blocks this thread until it is done: for reads that may take long, on
    /// threads that nobody else waits for. Whoever calls this bounds how many read so at once.
    ///
    /// # Errors
    /// As of [`Database::read`].
    pub fn read_blocking<T, E>(
        &self,
        closure: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        match &self.inner.readers {
            Readers::Sqlite(readers) => readers.read_here(closure),
            Readers::Postgres(orders) => {
                let (order, answer) = job::order(None, closure);
                orders.blocking_send(order).map_err(|_| StorageError::Closed)?;
                answer.blocking_recv().map_err(|_| StorageError::Closed)?
            }
        }
    }

    /// Whether closures that read run where they are given, as on SQLite, or on threads of the database's own.
    pub fn reads_here(&self) -> bool {
        matches!(self.inner.readers, Readers::Sqlite(_))
    }

    /// Runs a closure that writes. When this gives `Ok`, what it wrote survives a power cut; when it gives `Err`, nothing was
    /// written, except for [`StorageError::OutcomeUnknown`]. Closures for one account run one after the other, in the order in
    /// which they were accepted; `account` is `None` for what belongs to none. A closure that writes what belongs to another account
    /// than it says may wait for others that wait for it: then one of them fails with [`StorageError::Unavailable`].
    ///
    /// A closure that was accepted runs even when its caller does not wait any more.
    ///
    /// # Errors
    /// Those of the closure; [`StorageError::Unavailable`], [`StorageError::OutcomeUnknown`], [`StorageError::Closed`],
    /// [`StorageError::Panicked`], and [`StorageError::Aborted`] for a closure that gives `Ok` although a statement failed.
    pub async fn write<T, E>(
        &self,
        account: Option<AccountId>,
        closure: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        let writers = &self.inner.writers;
        let writer = account.map_or(0, |account| {
            let mut hasher = DefaultHasher::new();
            account.hash(&mut hasher);
            usize::try_from(hasher.finish() % writers.len() as u64).unwrap_or(0)
        });
        send(&writers[writer], account, closure).await
    }

    /// Whether the database answers, for readiness.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`], [`StorageError::Closed`].
    pub async fn ping(&self) -> Result<(), StorageError> {
        self.read(|tx| tx.first(PING, values![], |_| Ok(()))).await.map(drop)
    }

    /// Whether the database does its work: it answers, and takes writes again if the last one failed.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`], [`StorageError::OutcomeUnknown`], [`StorageError::Closed`].
    pub async fn ready(&self) -> Result<(), StorageError> {
        self.ping().await?;
        if self.inner.fails.load(Ordering::Relaxed) {
            self.write(None, |tx| tx.execute(PROBE, values![])).await?;
        }
        Ok(())
    }

    /// Takes no more closures, finishes those that were accepted, and closes the connections. Other clones are closed too.
    pub async fn close(self) {
        let mut closing = Vec::new();
        match &self.inner.readers {
            Readers::Sqlite(readers) => readers.close(),
            // One for each that takes from the queue.
            Readers::Postgres(orders) => closing.extend([orders; POSTGRES_READERS]),
        }
        closing.extend(&self.inner.writers);
        let mut ends = Vec::new();
        for orders in closing {
            let (done, end) = oneshot::channel();
            // One that is closed already takes no orders.
            if orders.send(Order::Close(done)).await.is_ok() {
                ends.push(end);
            }
        }
        for end in ends {
            // The sender is dropped when the thread has ended; nothing is sent.
            let _ = end.await;
        }
    }
}

async fn send<T, E>(
    orders: &mpsc::Sender<Order>,
    account: Option<AccountId>,
    closure: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StorageError> + Send + 'static,
{
    let (order, answer) = job::order(account, closure);
    orders.send(order).await.map_err(|_| StorageError::Closed)?;
    answer.await.map_err(|_| StorageError::Closed)?
}

fn postgres_readers(config: &::postgres::Config) -> Result<mpsc::Sender<Order>, StorageError> {
    let (sender, orders) = mpsc::channel(QUEUE);
    let orders = Arc::new(Mutex::new(orders));
    for _ in 0..POSTGRES_READERS {
        let (reader, orders) = (PostgresReader::new(Box::new(config.clone())), orders.clone());
        spawn("read", move || reader.run(orders))?;
    }
    Ok(sender)
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), StorageError> {
    let thread = thread::Builder::new().name(format!("storage-{name}"));
    let spawned = thread.spawn(run).map(drop);
    spawned.map_err(|error| StorageError::Unavailable { reason: format!("no thread can be started: {error}") })
}

#[cfg(test)]
mod tests {
    use sluice_domain::time::Timestamp;

    use super::*;
    use crate::tables::accounts::AccountRow;

    /// The file cannot grow further than to so many pages: as if the disk were full. The largest number that there is lifts that.
    fn limit(pages: &'static str) -> Sql {
        match pages {
            "none" => const { Sql::new("PRAGMA max_page_count = 1073741823") },
            _ => const { Sql::new("PRAGMA max_page_count = 1") },
        }
    }

    #[tokio::test]
    async fn readiness_says_that_writes_fail_until_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&DatabaseConfig::Sqlite { path: folder.path().join("sluice.db") }).await.unwrap();
        let set =
            |pages| database.write(None, move |tx| tx.first(limit(pages), values![], |row| row.int("pages")).map(drop));
        let insert = |n: u8| {
            let id = AccountId::new(Timestamp::from_millis(1), [n; 10]);
            let row = AccountRow::new(id, "x".repeat(100_000), Timestamp::from_millis(1));
            database.write(None, move |tx| tx.insert_account(&row))
        };
        insert(1).await.unwrap();
        assert_eq!(database.ready().await, Ok(()));
        set("one").await.unwrap();
        assert!(matches!(insert(2).await, Err(StorageError::Unavailable { .. })));
        assert!(database.inner.fails.load(Ordering::Relaxed));
        set("none").await.unwrap();
        // To look is to try.
        assert_eq!(database.ready().await, Ok(()));
        assert!(!database.inner.fails.load(Ordering::Relaxed));
        insert(3).await.unwrap();
    }
}
