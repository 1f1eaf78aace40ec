//! Signatures: those that file-format knows, and those that it cannot be asked about.
//!
//! file-format is only ever given a head in memory, and never one of a ZIP, a compound file, an MP4, a Matroska or an
//! ASF file: its readers of these follow what the file says (4 GiB for one entry's content, sums that overflow).

use std::borrow::Cow;

use file_format::{FileFormat, Kind};

use super::{
    Category,
    detect::{Detected, Look},
    executable, media, pdf,
    source::{holds, u16_le, u32_le, u64_le},
};

const ASF: &[u8] = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c";
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// What a head that is no text is.
pub(super) fn binary(head: &[u8]) -> Detected {
    use Category::{Archive, Document, Executable, Image, Other};
    let starts = |signature: &[u8]| head.starts_with(signature);
    let is = Detected::new;
    if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") || starts(b"PK\x07\x08PK") || starts(b"PK00PK") {
        return is("application/zip", Archive, Look::Zip);
    }
    if starts(COMPOUND) {
        return is("application/x-cfb", Other, Look::Office);
    }
    if starts(b"\x1a\x45\xdf\xa3") {
        return is("video/matroska", Category::Video, Look::Matroska);
    }
    if starts(ASF) {
        return media::asf(head);
    }
    if let Some(detected) = media::iso_media(head) {
        return detected;
    }
    if starts(b"OggS") {
        return media::ogg(head);
    }
    if starts(b"ID3") && head.get(3).is_some_and(|version| *version < 5) {
        return is("application/x-id3v2", Other, Look::Id3);
    }
    if let Some(detected) = executable::machine_code(head) {
        return detected;
    }
    if starts(b"#!") && !starts(b"#!AMR") {
        return is("text/x-shellscript", Executable, Look::Script);
    }
    if is_old_tar(head) {
        return is("application/x-tar", Archive, Look::Tar);
    }
    if starts(b"8BPS") && head.get(4) == Some(&0) {
        return is("image/vnd.adobe.photoshop", Image, Look::Nowhere);
    }
    if is_lzma(head) {
        return is("application/x-lzma", Archive, Look::Stream);
    }
    if starts(b"MATLAB 5.0 MAT-file") {
        return is("application/x-matlab-data", Other, Look::Nowhere);
    }
    let mut known = known(head);
    if known.media_type == "application/octet-stream" && is_targa(head) {
        return is("image/x-tga", Image, Look::Nowhere);
    }
    if known.media_type == "application/octet-stream" && pdf::header(head).is_some() {
        return is("application/pdf", Document, Look::Pdf);
    }
    if known.media_type == "application/octet-stream" {
        known.look = Look::Unknown;
    }
    known
}

/// What readers of text formats pass over: blanks, a byte order mark, and what a printer is told first.
fn behind_blanks(head: &[u8]) -> &[u8] {
    let mut rest = head;
    loop {
        let blank = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0 | 0x04);
        rest = rest.iter().position(|byte| !blank(byte)).map_or(&[][..], |at| &rest[at..]);
        let next = rest.strip_prefix(b"\xef\xbb\xbf");
        let is_told = rest.starts_with(b"\x1b%-12345X") || rest.starts_with(b"@PJL");
        let next =
            next.or_else(|| is_told.then(|| rest.iter().position(|byte| *byte == b'\n').map(|at| &rest[at..]))?);
        match next {
            Some(next) => rest = next,
            None => return rest,
        }
    }
}

/// What file-format says of a head that is text, when it is a format that is text.
pub(super) fn textual(head: &[u8]) -> Option<Detected> {
    let head = behind_blanks(head);
    let format = FileFormat::from_bytes(head);
    let media_type = format.media_type();
    let is_text = media_type.starts_with("text/")
        || media_type.starts_with("model/")
        || media_type.contains("+xml")
        || TEXTUAL.contains(&media_type);
    if format == FileFormat::PlainText || format == FileFormat::ExtensibleMarkupLanguage || !is_text {
        return None;
    }
    // "P1 " can begin a sentence.
    if media_type.starts_with("image/x-portable") {
        let size = head.get(2..)?.trim_ascii_start().first()?;
        if !size.is_ascii_digit() && *size != b'#' {
            return None;
        }
    }
    Some(of_format(format))
}

