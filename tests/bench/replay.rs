//! How many stored messages a second a preview looks at, in the real binary over HTTP: with a draft of no plugin, of one and of three.
//!
//! Time on the clock is what somebody waits for; time on a core is what it takes from others, and shows what one core does.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use sluice_storage::test_support::{Durability, PostgresCluster};
use sluice_tests::{Account, Events, Home, Server};

use crate::{
    table::{Table, quantile},
    words,
};

const MESSAGES: usize = 40_000;
/// Over how many conversations they are spread.
const CONVERSATIONS: usize = 100;
const TURNS: usize = 5;
/// How long the texts are, in bytes.
const TEXT: usize = 200;

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run() {
    let postgres = PostgresCluster::start(Durability::Durable);
    let mut table =
        Table::new(["database", "plugins of the draft", "messages/s", "messages/s of the server's core", "its time"]);
    let url = postgres.database();
    for (name, home, database) in
        [("SQLite", Home::on_sqlite(), None), ("PostgreSQL", Home::on_postgres(url.clone()), Some(url))]
    {
        let server = Server::start_in(home).await;
        let account = &server.without_plugins;
        for _ in 0..CONVERSATIONS {
            let conversation = account.administrator.conversation().await;
            account.administrator.incoming(&conversation, &words::text(TEXT)).await.is(201);
        }
        match database {
            None => server.tamper(&copies()),
            Some(url) => postgres.execute(&url, &copies()),
        }
        measure(&mut table, name, &server, account).await;
    }
    println!("## A preview on {MESSAGES} stored messages of {TEXT} B\n\n{table}");
}

/// Each message again and again, under ids that follow its own.
fn copies() -> String {
    let (each, columns) = (
        MESSAGES / CONVERSATIONS - 1,
        "direction, author_id, author_role, author_name, text, state, reason, attachments, notice, review, held_until,
         delivered_seq, decision_id, created_at",
    );
    format!(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {each})
         INSERT INTO messages (account_id, id, conversation_id, seq, {columns})
         SELECT account_id, SUBSTR(id, 1, 24) || SUBSTR(CAST(1000000000000 + n AS TEXT), 2), conversation_id, seq + 1000 * n,
                {columns} FROM messages, numbers WHERE text LIKE 'Hello, I ordered%'"
    )
}

async fn measure(table: &mut Table, database: &str, server: &Server, account: &Account) {
    let plugin = account.administrator.plugin("blocked-words").await;
    let sensitive = account.administrator.plugin("sensitive-data").await;
    let config = |count| json!({"lists": [{"name": "bench", "words": words::blocked(count), "action": "block"}]});
    let one = json!({"plugin_id": plugin, "config": config(10), "grants": ["log"]});
    let long = json!({"plugin_id": plugin, "config": config(10_000), "grants": ["log"]});
    let third = json!({"plugin_id": sensitive, "grants": ["log"]});
    let drafts = [(0, json!([])), (1, json!([one])), (3, json!([one, long, third]))];
    let mut times = [const { Vec::new() }; 3];
    let mut cores = [const { Vec::new() }; 3];
    for turn in 0..=TURNS {
        for (index, (_, draft)) in drafts.iter().enumerate() {
            let (time, core) = preview(server, account, draft).await;
            // The first turn warms up.
            if turn > 0 {
                times[index].push(time);
                cores[index].push(core);
            }
        }
    }
    let rate = |time: Duration| format!("{:.0}", MESSAGES as f64 / time.as_secs_f64());
    for (index, (plugins, _)) in drafts.iter().enumerate() {
        let (time, core) = (quantile(&mut times[index], 0.5), quantile(&mut cores[index], 0.5));
        let each = core.as_secs_f64() * 1e6 / MESSAGES as f64;
        table.row([database.to_owned(), plugins.to_string(), rate(time), rate(core), format!("{each:.1} us")]);
    }
}

/// One preview, from the beginning of the replay to its result: on the clock and on the server's cores.
async fn preview(server: &Server, account: &Account, draft: &Value) -> (Duration, Duration) {
    let body = json!({"draft": {"installations": draft}, "source": {"last": MESSAGES}});
    let request = account.administrator.request(Method::POST, "/api/v1/policy/preview").json(&body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let (begin, before) = (Instant::now(), server.core_time());
    let mut events = Events::of(response);
    let result = events.next_of("result").await.data;
    let (time, core) = (begin.elapsed(), server.core_time().saturating_sub(before));
    assert_eq!(result["messages"], MESSAGES);
    (time, core)
}
