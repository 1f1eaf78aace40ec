//! Finds the patterns of all lists in a text, in one pass that stores nothing.
//!
//! Whole words are looked up by the key of their letters where they end; patterns that may stand anywhere, by the key of
//! the last few letters, at every letter. What is found is compared letter by letter before it counts.

use std::ops::ControlFlow;

use sluice_plugin::text::is_unspaced;

use crate::{
    letters::{DROPPED, EXPANDED, Letters, SEPARATOR, SIGN, TABLE, expansion},
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
    /// Which classes the keys of `parts` end with.
    part_ends: Classes,
    spaced_letters: bool,
}

/// A set of classes.
#[derive(Debug, Default)]
struct Classes([u32; 8]);

impl Classes {
    fn insert(&mut self, class: u8) {
        self.0[usize::from(class / 32)] |= 1 << (class % 32);
    }

    #[inline]
    fn contains(&self, class: u8) -> bool {
        self.0[usize::from(class / 32)] & 1 << (class % 32) != 0
    }
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

    /// Whether there may be a pattern with this key. Nearly all keys of a text have none.
    #[inline]
    pub(crate) fn may_have(&self, key: Key) -> bool {
        self.table.groups(key.finish()).next().is_some()
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

/// Lets through what counts where it stands: a word that counts only by itself must not go on with letters of a script that has spaces
/// between words.
struct Standing<'a, H> {
    letters: &'a Letters,
    text: &'a str,
    hits: &'a mut H,
}

impl<H: Hits> Hits for Standing<'_, H> {
    fn hit(&mut self, hit: Hit) -> ControlFlow<()> {
        if hit.whole && self.goes_on(&hit) { ControlFlow::Continue(()) } else { self.hits.hit(hit) }
    }
}

impl<H> Standing<'_, H> {
    fn goes_on(&self, hit: &Hit) -> bool {
        let is_letter = |c: Option<char>| c.is_some_and(|c| is_word(self.letters.class(c)) && !is_unspaced(c));
        let seen = |c: &char| self.letters.class(*c) != DROPPED;
        let (before, rest) = self.text.split_at(hit.range.start);
        let (inside, after) = rest.split_at(hit.range.end - hit.range.start);
        is_letter(inside.chars().find(seen)) && is_letter(before.chars().rev().find(seen))
            || is_letter(inside.chars().rev().find(seen)) && is_letter(after.chars().find(seen))
    }
}

/// Whether a class is that of a letter or digit, and not of a sign.
const fn is_word(class: u8) -> bool {
    class == EXPANDED || class != SEPARATOR && class & SIGN == 0
}

/// A word while its letters pass by.
#[derive(Default)]
struct Word {
    start: usize,
    key: Key,
    letters: usize,
    /// Whether its script has no spaces between words.
    unspaced: bool,
}

/// What is known of the text up to a place in it.
struct State {
    word: Word,
    singles: Singles,
    recent: Recent,
    /// Where a stretch of letters and of signs that touch them begins, and whether there is such a sign.
    stretch: Option<(usize, bool)>,
}

/// What stands at a place in a text.
#[derive(Clone, Copy)]
struct Seen {
    character: char,
    class: u8,
    unspaced: bool,
    start: usize,
}