/// Media types of file-format that are text without saying so.
const TEXTUAL: [&str; 26] = [
    "application/rtf",
    "application/postscript",
    "application/pdf",
    "application/x-pem-file",
    "application/pgp",
    "application/pgp-keys",
    "application/pgp-signature",
    "application/x-subrip",
    "application/vnd.ms-developer",
    "application/vnd.ms-wpl",
    "application/vnd.jgraph.mxfile",
    "application/vnd.uof.presentation",
    "application/vnd.uof.spreadsheet",
    "application/vnd.uof.text",
    "application/x-abiword",
    "application/x-abiword-template",
    "application/x-bittorrent",
    "application/x-dxf",
    "application/x-usf",
    "audio/x-mpegurl",
    "audio/x-scpls",
    "image/x-eps",
    "image/x-xpixmap",
    "image/x-portable-bitmap",
    "image/x-portable-graymap",
    "image/x-portable-pixmap",
];

/// What file-format says of a head that is no text.
fn known(head: &[u8]) -> Detected {
    let format = match FileFormat::from_bytes(head) {
        // Its signatures of two bytes are in too much that is something else.
        FileFormat::CommonObjectFileFormat | FileFormat::DerCertificate | FileFormat::AudioCodec3
            if !is_plausible(head) =>
        {
            FileFormat::ArbitraryBinaryData
        }
        FileFormat::WindowsIcon | FileFormat::WindowsCursor if !is_icon(head) => FileFormat::ArbitraryBinaryData,
        FileFormat::AppleDiskImage if head.starts_with(b"\x78\x01") => FileFormat::ArbitraryBinaryData,
        FileFormat::Mpeg12AudioLayer2 | FileFormat::Mpeg12AudioLayer3 if !media::is_mpeg_frame(head) => {
            FileFormat::ArbitraryBinaryData
        }
        // Markup with zeros in it is what its readers make of it.
        format if format.media_type() == "text/html" || format.media_type().contains("xml") => {
            FileFormat::ArbitraryBinaryData
        }
        // It was no text: these are text only.
        FileFormat::PlainText => FileFormat::ArbitraryBinaryData,
        format => format,
    };
    of_format(format)
}

/// Whether the length in a DER certificate, or the number of sections in an object file, can be true.
fn is_plausible(head: &[u8]) -> bool {
    match head {
        [0x30, 0x82, ..] => head.get(4) == Some(&0x30),
        [0x4c, 0x01, ..] | [0x64, 0x86, ..] => (1..1_000).contains(&u16_le(head, 2)) && u32_le(head, 8) < 1 << 30,
        [0x0b, 0x77, ..] => head.get(5).is_some_and(|id| id >> 3 <= 16),
        _ => false,
    }
}

/// Whether the first entry of an icon's directory is one: a picture that is behind the directory.
fn is_icon(head: &[u8]) -> bool {
    let pictures = u32::from(u16_le(head, 4));
    let behind = 6 + 16 * pictures;
    (1..1_000).contains(&pictures) && head.get(9) == Some(&0) && u32_le(head, 14) > 0 && u32_le(head, 18) >= behind
}

/// Whether the header of a single file of LZMA, which has no signature, makes sense: properties as everybody writes them, a dictionary of
/// a power of two or one and a half of it, a size, and a first byte that is always zero (lzma-file-format.txt of XZ Utils).
fn is_lzma(head: &[u8]) -> bool {
    let (dictionary, size) = (u32_le(head, 1), u64_le(head, 5));
    let is_usual = dictionary >= 4_096 && (dictionary.is_power_of_two() || (dictionary / 3 * 2).is_power_of_two());
    head.first() == Some(&0x5d) && head.get(13) == Some(&0) && is_usual && (size == u64::MAX || size < 1 << 38)
}

/// Whether the header of a Truevision TGA, which has no signature, makes sense (TGA 2.0, section C.2).
fn is_targa(head: &[u8]) -> bool {
    let Some([_, map, kind, map_spec @ .., width, width_high, height, height_high, depth, flags]) = head.get(..18)
    else {
        return false;
    };
    let map_fits = match map {
        0 => matches!(kind, 2 | 3 | 10 | 11) && map_spec[..5] == [0; 5],
        1 => matches!(kind, 1 | 9) && matches!(map_spec[4], 15 | 16 | 24 | 32),
        _ => false,
    };
    let has_size = (*width, *width_high) != (0, 0) && (*height, *height_high) != (0, 0);
    map_fits && has_size && matches!(depth, 8 | 15 | 16 | 24 | 32) && flags & 0xc0 == 0
}

