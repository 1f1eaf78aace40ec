//! What the filter and people call a file.

use serde::{Deserialize, Serialize};

use crate::message::AttachmentKind;

/// What the filter and people call a file: finer than [`AttachmentKind`], which the contract with plugins has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// A picture, drawings in SVG included.
    Image,
    /// Sound that is no voice message.
    Audio,
    /// Sound that the sender calls a voice message, or in a format that hardly anything but voice messages has.
    Voice,
    /// Moving pictures.
    Video,
    /// Text, tables, slides, PDF, e-books.
    Document,
    /// Files in a file, and single compressed files.
    Archive,
    /// Something that a machine would run, and packages that install something.
    Executable,
    /// Anything else, and what nobody knows.
    Other,
}

impl Category {
    /// Each of them.
    pub const ALL: [Self; 8] = [
        Self::Image,
        Self::Audio,
        Self::Voice,
        Self::Video,
        Self::Document,
        Self::Archive,
        Self::Executable,
        Self::Other,
    ];

    /// What plugins call it.
    pub const fn kind(self) -> AttachmentKind {
        match self {
            Self::Image => AttachmentKind::Image,
            Self::Audio | Self::Voice => AttachmentKind::Audio,
            Self::Video => AttachmentKind::Video,
            Self::Document => AttachmentKind::Document,
            Self::Archive => AttachmentKind::Archive,
            Self::Executable => AttachmentKind::Executable,
            Self::Other => AttachmentKind::Other,
        }
    }

    /// As it is written in JSON and in configurations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Voice => "voice",
            Self::Video => "video",
            Self::Document => "document",
            Self::Archive => "archive",
            Self::Executable => "executable",
            Self::Other => "other",
        }
    }
}
