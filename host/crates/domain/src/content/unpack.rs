//! The beginning of what is compressed. Decompressors are safe Rust throughout, take memory for what comes out and not for what a file
//! asks for, and stop when enough has come out. What the content means is not said here.

use std::io::{Cursor, Read};

use lzma_rust2::{Lzma2Reader, LzmaReader};
use miniz_oxide::inflate::{
    TINFLStatus,
    core::{DecompressorOxide, decompress, inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF},
};

use super::source::{u16_le, u32_le, u64_le};

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unpacked {
    pub(super) content: Vec<u8>,
    /// Whether that is all.
    pub(super) is_whole: bool,
}

/// How many parts that follow each other in one file are unpacked: empty ones are cheap.
const PARTS: usize = 64;

/// At most `most` bytes of what `packed`, the beginning of a file, holds; `is_all`: it is all of the file. `None` for what is in no format
/// that is unpacked here, and for what is broken before as much came out.
pub(super) fn beginning(packed: &[u8], is_all: bool, most: usize) -> Option<Unpacked> {
    let mut content = Vec::new();
    let mut rest = packed;
    for _ in 0..PARTS {
        let before = content.len();
        let after = match rest {
            [0x1f, 0x8b, 8, flags, ..] => gzip(rest, *flags, &mut content, most)?,
            [0xfd, b'7', b'z', b'X', b'Z', 0, 0, checks, ..] => xz(rest, *checks, &mut content, most)?,
            [b'L', b'Z', b'I', b'P', 1, _, body @ ..] => lzip(body, &mut content, most)?,
            [props, _, _, _, _, body @ ..] if before == 0 && *props < 225 => {
                let size = u64_le(body, 0);
                lzma(body.get(8..)?, size, *props, &mut content, most)?;
                // Nothing says where it ends.
                return Some(Unpacked { is_whole: is_all && content.len() < most, content });
            }
            _ => return None,
        };
        // What follows may be zeros, as on a tape.
        let end = after.iter().position(|byte| *byte != 0).unwrap_or(after.len());
        rest = &after[end..];
        if content.len() >= most || rest.is_empty() {
            let is_whole = is_all && rest.is_empty() && content.len() < most;
            return Some(Unpacked { content, is_whole });
        }
    }
    None
}

/// Unpacks deflated bytes (RFC 1951) after what is there; gives what follows them, which is nothing when enough has come out. `None`
/// when the bytes end or are broken before.
pub(super) fn inflate<'a>(packed: &'a [u8], content: &mut Vec<u8>, most: usize) -> Option<&'a [u8]> {
    let from = content.len();
    // As much as can come out of so little, so that memory is not taken for nothing.
    let room = most.saturating_sub(from).min(packed.len().saturating_mul(1_040).saturating_add(64));
    content.resize(from + room, 0);
    let mut state = Box::<DecompressorOxide>::default();
    let (status, read, written) =
        decompress(&mut state, packed, &mut content[from..], 0, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF);
    content.truncate(from + written);
    match status {
        TINFLStatus::Done => packed.get(read..),
        TINFLStatus::HasMoreOutput if content.len() >= most => Some(&[]),
        _ => None,
    }
}

/// RFC 1952: a header with fields that may be there, the content, a sum and a size.
fn gzip<'a>(packed: &'a [u8], flags: u8, content: &mut Vec<u8>, most: usize) -> Option<&'a [u8]> {
    let mut rest = packed.get(10..)?;
    if flags & 4 != 0 {
        rest = rest.get(2 + usize::from(u16_le(rest, 0))..)?;
    }
    for _ in 0..(flags >> 3 & 1) + (flags >> 4 & 1) {
        rest = rest.get(rest.iter().position(|byte| *byte == 0)? + 1..)?;
    }
    rest = rest.get(usize::from(flags & 2)..)?;
    let after = inflate(rest, content, most)?;
    Some(after.get(8..).unwrap_or_default())
}