/// The last letters and separators, for patterns that may stand anywhere.
#[derive(Default)]
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
        let mut part_ends = Classes::default();
        for classes in parts.iter().map(Pattern::classes) {
            let length = PART_LENGTHS.iter().rfind(|&&most| most as usize <= classes.len());
            if let Some(&class) = length.and_then(|&length| classes.get(length as usize - 1)) {
                part_ends.insert(class);
            }
        }
        let parts = PART_LENGTHS.into_iter().filter_map(by_length).collect();
        let key = |classes: &[u8]| classes.iter().fold(Key::default(), |key, &class| key.with(class));
        let words = Index::new(words, Pattern::first_word, key);
        Self { words, parts, part_ends, letters, spaced_letters }
    }

    /// Tells `hits` of everything that is found in `text`.
    pub(crate) fn find(&self, text: &str, hits: &mut impl Hits) {
        // A break is only a reason to stop early.
        let _ = self.scan(text, hits);
    }

    fn scan(&self, text: &str, hits: &mut impl Hits) -> ControlFlow<()> {
        let bytes = text.as_bytes();
        let mut state =
            State { word: Word::default(), singles: Singles::default(), recent: Recent::default(), stretch: None };
        let mut at = 0;
        loop {
            at = if self.parts.is_empty() {
                self.take_letters::<false>(text, at, &mut state, hits)?
            } else {
                self.take_letters::<true>(text, at, &mut state, hits)?
            };
            if at >= bytes.len() {
                break;
            }
            let start = at;
            let mut character = char::from(bytes[at]);
            let mut unspaced = false;
            if character.is_ascii() {
                at += 1;
            } else {
                character = text[at..].chars().next().unwrap_or_default();
                at += character.len_utf8();
                unspaced = is_unspaced(character);
            }
            let class = self.letters.class(character);
            if class < EXPANDED {
                self.take(text, &mut state, Seen { character, class, unspaced, start }, hits)?;
            } else if class == EXPANDED {
                for character in expansion(character).chars() {
                    let class = self.letters.class(character);
                    self.take(text, &mut state, Seen { character, class, unspaced, start }, hits)?;
                }
            }
        }
        let State { mut word, mut singles, stretch, .. } = state;
        if word.letters > 0 {
            self.end_word(text, &mut word, bytes.len(), &mut singles, hits)?;
        }
        if let Some((begin, true)) = stretch {
            self.end_stretch(text, begin, bytes.len(), hits)?;
        }
        singles.end(&self.letters, &self.words, &self.parts, text, hits)
    }

    /// Goes on by letters that have their class in a table, which only make the word and the stretch longer: the path that has to be
    /// quick. Gives where they end.
    fn take_letters<const PARTS: bool>(
        &self,
        text: &str,
        from: usize,
        state: &mut State,
        hits: &mut impl Hits,
    ) -> ControlFlow<(), usize> {
        let State { word, recent, stretch, .. } = state;
        if word.unspaced && word.letters > 0 {
            return ControlFlow::Continue(from);
        }
        let (mut rest, classes) = (text.as_bytes().get(from..).unwrap_or_default(), self.letters.table());
        let mut key = if word.letters == 0 { Key::default() } else { word.key };
        let mut letters = 0;
        loop {
            if !PARTS {
                let run = rest.iter().map(|byte| self.letters.of_byte(*byte)).take_while(|class| *class != SEPARATOR);
                let length;
                (key, length) =
                    run.fold((key, 0_usize), |(key, length), class| (key.with(class), length.wrapping_add(1)));
                letters += length;
                rest = rest.get(length..).unwrap_or_default();
            }
            let (code, after) = match rest {
                [byte @ ..0x80, after @ ..] => (usize::from(*byte), after),
                [first @ 0xc2..=0xdf, second, after @ ..] => {
                    (usize::from(first & 0x1f) << 6 | usize::from(second & 0x3f), after)
                }
                _ => break,
            };
            let class = classes[code % TABLE];
            if class == DROPPED {
                rest = after;
                continue;
            }
            if class == SEPARATOR || class >= SIGN {
                break;
            }
            key = key.with(class);
            letters += 1;
            if PARTS {
                recent.push(class, text.len() - rest.len());
                if self.part_ends.contains(class) {
                    self.look_up_parts(text, recent, hits)?;
                }
            }
            rest = after;
        }
        if letters > 0 {
            if word.letters == 0 {
                word.start = from;
            }
            (word.key, word.unspaced) = (key, false);
            word.letters += letters;
            stretch.get_or_insert((from, false));
        }
        ControlFlow::Continue(text.len() - rest.len())
    }

    /// Goes on by one letter, sign or separator.
    #[inline]
    fn take(&self, text: &str, state: &mut State, seen: Seen, hits: &mut impl Hits) -> ControlFlow<()> {
        let Seen { character, class, unspaced, start } = seen;
        let State { word, singles, recent, stretch } = state;
        let is_sign = class & SIGN != 0;
        if class != SEPARATOR && !is_sign {
            // Where a script without spaces begins or ends, so does a word.
            if word.unspaced != unspaced {
                if word.letters > 0 {
                    self.end_word(text, word, start, singles, hits)?;
                }
                word.unspaced = unspaced;
            }
            if word.letters == 0 {
                (word.start, word.key) = (start, Key::default());
            }
            word.key = word.key.with(class);
            word.letters += 1;
        } else if word.letters > 0 {
            self.end_word(text, word, start, singles, hits)?;
        }
        let class = if is_sign && !joins(text, start, character) { SEPARATOR } else { class & !SIGN };
        if class != SEPARATOR {
            let (_, has_signs) = stretch.get_or_insert((start, false));
            *has_signs |= is_sign;
        } else if let Some((begin, true)) = stretch.take() {
            self.end_stretch(text, begin, start, hits)?;
        }
        if self.parts.is_empty() || class == SEPARATOR && recent.classes & 0xff == u64::from(SEPARATOR) {
            return ControlFlow::Continue(());
        }
        recent.push(class, start);
        if self.part_ends.contains(class) { self.look_up_parts(text, recent, hits) } else { ControlFlow::Continue(()) }
    }

    #[inline]
    fn end_word(
        &self,
        text: &str,
        word: &mut Word,
        end: usize,
        singles: &mut Singles,
        hits: &mut impl Hits,
    ) -> ControlFlow<()> {
        let letters = std::mem::take(&mut word.letters);
        let fits =
            |next: Option<&Element>| next.is_none_or(|next| next.class == SEPARATOR || is_unspaced(next.character));
        if self.words.may_have(word.key) {
            // Read twice, because a sign may be a letter of a phrase's later words, or only follow one.
            for signs in [Signs::Separate, Signs::Join] {
                let elements = Reader::new(&self.letters, text, word.start, signs);
                self.words.look_up(&self.letters, word.key, elements, fits, hits)?;
            }
        }
        if !self.spaced_letters {
            return ControlFlow::Continue(());
        }
        if letters > 1 || !singles.take(word.start, end) {
            singles.end(&self.letters, &self.words, &self.parts, text, hits)?;
            if letters == 1 {
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

    /// Looks up what ends with the last letter or separator.
    fn look_up_parts(&self, text: &str, recent: &Recent, hits: &mut impl Hits) -> ControlFlow<()> {
        for part in &self.parts {
            let Some(first) = recent.count.checked_sub(part.length as usize) else { break };
            let key = Key::of_recent(recent.classes, part.length);
            if part.index.may_have(key) {
                let elements = Reader::new(&self.letters, text, recent.starts[first % 8], Signs::Join);
                let mut standing = Standing { letters: &self.letters, text, hits };
                part.index.look_up(&self.letters, key, elements, |_| true, &mut standing)?;
            }
        }
        ControlFlow::Continue(())
    }
}

impl Recent {
    #[inline]
    fn push(&mut self, class: u8, start: usize) {
        self.classes = self.classes << 8 | u64::from(class);
        self.starts[self.count % 8] = start;
        self.count += 1;
    }
}
