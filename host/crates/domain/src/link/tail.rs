//! Where a link ends: its path, query and fragment, without the punctuation of the sentence that it stands in.

use crate::folded::{Units, is_unspaced};

/// The index behind the last unit of the tail that begins at `from`, with a `/`, `?` or `#`, or `from` when none does.
pub(super) fn end(units: &Units, from: usize) -> usize {
    if !units.get(from).is_some_and(|unit| matches!(unit.ch, '/' | '?' | '#')) {
        return from;
    }
    let mut open = Brackets::default();
    let mut end = from;
    let mut before = None;
    for at in from..units.len() {
        let ch = units[at].ch;
        let touches = before.replace(ch).is_some_and(|before: char| before.is_ascii_alphanumeric()) && is_unspaced(ch);
        if stops(ch) || touches || !open.take(ch) {
            break;
        }
        if !trails(ch) {
            end = at + 1;
        }
    }
    // `http://example.com/a's owner`
    if end >= from + 3 && units[end - 2].ch == '\'' && units[end - 1].ch == 's' {
        end -= 2;
    }
    // A lone `?` or `#` asks or numbers, and is no part of a link; a lone `/` is.
    let lone = units.get(from).is_some_and(|unit| unit.ch != '/');
    if lone && end <= from + 1 { from } else { end }
}

/// Whether no link goes on with it: spaces, quotes, signs of markup, full stops and brackets of other scripts.
pub(super) fn stops(ch: char) -> bool {
    ch.is_whitespace()
        || ch.is_control()
        || matches!(ch, '<' | '>' | '"' | '`' | '｜' | '\\' | '^' | '«' | '»' | '“' | '”' | '„' | '‘' | '’' | '…')
        || matches!(ch, '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301b}' | '｡' | '．' | '\u{fffd}')
}

/// Whether it belongs to the sentence when the link ends with it.
const fn trails(ch: char) -> bool {
    matches!(ch, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '~' | '|' | '(' | '[' | '{')
}

/// Brackets that are open. One that closes without having been opened ends the link.
#[derive(Default)]
struct Brackets {
    round: u32,
    square: u32,
    curly: u32,
}

impl Brackets {
    const fn take(&mut self, ch: char) -> bool {
        let (count, opens) = match ch {
            '(' => (&mut self.round, true),
            ')' => (&mut self.round, false),
            '[' => (&mut self.square, true),
            ']' => (&mut self.square, false),
            '{' => (&mut self.curly, true),
            '}' => (&mut self.curly, false),
            _ => return true,
        };
        if opens {
            *count += 1;
            return true;
        }
        match count.checked_sub(1) {
            Some(left) => *count = left,
            None => return false,
        }
        true
    }
}
