//! E-mail addresses, with their signs or with words for them.

mod loose;

use std::ops::Range;

use super::bytes;
use crate::{
    folded::{self, Units, is_name},
    limits,
    link::{self, DOTS, PROSE_BEFORE, SPOKEN},
};

/// Longest name of a mailbox, in characters (RFC 5321, section 4.5.3.1.1).
const LOCAL: usize = 64;

/// What `@` is called.
const ATS: [&str; 6] = ["at", "собака", "собачка", "эт", "dog", "@"];

/// Words before ` at example dot com` that are no names of mailboxes: `meet me at example dot com`.
const NO_NAMES: [&str; 14] =
    ["me", "us", "him", "them", "look", "visit", "meet", "here", "there", "shop", "work", "works", "live", "site"];

/// The e-mail addresses in `text` whose hosts end in a public suffix that the list really has, however they are written:
/// `name@example.com`, `name (at) example.com`, `name at example dot com`, `name собака mail точка ру`.
pub fn email_addresses(text: &str) -> Vec<Range<usize>> {
    let units = folded::fold(text);
    let mut found = addresses(&units);
    if let Some(units) = loose::loosened(&units) {
        let apart =
            |range: &Range<usize>| found.iter().all(|other| other.end <= range.start || range.end <= other.start);
        let more: Vec<_> = addresses(&Units::from(units)).into_iter().filter(apart).collect();
        found.extend(more);
        found.sort_unstable_by_key(|range| range.start);
        found.truncate(limits::LINKS);
    }
    found
}

fn addresses(units: &Units) -> Vec<Range<usize>> {
    let text = Text { units };
    let mut found: Vec<Range<usize>> = Vec::new();
    let (mut at, mut taken) = (0, 0);
    while at < units.len() && found.len() < limits::LINKS {
        let address = text.sign(at).and_then(|sign| text.address(sign, taken));
        match address.and_then(|(start, end)| Some((bytes(units, start, end)?, end))) {
            Some((range, end)) => {
                found.push(range);
                (at, taken) = (end, end);
            }
            None => at += 1,
        }
    }
    found
}

/// An `@`, or a word for one, with spaces around it when they belong to it.
#[derive(Clone, Copy)]
struct Sign {
    /// Index behind the name before it.
    before: usize,
    /// Index of the first unit of the host.
    after: usize,
    /// Whether it may be a word of prose, so that the host must be spelled, too.
    is_prose: bool,
}

struct Text<'a> {
    units: &'a Units,
}

impl Text<'_> {
    fn ch(&self, at: usize) -> Option<char> {
        self.units.get(at).map(|unit| unit.ch)
    }

    /// The sign that begins at `at`, whether a space or `@`.
    fn sign(&self, at: usize) -> Option<Sign> {
        match self.ch(at)? {
            '@' if self.ch(at.checked_sub(1)?) != Some(' ') => {
                Some(Sign { before: at, after: at + 1, is_prose: false })
            }
            ' ' => {
                let word = self.word(at + 1)?;
                let is = ATS.iter().find(|sign| word.1 == **sign)?;
                (self.ch(word.0) == Some(' ')).then_some(Sign {
                    before: at,
                    after: word.0 + 1,
                    is_prose: *is == "at" || *is == "dog",
                })
            }
            _ => None,
        }
    }

    /// The word from `at` to the next space in lower case, and the index behind it. `None` when it is longer than any sign.
    fn word(&self, at: usize) -> Option<(usize, String)> {
        const LONGEST: usize = 8;
        let end =
            (at..self.units.len().min(at + LONGEST + 1)).find(|at| self.ch(*at).is_some_and(char::is_whitespace))?;
        Some((end, self.units[at..end].iter().flat_map(|unit| unit.ch.to_lowercase()).collect()))
    }

    /// Where the address around the sign begins and ends; nothing before `taken` is a part of it.
    fn address(&self, sign: Sign, taken: usize) -> Option<(usize, usize)> {
        let start = self.local_start(sign.before, taken)?;
        let (end, spelled) = self.host_end(sign.after)?;
        if sign.is_prose {
            let name: String = self.units[start..sign.before].iter().flat_map(|unit| unit.ch.to_lowercase()).collect();
            if !spelled || PROSE_BEFORE.contains(&name.as_str()) || NO_NAMES.contains(&name.as_str()) {
                return None;
            }
        }
        Some((start, end))
    }

    fn local_start(&self, end: usize, taken: usize) -> Option<usize> {
        let part = |ch: char| is_name(ch) || matches!(ch, '.' | '+' | '%' | '\'' | '&' | '~' | '!');
        let lowest = taken.max(end.saturating_sub(LOCAL + 1));
        let mut start = end;
        while start > lowest && self.ch(start - 1).is_some_and(part) {
            start -= 1;
        }
        while start < end && self.ch(start).is_some_and(|ch| !ch.is_alphanumeric() && ch != '_') {
            start += 1;
        }
        // Users and passwords of URLs are no mailboxes.
        let before: String = self.units[start.saturating_sub(LOCAL)..start].iter().map(|unit| unit.ch).collect();
        let word = before.rsplit(char::is_whitespace).next().unwrap_or_default();
        let ends_well = self.ch(end.checked_sub(1)?) != Some('.');
        (start < end && end - start <= LOCAL && ends_well && !word.contains("://")).then_some(start)
    }

    /// Where the host that begins at `start` ends, and whether its dots are spelled.
    fn host_end(&self, start: usize) -> Option<(usize, bool)> {
        const LABELS: usize = 8;
        let mut name = String::new();
        let (mut at, mut spelled, mut best) = (start, false, None);
        for _ in 0..LABELS {
            let end = self.label_end(at)?;
            let label: String = self.units[at..end].iter().flat_map(|unit| unit.ch.to_lowercase()).collect();
            let meant = SPOKEN
                .iter()
                .find(|(said, _)| *said == label && !name.is_empty())
                .map_or(label.as_str(), |(_, meant)| meant);
            name.push_str(meant);
            if name.contains('.') && link::is_host(&name) {
                best = Some((end, spelled));
            }
            let Some((next, by_word)) = self.dot(end, best.is_none()) else { break };
            spelled |= by_word;
            name.push('.');
            at = next;
        }
        best
    }

    fn label_end(&self, start: usize) -> Option<usize> {
        const LONGEST: usize = 63;
        let mut end = start;
        while end - start <= LONGEST && self.ch(end).is_some_and(is_name) {
            end += 1;
        }
        while end > start && matches!(self.ch(end - 1), Some('-' | '_')) {
            end -= 1;
        }
        (end > start && end - start <= LONGEST).then_some(end)
    }

    /// The index behind the dot at `at`, and whether it is spelled: ` dot `, or, while no host is known yet, ` . `.
    fn dot(&self, at: usize, is_open: bool) -> Option<(usize, bool)> {
        let next = |at: usize| self.ch(at).is_some_and(is_name);
        match self.ch(at)? {
            '.' if next(at + 1) => Some((at + 1, false)),
            ' ' => {
                let (end, word) = self.word(at + 1)?;
                let is_dot = DOTS.contains(&word.as_str()) || is_open && word == ".";
                (is_dot && next(end + 1)).then_some((end + 1, true))
            }
            _ => None,
        }
    }
}
