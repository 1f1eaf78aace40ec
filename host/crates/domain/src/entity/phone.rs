//! Telephone numbers, by how people group their digits. Which country a number is of, and whether it exists, is not told.

use std::ops::Range;

use super::bytes;
use crate::{
    folded::{self, Units},
    limits, steps,
};

/// Fewest and most digits of a number with its country's code (ITU-T E.164, section 6).
const INTERNATIONAL: std::ops::RangeInclusive<usize> = 10..=15;
/// Most groups of digits that are tried as one number: each digit may be on its own.
const GROUPS: usize = 15;

/// The telephone numbers in `text`: with `+` and a country's code, as they are dialled in Russia (`8 (912) 345-67-89`),
/// North America (`(415) 555-2671`) and elsewhere, and local ones of seven digits with dashes (`123-45-67`). Dates, prices,
/// addresses of hosts, cards, and numbers of orders and documents are not.
pub fn phone_numbers(text: &str) -> Vec<Range<usize>> {
    const FEWEST: usize = 7;
    if text.chars().filter(|ch| ch.is_numeric()).take(FEWEST).count() < FEWEST {
        return Vec::new();
    }
    let units = folded::fold(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < units.len() && found.len() < limits::LINKS {
        let run = run(&units, at);
        at = run.last().map_or(at + 1, |group| group.end);
        if run.iter().map(|group| group.digits.len()).sum::<usize>() >= FEWEST {
            found.extend(numbers(&run).into_iter().filter_map(|(start, end)| bytes(&units, start, end)));
        }
    }
    found.truncate(limits::LINKS);
    found
}

/// Digits without anything between them.
struct Group {
    /// Index of its first unit, `+` and `(` included.
    start: usize,
    /// Index behind its last digit.
    end: usize,
    /// At most as many digits as matter; one more shows that there are too many.
    digits: String,
    plus: bool,
    /// What is between the group before and this one.
    between: String,
}

/// The groups from `at` on, until something else than digits and what parts them.
fn run(units: &Units, at: usize) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut next = at;
    while let Some(group) = group(units, next, groups.is_empty()) {
        next = group.end;
        groups.push(group);
    }
    let ch = |at: usize| units.get(at).map(|unit| unit.ch);
    // Digits of a word (`a1`, `x@1`), of a sum, of a path: the group at that end is no part of a number.
    let touches = |ch: Option<char>| {
        ch.is_some_and(|ch| {
            ch.is_ascii_alphabetic() || matches!(ch, '_' | '@' | '#' | '№' | '$' | '€' | '£' | '₽' | '=' | '%' | '/')
        })
    };
    if groups.first().is_some_and(|group| {
        let before = group.start.checked_sub(1).and_then(ch);
        touches(before)
            || before == Some('-') && group.start.checked_sub(2).and_then(ch).is_some_and(char::is_alphanumeric)
    }) {
        groups[0].digits.clear();
    }
    if let Some(last) = groups.last_mut().filter(|last| touches(ch(last.end)) || ch(last.end) == Some(':')) {
        last.digits.clear();
    }
    groups
}

fn group(units: &Units, from: usize, first: bool) -> Option<Group> {
    const BETWEEN: usize = 4;
    let ch = |at: usize| units.get(at).map(|unit| unit.ch);
    let mut digit = from;
    while let Some(sign) = ch(digit).filter(|ch| !ch.is_ascii_digit()) {
        let parts =
            matches!(sign, '(' | '+') || !first && matches!(sign, ' ' | '-' | '.' | ')' | '‐' | '‑' | '–' | '—' | '−');
        if !parts || digit - from >= BETWEEN {
            return None;
        }
        digit += 1;
    }
    let end = (digit..units.len()).find(|at| !units[*at].ch.is_ascii_digit()).unwrap_or(units.len());
    if end == digit {
        return None;
    }
    let start = (from..digit).rev().take_while(|at| matches!(ch(*at), Some('(' | '+'))).last().unwrap_or(digit);
    let digits = units[digit..end].iter().take(INTERNATIONAL.end() + 3).map(|unit| unit.ch).collect();
    let plus = (start..digit).any(|at| ch(at) == Some('+'));
    Some(Group { start, end, digits, plus, between: units[from..start].iter().map(|unit| unit.ch).collect() })
}

