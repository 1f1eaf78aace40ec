//! Finds sensitive data in a text. What is to be done about it is not decided here.

use std::ops::Range;

use sluice_plugin::text::{digit, is_invisible, separator};

use crate::{
    checks,
    context::{CARD, INN, PASSPORT, SNILS, is_announced},
    digits::{Row, rows},
    groups, ibans,
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
/// Most digits of a telephone number with its country's code (ITU-T E.164, section 6).
const MOST_OF_TELEPHONE: usize = 15;

/// Calls `found` with everything that is found in `text`, each kind from left to right.
pub(crate) fn find(text: &str, mut found: impl FnMut(Found)) {
    rows(text, |row| find_in_row(text, row, &mut found));
    ibans::find(text, |range| found(Found { kind: Kind::Iban, range }));
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
        13.. if checks::is_card(digits) && is_written_as_card(text, row, runs.clone()) => {
            digits.last_chunk().map(|&last| Kind::Card(last))
        }
        11 if checks::is_snils(digits) && (lengths().eq([3, 3, 3, 2]) || is_announced(text, start, SNILS)) => {
            Some(Kind::Snils)
        }
        10 | 12 if runs.len() == 1 && checks::is_inn(digits) && is_announced(text, start, INN) => Some(Kind::Inn),
        10 if is_passport(lengths()) && is_announced(text, start, PASSPORT) => Some(Kind::Passport),
        _ => None,
    }
}

/// Whether digits that could be a card's are grouped as those of a card, and are no telephone number, fraction or barcode.
fn is_written_as_card(text: &str, row: &Row, runs: Range<usize>) -> bool {
    let digits = row.digits_of(runs.clone());
    let start = row.range_of(runs.clone()).start;
    let lengths: Vec<usize> = row.runs[runs.clone()].iter().map(|run| run.length).collect();
    let uniform = row.is_uniform(text, runs.clone());
    let dotted = (runs.start + 1..runs.end).any(|run| row.follows_dot(text, run));
    let shape = groups::of_card(&lengths, uniform, dotted);
    let is_number = digits.len() <= MOST_OF_TELEPHONE && text[..start].ends_with(['+', '＋']);
    let is_fraction = runs.len() == 1 && row.follows_dot(text, runs.start);
    let is_barcode = runs.len() == 1 && checks::is_barcode(digits) && !is_announced(text, start, CARD);
    shape && !is_number && !is_fraction && !is_barcode
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
    let filler = |c: char| is_invisible(c) || separator(c).is_some() && c != '№';
    let before = text.get(..number.start)?.trim_end_matches(filler);
    let before = NAMES.iter().find_map(|name| before.strip_suffix(name))?.trim_end_matches(filler);
    let mut places = before.char_indices().rev().filter(|(_, c)| !is_invisible(*c) && separator(*c).is_none());
    let mut start = before.len();
    for (at, c) in places.by_ref().take(4) {
        digit(c)?;
        start = at;
    }
    let goes_on = text.get(..start)?.chars().next_back().is_some_and(char::is_alphanumeric);
    (before[start..].chars().count() <= 7 && before.len() > start && !goes_on && is_announced(text, start, PASSPORT))
        .then_some(start..number.end)
}
