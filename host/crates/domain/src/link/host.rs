//! Names of hosts: what they are in ASCII, which part of them is registered, and whether they only look like another.

use sluice_text::{is_free_mark, is_invisible};
use unicode_security::skeleton;
use url::Url;

use super::words;
use crate::steps;

/// A host, as a link names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    /// In lower case, international names in their `xn--` form.
    pub(super) ascii: String,
    /// By the public suffix list, or the host when it has none.
    pub(super) registrable: String,
    /// Whether the public suffix list really has its suffix, and something is registered below it.
    pub(super) known: bool,
    /// Whether it is written so that a filter would miss it: letters of it look like those of another script, or whatever
    /// else its reader found.
    pub(super) disguised: bool,
}

/// Longest name of a host, in characters (RFC 1035, section 2.3.4).
pub(super) const LONGEST: usize = 253;

/// What names of hosts hold besides letters and digits; the last four only in URLs, where linkifiers and browsers take them.
const SIGNS: [u8; 7] = *b".-_+$=~";

/// Longest name of a host as it is written, in characters: each may be a letter with its marks, or an escape.
pub(super) const LONGEST_WRITTEN: usize = 4 * LONGEST;

/// Longest label of a name, in characters of its ASCII form (RFC 1035, section 2.3.4).
const LONGEST_LABEL: usize = 63;

/// Whether it may be the name of a host by its length: what is longer is not worth the work of writing it in ASCII.
pub(super) fn fits(written: &str) -> bool {
    steps::take(written.len());
    // Marks may become a part of their letter, and escapes one letter: whatever else a label has stays in its ASCII form.
    let stays = |c: &char| !c.is_ascii() && !is_free_mark(*c) && !is_invisible(*c);
    let label = |label: &str| {
        label.chars().count() <= 4 * LONGEST_LABEL && label.chars().filter(stays).count() <= LONGEST_LABEL
    };
    !written.is_empty() && written.chars().count() <= LONGEST_WRITTEN && written.split('.').all(label)
}

/// Reads a name as it is written in text. `None` when no host can have it.
pub(super) fn read(name: &str) -> Option<Host> {
    if !fits(name) {
        return None;
    }
    let name = name.to_lowercase();
    let ascii = ascii(&name)?;
    let host = registered(ascii, !name.is_ascii() && looks_alike(&name))?;
    if host.known || name.is_ascii() {
        return Some(host);
    }
    // No such suffix: perhaps it is one whose letters are those of another script, as in `example.соm`.
    let (rest, suffix) = name.rsplit_once('.')?;
    if let Some((_, meant)) = words::SPOKEN_AFTER_DOT.iter().find(|(said, _)| *said == suffix) {
        return registered(idna::domain_to_ascii(&format!("{rest}.{meant}")).ok()?, true);
    }
    let plain = latin(suffix)?;
    let whole = latin(rest).filter(|_| rest.chars().any(|ch| ch.is_ascii_alphabetic()));
    let ascii = idna::domain_to_ascii(&format!("{}.{plain}", whole.as_deref().unwrap_or(rest))).ok()?;
    let mixed = rest.chars().chain(suffix.chars()).any(|ch| ch.is_ascii_alphabetic());
    Some(registered(ascii, true).filter(|host| host.known && mixed).unwrap_or(host))
}

/// Reads a name that has to have a suffix on the list. What can be none by its last label is not written in ASCII: that takes long.
pub(super) fn known(name: &str) -> Option<Host> {
    let suffix = name.rsplit('.').next().unwrap_or(name).to_lowercase();
    let may_be = || {
        is_suffix(&suffix)
            || latin(&suffix).is_some()
            || words::SPOKEN_AFTER_DOT.iter().any(|(said, _)| *said == suffix)
    };
    if suffix.is_ascii() || may_be() { read(name).filter(|host| host.known) } else { None }
}

/// A name in lower case in its ASCII form. What browsers refuse of ASCII is itself: `xn--` with nothing behind that could be read.
fn ascii(name: &str) -> Option<String> {
    if name.is_ascii() { Some(name.to_owned()) } else { idna::domain_to_ascii(name).ok() }
}

/// A name in the form that [`super::Link::host`] has. `None` when no host can have it.
pub(super) fn normal(name: &str) -> Option<String> {
    if name.starts_with('[') {
        let url = Url::parse(&format!("http://{name}")).ok().filter(|_| name.ends_with(']'))?;
        return url.host_str().map(str::to_owned);
    }
    let name = Some(name).filter(|name| fits(name) && !name.split('.').any(str::is_empty))?;
    Some(registered(ascii(&name.to_lowercase())?, false)?.ascii)
}

