//! Tar: a header before each file (POSIX.1-2017, pax).

use std::{
    collections::BTreeSet,
    io::{Read, Seek},
};

use super::super::{
    Trait, executable,
    source::{Source, Stop},
};

/// How many headers are looked at: each is a read of its own.
const HEADERS: u32 = 50_000;

/// The longest name in a block of its own, in bytes.
const LONG_NAME: usize = 4_096;

const BLOCK: u64 = 512;

/// Looks at each header.
pub(in super::super) fn look<R: Read + Seek>(source: &mut Source<R>, traits: &mut BTreeSet<Trait>) -> Result<(), Stop> {
    let mut at = 0;
    for _ in 0..HEADERS {
        // Some writers leave the end out.
        if at == source.len() {
            return Ok(());
        }
        let block: [u8; BLOCK as usize + 16] = match source.array(at) {
            Ok(block) => block,
            Err(Stop::Broken) => {
                let mut short = [0; BLOCK as usize + 16];
                if source.fill(at, &mut short)? < BLOCK as usize {
                    return Err(Stop::Broken);
                }
                short
            }
            Err(stop) => return Err(stop),
        };
        let (header, start) = block.split_at(BLOCK as usize);
        if header.iter().all(|byte| *byte == 0) {
            return Ok(());
        }
        if !adds_up(header) {
            return Err(Stop::Broken);
        }
        let size = size(header).ok_or(Stop::Broken)?;
        match header[156] {
            b'L' | b'x' => {
                let long = source.bytes(at + BLOCK, usize::try_from(size).unwrap_or(LONG_NAME).min(LONG_NAME))?;
                for line in long.split(|byte| matches!(byte, 0 | b'\n')) {
                    super::note_name(line, traits);
                }
            }
            0 | b'0' | b'7' => {
                super::note_name(until_zero(&header[..100]), traits);
                if size >= start.len() as u64 && executable::begins_as_program(start) {
                    traits.insert(Trait::ExecutableInside);
                }
            }
            _ => {}
        }
        let blocks = size.div_ceil(BLOCK);
        at = blocks.checked_mul(BLOCK).and_then(|size| at.checked_add(BLOCK)?.checked_add(size)).ok_or(Stop::Broken)?;
        if at > source.len() {
            return Err(Stop::Broken);
        }
    }
    Err(Stop::Spent)
}

fn until_zero(name: &[u8]) -> &[u8] {
    name.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// In octal digits, or for large files as a number after a set bit.
fn size(header: &[u8]) -> Option<u64> {
    let field = &header[124..136];
    if field[0] & 0x80 != 0 {
        return Some(field[4..].iter().fold(0, |size, byte| size << 8 | u64::from(*byte)));
    }
    octal(field)
}

fn octal(field: &[u8]) -> Option<u64> {
    let digits = until_zero(field).trim_ascii();
    digits.iter().try_fold(0_u64, |number, digit| match digit {
        b'0'..=b'7' => number.checked_mul(8)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    })
}

/// Whether the header's sum of bytes is the one that it says.
pub(in super::super) fn adds_up(header: &[u8]) -> bool {
    let (Some(field), Some(rest)) = (header.get(148..156), header.get(156..512)) else { return false };
    let sum = header[..148].iter().chain(rest).map(|byte| u64::from(*byte)).sum::<u64>() + 8 * u64::from(b' ');
    !until_zero(field).trim_ascii().is_empty() && octal(field) == Some(sum)
}
