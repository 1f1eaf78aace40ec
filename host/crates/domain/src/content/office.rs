//! Compound files: old office documents, encrypted new ones, installers ([MS-CFB]).

use std::{
    collections::BTreeSet,
    io::{Read, Seek},
};

use super::{
    Category, Trait,
    detect::Detected,
    source::{Source, Stop, u16_le, u32_le, u64_le},
};

/// How many sectors of the directory are looked at: at least 4,096 entries.
const DIRECTORY: usize = 1_024;

/// How many sectors of the list of allocation tables are followed.
const TABLES: u64 = 4_096;

/// The highest number of a sector that is one.
const LAST: u32 = 0xffff_fffa;

/// From what size on a stream has sectors of its own, in bytes.
const LARGE: u64 = 4_096;

/// Looks through the directory.
pub(super) fn look<R: Read + Seek>(
    source: &mut Source<R>,
    head: &[u8],
    detected: &mut Detected,
    traits: &mut BTreeSet<Trait>,
) -> Result<(), Stop> {
    let shift = u16_le(head, 30);
    if !matches!(shift, 9 | 12) || head.len() < 512 {
        return Err(Stop::Broken);
    }
    let file = Compound { sector: 1 << shift, head };
    let mut seen = Seen::default();
    let end = file.directory(source, &mut seen);
    if let Some((media_type, category)) = seen.format() {
        detected.settle(media_type, category);
    }
    if seen.encrypted {
        traits.insert(Trait::Encrypted);
    }
    if seen.macros {
        traits.insert(Trait::Macros);
    }
    if let Some(at) = seen.main.and_then(|(start, size)| file.offset(start).filter(|_| size >= LARGE)) {
        let start = source.bytes(at, 256)?;
        if seen.is_locked(&start) {
            traits.insert(Trait::Encrypted);
        }
    }
    end
}

/// Where things are in the file.
struct Compound<'a> {
    /// How large a sector is, in bytes.
    sector: u64,
    head: &'a [u8],
}

impl Compound<'_> {
    fn offset(&self, sector: u32) -> Option<u64> {
        (sector <= LAST).then(|| (u64::from(sector) + 1) * self.sector)
    }

    fn directory<R: Read + Seek>(&self, source: &mut Source<R>, seen: &mut Seen) -> Result<(), Stop> {
        let mut sector = u32_le(self.head, 48);
        for _ in 0..DIRECTORY {
            let Some(at) = self.offset(sector) else { return Ok(()) };
            // Both sizes are small: 512 or 4,096 bytes.
            let entries = source.bytes(at, usize::try_from(self.sector).unwrap_or(512))?;
            if entries.is_empty() {
                return Err(Stop::Broken);
            }
            entries.chunks_exact(128).for_each(|entry| seen.note(entry));
            sector = self.next(source, sector)?;
        }
        Err(Stop::Spent)
    }

    /// The sector that follows, by the allocation table.
    fn next<R: Read + Seek>(&self, source: &mut Source<R>, sector: u32) -> Result<u32, Stop> {
        let of_table = self.sector / 4;
        let (table, index) = (u64::from(sector) / of_table, u64::from(sector) % of_table);
        let at = self.table(source, table)?;
        Ok(u32::from_le_bytes(source.array(at + index * 4)?))
    }

    /// Where a sector of the allocation table is: the first 109 are listed in the header, others in a chain.
    fn table<R: Read + Seek>(&self, source: &mut Source<R>, table: u64) -> Result<u64, Stop> {
        const IN_HEADER: u64 = 109;
        let Some(beyond) = table.checked_sub(IN_HEADER) else {
            let listed = u32_le(self.head, 76 + 4 * usize::try_from(table).unwrap_or(0));
            return self.offset(listed).ok_or(Stop::Broken);
        };
        let of_list = self.sector / 4 - 1;
        let (lists, index) = (beyond / of_list, beyond % of_list);
        if lists > TABLES {
            return Err(Stop::Spent);
        }
        let mut list = u32_le(self.head, 68);
        for _ in 0..lists {
            let at = self.offset(list).ok_or(Stop::Broken)?;
            list = u32::from_le_bytes(source.array(at + of_list * 4)?);
        }
        let at = self.offset(list).ok_or(Stop::Broken)?;
        let listed = u32::from_le_bytes(source.array(at + index * 4)?);
        self.offset(listed).ok_or(Stop::Broken)
    }
}

