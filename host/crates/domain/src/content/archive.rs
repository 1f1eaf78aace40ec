//! Archives: what is in them is read from their lists, and of what is packed only beginnings are unpacked.

use std::collections::BTreeSet;

use super::{Trait, name};

pub(super) mod cabinet;
pub(super) mod iso;
pub(super) mod rar;
pub(super) mod seven_zip;
pub(super) mod stream;
pub(super) mod tar;
pub(super) mod zip;

const MEBIBYTE: u64 = 1 << 20;

/// How many bytes deflate can make of one at most: 258 of two bits.
const DEFLATE: u64 = 1_032;

/// Whether so much comes out of so little, in bytes, as only happens in an archive that was made for it. Deflate cannot
/// do more than 1032 to 1.
pub(super) const fn is_bomb(unpacked: u64, packed: u64) -> bool {
    (unpacked > 1_024 * MEBIBYTE && unpacked / 100 > packed) || (unpacked > 10 * MEBIBYTE && unpacked / 1_000 > packed)
}

/// Notes what the name of an entry gives away. Names are whatever bytes the archive has.
pub(super) fn note_name(name: &[u8], traits: &mut BTreeSet<Trait>) {
    let name = String::from_utf8_lossy(name);
    if name::runs(&name) {
        traits.insert(Trait::ExecutableInside);
    } else if name::packs(&name) {
        // An archive in an archive is not looked into.
        traits.insert(Trait::Unreadable);
    }
}
