//! Reads: each closure sees one state of the database from its first statement to its last.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{Semaphore, mpsc};

use crate::{
    error::StorageError,
    job::{self, Job, Order},
    postgres::PostgresConnection,
    sqlite,
    tx::{Backend, Tx},
};

/// Connections of SQLite that only read, opened as they are needed.
pub(crate) struct SqliteReaders {
    path: PathBuf,
    idle: Mutex<Vec<rusqlite::Connection>>,
    permits: Semaphore,
}

impl SqliteReaders {
    pub(crate) fn new(path: PathBuf, limit: usize) -> Self {
        Self { path, idle: Mutex::default(), permits: Semaphore::new(limit) }
    }

    /// Runs `closure` on the caller's own thread: pages come from the cache nearly always, and a read then takes less time than
    /// handing it to another thread and back.
    pub(crate) async fn read<T, E: From<StorageError>>(
        &self,
        closure: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let _permit = self.permits.acquire().await.map_err(|_| StorageError::Closed)?;
        self.read_here(closure)
    }

    /// Runs `closure` on this thread, whatever runs on others. Whoever calls this bounds how many do.
    pub(crate) fn read_here<T, E: From<StorageError>>(
        &self,
        closure: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.permits.is_closed() {
            return Err(StorageError::Closed.into());
        }
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => sqlite::open_reader(&self.path)?,
        };
        sqlite::control(&connection, "BEGIN")?;
        let result = job::attempt(closure, &mut Tx::new(Backend::Sqlite(&connection), &mut false));
        // A connection that cannot even end its transaction is closed, and what was read is good.
        if sqlite::control(&connection, "ROLLBACK").is_ok() && !self.permits.is_closed() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        result
    }

    /// Lets nobody read any more, and closes the connections.
    pub(crate) fn close(&self) {
        self.permits.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// What runs on a thread that reads from PostgreSQL.
pub(crate) struct PostgresReader {
    config: Box<postgres::Config>,
    connection: Option<PostgresConnection>,
}

/// The snapshot is taken by the first statement, and stays.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

impl PostgresReader {
    pub(crate) const fn new(config: Box<postgres::Config>) -> Self {
        Self { config, connection: None }
    }

    /// Takes orders from the queue that all readers share, until it is told to close or nobody can give any. The last one to end
    /// takes the queue with it.
    pub(crate) fn run(mut self, orders: Arc<Mutex<mpsc::Receiver<Order>>>) {
        let closing = loop {
            // In a statement of its own: the lock is held while this waits for an order, and not while it is carried out.
            let order = orders.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
            match order {
                Some(Order::Run(job, _)) => self.work(job),
                Some(Order::Close(done)) => break Some(done),
                None => break None,
            }
        };
        drop((self.connection, orders));
        // The answer.
        drop(closing);
    }

    fn work(&mut self, mut job: Box<dyn Job>) {
        let connection = match self.begin() {
            Ok(connection) => connection,
            Err(error) => {
                tracing::error!(%error, "no transaction can be begun");
                return job.answer(Err(error));
            }
        };
        job.run(&mut Tx::new(Backend::Postgres(connection), &mut false));
        // The caller need not wait for the end of a transaction that wrote nothing.
        job.answer(Ok(()));
        if connection.batch("ROLLBACK").is_err() {
            self.connection = None;
        }
    }

    /// Begins a transaction, on a new connection if there is none or if it turns out to be lost: nothing was done on it yet.
    fn begin(&mut self) -> Result<&mut PostgresConnection, StorageError> {
        if let Some(connection) = &mut self.connection
            && connection.batch(BEGIN).is_err()
        {
            self.connection = None;
        }
        match &mut self.connection {
            Some(connection) => Ok(connection),
            empty @ None => {
                let mut connection = PostgresConnection::open(&self.config)?;
                connection.batch(BEGIN)?;
                Ok(empty.insert(connection))
            }
        }
    }
}