/// What was seen in the directory.
#[derive(Default)]
struct Seen {
    format: Option<(&'static str, Category)>,
    encrypted: bool,
    macros: bool,
    installer: bool,
    /// The first sector and the size in bytes of the document's own stream.
    main: Option<(u32, u64)>,
}

const INSTALLER: &[u8] = b"\x84\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46";

impl Seen {
    fn note(&mut self, entry: &[u8]) {
        let len = usize::from(u16_le(entry, 64)).clamp(2, 64) - 2;
        let units: Vec<u16> = entry[..len].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        let name = String::from_utf16_lossy(&units);
        let kind = entry[66];
        if kind == 5 {
            // Patches and transforms differ in the second byte.
            self.installer |= entry[80] & 0xf8 == 0x80 && entry[81..96] == INSTALLER[1..];
            return;
        }
        let document = |media_type| Some((media_type, Category::Document));
        let format = match name.as_str() {
            "WordDocument" => document("application/msword"),
            "Workbook" | "Book" | "WORKBOOK" | "BOOK" => document("application/vnd.ms-excel"),
            "PowerPoint Document" | "PP40" | "PP97_DUALSTORAGE" => document("application/vnd.ms-powerpoint"),
            "VisioDocument" => document("application/vnd.visio"),
            "Quill" => document("application/vnd.ms-publisher"),
            "__properties_version1.0" => document("application/vnd.ms-outlook"),
            "MatOST" => document("application/vnd.ms-works"),
            "WksSSWorkBook" => document("application/vnd.ms-works"),
            "StarWriterDocument" => document("application/vnd.stardivision.writer"),
            "StarCalcDocument" => document("application/vnd.stardivision.calc"),
            "FileHeader" if self.format.is_none() => document("application/x-hwp"),
            "EncryptedPackage" => document("application/x-ole-storage"),
            "Props9" | "Props12" | "Props14" => document("application/vnd.ms-project"),
            _ => None,
        };
        match name.as_str() {
            // Those that come later are of documents inside the document.
            "WordDocument" | "Workbook" | "Book" if kind == 2 && self.format.is_none() => {
                self.main = Some((u32_le(entry, 116), u64_le(entry, 120)))
            }
            "EncryptedPackage" | "EncryptedSummary" | "EncryptionInfo" => self.encrypted = true,
            "VBA" | "_VBA_PROJECT" | "_VBA_PROJECT_CUR" | "Macros" => self.macros = true,
            _ => {}
        }
        // Tables of installers have names that begin with this letter.
        self.installer |= units.first() == Some(&0x4840);
        self.format = self.format.or(format);
    }

    fn format(&self) -> Option<(&'static str, Category)> {
        if self.installer {
            return Some(("application/x-msi", Category::Executable));
        }
        self.format
    }

    /// Whether a document's stream says that it is encrypted: [MS-DOC] section 2.5.2, [MS-XLS] section 2.4.117.
    fn is_locked(&self, start: &[u8]) -> bool {
        match self.format {
            Some(("application/msword", _)) => u16_le(start, 10) & 0x0100 != 0,
            Some(("application/vnd.ms-excel", _)) => {
                // After the first record, perhaps one about write protection.
                let second = 4 + usize::from(u16_le(start, 2));
                let third = second + 4 + usize::from(u16_le(start, second + 2));
                u16_le(start, second) == 0x2f || (u16_le(start, second) == 0x86 && u16_le(start, third) == 0x2f)
            }
            _ => false,
        }
    }
}
