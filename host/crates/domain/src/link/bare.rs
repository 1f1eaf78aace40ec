//! Names without a scheme: which of them are hosts, and which are files, versions, abbreviations and sentences.

use super::{
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

/// The name from `start` to `end`, cut to where it can be a host. `None` when it is none whatever is around it.
pub(super) fn read(scan: &Scan<'_>, start: usize, end: usize) -> Option<Bare> {
    let edge = |at: usize| matches!(scan.ch(at), Some('-' | '_' | '.'));
    let (mut start, mut end) = (start, end);
    while start < end && edge(start) {
        start += 1;
    }
    while start < end && edge(end - 1) {
        end -= 1;
    }
    let dot = (start..end).rev().find(|at| scan.ch(*at) == Some('.'))?;
    if end - start > host::LONGEST {
        let from = end - host::LONGEST;
        start = (from..end).find(|at| scan.ch(*at) == Some('.'))? + 1;
    }
    if dot < start || scan.before(start) == Some('@') {
        return None;
    }
    // One letter is no suffix, and a digit begins none: `3.14`, `a.b`.
    if end - dot < 3 && scan.ch(dot + 1).is_some_and(|ch| ch.is_ascii_alphabetic()) {
        return None;
    }
    let name = scan.read(start, end);
    if name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return address(start, end, name);
    }
    if let Some(host) = host::read(&name).filter(|host| host.known) {
        return Some(Bare { start, end, host, name });
    }
    let end = shorter(scan, start, dot, end)?;
    let name = scan.read(start, end);
    let mut host = host::read(&name).filter(|host| host.known)?;
    host.disguised |= end > dot;
    Some(Bare { start, end, host, name })
}

fn address(start: usize, end: usize, name: String) -> Option<Bare> {
    let ascii = name.parse::<std::net::Ipv4Addr>().ok()?.to_string();
    let host = Host { registrable: ascii.clone(), ascii, known: true, disguised: false };
    Some(Bare { start, end, host, name })
}

/// Where a name ends whose last label is no suffix: before letters of another script that touch it (`example.comпривет`),
/// or before the next sentence (`example.com.Then`). A name of a file ends in neither way.
fn shorter(scan: &Scan<'_>, start: usize, dot: usize, end: usize) -> Option<usize> {
    let ascii = (dot + 1..end).find(|at| !scan.ch(*at).is_some_and(|ch| ch.is_ascii_alphanumeric())).unwrap_or(end);
    if ascii < end && ascii > dot + 1 && !matches!(scan.ch(ascii), Some('-' | '_')) {
        return Some(ascii);
    }
    let foreign = ascii == dot + 1;
    let capital = scan.ch(dot + 1).is_some_and(char::is_uppercase) && scan.ch(start).is_some_and(char::is_lowercase);
    let before = (start..dot).rev().find(|at| scan.ch(*at) == Some('.'))?;
    let suffix = scan.read(before + 1, dot).to_lowercase();
    (foreign || capital && words::SPELLED.contains(&suffix.as_str())).then_some(dot)
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
            return (has_port || has_path && !is_network(scan, port)) && !in_numbers(scan.before(self.start));
        }
        let lower = suffix.to_lowercase();
        if matches!(scan.before(self.start), Some('/' | '\\')) && !words::USUAL.contains(&lower.as_str()) {
            return false;
        }
        if rest.get(..4).is_some_and(|www| www.eq_ignore_ascii_case("www.")) {
            return true;
        }
        if words::FILES.contains(&lower.as_str()) || lower == "so" && rest.starts_with("lib") {
            return has_path;
        }
        let is_word = words::NEVER_BARE.contains(&lower.as_str()) && !rest.contains('.');
        let is_prose = is_word || begins_sentence(suffix, &lower) || numbers(rest, &lower) || initial(rest, suffix);
        // `stream.play()` is a call in a program.
        let is_call = scan.ch(port) == Some('(') && scan.ch(port + 1) == Some(')');
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
    !one.is_ascii() && !suffix.is_ascii() || one.is_uppercase() && title
}

/// `/24` behind an address is the length of its network.
fn is_network(scan: &Scan<'_>, slash: usize) -> bool {
    let digits = (slash + 1..slash + 4).take_while(|at| scan.ch(*at).is_some_and(|ch| ch.is_ascii_digit())).count();
    (1..=2).contains(&digits) && !scan.ch(slash + 1 + digits).is_some_and(|ch| is_name(ch) || ch == '/')
}

/// Whether a number with dots goes on before: `v1.2.3.4`, `-1.2.3.4`.
fn in_numbers(before: Option<char>) -> bool {
    before.is_some_and(|ch| is_name(ch) || ch == '.')
}
