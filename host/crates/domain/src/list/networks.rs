//! In which of many networks an address lies: each length of prefix that one of them has is asked for once.

use std::{collections::HashMap, net::IpAddr};

use ipnet::IpNet;

use super::Entry;
use crate::address;

/// Networks, by their first address. IPv4 addresses stand in the upper 32 bits, so that both families are looked up alike.
#[derive(Debug, Default)]
pub(super) struct Networks {
    four: Family,
    six: Family,
}

#[derive(Debug, Default)]
struct Family {
    /// The first address and the length of the prefix, with the network as it was written.
    networks: HashMap<(u128, u8), Box<str>>,
    /// The lengths of prefixes that there are, the longest first.
    lengths: Vec<u8>,
}

impl Networks {
    pub(super) fn of(entries: impl Iterator<Item = Entry>) -> Self {
        let mut found = Self::default();
        for entry in entries {
            let Ok(net) = address::network(&entry.key) else { continue };
            let family = match net {
                IpNet::V4(_) => &mut found.four,
                IpNet::V6(_) => &mut found.six,
            };
            family.networks.insert((bits(net.network()), net.prefix_len()), entry.value.into_boxed_str());
        }
        for family in [&mut found.four, &mut found.six] {
            family.lengths = family.networks.keys().map(|(_, length)| *length).collect();
            family.lengths.sort_unstable_by(|one, other| other.cmp(one));
            family.lengths.dedup();
        }
        found
    }

    /// The smallest one that `address` lies in, as it was written. IPv4-mapped addresses are those of IPv4.
    pub(super) fn find(&self, address: IpAddr) -> Option<&str> {
        let address = address.to_canonical();
        let family = match address {
            IpAddr::V4(_) => &self.four,
            IpAddr::V6(_) => &self.six,
        };
        let address = bits(address);
        let first = |length: u8| address & u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
        let found = family.lengths.iter().find_map(|length| family.networks.get(&(first(*length), *length)));
        found.map(AsRef::as_ref)
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
        IpAddr::V6(address) => u128::from(address),
    }
}
