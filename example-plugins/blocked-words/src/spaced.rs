//! Words whose letters stand apart: `b.a.d`, `b a d`.

use std::ops::ControlFlow;

use crate::{
    letters::Letters,
    matcher::{Hits, Index, Part},
    reader::{Element, Reader, Signs},
    table::Key,
};

/// Most bytes between two letters of one word.
const GAP: usize = 3;
/// Fewest letters that make a word when they stand apart.
const FEWEST: usize = 3;
/// Most single letters in a row that are looked at together. Longer rows are looked at in pieces that do not overlap.
const MOST: usize = 24;

/// Single letters in a row, with little between them.
#[derive(Debug, Default)]
pub(crate) struct Singles {
    starts: [usize; MOST],
    count: usize,
    end: usize,
}

impl Singles {
    /// Takes a single letter, unless it is too far from the last one or there are too many.
    pub(crate) fn take(&mut self, start: usize, end: usize) -> bool {
        let belongs = self.count == 0 || (self.count < MOST && start <= self.end + GAP);
        if belongs {
            self.starts[self.count] = start;
            self.count += 1;
            self.end = end;
        }
        belongs
    }

    /// The row is over: looks for words in it, and begins another.
    #[inline]
    pub(crate) fn end(
        &mut self,
        letters: &Letters,
        words: &Index,
        parts: &[Part],
        text: &str,
        hits: &mut impl Hits,
    ) -> ControlFlow<()> {
        let count = std::mem::take(&mut self.count);
        if count < FEWEST {
            return ControlFlow::Continue(());
        }
        look(&self.starts[..count], letters, words, parts, text, hits)
    }
}

#[cold]
fn look(
    starts: &[usize],
    letters: &Letters,
    words: &Index,
    parts: &[Part],
    text: &str,
    hits: &mut impl Hits,
) -> ControlFlow<()> {
    let element = |&start: &usize| Reader::new(letters, text, start, Signs::Separate).next();
    let row: Vec<Element> = starts.iter().filter_map(element).collect();
    for begin in 0..row.len() {
        let mut key = Key::default();
        let mut recent = 0;
        for (index, element) in row[begin..].iter().enumerate() {
            let length = index + 1;
            key = key.with(element.class);
            recent = recent << 8 | u64::from(element.class);
            if length >= FEWEST && words.may_have(key) {
                let elements = row[begin..begin + length].iter().copied();
                words.look_up(letters, key, elements, |next| next.is_none(), hits)?;
            }
            for part in parts.iter().filter(|part| part.length as usize == length && length >= FEWEST) {
                let elements = row[begin..].iter().copied();
                part.index.look_up(letters, Key::of_recent(recent, part.length), elements, |_| true, hits)?;
            }
        }
    }
    ControlFlow::Continue(())
}
