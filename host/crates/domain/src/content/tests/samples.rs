//! Files made by hand, as small as they can be.

use std::io::Write;

use rawzip::{CompressionMethod, ZipArchiveWriter};

use crate::content::Category;

pub(super) struct Sample {
    pub(super) content: Vec<u8>,
    pub(super) media_type: &'static str,
    pub(super) category: Category,
}

pub(super) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde";
pub(super) const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9";
pub(super) const GIF: &[u8] = b"GIF89a\x01\0\x01\0\0\0\0;";
pub(super) const PDF: &[u8] =
    b"%PDF-1.4\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer\n<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n";
pub(super) const ELF: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0";
pub(super) const SVG: &[u8] = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><path d=\"M0 0\"/></svg>\n";
pub(super) const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

pub(super) fn all() -> Vec<Sample> {
    use Category::*;
    let sample = |content: &[u8], media_type, category| Sample { content: content.to_owned(), media_type, category };
    vec![
        sample(PNG, "image/png", Image),
        sample(JPEG, "image/jpeg", Image),
        sample(GIF, "image/gif", Image),
        sample(SVG, "image/svg+xml", Image),
        sample(b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0", "image/webp", Image),
        sample(b"\0\0\0\x18ftypavif\0\0\0\0avifmif1", "image/avif", Image),
        sample(&wav(), "audio/vnd.wave", Audio),
        sample(&mp3(), "audio/mpeg", Audio),
        sample(&tagged_mp3(), "audio/mpeg", Audio),
        sample(b"fLaC\0\0\0\x22\x10\0\x10\0", "audio/flac", Audio),
        sample(&mp4(b"M4A ", &[b"soun"]), "audio/mp4", Audio),
        sample(&ogg(&[b"\x01vorbis"]), "audio/ogg", Audio),
        sample(&matroska(b"webm", &[(2, b"A_VORBIS")]), "audio/webm", Audio),
        sample(&ogg(&[b"OpusHead"]), "audio/opus", Voice),
        sample(b"#!AMR\n\x3c\x91\x17\x16\xbe", "audio/amr", Voice),
        sample(&matroska(b"webm", &[(2, b"A_OPUS")]), "audio/webm", Voice),
        sample(&mp4(b"isom", &[b"soun", b"vide"]), "video/mp4", Video),
        sample(&ogg(&[b"\x80theora", b"\x01vorbis"]), "video/ogg", Video),
        sample(&matroska(b"webm", &[(1, b"V_VP9"), (2, b"A_OPUS")]), "video/webm", Video),
        sample(&matroska(b"matroska", &[(1, b"V_VP9")]), "video/matroska", Video),
        sample(PDF, "application/pdf", Document),
        sample(b"Hello, everybody.\n", "text/plain", Document),
        sample(b"a,b\n1,2\n3,4\n", "text/csv", Document),
        sample(b"{\"a\": [1, 2]}\n", "application/json", Document),
        sample(b"{\\rtf1\\ansi Hello}", "application/rtf", Document),
        sample(b"<!DOCTYPE html><title>x</title><p>Hello", "text/html", Document),
        sample(b"<?xml version=\"1.0\"?><note>x</note>", "text/xml", Document),
        sample(&docx(&[]), DOCX, Document),
        sample(&zip(&[("mimetype", b"application/epub+zip"), ("x.opf", b"x")]), "application/epub+zip", Document),
        sample(
            &zip(&[("mimetype", b"application/vnd.oasis.opendocument.text")]),
            "application/vnd.oasis.opendocument.text",
            Document,
        ),
        sample(&compound(&["WordDocument"]), "application/msword", Document),
        sample(&compound(&["Workbook"]), "application/vnd.ms-excel", Document),
        sample(&zip(&[("a.txt", b"hello")]), "application/zip", Archive),
        sample(&tar(&[("a.txt", b"hello")]), "application/x-tar", Archive),
        sample(&gzip(5), "application/gzip", Archive),
        sample(b"\x28\xb5\x2f\xfd\x20\x05\x29\0\0hello", "application/zstd", Archive),
        sample(&seven_zip(b"\x01\0"), "application/x-7z-compressed", Archive),
        sample(&rar5(&[]), "application/vnd.rar", Archive),
        sample(ELF, "application/x-executable", Executable),
        sample(&exe(), "application/vnd.microsoft.portable-executable", Executable),
        sample(b"\0asm\x01\0\0\0", "application/wasm", Executable),
        sample(b"\xca\xfe\xba\xbe\0\0\0\x34\0\x10\x0a\0", "application/java-vm", Executable),
        sample(b"#!/bin/sh\necho hello\n", "text/x-shellscript", Executable),
        sample(&zip(&[("META-INF/MANIFEST.MF", b"x"), ("A.class", b"x")]), "application/java-archive", Executable),
        sample(
            &zip(&[("classes.dex", b"x"), ("AndroidManifest.xml", b"x")]),
            "application/vnd.android.package-archive",
            Executable,
        ),
        sample(&compound(&["\u{4840}\u{3b3f}"]), "application/x-msi", Executable),
        sample(b"wOF2\0\x01\0\0\0\0\0\x10", "font/woff2", Other),
        sample(b"\x01\x02\x03\x04\x05\x06\x07\x08", "application/octet-stream", Other),
        sample(b"", "application/x-empty", Other),
    ]
}

pub(super) fn wav() -> Vec<u8> {
    b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0".to_vec()
}

pub(super) fn mp3() -> Vec<u8> {
    // 128 kbit/s at 44,100 Hz: 417 bytes a frame.
    let mut frame = vec![0xff, 0xfb, 0x90, 0];
    frame.resize(417, 0);
    frame.repeat(3)
}

fn tagged_mp3() -> Vec<u8> {
    // A cover that is larger than the head.
    let mut tagged = b"ID3\x04\0\0\0\x06\0\0".to_vec();
    tagged.resize(10 + (6 << 14), 1);
    tagged.extend(mp3());
    tagged
}

pub(super) fn mp4(brand: &[u8; 4], tracks: &[&[u8; 4]]) -> Vec<u8> {
    let boxed = |kind: &[u8], content: &[u8]| {
        [&u32::try_from(content.len() + 8).unwrap().to_be_bytes()[..], kind, content].concat()
    };
    let track = |kind: &[u8; 4]| {
        let handler = boxed(b"hdlr", &[&[0; 8], &kind[..], &[0; 13]].concat());
        boxed(b"trak", &boxed(b"mdia", &handler))
    };
    let tracks: Vec<u8> = tracks.iter().flat_map(|kind| track(kind)).collect();
    [boxed(b"ftyp", &[&brand[..], &[0; 4], b"isom"].concat()), boxed(b"mdat", &[7; 40]), boxed(b"moov", &tracks)]
        .concat()
}

pub(super) fn ogg(codecs: &[&[u8]]) -> Vec<u8> {
    let page = |flags: u8, body: &[u8]| {
        let head = [b"OggS\0", &[flags][..], &[0; 20], &[1, u8::try_from(body.len()).unwrap()]].concat();
        [&head, body].concat()
    };
    let mut pages: Vec<u8> = codecs.iter().flat_map(|codec| page(2, &[codec, &[0; 11][..]].concat())).collect();
    pages.extend(page(0, b"data"));
    pages
}

pub(super) fn matroska(doc_type: &[u8], tracks: &[(u8, &[u8])]) -> Vec<u8> {
    let element = |id: &[u8], content: &[u8]| [id, &[0x80 | u8::try_from(content.len()).unwrap()], content].concat();
    let track =
        |kind: u8, codec: &[u8]| element(b"\xae", &[element(b"\x83", &[kind]), element(b"\x86", codec)].concat());
    let entries: Vec<u8> = tracks.iter().flat_map(|(kind, codec)| track(*kind, codec)).collect();
    let segment = element(b"\x16\x54\xae\x6b", &entries);
    [element(b"\x1a\x45\xdf\xa3", &element(b"\x42\x82", doc_type)), element(b"\x18\x53\x80\x67", &segment)].concat()
}

pub(super) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (name, content) in entries {
        let (mut entry, config) = archive.new_file(*name).compression_method(CompressionMethod::STORE).start().unwrap();
        let mut writer = config.wrap(&mut entry);
        writer.write_all(content).unwrap();
        let (_, output) = writer.finish().unwrap();
        entry.finish(output).unwrap();
    }
    archive.finish().unwrap()
}

