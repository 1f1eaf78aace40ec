//! The words and phrases of all lists, in a form that is compared quickly and takes little memory.
//!
//! Sorted by the classes of their letters, so that those that begin alike stand together and are told apart one letter
//! at a time. What a hit means is not decided here.

use std::ops::Range;

use sluice_plugin::text::is_unspaced;

use crate::{
    letters::{Letters, SEPARATOR},
    reader::{Element, Reader, Signs},
};

/// Longest pattern, in letters and separators.
pub(crate) const LONGEST: usize = 128;

/// A word or phrase while patterns are collected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pattern {
    classes: Vec<u8>,
    letters: String,
    list: u8,
    /// Whether it counts only by itself, so far as the scripts of its first and its last letter have spaces between words.
    whole: bool,
}

/// Why a word cannot be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// It has no letter and no digit.
    Empty,
    /// It is longer than [`LONGEST`].
    Long,
}

impl Pattern {
    /// A word or phrase of the list with this index.
    pub(crate) fn new(letters: &Letters, text: &str, list: u8) -> Result<Self, Unusable> {
        let mut elements: Vec<Element> = Reader::new(letters, text, 0, Signs::Join).collect();
        while elements.last().is_some_and(|last| last.class == SEPARATOR) {
            elements.pop();
        }
        elements.drain(..elements.iter().take_while(|element| element.class == SEPARATOR).count());
        if elements.iter().all(|element| element.class == SEPARATOR || element.is_sign) {
            return Err(Unusable::Empty);
        }
        if elements.len() > LONGEST {
            return Err(Unusable::Long);
        }
        let letter = |element: &Element| {
            if element.class == SEPARATOR { ' ' } else { letters.letter(element.character) }
        };
        Ok(Self {
            classes: elements.iter().map(|element| element.class).collect(),
            letters: elements.iter().map(letter).collect(),
            list,
            whole: false,
        })
    }

    /// As a word that counts only by itself. In a script without spaces it is found within what is written, as one that may stand
    /// anywhere: that is the second answer.
    pub(crate) fn whole(self, text: &str) -> (Self, bool) {
        (Self { whole: true, ..self }, text.chars().any(is_unspaced))
    }

    /// The classes of its first word.
    pub(crate) fn first_word(&self) -> &[u8] {
        self.classes.split(|&class| class == SEPARATOR).next().unwrap_or_default()
    }

    /// The classes of all of it.
    pub(crate) fn classes(&self) -> &[u8] {
        &self.classes
    }
}

/// Where a pattern's letters and classes are.
#[derive(Debug)]
struct Entry {
    classes: u32,
    letters: u32,
    length: u8,
    list: u8,
    whole: bool,
}

/// All patterns of one way of matching, with groups of those that have the same key.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    entries: Vec<Entry>,
    classes: Vec<u8>,
    letters: String,
    /// Where each group begins; the last one is the end.
    groups: Vec<u32>,
}

/// A pattern that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hit {
    /// The list that it is on.
    pub(crate) list: u8,
    /// Its bytes in the text.
    pub(crate) range: Range<usize>,
    /// Whether it counts only by itself.
    pub(crate) whole: bool,
}

impl Patterns {
    /// Takes patterns that are sorted and free of duplicates; `begin` has the index of each group's first.
    pub(crate) fn new(patterns: &[Pattern], begin: Vec<u32>) -> Self {
        let mut all = Self { groups: begin, ..Self::default() };
        all.groups.push(patterns.len() as u32);
        for pattern in patterns {
            all.entries.push(Entry {
                classes: all.classes.len() as u32,
                letters: all.letters.len() as u32,
                length: pattern.classes.len() as u8,
                list: pattern.list,
                whole: pattern.whole,
            });
            all.classes.extend(&pattern.classes);
            all.letters.push_str(&pattern.letters);
        }
        for part in [&mut all.entries as &mut dyn Shrink, &mut all.classes, &mut all.letters, &mut all.groups] {
            part.shrink();
        }
        all
    }

    /// Every pattern of the group that the elements begin with. `fits` is asked what follows a pattern, and decides
    /// whether the pattern may end there.
    pub(crate) fn search(
        &self,
        letters: &Letters,
        group: usize,
        mut elements: impl Iterator<Item = Element>,
        fits: impl Fn(Option<&Element>) -> bool,
        mut hit: impl FnMut(Hit),
    ) {
        let (Some(&start), Some(&end)) = (self.groups.get(group), self.groups.get(group + 1)) else { return };
        let mut range = start as usize..end as usize;
        let mut read: Vec<Element> = Vec::with_capacity(16);
        loop {
            let next = elements.next();
            while let Some(entry) =
                self.entries[range.clone()].first().filter(|entry| entry.length as usize == read.len())
            {
                if fits(next.as_ref()) && self.is_spelled(entry, letters, &read) {
                    let bytes = read.first().map_or(0, |first| first.start)..read.last().map_or(0, |last| last.end);
                    hit(Hit { list: entry.list, range: bytes, whole: entry.whole });
                }
                range.start += 1;
            }
            let Some(element) = next else { return };
            let class_at = |entry: &Entry| self.classes[entry.classes as usize + read.len()];
            let below = self.entries[range.clone()].partition_point(|entry| class_at(entry) < element.class);
            let upto = self.entries[range.clone()].partition_point(|entry| class_at(entry) <= element.class);
            range = range.start + below..range.start + upto;
            if range.is_empty() {
                return;
            }
            read.push(element);
        }
    }

    /// Whether the elements, whose classes are the entry's, can also be read as its letters.
    fn is_spelled(&self, entry: &Entry, letters: &Letters, read: &[Element]) -> bool {
        self.letters[entry.letters as usize..]
            .chars()
            .zip(read)
            .all(|(letter, element)| element.class == SEPARATOR || letters.may_be_read_as(element.character, letter))
    }
}

trait Shrink {
    fn shrink(&mut self);
}

impl<T> Shrink for Vec<T> {
    fn shrink(&mut self) {
        self.shrink_to_fit();
    }
}

impl Shrink for String {
    fn shrink(&mut self) {
        self.shrink_to_fit();
    }
}
