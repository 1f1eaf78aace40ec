//! A name that the content does not contradict is no lie.

use proptest::prelude::*;

use super::*;

fn lies(content: &[u8], name: &str) -> bool {
    has(content, name, Trait::NameMismatch)
}

/// Letters of one alphabet in an encoding that has a byte or two for each, or none of UTF-8's.
fn foreign_text() -> impl Strategy<Value = Vec<u8>> {
    let letter = prop_oneof![
        // Latin-1, the code pages of Windows, KOI8, and those of Mac OS.
        prop::collection::vec(prop_oneof![0xc0..=0xff_u8, Just(b' '), Just(b'\n'), Just(0x93)], 1..60),
        // GBK, Big5 and EUC: two bytes, the second perhaps one of ASCII's.
        prop::collection::vec((0x81..=0xfe_u8, 0x40..=0x7e_u8), 1..30)
            .prop_map(|pairs| pairs.iter().flat_map(|(a, b)| [*a, *b]).collect()),
        // Shift-JIS.
        prop::collection::vec((0x81..=0x9f_u8, 0x80..=0xfc_u8), 1..30)
            .prop_map(|pairs| pairs.iter().flat_map(|(a, b)| [*a, *b]).collect()),
        // ISO-2022-JP and -KR shift with escapes.
        "[!-~]{2,20}".prop_map(|text| [b"\x1b$B", text.as_bytes(), b"\x1b(B\n"].concat()),
        "[!-~]{2,20}".prop_map(|text| [b"\x1b$)C\x0e", text.as_bytes(), b"\x0f\n"].concat()),
        // UTF-16 without a mark.
        "[а-яА-Я \n]{1,40}".prop_map(|text| text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        "[a-z一-龥 \n]{1,40}".prop_map(|text| text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        "[a-zа-я \n]{1,40}".prop_map(|text| text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect()),
    ];
    letter
}

proptest! {
    #[test]
    fn text_in_any_encoding_may_be_called_text(content in foreign_text(), name in prop::sample::select(vec!["a.txt", "a.csv", "a.log", "a.py", "a.html"])) {
        prop_assert!(!lies(&content, name), "{:?}", content);
        prop_assert!(lies(&content, "a.png") && lies(&content, "a.pdf"), "{:?}", content);
    }

    #[test]
    fn a_format_that_is_known_is_no_text(index in 0..samples::all().len()) {
        let sample = samples::all().swap_remove(index);
        // A PDF has readers of its own, though all of it may be letters.
        let is_text = sample.media_type != "application/pdf"
            && std::str::from_utf8(&sample.content).is_ok_and(|text| !text.contains(|c: char| c < '\t'));
        prop_assert_eq!(lies(&sample.content, "a.txt"), !is_text, "{}", sample.media_type);
    }
}

#[test]
fn letters_of_older_alphabets_are_text() {
    for content in [
        &b"caf\xe9\n"[..],
        b"\xcf\xf0\xe8\xe2\xe5\xf2",
        b"\xc4\xe3\xba\xc3\n",
        b"na\xefve",
        b"\xe9",
        b"MZ \xe9t\xe9\n",
        b"hello\x1a",
    ] {
        let found = look_at(content, "a.txt");
        assert_eq!((found.detected_type.as_str(), found.traits), ("text/plain", BTreeSet::new()), "{content:?}");
    }
    // EBCDIC, and text with a bell.
    for content in [&b"\xc8\x85\x93\x93\x96\x40\x25"[..], b"ding\x07\n"] {
        assert!(!lies(content, "a.txt"), "{content:?}");
    }
    for content in [&b"\x01\x02\x03\x04\x05\x06\x07\x08"[..], b"hello\0world, and the rest", samples::PNG, samples::ELF]
    {
        assert!(lies(content, "a.txt"), "{content:?}");
    }
}

#[test]
fn nothing_at_all_contradicts_nothing() {
    for name in ["a.txt", "a.png", "a.docx", "a.zip", "a.mp4", "photo"] {
        assert_eq!(inspect(Cursor::new(b""), name, "image/png", false).unwrap().traits, BTreeSet::new(), "{name}");
    }
}

#[test]
fn a_type_that_nobody_can_tell_is_not_contradicted_by_what_nobody_knows() {
    let unknown = b"\x01\x02\x03\x04\x05\x06\x07\x08";
    let declared = |said: &str| inspect(Cursor::new(unknown), "file", said, false).unwrap().traits;
    assert_eq!(declared("image/x-quite-new"), BTreeSet::new());
    assert_eq!(declared("image/png"), [Trait::NameMismatch].into());
    assert!(!lies(unknown, "a.dmg") && !lies(unknown, "a.mp3") && lies(unknown, "a.png") && lies(unknown, "a.docx"));
}

#[test]
fn a_container_that_cannot_be_looked_into_may_be_what_it_says() {
    let document = samples::docx(&[]);
    let cut = &document[..document.len() / 2];
    assert_eq!(look_at(cut, "a.docx").traits, [Trait::Unreadable].into());
    assert!(lies(cut, "a.pdf") && lies(cut, "a.png"));
    assert!(!lies(&document, "a.zip"), "a document of this kind is a ZIP");
}
