//! What runs in a page or drawing when it is opened. Not a parser: it would rather find too much.

use std::{
    collections::BTreeSet,
    io::{Read, Seek},
};

use super::{
    Category, Trait,
    detect::Detected,
    source::{Source, Stop, holds},
    text::{self, Encoding},
};

/// How much of a page or drawing is looked at, in bytes; a longer one is unreadable.
const PAGE: u64 = 24 << 20;

/// Longer than an element's beginning, in bytes.
const OVERLAP: usize = 4_096;

/// Elements that run or load something that can. An entity can hold anything, and so can a style sheet that transforms.
const ELEMENTS: [&str; 10] =
    ["script", "iframe", "object", "embed", "applet", "handler", "listener", "frame", "!entity", "?xml-stylesheet"];

/// Addresses that are programs.
const ADDRESSES: [&[u8]; 4] = [b"javascript:", b"vbscript:", b"data:text/html", b"data:application/xhtml"];

/// Whether what is of that type is opened by what runs scripts.
pub(super) fn is_page(media_type: &str) -> bool {
    matches!(media_type, "text/html" | "image/svg+xml")
}

/// Looks for the first element, which the head does not have, and then as [`look`] does.
pub(super) fn look_behind<R: Read + Seek>(
    source: &mut Source<R>,
    encoding: Encoding,
    detected: &mut Detected,
    traits: &mut BTreeSet<Trait>,
) -> Result<(), Stop> {
    let (mut drawing, mut page, mut element) = (false, false, false);
    source.windows(0..source.len().min(PAGE), OVERLAP, |window| {
        let plain = plain(window, encoding);
        drawing = drawing || has_element(&plain, &["svg"]);
        page = page || text::has_element_of_pages(&String::from_utf8_lossy(&plain));
        element = element || plain.windows(2).any(|pair| pair[0] == b'<' && pair[1].is_ascii_alphabetic());
        !drawing
    })?;
    // Which of them comes first may be hidden in a comment: a drawing is the least harmless.
    match (drawing, page, element) {
        (true, ..) => detected.settle("image/svg+xml", Category::Image),
        (_, true, _) => detected.settle("text/html", Category::Document),
        (.., true) => detected.settle("text/xml", Category::Document),
        (false, false, false) => return Ok(()),
    }
    look(source, encoding, is_page(&detected.media_type), traits)
}

/// Looks through the whole.
pub(super) fn look<R: Read + Seek>(
    source: &mut Source<R>,
    encoding: Encoding,
    is_page: bool,
    traits: &mut BTreeSet<Trait>,
) -> Result<(), Stop> {
    let len = source.len();
    let (mut active, mut can_run) = (false, is_page);
    source.windows(0..len.min(PAGE), OVERLAP, |window| {
        let plain = plain(window, encoding);
        active = active || is_active(&plain);
        // Elsewhere, elements of pages run only when they say that they are.
        can_run = can_run || holds(&plain, b"w3.org/1999/xhtml") || holds(&plain, b"w3.org/2000/svg");
        !(active && can_run)
    })?;
    if active && can_run {
        traits.insert(Trait::ActiveContent);
    } else if is_page && len > PAGE {
        return Err(Stop::Spent);
    }
    Ok(())
}

/// In lower case, references to letters replaced by them, zeros dropped: those of UTF-16, and those that browsers ignore.
pub(super) fn plain(window: &[u8], encoding: Encoding) -> Vec<u8> {
    let narrow: Vec<u8> = match encoding {
        Encoding::Bytes if !window.contains(&0) => window.to_ascii_lowercase(),
        // Letters outside ASCII become something that is none.
        Encoding::Bytes | Encoding::Wide => {
            window.iter().filter(|byte| **byte != 0).map(u8::to_ascii_lowercase).collect()
        }
    };
    let mut plain = Vec::with_capacity(narrow.len());
    let mut rest = &narrow[..];
    while let Some(at) = rest.iter().position(|byte| *byte == b'&') {
        plain.extend_from_slice(&rest[..at]);
        let (letter, len) = reference(&rest[at..]).unwrap_or((b'&', 1));
        plain.push(letter);
        rest = &rest[at + len..];
    }
    plain.extend_from_slice(rest);
    plain
}

