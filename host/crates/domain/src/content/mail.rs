//! Messages of e-mail, and pages that browsers save as such (RFC 5322, RFC 2045, RFC 2557). Not a parser: parts are not decoded,
//! beyond what their names and their first letters say.

use std::{
    collections::BTreeSet,
    io::{Read, Seek},
};

use super::{
    Trait, archive, markup,
    source::{Source, Stop, holds},
    text::Encoding,
};

/// How many lines of a header are looked at.
const LINES: usize = 200;

/// How much of a message is looked at, in bytes; a longer one is unreadable.
const MESSAGE: u64 = 16 << 20;

/// Longer than a part's header, in bytes.
const OVERLAP: usize = 4_096;

/// Fields that only programs write.
const WRITTEN: [&str; 6] =
    ["mime-version", "message-id", "received", "return-path", "content-transfer-encoding", "dkim-signature"];

/// Fields of which a message has some.
const FIELDS: [&str; 8] = ["from", "to", "cc", "subject", "date", "content-type", "reply-to", "delivered-to"];

/// What programs begin with, in Base64: `MZ` and anything, `ELF` behind its first byte, `#!/`.
const PROGRAMS: [&[u8]; 6] = [b"TVo", b"TVp", b"TVq", b"TVr", b"f0VMR", b"IyEv"];

/// Whether a text begins with the header of a message.
pub(super) fn is_message(start: &str) -> bool {
    let (mut written, mut fields) = (0, 0);
    for (at, line) in start.lines().take(LINES).enumerate() {
        let continues = line.starts_with([' ', '\t']) && at > 0;
        if continues || (at == 0 && line.starts_with("From ")) {
            continue;
        }
        let Some((name, _)) = line.split_once(':') else { break };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            break;
        }
        let among = |names: &[&str]| names.iter().any(|one| name.eq_ignore_ascii_case(one));
        written += u32::from(among(&WRITTEN));
        fields += u32::from(among(&FIELDS));
    }
    written > 0 && fields > 0 && written + fields > 2
}

/// Looks for what is attached, and for what a saved page runs.
pub(super) fn look<R: Read + Seek>(source: &mut Source<R>, traits: &mut BTreeSet<Trait>) -> Result<(), Stop> {
    let len = source.len();
    let (mut has_page, mut is_active, mut is_hidden, mut is_saved) = (false, false, false, false);
    source.windows(0..len.min(MESSAGE), OVERLAP, |window| {
        let lower = window.to_ascii_lowercase();
        is_saved |= holds(&lower, b"multipart/related");
        let page_here =
            [&b"text/html"[..], b"image/svg+xml", b"application/xhtml"].iter().any(|kind| holds(&lower, kind));
        has_page |= page_here;
        // A page that is written in Base64 is not looked into.
        is_hidden |= page_here && holds(&lower, b"base64");
        is_active |= markup::is_active(&markup::plain(&without_quoting(window), Encoding::Bytes));
        names(&lower, traits);
        if begins_program(window) {
            traits.insert(Trait::ExecutableInside);
        }
        true
    })?;
    if has_page && is_active {
        traits.insert(Trait::ActiveContent);
    }
    if len > MESSAGE || (is_saved && is_hidden) { Err(Stop::Spent) } else { Ok(()) }
}

/// Notes what parts are called, as one reads it once `%2E` and the like are letters.
fn names(lower: &[u8], traits: &mut BTreeSet<Trait>) {
    let mut rest = lower;
    while let Some(at) = super::source::find(rest, b"name") {
        rest = &rest[at + 4..];
        // `name=`, `filename=`, and the forms of RFC 2231: `filename*=`, `filename*0*=`.
        let mark = rest.iter().take(8).position(|byte| !matches!(byte, b'*' | b'0'..=b'9' | b' '));
        let Some(value) = mark.and_then(|mark| rest[mark..].strip_prefix(b"=")) else { continue };
        let value = value.trim_ascii_start();
        let (value, ends): (_, &[u8]) = match value.strip_prefix(b"\"") {
            Some(quoted) => (quoted, b"\"\r\n"),
            None => (value, b"; \t\r\n"),
        };
        let end = value.iter().take(1_024).position(|byte| ends.contains(byte)).unwrap_or(value.len().min(1_024));
        archive::note_name(&without_percents(&value[..end]), traits);
    }
}

fn without_percents(name: &[u8]) -> Vec<u8> {
    escaped(name, b'%')
}

/// Quoted-printable (RFC 2045, section 6.7): ends of lines that are none, and letters by their numbers.
fn without_quoting(window: &[u8]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(window.len());
    let mut rest = window;
    while let Some((first, after)) = rest.split_first() {
        if *first == b'='
            && let Some(next) = after.strip_prefix(b"\r\n").or_else(|| after.strip_prefix(b"\n"))
        {
            rest = next;
            continue;
        }
        joined.push(*first);
        rest = after;
    }
    escaped(&joined, b'=')
}

fn escaped(text: &[u8], mark: u8) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == mark).and_then(|digits| std::str::from_utf8(digits).ok());
        let letter = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        plain.push(letter.unwrap_or(*first));
        rest = if letter.is_some() { &after[2..] } else { after };
    }
    plain
}

/// Whether what comes behind an empty line is a program in Base64.
fn begins_program(window: &[u8]) -> bool {
    [&b"\n\n"[..], b"\n\r\n"].iter().any(|gap| {
        let mut rest = window;
        while let Some(at) = super::source::find(rest, gap) {
            rest = &rest[at + gap.len()..];
            if PROGRAMS.iter().any(|program| rest.starts_with(program)) {
                return true;
            }
        }
        false
    })
}
