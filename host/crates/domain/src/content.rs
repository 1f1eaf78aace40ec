//! What a file is, decided by its content and never by its name, and what is deceptive or dangerous about it.
//!
//! Files come from strangers. Whatever one says about itself, [`inspect`] reads at most [`READ_LIMIT`] bytes of it,
//! looks at no more than [`MAX_ENTRIES`] entries of an archive, and unpacks no more than beginnings of what is in it
//! ([`UNPACKED`]), with decompressors that are safe Rust throughout. It holds less than 16 MiB. What it does not look
//! into it says ([`Trait::Unreadable`]), but it is no virus scanner. Whether a file is let in is not decided here.

use std::{
    collections::BTreeSet,
    io::{self, Read, Seek},
};

mod archive;
mod category;
mod detect;
mod executable;
mod extension;
mod file_type;
mod findings;
mod head;
mod inline;
mod json;
mod known;
mod mail;
mod markup;
mod media;
mod name;
mod office;
mod pdf;
mod polyglot;
mod prologue;
mod source;
#[cfg(test)]
mod tests;
mod text;
mod unpack;

pub use category::Category;
pub use file_type::{FileType, FileTypeError};
pub use findings::{Findings, Trait};
pub use inline::inline_type;

use detect::{Detected, Look};
use source::{Source, Stop};

/// How much of a file's beginning [`forecast`] wants, in bytes. The farthest signature, of ISO 9660, ends at 32,774.
pub const HEAD_BYTES: usize = 65_536;

/// How much of a file [`inspect`] reads at most, in bytes, however large it is: enough for the central directory of
/// [`MAX_ENTRIES`] entries with names of 200 bytes.
pub const READ_LIMIT: u64 = 32 << 20;

/// How many entries of an archive are looked at. A ZIP with more is an archive bomb; any other is unreadable.
pub const MAX_ENTRIES: u64 = 100_000;

/// How much is unpacked of a single compressed file that holds an archive, in bytes: all of a small one. Of any other it
/// is a head.
const UNPACKED: usize = 4 << 20;

/// What a file is. `said_voice`: the sender says that it is a voice message, which is believed of sound only.
///
/// `declared_type`, the sender's media type, only counts where the name says nothing: a file without a known extension
/// that is called a picture and is something else has [`Trait::NameMismatch`].
///
/// # Errors
///
/// When the content cannot be read. Content that is broken is no error, but [`Trait::Unreadable`].
pub fn inspect<R: Read + Seek>(content: R, name: &str, declared_type: &str, said_voice: bool) -> io::Result<Findings> {
    let mut source = Source::new(content)?;
    let head = match source.bytes(0, HEAD_BYTES) {
        Ok(head) => head,
        Err(Stop::Io(error)) => return Err(error),
        Err(Stop::Broken | Stop::Spent) => Vec::new(),
    };
    let mut detected = detect::by_head(&head);
    let mut traits = BTreeSet::new();
    match look_into(&mut source, &head, &mut detected, &mut traits) {
        Ok(()) => {}
        Err(Stop::Io(error)) => return Err(error),
        Err(Stop::Broken | Stop::Spent) => {
            traits.insert(Trait::Unreadable);
        }
    }
    match look_as_page(&mut source, &head, &detected, name, declared_type, &mut traits) {
        Ok(()) => {}
        Err(Stop::Io(error)) => return Err(error),
        Err(Stop::Broken | Stop::Spent) => {
            traits.insert(Trait::Unreadable);
        }
    }
    match polyglot::look(&mut source, &head, &mut detected, &mut traits) {
        Ok(()) | Err(Stop::Broken | Stop::Spent) => {}
        Err(Stop::Io(error)) => return Err(error),
    }
    if detected.category == Category::Executable {
        // That a program has programs in it says nothing new.
        traits.remove(&Trait::ExecutableInside);
    }
    name::judge(name, declared_type, &detected, &head, &mut traits);
    Ok(Findings {
        category: voiced(detected.category, said_voice),
        detected_type: detected.media_type.into_owned(),
        traits,
    })
}

