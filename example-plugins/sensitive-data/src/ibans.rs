//! Finds IBANs, in whatever digits and letters and with whatever separates their groups.

use std::ops::Range;

use sluice_plugin::text::{digit, is_free_mark, is_invisible, separator};

use crate::{checks, groups};

/// Longest IBAN (ISO 13616).
const LONGEST: usize = 34;
/// Most separators between two groups.
const BETWEEN: u8 = 3;

/// The first byte of letters of full width, and of much else.
const WIDE: u8 = 0xef;

/// Calls `found` with the bytes of each IBAN, from left to right. Most of a text is passed over with a look at each byte.
pub(crate) fn find(text: &str, mut found: impl FnMut(Range<usize>)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if !byte.is_ascii_alphabetic() && byte != WIDE {
            at += 1;
        } else if let Some(end) = begins_word(text, at).then(|| read(&text[at..])).flatten() {
            found(at..at + end);
            at += end;
        } else {
            at += if byte == WIDE { 3 } else { 1 };
            // The rest of the word begins nothing.
            while bytes.get(at).is_some_and(u8::is_ascii_alphanumeric) {
                at += 1;
            }
        }
    }
}

/// Whether an IBAN may begin with the letter at `at`: no letter or digit is seen right before it, and the third of three letters of
/// ASCII does not follow, as in most words.
fn begins_word(text: &str, at: usize) -> bool {
    if text.as_bytes().get(at..at + 3).is_some_and(|first| first.iter().all(u8::is_ascii_alphabetic)) {
        return false;
    }
    let goes_on = match at.checked_sub(1).and_then(|before| text.as_bytes().get(before)) {
        Some(byte @ b' '..=b'~') => byte.is_ascii_alphanumeric(),
        _ => {
            let mut before = text[..at].chars().rev().filter(|c| !is_invisible(*c) && !is_free_mark(*c));
            before.next().is_some_and(char::is_alphanumeric)
        }
    };
    !goes_on && text[at..].chars().next().and_then(letter).is_some()
}

/// Whether two letters come first, and then a digit: most words are none after their second letter.
fn begins(text: &str) -> bool {
    let (mut letters, mut separators) = (0, 0);
    for c in text.chars() {
        let is_letter = c.is_ascii_alphabetic() || !c.is_ascii() && letter(c).is_some();
        if is_letter && letters < 2 {
            (letters, separators) = (letters + 1, 0);
        } else if is_letter || c.is_ascii_digit() || separators == BETWEEN {
            return letters == 2 && c.is_ascii_digit();
        } else if c.is_ascii() {
            separators += u8::from(!is_invisible(c));
        } else if digit(c).is_some() {
            return letters == 2;
        } else if !is_invisible(c) && !is_free_mark(c) {
            separators += 1;
        }
    }
    false
}

/// Where the IBAN that the text begins with ends, when there is one.
fn read(text: &str) -> Option<usize> {
    if !begins(text) {
        return None;
    }
    let mut characters = [0; LONGEST];
    let (mut count, mut length, mut end, mut separators) = (0, LONGEST, 0, 0);
    let mut lengths: Vec<usize> = Vec::new();
    let mut plain = true;
    for (at, c) in text.char_indices() {
        if is_invisible(c) || is_free_mark(c) {
            continue;
        }
        if let Some(character) = digit(c).map(|value| b'0' + value).or_else(|| letter(c)) {
            if count == length {
                return None;
            }
            // Country and check digits come first.
            if (count < 2) != character.is_ascii_alphabetic() && count < 4 {
                return None;
            }
            if separators > 0 || count == 0 {
                lengths.push(0);
            }
            characters[count] = character;
            count += 1;
            separators = 0;
            end = at + c.len_utf8();
            if let Some(group) = lengths.last_mut() {
                *group += 1;
            }
            if count == 2 {
                length = checks::iban_length([characters[0], characters[1]])?;
            }
        } else if separator(c).is_some() && separators < BETWEEN && count < length && count > 0 {
            separators += 1;
            plain &= matches!(c, ' ' | '-') && separators == 1 && count >= 4;
        } else if c.is_alphanumeric() {
            return None;
        } else {
            break;
        }
    }
    let shaped = plain || groups::of_iban(&lengths);
    (count == length && shaped && checks::is_iban(&characters[..length])).then_some(end)
}

/// A letter in upper case, of plain or full width.
fn letter(c: char) -> Option<u8> {
    let plain = match c {
        'Ａ'..='Ｚ' | 'ａ'..='ｚ' => char::from_u32(c as u32 - 0xfee0)?,
        _ => c,
    };
    plain.is_ascii_alphabetic().then(|| (plain as u8).to_ascii_uppercase())
}
