//! What a quiet account notices of accounts whose plugins burn their budget on every call: in one run, by turns.
//!
//! Beside nobody, and beside accounts that send as many messages through a plugin that does nothing, so that what is due to the plugins
//! can be told from what is due to the messages.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use sluice_tests::{Account, Api, Home, Member, Server};

use crate::{
    http::load::Load,
    table::{Table, millis, quantile, ratio},
    words,
};

const HOSTILE: usize = 50;
/// Of one hostile account.
const CONNECTIONS: usize = 8;
const TURNS: usize = 6;
const TURN: Duration = Duration::from_millis(2_500);
/// How often the quiet account sends on each of its connections.
const PAUSE: Duration = Duration::from_millis(10);
const QUIET: usize = 2;

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run() {
    let server = Server::start_in(Home::on_sqlite()).await;
    let mut quiet = Load::new(&server, &server.with_plugins, QUIET, &words::text(200)).await;
    let mut accounts = Vec::new();
    for number in 0..HOSTILE {
        accounts.push(account(&server, number).await);
    }
    let mut installed = Vec::new();
    let mut loads = Vec::new();
    for account in &accounts {
        installed.push(install(&account.administrator).await);
        loads.push(Load::new(&server, account, 1, &words::text(200)).await);
    }
    let mut one = Load::new(&server, &accounts[0], CONNECTIONS, &words::text(200)).await;

    let mut times: [Vec<Duration>; 6] = Default::default();
    let [mut by_one, mut by_fifty] = [Burnt::default(); 2];
    for turn in 0..=TURNS {
        behave(&accounts, &installed, "allow").await;
        let alone = quiet.run_paced(TURN, PAUSE).await;
        behave(&accounts[..1], &installed, "burn").await;
        let begin = Instant::now();
        let (beside_one, (sent, _)) = futures::join!(quiet.run_paced(TURN, PAUSE), one.run(TURN));
        by_one.count(turn, sent.len(), begin);
        behave(&accounts, &installed, "burn").await;
        let begin = Instant::now();
        let all = join_all(loads.iter_mut().map(|load| load.run(TURN)));
        let (beside_fifty, sent) = futures::join!(quiet.run_paced(TURN, PAUSE), all);
        by_fifty.count(turn, sent.iter().map(|(times, _)| times.len()).sum(), begin);
        // Until the tenth failure of each, then without a call.
        behave(&accounts, &installed, "loop").await;
        let all = join_all(loads.iter_mut().map(|load| load.run_paced(TURN, Duration::from_millis(250))));
        let (beside_failing, _) = futures::join!(quiet.run_paced(TURN, PAUSE), all);
        // As many messages as were burnt, through the same plugin when it does nothing.
        behave(&accounts, &installed, "allow").await;
        let one = one.run_paced(TURN, by_one.pause(CONNECTIONS));
        let (beside_harmless_one, _) = futures::join!(quiet.run_paced(TURN, PAUSE), one);
        let pause = by_fifty.pause(HOSTILE);
        let all = join_all(loads.iter_mut().map(|load| load.run_paced(TURN, pause)));
        let (beside_harmless_fifty, _) = futures::join!(quiet.run_paced(TURN, PAUSE), all);
        if turn > 0 {
            let measured =
                [alone, beside_harmless_one, beside_one, beside_harmless_fifty, beside_fifty, beside_failing];
            times.iter_mut().zip(measured).for_each(|(times, measured)| times.extend(measured));
        }
    }
    behave(&accounts[..1], &installed, "burn").await;
    let api = &accounts[0].administrator;
    let burnt_once = api.incoming(&api.conversation().await, "hello").await.is(201);
    let most = burnt_once["decision"]["rules"][0]["fuel"].as_u64().unwrap();
    let mut table = Table::new([
        "beside",
        "messages",
        "p50",
        "p99",
        "p50 against alone",
        "p99 against alone",
        "p99 against harmless",
    ]);
    let [p50, p99] = [0.5, 0.99].map(|part| times.clone().map(|mut times| quantile(&mut times, part)));
    // With the line of as many harmless messages.
    let names = [
        ("nobody".to_owned(), None),
        (format!("1 account, {CONNECTIONS} connections, harmless, as many messages"), None),
        (format!("1 account, {CONNECTIONS} connections, burning"), Some(1)),
        (format!("{HOSTILE} accounts, harmless, as many messages"), None),
        (format!("{HOSTILE} accounts, burning"), Some(3)),
        (format!("{HOSTILE} accounts, failing until suspended"), Some(3)),
    ];
    for (index, (name, harmless)) in names.into_iter().enumerate() {
        table.row([
            name,
            times[index].len().to_string(),
            millis(p50[index]),
            millis(p99[index]),
            ratio(p50[index], p50[0]),
            ratio(p99[index], p99[0]),
            harmless.map_or_else(String::new, |harmless: usize| ratio(p99[index], p99[harmless])),
        ]);
    }
    println!(
        "## A quiet account beside hostile ones\n\nThe hostile plugin uses {most} of 10,000,000 instructions a call; {:.0} such calls a second of one account were answered, {:.0} of {HOSTILE}.\n\n{table}",
        by_one.rate(),
        by_fifty.rate(),
    );
}

/// What was sent to plugins that burn.
#[derive(Default, Clone, Copy)]
struct Burnt {
    messages: usize,
    lasted: Duration,
}

impl Burnt {
    /// Counts a turn, but the first.
    fn count(&mut self, turn: usize, messages: usize, begin: Instant) {
        if turn > 0 {
            self.messages += messages;
            self.lasted += begin.elapsed();
        }
    }

    /// A second.
    fn rate(&self) -> f64 {
        self.messages as f64 / self.lasted.as_secs_f64()
    }

    /// After which each of so many connections sends, to send as much.
    fn pause(&self, connections: usize) -> Duration {
        self.lasted.mul_f64(connections as f64 / self.messages.max(1) as f64).max(PAUSE)
    }
}

/// A new account with an administrator.
async fn account(server: &Server, number: usize) -> Account {
    let email = format!("boss{number}@hostile.example");
    let made = server.command(&["account", "create", "--name", "Hostile", "--email", &email]);
    let printed = String::from_utf8(made.stdout).unwrap();
    let link = printed.lines().find_map(|line| line.strip_prefix("link    ")).unwrap();
    let mut member = Member { email, password: format!("unrelated saucer {number} frost"), api_token: String::new() };
    server.nobody.post("/api/v1/passwords", json!({"link": link, "password": member.password})).await.is(204);
    let session = server.nobody.session_of(&member).await;
    let scopes = json!(["plugins-manage", "conversations-all", "messages-write-as-client", "messages-review"]);
    let token = session.post("/api/v1/tokens", json!({"name": "load", "scopes": scopes})).await.is(201);
    token["secret"].as_str().unwrap().clone_into(&mut member.api_token);
    let api = server.nobody.with_token(&member.api_token);
    Account {
        administrator: api.clone(),
        supervisor: api.clone(),
        operator: api,
        members: [member.clone(), member.clone(), member],
    }
}

async fn install(api: &Api) -> String {
    let more = json!({"scope": {"roles": ["client"]}, "failure": "open"});
    api.install_hostile(json!({"behaviour": "allow"}), more).await
}

async fn behave(accounts: &[Account], installed: &[String], behaviour: &str) {
    for (account, installation) in accounts.iter().zip(installed) {
        let change = json!({"config": {"behaviour": behaviour}});
        account.administrator.patch(&format!("/api/v1/installations/{installation}"), change).await.is(200);
    }
}
