//! The servers that are attacked: one of its own for each attack, on the database that the attack is played on.

use std::{fs, net::SocketAddr, ops::Deref, sync::Arc, thread};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sluice_storage::test_support::{Durability, PostgresCluster};
use sluice_tests::{Api, Home, Server};

/// What the server keeps its rows in.
#[derive(Debug, Clone)]
pub enum Database {
    /// A file in its data folder.
    Sqlite,
    /// A throwaway cluster.
    Postgres(Arc<PostgresCluster>),
}

impl Database {
    /// PostgreSQL, in a new throwaway cluster with durable commits.
    pub fn postgres() -> Self {
        Self::Postgres(Arc::new(PostgresCluster::start(Durability::Durable)))
    }

    /// As the table names it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }
}

/// Makes servers to attack.
#[derive(Debug)]
pub(crate) struct Target {
    database: Database,
}

/// A server that is attacked.
pub(crate) struct Victim {
    pub(crate) server: Server,
    database: Database,
    /// Of its database, when that is PostgreSQL's.
    pub(crate) url: Option<String>,
}

impl Target {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Whether rows are kept elsewhere than in the data folder.
    pub(crate) fn keeps_rows_elsewhere(&self) -> bool {
        match self.database {
            Database::Sqlite => false,
            Database::Postgres(_) => true,
        }
    }

    /// One that is configured as it comes.
    pub(crate) async fn start(&self) -> Victim {
        self.start_with(&[]).await
    }

    /// One that is configured by the environment `more` too.
    pub(crate) async fn start_with(&self, more: &[(&str, &str)]) -> Victim {
        let url = match &self.database {
            Database::Sqlite => None,
            Database::Postgres(cluster) => Some(cluster.database()),
        };
        let home = url.clone().map_or_else(Home::on_sqlite, Home::on_postgres);
        self.start_in(home, url, more).await
    }

    /// One that goes on where another ended, with what that one had.
    pub(crate) async fn start_again(&self, home: Home, url: Option<String>) -> Victim {
        self.start_in(home, url, &[]).await
    }

    async fn start_in(&self, home: Home, url: Option<String>, more: &[(&str, &str)]) -> Victim {
        let environment: Vec<_> = [("SLUICE_LOG", "info")].iter().chain(more).copied().collect();
        let server = Server::start_with(home, &environment).await;
        Victim { server, database: self.database.clone(), url }
    }
}

impl Victim {
    /// A session of the administrator without plugins: what only a person does, no token does.
    pub(crate) async fn administrator(&self) -> Api {
        self.nobody.session_of(&self.without_plugins.members[0]).await
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.server.url().trim_start_matches("http://").parse().unwrap()
    }

    /// Does to its rows what only somebody does who can write to the database.
    pub(crate) fn sql(&self, statements: &str) {
        match (&self.database, &self.url) {
            (Database::Postgres(cluster), Some(url)) => cluster.execute(url, statements),
            _ => self.server.tamper(statements),
        }
    }

    /// All that is in its database, as it is kept there.
    pub(crate) fn kept(&self) -> Vec<Vec<u8>> {
        match &self.url {
            Some(url) => {
                let url = url.clone();
                // The driver cannot wait on a thread that runs async code.
                thread::spawn(move || rows(&url)).join().unwrap().unwrap()
            }
            None => ["sluice.db", "sluice.db-wal"].iter().flat_map(|name| fs::read(self.data().join(name))).collect(),
        }
    }
}

/// Every row of every table of a database, as text.
fn rows(url: &str) -> Result<Vec<Vec<u8>>, postgres::Error> {
    let mut client = postgres::Client::connect(url, postgres::NoTls)?;
    let tables = client.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", &[])?;
    let mut kept = Vec::new();
    for table in tables.iter().map(|row| row.get::<_, String>(0)) {
        let rows = client.query(&format!("SELECT CAST(t AS text) FROM \"{table}\" t"), &[])?;
        kept.extend(rows.iter().map(|row| row.get::<_, String>(0).into_bytes()));
    }
    Ok(kept)
}

impl Deref for Victim {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

/// Lets this process, and the servers that it starts, open as many files as the system allows.
pub fn allow_many_files() {
    let limit = getrlimit(Resource::Nofile);
    // Where that is not allowed, the attacks that need it say so.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}
