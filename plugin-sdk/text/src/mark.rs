//! Marks that may be set on any letter or digit.

/// Whether it is a mark that goes with any letter or digit and makes another look of it: accents, strokes, circles. Signs of vowels
/// and the like that belong to one script's letters are not.
///
/// ```
/// assert!(sluice_text::is_free_mark('\u{301}') && sluice_text::is_free_mark('\u{336}'));
/// assert!(!sluice_text::is_free_mark('\u{e34}'), "a vowel of Thai");
/// ```
#[must_use]
pub const fn is_free_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Whether it is a point that people who write Hebrew or Arabic may leave out, or the stroke that makes a word longer.
pub(crate) const fn is_optional(c: char) -> bool {
    matches!(c, '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}'
        | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}'
        | '\u{6df}'..='\u{6e4}' | '\u{6e7}' | '\u{6e8}' | '\u{6ea}'..='\u{6ed}')
}

#[cfg(test)]
mod tests {
    use icu_properties::props::{EnumeratedProperty as _, GeneralCategory};

    use super::*;

    #[test]
    fn only_marks_are_left_out() {
        use GeneralCategory as Is;
        for c in ('\0'..=char::MAX).filter(|&c| is_free_mark(c) || is_optional(c) && c != '\u{640}') {
            let category = GeneralCategory::for_char(c);
            assert!(
                matches!(category, Is::NonspacingMark | Is::EnclosingMark | Is::Unassigned),
                "{:x} {category:?}",
                c as u32
            );
        }
    }
}
