//! How many links are found that others expect, how many that they do not, and what looking for them costs.

use std::{collections::BTreeSet, fmt::Write, hint::black_box, time::Instant};

use sluice_domain::link;

use crate::table::{Table, micros};

mod linkifiers;

const LINKIFY_LINKS: &str = include_str!("../data/links/linkify-it-links.txt");
const LINKIFY_NOT_LINKS: &str = include_str!("../data/links/linkify-it-not-links.txt");
const TWITTER: &str = include_str!("../data/links/twitter-text-extract-urls.txt");

/// A text and the links in it, as they are written there.
struct Case {
    text: String,
    links: Vec<String>,
}

/// Prints the tables.
pub(crate) fn run() {
    found();
    linkifiers::run(&links());
    cost();
}

/// Each link that is expected somewhere in the test data, once.
fn links() -> Vec<String> {
    let cases = linkify_links().into_iter().chain(twitter());
    let links: BTreeSet<String> = cases.flat_map(|case| case.links).filter(|link| !is_mailbox(link)).collect();
    links.into_iter().collect()
}

fn found() {
    let mut table = Table::new(["fixtures", "cases", "skipped", "right", "missed", "false", "precision", "recall"]);
    let mut wrong = String::new();
    let sets = [
        ("linkify-it links", linkify_links()),
        ("linkify-it not links", linkify_not_links()),
        ("twitter-text", twitter()),
    ];
    for (name, cases) in sets {
        let (cases, skipped): (Vec<_>, Vec<_>) =
            cases.into_iter().partition(|case| !case.links.iter().any(|link| is_mailbox(link)));
        let [mut right, mut missed, mut extra] = [0_usize; 3];
        for case in &cases {
            let found: Vec<_> = link::find(&case.text)
                .into_iter()
                .map(|link| case.text[link.start as usize..link.end as usize].to_owned())
                .collect();
            let hits = hits(&case.links, &found);
            right += hits;
            missed += case.links.len() - hits;
            extra += found.len() - hits;
            if hits < case.links.len() || hits < found.len() {
                let (expected, found) = (case.links.join(" "), found.join(" "));
                let row = [&case.text, &expected, &found].map(|text| cut(text)).join(" | ");
                writeln!(wrong, "| {name} | {row} |").unwrap();
            }
        }
        table.row([
            name.to_owned(),
            cases.len().to_string(),
            skipped.len().to_string(),
            right.to_string(),
            missed.to_string(),
            extra.to_string(),
            if right + missed == 0 { "-".to_owned() } else { part(right, right + extra) },
            part(right, right + missed),
        ]);
    }
    println!("## Links in public test data; cases of e-mail addresses are skipped\n\n{table}");
    println!("| fixtures | text | expected | found |\n|---|---|---|---|\n{wrong}");
}

/// How many of the expected links are among those found, each once.
fn hits(expected: &[String], found: &[String]) -> usize {
    let mut left: Vec<_> = found.iter().collect();
    let is_hit = |link: &&String| left.iter().position(|found| found == link).map(|at| left.swap_remove(at)).is_some();
    expected.iter().filter(is_hit).count()
}

fn part(of: usize, all: usize) -> String {
    if all == 0 { "-".to_owned() } else { format!("{:.3}", of as f64 / all as f64) }
}

fn cut(text: &str) -> String {
    text.chars().take(60).map(|ch| if ch == '|' || ch.is_control() { ' ' } else { ch }).collect()
}

/// Whether it is an e-mail address, which is no link to us.
fn is_mailbox(link: &str) -> bool {
    link.contains('@') && !link.contains("://") && !link.to_ascii_lowercase().starts_with("mailto:")
}

/// Lines in pairs of text and link, or alone when the text is a link; `%` begins a comment.
fn linkify_links() -> Vec<Case> {
    let lines = || LINKIFY_LINKS.lines().map(|line| if line.starts_with('%') { "" } else { line });
    let mut cases = Vec::new();
    let mut lines = lines().peekable();
    while let Some(text) = lines.next() {
        if !text.trim().is_empty() {
            let link = lines.next_if(|line| !line.trim().is_empty()).unwrap_or(text);
            cases.push(Case { text: text.to_owned(), links: vec![link.to_owned()] });
        }
    }
    cases
}

