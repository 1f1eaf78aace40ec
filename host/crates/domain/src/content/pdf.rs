//! What a PDF does when it is opened, and whether it needs a password (ISO 32000-1, sections 7.6 and 12.6).
//!
//! Objects in compressed streams are not seen.

use std::{
    collections::BTreeSet,
    io::{Read, Seek},
};

use super::{
    Trait,
    source::{Source, Stop, find, holds},
};

/// Where a PDF's header may be, as readers look for it (PDF 1.7, appendix H.3, note 13).
const HEADER_WITHIN: usize = 1_024;

/// How much is looked at from each end, in bytes.
const EACH_END: u64 = 4 << 20;

/// Within how many bytes of the end its mark is; readers want 1,024 (PDF 1.7, appendix H.3, note 18).
const TAIL: usize = 2_048;

/// Longer than anything that is looked for, in bytes.
const OVERLAP: usize = 256;

/// Names of what runs something. Readers refuse most of it today; documents between people need none of it.
const RUNS: [&[u8]; 5] = [b"/JavaScript", b"/JS", b"/Launch", b"/SubmitForm", b"/ImportData"];

/// Where the header begins, if readers find one.
pub(super) fn header(head: &[u8]) -> Option<usize> {
    find(&head[..head.len().min(HEADER_WITHIN)], b"%PDF-")
}

/// Whether all that comes before the header is nothing to anybody: blanks, zeros, a byte order mark, comments of its own kind.
pub(super) fn is_only_that(before: &[u8]) -> bool {
    let before = before.strip_prefix(b"\xef\xbb\xbf").unwrap_or(before);
    let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0;
    before.split(|byte| matches!(byte, b'\r' | b'\n')).all(|line| {
        let text = line.iter().position(|byte| !blank(byte)).map_or(&[][..], |at| &line[at..]);
        text.is_empty() || text.starts_with(b"%")
    })
}

/// Whether objects of a PDF are in there, so that its readers find something: a text may speak of headers.
pub(super) fn has_objects<R: Read + Seek>(source: &mut Source<R>) -> Result<bool, Stop> {
    let mut found = false;
    both_ends(source, |window| {
        found = found || places(window, b' ', b" obj").any(|at| window[..at].last().is_some_and(u8::is_ascii_digit));
        !found
    })?;
    Ok(found)
}

fn both_ends<R: Read + Seek>(source: &mut Source<R>, mut see: impl FnMut(&[u8]) -> bool) -> Result<(), Stop> {
    let len = source.len();
    if len <= 2 * EACH_END {
        return source.windows(0..len, OVERLAP, &mut see);
    }
    source.windows(0..EACH_END, OVERLAP, &mut see)?;
    source.windows(len - EACH_END..len, OVERLAP, &mut see)
}

/// Looks at both ends.
pub(super) fn look<R: Read + Seek>(source: &mut Source<R>, traits: &mut BTreeSet<Trait>) -> Result<(), Stop> {
    both_ends(source, |window| {
        let plain = without_escapes(window);
        if RUNS.iter().any(|name| has_name(&plain, name)) || opens_with_action(&plain) {
            traits.insert(Trait::ActiveContent);
        }
        if has_name(&plain, b"/Encrypt") {
            traits.insert(Trait::Encrypted);
        }
        true
    })?;
    let tail = source.bytes(source.len().saturating_sub(TAIL as u64), TAIL)?;
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
    places(plain, b'/', name).any(|at| {
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
    places(plain, b'/', OPEN).any(|at| {
        let after = plain[at + OPEN.len()..].trim_ascii_start();
        let action = &after[..after.len().min(OVERLAP / 2)];
        action.starts_with(b"<<") && !holds(action, b"/GoTo") && holds(action, b"/S")
    })
}

/// Where a word is whose first letter is `first`.
fn places<'a>(plain: &'a [u8], first: u8, word: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let begins = plain.iter().enumerate().filter(move |(_, byte)| **byte == first).map(|(at, _)| at);
    begins.filter(move |at| plain[*at..].starts_with(word))
}

/// What a name goes on with (section 7.2.2).
const fn is_regular(byte: u8) -> bool {
    !byte.is_ascii_whitespace()
        && !matches!(byte, 0 | b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}
