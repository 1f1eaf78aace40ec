//! What is compressed is looked into, or it is said that it was not.

use std::io::Write as _;

use lzma_rust2::{LzipOptions, LzipWriter, LzmaOptions, LzmaWriter, XzOptions, XzWriter};
use proptest::prelude::*;

use super::*;

fn gzip(content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len()).unwrap().to_le_bytes();
    let packed = miniz_oxide::deflate::compress_to_vec(content, 6);
    [&b"\x1f\x8b\x08\0\0\0\0\0\0\x03"[..], &packed, &[0; 4], &size].concat()
}

fn xz(content: &[u8]) -> Vec<u8> {
    let mut writer = XzWriter::new(Vec::new(), XzOptions::with_preset(1)).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

fn lzip(content: &[u8]) -> Vec<u8> {
    let mut writer = LzipWriter::new(Vec::new(), LzipOptions::with_preset(1));
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

fn lzma(content: &[u8]) -> Vec<u8> {
    let mut writer = LzmaWriter::new_use_header(Vec::new(), &LzmaOptions::with_preset(1), None).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

/// What compresses a content.
type Pack = fn(&[u8]) -> Vec<u8>;

const PACKERS: [(&str, Pack); 4] = [("gz", gzip), ("xz", xz), ("lz", lzip), ("lzma", lzma)];

#[test]
fn a_program_that_is_compressed_is_found_by_its_content() {
    for (extension, pack) in PACKERS {
        for program in [samples::exe(), samples::ELF.to_vec(), b"#!/bin/sh\nls\n".to_vec()] {
            for content in [program.clone(), [program, vec![7; 3 * HEAD_BYTES]].concat()] {
                let found = look_at(&pack(&content), &format!("notes.{extension}"));
                assert_eq!(
                    (found.category, found.traits),
                    (Category::Archive, [Trait::ExecutableInside].into()),
                    "{extension}"
                );
            }
        }
        assert_eq!(look_at(&pack(b"Hello.\n"), &format!("a.{extension}")).traits, BTreeSet::new(), "{extension}");
    }
}

#[test]
fn the_name_of_what_is_compressed_counts_whatever_compressed_it() {
    for packed in
        [xz(b"x"), gzip(b"x"), b"BZh91AY&SY\x19\x31\0".to_vec(), b"\x28\xb5\x2f\xfd\x20\x05\x29\0\0hello".to_vec()]
    {
        for name in ["setup.exe.xz", "SETUP.EXE.GZ", "a.scr.bz2", "a.bat.zst", "a.exe .xz"] {
            assert!(has(&packed, name, Trait::ExecutableInside), "{name}");
        }
        assert!(!has(&packed, "report.pdf.xz", Trait::ExecutableInside));
    }
}

#[test]
fn what_is_not_looked_into_says_so() {
    // Formats that are not unpacked here, and what is compressed twice.
    for packed in [
        b"BZh91AY&SY\x19\x31\x65\x3d\0\0".to_vec(),
        b"\x28\xb5\x2f\xfd\x20\x05\x29\0\0hello".to_vec(),
        b"\x04\x22\x4d\x18\x64\x40\xa7\x05\0\0\x80hello\0\0\0\0".to_vec(),
        b"\x1f\x9d\x90hello\0".to_vec(),
        gzip(&gzip(b"Hello.")),
        xz(&gzip(b"Hello.")),
        b"070701hello\0\0".to_vec(),
    ] {
        assert!(has(&packed, "", Trait::Unreadable), "{:?}", &packed[..4]);
    }
    // Files in files.
    for archive in [samples::zip(&[("inner.7z", b"x")]), samples::tar(&[("a.tgz", b"x")])] {
        assert!(has(&archive, "", Trait::Unreadable));
    }
}

#[test]
fn an_archive_that_is_compressed_is_looked_into_as_far_as_it_is_unpacked() {
    for (extension, pack) in PACKERS {
        let archive = samples::tar(&[("a.txt", &[7; 200_000]), ("b.exe", b"x")]);
        let found = look_at(&pack(&archive), &format!("a.tar.{extension}"));
        assert_eq!(found.traits, [Trait::ExecutableInside].into(), "{extension}");
        let harmless = samples::tar(&[("a.txt", &[7; 200_000]), ("b.txt", b"x")]);
        assert_eq!(look_at(&pack(&harmless), &format!("a.tar.{extension}")).traits, BTreeSet::new(), "{extension}");
        let zip = samples::zip(&[("a.exe", b"x")]);
        assert!(has(&pack(&zip), "", Trait::ExecutableInside), "{extension}");
        let large = samples::tar(&[("a.bin", &vec![7; UNPACKED]), ("b.exe", b"x")]);
        assert!(has(&pack(&large), "", Trait::Unreadable), "{extension}");
    }
}

#[test]
fn parts_that_say_nothing_hide_nothing() {
    let program = [samples::exe(), vec![7; HEAD_BYTES]].concat();
    let several = [gzip(b""), gzip(&program[..1]), gzip(&program[1..])].concat();
    assert!(has(&several, "", Trait::ExecutableInside));
    let several = [xz(b""), vec![0; 8], xz(&program)].concat();
    assert!(has(&several, "", Trait::ExecutableInside));
    let several = [lzip(b""), lzip(&program)].concat();
    assert!(has(&several, "", Trait::ExecutableInside));
    let many = [gzip(b"").repeat(100), gzip(&program)].concat();
    assert!(has(&many, "", Trait::Unreadable));
}

#[test]
fn entries_of_a_zip_that_are_deflated_are_looked_at_too() {
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    let (mut entry, config) =
        archive.new_file("photo.jpg").compression_method(rawzip::CompressionMethod::DEFLATE).start().unwrap();
    let packed = miniz_oxide::deflate::compress_to_vec(&[samples::exe(), vec![7; 9_000]].concat(), 6);
    let mut writer = config.wrap(&mut entry);
    writer.write_all(&packed).unwrap();
    let (_, output) = writer.finish().unwrap();
    entry.finish(output).unwrap();
    assert!(has(&archive.finish().unwrap(), "", Trait::ExecutableInside));
}

#[test]
fn names_in_a_packed_header_of_7z_are_read() {
    let names = |name: &str| {
        let units: Vec<u8> = format!("{name}\0").encode_utf16().flat_map(u16::to_le_bytes).collect();
        [b"\x01\x05\x01\x11\x0f\0", &units[..]].concat()
    };
    let encoded = |header: &[u8], coder: &[u8]| {
        let mut writer = LzmaWriter::new_no_header(Vec::new(), &LzmaOptions::with_preset(1), false).unwrap();
        writer.write_all(header).unwrap();
        let packed = writer.finish().unwrap();
        let (size, unpacked) = (u8::try_from(packed.len()).unwrap(), u8::try_from(header.len()).unwrap());
        let header =
            [b"\x17\x06\0\x01\x09", &[size][..], b"\0\x07\x0b\x01\0\x01", coder, b"\x0c", &[unpacked], b"\0\0"]
                .concat();
        let mut file = [b"7z\xbc\xaf\x27\x1c\0\x04\0\0\0\0".to_vec(), u64::from(size).to_le_bytes().to_vec()].concat();
        file.extend((header.len() as u64).to_le_bytes());
        file.extend([0; 4]);
        file.extend(packed);
        file.extend(header);
        file
    };
    let lzma = b"\x23\x03\x01\x01\x05\x5d\0\0\x10\0";
    assert_eq!(look_at(&encoded(&names("a.exe"), lzma), "a.7z").traits, [Trait::ExecutableInside].into());
    assert_eq!(look_at(&encoded(&names("a.txt"), lzma), "a.7z").traits, BTreeSet::new());
    assert_eq!(look_at(&encoded(&names("a.txt"), b"\x24\x06\xf1\x07\x01\0"), "").traits, [Trait::Encrypted].into());
    assert_eq!(look_at(&encoded(&names("a.txt"), b"\x21\x03\x01\0"), "").traits, [Trait::Unreadable].into());
}

#[test]
fn documents_that_are_zips_are_documents() {
    for (entries, media_type) in [
        (&["Index/Document.iwa", "Index/Metadata.iwa"][..], "application/vnd.apple.pages"),
        (&["Index/Document.iwa", "Index/Tables/DataList.iwa"], "application/vnd.apple.numbers"),
        (&["Index/Document.iwa", "Index/Slide-1.iwa", "Index/Tables/x.iwa"], "application/vnd.apple.keynote"),
        (&["index.xml", "buildVersionHistory.plist"], "application/vnd.apple.pages"),
        (&["index.apxl"], "application/vnd.apple.keynote"),
        (&["content.json", "metadata.json", "manifest.json"], "application/vnd.xmind.workbook"),
        (&["content.xml", "meta.xml", "META-INF/manifest.xml"], "application/vnd.xmind.workbook"),
    ] {
        let entries: Vec<(&str, &[u8])> = entries.iter().map(|name| (*name, &b"x"[..])).collect();
        let found = look_at(&samples::zip(&entries), "");
        assert_eq!((found.detected_type.as_str(), found.category), (media_type, Category::Document));
        assert_eq!(found.traits, BTreeSet::new(), "{media_type}");
    }
    for name in ["a.pages", "a.numbers", "a.key"] {
        assert!(!has(&samples::zip(&[("Index/Document.iwa", b"x")]), name, Trait::NameMismatch), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_packed_comes_out_as_far_as_it_is_wanted(content in prop::collection::vec(any::<u8>(), 0..3_000), most in 1..4_000_usize, index in 0..4_usize) {
        let packed = PACKERS[index].1(&content);
        let out = unpack::beginning(&packed, true, most).expect("unpacked");
        prop_assert_eq!(&out.content[..], &content[..content.len().min(most)]);
        prop_assert_eq!(out.is_whole, content.len() < most);
    }

    #[test]
    fn what_is_broken_neither_panics_nor_grows(
        index in 0..4_usize,
        content in prop::collection::vec(0..4_u8, 0..4_000),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..10),
        end in any::<prop::sample::Index>(),
    ) {
        let mut packed = PACKERS[index].1(&content);
        for (at, byte) in changes {
            let at = at.index(packed.len());
            packed[at] = byte;
        }
        packed.truncate(end.index(packed.len() + 1));
        if let Some(out) = unpack::beginning(&packed, true, 2_000) {
            prop_assert!(out.content.len() <= 2_000);
        }
        look_at(&packed, "");
    }
}
