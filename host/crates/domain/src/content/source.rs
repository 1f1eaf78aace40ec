//! Content that is read here and there, and never more of it than is allowed.

use std::{
    cell::RefCell,
    io::{self, Read, Seek, SeekFrom},
};

use super::READ_LIMIT;

/// How many bytes are read at once where much is read.
pub(super) const CHUNK: usize = 65_536;

/// How often a file is read from at most: small reads cost more than their bytes.
const READS: u32 = 250_000;

/// Why a look ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// The content is not what it seems to be, or is cut off.
    Broken,
    /// As much was read as may be.
    Spent,
    /// The content cannot be read.
    Io(io::Error),
}

/// Content of known length with a budget.
pub(super) struct Source<R> {
    inner: R,
    len: u64,
    left: u64,
    reads_left: u32,
    /// Why the last reading on behalf of [`At`] failed.
    failed: Option<Stop>,
}

impl<R: Read + Seek> Source<R> {
    pub(super) fn new(mut inner: R) -> io::Result<Self> {
        let len = inner.seek(SeekFrom::End(0))?;
        Ok(Self { inner, len, left: READ_LIMIT, reads_left: READS, failed: None })
    }

    /// In bytes.
    pub(super) const fn len(&self) -> u64 {
        self.len
    }

    /// Fills the buffer from there on, as far as there is content.
    pub(super) fn fill(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, Stop> {
        let there = self.len.saturating_sub(offset);
        let wanted = usize::try_from(there).unwrap_or(usize::MAX).min(buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        let cost = wanted as u64;
        (self.left, self.reads_left) = match (self.left.checked_sub(cost), self.reads_left.checked_sub(1)) {
            (Some(left), Some(reads_left)) => (left, reads_left),
            _ => return Err(Stop::Spent),
        };
        self.inner.seek(SeekFrom::Start(offset)).map_err(Stop::Io)?;
        let mut filled = 0;
        while filled < wanted {
            match self.inner.read(&mut buffer[filled..wanted]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Stop::Io(error)),
            }
        }
        Ok(filled)
    }

    /// Exactly so many bytes.
    pub(super) fn array<const N: usize>(&mut self, offset: u64) -> Result<[u8; N], Stop> {
        let mut bytes = [0; N];
        match self.fill(offset, &mut bytes)? {
            filled if filled == N => Ok(bytes),
            _ => Err(Stop::Broken),
        }
    }

    /// At most so many bytes; `most` is the caller's, never the file's.
    pub(super) fn bytes(&mut self, offset: u64, most: usize) -> Result<Vec<u8>, Stop> {
        let there = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; there.min(most)];
        let filled = self.fill(offset, &mut bytes)?;
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// Shows the part in pieces that overlap by `overlap` bytes, so that what is shorter is whole in one of them, until
    /// `see` has seen enough and says `false`.
    pub(super) fn windows(
        &mut self,
        part: std::ops::Range<u64>,
        overlap: usize,
        mut see: impl FnMut(&[u8]) -> bool,
    ) -> Result<(), Stop> {
        let mut buffer = vec![0; CHUNK + overlap];
        let (mut kept, mut offset) = (0, part.start);
        while offset < part.end {
            let room = usize::try_from(part.end - offset).unwrap_or(usize::MAX).min(CHUNK);
            let read = self.fill(offset, &mut buffer[kept..kept + room])?;
            if read == 0 || !see(&buffer[..kept + read]) {
                break;
            }
            let whole = kept + read;
            let keep = whole.min(overlap);
            buffer.copy_within(whole - keep..whole, 0);
            (kept, offset) = (keep, offset + read as u64);
        }
        Ok(())
    }
}

/// The same for rawzip, which reads by offset and knows only its own errors.
pub(super) struct At<'a, R>(RefCell<&'a mut Source<R>>);

impl<'a, R: Read + Seek> At<'a, R> {
    pub(super) const fn new(source: &'a mut Source<R>) -> Self {
        Self(RefCell::new(source))
    }

    /// Why rawzip failed.
    pub(super) fn why(&self) -> Stop {
        self.0.borrow_mut().failed.take().unwrap_or(Stop::Broken)
    }

    /// Reads beside rawzip.
    pub(super) fn bytes(&self, offset: u64, most: usize) -> Result<Vec<u8>, Stop> {
        self.0.borrow_mut().bytes(offset, most)
    }
}

impl<R: Read + Seek> rawzip::ReaderAt for At<'_, R> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut source = self.0.borrow_mut();
        source.fill(offset, buffer).map_err(|stop| {
            source.failed = Some(stop);
            io::Error::other("see Source::failed")
        })
    }
}

/// Little-endian numbers of a slice; zero where it ends before.
pub(super) fn u16_le(bytes: &[u8], at: usize) -> u16 {
    number(bytes, at).map_or(0, u16::from_le_bytes)
}

/// As [`u16_le`].
pub(super) fn u32_le(bytes: &[u8], at: usize) -> u32 {
    number(bytes, at).map_or(0, u32::from_le_bytes)
}

/// As [`u16_le`].
pub(super) fn u64_le(bytes: &[u8], at: usize) -> u64 {
    number(bytes, at).map_or(0, u64::from_le_bytes)
}

/// Big-endian; zero where the slice ends before.
pub(super) fn u32_be(bytes: &[u8], at: usize) -> u32 {
    number(bytes, at).map_or(0, u32::from_be_bytes)
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// Whether the bytes are in there.
pub(super) fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    find(haystack, needle).is_some()
}

/// Where the bytes are in there first.
pub(super) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let (first, rest) = needle.split_first()?;
    let mut from = 0;
    while let Some(at) = haystack.get(from..)?.iter().position(|byte| byte == first) {
        if haystack[from + at + 1..].starts_with(rest) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}
