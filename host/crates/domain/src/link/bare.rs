//! Names without a scheme: which of them are hosts, and which are files, versions, abbreviations and sentences.

use super::{
    cuts,
    host::{self, Host},
    scan::Scan,
    words,
};
use crate::folded::is_name;

/// A name that may be a host.
pub(super) struct Bare {
    /// Index of its first unit.
    pub(super) start: usize,
    /// Index behind its last unit.
    pub(super) end: usize,
    pub(super) host: Host,
    /// As it is written.
    name: String,
}

/// The name from `start` to `end`, cut to where it can be a host. `None` when it is none whatever is around it, and for
/// mentions (`@name`).
pub(super) fn read(scan: &Scan<'_>, start: usize, end: usize) -> Option<Bare> {
    let is_mention = |at: usize| {
        at.checked_sub(1).and_then(|at| scan.units.get(at)).is_some_and(|unit| {
            // One that is written otherwise is only a sign: `(at) example.com`.
            unit.ch == '@' && !unit.changed
        })
    };
    host(scan, start, end).filter(|name| !is_mention(name.start))
}

/// The same, whatever stands before the name.
pub(super) fn host(scan: &Scan<'_>, start: usize, end: usize) -> Option<Bare> {
    let (start, end) = trimmed(scan, start, end);
    let dot = (start..end).rev().find(|at| scan.ch(*at) == Some('.'))?;
    if let Some(name) = known(scan, start, end) {
        return Some(name);
    }
    if let Some(mut name) = cuts::ends(scan, start, end).find_map(|end| known(scan, start, end)) {
        name.host.disguised |= name.end > dot;
        return Some(name);
    }
    begins_next(scan, start, dot).then(|| known(scan, start, dot))?
}

/// The host that the name from `start` to `end` is, when the list really has its suffix.
fn known(scan: &Scan<'_>, start: usize, end: usize) -> Option<Bare> {
    let (mut start, end) = trimmed(scan, start, end);
    let dot = (start..end).rev().find(|at| scan.ch(*at) == Some('.'))?;
    // One letter is no suffix, and a digit begins none: `3.14`, `a.b`.
    if end - dot < 3 && scan.ch(dot + 1).is_some_and(|ch| ch.is_ascii_alphabetic()) {
        return None;
    }
    if end - start > host::LONGEST {
        let from = end - host::LONGEST;
        start = (from..dot).find(|at| scan.ch(*at) == Some('.'))? + 1;
    }
    let read = |start: usize| {
        let name = scan.read(start, end);
        if name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return address(start, end, name);
        }
        let host = host::known(&name)?;
        Some(Bare { start, end, host, name })
    };
    // Words that touch it may make it into what no host can be.
    read(start).or_else(|| cuts::starts(scan, start, dot).find_map(read))
}

/// The name without what no host begins or ends with.
fn trimmed(scan: &Scan<'_>, start: usize, end: usize) -> (usize, usize) {
    let is_edge = |at: usize| scan.ch(at).is_some_and(cuts::is_edge);
    let (mut start, mut end) = (start, end);
    while start < end && is_edge(start) {
        start += 1;
    }
    while start < end && is_edge(end - 1) {
        end -= 1;
    }
    (start, end)
}

fn address(start: usize, end: usize, name: String) -> Option<Bare> {
    let ascii = name.parse::<std::net::Ipv4Addr>().ok()?.to_string();
    let host = Host { registrable: ascii.clone(), ascii, known: true, disguised: false };
    Some(Bare { start, end, host, name })
}

/// Whether the name before the dot, whose last label is a suffix that is no word, is followed by the next sentence
/// (`example.com.Then`), or by letters of another script. A name of a file is followed by neither.
fn begins_next(scan: &Scan<'_>, start: usize, dot: usize) -> bool {
    let Some(first) = scan.ch(dot + 1) else { return false };
    let capital = first.is_uppercase() && scan.ch(start).is_some_and(char::is_lowercase);
    let Some(before) = (start..dot).rev().find(|at| scan.ch(*at) == Some('.')) else { return false };
    let suffix = || scan.read(before + 1, dot).to_lowercase();
    !first.is_ascii_alphanumeric() || capital && words::SPELLED.contains(&suffix().as_str())
}