/// What the public suffix list says of a host. `None` when it is empty, or no name of a host.
pub(super) fn registered(ascii: String, disguised: bool) -> Option<Host> {
    let ascii = ascii.trim_end_matches('.').to_owned();
    let part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || SIGNS.contains(&byte);
    if !ascii.bytes().all(part) {
        return None;
    }
    if ascii.is_empty()
        || ascii.len() > LONGEST
        || ascii.split('.').any(|label| !(1..=LONGEST_LABEL).contains(&label.len()))
    {
        return None;
    }
    let domain = psl::domain(ascii.as_bytes());
    // Hosts below which others have theirs, such as `wordpress.com`, are on the list themselves, and are hosts.
    let private = || {
        psl::suffix(ascii.as_bytes())
            .is_some_and(|suffix| suffix.typ() == Some(psl::Type::Private) && ascii.contains('.'))
    };
    let known = domain.as_ref().map_or_else(private, |domain| domain.suffix().is_known());
    let registrable = domain.and_then(|d| std::str::from_utf8(d.as_bytes()).ok()).unwrap_or(&ascii).to_owned();
    Some(Host { ascii, registrable, known, disguised })
}

/// Whether the public suffix list really has this last label, which is in lower case.
pub(super) fn is_suffix(label: &str) -> bool {
    let ascii = if label.is_ascii() { Some(label.to_owned()) } else { idna::domain_to_ascii(label).ok() };
    ascii.is_some_and(|ascii| {
        psl::domain(format!("a.{ascii}").as_bytes()).is_some_and(|d| d.suffix().is_known())
            || psl::domain(format!("a.a.{ascii}").as_bytes()).is_some_and(|d| d.suffix().is_known())
    })
}

/// Whether a label of the name, which is in lower case, is made to be taken for one of Latin letters: it mixes Latin
/// letters with those of other alphabets, or, below a Latin suffix, is of nothing but letters that look like Latin ones.
fn looks_alike(name: &str) -> bool {
    let suffix_is_latin = name.rsplit('.').next().is_some_and(str::is_ascii);
    name.split('.').filter(|label| !label.is_ascii()).any(|label| {
        let mixed = label.chars().any(|ch| ch.is_ascii_alphabetic()) && label.chars().any(is_other_alphabet);
        mixed || suffix_is_latin && label.chars().any(is_other_alphabet) && latin(label).is_some()
    })
}

/// Cyrillic, Greek, Armenian, Cherokee: alphabets with letters that look like Latin ones.
const fn is_other_alphabet(ch: char) -> bool {
    matches!(ch, '\u{370}'..='\u{58f}' | '\u{13a0}'..='\u{13ff}' | '\u{1c80}'..='\u{1c8f}' | '\u{2de0}'..='\u{2dff}'
        | '\u{a640}'..='\u{a69f}' | '\u{ab70}'..='\u{abbf}')
}

/// The label in Latin letters that look like its own. `None` when it has a letter that looks like none.
fn latin(label: &str) -> Option<String> {
    let mut out = String::with_capacity(label.len());
    let mut one = [0; 4];
    for ch in label.chars() {
        let plain = match ch {
            ch if ch.is_ascii() => ch,
            // Close enough in most fonts, though Unicode lists them with small capitals.
            'м' => 'm',
            'т' => 't',
            'к' => 'k',
            'н' => 'h',
            'в' => 'b',
            'ё' => 'e',
            _ => {
                let mut alike = skeleton(ch.encode_utf8(&mut one));
                match (alike.next(), alike.next()) {
                    (Some(plain), None) if plain.is_ascii_alphanumeric() => plain.to_ascii_lowercase(),
                    (_, _) => return None,
                }
            }
        };
        out.push(plain);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_scripts_have_an_ascii_form_and_a_suffix() {
        let host = read("www.Пример.рф").unwrap();
        assert_eq!(
            (host.ascii.as_str(), host.registrable.as_str()),
            ("www.xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd.xn--p1ai")
        );
        assert!(host.known && !host.disguised);
        assert!(is_suffix("рф") && is_suffix("com") && !is_suffix("txt"));
    }

    #[test]
    fn letters_of_another_script_that_look_latin_are_told() {
        assert!(read("ехаmрlе.com").unwrap().disguised);
        assert!(read("сосо.com").unwrap().disguised, "each letter is Cyrillic");
        assert!(!read("пример.com").unwrap().disguised);
        assert!(!read("bücher.de").unwrap().disguised);
        assert_eq!(read("example.соm").unwrap().ascii, "example.com");
    }

    #[test]
    fn a_host_below_which_others_have_theirs_is_one_itself() {
        assert!(read("wordpress.com").unwrap().known && read("github.io").unwrap().known);
        assert!(!read("co.uk").unwrap().known);
    }
}
