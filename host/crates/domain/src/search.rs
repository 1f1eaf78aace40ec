//! The words by which a text is found. Both databases are given these words and nothing else, so both find the same.
//!
//! A text is folded first ([`sluice_text::fold`]). Words are runs of letters, digits and marks. In scripts without spaces between words,
//! each letter is indexed with the one behind it, and the last one by itself; a search asks for the pairs. Groups of digits are indexed one
//! by one and joined, so that a number is found however it was grouped.

mod pieces;
mod query;

#[cfg(test)]
mod tests;

pub use query::{Query, Word};

use pieces::{Piece, pieces};

/// Longest word, in characters; what is longer is cut, in texts and in what is searched for alike.
pub const WORD_CHARS: usize = 64;
/// Most words that are searched for at once. What is written without spaces counts as one.
pub const QUERY_WORDS: usize = 16;
/// Longest text that is searched for, in bytes of UTF-8.
pub const QUERY_BYTES: usize = 1_024;

/// Fewest digits of a joined number that ends where more groups follow.
const JOINED: usize = 7;
/// Most digits of a joined number.
const JOINED_MOST: usize = 20;
/// Most joined numbers of one text: a page of figures must not grow without end.
const JOINED_NUMBERS: usize = 2_000;

/// The words by which a text is found, with spaces between them. They have letters, digits and marks of any script, and no other ASCII
/// than letters and digits.
pub fn indexed(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut add = |word: &str| {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    };
    let mut left = JOINED_NUMBERS;
    for piece in pieces(text) {
        match piece {
            Piece::Word(word) => add(&word),
            Piece::Unspaced(letters) => (0..letters.len()).for_each(|at| add(&pair(&letters[at..]))),
            Piece::Digits(groups) => {
                groups.iter().for_each(|group| add(group));
                joined(&groups).take(left).for_each(|number| {
                    left -= 1;
                    add(&number);
                });
            }
        }
    }
    words
}

/// The first two letters, or the last one.
fn pair(letters: &[char]) -> String {
    letters.iter().take(2).collect()
}

/// The numbers that groups of digits may be together: from each group on, those that are long enough, and the one up to the end.
fn joined(groups: &[String]) -> impl Iterator<Item = String> + '_ {
    (0..groups.len().saturating_sub(1))
        .flat_map(move |first| {
            let mut number = groups[first].clone();
            groups[first + 1..].iter().enumerate().map_while(move |(after, group)| {
                number.push_str(group);
                let ends = first + after + 2 == groups.len();
                (number.len() <= JOINED_MOST).then(|| (ends || number.len() >= JOINED).then(|| number.clone()))
            })
        })
        .flatten()
}
