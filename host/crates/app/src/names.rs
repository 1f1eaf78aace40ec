//! What people call things: bounded, seen as they are, and nothing that would break a line.

use sluice_domain::text::{is_bidi_control, is_blank, is_invisible, nfc, nfkc};

use crate::AppError;

/// Longest name of most things, in bytes of UTF-8.
pub(crate) const BYTES: usize = 256;

/// Whether a text can be one line of at most `most` bytes that shows something.
pub(crate) fn check(field: &'static str, text: &str, most: usize) -> Result<(), AppError> {
    if is_blank(text) || text.len() > most || text.contains(char::is_control) {
        return Err(AppError::invalid(field, format!("1 to {most} bytes of UTF-8 without control characters")));
    }
    Ok(())
}

/// A name of at most `most` bytes, in composed form: two that look the same because one was written in parts are the same. Names with
/// anything that is not seen, or that turns the direction of text, are refused.
pub(crate) fn name(field: &'static str, text: &str, most: usize) -> Result<String, AppError> {
    check(field, text, most)?;
    if hides(text) {
        let problem = "it has characters that are not seen, or that turn the direction of text: write it without them";
        return Err(AppError::invalid(field, problem));
    }
    let name = nfc(text.trim());
    check(field, &name, most)?;
    Ok(name)
}

/// The name of a person: full-width letters and other forms of the same count as the plain ones, so that nobody is called as a
/// colleague is.
pub(crate) fn of_person(text: &str) -> Result<String, AppError> {
    let name = nfkc(&name("name", text, BYTES)?);
    check("name", &name, BYTES)?;
    Ok(name)
}

/// The name of a client, which came from elsewhere: what is not seen is left out of it rather than refused.
pub(crate) fn of_client(field: &'static str, text: &str) -> Result<String, AppError> {
    check(field, text, BYTES)?;
    let seen: String = parts(text).filter(|part| !part.hides()).map(|part| part.c).collect();
    let name = nfc(seen.trim());
    check(field, &name, BYTES)?;
    Ok(name)
}

fn hides(text: &str) -> bool {
    parts(text).any(|part| part.hides())
}

/// A character, with those beside it.
struct Part {
    before: Option<char>,
    c: char,
    after: Option<char>,
}

fn parts(text: &str) -> impl Iterator<Item = Part> + '_ {
    let mut before = None;
    let mut chars = text.chars().peekable();
    std::iter::from_fn(move || {
        let c = chars.next()?;
        let part = Part { before, c, after: chars.peek().copied() };
        before = Some(c);
        Some(part)
    })
}

impl Part {
    /// Whether a reader is not to see it. Joiners are seen by what they do in emoji and in the scripts of Persian and India (RFC 5892,
    /// appendix A.1), and selectors of how an emoji is drawn behind one.
    fn hides(&self) -> bool {
        let is_emoji = |c: Option<char>| c.is_some_and(|c| !c.is_alphanumeric() && c > '\u{a8}');
        let is_joined = |c: Option<char>| {
            c.is_some_and(|c| matches!(c, '\u{620}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{18af}'))
        };
        let seen = match self.c {
            '\u{200d}' if is_emoji(self.before) && is_emoji(self.after) => true,
            '\u{200c}' | '\u{200d}' => is_joined(self.before) && is_joined(self.after),
            '\u{fe0e}' | '\u{fe0f}' => is_emoji(self.before) && !self.before.is_some_and(is_invisible),
            c => !is_invisible(c) && !is_bidi_control(c),
        };
        !seen
    }
}

/// Longest note, in bytes of UTF-8.
pub(crate) const TEXT_BYTES: usize = 1_024;

/// Whether a text can be a note, which may be empty and have lines.
pub(crate) fn check_text(field: &'static str, text: &str) -> Result<(), AppError> {
    if text.len() > TEXT_BYTES || text.contains('\0') {
        return Err(AppError::invalid(field, format!("at most {TEXT_BYTES} bytes of UTF-8, without U+0000")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_too_long_or_breaks_a_line_is_no_name() {
        for bad in ["", "  ", "a\nb", "a\u{7f}", "abcdef", "\u{3164}", "\u{2800}", "\u{200b}"] {
            assert!(check("name", bad, 5).is_err(), "{bad:?}");
            assert!(name("name", bad, 5).is_err(), "{bad:?}");
        }
        assert!(check("name", "Ünal", 5).is_ok());
    }

    #[test]
    fn what_is_not_seen_is_in_no_name() {
        for (at, unseen) in
            ["\u{202e}", "\u{200b}", "\u{2066}", "\u{ad}", "\u{feff}", "\u{3164}", "\u{e0041}", "\u{200d}", "\u{fe0f}"]
                .iter()
                .enumerate()
        {
            let text = format!("Ada{unseen}Lovelace");
            assert!(name("name", &text, BYTES).is_err(), "{at} {text:?}");
            assert_eq!(of_client("name", &text).ok().as_deref(), Some("AdaLovelace"), "{at}");
        }
        for good in
            ["Ada ❤\u{fe0f}", "👩\u{200d}👩\u{200d}👧 family", "می\u{200c}خواهم", "क्\u{200d}ष", "Ünal #1", "عمر"]
        {
            assert_eq!(name("name", good, BYTES).ok().as_deref(), Some(good), "{good}");
            assert_eq!(of_client("name", good).ok().as_deref(), Some(good), "{good}");
        }
    }

    #[test]
    fn names_that_look_the_same_are_the_same() {
        assert_eq!(name("name", "Rene\u{301}", BYTES).ok(), name("name", " René ", BYTES).ok());
        assert_eq!(of_person("Ａｄａ").ok().as_deref(), Some("Ada"));
        assert_eq!(name("label", "x²", BYTES).ok().as_deref(), Some("x²"));
        // One character of three bytes that stands for eighteen.
        assert!(of_person(&"\u{fdfa}".repeat(80)).is_err());
    }
}