/// The .xz file format 1.2.1, sections 2.1.1 and 3.1: blocks with their filters, then an index and a footer.
fn xz<'a>(packed: &'a [u8], checks: u8, content: &mut Vec<u8>, most: usize) -> Option<&'a [u8]> {
    let check = *[0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64].get(usize::from(checks))?;
    let mut rest = packed.get(12..)?;
    for _ in 0..PARTS {
        let header = match *rest.first()? {
            // The index; what it says of sizes is looked at elsewhere.
            0 => return after_index(rest),
            size => (usize::from(size) + 1) * 4,
        };
        if !is_plain_lzma(rest.get(..header)?) {
            return None;
        }
        let body = rest.get(header..)?;
        let mut reader = Lzma2Reader::new(Cursor::new(body), dictionary(most), None);
        if !read(&mut reader, content, most)? {
            return Some(&[]);
        }
        let end = usize::try_from(reader.into_inner().position()).ok()?;
        rest = body.get(end.next_multiple_of(4) + check..)?;
    }
    None
}

/// What follows a stream's index and footer.
fn after_index(index: &[u8]) -> Option<&[u8]> {
    // The footer is the first one that says how far back its index begins.
    (8..index.len().saturating_sub(11)).step_by(4).find_map(|at| {
        let footer = &index[at..at + 12];
        let says = (u64::from(u32_le(footer, 4)) + 1) * 4;
        (footer.ends_with(b"YZ") && says == at as u64).then(|| &index[at + 12..])
    })
}

/// Whether a block's filters are LZMA2, perhaps behind one that makes programs smaller, which leaves their first bytes alone.
fn is_plain_lzma(header: &[u8]) -> bool {
    let mut rest = header.get(2..).unwrap_or_default();
    let flags = header[1];
    for _ in 0..(flags >> 6 & 1) + (flags >> 7) {
        let Some(end) = rest.iter().position(|byte| byte & 0x80 == 0) else { return false };
        rest = &rest[end + 1..];
    }
    let filters = flags & 3;
    for filter in 0..=filters {
        let [id, size, after @ ..] = rest else { return false };
        let is_last = filter == filters;
        if is_last != (*id == 0x21) || (!is_last && !(4..=11).contains(id)) {
            return false;
        }
        let Some(next) = after.get(usize::from(*size)..) else { return false };
        rest = next;
    }
    true
}

/// The lzip format (version 1): raw LZMA with set properties, then a sum, a size, and the size of the member.
fn lzip<'a>(body: &'a [u8], content: &mut Vec<u8>, most: usize) -> Option<&'a [u8]> {
    const PROPS: u8 = 93;
    const TRAILER: usize = 20;
    let mut reader = LzmaReader::new_with_props(Cursor::new(body), u64::MAX, PROPS, dictionary(most), None).ok()?;
    if !read(&mut reader, content, most)? {
        return Some(&[]);
    }
    let end = usize::try_from(reader.into_inner().position()).ok()?;
    Some(body.get(end + TRAILER..).unwrap_or_default())
}

/// Raw LZMA; a `size` of `u64::MAX` is not known.
pub(super) fn lzma(body: &[u8], size: u64, props: u8, content: &mut Vec<u8>, most: usize) -> Option<()> {
    let mut reader = LzmaReader::new_with_props(Cursor::new(body), size, props, dictionary(most), None).ok()?;
    read(&mut reader, content, most).map(drop)
}

/// LZMA2 as 7z has it.
pub(super) fn lzma2(body: &[u8], content: &mut Vec<u8>, most: usize) -> Option<()> {
    read(&mut Lzma2Reader::new(Cursor::new(body), dictionary(most), None), content, most).map(drop)
}

/// Nothing that comes out refers to more than what came out before, whatever the file asks for.
fn dictionary(most: usize) -> u32 {
    u32::try_from(most).unwrap_or(u32::MAX / 2).max(4_096)
}

/// Reads until enough is there, `false`, or to the end, `true`; `None` when it is broken before.
fn read(reader: &mut impl Read, content: &mut Vec<u8>, most: usize) -> Option<bool> {
    const PIECE: usize = 16_384;
    while content.len() < most {
        let from = content.len();
        content.resize(from + PIECE.min(most - from), 0);
        let read = reader.read(&mut content[from..]);
        content.truncate(from + read.as_ref().map_or(0, |read| *read));
        match read {
            Ok(0) => return Some(true),
            Ok(_) => {}
            Err(_) => return None,
        }
    }
    Some(false)
}
