//! What a reader sees, and what not.

/// Whether it is ignored where it is not supported: joiners, marks of direction, fillers, selectors of variations, tags, the soft
/// hyphen (Unicode's `Default_Ignorable_Code_Point`).
///
/// ```
/// assert!(sluice_text::is_ignorable('\u{200b}') && sluice_text::is_ignorable('\u{3164}'));
/// assert!(!sluice_text::is_ignorable(' '));
/// ```
#[must_use]
pub const fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether nothing is drawn for it and it parts no words: what is ignorable, controls, annotations, and characters that are none.
///
/// ```
/// assert!(sluice_text::is_invisible('\u{1}') && sluice_text::is_invisible('\u{2060}'));
/// assert!(!sluice_text::is_invisible('\t'), "it parts words");
/// ```
#[must_use]
pub const fn is_invisible(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control() && !matches!(c, '\t'..='\r');
    }
    is_ignorable(c)
        || matches!(c, '\u{80}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fff9}'..='\u{fffb}' | '\u{fdd0}'..='\u{fdef}'
            | '\u{13430}'..='\u{13440}' | '\u{16fe4}' | '\u{1d159}')
        || c as u32 & 0xfffe == 0xfffe
}

/// Whether it is seen as a space or as the end of a line: white space, and the braille pattern without dots.
///
/// ```
/// assert!(" \t\u{a0}\u{3000}\u{2800}".chars().all(sluice_text::is_space));
/// ```
#[must_use]
pub const fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}'
}

/// Whether something is drawn for it.
///
/// ```
/// assert!(sluice_text::is_visible('👍') && !sluice_text::is_visible('\u{fe0f}'));
/// ```
#[must_use]
pub const fn is_visible(c: char) -> bool {
    !is_invisible(c) && !is_space(c)
}

/// Whether a text shows nothing.
///
/// ```
/// assert!(sluice_text::is_blank("") && sluice_text::is_blank("\u{3164}\n\u{202e}"));
/// assert!(!sluice_text::is_blank("."));
/// ```
#[must_use]
pub fn is_blank(text: &str) -> bool {
    !text.chars().any(is_visible)
}

/// Whether it changes the direction of the text around it, and so what a name seems to be.
///
/// ```
/// assert!(sluice_text::is_bidi_control('\u{202e}'));
/// ```
#[must_use]
pub const fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use icu_properties::{
        CodePointSetData,
        props::{BidiControl, DefaultIgnorableCodePoint, EnumeratedProperty as _, GeneralCategory},
    };

    use super::*;

    #[test]
    fn what_is_ignorable_and_what_turns_text_is_what_unicode_says() {
        let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
        let turns = CodePointSetData::new::<BidiControl>();
        for c in '\0'..=char::MAX {
            assert_eq!(is_ignorable(c), ignorable.contains(c), "{:x}", c as u32);
            assert_eq!(is_bidi_control(c), turns.contains(c), "{:x}", c as u32);
        }
    }

    #[test]
    fn nothing_that_is_written_is_invisible() {
        use GeneralCategory as Is;
        for c in '\0'..=char::MAX {
            let category = GeneralCategory::for_char(c);
            if category == Is::Control {
                assert_ne!(is_invisible(c), is_space(c), "{:x}", c as u32);
            } else if is_invisible(c) && !is_ignorable(c) {
                assert!(
                    matches!(category, Is::Format | Is::Unassigned | Is::NonspacingMark)
                        || matches!(c, '\u{1d159}' | '\u{16fe4}'),
                    "{:x}",
                    c as u32
                );
            }
            assert!(!(is_invisible(c) && is_space(c)), "{:x}", c as u32);
        }
    }

    #[test]
    fn what_shows_nothing_is_blank() {
        let nothing =
            ["", " ", "\u{3164}", "\u{115f}\u{1160}", "\u{ffa0}", "\u{2800}", "\u{200b}\u{feff}", "\u{e0041}\t"];
        assert!(nothing.iter().all(|text| is_blank(text)));
        assert!(["a", "\u{3164}а", "👍\u{fe0f}", "。", "e\u{301}", "\u{301}"].iter().all(|text| !is_blank(text)));
    }
}
