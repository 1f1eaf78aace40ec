//! Edits of a text, checked before they are applied.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{id::AttachmentId, limits};

/// Replaces the bytes `start..end` of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// UTF-8 byte offset of the first byte to replace.
    pub start: u32,
    /// UTF-8 byte offset after the last byte to replace.
    pub end: u32,
    /// May be empty.
    pub replacement: String,
}

/// Edits that do not fit the text that they are for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadEdits {
    /// None, or more than [`limits::EDITS`].
    #[error("{count} edits; there must be 1 to {max}", max = limits::EDITS)]
    Count {
        /// How many there were.
        count: usize,
    },
    /// An offset inside a character, past the end, or an end before its start.
    #[error("edit {index} ({start}..{end}) does not lie on character boundaries of the text")]
    Offsets {
        /// Which edit, from 0.
        index: usize,
        /// Its start.
        start: u32,
        /// Its end.
        end: u32,
    },
    /// An edit that begins before the one before it ends.
    #[error("edit {index} overlaps the one before it, or is out of order")]
    Order {
        /// Which edit, from 0.
        index: usize,
    },
    /// The text would become too long.
    #[error("the edited text would be longer than {max} bytes", max = limits::TEXT_BYTES)]
    Length,
}

/// Edits that were checked against a text, with the text that they make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redaction {
    edits: Vec<Edit>,
    text: String,
    removed: BTreeSet<AttachmentId>,
}

impl Redaction {
    /// Checks `edits` against `text` and applies them.
    pub fn new(text: &str, edits: Vec<Edit>) -> Result<Self, BadEdits> {
        if !(1..=limits::EDITS).contains(&edits.len()) {
            return Err(BadEdits::Count { count: edits.len() });
        }
        let mut edited = String::with_capacity(text.len());
        let mut done = 0;
        for (index, edit) in edits.iter().enumerate() {
            let (start, end) = (edit.start as usize, edit.end as usize);
            if text.get(start..end).is_none() {
                return Err(BadEdits::Offsets { index, start: edit.start, end: edit.end });
            }
            if start < done {
                return Err(BadEdits::Order { index });
            }
            edited.push_str(&text[done..start]);
            edited.push_str(&edit.replacement);
            done = end;
            if edited.len() > limits::TEXT_BYTES {
                return Err(BadEdits::Length);
            }
        }
        edited.push_str(&text[done..]);
        if edited.len() > limits::TEXT_BYTES {
            Err(BadEdits::Length)
        } else {
            Ok(Self { edits, text: edited, removed: BTreeSet::new() })
        }
    }

    /// The same, taking these attachments away too.
    #[must_use]
    pub fn removing(self, removed: BTreeSet<AttachmentId>) -> Self {
        Self { removed, ..self }
    }

    /// The attachments that are taken away.
    pub const fn removed(&self) -> &BTreeSet<AttachmentId> {
        &self.removed
    }

    /// The edits, sorted, apart from one another.
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// The text as the edits leave it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text as the edits leave it, taken.
    pub fn into_text(self) -> String {
        self.text
    }
}
