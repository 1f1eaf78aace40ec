//! What a PDF does when it is opened, and whether it needs a password (ISO 32000-1, sections 7.6 and 12.6).
//!
//! Objects in compressed streams are not seen.

use std::{
    collections::BTreeSet,
    io::{Read, Seek},
};

use super::{
    Trait,
    source::{Source, Stop, holds},
};

/// How much is looked at from each end, in bytes.
const EACH_END: u64 = 4 << 20;

/// Within how many bytes of the end its mark is; readers want 1,024 (PDF 1.7, appendix H.3, note 18).
const TAIL: usize = 2_048;

/// Longer than anything that is looked for, in bytes.
const OVERLAP: usize = 256;

/// Names of what runs something. Readers refuse most of it today; documents between people need none of it.
const RUNS: [&[u8]; 5] = [b"/JavaScript", b"/JS", b"/Launch", b"/SubmitForm", b"/ImportData"];

/// Looks at both ends.
pub(super) fn look<R: Read + Seek>(source: &mut Source<R>, traits: &mut BTreeSet<Trait>) -> Result<(), Stop> {
    let len = source.len();
    let mut see = |window: &[u8]| {
        let plain = without_escapes(window);
        if RUNS.iter().any(|name| has_name(&plain, name)) || opens_with_action(&plain) {
            traits.insert(Trait::ActiveContent);
        }
        if has_name(&plain, b"/Encrypt") {
            traits.insert(Trait::Encrypted);
        }
        true
    };
    if len <= 2 * EACH_END {
        source.windows(0..len, OVERLAP, &mut see)?;
    } else {
        source.windows(0..EACH_END, OVERLAP, &mut see)?;
        source.windows(len - EACH_END..len, OVERLAP, &mut see)?;
    }
    let tail = source.bytes(len.saturating_sub(TAIL as u64), TAIL)?;
    if holds(&tail, b"%%EOF") || holds(&tail, b"startxref") { Ok(()) } else { Err(Stop::Broken) }
}

/// Names may be written with escapes: `/J#61vaScript`.
fn without_escapes(window: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(window.len());
    let mut rest = window;
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = digits.filter(|_| *first == b'#').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        plain.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    plain
}

/// Whether the name is there and ends there. Objects that are compressed are not read as names: what comes before must
/// be something that can be before a name.
fn has_name(plain: &[u8], name: &[u8]) -> bool {
    places(plain, name).any(|at| {
        let ends = plain.get(at + name.len()).is_none_or(|next| !is_regular(*next));
        // Three letters are in compressed data by chance.
        let begins = name.len() > 3 || followed_by_value(&plain[at + name.len()..]);
        ends && begins
    })
}

/// What `/JS` has behind it: a string, or a reference to one.
fn followed_by_value(after: &[u8]) -> bool {
    let after = after.trim_ascii_start();
    match after.first() {
        Some(b'(' | b'<') => {
            after.iter().take(OVERLAP / 2).all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
        }
        Some(digit) if digit.is_ascii_digit() => is_reference(after),
        _ => false,
    }
}

/// `12 0 R`
fn is_reference(after: &[u8]) -> bool {
    let mut words = after.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let is_number = |word: Option<&[u8]>| word.is_some_and(|word| word.iter().all(u8::is_ascii_digit));
    is_number(words.next()) && is_number(words.next()) && words.next().is_some_and(|word| word.starts_with(b"R"))
}

/// Whether the action at opening is more than turning to a page: a dictionary that does not say so. Most documents open
/// at a page; an action elsewhere is found by its name, if it can be seen at all.
fn opens_with_action(plain: &[u8]) -> bool {
    const OPEN: &[u8] = b"/OpenAction";
    places(plain, OPEN).any(|at| {
        let after = plain[at + OPEN.len()..].trim_ascii_start();
        let action = &after[..after.len().min(OVERLAP / 2)];
        action.starts_with(b"<<") && !holds(action, b"/GoTo") && holds(action, b"/S")
    })
}

fn places<'a>(plain: &'a [u8], name: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let slashes = plain.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    slashes.filter(move |at| plain[*at..].starts_with(name))
}

/// What a name goes on with (section 7.2.2).
const fn is_regular(byte: u8) -> bool {
    !byte.is_ascii_whitespace()
        && !matches!(byte, 0 | b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}
