//! What is in archives, and archives that are traps.

use super::*;

#[test]
fn programs_inside_archives_are_found_by_name_and_by_content() {
    assert!(has(&samples::zip(&[("a/setup.EXE", b"x")]), "", Trait::ExecutableInside));
    assert!(has(&samples::zip(&[("photo.jpg", &samples::exe())]), "", Trait::ExecutableInside));
    assert!(has(&samples::tar(&[("a.txt", b"x"), ("b.scr", b"x")]), "", Trait::ExecutableInside));
    assert!(has(&samples::tar(&[("a.txt", samples::ELF)]), "", Trait::ExecutableInside));
    assert!(has(&samples::docx(&[("word/embeddings/a.exe", b"x")]), "", Trait::ExecutableInside));
    let names: Vec<u8> = "ab.exe\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(has(&samples::seven_zip(&[b"\x01\x05\x01\x11\x0f\0", &names[..]].concat()), "", Trait::ExecutableInside));
    let rar = samples::rar5(&[b"\x02\0\0\x05\x20\0\x01\x05a.exe"]);
    assert!(has(&rar, "", Trait::ExecutableInside));
    for harmless in [samples::zip(&[("a.txt", b"x"), ("exe/b.jpg", b"MZ, he said")]), samples::docx(&[])] {
        assert_eq!(look_at(&harmless, "").traits, BTreeSet::new());
    }
}

#[test]
fn names_inside_need_not_be_utf8() {
    let mut archive = samples::zip(&[("??.exe", b"x")]);
    for at in 0..archive.len() {
        if archive[at..].starts_with(b"??.exe") {
            archive[at] = 0xff;
        }
    }
    assert!(has(&archive, "", Trait::ExecutableInside));
}

#[test]
fn archives_behind_passwords_are_encrypted() {
    let mut archive = samples::zip(&[("a.txt", b"hello")]);
    for at in 0..archive.len() {
        match archive[at..] {
            [b'P', b'K', 3, 4, ..] => archive[at + 6] |= 1,
            [b'P', b'K', 1, 2, ..] => archive[at + 8] |= 1,
            _ => {}
        }
    }
    assert_eq!(look_at(&archive, "").traits, [Trait::Encrypted].into());
    assert!(has(&samples::seven_zip(b"\x17\x06\x24\x06\xf1\x07\x01"), "", Trait::Encrypted));
    assert!(has(&samples::rar5(&[&[4, 0, 0, 0]]), "", Trait::Encrypted));
    let old = b"Rar!\x1a\x07\0\0\0\x73\x80\0\x0d\0\0\0\0\0\0\0";
    assert!(has(old, "", Trait::Encrypted));
    assert!(!has(&samples::zip(&[("a.txt", b"hello")]), "", Trait::Encrypted));
}

/// Writes a size into each record of the central directory.
fn declare(archive: &mut [u8], packed: Option<u32>, unpacked: u32) {
    for at in 0..archive.len() {
        if archive[at..].starts_with(b"PK\x01\x02") {
            if let Some(packed) = packed {
                archive[at + 20..at + 24].copy_from_slice(&packed.to_le_bytes());
            }
            archive[at + 24..at + 28].copy_from_slice(&unpacked.to_le_bytes());
        }
    }
}

#[test]
fn an_archive_that_unpacks_to_far_too_much_is_a_bomb() {
    let mut archive = samples::zip(&[("a.txt", &[0; 2_000])]);
    declare(&mut archive, None, 11 << 20);
    assert!(has(&archive, "", Trait::ArchiveBomb));
    let mut archive = samples::zip(&[("a.txt", &[0; 2_000])]);
    declare(&mut archive, None, 9 << 20);
    assert!(!has(&archive, "", Trait::ArchiveBomb));
    let zeros = [&b"\x1f\x8b\x08\0\0\0\0\0\0\x03"[..], &[0; 12_000], &(12_200_000_u32).to_le_bytes()].concat();
    assert!(has(&zeros, "", Trait::ArchiveBomb));
    let cut = look_at(&samples::gzip(1 << 30), "").traits;
    assert_eq!(cut, [Trait::Unreadable].into(), "no gzip can have this size: what is at its end is something else");
    assert!(has(b"\x28\xb5\x2f\xfd\xe0\0\0\0\0\0\x01\0\0", "", Trait::ArchiveBomb));
    assert!(has(&samples::rar5(&[b"\x02\0\0\x80\x80\x80\x80\x40\x20\0\x01\x05a.txt"]), "", Trait::ArchiveBomb));
}

#[test]
fn entries_that_overlap_are_a_bomb() {
    let mut archive = samples::zip(&[("a.txt", &[0; 500]), ("b.txt", &[0; 500])]);
    // The second begins where the first does.
    let second = archive.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    archive[second + 42..second + 46].fill(0);
    assert!(has(&archive, "", Trait::ArchiveBomb));
}

#[test]
fn an_archive_of_the_same_archive_many_times_over_is_a_bomb() {
    let inner = samples::zip(&[("0", b"x")]);
    let names: Vec<String> = (0..16).map(|n| format!("lib {n}.zip")).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &inner[..])).collect();
    assert!(has(&samples::zip(&entries), "", Trait::ArchiveBomb));
    assert!(!has(&samples::zip(&entries[..2]), "", Trait::ArchiveBomb));
}

#[test]
fn an_archive_with_too_many_entries_is_a_bomb() {
    let names: Vec<String> = (0..=MAX_ENTRIES).map(|n| n.to_string()).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert!(has(&samples::zip(&entries), "", Trait::ArchiveBomb));
}

#[test]
fn cut_archives_are_unreadable() {
    for sample in
        [samples::zip(&[("a.txt", b"hello")]), samples::tar(&[("a.txt", &[1; 900])]), samples::seven_zip(b"\x17abc")]
    {
        let cut = &sample[..sample.len() * 2 / 3 - 1];
        let found = look_at(cut, "");
        assert_eq!((found.category, found.traits), (Category::Archive, [Trait::Unreadable].into()));
    }
    let compound = samples::compound(&["WordDocument"]);
    assert!(has(&compound[..600], "", Trait::Unreadable));
}

#[test]
fn an_archive_behind_something_unknown_is_an_archive() {
    let hidden = [&b"\x01\x02\x03\x04"[..], &samples::zip(&[("a.exe", b"x")])].concat();
    let found = look_at(&hidden, "a.zip");
    assert_eq!((found.detected_type.as_str(), found.category), ("application/zip", Category::Archive));
    assert_eq!(found.traits, [Trait::Polyglot, Trait::ExecutableInside].into());
}

#[test]
fn one_volume_of_several_is_no_bomb() {
    assert!(!has(&samples::rar5(&[b"\x02\x10\0\x80\x80\x80\x80\x40\x20\0\x01\x05a.txt"]), "", Trait::ArchiveBomb));
}

#[test]
fn the_end_of_an_empty_archive_makes_no_archive_of_a_file() {
    let end = samples::zip(&[]);
    let program = [&b"\x01\x02\x03\x04"[..], &end, b"\x05"].concat();
    assert_eq!(look_at(&program, "").detected_type, "application/octet-stream");
    assert!(!has(&[samples::PNG, &end].concat(), "", Trait::Polyglot));
}