impl Bare {
    /// Whether it is a host where it stands, with a port from its end to `port`.
    pub(super) fn holds(&self, scan: &Scan<'_>, port: usize) -> bool {
        let has_port = port > self.end;
        let has_path = scan.ch(port) == Some('/');
        let has_tail = has_path
            || matches!(scan.ch(port), Some('?' | '#')) && scan.ch(port + 1).is_some_and(char::is_alphanumeric);
        let Some((rest, suffix)) = self.name.rsplit_once('.') else { return false };
        if self.is_address() {
            return has_port || has_path && !is_network(scan, port);
        }
        let lower = suffix.to_lowercase();
        if is_in_path(scan, self.start) && !words::USUAL.contains(&lower.as_str()) {
            return false;
        }
        // With whatever touches it: `👉www.example.zip`, `Наwww.example.zip`.
        if rest.split_once('.').is_some_and(|(first, _)| first.to_lowercase().ends_with("www")) {
            return true;
        }
        if words::FILES.contains(&lower.as_str()) || lower == "so" && rest.starts_with("lib") {
            return has_path;
        }
        let is_word = words::NEVER_BARE.contains(&lower.as_str()) && !rest.contains('.');
        let is_prose = is_word || begins_sentence(suffix, &lower) || numbers(rest, &lower) || initial(rest, suffix);
        // `stream.play()` is a call in a program.
        let is_call = scan.ch(port) == Some('(') && scan.ch(port + 1) == Some(')');
        let is_call = is_call && words::CALLED.contains(&lower.as_str());
        has_port || has_tail || !is_prose && !is_call
    }

    fn is_address(&self) -> bool {
        self.name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    }
}

/// Whether the suffix is the first word of a sentence: it has a capital letter, and is a word that sentences begin with.
fn begins_sentence(suffix: &str, lower: &str) -> bool {
    let mut letters = suffix.chars();
    let capital = letters.next().is_some_and(char::is_uppercase) && letters.all(|ch| ch.is_lowercase());
    capital && words::SENTENCES.contains(&lower)
}

/// `10.am`, `1.my`: a number of at most two digits before what may be a suffix.
fn numbers(rest: &str, suffix: &str) -> bool {
    rest.len() <= 2 && rest.bytes().all(|byte| byte.is_ascii_digit()) && !matches!(suffix, "com" | "net" | "org" | "ru")
}

/// `г.москва`, `И.Ком`: one Cyrillic letter abbreviates, and so does one capital letter before another.
fn initial(rest: &str, suffix: &str) -> bool {
    let mut letters = rest.chars();
    let (Some(one), None) = (letters.next(), letters.next()) else { return false };
    let title = suffix.chars().next().is_some_and(char::is_uppercase) && suffix.chars().skip(1).all(char::is_lowercase);
    one.is_alphabetic() && !one.is_ascii() && !suffix.is_ascii() || one.is_uppercase() && title
}

/// `/24` behind an address is the length of its network.
fn is_network(scan: &Scan<'_>, slash: usize) -> bool {
    let digits = (slash + 1..slash + 4).take_while(|at| scan.ch(*at).is_some_and(|ch| ch.is_ascii_digit())).count();
    (1..=2).contains(&digits) && !scan.ch(slash + 1 + digits).is_some_and(|ch| is_name(ch) || ch == '/')
}

/// Whether it is a part of a path: a slash stands before it, and more of the path before that.
fn is_in_path(scan: &Scan<'_>, start: usize) -> bool {
    const MOST: usize = 8;
    let slashes = (0..MOST.min(start)).take_while(|less| scan.is_slash(start - 1 - less)).count();
    let before = scan.before(start - slashes);
    // Behind `https://`, where something was that is no host, it is what a reader would follow.
    let is_url = slashes == 2 && before == Some(':') && scan.ch(start - 1) == Some('/');
    slashes > 0 && !is_url && before.is_some_and(|ch| is_name(ch) || matches!(ch, '.' | '~' | ':' | '/' | '\\'))
}
