//! The words by which a text is found. Both databases are given these words and nothing else, so both find the same.

use crate::steps;

/// Longest word, in characters; what is longer is cut, in texts and in what is searched for alike.
pub const WORD_CHARS: usize = 64;
/// Most words that are searched for at once.
pub const QUERY_WORDS: usize = 16;
/// Longest text that is searched for, in bytes of UTF-8.
pub const QUERY_BYTES: usize = 1_024;

/// The words of a text, in order: runs of letters and digits in lower case. `ё` counts as `е`, since people write either; accents
/// that are written as characters of their own are left out, except that they make `й` of `и`.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    let pieces = text.split(|c: char| {
        steps::take(1);
        !c.is_alphanumeric() && !is_accent(c)
    });
    pieces.map(word).filter(|word| !word.is_empty())
}

/// The words of a text as one text, with spaces between them.
pub fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in words(text) {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(&word);
    }
    folded
}

fn word(piece: &str) -> String {
    let mut word = String::with_capacity(piece.len());
    let mut chars = 0;
    for c in steps::each(piece.chars()).flat_map(char::to_lowercase) {
        if c == '\u{306}' && word.ends_with('и') {
            word.pop();
            word.push('й');
        } else if c.is_alphanumeric() && chars < WORD_CHARS {
            word.push(if c == 'ё' { 'е' } else { c });
            chars += 1;
        }
    }
    word
}

/// Combining Diacritical Marks (Unicode, block U+0300).
const fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Vec<String> {
        words(text).collect()
    }

    #[test]
    fn words_are_runs_of_letters_and_digits_in_lower_case() {
        assert_eq!(of("Where's my PARCEL, nr. 42-a?"), ["where", "s", "my", "parcel", "nr", "42", "a"]);
        assert_eq!(of("Ещё ёлка"), ["еще", "елка"]);
        assert_eq!(of("\" OR * NEAR(\0)"), ["or", "near"]);
        assert_eq!(of(" \u{1f6b0} _ \0"), [""; 0]);
    }

    #[test]
    fn a_letter_that_was_written_in_two_parts_is_one() {
        assert_eq!(of("и\u{306}од cafe\u{301}"), ["йод", "cafe"]);
    }

    #[test]
    fn a_long_word_is_cut_at_a_character() {
        assert_eq!(of(&"я".repeat(1_000)), ["я".repeat(WORD_CHARS)]);
    }

    proptest! {
        #[test]
        fn words_of_words_are_the_same_words(text: String) {
            let folded = folded(&text);
            prop_assert_eq!(of(&folded), of(&text));
            prop_assert!(folded.chars().all(|c| c == ' ' || c.is_alphanumeric()));
        }
    }
}
