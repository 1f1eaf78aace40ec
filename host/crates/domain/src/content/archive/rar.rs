//! RAR 4 and 5: a header before each file (the technical notes of WinRAR 4 and RAR 5.0).

use std::{
    collections::BTreeSet,
    io::{Read, Seek},
};

use super::super::{
    Trait,
    source::{Source, Stop, u16_le, u32_le},
};

/// How many headers are looked at: each is a read of its own.
const HEADERS: u32 = 50_000;

/// How much of a header is looked at, in bytes.
const HEADER: usize = 2_048;

/// Looks at each header.
pub(in super::super) fn look<R: Read + Seek>(source: &mut Source<R>, traits: &mut BTreeSet<Trait>) -> Result<(), Stop> {
    let signature: [u8; 8] = source.array(0)?;
    let unpacked = if signature[6] == 0 { four(source, traits)? } else { five(source, traits)? };
    if super::is_bomb(unpacked, source.len()) {
        traits.insert(Trait::ArchiveBomb);
    }
    Ok(())
}

fn four<R: Read + Seek>(source: &mut Source<R>, traits: &mut BTreeSet<Trait>) -> Result<u64, Stop> {
    let (mut at, mut unpacked) = (7_u64, 0_u64);
    for _ in 0..HEADERS {
        if at >= source.len() {
            return Ok(unpacked);
        }
        let header = source.bytes(at, HEADER)?;
        let (kind, flags, size) = (header.get(2).copied().ok_or(Stop::Broken)?, u16_le(&header, 3), u16_le(&header, 5));
        if size < 7 {
            return Err(Stop::Broken);
        }
        let mut packed = 0;
        match kind {
            // The whole archive, names too.
            0x73 if flags & 0x80 != 0 => {
                traits.insert(Trait::Encrypted);
                return Ok(unpacked);
            }
            0x74 => {
                if flags & 0x04 != 0 {
                    traits.insert(Trait::Encrypted);
                }
                let large = flags & 0x100 != 0;
                let high = |at| if large { u64::from(u32_le(&header, at)) << 32 } else { 0 };
                packed = u64::from(u32_le(&header, 7)) | high(32);
                // Of a file that goes on in another volume, the size says nothing here.
                if flags & 0x03 == 0 {
                    unpacked = unpacked.saturating_add(u64::from(u32_le(&header, 11)) | high(36));
                }
                let (name, len) = (if large { 40 } else { 32 }, usize::from(u16_le(&header, 26)));
                let name = header.get(name..).unwrap_or_default();
                let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
                super::note_name(&name[..len.min(name.len())], traits);
            }
            0x7b => return Ok(unpacked),
            _ if flags & 0x8000 != 0 => packed = u64::from(u32_le(&header, 7)),
            _ => {}
        }
        at = at.checked_add(u64::from(size)).and_then(|at| at.checked_add(packed)).ok_or(Stop::Broken)?;
        if at > source.len() {
            return Err(Stop::Broken);
        }
    }
    Err(Stop::Spent)
}

fn five<R: Read + Seek>(source: &mut Source<R>, traits: &mut BTreeSet<Trait>) -> Result<u64, Stop> {
    let (mut at, mut unpacked) = (8_u64, 0_u64);
    for _ in 0..HEADERS {
        if at >= source.len() {
            return Ok(unpacked);
        }
        let bytes = source.bytes(at, HEADER)?;
        let mut header = Numbers { bytes: bytes.get(4..).ok_or(Stop::Broken)? };
        let size = header.next()?;
        let before = 4 + (bytes.len() - 4 - header.bytes.len()) as u64;
        let (kind, flags) = (header.next()?, header.next()?);
        let extra = if flags & 1 != 0 { header.next()? } else { 0 };
        let packed = if flags & 2 != 0 { header.next()? } else { 0 };
        match kind {
            2 => {
                let size = file(&mut header, extra, traits)?;
                // As above.
                unpacked = unpacked.saturating_add(if flags & 0x18 == 0 { size } else { 0 });
            }
            // The whole archive, names too.
            4 => {
                traits.insert(Trait::Encrypted);
                return Ok(unpacked);
            }
            5 => return Ok(unpacked),
            _ => {}
        }
        let next = at.checked_add(before).and_then(|at| at.checked_add(size)).and_then(|at| at.checked_add(packed));
        at = next.filter(|next| *next <= source.len()).ok_or(Stop::Broken)?;
    }
    Err(Stop::Spent)
}

/// Reads the header of a file; gives the size that it declares.
fn file(header: &mut Numbers<'_>, extra: u64, traits: &mut BTreeSet<Trait>) -> Result<u64, Stop> {
    let flags = header.next()?;
    let size = header.next()?;
    header.next()?;
    header.skip(if flags & 2 != 0 { 4 } else { 0 })?;
    header.skip(if flags & 4 != 0 { 4 } else { 0 })?;
    header.next()?;
    header.next()?;
    let len = usize::try_from(header.next()?).unwrap_or(usize::MAX);
    let name = header.bytes.get(..len).unwrap_or(header.bytes);
    super::note_name(name, traits);
    if extra > 0 {
        header.skip(len)?;
        // The first record is the one about encryption, where there is one.
        let (_, kind) = (header.next()?, header.next()?);
        if kind == 1 {
            traits.insert(Trait::Encrypted);
        }
    }
    // Bit 3: the size is not known.
    Ok(if flags & 8 != 0 { 0 } else { size })
}

/// Numbers of 7 bits a byte, the low ones first.
struct Numbers<'a> {
    bytes: &'a [u8],
}

impl Numbers<'_> {
    fn next(&mut self) -> Result<u64, Stop> {
        let mut number = 0_u64;
        for shift in (0..70).step_by(7) {
            let (byte, rest) = self.bytes.split_first().ok_or(Stop::Broken)?;
            self.bytes = rest;
            number |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Stop::Broken)
    }

    fn skip(&mut self, len: usize) -> Result<(), Stop> {
        self.bytes = self.bytes.get(len..).ok_or(Stop::Broken)?;
        Ok(())
    }
}
