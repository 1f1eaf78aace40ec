//! Finds the patterns of all lists in a text, in one pass that stores nothing.
//!
//! Whole words are looked up by the key of their letters where they end; patterns that may stand anywhere, by the key of
//! the last few letters, at every letter. What is found is compared letter by letter before it counts.

use std::ops::ControlFlow;

use crate::{
    letters::{DROPPED, Letters, SEPARATOR, SIGN},
    patterns::{Hit, Pattern, Patterns},
    reader::{Element, Reader, Signs, joins},
    spaced::Singles,
    table::{Key, Table},
};

/// How many first letters of an anywhere-pattern make its key: the most of these that it has.
const PART_LENGTHS: [u32; 4] = [1, 2, 3, 5];

/// Patterns with their table.
#[derive(Debug, Default)]
pub(crate) struct Index {
    table: Table,
    patterns: Patterns,
}

/// Patterns that may stand anywhere and have keys of the same length.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) length: u32,
    pub(crate) index: Index,
}

/// Everything that is prepared in `configure`.
#[derive(Debug)]
pub(crate) struct Matcher {
    letters: Letters,
    words: Index,
    parts: Vec<Part>,
    spaced_letters: bool,
}

/// Gets each hit; breaks when nothing that follows could change the verdict.
pub(crate) trait Hits {
    /// One hit. Hits come in no particular order and may overlap.
    fn hit(&mut self, hit: Hit) -> ControlFlow<()>;
}

impl Index {
    fn new(mut patterns: Vec<Pattern>, key_part: impl Fn(&Pattern) -> &[u8], key: impl Fn(&[u8]) -> Key) -> Self {
        patterns.sort_unstable();
        patterns.dedup();
        let mut keys = Vec::new();
        let mut begin = Vec::new();
        for (index, pattern) in patterns.iter().enumerate() {
            if index == 0 || key_part(&patterns[index - 1]) != key_part(pattern) {
                keys.push(key(key_part(pattern)).finish());
                begin.push(index as u32);
            }
        }
        Self { table: Table::new(&keys), patterns: Patterns::new(&patterns, begin) }
    }

    /// Every pattern with this key that `elements` begin with.
    pub(crate) fn look_up(
        &self,
        letters: &Letters,
        key: Key,
        elements: impl Iterator<Item = Element> + Clone,
        fits: impl Fn(Option<&Element>) -> bool,
        hits: &mut impl Hits,
    ) -> ControlFlow<()> {
        let mut flow = ControlFlow::Continue(());
        for group in self.table.groups(key.finish()) {
            self.patterns.search(letters, group, elements.clone(), &fits, |hit| {
                if flow.is_continue() {
                    flow = hits.hit(hit);
                }
            });
        }
        flow
    }
}

/// A word while its letters pass by.
#[derive(Default)]
struct Word {
    start: usize,
    key: Key,
    letters: usize,
}

/// The last letters and separators, for patterns that may stand anywhere.
struct Recent {
    classes: u64,
    starts: [usize; 8],
    count: usize,
}

impl Matcher {
    pub(crate) fn new(letters: Letters, words: Vec<Pattern>, parts: Vec<Pattern>, spaced_letters: bool) -> Self {
        let by_length = |length: u32| {
            let fits = |pattern: &&Pattern| {
                PART_LENGTHS.iter().rfind(|&&most| most as usize <= pattern.classes().len()) == Some(&length)
            };
            let patterns: Vec<Pattern> = parts.iter().filter(fits).cloned().collect();
            let key = |classes: &[u8]| {
                Key::of_recent(classes.iter().fold(0, |recent, &class| recent << 8 | u64::from(class)), length)
            };
            let begin = |pattern: &'_ Pattern| pattern.classes().len().min(length as usize);
            (!patterns.is_empty()).then(|| Part {
                length,
                index: Index::new(patterns, |pattern| &pattern.classes()[..begin(pattern)], key),
            })
        };
        let parts = PART_LENGTHS.into_iter().filter_map(by_length).collect();
        let key = |classes: &[u8]| classes.iter().fold(Key::default(), |key, &class| key.with(class));
        Self { words: Index::new(words, Pattern::first_word, key), parts, letters, spaced_letters }
    }

    /// Tells `hits` of everything that is found in `text`.
    pub(crate) fn find(&self, text: &str, hits: &mut impl Hits) {
        // A break is only a reason to stop early.
        let _ = self.scan(text, hits);
    }

