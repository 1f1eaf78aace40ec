//! Where a host may end before its name does: a name may touch signs and words that are no part of the host.

use unicode_normalization::char::is_combining_mark;

use super::scan::Scan;
use crate::folded::{is_name, is_symbol, is_unspaced};

/// Characters that a label is rarely mixed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// ASCII letters and digits, `-` and `_`.
    Plain,
    /// Letters of scripts without spaces between words.
    Unspaced,
    /// Letters that are written from right to left, which no label mixes with others (RFC 5893).
    RightToLeft,
    /// Marks over letters.
    Mark,
    /// Emoji, arrows, currencies, and the ASCII signs that hosts of URLs may hold.
    Symbol,
    Latin,
    Cyrillic,
    Greek,
    /// Letters of any other script.
    Other,
}

fn kind(ch: char) -> Kind {
    match ch {
        '-' | '_' => Kind::Plain,
        _ if ch.is_ascii() => {
            if ch.is_ascii_alphanumeric() {
                Kind::Plain
            } else {
                Kind::Symbol
            }
        }
        '\u{590}'..='\u{8ff}'
        | '\u{fb1d}'..='\u{fdff}'
        | '\u{fe70}'..='\u{fefe}'
        | '\u{10800}'..='\u{10fff}'
        | '\u{1e800}'..='\u{1efff}' => Kind::RightToLeft,
        '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' if ch.is_alphabetic() => Kind::Latin,
        '\u{370}'..='\u{3ff}' if ch.is_alphabetic() => Kind::Greek,
        '\u{400}'..='\u{52f}' if ch.is_alphabetic() => Kind::Cyrillic,
        _ if is_unspaced(ch) => Kind::Unspaced,
        _ if is_combining_mark(ch) => Kind::Mark,
        _ if is_symbol(ch) => Kind::Symbol,
        _ => Kind::Other,
    }
}

/// Whether one of two characters is of a script without spaces, and the other plain: two words that touch.
pub(super) const fn words_touch(before: char, ch: char) -> bool {
    before.is_ascii_alphanumeric() && is_unspaced(ch) || is_unspaced(before) && ch.is_ascii_alphanumeric()
}

/// Whether the unit at `at` is of another kind than the one before: both are in one label, but perhaps not of one word.
/// Letters in circles and the like are a kind of their own beside plain ones.
fn turns(scan: &Scan<'_>, at: usize) -> bool {
    let Some([before, unit]) = at.checked_sub(1).map(|before| scan.units.part(before, at + 1)) else { return false };
    let plain = before.ch.is_ascii() && unit.ch.is_ascii();
    before.ch != '.' && unit.ch != '.' && (kind(before.ch) != kind(unit.ch) || plain && before.changed != unit.changed)
}

/// Where the host from `start` may end instead of at `end`, in the order in which it should be tried: where its last label
/// turns to another kind of character, and before dots that are not written as dots (`example.com。Then`).
pub(super) fn ends(scan: &Scan<'_>, start: usize, end: usize) -> impl Iterator<Item = usize> {
    const DOTS: usize = 3;
    let label = (start..end).rev().find(|at| scan.ch(*at) == Some('.')).map_or(start, |dot| dot + 1);
    let turn = (label + 1..end).find(|at| turns(scan, *at));
    let is_changed_dot = |at: &usize| scan.units.get(*at).is_some_and(|unit| unit.ch == '.' && unit.changed);
    turn.into_iter().chain((start + 1..end).rev().filter(is_changed_dot).take(DOTS))
}

/// The first place behind `start` where any label turns to another kind of character, or goes on with a `_`.
pub(super) fn first_turn(scan: &Scan<'_>, start: usize, end: usize) -> Option<usize> {
    (start + 1..end).find(|at| turns(scan, *at) || scan.ch(*at) == Some('_'))
}

/// The last place before `end` where a label turns to another kind of character.
pub(super) fn last_turn(scan: &Scan<'_>, start: usize, end: usize) -> Option<usize> {
    (start + 1..end).rev().find(|at| turns(scan, *at))
}

/// Where the host before its last dot may begin instead of at `start`: behind words and signs that touch its labels.
pub(super) fn starts(scan: &Scan<'_>, start: usize, dot: usize) -> impl Iterator<Item = usize> {
    // What begins with `xn--` is ASCII to its end, or no host.
    let turn = last_turn(scan, start, dot).filter(|at| scan.before(*at) != Some('-'));
    let symbol = dot.checked_sub(1).filter(|at| *at > start && scan.ch(*at).is_some_and(is_symbol));
    turn.into_iter().chain(symbol)
}

/// Whether no host begins or ends with it: what joins labels, and what stands on a letter.
pub(super) fn is_edge(ch: char) -> bool {
    matches!(ch, '-' | '_' | '.') || !ch.is_ascii() && is_combining_mark(ch)
}

/// Whether it can be in a host of a URL: in a name, or one of the signs that linkifiers take for letters there.
pub(super) fn is_of_host(ch: char) -> bool {
    is_name(ch) || matches!(ch, '+' | '$' | '=' | '~') || is_symbol(ch)
}
