//! Forms of a text that compare equal where readers see the same.

use unicode_normalization::UnicodeNormalization as _;

use crate::{
    is_ignorable,
    mark::{is_free_mark, is_optional},
};

/// A text in composed form (Unicode's NFC): the form in which it looks the same and means the same.
///
/// ```
/// assert_eq!(sluice_text::nfc("e\u{301}"), "é");
/// ```
#[must_use]
pub fn nfc(text: &str) -> String {
    text.nfc().collect()
}

/// A text in composed form, with full-width, circled and other characters as the plain ones that they stand for (Unicode's NFKC).
///
/// ```
/// assert_eq!(sluice_text::nfkc("Ａe\u{301}①"), "Aé1");
/// ```
#[must_use]
pub fn nfkc(text: &str) -> String {
    text.nfkc().collect()
}

/// A character as it compares whatever its case: `ß` as `ss`, `Σ` and `ς` as `σ` (Unicode's full case folding, but that `ı` counts as
/// `i`, and that letters of Cherokee become small).
///
/// ```
/// let folded: String = "GROẞ Σίσυφος".chars().flat_map(sluice_text::caseless).collect();
/// assert_eq!(folded, "gross σίσυφοσ");
/// ```
pub fn caseless(c: char) -> impl Iterator<Item = char> {
    let mut lower = c.to_lowercase();
    // What is small and nothing but ASCII is done; for the rest, Unicode's folding is what is small of what is large of it.
    let plain = c.is_ascii().then(|| lower.next()).flatten();
    let full = lower.flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    plain.into_iter().chain(full)
}

/// A text as it is compared: compatible characters plain (NFKC), case folded, what is not seen left out, and so are marks that people
/// may leave out (accents, points of Hebrew and Arabic), in whichever form they were written. `й`, `ä`, `ö`, `ü`, `å` and `ñ` stay, since
/// alphabets count them as other letters than `и`, `a`, `o`, `u` and `n`.
///
/// ```
/// use sluice_text::fold;
///
/// assert_eq!(fold("Cafe\u{301} Ｇｒöße"), "cafe grösse");
/// assert_eq!(fold("Ещё по\u{ad}год\u{438}\u{306}"), "еще погодй");
/// ```
#[must_use]
pub fn fold(text: &str) -> String {
    let plain = text.chars().filter(|c| !is_ignorable(*c)).nfkd().flat_map(caseless);
    let mut before = ' ';
    let kept = plain.nfkd().filter(move |&c| {
        let keeps = makes_another_letter(before, c) || !(is_free_mark(c) || is_optional(c) || is_ignorable(c));
        before = if keeps || !is_free_mark(c) { c } else { before };
        keeps
    });
    kept.nfc().collect()
}

/// Whether alphabets count the letter with this mark as one of its own.
const fn makes_another_letter(letter: char, mark: char) -> bool {
    matches!((letter, mark), ('и', '\u{306}') | ('a' | 'o' | 'u', '\u{308}') | ('a', '\u{30a}') | ('n', '\u{303}'))
}

#[cfg(test)]
mod tests {
    use icu_casemap::CaseMapper;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_is_folded_as_unicode_says() {
        let icu = CaseMapper::new();
        let differs = |c: &char| matches!(c, 'ı' | '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}');
        // ICU's data may be newer than the standard library's, and know more letters.
        for c in ('\0'..=char::MAX).filter(|c| c.is_alphanumeric() && !differs(c)) {
            let ours: String = caseless(c).collect();
            assert_eq!(ours, *icu.fold_string(c.encode_utf8(&mut [0; 4])), "{c} {:x}", c as u32);
        }
    }

    #[test]
    fn what_looks_the_same_folds_alike() {
        for (one, other) in [
            ("Café", "CAFE\u{301}"),
            ("STRASSE", "straße"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("İstanbul", "istanbul"),
            ("ﬁne", "FINE"),
            ("ｶﾞ", "ガ"),
            ("한", "\u{1112}\u{1161}\u{11ab}"),
            ("ёж", "ЕЖ"),
            ("йод", "и\u{306}од"),
            ("a\u{34f}\u{3164}b", "ab"),
            ("שלום", "שָׁלוֹם"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        assert_ne!(fold("мой"), fold("мои"));
        assert_ne!(fold("か"), fold("が"));
        assert_ne!(fold("gruße"), fold("GRÜSSE"));
    }

    proptest! {
        #[test]
        fn both_forms_of_any_text_fold_alike(text in "(\\PC|[éёйΐẛ\u{fb01}ıİßΣςｶﾞ한が]|[\u{300}-\u{345}]){0,12}") {
            let folded = fold(&text);
            prop_assert_eq!(&fold(&text.nfd().collect::<String>()), &folded);
            prop_assert_eq!(&fold(&text.nfc().collect::<String>()), &folded);
            prop_assert_eq!(&fold(&folded), &folded, "of what is folded");
        }

        #[test]
        fn what_is_not_seen_makes_no_difference(text in "\\PC{1,8}", unseen in "[\u{200b}\u{ad}\u{fe0f}\u{3164}\u{e0041}]{1,3}", at: usize) {
            let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let mut with = text.clone();
            with.insert_str(ends[at % ends.len()], &unseen);
            prop_assert_eq!(fold(&with), fold(&text));
        }
    }
}