/// A letter that is written as a reference, and the length of that. Those that would be markup stay text.
fn reference(rest: &[u8]) -> Option<(u8, usize)> {
    for (name, letter) in [(&b"&colon;"[..], b':'), (b"&tab;", b'\t'), (b"&newline;", b'\n'), (b"&lpar;", b'(')] {
        if rest.starts_with(name) {
            return Some((letter, name.len()));
        }
    }
    let digits = rest.strip_prefix(b"&#")?;
    let (digits, radix, before) = digits.strip_prefix(b"x").map_or((digits, 10, 2), |hex| (hex, 16, 3));
    let len = digits
        .iter()
        .take(16)
        .take_while(|byte| byte.is_ascii_hexdigit() && (radix == 16 || byte.is_ascii_digit()))
        .count();
    let number = u32::from_str_radix(std::str::from_utf8(&digits[..len]).ok()?, radix).ok()?;
    let letter = u8::try_from(number).ok().filter(|letter| !matches!(letter, b'<' | b'>' | b'&'))?;
    let end = before + len + usize::from(digits.get(len) == Some(&b';'));
    Some((letter.to_ascii_lowercase(), end))
}

pub(super) fn is_active(plain: &[u8]) -> bool {
    has_element(plain, &ELEMENTS) || has_address(plain) || has_handler(plain)
}

/// Whether one of these elements is there.
fn has_element(plain: &[u8], names: &[&str]) -> bool {
    let opens = plain.iter().enumerate().filter(|(_, byte)| **byte == b'<').map(|(at, _)| &plain[at + 1..]);
    opens.into_iter().any(|rest| {
        let end =
            rest.iter().take(64).position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/' | b'<'));
        let name = &rest[..end.unwrap_or(rest.len().min(64))];
        let local = name.rsplit(|byte| *byte == b':').next().unwrap_or(name);
        names.iter().any(|element| local == element.as_bytes())
    })
}

/// Whether an attribute has an address that is a program. Browsers ignore spaces and control characters in it.
fn has_address(plain: &[u8]) -> bool {
    if !holds(plain, b"script") && !plain.contains(&b'\t') && !plain.contains(&b'\n') && !holds(plain, b"data:") {
        return false;
    }
    let compact: Vec<u8> = plain.iter().copied().filter(|byte| *byte > b' ').collect();
    let colons = compact.iter().enumerate().filter(|(_, byte)| **byte == b':').map(|(at, _)| at);
    colons.into_iter().any(|colon| {
        ADDRESSES.iter().any(|address| {
            let scheme = address.iter().position(|byte| *byte == b':').unwrap_or(0);
            let Some(start) = colon.checked_sub(scheme) else { return false };
            compact[start..].starts_with(address) && begins_value(&compact[..start])
        })
    })
}

/// Whether what comes before is the beginning of an attribute's value, or of an item in one.
fn begins_value(before: &[u8]) -> bool {
    matches!(before, [.., b'=' | b'(', b'"' | b'\''] | [.., b'=' | b'(' | b';'])
}

/// Whether an attribute of an element is called `on…`.
fn has_handler(plain: &[u8]) -> bool {
    let mut in_element = false;
    for (at, byte) in plain.iter().enumerate() {
        match byte {
            b'<' => in_element = plain.get(at + 1).is_some_and(u8::is_ascii_alphabetic),
            b'>' => in_element = false,
            b'o' if at > 0 && separates(plain[at - 1]) => {
                let rest = &plain[at..];
                let len = rest.iter().take(32).take_while(|byte| byte.is_ascii_alphabetic()).count();
                if !rest.starts_with(b"on") || !(5..32).contains(&len) {
                    continue;
                }
                let after = rest[len..].trim_ascii_start();
                let value = after.strip_prefix(b"=").map(<[u8]>::trim_ascii_start);
                // A `>` in a value must not hide what follows: quotes show an attribute, too.
                if value.is_some_and(|value| in_element || matches!(value.first(), Some(b'"' | b'\''))) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

const fn separates(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'/' | b'"' | b'\'' | 0x0b)
}
