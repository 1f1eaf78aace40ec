//! Cabinet files of Windows: a list of files near the beginning ([MS-CAB], section 2).

use std::{
    collections::BTreeSet,
    io::{Read, Seek},
};

use super::super::{
    Trait,
    source::{Source, Stop, u16_le, u32_le},
};

/// The longest name, in bytes, with the zero behind it.
const NAME: usize = 257;

/// Looks through the list of files.
pub(in super::super) fn look<R: Read + Seek>(source: &mut Source<R>, traits: &mut BTreeSet<Trait>) -> Result<(), Stop> {
    let start: [u8; 36] = source.array(0)?;
    // What installers of another make begin with.
    if !start.starts_with(b"MSCF") {
        return Ok(());
    }
    let (mut at, mut unpacked) = (u64::from(u32_le(&start, 16)), 0_u64);
    for _ in 0..u16_le(&start, 28) {
        let entry = source.bytes(at, 16 + NAME)?;
        let rest = entry.get(16..).ok_or(Stop::Broken)?;
        let len = rest.iter().position(|byte| *byte == 0).ok_or(Stop::Broken)?;
        super::note_name(&rest[..len], traits);
        unpacked = unpacked.saturating_add(u64::from(u32_le(&entry, 0)));
        at += 16 + len as u64 + 1;
    }
    if super::is_bomb(unpacked, source.len()) {
        traits.insert(Trait::ArchiveBomb);
    }
    if u64::from(u32_le(&start, 8)) > source.len() {
        return Err(Stop::Broken);
    }
    Ok(())
}
