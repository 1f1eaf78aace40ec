//! ZIP, and the documents and programs that are ZIPs (APPNOTE 6.3.10).

use std::{
    collections::BTreeSet,
    io::{Read, Seek},
};

use rawzip::{CompressionMethod, ZipArchive, ZipFileHeaderRecord, ZipLocator};

use super::super::{
    Category, MAX_ENTRIES, Trait,
    detect::{Detected, Look},
    executable,
    source::{At, Source, Stop, holds},
    unpack,
};

mod contents;

use contents::Contents;

/// How far from the end the directory's end may begin, in bytes: its own 22, and the longest comment.
pub(in super::super) const END_WITHIN: u64 = 22 + u16::MAX as u64;

/// How large a local header is before its name, in bytes.
const LOCAL_HEADER: u64 = 30;

/// The ranges of how many entries are compared exactly; 16 bytes each. Of more, only the sum is looked at.
const RANGES: usize = 16_384;

/// Of how many entries the first bytes are looked at.
const PEEKS: usize = 64;

/// How many of an entry's first bytes are looked at, and how many are read for that when they are deflated.
const PEEK: usize = 128;
const PACKED_PEEK: usize = 2_048;

/// Looks through the central directory.
pub(in super::super) fn look<R: Read + Seek>(
    source: &mut Source<R>,
    detected: &mut Detected,
    traits: &mut BTreeSet<Trait>,
) -> Result<(), Stop> {
    let contents = entries(source, traits)?;
    settle(&contents, detected, traits);
    Ok(())
}

fn settle(contents: &Contents, detected: &mut Detected, traits: &mut BTreeSet<Trait>) {
    if let Some((media_type, category)) = contents.format() {
        detected.settle(media_type, category);
    }
    if contents.macros && detected.category == Category::Document {
        traits.insert(Trait::Macros);
    }
}

/// Looks for a central directory behind what nobody knows: programs that unpack take the file for a ZIP. That it does
/// not begin as one is noted.
pub(in super::super) fn look_behind<R: Read + Seek>(
    source: &mut Source<R>,
    detected: &mut Detected,
    traits: &mut BTreeSet<Trait>,
) -> Result<(), Stop> {
    if !ends_as_zip(source)? {
        return Ok(());
    }
    let mut inside = BTreeSet::from([Trait::Polyglot]);
    let mut found = Detected::new("application/zip", Category::Archive, Look::Nowhere);
    match entries(source, &mut inside) {
        // Programs that write archives have the end of an empty one in them.
        Ok(contents) if contents.entries > 0 => {
            settle(&contents, &mut found, &mut inside);
            traits.append(&mut inside);
            (detected.media_type, detected.category) = (found.media_type, found.category);
            Ok(())
        }
        // Its letters are there by chance.
        Ok(_) | Err(Stop::Broken | Stop::Spent) => Ok(()),
        Err(Stop::Io(error)) => Err(Stop::Io(error)),
    }
}

/// Whether the end of a central directory is at the end, as far as its longest comment.
pub(in super::super) fn ends_as_zip<R: Read + Seek>(source: &mut Source<R>) -> Result<bool, Stop> {
    let start = source.len().saturating_sub(END_WITHIN);
    let mut ends = false;
    source.windows(start..source.len(), 3, |window| {
        ends = holds(window, b"PK\x05\x06");
        !ends
    })?;
    Ok(ends)
}