/// The indexes of the first unit of each number among the groups, and of the one behind its last.
fn numbers(run: &[Group]) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while at < run.len() {
        // A number begins behind a space, or at a `+` right behind another number, and so it ends.
        let spaced = |at: usize| run[at].between.contains(' ');
        let begins =
            at == 0 || spaced(at) || run[at].plus && found.last().is_some_and(|last| last.1 == run[at - 1].end);
        let ends = (at + 1..=run.len().min(at + GROUPS)).rev();
        let mut ends = ends.filter(|end| *end == run.len() || spaced(*end) || run[*end].plus);
        let end = ends.find(|end| begins && is_number(&run[at..*end], *end - at == run.len()));
        match end {
            Some(end) => {
                found.push((run[at].start, run[end - 1].end));
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

/// Whether the groups are one number; `alone` when there are no others beside them.
fn is_number(groups: &[Group], alone: bool) -> bool {
    steps::take(groups.len());
    let count = groups.iter().map(|group| group.digits.len()).sum();
    if count != 7 && !(10..=17).contains(&count) {
        return false;
    }
    // Digits that are each on their own are a number only as they are dialled in Russia, or with a `+`.
    let many = groups.len() > 6 && !(count == 11 && groups[0].digits.starts_with(['7', '8']));
    if many && !groups[0].plus {
        return false;
    }
    let digits: String = groups.iter().map(|group| group.digits.as_str()).collect();
    let shape: Vec<usize> = groups.iter().map(|group| group.digits.len()).collect();
    if shape.contains(&0) || groups[1..].iter().any(|group| group.plus) {
        return false;
    }
    if groups[0].plus {
        return is_international(&digits);
    }
    if is_address(groups) || is_date(groups) || digits.bytes().all(|digit| Some(&digit) == digits.as_bytes().first()) {
        return false;
    }
    let by_dashes = groups[1..].iter().all(|group| group.between.chars().all(|ch| ch != ' ' && ch != '.'));
    let first = shape[0];
    match (count, digits.as_bytes()) {
        (7, [b'1'..=b'9', ..]) if shape == [3, 2, 2] => alone && by_dashes,
        // Ranges and years are written so, too: `100-6400`, `754-2008`.
        (7, [b'2'..=b'9', ..]) if shape == [3, 4] => {
            alone && by_dashes && !digits[3..].starts_with(['0', '1']) && !digits[3..].starts_with("20")
        }
        (10, [b'0', b'1'..=b'9', ..]) if shape == [2; 5] => true,
        (10..=12, [b'0', b'1'..=b'9', ..]) => groups.len() > 1 && (3..=5).contains(&first),
        (11, [b'7' | b'8', b'3' | b'4' | b'5' | b'8' | b'9', ..]) => first == 1 || first == 4 || first == 11,
        (11, [b'1', b'2'..=b'9', _, _, b'2'..=b'9', ..]) => matches!(*shape, [1, 3, 3, 4] | [11] | [4, 3, 4]),
        (10, [b'2'..=b'9', _, _, exchange, ..]) => match *shape {
            [10] => digits.starts_with('9') || (b'2'..=b'9').contains(exchange),
            [3, 3, 4] | [3, 3, 2, 2] | [3, 7] | [3, 2, 2, 3] | [5, 5] => true,
            _ => false,
        },
        (12..=17, [b'0', b'0', ..]) => is_international(&digits[2..]),
        (11..=13, [b'1'..=b'9', ..]) => is_grouped(groups, &shape),
        (_, _) => false,
    }
}

/// Whether a number that begins with its country's code has as many digits as such numbers do.
fn is_international(digits: &str) -> bool {
    match digits.as_bytes() {
        [b'7' | b'1', ..] => digits.len() == 11,
        [b'1'..=b'9', ..] => INTERNATIONAL.contains(&digits.len()),
        _ => false,
    }
}

/// Whether the groups are like those of a number with its country's code but without `+`: neither thousands nor a card.
fn is_grouped(groups: &[Group], shape: &[usize]) -> bool {
    let rest = &shape[1..];
    let thousands = rest.iter().zip(&groups[1..]).all(|(length, group)| *length == 3 || group.between == ".");
    let card = shape.iter().all(|length| *length == 4);
    (3..=6).contains(&groups.len())
        && (1..=3).contains(&shape[0])
        && rest.iter().all(|length| (2..=4).contains(length))
        && !thousands
        && !card
}

/// `192.168.100.200`
fn is_address(groups: &[Group]) -> bool {
    groups.len() == 4
        && groups[1..].iter().all(|group| group.between == ".")
        && groups.iter().all(|group| group.digits.parse::<u8>().is_ok())
}

/// Whether a date is in it: `2024-01-15 10`, `15.01.2024`.
fn is_date(groups: &[Group]) -> bool {
    let number = |group: &Group, most: u16| {
        group.digits.len() <= 2 && group.digits.parse::<u16>().is_ok_and(|n| (1..=most).contains(&n))
    };
    let year =
        |group: &Group| group.digits.len() == 4 && (group.digits.starts_with("19") || group.digits.starts_with("20"));
    groups.windows(3).any(|three| match three {
        [a, b, c] => {
            b.between == c.between
                && (year(a) && number(b, 12) && number(c, 31) || number(a, 31) && number(b, 31) && year(c))
        }
        _ => false,
    })
}
