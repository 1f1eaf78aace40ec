//! The framing between the server and a worker: a count, then for each frame its length and its bytes, in little-endian 32 bits.
//!
//! Both sides bound what they read before they allocate.

use std::io::{self, Read, Write};

/// Many frames are small: both sides read and write through a buffer of this many bytes.
pub(crate) const BUFFER: usize = 64 << 10;

/// Writes `frames`.
pub(crate) fn write<'f>(out: &mut impl Write, frames: impl ExactSizeIterator<Item = &'f [u8]>) -> io::Result<()> {
    out.write_all(&length(frames.len())?)?;
    for frame in frames {
        out.write_all(&length(frame.len())?)?;
        out.write_all(frame)?;
    }
    out.flush()
}

/// Reads frames of at most `most` bytes in all.
pub(crate) fn read(from: &mut impl Read, most: usize) -> io::Result<Vec<Vec<u8>>> {
    let count = number(from)?;
    let mut left = most;
    let mut frames = Vec::new();
    for _ in 0..count {
        let size = number(from)?;
        // A frame costs its bytes and its place.
        left = left.checked_sub(size.saturating_add(size_of::<Vec<u8>>())).ok_or_else(too_large)?;
        let mut frame = Vec::new();
        from.take(size as u64).read_to_end(&mut frame)?;
        if frame.len() < size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        frames.push(frame);
    }
    Ok(frames)
}

fn length(length: usize) -> io::Result<[u8; 4]> {
    u32::try_from(length).map(u32::to_le_bytes).map_err(|_| too_large())
}

fn number(from: &mut impl Read) -> io::Result<usize> {
    let mut bytes = [0; 4];
    from.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes) as usize)
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "frames are larger than they may be")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_read_back_as_written() {
        let frames: [&[u8]; 3] = [b"one", b"", b"three"];
        let mut bytes = Vec::new();
        write(&mut bytes, frames.into_iter()).expect("writes");
        assert_eq!(read(&mut bytes.as_slice(), 1 << 10).expect("reads"), frames);
        for cut in 0..bytes.len() {
            assert!(read(&mut &bytes[..cut], 1 << 10).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn a_length_without_bytes_allocates_nothing() {
        let bytes = [[1, 0, 0, 0], [0xff, 0xff, 0xff, 0x7f]].concat();
        assert_eq!(read(&mut bytes.as_slice(), 1 << 20).expect_err("too large").kind(), io::ErrorKind::InvalidData);
        let many = [0xff; 64];
        assert!(read(&mut many.as_slice(), 1 << 10).is_err());
    }
}
