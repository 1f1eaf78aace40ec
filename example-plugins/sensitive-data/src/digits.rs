//! Runs of digits of any script in a text, with what separates them: `4111 1111-1111 1111`.
//!
//! What a row of digits is, is decided elsewhere.

use std::ops::Range;

use sluice_plugin::text::{digit, is_free_mark, is_invisible, separator};

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

/// Runs with at most three separators between each and the next.
#[derive(Debug, Default)]
pub(crate) struct Row {
    /// The digits' values, of all runs.
    pub(crate) digits: Vec<u8>,
    /// The runs, in order.
    pub(crate) runs: Vec<Run>,
    /// Whether the first run, or the last one, is a part of something else: a code such as `x4111`.
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

    /// Whether `runs` stand by themselves, and are not the digits of a code such as `x4111`.
    pub(crate) fn stands_alone(&self, runs: Range<usize>) -> bool {
        let (before, after) = self.touches;
        !(runs.start == 0 && before || runs.end == self.runs.len() && after)
    }

    /// The separators before a run, as they are seen; none before the first.
    pub(crate) fn between<'a>(&self, text: &'a str, run: usize) -> impl Iterator<Item = char> + 'a {
        let gap = match (run.checked_sub(1).and_then(|before| self.runs.get(before)), self.runs.get(run)) {
            (Some(before), Some(run)) => text.get(before.range.end..run.range.start).unwrap_or_default(),
            _ => "",
        };
        gap.chars().filter(|c| !is_unseen(*c))
    }

    /// Whether the same stands between all of `runs`.
    pub(crate) fn is_uniform(&self, text: &str, runs: Range<usize>) -> bool {
        (runs.start + 2..runs.end).all(|run| self.between(text, run).eq(self.between(text, runs.start + 1)))
    }

    /// Whether a full stop and nothing else stands before a run.
    pub(crate) fn follows_dot(&self, text: &str, run: usize) -> bool {
        let mut between = self.between(text, run);
        matches!(between.next(), Some('.' | '．' | '․' | '﹒')) && between.next().is_none()
    }
}

/// Fewest digits of anything that is looked for: a passport's number, without its series.
const FEWEST: usize = 6;
/// Most separators between two runs: a dash with a space on either side.
const BETWEEN: usize = 3;
/// Fewest letters of a word that digits may touch: fewer are a part of a code.
const WORD: usize = 3;

/// Calls `found` with every row that has digits enough to matter. A row without is passed over without being kept, so
/// that ordinary text costs one look at each character.
pub(crate) fn rows(text: &str, mut found: impl FnMut(&Row)) {
    let bytes = text.as_bytes();
    let mut row = Row::default();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'0'..=b'9' => {}
            // No other digit begins with these: ASCII, the rest of characters, letters from U+00C0 to U+063F.
            0..=0xc1 | 0xc3..=0xd8 => {
                at += 1;
                continue;
            }
            _ => {
                let c = text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or_default();
                if digit(c).is_none() {
                    at += c.len_utf8();
                    continue;
                }
            }
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
        if let Some(digit) = digit(c) {
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
        } else if is_unseen(c) {
            continue;
        } else if separator(c).is_some() && separators < BETWEEN {
            separators += 1;
            joined = false;
        } else {
            break;
        }
    }
    if row.digits.len() < FEWEST {
        return end;
    }
    let before = text.get(..at).unwrap_or_default().chars().rev();
    let after = text.get(end..).unwrap_or_default().chars();
    row.touches = (is_part_of_code(before), is_part_of_code(after));
    end
}

/// Whether the letters next to digits, from there on, are none, or those of a word.
fn is_part_of_code(beside: impl Iterator<Item = char>) -> bool {
    let mut letters = 0;
    for c in beside.filter(|c| !is_unseen(*c)).take_while(|c| c.is_alphanumeric()).take(64) {
        if !c.is_alphabetic() {
            return true;
        }
        letters += 1;
    }
    (1..WORD).contains(&letters)
}

/// Whether a reader sees the digits around it only: what is invisible, and a mark on a digit.
fn is_unseen(c: char) -> bool {
    is_invisible(c) || is_free_mark(c)
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

    #[test]
    fn digits_of_all_scripts_are_read_with_whatever_separates_them() {
        assert_eq!(read("٤١١١\t١١١١★१११一"), [("41111111111".to_owned(), vec![4, 4, 3])]);
        assert_eq!(read("4\u{336}1\u{336}1_1\u{3164}23/45"), [("4111".to_owned() + "2345", vec![3, 3, 2])]);
        assert_eq!(read("²³¹⑥❼𝟎"), [("231670".to_owned(), vec![6])]);
    }
}
