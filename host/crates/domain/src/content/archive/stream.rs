//! Single compressed files: what they say about how large they become and about their name, and what they begin with.

use std::{
    collections::BTreeSet,
    io::{Cursor, Read, Seek},
};

use super::super::{
    Category, HEAD_BYTES, Trait, UNPACKED,
    detect::{self, Look},
    executable, look_into,
    source::{Source, Stop, u16_le, u32_le, u64_le},
    unpack::{self, Unpacked},
};

/// How much more than what comes out may have to be read for it, in bytes: pieces of LZMA2 are read whole.
const PIECE: usize = 262_144;

/// How much of an index is looked at, in bytes.
const INDEX: usize = 65_536;

/// Compares the size with the one that is declared, where one is.
pub(in super::super) fn look<R: Read + Seek>(
    source: &mut Source<R>,
    head: &[u8],
    traits: &mut BTreeSet<Trait>,
) -> Result<(), Stop> {
    let unpacked = match head {
        [0x1f, 0x8b, _, flags, ..] => {
            note_gzip_name(head, *flags, traits);
            // RFC 1952: modulo 4 GiB, of the last member.
            let last = source.len().saturating_sub(4);
            if last < 18 {
                return Err(Stop::Broken);
            }
            let unpacked = u64::from(u32::from_le_bytes(source.array(last)?));
            // More than deflate can do: the end is cut off, and this is no size.
            if unpacked > source.len().saturating_mul(super::DEFLATE) {
                return Err(Stop::Broken);
            }
            unpacked
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => zstd(head),
        [0x04, 0x22, 0x4d, 0x18, flags, ..] if flags & 8 != 0 => u64_le(head, 6),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => xz(source)?,
        [0x5d, 0, 0, ..] if u64_le(head, 5) != u64::MAX => u64_le(head, 5),
        _ => 0,
    };
    if super::is_bomb(unpacked, source.len()) {
        traits.insert(Trait::ArchiveBomb);
    }
    look_inside(source, traits)
}

/// Looks at what comes out: whether it is a program, and what is in it when it is an archive. An archive that is too large for that, and
/// what is in a format that is not unpacked, is unreadable.
fn look_inside<R: Read + Seek>(source: &mut Source<R>, traits: &mut BTreeSet<Trait>) -> Result<(), Stop> {
    let mut inside = unpacked(source, HEAD_BYTES)?;
    if !inside.is_whole && inside.content.len() < HEAD_BYTES {
        return Err(Stop::Spent);
    }
    let mut detected = detect::by_head(&inside.content);
    let is_archive = detected.category == Category::Archive;
    if is_archive && !inside.is_whole {
        inside = unpacked(source, UNPACKED)?;
    }
    let looked = if detected.look == Look::Stream {
        Err(Stop::Spent)
    } else if is_archive || inside.is_whole {
        let head = &inside.content[..inside.content.len().min(HEAD_BYTES)];
        Source::new(Cursor::new(&inside.content))
            .map_err(Stop::Io)
            .and_then(|mut content| look_into(&mut content, head, &mut detected, traits))
    } else {
        Ok(())
    };
    if detected.category == Category::Executable || executable::begins_as_program(&inside.content) {
        traits.insert(Trait::ExecutableInside);
    }
    // The file is no script, though what is in it may be.
    traits.remove(&Trait::Script);
    looked
}

fn unpacked<R: Read + Seek>(source: &mut Source<R>, most: usize) -> Result<Unpacked, Stop> {
    let packed = source.bytes(0, most + PIECE)?;
    unpack::beginning(&packed, packed.len() as u64 == source.len(), most).ok_or(Stop::Spent)
}

fn note_gzip_name(head: &[u8], flags: u8, traits: &mut BTreeSet<Trait>) {
    let extra = if flags & 4 == 0 { 0 } else { 2 + usize::from(u16_le(head, 10)) };
    if flags & 8 != 0
        && let Some(name) = head.get(10 + extra..)
    {
        super::note_name(name.split(|byte| *byte == 0).next().unwrap_or_default(), traits);
    }
}

/// RFC 8878, section 3.1.1.1; zero when it does not say.
fn zstd(head: &[u8]) -> u64 {
    let descriptor = head.get(4).copied().unwrap_or(0);
    let single = descriptor & 0x20 != 0;
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let at = 5 + usize::from(!single) + dictionary;
    match (descriptor >> 6, single) {
        (0, true) => u64::from(head.get(at).copied().unwrap_or(0)),
        (0, false) => 0,
        (1, _) => u64::from(u16_le(head, at)) + 256,
        (2, _) => u64::from(u32_le(head, at)),
        _ => u64_le(head, at),
    }
}

/// The .xz file format 1.2.1, sections 2.1.2 and 4: the footer says where the index is, which has the size of each
/// block.
fn xz<R: Read + Seek>(source: &mut Source<R>) -> Result<u64, Stop> {
    let footer_at = source.len().checked_sub(12).ok_or(Stop::Broken)?;
    let footer: [u8; 12] = source.array(footer_at)?;
    if !footer.ends_with(b"YZ") {
        return Err(Stop::Broken);
    }
    let size = (u64::from(u32_le(&footer, 4)) + 1) * 4;
    let at = footer_at.checked_sub(size).ok_or(Stop::Broken)?;
    let index = source.bytes(at, usize::try_from(size).unwrap_or(INDEX).min(INDEX))?;
    let mut rest = index.get(1..).unwrap_or_default();
    let blocks = number(&mut rest).ok_or(Stop::Broken)?;
    let mut unpacked = 0_u64;
    for _ in 0..blocks {
        let (Some(_), Some(size)) = (number(&mut rest), number(&mut rest)) else { break };
        unpacked = unpacked.saturating_add(size);
    }
    Ok(unpacked)
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
