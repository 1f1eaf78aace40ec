//! Messages a second through the HTTP API of the real binary, with durable commits, on SQLite and on PostgreSQL.
//!
//! The load comes from this process, on the same cores.

use std::time::Duration;

use serde_json::{Value, json};
use sluice_storage::test_support::{Durability, PostgresCluster};
use sluice_tests::{Account, Home, Server};

use self::load::Load;
use crate::{
    table::{Table, millis, quantile, ratio},
    words,
};

pub(crate) mod load;

const CONNECTIONS: [usize; 3] = [1, 8, 64];
/// How often the turn comes to each account, and how long it is.
const TURNS: usize = 4;
const TURN: Duration = Duration::from_millis(1_500);

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run() {
    let postgres = PostgresCluster::start(Durability::Durable);
    let mut table = Table::new([
        "database",
        "connections",
        "plugins",
        "messages/s",
        "p50",
        "p99",
        "p50 against none",
        "plugins' own p50",
    ]);
    for (name, home) in [("SQLite", Home::on_sqlite()), ("PostgreSQL", Home::on_postgres(postgres.database()))] {
        let server = Server::start_in(home).await;
        add_a_long_list(&server.with_plugins).await;
        measure(&mut table, name, &server).await;
    }
    println!("## Messages of 200 B through the HTTP API, answered when they are on disk\n\n{table}");
}

/// The demo account's third message filter: a second `blocked-words`, with 10,000 words.
async fn add_a_long_list(account: &Account) {
    let api = &account.administrator;
    let installed = api.list("/api/v1/installations").await;
    let plugin = installed.iter().find(|row| row["name"] == "blocked-words").unwrap()["plugin_id"].as_str().unwrap();
    let config = json!({"lists": [{"name": "long", "words": words::blocked(10_000), "action": "block"}]});
    api.install(plugin, json!({"config": config, "grants": []})).await.is(201);
}

async fn measure(table: &mut Table, database: &str, server: &Server) {
    for connections in CONNECTIONS {
        let mut loads = Vec::new();
        for (plugins, account) in [(0, &server.without_plugins), (3, &server.with_plugins)] {
            let load = Load::new(server, account, connections, &words::text(200)).await;
            loads.push((plugins, account, load, Vec::new(), Duration::ZERO));
        }
        for turn in 0..=TURNS {
            for (_, _, load, times, took) in &mut loads {
                let (sent, lasted) = load.run(TURN).await;
                // The first turn warms up.
                if turn > 0 {
                    times.extend(sent);
                    *took += lasted;
                }
            }
        }
        let none = quantile(&mut loads[0].3, 0.5);
        for (plugins, account, _, times, took) in &mut loads {
            let p50 = quantile(times, 0.5);
            table.row([
                database.to_owned(),
                connections.to_string(),
                plugins.to_string(),
                format!("{:.0}", times.len() as f64 / took.as_secs_f64()),
                millis(p50),
                millis(quantile(times, 0.99)),
                ratio(p50, none),
                own_time(account).await,
            ]);
        }
    }
}

/// How long the rules of the last messages took, as their decisions say.
async fn own_time(account: &Account) -> String {
    let decisions = account.administrator.list("/api/v1/decisions?limit=200").await;
    let micros = |rule: &Value| rule["micros"].as_u64().unwrap();
    let mut times: Vec<Duration> = decisions
        .iter()
        .map(|decision| decision["decision"]["rules"].as_array().unwrap().iter().map(micros).sum())
        .map(Duration::from_micros)
        .collect();
    millis(quantile(&mut times, 0.5))
}
