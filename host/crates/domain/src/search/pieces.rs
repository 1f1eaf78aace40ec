//! A text as pieces: words, stretches of a script without spaces, and groups of digits that may be one number.

use sluice_text::{digit, fold, is_unspaced};
use unicode_normalization::char::is_combining_mark;

use super::WORD_CHARS;
use crate::steps;

/// Most characters between two groups of digits of one number.
const BETWEEN: usize = 4;

/// One piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// A word with its first [`WORD_CHARS`] characters.
    Word(String),
    /// Letters of a script that is written without spaces.
    Unspaced(Vec<char>),
    /// Groups of digits, as ASCII.
    Digits(Vec<String>),
}

/// What a character is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Between,
    Letter,
    Unspaced,
    Digit(u8),
}

fn kind(c: char) -> Kind {
    match digit(c) {
        Some(value) => Kind::Digit(value),
        None if is_unspaced(c) => Kind::Unspaced,
        None if c.is_alphanumeric() || !c.is_ascii() && is_combining_mark(c) => Kind::Letter,
        None => Kind::Between,
    }
}

/// The pieces of a text, in order.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut reading = Reading::default();
    // Folding reads all of it, too.
    steps::take(text.len());
    for c in steps::each(fold(text).chars()) {
        reading.take(c, &mut pieces);
    }
    reading.end_word(&mut pieces);
    reading.end_unspaced(&mut pieces);
    reading.end_number(&mut pieces);
    pieces
}

/// What has been read of the pieces that are not over.
#[derive(Default)]
struct Reading {
    word: String,
    /// Whether the word has something else than digits.
    has_letters: bool,
    chars: usize,
    unspaced: Vec<char>,
    number: Vec<String>,
    between: usize,
}

impl Reading {
    fn take(&mut self, c: char, pieces: &mut Vec<Piece>) {
        let kind = kind(c);
        // A mark behind a letter of a script without spaces is a part of it.
        if kind == Kind::Unspaced || kind == Kind::Letter && !self.unspaced.is_empty() && is_combining_mark(c) {
            self.end_word(pieces);
            self.end_number(pieces);
            self.unspaced.push(c);
            return;
        }
        self.end_unspaced(pieces);
        match kind {
            Kind::Between => {
                self.end_word(pieces);
                self.between += 1;
                if self.between > BETWEEN {
                    self.end_number(pieces);
                }
            }
            Kind::Digit(value) => self.push(char::from(b'0' + value), false),
            Kind::Letter | Kind::Unspaced => self.push(c, true),
        }
    }

    fn push(&mut self, c: char, is_letter: bool) {
        self.has_letters |= is_letter;
        if self.chars < WORD_CHARS {
            self.word.push(c);
            self.chars += 1;
        }
    }

    fn end_word(&mut self, pieces: &mut Vec<Piece>) {
        let word = std::mem::take(&mut self.word);
        self.chars = 0;
        if word.is_empty() {
            return;
        }
        if std::mem::take(&mut self.has_letters) {
            self.end_number(pieces);
            pieces.push(Piece::Word(word));
        } else {
            self.number.push(word);
            self.between = 0;
        }
    }

    fn end_number(&mut self, pieces: &mut Vec<Piece>) {
        if !self.number.is_empty() {
            pieces.push(Piece::Digits(std::mem::take(&mut self.number)));
        }
    }

    fn end_unspaced(&mut self, pieces: &mut Vec<Piece>) {
        if !self.unspaced.is_empty() {
            pieces.push(Piece::Unspaced(std::mem::take(&mut self.unspaced)));
        }
    }
}
