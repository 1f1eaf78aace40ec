//! Where words begin and end.

use unicode_segmentation::UnicodeSegmentation as _;

/// The words of a text (Unicode Standard Annex 29, section 4). In scripts without spaces between words, such as Chinese, Japanese and
/// Thai, where a word ends takes a dictionary to say: there, each letter with its marks may be given by itself.
///
/// ```
/// let words: Vec<&str> = sluice_text::words("Can't stop, 3.14!").collect();
/// assert_eq!(words, ["Can't", "stop", "3.14"]);
/// ```
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.unicode_words()
}

/// Whether it is a letter of a script that is written without spaces between words: Chinese, Japanese, Thai, Lao, Khmer, Burmese, the
/// scripts of the Tai, Javanese, Balinese, Tangut, Nushu and others. In them a whole word cannot be told by what stands beside it.
///
/// ```
/// use sluice_text::is_unspaced;
///
/// assert!("你はカ泰ไລខမ".chars().all(is_unspaced));
/// assert!(!"aж한ש7。".chars().any(is_unspaced));
/// ```
#[must_use]
pub const fn is_unspaced(c: char) -> bool {
    // The letters that texts have most of.
    match c {
        '\0'..='\u{dff}' | '\u{ac00}'..='\u{d7a3}' => return false,
        '\u{4e00}'..='\u{9fff}' => return true,
        _ => {}
    }
    matches!(c, '\u{e01}'..='\u{e3a}' | '\u{e40}'..='\u{e4e}' | '\u{e81}'..='\u{ece}' | '\u{edc}'..='\u{edf}'
        | '\u{1000}'..='\u{103f}' | '\u{1050}'..='\u{108f}' | '\u{109a}'..='\u{109f}' | '\u{1780}'..='\u{17d3}'
        | '\u{17d7}' | '\u{17dc}' | '\u{17dd}' | '\u{1950}'..='\u{19c9}' | '\u{19de}' | '\u{19df}' | '\u{1a20}'..='\u{1a7c}'
        | '\u{1aa7}' | '\u{1b00}'..='\u{1b4c}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{302f}' | '\u{3031}'..='\u{3035}'
        | '\u{3038}'..='\u{303c}' | '\u{3041}'..='\u{309f}' | '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{312f}'
        | '\u{31a0}'..='\u{31bf}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{a980}'..='\u{a9c0}' | '\u{a9cf}' | '\u{a9e0}'..='\u{a9ef}' | '\u{a9fa}'..='\u{a9fe}'
        | '\u{aa60}'..='\u{aac2}' | '\u{aadb}'..='\u{aadd}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}'
        | '\u{11700}'..='\u{1172b}' | '\u{11740}'..='\u{11746}' | '\u{16fe0}'..='\u{1b2fb}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use icu_properties::props::{EnumeratedProperty as _, LineBreak, Script};

    use super::*;

    #[test]
    fn the_letters_of_scripts_without_spaces_are_known() {
        use Script as Of;
        for c in ('\0'..=char::MAX).filter(|c| c.is_alphabetic() && crate::digit(*c).is_none()) {
            let script = Script::for_char(c);
            let unspaced = matches!(
                script,
                Of::Han
                    | Of::Hiragana
                    | Of::Katakana
                    | Of::Bopomofo
                    | Of::Thai
                    | Of::Lao
                    | Of::Khmer
                    | Of::Myanmar
                    | Of::TaiLe
                    | Of::NewTaiLue
                    | Of::TaiTham
                    | Of::TaiViet
                    | Of::Ahom
                    | Of::Javanese
                    | Of::Balinese
                    | Of::Tangut
                    | Of::Nushu
                    | Of::KhitanSmallScript
            ) || LineBreak::for_char(c) == LineBreak::ComplexContext;
            let shared = matches!(script, Of::Common | Of::Inherited | Of::Unknown);
            assert!(is_unspaced(c) == unspaced || is_unspaced(c) && shared, "{c} {:x} {script:?}", c as u32);
        }
    }
}
