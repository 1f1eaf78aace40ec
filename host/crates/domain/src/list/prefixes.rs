//! Which of many beginnings a text has: each length that one of them has is asked for once, along one hash over the text.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, Hasher as _, RandomState},
};

use super::Entry;

/// Beginnings of texts, by what their hash is. The hash is keyed, so that nobody can choose beginnings that share one.
#[derive(Debug)]
pub(super) struct Prefixes {
    keys: RandomState,
    /// In the order of their hashes.
    entries: Vec<Entry>,
    /// Where in `entries` those with a hash begin, and how many there are: nearly always one.
    by_hash: HashMap<u64, (usize, usize)>,
    /// The lengths that there are, in bytes, in order.
    lengths: Vec<usize>,
}

impl Prefixes {
    pub(super) fn of(entries: impl Iterator<Item = Entry>) -> Self {
        let keys = RandomState::new();
        let mut hashed: Vec<(u64, Entry)> = entries
            .map(|entry| (hashes(&keys, entry.key.as_bytes()).last().map_or(0, |(_, hash)| hash), entry))
            .collect();
        hashed.sort_by_key(|(hash, _)| *hash);
        let mut by_hash: HashMap<u64, (usize, usize)> = HashMap::with_capacity(hashed.len());
        for (at, (hash, _)) in hashed.iter().enumerate() {
            by_hash.entry(*hash).or_insert((at, 0)).1 += 1;
        }
        let entries: Vec<Entry> = hashed.into_iter().map(|(_, entry)| entry).collect();
        let mut lengths: Vec<usize> = entries.iter().map(|entry| entry.key.len()).collect();
        lengths.sort_unstable();
        lengths.dedup();
        Self { keys, entries, by_hash, lengths }
    }

    /// The longest one that `text` begins with, as it was written.
    pub(super) fn find(&self, text: &str) -> Option<&str> {
        let mut lengths = self.lengths.iter().peekable();
        let mut longest = None;
        for (length, hash) in hashes(&self.keys, text.as_bytes()) {
            match lengths.peek() {
                None => break,
                Some(next) if **next > length => {}
                Some(_) => {
                    lengths.next();
                    longest = self.with(hash, &text.as_bytes()[..length]).or(longest);
                }
            }
        }
        longest
    }

    fn with(&self, hash: u64, key: &[u8]) -> Option<&str> {
        let (from, count) = *self.by_hash.get(&hash)?;
        // Of those that are alike the last counts.
        let found = self.entries[from..from + count].iter().rev().find(|entry| entry.key.as_bytes() == key);
        found.map(|entry| entry.value.as_str())
    }
}

/// The hash of each beginning of `bytes` with its length, from 1 on. Made byte by byte, so that it does not depend on where one asks.
fn hashes(keys: &RandomState, bytes: &[u8]) -> impl Iterator<Item = (usize, u64)> {
    let mut hasher = keys.build_hasher();
    bytes.iter().enumerate().map(move |(at, byte)| {
        hasher.write_u8(*byte);
        (at + 1, hasher.finish())
    })
}
