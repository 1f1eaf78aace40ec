//! Formats that begin late, and readers that find them all the same: behind blanks, comments, and whatever they pass over.

use proptest::prelude::*;

use super::*;

/// A PDF of plain text that runs something.
const RUNS: &str = "%PDF-1.4\n1 0 obj\n<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>\nendobj\ntrailer\n<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n";
const SCRIPT: &str = "<script>alert(1)</script>";

/// Blanks and comments before a format, as long as readers look for it.
fn blanks() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec![" ", "\n", "\r\n", "\t", "\u{c}"]), 0..40)
        .prop_map(|parts| parts.concat())
}

fn type_of(content: &[u8]) -> String {
    look_at(content, "").detected_type
}

#[test]
fn a_pdf_of_plain_text_is_a_pdf_wherever_its_readers_find_one() {
    for before in ["\n", "\r\n\t ", "\u{feff}", "\u{feff}\n", "%a comment\n", "\0\0", "% 1\n\n%2\r"] {
        let found = look_at([before, RUNS].concat().as_bytes(), "a.pdf");
        assert_eq!(found.detected_type, "application/pdf", "{before:?}");
        assert_eq!(found.traits, [Trait::ActiveContent].into(), "{before:?}");
    }
    for before in ["Dear all,\n", "{\"a\": 1}\n", "<!DOCTYPE html><p>\n", "#!/bin/sh\n", "From: a\n\n", "x"] {
        let found = look_at([before, RUNS].concat().as_bytes(), "");
        assert!(found.traits.is_superset(&[Trait::ActiveContent, Trait::Polyglot].into()), "{before:?}: {found:?}");
    }
    let far = format!("{}{RUNS}", "a\n".repeat(512));
    assert_eq!(type_of(far.as_bytes()), "text/plain", "no reader looks there");
    let spoken_of = b"A PDF begins with %PDF-1.4 and has objects, which begin with \"obj\".\n";
    assert_eq!(look_at(spoken_of, "a.txt"), Findings { traits: BTreeSet::new(), ..look_at(b"Hello.\n", "a.txt") });
}

#[test]
fn a_prologue_that_is_longer_than_a_head_hides_no_drawing() {
    let long = "x".repeat(HEAD_BYTES);
    for before in [
        format!("<!-- {long} -->"),
        " ".repeat(HEAD_BYTES + 3),
        format!("<?xml version='1.0'?>\n<?x {long}?>"),
        format!("<!DOCTYPE svg [<!ENTITY x \"{long}\">]>"),
    ] {
        let drawing = format!("{before}<svg xmlns='http://www.w3.org/2000/svg'>{SCRIPT}</svg>");
        let found = look_at(drawing.as_bytes(), "a.svg");
        assert_eq!((found.detected_type.as_str(), found.category), ("image/svg+xml", Category::Image), "{before:.20}");
        assert_eq!(found.traits, [Trait::ActiveContent].into(), "{before:.20}");
        let page = format!("{before}<body>{SCRIPT}").replace("DOCTYPE svg", "DOCTYPE x");
        assert!(has(page.as_bytes(), "", Trait::ActiveContent), "{before:.20}");
    }
    assert_eq!(type_of(" ".repeat(HEAD_BYTES * 2).as_bytes()), "text/plain");
}

#[test]
fn what_a_browser_opens_as_a_page_is_looked_at_as_one() {
    for content in [
        format!("Hello {SCRIPT}"),
        format!("<details ontoggle=x()>{SCRIPT}</details>"),
        format!("<html>\0{SCRIPT}"),
        format!("\u{1}\u{2}{SCRIPT}"),
        format!("{{\"a\": \"{SCRIPT}\"}}"),
    ] {
        for name in ["a.html", "A.HTM", "a.svg", "a.xhtml", "a.html. "] {
            assert!(has(content.as_bytes(), name, Trait::ActiveContent), "{content:?} as {name}");
        }
        let declared = inspect(Cursor::new(&content), "page", "text/html; charset=utf-8", false).unwrap();
        assert!(declared.traits.contains(&Trait::ActiveContent), "{content:?}");
    }
    assert!(!has(format!("Hello {SCRIPT}").as_bytes(), "a.txt", Trait::ActiveContent));
    assert!(!has(b"Hello, no script.", "a.html", Trait::ActiveContent));
}

