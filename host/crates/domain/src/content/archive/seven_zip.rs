//! 7z: a header at the end, most often compressed itself (7zFormat.txt of the LZMA SDK).

use std::{
    collections::BTreeSet,
    io::{Read, Seek},
};

use super::super::{
    Trait,
    source::{Source, Stop, holds, u64_le},
    unpack,
};

/// How much of the header is looked at, in bytes.
const HEADER: usize = 262_144;

/// Looks through the names, which are in the header or in what it says where it is packed; whether there is a password is always known.
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
    let plain = match header.first() {
        None | Some(1) => Some(header),
        Some(_) if traits.contains(&Trait::Encrypted) => return Ok(()),
        Some(_) => unpacked(source, &header)?,
    };
    let plain = plain.filter(|plain| plain.len() < HEADER).ok_or(Stop::Spent)?;
    if holds(&plain, b"\x06\xf1\x07\x01") {
        traits.insert(Trait::Encrypted);
    }
    note_names(&plain, traits);
    Ok(())
}

/// The header that is packed, when it is one stream of LZMA, as programs write it: where it is, and how it was packed. `None` for
/// another.
fn unpacked<R: Read + Seek>(source: &mut Source<R>, header: &[u8]) -> Result<Option<Vec<u8>>, Stop> {
    let Some(place) = packed(header) else { return Ok(None) };
    let size = usize::try_from(place.unpacked).unwrap_or(HEADER).min(HEADER);
    let packed = source.bytes(place.at, usize::try_from(place.packed).unwrap_or(HEADER).min(HEADER))?;
    let mut plain = Vec::new();
    let done = match place.props {
        [props, ..] if place.is_lzma => unpack::lzma(&packed, place.unpacked, *props, &mut plain, size),
        _ => unpack::lzma2(&packed, &mut plain, size),
    };
    Ok(done.filter(|()| plain.first() == Some(&1)).map(|()| plain))
}

struct Packed<'a> {
    at: u64,
    packed: u64,
    unpacked: u64,
    is_lzma: bool,
    props: &'a [u8],
}

/// What an encoded header says: 7zFormat.txt, "PackInfo" and "UnPackInfo", of one stream and one coder.
fn packed(header: &[u8]) -> Option<Packed<'_>> {
    let mut rest = header.strip_prefix(b"\x17\x06")?;
    let at = number(&mut rest)?.checked_add(32)?;
    let streams = number(&mut rest)?;
    rest = rest.strip_prefix(b"\x09")?;
    let packed = number(&mut rest).filter(|_| streams == 1)?;
    if let Some(sums) = rest.strip_prefix(b"\x0a\x01") {
        rest = sums.get(4..)?;
    }
    rest = rest.strip_prefix(b"\0\x07\x0b\x01\0\x01")?;
    let (is_lzma, size) = match rest {
        [0x23, 3, 1, 1, size, ..] => (true, size),
        [0x21, 0x21, size, ..] => (false, size),
        _ => return None,
    };
    rest = &rest[if is_lzma { 5 } else { 3 }..];
    let props = rest.get(..usize::from(*size))?;
    rest = rest[props.len()..].strip_prefix(b"\x0c")?;
    Some(Packed { at, packed, unpacked: number(&mut rest)?, is_lzma, props })
}

/// A number whose first byte says how many more there are.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let (first, rest) = bytes.split_first()?;
    let more = first.leading_ones() as usize;
    let (low, after) = rest.split_at_checked(more)?;
    *bytes = after;
    let low = low.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let high = if more < 7 { u64::from(*first) & (0x7f >> more) } else { 0 };
    Some(low | if more < 8 { high << (8 * more) } else { 0 })
}

/// Notes the names that are in there, in UTF-16 with a zero behind each. Where they begin is not worth finding out.
fn note_names(header: &[u8], traits: &mut BTreeSet<Trait>) {
    for shift in 0..2 {
        let units: Vec<u16> = header
            .get(shift..)
            .unwrap_or_default()
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        for part in units.split(|unit| *unit == 0) {
            let tail = &part[part.len().saturating_sub(24)..];
            if tail.contains(&u16::from(b'.')) {
                super::note_name(String::from_utf16_lossy(tail).as_bytes(), traits);
            }
        }
    }
}