/// A word processor's document with some more entries.
pub(super) fn docx(more: &[(&str, &[u8])]) -> Vec<u8> {
    zip(&[&[("[Content_Types].xml", &b"<Types/>"[..]), ("word/document.xml", b"<w/>")], more].concat())
}

pub(super) fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, content) in entries {
        let mut header = [0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        archive.extend(header);
        archive.extend(*content);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1_024, 0);
    archive
}

/// With a size that it declares.
pub(super) fn gzip(declared: u32) -> Vec<u8> {
    [&b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcbH\xcd\xc9\xc9\x07\0\x86\xa6\x106"[..], &declared.to_le_bytes()].concat()
}

pub(super) fn seven_zip(header: &[u8]) -> Vec<u8> {
    let len = (header.len() as u64).to_le_bytes();
    [&b"7z\xbc\xaf\x27\x1c\0\x04\0\0\0\0"[..], &[0; 8], &len, &[0; 4], header].concat()
}

/// Blocks without their checksums, after the main one.
pub(super) fn rar5(blocks: &[&[u8]]) -> Vec<u8> {
    let block = |content: &[u8]| [&[0; 4], &[u8::try_from(content.len()).unwrap()][..], content].concat();
    let blocks: Vec<u8> = blocks.iter().flat_map(|content| block(content)).collect();
    [&b"Rar!\x1a\x07\x01\0"[..], &block(&[1, 0, 0]), &blocks, &block(&[5, 0, 0])].concat()
}

pub(super) fn exe() -> Vec<u8> {
    let mut program = b"MZ\x90\0\x03\0\0\0".to_vec();
    program.resize(60, 0);
    program.extend(b"\x40\0\0\0PE\0\0\x64\x86\x01\0");
    program.resize(128, 0);
    program
}

/// A compound file with these streams in its root.
pub(super) fn compound(streams: &[&str]) -> Vec<u8> {
    let mut file = vec![0; 512];
    file[..8].copy_from_slice(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    file[26..28].copy_from_slice(&[3, 0]);
    file[30] = 9;
    // The allocation table is sector 0, the directory begins at sector 1.
    file[44] = 1;
    file[48] = 1;
    file[68..72].copy_from_slice(&u32::to_le_bytes(0xffff_fffe));
    file[80..512].fill(0xff);
    let entries = (streams.len() + 1).next_multiple_of(4);
    let mut table: Vec<u32> = vec![0xffff_fffd];
    table.extend((1..entries / 4).map(|sector| u32::try_from(sector).unwrap() + 1));
    table.push(0xffff_fffe);
    table.resize(128, 0xffff_ffff);
    file.extend(table.iter().flat_map(|sector| sector.to_le_bytes()));
    let mut directory: Vec<u8> =
        ["Root Entry"].iter().chain(streams).enumerate().flat_map(|(at, name)| entry(at, name)).collect();
    directory.resize(entries * 128, 0);
    file.extend(directory);
    file
}

fn entry(at: usize, name: &str) -> [u8; 128] {
    let mut entry = [0; 128];
    let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    entry[..units.len()].copy_from_slice(&units);
    entry[64] = u8::try_from(units.len() + 2).unwrap();
    entry[66] = if at == 0 { 5 } else { 2 };
    entry
}
