//! What the first bytes of a file say that it is, and where a look further in can say more.

use std::borrow::Cow;

use super::{
    Category,
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
    if let Some(text) = text::read(head) {
        return of_text(head, &text);
    }
    super::head::binary(head)
}

fn of_text(head: &[u8], text: &text::Text) -> Detected {
    let (media_type, category, form) = text::kind(&text.text);
    let look = match form {
        Form::Plain => Look::Nowhere,
        Form::Markup => Look::Markup(text.encoding),
        Form::Script => Look::Script,
    };
    let mut detected = Detected { is_text: true, ..Detected::new(media_type, category, look) };
    // Signatures of a few letters are words too: only formats that are text count.
    if media_type == "text/plain"
        && let Some(known) = super::head::textual(head)
    {
        detected = Detected { is_text: true, ..known };
    }
    detected
}
