//! The server as a process.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    Api,
    clients::client,
    files::{plugins, sluice},
    seed,
};

/// Where a server keeps things between its starts.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    database_url: Option<String>,
    binary: PathBuf,
}

impl Home {
    /// A new one, with rows in SQLite. The demo accounts are there, seeded once for all tests.
    ///
    /// # Panics
    /// When there is no room for a temporary folder.
    pub fn on_sqlite() -> Self {
        let home = Self::empty();
        seed::copy_to(&home.data());
        home
    }

    /// A new one with nothing in it, with rows in SQLite: the first start seeds the demo accounts.
    ///
    /// # Panics
    /// When there is no room for a temporary folder.
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder"), database_url: None, binary: sluice() }
    }

    /// A new one, with rows in an empty database of PostgreSQL: the first start seeds the demo accounts.
    ///
    /// # Panics
    /// When there is no room for a temporary folder.
    pub fn on_postgres(database_url: String) -> Self {
        Self { database_url: Some(database_url), ..Self::empty() }
    }

    /// The same, but for servers of another build.
    #[must_use]
    pub fn of(self, binary: PathBuf) -> Self {
        Self { binary, ..self }
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The command that starts a server here, configured by the environment `more` too.
    fn serve(&self, more: &[(&str, &str)]) -> Command {
        let log = File::options().create(true).append(true).open(self.folder.path().join("log")).expect("a log");
        let mut command = Command::new(&self.binary);
        command
            .args(["serve", "--demo"])
            .arg(plugins())
            .arg("--data")
            .arg(self.data())
            .current_dir(self.folder.path())
            .env_clear()
            .env("SLUICE_LISTEN", "127.0.0.1:0")
            .env("SLUICE_LOG", "debug")
            .envs(more.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        if let Some(url) = &self.database_url {
            command.env("SLUICE_DATABASE_URL", url);
        }
        command
    }

    /// What a server says that does not start with this environment.
    ///
    /// # Panics
    /// When it starts.
    pub fn refuses(&self, more: &[(&str, &str)]) -> String {
        let mut process = self.serve(more).spawn().expect("the binary runs");
        let mut line = String::new();
        let output = process.stdout.take().expect("the server's output is a pipe");
        BufReader::new(output).read_line(&mut line).expect("the server's output");
        // One that has ended already cannot be killed.
        let _ = process.kill();
        let status = process.wait().expect("a process that ends");
        assert!(line.is_empty() && !status.success(), "it started: {line}");
        self.log()
    }

    /// What the server wrote to its log, from its first start on.
    ///
    /// # Panics
    /// When it was never started.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).expect("a log")
    }
}

/// A person of a demo account.
#[derive(Debug, Clone, Deserialize)]
pub struct Member {
    /// For log-ins.
    pub email: String,
    /// For log-ins.
    pub password: String,
    /// For everything else.
    pub api_token: String,
}

#[derive(Debug, Deserialize)]
struct People {
    administrator: Member,
    supervisor: Member,
    operator: Member,
}

#[derive(Debug, Deserialize)]
struct Demo {
    #[serde(flatten)]
    with_plugins: People,
    without_plugins: People,
}

/// A demo account: its people, each talking with a token of theirs.
#[derive(Debug, Clone)]
pub struct Account {
    /// May do everything.
    pub administrator: Api,
    /// Reviews messages.
    pub supervisor: Api,
    /// Reads and writes.
    pub operator: Api,
    /// What they log in with, in the same order.
    pub members: [Member; 3],
}

/// A server that runs. It ends with this.
#[derive(Debug)]
pub struct Server {
    process: Child,
    /// Where it keeps things.
    pub home: Home,
    /// One who shows nothing.
    pub nobody: Api,
    /// The demo account with the three example plugins.
    pub with_plugins: Account,
    /// The demo account without plugins.
    pub without_plugins: Account,
}

impl Server {
    /// Starts one with a home of its own, on SQLite.
    pub async fn start() -> Self {
        Self::start_in(Home::on_sqlite()).await
    }

    /// Starts one in a home that may have been used before.
    ///
    /// # Panics
    /// When it does not say that it is ready.
    pub async fn start_in(home: Home) -> Self {
        Self::start_with(home, &[]).await
    }

    /// Starts one in a home that may have been used before, configured by the environment `more` too.
    ///
    /// # Panics
    /// When it does not say that it is ready.
    #[expect(clippy::unused_async, reason = "clients can be made only where async code runs")]
    pub async fn start_with(home: Home, more: &[(&str, &str)]) -> Self {
        let mut command = home.serve(more);
        let mut process = command.spawn().expect("the server starts");
        let mut line = String::new();
        let output = process.stdout.take().expect("the server's output is a pipe");
        BufReader::new(output).read_line(&mut line).expect("the server's output");
        let Some(url) = line.trim().strip_prefix("ready ") else {
            panic!("{line:?} instead of `ready`:\n{}", home.log())
        };

        let nobody = Api::nobody(client(None, None), url.to_owned());
        let demo = fs::read(home.data().join("demo.json")).expect("demo.json");
        let demo: Demo = serde_json::from_slice(&demo).expect("demo.json as it is documented");
        let (with_plugins, without_plugins) = (demo.with_plugins.of(&nobody), demo.without_plugins.of(&nobody));
        Self { process, home, nobody, with_plugins, without_plugins }
    }

