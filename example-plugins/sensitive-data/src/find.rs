//! Finds sensitive data in a text. What is to be done about it is not decided here.

use std::ops::Range;

use crate::{
    checks,
    context::{INN, PASSPORT, SNILS, is_announced},
    digits::{Row, rows},
};

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A payment card, with its last four digits.
    Card([u8; 4]),
    /// An IBAN.
    Iban,
    /// A Russian passport.
    Passport,
    /// A SNILS.
    Snils,
    /// An INN.
    Inn,
}

/// Something found, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) kind: Kind,
    pub(crate) range: Range<usize>,
}

/// Most digits that are looked at together: a card's.
const LONGEST: usize = 19;

/// Calls `found` with everything that is found in `text`, each kind from left to right.
pub(crate) fn find(text: &str, mut found: impl FnMut(Found)) {
    rows(text, |row| find_in_row(text, row, &mut found));
    find_ibans(text, &mut found);
}

/// Looks at every stretch of whole runs that could be a number; the leftmost and then the longest counts.
fn find_in_row(text: &str, row: &Row, found: &mut impl FnMut(Found)) {
    if row.digits.len() == 6
        && let Some(range) = passport_in_words(text, row)
    {
        return found(Found { kind: Kind::Passport, range });
    }
    let mut begin = 0;
    while begin < row.runs.len() {
        let longest = (begin + 1..=row.runs.len())
            .take_while(|&end| row.digits_of(begin..end).len() <= LONGEST)
            .last()
            .unwrap_or(begin);
        let hit = (begin + 1..=longest).rev().find_map(|end| {
            let kind = kind_of(text, row, begin..end)?;
            Some((Found { kind, range: row.range_of(begin..end) }, end))
        });
        match hit {
            Some((hit, end)) => {
                found(hit);
                begin = end;
            }
            None => begin += 1,
        }
    }
}

fn kind_of(text: &str, row: &Row, runs: Range<usize>) -> Option<Kind> {
    if !row.stands_alone(runs.clone()) {
        return None;
    }
    let digits = row.digits_of(runs.clone());
    let start = row.range_of(runs.clone()).start;
    let lengths = || row.runs[runs.clone()].iter().map(|run| run.length);
    match digits.len() {
        13.. if checks::is_card(digits) => digits.last_chunk().map(|&last| Kind::Card(last)),
        11 if checks::is_snils(digits) && (lengths().eq([3, 3, 3, 2]) || is_announced(text, start, SNILS)) => {
            Some(Kind::Snils)
        }
        10 | 12 if runs.len() == 1 && checks::is_inn(digits) && is_announced(text, start, INN) => Some(Kind::Inn),
        10 if is_passport(lengths()) && is_announced(text, start, PASSPORT) => Some(Kind::Passport),
        _ => None,
    }
}

/// Series and number as they are written: `4509 123456`, `45 09 123456`, `4509123456`.
fn is_passport(lengths: impl Iterator<Item = usize> + Clone) -> bool {
    lengths.clone().eq([4, 6]) || lengths.clone().eq([2, 2, 6]) || lengths.eq([10])
}

/// A passport whose number is named apart from its series: `серия 45 09 номер 123456`. Takes the row of the number.
fn passport_in_words(text: &str, row: &Row) -> Option<Range<usize>> {
    const NAMES: &[&str] = &["номер", "Номер", "№", "number", "no", "No", "N"];
    let number = row.range_of(0..row.runs.len());
    if row.runs.len() != 1 || !row.stands_alone(0..1) {
        return None;
    }
    let filler = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '.' | '-');
    let before = text.get(..number.start)?.trim_end_matches(filler);
    let before = NAMES.iter().find_map(|name| before.strip_suffix(name))?.trim_end_matches(filler);
    let mut places = before.char_indices().rev().filter(|(_, c)| !matches!(c, ' ' | '\u{a0}'));
    let mut start = before.len();
    for (at, c) in places.by_ref().take(4) {
        if !c.is_ascii_digit() {
            return None;
        }
        start = at;
    }
    let goes_on = text.get(..start)?.chars().next_back().is_some_and(char::is_alphanumeric);
    (before.len() - start <= 6 && before.len() > start && !goes_on && is_announced(text, start, PASSPORT))
        .then_some(start..number.end)
}

fn find_ibans(text: &str, found: &mut impl FnMut(Found)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    // Two digits after two letters are rare, so look for those first.
    while let Some([first, second, tens, ones]) = bytes.get(at..at + 4) {
        let begins = first.is_ascii_alphabetic()
            && second.is_ascii_alphabetic()
            && tens.is_ascii_digit()
            && ones.is_ascii_digit()
            && !text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        match begins.then(|| read_iban(text, at)).flatten() {
            Some(end) => {
                found(Found { kind: Kind::Iban, range: at..end });
                at = end;
            }
            None => at += 1,
        }
        // The slice before a letter ends between characters, because a letter begins one.
    }
}

/// Where the IBAN that begins at `at` ends, when there is one: upper or lower case, with a space or dash between groups.
fn read_iban(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let country = [bytes[at].to_ascii_uppercase(), bytes[at + 1].to_ascii_uppercase()];
    let length = checks::iban_length(country)?;
    let mut characters = [0; 34];
    let mut count = 0;
    let mut end = at;
    while count < length {
        let byte = *bytes.get(end)?;
        if byte.is_ascii_alphanumeric() {
            characters[count] = byte.to_ascii_uppercase();
            count += 1;
        } else if !matches!(byte, b' ' | b'-') || !bytes.get(end + 1)?.is_ascii_alphanumeric() {
            return None;
        }
        end += 1;
    }
    let goes_on = text.get(end..)?.chars().next().is_some_and(char::is_alphanumeric);
    (!goes_on && checks::is_iban(&characters[..length])).then_some(end)
}