/// A media type and a category for each of file-format's.
pub(super) fn of_format(format: FileFormat) -> Detected {
    let look = match format {
        FileFormat::TapeArchive => Look::Tar,
        FileFormat::SevenZip => Look::SevenZip,
        FileFormat::RoshalArchive => Look::Rar,
        FileFormat::Cabinet => Look::Cabinet,
        FileFormat::Iso9660 => Look::Iso,
        FileFormat::PortableDocumentFormat | FileFormat::AdobeIllustratorArtwork => Look::Pdf,
        FileFormat::ShellScript
        | FileFormat::PythonScript
        | FileFormat::PerlScript
        | FileFormat::RubyScript
        | FileFormat::LuaScript
        | FileFormat::ToolCommandLanguageScript
        | FileFormat::ClojureScript
        | FileFormat::MsDosBatch => Look::Script,
        _ if format.kind() == Kind::Compressed => Look::Stream,
        // Other archives, and images of disks.
        _ if category_of(format) == Category::Archive => Look::Closed,
        _ => Look::Nowhere,
    };
    // A drawing in PDF is a PDF first.
    let format =
        if format == FileFormat::AdobeIllustratorArtwork { FileFormat::PortableDocumentFormat } else { format };
    // file-format's names are constants, but behind a borrow of the format.
    let media_type = Cow::Owned(format.media_type().to_owned());
    Detected { media_type, category: category_of(format), look, is_text: false }
}

/// What people call a file of that format.
pub(super) fn category_of(format: FileFormat) -> Category {
    match format {
        FileFormat::ShellScript
        | FileFormat::PythonScript
        | FileFormat::PerlScript
        | FileFormat::RubyScript
        | FileFormat::LuaScript
        | FileFormat::ToolCommandLanguageScript
        | FileFormat::ClojureScript
        | FileFormat::MsDosBatch
        | FileFormat::MicrosoftCompiledHtmlHelp
        | FileFormat::SmallWebFormat
        | FileFormat::WindowsShortcut => Category::Executable,
        FileFormat::MaterialExchangeFormat => Category::Video,
        FileFormat::WindowsAnimatedCursor => Category::Image,
        FileFormat::UnixArchiver => Category::Archive,
        FileFormat::BmfontAscii | FileFormat::Glyphs | FileFormat::PemPrivateKey => Category::Other,
        FileFormat::DigitalImagingAndCommunicationsInMedicine | FileFormat::FlexibleImageTransportSystem => {
            Category::Image
        }
        _ if format.media_type().starts_with("text/") || format.media_type().contains("xml") => match format.kind() {
            Kind::Image => Category::Image,
            Kind::Metadata | Kind::Font | Kind::Package => Category::Other,
            _ => Category::Document,
        },
        _ => match format.kind() {
            Kind::Image => Category::Image,
            Kind::Audio => Category::Audio,
            Kind::Video => Category::Video,
            Kind::Document
            | Kind::Ebook
            | Kind::Presentation
            | Kind::Spreadsheet
            | Kind::Diagram
            | Kind::Formula
            | Kind::Playlist
            | Kind::Subtitle => Category::Document,
            Kind::Archive | Kind::Compressed | Kind::Disk => Category::Archive,
            Kind::Executable | Kind::Package => Category::Executable,
            Kind::Database | Kind::Font | Kind::Geospatial | Kind::Metadata | Kind::Model | Kind::Other | Kind::Rom => {
                Category::Other
            }
            // file-format may learn of more.
            _ => Category::Other,
        },
    }
    .voiced_by(format)
}

impl Category {
    /// Formats that hardly anything but voice messages has.
    fn voiced_by(self, format: FileFormat) -> Self {
        match format {
            FileFormat::AdaptiveMultiRate | FileFormat::OggOpus | FileFormat::OggSpeex => Self::Voice,
            _ => self,
        }
    }
}

/// Whether this is a tar from before it had a signature: its first header adds up (POSIX.1-1988, section 10.1.1).
fn is_old_tar(head: &[u8]) -> bool {
    let Some(header) = head.get(..512) else { return false };
    header[0] != 0 && super::archive::tar::adds_up(header) && !holds(&header[..100], b"\xff")
}
