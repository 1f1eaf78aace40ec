//! 7z: a header at the end, most often compressed itself (7zFormat.txt of the LZMA SDK).

use std::{
    collections::BTreeSet,
    io::{Read, Seek},
};

use super::super::{
    Trait, name,
    source::{Source, Stop, holds, u64_le},
};

/// How much of the header is looked at, in bytes.
const HEADER: usize = 262_144;

/// Names are known only when the header is not compressed; whether there is a password is always known.
pub(in super::super) fn look<R: Read + Seek>(source: &mut Source<R>, traits: &mut BTreeSet<Trait>) -> Result<(), Stop> {
    let start: [u8; 32] = source.array(0)?;
    let (offset, size) = (u64_le(&start, 12), u64_le(&start, 20));
    let at = offset.checked_add(32).ok_or(Stop::Broken)?;
    if at.checked_add(size).is_none_or(|end| end > source.len()) {
        return Err(Stop::Broken);
    }
    let header = source.bytes(at, usize::try_from(size).unwrap_or(HEADER).min(HEADER))?;
    if holds(&header, b"\x06\xf1\x07\x01") {
        traits.insert(Trait::Encrypted);
    }
    if header.first() == Some(&1) && has_program(&header) {
        traits.insert(Trait::ExecutableInside);
    }
    Ok(())
}

/// Whether a name of a program is in there, in UTF-16 with a zero behind it. Where names begin is not worth finding
/// out.
fn has_program(header: &[u8]) -> bool {
    (0..2).any(|shift| {
        let units: Vec<u16> = header
            .get(shift..)
            .unwrap_or_default()
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        units.split(|unit| *unit == 0).any(|part| {
            let tail = &part[part.len().saturating_sub(24)..];
            tail.contains(&u16::from(b'.')) && name::runs(&String::from_utf16_lossy(tail))
        })
    })
}