    fn scan(&self, text: &str, hits: &mut impl Hits) -> ControlFlow<()> {
        let bytes = text.as_bytes();
        let mut word = Word::default();
        let mut singles = Singles::default();
        let mut recent = Recent { classes: 0, starts: [0; 8], count: 0 };
        // A stretch of letters and of signs that touch them, and whether there is such a sign.
        let mut stretch = None;
        let mut has_signs = false;
        let mut at = 0;
        while at < bytes.len() {
            let start = at;
            let mut character = char::from(bytes[at]);
            let class = if character.is_ascii() {
                at += 1;
                self.letters.ascii_class(bytes[start])
            } else {
                character = text[at..].chars().next().unwrap_or_default();
                at += character.len_utf8();
                self.letters.class(character)
            };
            if class == DROPPED {
                continue;
            }
            let is_sign = class & SIGN != 0;
            if class != SEPARATOR && !is_sign {
                if word.letters == 0 {
                    word = Word { start, ..Word::default() };
                }
                word.key = word.key.with(class);
                word.letters += 1;
            } else if word.letters > 0 {
                self.end_word(text, &word, start, &mut singles, hits)?;
                word.letters = 0;
            }
            let class = if is_sign && !joins(text, start, character) { SEPARATOR } else { class & !SIGN };
            if class != SEPARATOR {
                stretch.get_or_insert(start);
                has_signs |= is_sign;
            } else if let Some(begin) = stretch.take()
                && has_signs
            {
                self.end_stretch(text, begin, start, hits)?;
                has_signs = false;
            }
            if !self.parts.is_empty() {
                self.end_part(text, &mut recent, class, start, hits)?;
            }
        }
        if word.letters > 0 {
            self.end_word(text, &word, bytes.len(), &mut singles, hits)?;
        }
        if let Some(begin) = stretch.filter(|_| has_signs) {
            self.end_stretch(text, begin, bytes.len(), hits)?;
        }
        singles.end(&self.letters, &self.words, &self.parts, text, hits)
    }

    #[inline]
    fn end_word(
        &self,
        text: &str,
        word: &Word,
        end: usize,
        singles: &mut Singles,
        hits: &mut impl Hits,
    ) -> ControlFlow<()> {
        let fits = |next: Option<&Element>| next.is_none_or(|next| next.class == SEPARATOR);
        // Read twice, because a sign may be a letter of a phrase's later words, or only follow one.
        for signs in [Signs::Separate, Signs::Join] {
            let elements = Reader::new(&self.letters, text, word.start, signs);
            self.words.look_up(&self.letters, word.key, elements, fits, hits)?;
        }
        if !self.spaced_letters {
            return ControlFlow::Continue(());
        }
        if word.letters > 1 || !singles.take(word.start, end) {
            singles.end(&self.letters, &self.words, &self.parts, text, hits)?;
            if word.letters == 1 {
                singles.take(word.start, end);
            }
        }
        ControlFlow::Continue(())
    }

    /// Looks a stretch with signs up once more, the signs taken for letters: all of it, without the signs at its start,
    /// without those at its end, without both.
    #[cold]
    fn end_stretch(&self, text: &str, begin: usize, end: usize, hits: &mut impl Hits) -> ControlFlow<()> {
        let mut elements =
            Reader::new(&self.letters, text, begin, Signs::Join).take_while(|element| element.start < end);
        let first_letter = elements.find(|element| !element.is_sign).map(|element| element.start);
        let begins = [Some(begin), first_letter.filter(|&start| start != begin)];
        for begin in begins.into_iter().flatten() {
            let elements = Reader::new(&self.letters, text, begin, Signs::Join);
            let mut whole = Key::default();
            let mut to_last_letter = Key::default();
            for element in elements.clone().take_while(|element| element.start < end) {
                whole = whole.with(element.class);
                if !element.is_sign {
                    to_last_letter = whole;
                }
            }
            let fits = |next: Option<&Element>| next.is_none_or(|next| next.class == SEPARATOR || next.is_sign);
            self.words.look_up(&self.letters, whole, elements.clone(), fits, hits)?;
            if to_last_letter != whole {
                self.words.look_up(&self.letters, to_last_letter, elements, fits, hits)?;
            }
        }
        ControlFlow::Continue(())
    }

    #[inline]
    fn end_part(
        &self,
        text: &str,
        recent: &mut Recent,
        class: u8,
        start: usize,
        hits: &mut impl Hits,
    ) -> ControlFlow<()> {
        if class == SEPARATOR && recent.classes & 0xff == u64::from(SEPARATOR) {
            return ControlFlow::Continue(());
        }
        recent.classes = recent.classes << 8 | u64::from(class);
        recent.starts[recent.count % 8] = start;
        recent.count += 1;
        for part in &self.parts {
            let Some(first) = recent.count.checked_sub(part.length as usize) else { break };
            let key = Key::of_recent(recent.classes, part.length);
            let elements = Reader::new(&self.letters, text, recent.starts[first % 8], Signs::Join);
            part.index.look_up(&self.letters, key, elements, |_| true, hits)?;
        }
        ControlFlow::Continue(())
    }
}
