//! Files that are something else too, for programs that look elsewhere in them.

use std::{
    collections::BTreeSet,
    io::{Read, Seek},
};

use super::{
    Category, Trait, archive,
    detect::{Detected, Look},
    head::PDF_WITHIN,
    source::{Source, Stop, find, holds},
};

/// How much of a picture's beginning is looked at for a page or script, in bytes.
const PICTURE: usize = 512;

/// Looks where other programs would.
pub(super) fn look<R: Read + Seek>(
    source: &mut Source<R>,
    head: &[u8],
    detected: &Detected,
    traits: &mut BTreeSet<Trait>,
) -> Result<(), Stop> {
    if is_pdf_too(head, detected) || is_page_too(head, detected) {
        traits.insert(Trait::Polyglot);
    }
    // Programs that unpack themselves are ZIPs at their end, and archives have ZIPs in them.
    let may_hold_zips = match detected.category {
        Category::Archive | Category::Executable => true,
        Category::Image
        | Category::Audio
        | Category::Voice
        | Category::Video
        | Category::Document
        | Category::Other => {
            matches!(detected.look, Look::Zip | Look::Unknown | Look::Office)
        }
    };
    if may_hold_zips || !archive::zip::ends_as_zip(source)? {
        return Ok(());
    }
    let mut inside = BTreeSet::new();
    if archive::zip::entries(source, &mut inside).is_ok_and(|contents| contents.entries > 0) {
        traits.insert(Trait::Polyglot);
        traits.append(&mut inside);
    }
    Ok(())
}

/// Whether readers of PDF would take it for one, though something comes before.
fn is_pdf_too(head: &[u8], detected: &Detected) -> bool {
    let begin = &head[..head.len().min(PDF_WITHIN)];
    match find(begin, b"%PDF-") {
        // Text may speak of it; a byte order mark or empty lines do no harm.
        Some(at) if at > 0 => {
            let before = begin[..at].trim_ascii();
            // Office programs of macOS keep a picture as a PDF beside its metafile.
            let is_picture_of_office = detected.media_type == "image/emf";
            !detected.is_text && !is_picture_of_office && !before.is_empty() && before != b"\xef\xbb\xbf"
        }
        Some(_) | None => false,
    }
}

/// Whether a picture is a page or script for programs that go by what they find.
fn is_page_too(head: &[u8], detected: &Detected) -> bool {
    if detected.category != Category::Image || detected.is_text {
        return false;
    }
    let begin = head[..head.len().min(PICTURE)].to_ascii_lowercase();
    let tags = [&b"<script"[..], b"<html", b"<?php", b"<!doctype html"].iter().any(|tag| holds(&begin, tag));
    // A picture whose size is "/*" or "=" to a script.
    let script = matches!(
        head,
        [b'G', b'I', b'F', b'8', _, b'a', b'/', b'*', ..] | [b'G', b'I', b'F', b'8', _, b'a', b'=', b'1', ..]
    );
    tags || script
}
