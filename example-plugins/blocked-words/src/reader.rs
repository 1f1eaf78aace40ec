//! A text as elements: letters, and one separator for everything between two words.

use crate::letters::{DROPPED, EXPANDED, Letters, SEPARATOR, SIGN, expansion};

/// What signs such as `$` are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signs {
    /// Between words, as in ordinary writing.
    Separate,
    /// Letters where they touch one: `$`, `@`, `€` and `+` on either side, `!` and `|` on both.
    Join,
}

/// A letter or a separator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Element {
    /// [`SEPARATOR`], or the class of the letter.
    pub(crate) class: u8,
    /// The character as it is in the text; of a separator, the first one.
    pub(crate) character: char,
    /// Whether it is a sign in a letter's place.
    pub(crate) is_sign: bool,
    /// Byte offset of its first byte.
    pub(crate) start: usize,
    /// Byte offset after it, and after the marks that follow it.
    pub(crate) end: usize,
}

/// Reads elements from somewhere in a text.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    letters: &'a Letters,
    text: &'a str,
    at: usize,
    signs: Signs,
    /// The letters that are left of a character that is several, and where it is.
    several: std::str::Chars<'static>,
    whole: (usize, usize),
}

impl<'a> Reader<'a> {
    /// From the byte offset `at`, which lies between characters.
    pub(crate) fn new(letters: &'a Letters, text: &'a str, at: usize, signs: Signs) -> Self {
        Self { letters, text, at, signs, several: "".chars(), whole: (0, 0) }
    }

    /// The character at the byte offset `at`, and its class as `signs` wants it.
    fn peek(&self) -> Option<(char, u8)> {
        let c = self.text.get(self.at..)?.chars().next()?;
        let class = self.letters.class(c);
        if class >= EXPANDED || class & SIGN == 0 {
            return Some((c, class));
        }
        let is_letter = match self.signs {
            Signs::Separate => false,
            Signs::Join => joins(self.text, self.at, c),
        };
        Some((c, if is_letter { class } else { SEPARATOR }))
    }
}

impl Reader<'_> {
    /// The next letter of a character that is several.
    fn next_of_several(&mut self) -> Option<Element> {
        let character = self.several.next()?;
        let (start, end) = self.whole;
        Some(Element { class: self.letters.class(character), character, is_sign: false, start, end })
    }
}

impl Iterator for Reader<'_> {
    type Item = Element;

    fn next(&mut self) -> Option<Element> {
        let mut element = self.next_of_several();
        while let Some((character, class)) = self.peek() {
            let end = self.at + character.len_utf8();
            match &mut element {
                // More of them follow before what comes after them.
                Some(_) if !self.several.as_str().is_empty() => break,
                None if class == DROPPED => {}
                None if class == EXPANDED => {
                    (self.several, self.whole) = (expansion(character).chars(), (self.at, end));
                    element = self.next_of_several();
                }
                None => {
                    let is_sign = class & SIGN != 0;
                    element = Some(Element { class: class & !SIGN, character, is_sign, start: self.at, end });
                }
                Some(element) if class == DROPPED || (class == SEPARATOR && element.class == SEPARATOR) => {
                    element.end = end;
                }
                Some(_) => break,
            }
            self.at = end;
        }
        element
    }
}

/// Whether the sign `c` at the byte offset `at` touches letters so that it may stand for one.
pub(crate) fn joins(text: &str, at: usize, c: char) -> bool {
    let is_letter = |byte: Option<&u8>| {
        byte.is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'$' | b'@' | b'+'))
    };
    let bytes = text.as_bytes();
    let before = is_letter(at.checked_sub(1).and_then(|before| bytes.get(before)));
    let after = is_letter(bytes.get(at + c.len_utf8()));
    if matches!(c, '!' | '|') { before && after } else { before || after }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, signs: Signs) -> Vec<String> {
        let letters = Letters::new(true);
        Reader::new(&letters, text, 0, signs)
            .map(
                |element| {
                    if element.class == SEPARATOR {
                        " ".to_owned()
                    } else {
                        text[element.start..element.end].to_owned()
                    }
                },
            )
            .collect()
    }

    #[test]
    fn separators_are_one_element_and_marks_belong_to_their_letter() {
        assert_eq!(read("\u{200b}e\u{301}, - x", Signs::Separate), ["e\u{301}", " ", "x"]);
        assert_eq!(read("aß\u{301}ﬃb", Signs::Separate), ["a", "ß", "ß\u{301}", "ﬃ", "ﬃ", "ﬃ", "b"]);
    }

    #[test]
    fn signs_are_what_they_are_said_to_be() {
        assert_eq!(read("$h! t!", Signs::Separate), [" ", "h", " ", "t", " "]);
        assert_eq!(read("$h!t! $ a$$", Signs::Join), ["$", "h", "!", "t", " ", "a", "$", "$"]);
    }
}
