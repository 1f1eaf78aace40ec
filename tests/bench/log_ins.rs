//! How long a log-in takes that fails, for an e-mail address that nobody has and for a wrong password: nobody must be able to tell.

use std::time::{Duration, Instant};

use sluice_tests::Server;

use crate::table::{Table, micros, quantile, ratio};

const TRIES: u8 = 200;

/// Prints the table.
pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (mut unknown, mut wrong) = runtime.block_on(measure());
    let [unknown, wrong] = [&mut unknown, &mut wrong].map(|times| quantile(times, 0.5));
    let mut table = Table::new(["a log-in that fails", "median", "against the other"]);
    table.row(["unknown address".to_owned(), micros(unknown), ratio(unknown, wrong)]);
    table.row(["wrong password".to_owned(), micros(wrong), ratio(wrong, unknown)]);
    println!("## Log-ins that fail, {TRIES} of each\n\n{table}");
}

/// By turns, each pair from an address of its own, or the server would slow them down; and each about a person of its own.
async fn measure() -> (Vec<Duration>, Vec<Duration>) {
    let server = Server::start().await;
    let administrator = &server.without_plugins.administrator;
    let (mut unknown, mut wrong) = (Vec::new(), Vec::new());
    for n in 0..TRIES {
        // Every fifth failure for one person would be slowed down.
        let known = server.invited(administrator, "known", "operator", serde_json::json!([])).await.email;
        let nobody = server.nobody.from([127, 7, n, 1]);
        // The connection is there before the clock runs.
        nobody.get("/healthz").await.is(200);
        let stranger = known.replace("known", "stranger");
        for (email, times) in [(&stranger, &mut unknown), (&known, &mut wrong)] {
            let began = Instant::now();
            nobody.log_in(email, "guess").await.problem(401, "wrong-credentials");
            times.push(began.elapsed());
        }
    }
    (unknown, wrong)
}
