//! Which patterns can begin with given letters: a set of keys that is small, only read, and asked very often.
//!
//! Two stages. A bit for each key, in an array of sixteen bits a key: nearly every question ends there, in one of a few
//! pages however many patterns there are, which matters because a fresh sandbox pays for each page that it touches. Then
//! open addressing with twelve bits of the key beside the answer. A false answer is possible and costs one comparison.

/// Answers which group belongs to a key.
#[derive(Debug, Default)]
pub(crate) struct Table {
    bits: Vec<u32>,
    bit_shift: u32,
    slots: Vec<u32>,
}

/// The low bits of a slot are the group, plus one. A configuration of one mebibyte has room for a quarter of what fits.
const GROUP_MASK: u32 = (1 << 20) - 1;

impl Table {
    /// From the keys of groups 0, 1, 2 and so on.
    pub(crate) fn new(keys: &[u32]) -> Self {
        let bit_count = (keys.len() * 16).next_power_of_two().max(64);
        let slot_count = (keys.len() * 2).next_power_of_two().max(2);
        let mut table = Self {
            bits: vec![0; bit_count / 32],
            bit_shift: 32 - bit_count.trailing_zeros().min(31),
            slots: vec![0; slot_count],
        };
        for (group, &key) in keys.iter().enumerate() {
            let (word, bit) = table.bit(key);
            table.bits[word] |= bit;
            let mut slot = table.slot(key);
            while table.slots[slot] != 0 {
                slot = (slot + 1) & (slot_count - 1);
            }
            table.slots[slot] = (key & !GROUP_MASK) | (group as u32 + 1);
        }
        table
    }

    /// The groups that may have this key: nearly always none or the right one.
    #[inline]
    pub(crate) fn groups(&self, key: u32) -> Groups<'_> {
        let (word, bit) = self.bit(key);
        let is_there = self.bits.get(word).is_some_and(|word| word & bit != 0);
        Groups { table: self, key, slot: is_there.then(|| self.slot(key)) }
    }

    #[inline]
    fn bit(&self, key: u32) -> (usize, u32) {
        // The multiplication keeps this independent of the bits that choose the slot.
        let index = key.wrapping_mul(0x9e37_79b1) >> self.bit_shift;
        ((index / 32) as usize, 1 << (index % 32))
    }

    fn slot(&self, key: u32) -> usize {
        key as usize & (self.slots.len() - 1)
    }
}

/// See [`Table::groups`].
#[derive(Debug)]
pub(crate) struct Groups<'a> {
    table: &'a Table,
    key: u32,
    slot: Option<usize>,
}

impl Iterator for Groups<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while let Some(slot) = self.slot {
            let entry = self.table.slots[slot];
            self.slot = (entry != 0).then(|| (slot + 1) & (self.table.slots.len() - 1));
            if entry != 0 && entry & !GROUP_MASK == self.key & !GROUP_MASK {
                return Some((entry & GROUP_MASK) as usize - 1);
            }
        }
        None
    }
}

/// The key of a run of letters, made one class at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Key(u64);

impl Key {
    /// With one more class.
    #[inline]
    pub(crate) fn with(self, class: u8) -> Self {
        Self((self.0.rotate_left(5) ^ u64::from(class)).wrapping_mul(0x517c_c1b7_2722_0a95))
    }

    /// The key of up to eight classes that lie in one number, the last one in its lowest byte.
    #[inline]
    pub(crate) fn of_recent(recent: u64, length: u32) -> Self {
        let classes = recent & (u64::MAX >> (64 - 8 * length));
        Self((classes ^ u64::from(length) << 56).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// As a table wants it.
    #[inline]
    pub(crate) fn finish(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_finds_its_group_and_few_others_find_any() {
        let key = |index: u32| Key::default().with((index & 0x7f) as u8).with((index >> 7) as u8).finish();
        for count in [0, 1, 10, 10_000] {
            let keys: Vec<u32> = (0..count).map(key).collect();
            let table = Table::new(&keys);
            for (group, &key) in keys.iter().enumerate() {
                assert!(table.groups(key).any(|found| found == group));
            }
            let found = (count..count + 10_000).filter(|&other| table.groups(key(other)).next().is_some()).count();
            assert!(found < 20, "{found}");
        }
    }
}
