//! What is behind ID3 tags (ID3v2.4.0, section 3.1): most often an MP3.

use std::io::{Read, Seek};

use super::super::{
    Category,
    detect::Detected,
    source::{Source, Stop},
};

/// How many tags are passed over; one is usual.
const TAGS: u32 = 16;

/// Padding that some programs leave behind the tags, in bytes.
const PADDING: usize = 4_096;

/// Finds out what is tagged.
pub(in super::super) fn look<R: Read + Seek>(source: &mut Source<R>, detected: &mut Detected) -> Result<(), Stop> {
    let mut at = 0_u64;
    for _ in 0..TAGS {
        let header = source.bytes(at, 10)?;
        let [b'I', b'D', b'3', _, _, flags, a, b, c, d] = header[..] else { break };
        let size = [a, b, c, d].iter().fold(0_u64, |size, byte| size << 7 | u64::from(byte & 0x7f));
        let footer = if flags & 0x10 == 0 { 0 } else { 10 };
        at += 10 + size + footer;
    }
    let content = source.bytes(at, 2 * PADDING)?;
    let padding = content.iter().take(PADDING).take_while(|byte| **byte == 0).count();
    let content = &content[padding..];
    match content {
        [] => return Err(Stop::Broken),
        [b'f', b'L', b'a', b'C', ..] => detected.settle("audio/flac", Category::Audio),
        [0xff, 0xf0 | 0xf1 | 0xf8 | 0xf9, ..] => detected.settle("audio/aac", Category::Audio),
        // With a tag before it, one frame's header is enough.
        _ if super::frame_length(content).is_some() => detected.settle("audio/mpeg", Category::Audio),
        [b'M', b'A', b'C', b' ', ..] => detected.settle("audio/x-ape", Category::Audio),
        [b'M', b'P', b'+' | b'C', ..] => detected.settle("audio/x-musepack", Category::Audio),
        [b'T', b'T', b'A', b'1', ..] => detected.settle("audio/x-tta", Category::Audio),
        // Frames may begin a little later.
        _ if (0..content.len().min(PADDING)).any(|at| is_sure_frame(&content[at..])) => {
            detected.settle("audio/mpeg", Category::Audio);
        }
        _ => {}
    }
    Ok(())
}

/// Two frames in a row, both there.
fn is_sure_frame(content: &[u8]) -> bool {
    let next = super::frame_length(content).and_then(|length| content.get(length..));
    next.is_some_and(|next| super::frame_length(next).is_some())
}
