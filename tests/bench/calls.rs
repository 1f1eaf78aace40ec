//! What one call of a plugin costs: a fresh sandbox from a configured snapshot, against a fresh sandbox that is configured in the call.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde_json::json;
use sluice_domain::{
    digest::Digest,
    id::MessageId,
    installation::Budget,
    message::{Actor, Direction, Message, Role},
    time::Timestamp,
    verdict::Verdict,
};
use sluice_sandbox::{ArtefactKey, Configured, Sandbox, SandboxConfig, Use, WorkerCommand};
use sluice_tests::{component, sluice};

use self::unprepared::Unprepared;
use crate::{
    table::{Table, micros, millis, quantile, ratio},
    words,
};

mod unprepared;

const LISTS: [usize; 3] = [10, 1_000, 10_000];
const TEXTS: [(&str, usize); 2] = [("200 B", 200), ("4 KiB", 4_096)];
/// The key of artefacts.
pub(crate) const KEY: [u8; 32] = [7; 32];
/// How often the turn comes to each configuration, and how many calls are made in a turn.
const TURNS: usize = 40;
const CALLS: usize = 250;
/// Calls in a turn that configure first; they take long.
const UNPREPARED_CALLS: usize = 4;

pub(crate) fn run() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path());
    let bytes = component("blocked-words");
    println!("## A call of `blocked-words`, by the number of words in its configuration\n");
    println!("{}", calls(&sandbox, &bytes));
    println!("## From upload to use\n");
    println!("{}", enabling(&bytes));
}

pub(crate) fn sandbox(folder: &Path) -> Sandbox {
    sandbox_with(folder, |_| {})
}

/// One whose configuration was changed.
pub(crate) fn sandbox_with(folder: &Path, change: impl FnOnce(&mut SandboxConfig)) -> Sandbox {
    let worker = WorkerCommand { program: sluice(), args: vec!["worker".into()] };
    let key = ArtefactKey::new(Box::new(KEY).into());
    let mut config = SandboxConfig::new(folder.join("artefacts"), key, worker);
    change(&mut config);
    Sandbox::new(config).unwrap()
}

fn config(words: usize) -> String {
    json!({"lists": [{"name": "bench", "words": words::blocked(words), "action": "block"}]}).to_string()
}

pub(crate) fn configured(sandbox: &Sandbox, bytes: &[u8], config: &str) -> Configured {
    sandbox.configure(|| Ok(bytes.to_vec()), Digest::of(bytes), config, Use::Installed).unwrap()
}

pub(crate) fn message(text: String) -> Message {
    let now = Timestamp::from_millis(1_790_000_000_000);
    let author = Actor { id: "cli_1".to_owned(), role: Role::Client, name: "Carla".to_owned() };
    let empty = Message {
        id: MessageId::new(now, [7; 10]),
        direction: Direction::Incoming,
        transport: "api".to_owned(),
        channel: "api".to_owned(),
        conversation: None,
        author,
        text: String::new(),
        links: Vec::new(),
        group: None,
        attachments: Vec::new(),
        sent_at: now,
    };
    empty.with_text(text)
}

pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begin = Instant::now();
    let done = work();
    (begin.elapsed(), done)
}

fn calls(sandbox: &Sandbox, bytes: &[u8]) -> Table {
    let mut table = Table::new([
        "words",
        "text",
        "median",
        "p99",
        "against 10 words",
        "configured in the call",
        "p99",
        "the snapshot is faster by",
    ]);
    let configs = LISTS.map(config);
    let ready = configs.each_ref().map(|config| configured(sandbox, bytes, config));
    let unprepared = Unprepared::new(bytes);
    for (name, size) in TEXTS {
        let message = message(words::text(size));
        let mut snapshot = [const { Vec::new() }; LISTS.len()];
        let mut in_the_call = [const { Vec::new() }; LISTS.len()];
        for _ in 0..TURNS {
            for list in 0..LISTS.len() {
                snapshot[list].extend((0..CALLS).map(|_| {
                    let (time, call) = timed(|| ready[list].check_message(&message, Budget::CALL));
                    assert_eq!(call.answer.unwrap(), Verdict::Allow);
                    time
                }));
                in_the_call[list]
                    .extend((0..UNPREPARED_CALLS).map(|_| timed(|| unprepared.check(&configs[list], &message.text)).0));
            }
        }
        let least = quantile(&mut snapshot[0], 0.5);
        for (list, words) in LISTS.into_iter().enumerate() {
            let (median, other) = (quantile(&mut snapshot[list], 0.5), quantile(&mut in_the_call[list], 0.5));
            table.row([
                words.to_string(),
                name.to_owned(),
                micros(median),
                micros(quantile(&mut snapshot[list], 0.99)),
                ratio(median, least),
                micros(other),
                micros(quantile(&mut in_the_call[list], 0.99)),
                ratio(other, median),
            ]);
        }
    }
    table
}

/// How long what an administrator waits for takes, in sandboxes that know nothing yet.
fn enabling(bytes: &[u8]) -> Table {
    let mut table =
        Table::new(["words", "inspecting an upload", "first configuration", "a changed one", "after a restart"]);
    for words in LISTS {
        let mut times = [const { Vec::new() }; 4];
        for _ in 0..5 {
            let folder = tempfile::tempdir().unwrap();
            let fresh = sandbox(folder.path());
            times[0].push(timed(|| fresh.inspect(bytes).unwrap()).0);
            times[1].push(timed(|| configured(&fresh, bytes, &config(words))).0);
            times[2].extend((1..=4).map(|more| timed(|| configured(&fresh, bytes, &config(words + more))).0));
            let again = sandbox(folder.path());
            times[3].push(timed(|| configured(&again, bytes, &config(words))).0);
        }
        let [upload, first, changed, restart] = times.each_mut().map(|times| millis(quantile(times, 0.5)));
        table.row([words.to_string(), upload, first, changed, restart]);
    }
    table
}