    /// Somebody who was invited by `administrator`, set a password and logged in.
    ///
    /// # Panics
    /// When the server does not let that happen.
    pub async fn join(&self, administrator: &Api, name: &str, role: &str, permissions: Value) -> Api {
        let member = self.invited(administrator, name, role, permissions).await;
        self.nobody.session_of(&member).await
    }

    /// Somebody who was invited by `administrator` and set a password.
    ///
    /// # Panics
    /// When the server does not let that happen.
    pub async fn invited(&self, administrator: &Api, name: &str, role: &str, permissions: Value) -> Member {
        let invited = administrator.invite(name, role, permissions).await.is(201);
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let password = format!("unrelated saucer {name} frost");
        let chosen = json!({"link": invited["link"]["secret"], "password": password});
        self.nobody.post("/api/v1/passwords", chosen).await.is(204);
        Member { email: text(&invited["person"]["email"]), password, api_token: String::new() }
    }

    /// Tells it to read its certificate again.
    ///
    /// # Panics
    /// When it has ended.
    pub fn hang_up(&self) {
        kill_process(Pid::from_child(&self.process), Signal::HUP).expect("a process");
    }

    /// Runs the binary beside the server, with the same data.
    ///
    /// # Panics
    /// When it cannot be run.
    pub fn command(&self, args: &[&str]) -> Output {
        let mut command = Command::new(&self.home.binary);
        command.args(args).env_clear().env("SLUICE_DATA", self.home.data());
        if let Some(url) = &self.home.database_url {
            command.env("SLUICE_DATABASE_URL", url);
        }
        command.output().expect("the binary runs")
    }

    /// Does to the rows in SQLite what the server never does.
    ///
    /// # Panics
    /// When the statement fails.
    pub fn tamper(&self, sql: &str) {
        let connection = rusqlite::Connection::open(self.home.data().join("sluice.db")).expect("the database");
        connection.busy_timeout(Duration::from_secs(30)).expect("waits for the server");
        connection.execute_batch(sql).expect("a statement");
    }

    /// How many rows a table has in SQLite.
    ///
    /// # Panics
    /// When there is no such table.
    pub fn rows(&self, table: &str) -> i64 {
        let connection = rusqlite::Connection::open(self.home.data().join("sluice.db")).expect("the database");
        let count = connection.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0));
        count.expect("a table")
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.home.data()
    }

    /// Where it listens, as `http://HOST:PORT`.
    pub fn url(&self) -> &str {
        self.nobody.url()
    }

    /// Most memory that it has had resident since it started, in bytes.
    ///
    /// # Panics
    /// When the system does not say.
    pub fn peak_memory(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("a process");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
        peak.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") << 10
    }

    /// How long cores have worked for it since it started, to a hundredth of a second.
    ///
    /// # Panics
    /// When the system does not say.
    pub fn core_time(&self) -> Duration {
        let status = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).expect("a process");
        // The name of the program may have spaces; time is what follows as the 12th and 13th field (proc_pid_stat(5)).
        let (_, fields) = status.rsplit_once(')').expect("a name");
        let ticks = fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().expect("a number"));
        Duration::from_millis(ticks.sum::<u64>() * 10)
    }

    /// Asks it to end, as an init system does; its home when it has ended well.
    ///
    /// # Panics
    /// When it ends otherwise.
    pub async fn stop(self) -> Home {
        let pid = Pid::from_child(&self.process);
        kill_process(pid, Signal::TERM).expect("a process to end");
        let (home, status) = self.ended().await;
        assert!(status.success(), "{status}:\n{}", home.log());
        home
    }

    /// Ends it at once, as a crash does; its home.
    ///
    /// # Panics
    /// When it has ended already.
    pub async fn kill(mut self) -> Home {
        self.process.kill().expect("a process to kill");
        self.ended().await.0
    }

    async fn ended(mut self) -> (Home, std::process::ExitStatus) {
        let home = std::mem::replace(&mut self.home, Home::empty());
        let wait = move || self.process.wait().expect("a process that ends");
        (home, tokio::task::spawn_blocking(wait).await.expect("waiting does not panic"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already cannot be killed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl People {
    fn of(self, nobody: &Api) -> Account {
        let Self { administrator, supervisor, operator } = self;
        Account {
            administrator: nobody.with_token(&administrator.api_token),
            supervisor: nobody.with_token(&supervisor.api_token),
            operator: nobody.with_token(&operator.api_token),
            members: [administrator, supervisor, operator],
        }
    }
}
