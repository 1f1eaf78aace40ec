//! What the first bytes of a file say that it is, and where a look further in can say more.

use std::borrow::Cow;

use super::{
    Category, head, pdf,
    text::{self, Encoding, Form},
};

/// Where to look further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// The head says it all.
    Nowhere,
    /// The head is that of a script.
    Script,
    /// Into the central directory.
    Zip,
    /// For a central directory behind what nobody knows.
    Unknown,
    /// At each entry's header.
    Tar,
    /// Into the header at the end.
    SevenZip,
    /// At each entry's header.
    Rar,
    /// At the list of files.
    Cabinet,
    /// Into the root folder.
    Iso,
    /// At the size that a single compressed file declares.
    Stream,
    /// Into the directory of a compound file.
    Office,
    /// For what a PDF does.
    Pdf,
    /// For scripts in a page or drawing.
    Markup(Encoding),
    /// For the first element, which does not come before the head ends.
    Prologue(Encoding),
    /// For what is attached to a message of e-mail.
    Mail,
    /// Files are in there, and nobody here can tell which.
    Closed,
    /// For tracks of MP4 and its relatives.
    IsoMedia,
    /// For tracks of Matroska and WebM.
    Matroska,
    /// Behind the tags.
    Id3,
}

impl Look {
    /// What the file can turn out to be there, beside what the head says.
    pub(super) const fn outcomes(self) -> &'static [Category] {
        match self {
            Self::Zip | Self::Unknown => {
                &[Category::Archive, Category::Document, Category::Executable, Category::Other]
            }
            Self::Prologue(_) => &[Category::Document, Category::Image],
            Self::Office => &[Category::Document, Category::Executable, Category::Other],
            Self::IsoMedia => &[Category::Video, Category::Audio],
            Self::Matroska => &[Category::Video, Category::Audio, Category::Voice, Category::Other],
            Self::Id3 => &[Category::Audio, Category::Other],
            Self::Nowhere
            | Self::Script
            | Self::Tar
            | Self::SevenZip
            | Self::Rar
            | Self::Cabinet
            | Self::Iso
            | Self::Stream
            | Self::Pdf
            | Self::Mail
            | Self::Closed
            | Self::Markup(_) => &[],
        }
    }
}

/// What a file is, as far as is known.
#[derive(Debug, Clone)]
pub(super) struct Detected {
    pub(super) media_type: Cow<'static, str>,
    pub(super) category: Category,
    pub(super) look: Look,
    /// Whether the head is text.
    pub(super) is_text: bool,
}

impl Detected {
    pub(super) const fn new(media_type: &'static str, category: Category, look: Look) -> Self {
        Self { media_type: Cow::Borrowed(media_type), category, look, is_text: false }
    }

    /// Whether the head says anything.
    fn is_known(&self) -> bool {
        self.look != Look::Unknown
    }

    /// Looking further showed this.
    pub(super) fn settle(&mut self, media_type: &'static str, category: Category) {
        (self.media_type, self.category) = (Cow::Borrowed(media_type), category);
    }
}

/// What the first bytes say. The same for every longer head once there are [`super::HEAD_BYTES`].
pub(super) fn by_head(head: &[u8]) -> Detected {
    if head.is_empty() {
        return Detected::new("application/x-empty", Category::Other, Look::Nowhere);
    }
    // As much of the file as may be looked at: there can be more.
    let cut = head.len() >= super::HEAD_BYTES;
    if pdf::header(head).is_some_and(|at| pdf::is_only_that(&head[..at])) {
        return Detected::new("application/pdf", Category::Document, Look::Pdf);
    }
    match text::read(head) {
        Some(text) if text.is_doubtful => {
            Some(head::binary(head)).filter(Detected::is_known).unwrap_or_else(|| of_text(head, &text, cut))
        }
        Some(text) => of_text(head, &text, cut),
        None => Some(head::binary(head)).filter(Detected::is_known).unwrap_or_else(|| nearly_text(head, cut)),
    }
}

fn of_text(head: &[u8], text: &text::Text, cut: bool) -> Detected {
    let detected = of_kind(text::kind(&text.text, cut), text.encoding);
    // Signatures of a few letters are words too: only formats that are text count.
    if detected.media_type == "text/plain"
        && detected.look == Look::Nowhere
        && let Some(known) = head::textual(head)
    {
        return Detected { is_text: true, ..known };
    }
    detected
}

/// What is no text, for a letter in it that no text has, and what readers of text take for theirs all the same.
fn nearly_text(head: &[u8], cut: bool) -> Detected {
    let found = of_kind(text::kind(&text::lossy(head), cut), Encoding::Bytes);
    match found.look {
        Look::Markup(_) | Look::Script | Look::Mail => found,
        // What may stand before an element is binary here.
        _ => head::textual(head)
            .unwrap_or_else(|| Detected::new("application/octet-stream", Category::Other, Look::Unknown)),
    }
}

fn of_kind((media_type, category, form): (&'static str, Category, Form), encoding: Encoding) -> Detected {
    let look = match form {
        Form::Plain => Look::Nowhere,
        Form::Markup => Look::Markup(encoding),
        Form::Prologue => Look::Prologue(encoding),
        Form::Mail => Look::Mail,
        Form::Script => Look::Script,
    };
    Detected { is_text: true, ..Detected::new(media_type, category, look) }
}
