//! Files that are something else too, for programs that look elsewhere in them.

use std::{
    collections::BTreeSet,
    io::{Read, Seek},
};

use super::{
    Category, Trait, archive,
    detect::{Detected, Look},
    pdf,
    source::{Source, Stop, holds},
};

/// How much of a picture's beginning is looked at for a page or script, in bytes.
const PICTURE: usize = 512;

/// What archives begin with that programs find behind something else: those that unpack themselves are such files.
const ARCHIVES: [&[u8]; 2] = [b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c"];

/// How far into a picture an archive is looked for, in bytes, as far as unrar looks; into anything else it is the head.
const ARCHIVE_WITHIN: u64 = 2 << 20;

/// Looks where other programs would.
pub(super) fn look<R: Read + Seek>(
    source: &mut Source<R>,
    head: &[u8],
    detected: &mut Detected,
    traits: &mut BTreeSet<Trait>,
) -> Result<(), Stop> {
    look_for_pdf(source, head, detected, traits)?;
    if is_page_too(head, detected) {
        traits.insert(Trait::Polyglot);
    }
    if has_archive_behind(source, head, detected)? {
        traits.extend([Trait::Polyglot, Trait::Unreadable]);
    }
    // Programs that unpack themselves are ZIPs at their end, and archives have ZIPs in them.
    let may_hold_zips = match detected.category {
        Category::Executable => true,
        // A single compressed file holds none that anybody can see.
        Category::Archive => detected.look != Look::Stream,
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

/// Whether readers of PDF would take it for one, though something comes before, and what it does then.
fn look_for_pdf<R: Read + Seek>(
    source: &mut Source<R>,
    head: &[u8],
    detected: &mut Detected,
    traits: &mut BTreeSet<Trait>,
) -> Result<(), Stop> {
    let Some(at) = pdf::header(head) else { return Ok(()) };
    // Office programs of macOS keep a picture as a PDF beside its metafile.
    if pdf::is_only_that(&head[..at]) || detected.media_type == "image/emf" {
        return Ok(());
    }
    // Text may speak of headers.
    if detected.is_text && !pdf::has_objects(source)? {
        return Ok(());
    }
    traits.insert(Trait::Polyglot);
    if detected.media_type == "text/plain" {
        detected.settle("application/pdf", Category::Document);
    }
    match pdf::look(source, traits) {
        Ok(()) | Err(Stop::Broken | Stop::Spent) => Ok(()),
        Err(Stop::Io(error)) => Err(Stop::Io(error)),
    }
}

/// Whether an archive begins behind what is none.
fn has_archive_behind<R: Read + Seek>(source: &mut Source<R>, head: &[u8], detected: &Detected) -> Result<bool, Stop> {
    let found = |window: &[u8]| ARCHIVES.iter().any(|start| holds(window, start));
    match detected.category {
        // Programs unpack themselves, and archives and documents have archives in them.
        Category::Archive | Category::Executable => Ok(false),
        Category::Document if !detected.is_text => Ok(false),
        Category::Image => {
            let mut any = false;
            source.windows(0..source.len().min(ARCHIVE_WITHIN), ARCHIVES[0].len(), |window| {
                any = found(window);
                !any
            })?;
            Ok(any)
        }
        Category::Audio | Category::Voice | Category::Video | Category::Document | Category::Other => {
            // The first bytes are no archive's, or they would have been known.
            Ok(found(head))
        }
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
