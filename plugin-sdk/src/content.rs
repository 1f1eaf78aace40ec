//! The bytes of an attachment, read in pieces: from the host inside the sandbox, from memory in tests.

use crate::{bindings::attachment_filter::sluice::policy::attachment_content, limits::CONTENT_READ_BYTES};

/// The bytes of one attachment. What a call may read in all is part of its budget, so read what the decision needs.
///
/// ```
/// let content = sluice_plugin::Content::from_bytes(b"%PDF-1.7".to_vec());
/// assert_eq!(content.size(), 8);
/// assert_eq!(content.read(0, 4), b"%PDF");
/// assert!(content.read(8, 4).is_empty());
/// ```
#[derive(Debug)]
pub struct Content<'call> {
    source: Source<'call>,
}

#[derive(Debug)]
enum Source<'call> {
    Host(&'call attachment_content::Content),
    Bytes(Vec<u8>),
}

impl<'call> Content<'call> {
    #[doc(hidden)]
    pub fn from_host(content: &'call attachment_content::Content) -> Self {
        Self { source: Source::Host(content) }
    }

    /// Content that is in memory already; for tests.
    ///
    /// ```
    /// assert_eq!(sluice_plugin::Content::from_bytes(vec![1, 2, 3]).size(), 3);
    /// ```
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { source: Source::Bytes(bytes) }
    }

    /// In bytes.
    ///
    /// ```
    /// assert_eq!(sluice_plugin::Content::from_bytes(Vec::new()).size(), 0);
    /// ```
    pub fn size(&self) -> u64 {
        match &self.source {
            Source::Host(content) => content.size(),
            Source::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// Reads at most `length` bytes from `offset`, at most 65,536 of them. Fewer come back only at the end of the content.
    ///
    /// ```
    /// assert_eq!(sluice_plugin::Content::from_bytes(b"abc".to_vec()).read(1, 9), b"bc");
    /// ```
    pub fn read(&self, offset: u64, length: u32) -> Vec<u8> {
        match &self.source {
            Source::Host(content) => content.read(offset, length),
            Source::Bytes(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                let end = start.saturating_add(length.min(CONTENT_READ_BYTES) as usize).min(bytes.len());
                bytes[start..end].to_vec()
            }
        }
    }

    /// The content in pieces of 65,536 bytes, the last one shorter, none of them empty.
    ///
    /// ```
    /// let content = sluice_plugin::Content::from_bytes(vec![0; 70_000]);
    /// assert_eq!(content.pieces().map(|piece| piece.len()).collect::<Vec<_>>(), [65_536, 4_464]);
    /// ```
    pub fn pieces(&self) -> impl Iterator<Item = Vec<u8>> {
        let mut offset = 0;
        std::iter::from_fn(move || {
            let piece = self.read(offset, CONTENT_READ_BYTES);
            offset += piece.len() as u64;
            (!piece.is_empty()).then_some(piece)
        })
    }
}