#[test]
fn messages_of_mail_are_looked_into() {
    let header = "From: a@example.com\r\nTo: b@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n";
    let part = |inside: &str| format!("{header}\r\n--x\r\n{inside}\r\n--x--\r\n").into_bytes();
    let plain = look_at(&part("Content-Type: text/plain\r\n\r\nHello."), "a.eml");
    assert_eq!((plain.detected_type.as_str(), plain.traits), ("message/rfc822", BTreeSet::new()));
    for name in ["filename=\"setup.exe\"", "filename=setup.exe", "filename*=utf-8''setup%2Eexe", "NAME = \"a.scr\""] {
        let attached = part(&format!("Content-Disposition: attachment; {name}\r\n\r\nxx"));
        assert!(has(&attached, "", Trait::ExecutableInside), "{name}");
    }
    assert!(has(&part("Content-Transfer-Encoding: base64\r\n\r\nTVqQAAMAAAAEAAAA"), "", Trait::ExecutableInside));
    let saved = |body: &str| [b"\n", &part(body)[..]].concat();
    for body in ["<body onload=x()>", "<scr=\r\nipt>x()</script>", "=3Cscript=3Ex()"] {
        let found = look_at(&saved(&format!("Content-Type: text/html\r\n\r\n{body}")), "a.mht");
        assert!(found.traits.contains(&Trait::ActiveContent), "{body}: {found:?}");
    }
    assert_eq!(type_of(b"Subject: hi\nFrom: me\n\nA note that looks like mail.\n"), "text/plain");
}

#[test]
fn an_archive_behind_a_picture_or_a_text_is_no_secret() {
    for archive in [samples::rar5(&[b"\x02\0\0\x05\x20\0\x01\x05a.exe"]), samples::seven_zip(b"\x01\0")] {
        for host in [samples::GIF, b"Hello, this is a text.\n", b"\x01\x02\x03\x04"] {
            let traits = look_at(&[host, &archive].concat(), "").traits;
            assert!(traits.is_superset(&[Trait::Polyglot, Trait::Unreadable].into()), "{traits:?}");
        }
        let far = [samples::PNG, &vec![7; 3 * HEAD_BYTES][..], &archive].concat();
        assert!(has(&far, "a.png", Trait::Polyglot));
    }
    let archive = [&samples::gzip(5)[..], &samples::zip(&[("a.exe", b"x")])].concat();
    assert!(look_at(&archive, "a.zip").traits.is_superset(&[Trait::Polyglot, Trait::ExecutableInside].into()));
}

proptest! {
    #[test]
    fn blanks_before_a_text_format_change_nothing(blanks in blanks(), mark in any::<bool>(), index in 0..9_usize) {
        let formats = [
            (RUNS, "application/pdf"),
            ("{\\rtf1\\ansi Hello}", "application/rtf"),
            ("%!PS-Adobe-3.0\n%%Title: x\nshowpage\n", "application/postscript"),
            ("<html><body>x", "text/html"),
            ("<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
            ("<!-- x --><svg/>", "image/svg+xml"),
            ("BEGIN:VCARD\nVERSION:3.0\nEND:VCARD\n", "text/vcard"),
            ("#!/bin/sh\nls\n", "text/x-shellscript"),
            ("REM x\n:: y\n@echo off\ndel x\n", "text/x-msdos-batch"),
        ];
        let (content, media_type) = formats[index];
        let written = [if mark { "\u{feff}" } else { "" }, &blanks, content].concat();
        prop_assert_eq!(type_of(written.as_bytes()), media_type, "{:?}", &blanks);
    }

    #[test]
    fn a_script_is_found_behind_any_prologue_in_any_encoding(
        before in prop::collection::vec(prop::sample::select(vec![
            " ", "\n", "<!-- a > b -->", "<!---->", "<?x y?>", "<!DOCTYPE x>", "<!DOCTYPE x [<!ELEMENT y ANY>]>",
        ]), 0..6),
        root in prop::sample::select(vec!["svg", "html", "s:svg", "SVG"]),
        encoding in 0..7_usize,
    ) {
        let page = format!("{}<{root} xmlns='http://www.w3.org/2000/svg'>{SCRIPT}</{root}>", before.concat());
        let wide = |bytes: fn(u16) -> [u8; 2]| page.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        let written = match encoding {
            0 => page.as_bytes().to_vec(),
            1 => [b"\xef\xbb\xbf", page.as_bytes()].concat(),
            2 => [&b"\xff\xfe"[..], &wide(u16::to_le_bytes)].concat(),
            3 => [&b"\xfe\xff"[..], &wide(u16::to_be_bytes)].concat(),
            4 => wide(u16::to_le_bytes),
            5 => wide(u16::to_be_bytes),
            _ => [&b"\xff\xfe\0\0"[..], &page.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect::<Vec<u8>>()].concat(),
        };
        let found = look_at(&written, "");
        prop_assert!(found.traits.contains(&Trait::ActiveContent), "{:?} {}", found, page);
        let expected = if root == "html" { "text/html" } else { "image/svg+xml" };
        prop_assert_eq!(found.detected_type, expected);
    }
}
