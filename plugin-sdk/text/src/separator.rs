//! What stands between groups of digits.

use crate::{digit, is_free_mark, is_invisible, is_space};

/// What a sign between two groups of digits is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separator {
    /// A space, a tab, the end of a line.
    Space,
    /// A dash, a minus, a low line, a tilde, and letters of Japanese and Korean that are written as dashes.
    Dash,
    /// A full stop, or a dot in the middle of the line or below it.
    Dot,
    /// A slash of either direction.
    Slash,
    /// A bracket of any kind.
    Bracket,
    /// Any other sign: commas, bars, stars, emoji.
    Sign,
}

/// What a character is between two groups of digits; `None` for letters, digits, and what is not seen. Whatever is neither
/// separates, so that no list must know it.
///
/// ```
/// use sluice_text::{Separator, separator};
///
/// assert_eq!(separator('\t'), Some(Separator::Space));
/// assert_eq!(separator('_'), Some(Separator::Dash));
/// assert_eq!(separator('•'), Some(Separator::Dot));
/// assert_eq!(separator('★'), Some(Separator::Sign));
/// assert_eq!(separator('x'), None);
/// ```
#[must_use]
pub fn separator(c: char) -> Option<Separator> {
    match c {
        ' ' => Some(Separator::Space),
        '0'..='9' | 'a'..='z' | 'A'..='Z' => None,
        _ if is_dash(c) => Some(Separator::Dash),
        _ if is_dot(c) => Some(Separator::Dot),
        _ if is_slash(c) => Some(Separator::Slash),
        _ if is_bracket(c) => Some(Separator::Bracket),
        _ if is_space(c) => Some(Separator::Space),
        _ if c.is_alphanumeric() || is_invisible(c) || is_free_mark(c) || digit(c).is_some() => None,
        _ => Some(Separator::Sign),
    }
}

const fn is_dash(c: char) -> bool {
    matches!(c, '-' | '_' | '~' | '\u{2d7}' | '\u{58a}' | '\u{5be}' | '\u{1400}' | '\u{1806}' | '\u{2010}'..='\u{2015}'
        | '\u{203e}'..='\u{2040}' | '\u{2043}' | '\u{2053}' | '\u{2054}' | '\u{207b}' | '\u{208b}' | '\u{2212}'
        | '\u{223c}' | '\u{23af}' | '\u{2500}' | '\u{2501}' | '\u{2796}' | '\u{2e0f}' | '\u{2e17}' | '\u{2e1a}'
        | '\u{2e3a}' | '\u{2e3b}' | '\u{2e40}' | '\u{2e5d}' | '\u{301c}' | '\u{3030}' | '\u{30a0}' | '\u{30fc}'
        | '\u{3161}' | '\u{fe31}'..='\u{fe34}' | '\u{fe4d}'..='\u{fe4f}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
        | '\u{ff3f}' | '\u{ff5e}' | '\u{ff70}' | '\u{ffe3}' | '\u{10d6e}' | '\u{10ead}')
}

const fn is_dot(c: char) -> bool {
    matches!(
        c,
        '.' | '\u{b7}'
            | '\u{387}'
            | '\u{589}'
            | '\u{5c3}'
            | '\u{6d4}'
            | '\u{701}'
            | '\u{702}'
            | '\u{2022}'
            | '\u{2024}'
            | '\u{2027}'
            | '\u{2219}'
            | '\u{22c5}'
            | '\u{25cf}'
            | '\u{25e6}'
            | '\u{26ab}'
            | '\u{2981}'
            | '\u{2e31}'
            | '\u{2e33}'
            | '\u{2e3c}'
            | '\u{3002}'
            | '\u{30fb}'
            | '\u{fe52}'
            | '\u{ff0e}'
            | '\u{ff61}'
            | '\u{ff65}'
            | '\u{10101}'
    )
}

const fn is_slash(c: char) -> bool {
    matches!(
        c,
        '/' | '\\'
            | '\u{2044}'
            | '\u{2215}'
            | '\u{2216}'
            | '\u{2571}'
            | '\u{2572}'
            | '\u{29f5}'
            | '\u{29f8}'
            | '\u{29f9}'
            | '\u{fe68}'
            | '\u{ff0f}'
            | '\u{ff3c}'
    )
}

const fn is_bracket(c: char) -> bool {
    matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '\u{2045}' | '\u{2046}' | '\u{207d}' | '\u{207e}'
        | '\u{208d}' | '\u{208e}' | '\u{2308}'..='\u{230b}' | '\u{2329}' | '\u{232a}' | '\u{2768}'..='\u{2775}'
        | '\u{27e6}'..='\u{27ef}' | '\u{2983}'..='\u{2998}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301b}'
        | '\u{fe59}'..='\u{fe5e}' | '\u{ff08}' | '\u{ff09}' | '\u{ff1c}' | '\u{ff1e}' | '\u{ff3b}' | '\u{ff3d}'
        | '\u{ff5b}' | '\u{ff5d}' | '\u{ff5f}' | '\u{ff60}' | '\u{ff62}' | '\u{ff63}')
}

#[cfg(test)]
mod tests {
    use icu_properties::{
        CodePointSetData,
        props::{Dash, EnumeratedProperty as _, GeneralCategory, WhiteSpace},
    };

    use super::*;

    #[test]
    fn every_character_is_a_letter_a_digit_unseen_or_separates() {
        use GeneralCategory as Is;
        let (dash, space) = (CodePointSetData::new::<Dash>(), CodePointSetData::new::<WhiteSpace>());
        for c in '\0'..=char::MAX {
            let (category, is) = (GeneralCategory::for_char(c), separator(c));
            if dash.contains(c) || category == Is::ConnectorPunctuation {
                assert_eq!(is, Some(Separator::Dash), "{:x}", c as u32);
            } else if space.contains(c) {
                assert_eq!(is, Some(Separator::Space), "{:x}", c as u32);
            } else if digit(c).is_some() {
                assert_eq!(is, None, "{:x}", c as u32);
            } else if matches!(
                category,
                Is::OpenPunctuation
                    | Is::ClosePunctuation
                    | Is::InitialPunctuation
                    | Is::FinalPunctuation
                    | Is::OtherPunctuation
                    | Is::MathSymbol
                    | Is::CurrencySymbol
                    | Is::ModifierSymbol
            ) {
                assert!(is.is_some(), "{:x}", c as u32);
            } else if c.is_alphanumeric() && matches!(category, Is::UppercaseLetter | Is::LowercaseLetter) {
                assert_eq!(is, None, "{:x}", c as u32);
            }
        }
    }
}