/// What the whole can turn out to be, given its first bytes: at least [`HEAD_BYTES`] of them, or all of it.
///
/// Sound: the category that [`inspect`] finds in the end is one of these.
pub fn forecast(head: &[u8], said_voice: bool) -> BTreeSet<Category> {
    let Some(head) = head.get(..HEAD_BYTES) else {
        // This is the whole.
        let whole = inspect(io::Cursor::new(head), "", "", said_voice);
        return whole.map_or_else(|_| Category::ALL.into(), |found| [found.category].into());
    };
    let detected = detect::by_head(head);
    let mut possible = BTreeSet::from([detected.category]);
    possible.extend(detected.look.outcomes());
    // A track of pictures in the head makes it a film, whatever comes after.
    if Source::new(io::Cursor::new(head)).is_ok_and(|mut head| media::has_pictures(&mut head, detected.look)) {
        possible = [Category::Video].into();
    }
    possible.into_iter().map(|category| voiced(category, said_voice)).collect()
}

/// What its sender says that a file is, as far as the content leaves that open: of what it can turn out to be, the one that its name or
/// media type says, when that is one of them. For being strict early: who says that it is a film is not in a position to be trusted
/// that it is something else.
pub fn as_claimed(possible: BTreeSet<Category>, name: &str, declared_type: &str) -> BTreeSet<Category> {
    let claimed = name::claimed(name).or_else(|| match declared_type.split('/').next() {
        Some("image") => Some(Category::Image),
        Some("audio") => Some(Category::Audio),
        Some("video") => Some(Category::Video),
        Some(_) | None => None,
    });
    match claimed.filter(|category| possible.contains(category)) {
        Some(category) => [category].into(),
        None => possible,
    }
}

const fn voiced(category: Category, said_voice: bool) -> Category {
    match category {
        Category::Audio if said_voice => Category::Voice,
        Category::Image
        | Category::Audio
        | Category::Voice
        | Category::Video
        | Category::Document
        | Category::Archive
        | Category::Executable
        | Category::Other => category,
    }
}

/// Looks for scripts in what a browser opens as a page for its name, whatever it begins with.
fn look_as_page<R: Read + Seek>(
    source: &mut Source<R>,
    head: &[u8],
    detected: &Detected,
    name: &str,
    declared_type: &str,
    traits: &mut BTreeSet<Trait>,
) -> Result<(), Stop> {
    let media_type = detected.media_type.as_ref();
    let is_other = !detected.is_text && media_type != "application/octet-stream";
    if is_other || markup::is_page(media_type) || !name::opens_as_page(name, declared_type) {
        return Ok(());
    }
    let encoding = text::read(head).map_or(text::Encoding::Bytes, |text| text.encoding);
    markup::look(source, encoding, true, traits)
}

/// Looks further than the head, as far as the format asks for it.
fn look_into<R: Read + Seek>(
    source: &mut Source<R>,
    head: &[u8],
    detected: &mut Detected,
    traits: &mut BTreeSet<Trait>,
) -> Result<(), Stop> {
    match detected.look {
        Look::Nowhere => Ok(()),
        Look::Script => {
            traits.insert(Trait::Script);
            Ok(())
        }
        Look::Zip => archive::zip::look(source, detected, traits),
        Look::Unknown => archive::zip::look_behind(source, detected, traits),
        Look::Tar => archive::tar::look(source, traits),
        Look::SevenZip => archive::seven_zip::look(source, traits),
        Look::Rar => archive::rar::look(source, traits),
        Look::Cabinet => archive::cabinet::look(source, traits),
        Look::Iso => archive::iso::look(source, traits),
        Look::Stream => archive::stream::look(source, head, traits),
        Look::Office => office::look(source, head, detected, traits),
        Look::Pdf => pdf::look(source, traits),
        Look::Markup(encoding) => markup::look(source, encoding, markup::is_page(&detected.media_type), traits),
        Look::Prologue(encoding) => markup::look_behind(source, encoding, detected, traits),
        Look::Mail => mail::look(source, traits),
        Look::Closed => Err(Stop::Spent),
        Look::IsoMedia => media::mp4::look(source, detected),
        Look::Matroska => media::matroska::look(source, detected),
        Look::Id3 => media::id3::look(source, detected),
    }
}
