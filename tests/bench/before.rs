//! What a message costs beside another build of the server, such as one from before a change: `SLUICE_BEFORE` is the path of its binary.

use std::{path::PathBuf, time::Duration};

use sluice_storage::test_support::{Durability, PostgresCluster};
use sluice_tests::{Account, Home, Server};

use crate::{
    http::load::Load,
    table::{Table, millis, quantile, ratio},
    words,
};

const CONNECTIONS: [usize; 3] = [1, 8, 64];
/// How often the turn comes to each build, and how long it is.
const TURNS: usize = 8;
const TURN: Duration = Duration::from_millis(1_000);

/// How the messages of one build went.
struct Side {
    load: Load,
    times: Vec<Duration>,
    took: Duration,
}

impl Side {
    async fn of(server: &Server, account: &Account, connections: usize) -> Self {
        let load = Load::new(server, account, connections, &words::text(200)).await;
        Self { load, times: Vec::new(), took: Duration::ZERO }
    }

    async fn turn(&mut self, counts: bool) {
        let (sent, lasted) = self.load.run(TURN).await;
        if counts {
            self.times.extend(sent);
            self.took += lasted;
        }
    }

    fn rate(&self) -> f64 {
        self.times.len() as f64 / self.took.as_secs_f64()
    }
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run() {
    let Some(before) = std::env::var_os("SLUICE_BEFORE").map(PathBuf::from) else {
        println!("## Messages beside another build\n\nNot measured: SLUICE_BEFORE is not the path of its binary.\n");
        return;
    };
    let postgres = PostgresCluster::start(Durability::Durable);
    let mut table = Table::new([
        "database",
        "connections",
        "plugins",
        "messages/s before",
        "now",
        "times as many",
        "p50 before",
        "now",
        "times as late",
    ]);
    for name in ["SQLite", "PostgreSQL"] {
        let home = || if name == "SQLite" { Home::empty() } else { Home::on_postgres(postgres.database()) };
        let old = Server::start_in(home().of(before.clone())).await;
        let new = Server::start_in(home()).await;
        for connections in CONNECTIONS {
            for plugins in [0, 3] {
                let account = |server: &Server| {
                    if plugins == 0 { server.without_plugins.clone() } else { server.with_plugins.clone() }
                };
                let mut sides = [
                    Side::of(&old, &account(&old), connections).await,
                    Side::of(&new, &account(&new), connections).await,
                ];
                for turn in 0..=TURNS {
                    // The first turn warms up, and who begins changes.
                    sides[turn % 2].turn(turn > 0).await;
                    sides[1 - turn % 2].turn(turn > 0).await;
                }
                let [old, new] = &mut sides;
                let (old_p50, new_p50) = (quantile(&mut old.times, 0.5), quantile(&mut new.times, 0.5));
                table.row([
                    name.to_owned(),
                    connections.to_string(),
                    plugins.to_string(),
                    format!("{:.0}", old.rate()),
                    format!("{:.0}", new.rate()),
                    format!("{:.2}", new.rate() / old.rate()),
                    millis(old_p50),
                    millis(new_p50),
                    ratio(new_p50, old_p50),
                ]);
            }
        }
    }
    println!("## Messages of 200 B beside another build, answered when they are on disk\n\n{table}");
}
