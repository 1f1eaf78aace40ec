//! What many accounts cost, each with its own configuration of `blocked-words`: memory, the first call, and calls that go to
//! another account each time.

use std::{
    fs, io,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use serde_json::json;
use sluice_domain::{digest::Digest, installation::Budget, message::Message, verdict::Verdict};
use sluice_sandbox::{Configured, Sandbox, Use};
use sluice_tests::component;

use self::copies::Copies;
use crate::{
    calls::{configured, message, sandbox, sandbox_with, timed},
    table::{Table, micros, quantile, ratio},
    words,
};

mod copies;

const ACCOUNTS: usize = 10_000;
/// How many of them a worker configures; the others get copies.
const MADE: usize = 200;
/// Among how many calls are spread at most.
const MOST: usize = 1_000;
/// Among how many accounts calls are spread.
const SPREADS: [usize; 4] = [1, 100, 300, MOST];
const TURNS: usize = 20;
const CALLS: usize = 1_000;

pub(crate) fn run() {
    let [overlaid, whole] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let bytes = component("blocked-words");
    make(&sandbox(overlaid.path()), overlaid.path(), &bytes, "overlay", ACCOUNTS);
    // As after a restart: nothing is loaded.
    let server = sandbox(overlaid.path());
    let before = anonymous();
    let (readying, accounts) = ready(&server, &bytes, ACCOUNTS);
    let message = message(words::text(200));
    println!("## {ACCOUNTS} accounts, each with its own configuration of `blocked-words`\n");
    println!("{}", first_calls(&accounts, &message, readying, before));

    let no_overlays = || sandbox_with(whole.path(), |config| config.overlay_bytes = 0);
    make(&no_overlays(), whole.path(), &bytes, "cwasm", MOST);
    let other = no_overlays();
    let (_, compiled) = ready(&other, &bytes, MOST);
    println!("## A call of another account each time\n");
    println!("{}", spread([&accounts[..MOST], &compiled], &message));
}

/// What was made before for the first accounts, and how long it took to find each.
fn ready(sandbox: &Sandbox, bytes: &[u8], accounts: usize) -> (Vec<Duration>, Vec<Configured>) {
    let digest = Digest::of(bytes);
    let lost = || Err(io::Error::other("it was made before"));
    (0..accounts)
        .map(|account| timed(|| sandbox.configure(lost, digest, &config(account), Use::Installed).unwrap()))
        .unzip()
}

/// Ten words of this account's own.
fn config(account: usize) -> String {
    let words: Vec<String> =
        words::blocked(10).into_iter().enumerate().map(|(n, word)| format!("{word}{}", account + n)).collect();
    json!({"lists": [{"name": "bench", "words": words, "action": "block"}]}).to_string()
}

/// Leaves a configured plugin for each account in the folder.
fn make(sandbox: &Sandbox, folder: &Path, bytes: &[u8], form: &str, accounts: usize) {
    sandbox.inspect(bytes).unwrap();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let account @ 0..MADE = next.fetch_add(1, Ordering::Relaxed) {
                    configured(sandbox, bytes, &config(account));
                }
            });
        }
    });
    let copies = Copies::of(&folder.join("artefacts"), Digest::of(bytes), form);
    for account in MADE..accounts {
        copies.copy(&config(account % MADE), &config(account));
    }
}

fn call(plugin: &Configured, message: &Message) -> Duration {
    let (time, call) = timed(|| plugin.check_message(message, Budget::CALL));
    assert_eq!(call.answer.unwrap(), Verdict::Allow);
    time
}

fn first_calls(accounts: &[Configured], message: &Message, mut readying: Vec<Duration>, before: u64) -> Table {
    let mut table = Table::new(["what", "median", "p99", "loaded afterwards", "anonymous memory afterwards"]);
    let mut row = |what: &str, times: &mut [Duration]| {
        table.row([
            what.to_owned(),
            micros(quantile(times, 0.5)),
            micros(quantile(times, 0.99)),
            accounts.iter().filter(|account| account.is_loaded()).count().to_string(),
            format!("{} MiB", anonymous().saturating_sub(before) >> 20),
        ]);
    };
    row("finding that an account's plugin was made before", &mut readying);
    let mut first: Vec<_> = accounts.iter().map(|account| call(account, message)).collect();
    row("the first call of each account", &mut first);
    let mut again: Vec<_> =
        accounts.iter().filter(|account| !account.is_loaded()).map(|account| call(account, message)).collect();
    row("the first call after it was unloaded", &mut again);
    table
}

/// Of accounts whose plugin is code that all have and an overlay of their own, and of accounts with code of their own. By turns, so
/// that the ratios are of one run.
fn spread(forms: [&[Configured]; 2], message: &Message) -> Table {
    let mut table = Table::new([
        "among",
        "median",
        "p99",
        "median against the same one again",
        "each with code of its own",
        "p99",
        "against the same one again",
    ]);
    let mut times = [const { [const { Vec::new() }; SPREADS.len()] }; 2];
    let mut random = 7_u64;
    let mut next = |among: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % among
    };
    for turn in 0..=TURNS {
        for (accounts, times) in forms.into_iter().zip(&mut times) {
            for (among, times) in SPREADS.into_iter().zip(times) {
                let calls: Vec<_> = (0..CALLS.max(2 * among)).map(|_| call(&accounts[next(among)], message)).collect();
                // The first turn loads them and gives each its slot.
                if turn > 0 {
                    times.extend(calls);
                }
            }
        }
    }
    let same = times.each_mut().map(|times| quantile(&mut times[0], 0.5));
    for (n, among) in SPREADS.into_iter().enumerate() {
        let what = if among == 1 { "the same one again".to_owned() } else { format!("{among} accounts") };
        let mut row = vec![what];
        for (times, same) in times.iter_mut().zip(same) {
            let median = quantile(&mut times[n], 0.5);
            row.extend([micros(median), micros(quantile(&mut times[n], 0.99)), ratio(median, same)]);
        }
        table.row(<[String; 7]>::try_from(row).unwrap());
    }
    table
}

/// Memory of this process that is in no file, in bytes.
fn anonymous() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() << 10
}
