//! Sets of addresses that are asked in nanoseconds: disjoint ranges in order, and where in them each first part of an address is.

use std::net::IpAddr;

use ipnet::IpNet;

/// A set of addresses.
#[derive(Debug)]
pub(super) struct Ranges {
    four: Family,
    six: Family,
}

/// Disjoint ranges of one family's addresses, in order. IPv4 addresses stand in the upper 32 bits, so that both families are
/// looked up alike.
#[derive(Debug, Default)]
struct Family {
    /// First and last address.
    ranges: Vec<(u128, u128)>,
    /// For each value of the addresses' distinguishing bits: the first range that ends there or later. The last entry is the number of
    /// ranges. Empty when there are few ranges.
    index: Vec<u32>,
    /// Bits that all ranges' addresses have in common are left out of the index.
    common: u32,
    /// How many bits the index tells apart.
    bits: u32,
}

/// Ranges that are looked through without an index.
const FEW: usize = 8;
/// Entries of the index for each range: more of them, fewer ranges to look through.
const ENTRIES: usize = 8;

impl Ranges {
    pub(super) fn of(nets: impl Iterator<Item = IpNet>) -> Self {
        let (mut four, mut six) = (Vec::new(), Vec::new());
        for net in nets {
            match net {
                IpNet::V4(net) => {
                    let (first, last) = (u32::from(net.network()), u32::from(net.broadcast()));
                    four.push((u128::from(first) << 96, u128::from(last) << 96 | (u128::MAX >> 32)));
                }
                IpNet::V6(net) => six.push((u128::from(net.network()), u128::from(net.broadcast()))),
            }
        }
        Self { four: Family::of(four), six: Family::of(six) }
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.four.contains(u128::from(u32::from(address)) << 96),
            IpAddr::V6(address) => self.six.contains(u128::from(address)),
        }
    }
}

impl Family {
    fn of(mut ranges: Vec<(u128, u128)>) -> Self {
        ranges.sort_unstable();
        let mut disjoint: Vec<(u128, u128)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match disjoint.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => disjoint.push((first, last)),
            }
        }
        let mut family = Self { ranges: disjoint, ..Self::default() };
        if family.ranges.len() > FEW {
            family.make_index();
        }
        family
    }

    fn make_index(&mut self) {
        let (Some(first), Some(last)) = (self.ranges.first(), self.ranges.last()) else { return };
        self.common = (first.0 ^ last.1).leading_zeros();
        let wanted = (self.ranges.len() * ENTRIES).next_power_of_two().trailing_zeros();
        self.bits = wanted.min(128 - self.common).max(1);
        let mut range = 0;
        self.index = (0..1_u128 << self.bits)
            .map(|slot| {
                let begins = self.begin_of(slot);
                while self.ranges.get(range).is_some_and(|range| range.1 < begins) {
                    range += 1;
                }
                u32::try_from(range).unwrap_or(u32::MAX)
            })
            .collect();
        self.index.push(u32::try_from(self.ranges.len()).unwrap_or(u32::MAX));
    }

    /// The smallest address of a slot of the index.
    fn begin_of(&self, slot: u128) -> u128 {
        let common = match self.common {
            0 => 0,
            bits => self.ranges[0].0 >> (128 - bits) << (128 - bits),
        };
        common | slot << (128 - self.common - self.bits)
    }

    fn contains(&self, address: u128) -> bool {
        let (Some(first), Some(last)) = (self.ranges.first(), self.ranges.last()) else { return false };
        if address < first.0 || address > last.1 {
            return false;
        }
        let near = if self.index.is_empty() {
            &self.ranges[..]
        } else {
            // Within the first and the last address, so it shares their common bits.
            let slot = (address << self.common) >> (128 - self.bits);
            let slot = usize::try_from(slot).unwrap_or(usize::MAX);
            let from = self.index[slot] as usize;
            // The range that reaches into the next slot may hold the address too.
            let to = (self.index[slot + 1] as usize + 1).min(self.ranges.len());
            &self.ranges[from..to]
        };
        let after = near.partition_point(|range| range.0 <= address);
        after.checked_sub(1).is_some_and(|at| address <= near[at].1)
    }
}
