//! Telephone numbers, by how people group their digits, in the digits of any script and with anything between the groups. Which country a
//! number is of, and whether it exists, is not told.

mod group;
mod shape;

use std::ops::Range;

use sluice_text::digit;

use super::bytes;
use crate::{folded, limits, steps};

use group::{Group, run};
use shape::{Alone, is_number};

/// Most groups of digits that are tried as one number: each digit may be on its own.
const GROUPS: usize = 15;

/// The telephone numbers in `text`: with `+` and a country's code, as they are dialled in Russia (`8 (912) 345-67-89`),
/// North America (`(415) 555-2671`) and elsewhere, and local ones of seven digits with dashes (`123-45-67`). Dates, prices,
/// addresses of hosts, cards, and numbers of orders and documents are not.
pub fn phone_numbers(text: &str) -> Vec<Range<usize>> {
    const FEWEST: usize = 7;
    if steps::each(text.chars()).filter(|ch| digit(*ch).is_some()).take(FEWEST).count() < FEWEST {
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

/// The indexes of the first unit of each number among the groups, and of the one behind its last.
fn numbers(run: &[Group]) -> Vec<(usize, usize)> {
    // A card's.
    if run.len() == 4 && run.iter().all(|group| group.digits.len() == 4) {
        return Vec::new();
    }
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while at < run.len() {
        // A number begins behind a space or a sign, or at a `+` right behind another number, and so it ends.
        let begins =
            at == 0 || run[at].is_apart() || run[at].plus && found.last().is_some_and(|last| last.1 == run[at - 1].end);
        // No number goes on at a `+`.
        let more = run[at + 1..].iter().take(GROUPS - 1).take_while(|group| !group.plus).count();
        let ends = (at + 1..=at + 1 + more).rev();
        let mut ends = ends.filter(|end| *end == run.len() || run[*end].is_apart() || run[*end].plus);
        let alone = |end: usize| match (at == 0 && end == run.len(), at == 0 || run[at].is_other()) {
            (true, _) => Alone::All,
            (false, true) if end == run.len() || run[end].is_other() => Alone::Among,
            (false, _) => Alone::No,
        };
        let end = ends.find(|end| begins && is_number(&run[at..*end], alone(*end)));
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
