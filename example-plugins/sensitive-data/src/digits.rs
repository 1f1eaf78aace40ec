//! Runs of digits in a text, with what separates them: `4111 1111-1111 1111`.
//!
//! What a row of digits is, is decided elsewhere.

use std::ops::Range;

/// Digits next to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    /// Its bytes in the text.
    pub(crate) range: Range<usize>,
    /// Index of its first digit among the row's.
    pub(crate) first: usize,
    /// How many digits it has.
    pub(crate) length: usize,
}

/// Runs with little more than a space, a dash or a dot between each and the next.
#[derive(Debug, Default)]
pub(crate) struct Row {
    /// The digits' values, of all runs.
    pub(crate) digits: Vec<u8>,
    /// The runs, in order.
    pub(crate) runs: Vec<Run>,
    /// Whether a letter stands right before the first run, or right after the last one.
    pub(crate) touches: (bool, bool),
}

impl Row {
    /// The values of the digits of `runs`.
    pub(crate) fn digits_of(&self, runs: Range<usize>) -> &[u8] {
        let Some((first, last)) = self.runs.get(runs.clone()).and_then(|runs| runs.first().zip(runs.last())) else {
            return &[];
        };
        &self.digits[first.first..last.first + last.length]
    }

    /// The bytes from the first of `runs` to the last.
    pub(crate) fn range_of(&self, runs: Range<usize>) -> Range<usize> {
        match self.runs.get(runs).and_then(|runs| runs.first().zip(runs.last())) {
            Some((first, last)) => first.range.start..last.range.end,
            None => 0..0,
        }
    }

    /// Whether `runs` stand by themselves, and are not the digits of a word such as `x4111`.
    pub(crate) fn stands_alone(&self, runs: Range<usize>) -> bool {
        let (before, after) = self.touches;
        !(runs.start == 0 && before || runs.end == self.runs.len() && after)
    }
}

/// Fewest digits of anything that is looked for: a passport's number, without its series.
const FEWEST: usize = 6;

/// Calls `found` with every row that has digits enough to matter. A row without is passed over without being kept, so
/// that ordinary text costs one look at each byte.
pub(crate) fn rows(text: &str, mut found: impl FnMut(&Row)) {
    let bytes = text.as_bytes();
    let mut row = Row::default();
    let mut at = 0;
    while at < bytes.len() {
        // Full-width digits begin with this byte; everything else that is not ASCII is passed over.
        if !bytes[at].is_ascii_digit() && bytes[at] != 0xef {
            at += 1;
            continue;
        }
        let end = read_row(text, at, &mut row);
        if row.digits.len() >= FEWEST {
            found(&row);
        }
        at = end.max(at + 1);
    }
}

/// Reads the row that begins at `at`; where it ends.
fn read_row(text: &str, at: usize, row: &mut Row) -> usize {
    row.digits.clear();
    row.runs.clear();
    let Some(rest) = text.get(at..) else { return at };
    let mut end = at;
    let mut separators = 0;
    let mut joined = false;
    for (offset, c) in rest.char_indices() {
        if let Some(digit) = value(c) {
            let start = at + offset;
            end = start + c.len_utf8();
            match row.runs.last_mut() {
                Some(run) if joined => {
                    run.range.end = end;
                    run.length += 1;
                }
                Some(_) | None => row.runs.push(Run { range: start..end, first: row.digits.len(), length: 1 }),
            }
            row.digits.push(digit);
            separators = 0;
            joined = true;
        } else if is_invisible(c) {
            continue;
        } else if separates(c) && separators < 3 {
            // Three, for a dash with a space on either side.
            separators += 1;
            joined = false;
        } else {
            break;
        }
    }
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    row.touches = (
        is_letter(text.get(..at).and_then(|before| before.chars().next_back())),
        is_letter(text.get(end..).and_then(|after| after.chars().next())),
    );
    end
}

/// The value of a digit, ASCII or full-width.
fn value(c: char) -> Option<u8> {
    match c {
        '0'..='9' => Some(c as u8 - b'0'),
        '０'..='９' => u8::try_from(c as u32 - '０' as u32).ok(),
        _ => None,
    }
}

/// Characters that stand between groups of digits.
fn separates(c: char) -> bool {
    matches!(
        c,
        ' ' | '-' | '.' | '\u{a0}' | '\u{2009}' | '\u{2010}'..='\u{2014}' | '\u{202f}' | '\u{3000}' | '\u{2212}'
    )
}

/// Characters that nobody sees, put between digits to hide them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, Vec<usize>)> {
        let mut found = Vec::new();
        rows(text, |row| {
            let digits = row.digits.iter().map(|digit| char::from(b'0' + digit)).collect();
            found.push((digits, row.runs.iter().map(|run| run.length).collect()));
        });
        found
    }

    #[test]
    fn digits_are_read_with_what_separates_them() {
        assert_eq!(read("card 4111 1111-1111 - 1111, x"), [("4111111111111111".to_owned(), vec![4, 4, 4, 4])]);
        assert_eq!(read("４１１１１１１１１"), [("411111111".to_owned(), vec![9])]);
        assert_eq!(read("1\u{200b}23456789"), [("123456789".to_owned(), vec![9])]);
        assert_eq!(read("12345    6789"), []);
    }
}
