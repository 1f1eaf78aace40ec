//! A throwaway PostgreSQL cluster, for tests and benchmarks of this crate and of others.
//!
//! It lives in a temporary folder, is reached through a socket in it, and ends with the process that started it, however that
//! process ends. The server's programs must be on the machine: what is missing is an error, never a skipped test.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

/// Whether commits wait for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// They do, as in production: for measurements.
    Durable,
    /// They do not: for tests.
    Fast,
}

/// A running cluster. It is stopped and removed when this is dropped, or when the process ends.
#[derive(Debug)]
pub struct PostgresCluster {
    folder: PathBuf,
    databases: AtomicU64,
    server: Child,
    /// The server's shell waits for the end of this.
    alive: Option<ChildStdin>,
}

/// Makes a cluster in `$1` with the programs in `$2` and the settings `$3`, starts it, says so, and ends it when the input ends: the
/// system closes the input even when the process that holds its other end is killed.
const SHELL: &str = r#"
folder=$1 bin=$2 settings=$3
trap '' INT TERM HUP
finish() { "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1; rm -rf "$folder/data" "$folder"; exit "$1"; }
"$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$folder/log" 2>&1 &&
"$bin/pg_ctl" -D "$folder/data" -w -l "$folder/log" -o "-k $folder -c listen_addresses= $settings" start >/dev/null 2>&1 ||
{ cat "$folder/log" >&2; finish 1; }
echo ready
read -r _
finish 0
"#;

impl PostgresCluster {
    /// Makes and starts a cluster; takes about two seconds.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start; the message says why.
    pub fn start(durability: Durability) -> Self {
        let bin = programs();
        let folder = tempfile::Builder::new().prefix("sluice-postgres-").tempdir().expect("a temporary folder").keep();
        // The server refuses to run as root, and then runs as another user, who makes the cluster in here.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).expect("permissions of our own folder");
        let settings = match durability {
            Durability::Durable => "-c max_connections=100",
            Durability::Fast => "-c max_connections=100 -c fsync=off -c synchronous_commit=off -c full_page_writes=off",
        };
        let mut server = as_nobody_special()
            .args(["sh", "-c", SHELL, "sh"])
            .args([&folder, &bin])
            .arg(settings)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a shell");
        let alive = server.stdin.take();
        let mut line = String::new();
        let output = server.stdout.take().expect("the shell's output is a pipe");
        BufReader::new(output).read_line(&mut line).expect("the shell's output");
        if line.trim() != "ready" {
            let mut reason = String::new();
            let errors = server.stderr.as_mut().expect("the shell's errors are a pipe");
            errors.read_to_string(&mut reason).expect("the shell's errors");
            panic!("PostgreSQL in {} did not start:\n{reason}", folder.display());
        }
        Self { folder, databases: AtomicU64::new(0), server, alive }
    }

    /// Makes an empty database, and gives its connection string.
    ///
    /// # Panics
    /// When the cluster does not answer.
    pub fn database(&self) -> String {
        let name = format!("sluice_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.run("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// Runs statements in a database, by its connection string: to do what the program itself never does.
    ///
    /// # Panics
    /// When a statement fails.
    pub fn execute(&self, url: &str, sql: &str) {
        let name = url.rsplit('/').next().expect("a connection string ends with the database");
        self.run(name, sql);
    }

    fn url(&self, database: &str) -> String {
        let host = self.folder.to_string_lossy().replace('/', "%2F");
        format!("postgresql://postgres@{host}/{database}")
    }

    /// On a thread of its own: the driver cannot wait on a thread that runs async code.
    fn run(&self, database: &str, sql: &str) {
        let (url, sql) = (self.url(database), sql.to_owned());
        let run = move || postgres::Client::connect(&url, postgres::NoTls)?.batch_execute(&sql);
        thread::spawn(run).join().expect("the driver does not panic").expect("the cluster answers");
    }
}

impl Drop for PostgresCluster {
    fn drop(&mut self) {
        drop(self.alive.take());
        // It removes the folder; when it cannot be waited for, there is nothing left to do.
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The folder of the newest PostgreSQL on this machine.
fn programs() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut debian: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    debian.sort();
    let found = debian.into_iter().rev().chain(std::env::split_paths(&path)).find(|bin| bin.join("initdb").is_file());
    found.expect("these tests need PostgreSQL's server programs: apt-get install postgresql")
}

/// What runs a program as somebody who is not root.
fn as_nobody_special() -> Command {
    let root = fs::metadata(Path::new("/proc/self")).is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]);
        command
    } else {
        Command::new("env")
    }
}