/// Reads the directory and notes what is suspicious about it.
pub(in super::super) fn entries<R: Read + Seek>(
    source: &mut Source<R>,
    traits: &mut BTreeSet<Trait>,
) -> Result<Contents, Stop> {
    let len = source.len();
    let at = At::new(source);
    let mut buffer = vec![0; rawzip::MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
    let located = ZipLocator::new().max_search_space(END_WITHIN).locate_in_reader(&at, &mut buffer, len);
    let archive = located.map_err(|_| at.why())?;
    let mut sums = Sums::default();
    let mut contents = Contents::default();
    let mut records = archive.entries(&mut buffer);
    let mut count = 0_u64;
    while let Some(record) = records.next_entry().map_err(|_| at.why())? {
        count += 1;
        if count > MAX_ENTRIES {
            traits.insert(Trait::ArchiveBomb);
            break;
        }
        contents.entries = count;
        sums.add(&record, len);
        look_at(&archive, &at, &record, &mut sums, &mut contents, traits)?;
    }
    if sums.are_a_bomb(len) {
        traits.insert(Trait::ArchiveBomb);
    }
    if count < archive.entries_hint().min(MAX_ENTRIES) {
        return Err(Stop::Broken);
    }
    Ok(contents)
}

fn look_at<R: Read + Seek>(
    archive: &ZipArchive<&At<'_, R>>,
    at: &At<'_, R>,
    record: &ZipFileHeaderRecord<'_>,
    sums: &mut Sums,
    contents: &mut Contents,
    traits: &mut BTreeSet<Trait>,
) -> Result<(), Stop> {
    let flags = record.flags();
    let method = record.compression_method();
    if flags.is_encrypted() || flags.has_strong_encryption() || flags.is_masked() || method == CompressionMethod::AES {
        traits.insert(Trait::Encrypted);
    }
    let path = record.file_path();
    let name: &[u8] = path.as_ref();
    if !record.is_dir() {
        super::note_name(name, traits);
    }
    let is_type = name == b"mimetype";
    let peek = is_type || (sums.peeks < PEEKS && !traits.contains(&Trait::ExecutableInside));
    let mut start = Vec::new();
    let can_peek = matches!(method, CompressionMethod::STORE | CompressionMethod::DEFLATE) && !flags.is_encrypted();
    if can_peek && peek && record.compressed_size_hint() > 3 {
        sums.peeks += 1;
        let entry = archive.get_entry(record.wayfinder());
        let range = entry.map(|entry| entry.compressed_data_range()).map_err(|_| at.why());
        match range {
            Ok((from, to)) => {
                let is_stored = method == CompressionMethod::STORE;
                let most = if is_stored { PEEK } else { PACKED_PEEK };
                start = at.bytes(from, usize::try_from(to.saturating_sub(from)).unwrap_or(most).min(most))?;
                if !is_stored {
                    let packed = std::mem::take(&mut start);
                    // As far as it goes: what is broken is what nobody opens.
                    let _ = unpack::inflate(&packed, &mut start, PEEK);
                    // What gives less than was looked for, behind as much as was read, was not looked into.
                    if start.len() < PEEK && packed.len() >= PACKED_PEEK {
                        traits.insert(Trait::Unreadable);
                    }
                }
            }
            Err(Stop::Broken) => {
                traits.insert(Trait::Unreadable);
            }
            Err(stop) => return Err(stop),
        }
    } else if !can_peek && peek && !flags.is_encrypted() && record.compressed_size_hint() > 3 {
        // Packed in a way that nothing here unpacks.
        traits.insert(Trait::Unreadable);
    }
    if executable::begins_as_program(&start) {
        traits.insert(Trait::ExecutableInside);
    }
    contents.note(name, if is_type { &start } else { b"" });
    Ok(())
}

/// What the entries come to together.
#[derive(Default)]
struct Sums {
    packed: u64,
    unpacked: u64,
    ranges: Vec<(u64, u64)>,
    peeks: usize,
    files: u64,
    /// Archives among the files, those that are the same as the first, and whether one is as large as all of this.
    archives: u64,
    same: u64,
    first: Option<(u32, u64)>,
    holds_itself: bool,
}

impl Sums {
    fn add(&mut self, record: &ZipFileHeaderRecord<'_>, len: u64) {
        let path = record.file_path();
        let name: &[u8] = path.as_ref();
        let packed = LOCAL_HEADER.saturating_add(name.len() as u64).saturating_add(record.compressed_size_hint());
        let unpacked = record.uncompressed_size_hint();
        self.packed = self.packed.saturating_add(packed);
        self.unpacked = self.unpacked.saturating_add(unpacked);
        if self.ranges.len() < RANGES {
            let start = record.local_header_offset();
            self.ranges.push((start, start.saturating_add(packed)));
        }
        if record.is_dir() {
            return;
        }
        self.files += 1;
        let name = name.to_ascii_lowercase();
        if [&b".zip"[..], b".rar", b".7z", b".gz", b".xz", b".bz2"].iter().any(|extension| name.ends_with(extension)) {
            self.archives += 1;
            let this = (record.crc32(), unpacked);
            self.same += u64::from(*self.first.get_or_insert(this) == this);
            self.holds_itself |= unpacked == len;
        }
    }

    /// Overlapping entries are how a small archive unpacks to petabytes (Fifield, "A better zip bomb", WOOT 2019); the
    /// same archive many times over is 42.zip; one that holds an archive as large as itself is made to hold itself.
    fn are_a_bomb(&mut self, len: u64) -> bool {
        self.ranges.sort_unstable();
        let overlap = self.ranges.windows(2).any(|pair| pair[1].0 < pair[0].1) || self.packed > len;
        let nested = self.archives == self.files && (self.same >= 8 || self.holds_itself);
        super::is_bomb(self.unpacked, len) || overlap || nested
    }
}
