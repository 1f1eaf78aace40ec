//! Finds IBANs, in whatever digits and letters and with whatever separates their groups.

use std::ops::Range;

use sluice_plugin::text::{digit, is_free_mark, is_invisible, separator};

use crate::{checks, groups};

/// Longest IBAN (ISO 13616).
const LONGEST: usize = 34;
/// Most separators between two groups.
const BETWEEN: usize = 3;

/// Calls `found` with the bytes of each IBAN, from left to right.
pub(crate) fn find(text: &str, mut found: impl FnMut(Range<usize>)) {
    let mut goes_on = false;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if is_invisible(c) {
            continue;
        }
        let begins = !goes_on && letter(c).is_some();
        goes_on = c.is_alphanumeric();
        if let Some(end) = begins.then(|| read(&text[at..])).flatten() {
            found(at..at + end);
            while chars.offset() < at + end && chars.next().is_some() {}
            goes_on = true;
        }
    }
}

/// Where the IBAN that the text begins with ends, when there is one.
fn read(text: &str) -> Option<usize> {
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
            // Country and check digits come first, so most words are none after their second letter.
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