fn linkify_not_links() -> Vec<Case> {
    let lines = LINKIFY_NOT_LINKS.lines().filter(|line| !line.starts_with('%') && !line.trim().is_empty());
    lines.map(|line| Case { text: line.to_owned(), links: Vec::new() }).collect()
}

/// `<` and a text, then `>` and each of its links.
fn twitter() -> Vec<Case> {
    let plain = |text: &str| text.replace("\\n", "\n").replace("\\\\", "\\");
    let mut cases: Vec<Case> = Vec::new();
    for line in TWITTER.lines() {
        if let Some(text) = line.strip_prefix("< ") {
            cases.push(Case { text: plain(text), links: Vec::new() });
        } else if let (Some(link), Some(case)) = (line.strip_prefix("> "), cases.last_mut()) {
            case.links.push(plain(link));
        }
    }
    cases
}

const ENGLISH: &str = "Thank you for the quick answer. I have looked at the order once more, and it says that the parcel was handed \
                       over on Tuesday, but nobody here has seen it. Could you please ask where it is? ";
const RUSSIAN: &str =
    "Спасибо за быстрый ответ. Я ещё раз посмотрел заказ, там сказано, что посылку отдали во вторник. ";

fn cost() {
    let cut_at = |text: String, bytes: usize| {
        text.chars()
            .scan(0, |length, ch| {
                *length += ch.len_utf8();
                (*length <= bytes).then_some(ch)
            })
            .collect::<String>()
    };
    let texts = [
        ("200 bytes, no link", cut_at(ENGLISH.repeat(2), 200)),
        ("200 bytes of Russian, no link", cut_at(RUSSIAN.repeat(2), 200)),
        ("200 bytes, a link", format!("{} https://example.com/orders/12345", cut_at(ENGLISH.repeat(2), 167))),
        ("200 bytes, a link in disguise", format!("{} example [.] com", cut_at(ENGLISH.repeat(2), 184))),
        ("4 KiB of English", cut_at(ENGLISH.repeat(30), 4_096)),
        ("4 KiB of Russian", cut_at(RUSSIAN.repeat(30), 4_096)),
        ("64 KiB of a.a.a.a", "a.".repeat(32_768)),
        ("64 KiB of [.]", "[.]".repeat(21_845)),
        ("64 KiB of zero-width spaces", "\u{200b}".repeat(21_845)),
        ("64 KiB of dot", "dot ".repeat(16_384)),
        ("64 KiB of http://%/", "http://%/".repeat(7_281)),
        ("64 KiB of a.ru/", "a.ru ".repeat(13_107)),
        ("64 KiB of mailto:@/", "mailto:@/".repeat(7_281)),
        ("64 KiB of xn--a.com/", "xn--a.com/".repeat(6_553)),
        ("64 KiB of a@", "a@".repeat(32_768)),
        ("64 KiB of a💩.", "a💩.".repeat(10_922)),
    ];
    let mut table = Table::new(["text", "links", "a message", "a byte"]);
    for (name, text) in texts {
        let rounds = (4_000_000 / text.len()).clamp(10, 20_000);
        let links = link::find(&text).len();
        let mut best = std::time::Duration::MAX;
        for _ in 0..5 {
            let began = Instant::now();
            for _ in 0..rounds {
                black_box(link::find(black_box(&text)));
            }
            best = best.min(began.elapsed() / u32::try_from(rounds).unwrap());
        }
        let a_byte = format!("{:.1} ns", best.as_secs_f64() * 1e9 / text.len() as f64);
        table.row([name.to_owned(), links.to_string(), micros(best), a_byte]);
    }
    println!("## Looking for links in a message\n\n{table}");
}
