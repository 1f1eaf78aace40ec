//! What was found out about a file.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Category;

/// What is suspicious about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trait {
    /// The extension says something else than the content. Differences within one category that harm nobody (a PNG
    /// called `.jpg`) do not count, and neither do unknown extensions.
    NameMismatch,
    /// A harmless extension before one that a machine would run: `invoice.pdf.exe`.
    DoubleExtension,
    /// The name shows otherwise than it is: marks that turn the direction of writing, control characters, many spaces
    /// before the extension, dots or spaces at the end.
    DeceptiveName,
    /// A machine would run a file of this name, whatever is in it.
    ExecutableName,
    /// The content is a script: its first line names an interpreter, or its extension and its words both say so.
    Script,
    /// An archive or document has a file in it whose name or first bytes are those of a program.
    ExecutableInside,
    /// Unpacking it would take far more room than it does: more than 1 GiB and 100 times its size, or more than 10 MiB
    /// and 1000 times its size; or its entries overlap, are too many, or are archives that look made to be unpacked for
    /// ever.
    ArchiveBomb,
    /// Some or all of it cannot be looked at without a password.
    Encrypted,
    /// A drawing, page or PDF that runs something when it is opened.
    ActiveContent,
    /// An office document with macros.
    Macros,
    /// It is something else too, for programs that look elsewhere in it.
    Polyglot,
    /// It is broken, cut off, or too large to be looked into.
    Unreadable,
}

impl Trait {
    /// Each of them.
    pub const ALL: [Self; 12] = [
        Self::NameMismatch,
        Self::DoubleExtension,
        Self::DeceptiveName,
        Self::ExecutableName,
        Self::Script,
        Self::ExecutableInside,
        Self::ArchiveBomb,
        Self::Encrypted,
        Self::ActiveContent,
        Self::Macros,
        Self::Polyglot,
        Self::Unreadable,
    ];

    /// As it is written in JSON and in configurations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NameMismatch => "name-mismatch",
            Self::DoubleExtension => "double-extension",
            Self::DeceptiveName => "deceptive-name",
            Self::ExecutableName => "executable-name",
            Self::Script => "script",
            Self::ExecutableInside => "executable-inside",
            Self::ArchiveBomb => "archive-bomb",
            Self::Encrypted => "encrypted",
            Self::ActiveContent => "active-content",
            Self::Macros => "macros",
            Self::Polyglot => "polyglot",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// The media type that the content shows: `text/plain` for text of no known form, `application/octet-stream` when
    /// nothing is known.
    pub detected_type: String,
    /// What people call it.
    pub category: Category,
    /// What is suspicious about it.
    pub traits: BTreeSet<Trait>,
}
