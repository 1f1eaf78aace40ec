//! What is searched for.

use super::{
    pair,
    pieces::{Piece, pieces},
};

/// Most words that a database is asked for at once.
const MOST: usize = 128;

/// One word that a text must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Letters, digits and marks.
    pub text: String,
    /// Whether a word that begins so is one.
    pub is_beginning: bool,
}

/// What a text must have to be found: one of the choices of each part, with all words of the choice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// All of them. A part has one choice or two.
    pub parts: Vec<Vec<Vec<Word>>>,
}

impl Query {
    /// Reads what a person typed. The last word may be the beginning of one.
    pub fn new(text: &str) -> Self {
        let mut parts: Vec<Vec<Vec<Word>>> = pieces(text).into_iter().map(choices).collect();
        for choice in parts.last_mut().into_iter().flatten() {
            if let Some(word) = choice.last_mut() {
                word.is_beginning = true;
            }
        }
        let mut left = MOST;
        for choice in parts.iter_mut().flatten() {
            choice.truncate(left.max(1));
            left = left.saturating_sub(choice.len());
        }
        Self { parts }
    }

    /// How many words were typed: a number counts as one however it is grouped, and so does what is written without spaces.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether nothing can be found by it.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}

fn choices(piece: Piece) -> Vec<Vec<Word>> {
    let whole = |text: String| Word { text, is_beginning: false };
    match piece {
        Piece::Word(word) => vec![vec![whole(word)]],
        Piece::Digits(groups) => {
            let joined = (groups.len() > 1).then(|| vec![whole(groups.concat())]);
            let groups = groups.into_iter().map(whole).collect();
            std::iter::once(groups).chain(joined).collect()
        }
        // One letter is found by the pairs that begin with it, and where it stands last.
        Piece::Unspaced(letters) if letters.len() == 1 => {
            vec![vec![Word { text: pair(&letters), is_beginning: true }]]
        }
        Piece::Unspaced(letters) => vec![letters.windows(2).map(|two| whole(pair(two))).collect()],
    }
}
