//! Images of disks: Windows opens one like a folder, so what is in the root folder counts (ECMA-119, sections 8.4 and
//! 9.1).

use std::{
    collections::BTreeSet,
    io::{Read, Seek},
};

use super::super::{
    Trait,
    source::{CHUNK, Source, Stop, u32_le},
};

const SECTOR: u64 = 2_048;

/// How many volume descriptors there are at most: the plain one, and those with longer names.
const DESCRIPTORS: u64 = 16;

/// Looks through the root folder.
pub(in super::super) fn look<R: Read + Seek>(source: &mut Source<R>, traits: &mut BTreeSet<Trait>) -> Result<(), Stop> {
    for index in 16..16 + DESCRIPTORS {
        let descriptor: [u8; 190] = source.array(index * SECTOR)?;
        if descriptor[0] == 255 || &descriptor[1..6] != b"CD001" {
            break;
        }
        if !matches!(descriptor[0], 1 | 2) {
            continue;
        }
        let (sector, size) = (u64::from(u32_le(&descriptor, 158)), u32_le(&descriptor, 166));
        let folder = source.bytes(sector * SECTOR, (size as usize).min(CHUNK))?;
        if folder.is_empty() {
            return Err(Stop::Broken);
        }
        for sector in folder.chunks(SECTOR as usize) {
            note_names(sector, traits);
        }
    }
    Ok(())
}

/// Records do not cross sectors; a length of zero ends them.
fn note_names(mut sector: &[u8], traits: &mut BTreeSet<Trait>) {
    while let Some(len) = sector.first().map(|len| usize::from(*len)).filter(|len| *len > 33 && *len <= sector.len()) {
        let (record, rest) = sector.split_at(len);
        sector = rest;
        let name = record.get(33..33 + usize::from(record[32])).unwrap_or_default();
        let is_folder = record[25] & 2 != 0;
        if !is_folder {
            // Longer names are in UTF-16, whose zeros are dropped; a version is behind a semicolon.
            let name: Vec<u8> =
                name.iter().copied().filter(|byte| *byte != 0).take_while(|byte| *byte != b';').collect();
            super::note_name(&name, traits);
        }
    }
}
