//! Small samples made by hand: one for each category and trait, and what people do to get around the filter.

use std::io::Cursor;

use super::*;

mod archives;
mod contradictions;
mod documents;
mod late;
mod names;
mod packed;
mod properties;
mod samples;
mod types;

fn look_at(content: &[u8], name: &str) -> Findings {
    inspect(Cursor::new(content), name, "", false).unwrap()
}

fn has(content: &[u8], name: &str, wanted: Trait) -> bool {
    look_at(content, name).traits.contains(&wanted)
}

#[test]
fn every_category_has_a_sample_that_is_told_by_its_content() {
    let found: BTreeSet<Category> = samples::all().iter().map(|sample| look_at(&sample.content, "").category).collect();
    assert_eq!(found, Category::ALL.into());
}

#[test]
fn samples_are_what_they_are_whatever_their_names() {
    for sample in samples::all() {
        for name in ["", "photo.jpg", "x.exe", "x.txt"] {
            let found = look_at(&sample.content, name);
            let expected = (sample.media_type, sample.category);
            assert_eq!((found.detected_type.as_str(), found.category), expected, "as {name:?}");
        }
    }
}

#[test]
fn harmless_samples_have_no_traits() {
    for sample in samples::all().iter().filter(|sample| sample.category != Category::Executable) {
        // What is not unpacked says so.
        let is_closed = sample.media_type == "application/zstd";
        let traits = if is_closed { [Trait::Unreadable].into() } else { BTreeSet::new() };
        assert_eq!(look_at(&sample.content, "").traits, traits, "{}", sample.media_type);
    }
}

#[test]
fn a_voice_message_is_a_sound_that_the_sender_calls_so() {
    let category = |content: &[u8]| inspect(Cursor::new(content), "", "", true).unwrap().category;
    assert_eq!(category(&samples::wav()), Category::Voice);
    assert_eq!(category(samples::PNG), Category::Image);
    assert_eq!(category(&samples::mp4(b"isom", &[b"vide", b"soun"])), Category::Video);
}

#[test]
fn a_universal_program_is_no_java_class_though_both_begin_alike() {
    let universal = look_at(b"\xca\xfe\xba\xbe\0\0\0\x02\x01\0\0\x07\0\0\0\x03", "");
    assert_eq!(universal.detected_type, "application/x-mach-binary");
    assert_eq!(look_at(b"\xca\xfe\xba\xbe\0\0\0\x34\0\x10\x0a\0", "").detected_type, "application/java-vm");
}

#[test]
fn words_that_are_signatures_too_stay_text() {
    for text in
        ["MZ is what programs begin with.\n", "BZh, said the bee. GIF? No.\n", "PAR1 of the course\n", "P1 is first\n"]
    {
        assert_eq!(look_at(text.as_bytes(), "").detected_type, "text/plain", "{text}");
    }
}

#[test]
fn text_is_text_in_every_encoding() {
    let wide: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("Привет\r\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let narrow =
        b"\xcf\xf0\xe8\xe2\xe5\xf2, \xea\xe0\xea \xe4\xe5\xeb\xe0? \xcf\xf0\xe8\xe2\xe5\xf2, \xcf\xf0\xe8\xe2\xe5\xf2.";
    for text in ["Привет\n".as_bytes(), "\u{feff}hello".as_bytes(), &wide, narrow] {
        assert_eq!(look_at(text, "").detected_type, "text/plain");
    }
    assert_eq!(look_at(b"hello\0world, and the rest of it all", "").detected_type, "application/octet-stream");
}

#[test]
fn a_letter_at_the_end_of_the_head_may_be_cut() {
    let long = "я".repeat(HEAD_BYTES);
    let text = format!("a{long}");
    assert_eq!(look_at(text.as_bytes(), "").detected_type, "text/plain");
}

#[test]
fn what_cannot_be_read_is_an_error() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    impl Seek for Failing {
        fn seek(&mut self, _: io::SeekFrom) -> io::Result<u64> {
            Ok(1_000)
        }
    }
    assert!(inspect(Failing, "", "", false).is_err());
}

#[test]
fn only_what_nothing_runs_in_is_shown_inside_pages() {
    assert_eq!(inline_type("image/png"), Some("image/png"));
    assert_eq!(inline_type("audio/opus"), Some("audio/ogg"));
    for hot in ["image/svg+xml", "text/html", "text/xml", "application/pdf", "application/octet-stream", "text/plain"] {
        assert_eq!(inline_type(hot), None, "{hot}");
    }
}

#[test]
fn lists_name_types_as_people_do() {
    let covers = |written: &str, found: &str| written.parse::<FileType>().unwrap().covers(found);
    assert!(
        covers("pdf", "application/pdf") && covers(" .PDF ", "application/pdf") && covers("*.pdf", "application/pdf")
    );
    assert!(covers("image/*", "image/png") && !covers("image/*", "application/pdf"));
    assert!(covers("image/jpg", "image/jpeg") && covers("JPEG", "image/jpeg") && covers("jpg", "image/jpeg"));
    assert!(covers("audio/x-wav", "audio/vnd.wave") && covers("csv", "text/plain") && covers("docm", samples::DOCX));
    assert!(covers("exe", "application/x-dosexec") && !covers("exe", "application/x-executable"));
    assert!("no-such-thing".parse::<FileType>().is_err() && "image/".parse::<FileType>().is_err());
    assert!(
        "a b".parse::<FileType>().is_err() && "*/*".parse::<FileType>().is_err() && "".parse::<FileType>().is_err()
    );
}

#[test]
fn names_of_categories_and_traits_are_those_of_json() {
    for category in Category::ALL {
        assert_eq!(serde_json::to_value(category).unwrap(), category.as_str());
    }
    for trait_ in Trait::ALL {
        assert_eq!(serde_json::to_value(trait_).unwrap(), trait_.as_str());
    }
}

#[test]
fn a_film_is_known_by_a_track_in_its_head_or_by_its_senders_word() {
    // The second track shows that the first has no coding of still pictures.
    let mut front = samples::mp4(b"isom", &[b"vide", b"vide"]);
    front.resize(HEAD_BYTES, 0);
    assert_eq!(forecast(&front, false), [Category::Video].into());
    // With its tracks at the end, sound and pictures look the same from here.
    let mut back = b"\0\0\0\x18ftypisom\0\0\x02\0isommp41\0\x10\0\0mdat".to_vec();
    back.resize(HEAD_BYTES, 0x55);
    let open: BTreeSet<_> = [Category::Audio, Category::Video].into();
    assert_eq!(forecast(&back, false), open);
    assert_eq!(as_claimed(open.clone(), "holiday.mp4", ""), [Category::Video].into());
    assert_eq!(as_claimed(open.clone(), "holiday", "video/mp4"), [Category::Video].into());
    assert_eq!(as_claimed(open.clone(), "memo.m4a", "audio/mp4"), [Category::Audio].into());
    assert_eq!(as_claimed(open.clone(), "photo.png", "image/png"), open, "a lie is of no use");
}
