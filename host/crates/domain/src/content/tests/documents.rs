//! Documents and drawings that do something.

use super::*;

#[test]
fn a_drawing_that_runs_something_is_active() {
    let drawing = |inside: &str| format!("<svg xmlns=\"http://www.w3.org/2000/svg\">{inside}</svg>").into_bytes();
    for inside in [
        "<script>alert(1)</script>",
        "<SCRIPT href='//x'/>",
        "<x:script xmlns:x='http://www.w3.org/2000/svg'/>",
        "<rect onload=\"x()\"/>",
        "<rect onclick = 'x()'/>",
        "<rect title=\">\" onfocus=\"x()\"/>",
        "<rect/onmouseover=x()>",
        "<a href=\"javascript:x()\"/>",
        "<a href=\" java&#x0A;script&colon;x()\"/>",
        "<a href='&#106;avascript:x()'/>",
        "<a href=\"jAvA\tScRiPt:x()\"/>",
        "<animate attributeName=href values='x;javascript:x()'/>",
        "<a href='data:text/html,x'/>",
        "<foreignObject><iframe src='x'/></foreignObject>",
    ] {
        let found = look_at(&drawing(inside), "a.svg");
        assert_eq!((found.category, found.traits), (Category::Image, [Trait::ActiveContent].into()), "{inside}");
    }
    for inside in
        ["<text>one = 1; the script: none</text>", "<path id='on' d='M0 0'/>", "<a href='https://x.org/javascript'/>"]
    {
        assert_eq!(look_at(&drawing(inside), "a.svg").traits, BTreeSet::new(), "{inside}");
    }
}

#[test]
fn a_drawing_is_active_in_every_encoding_and_behind_any_prologue() {
    let drawing = "<?xml version=\"1.0\"?><!-- a > b --><!DOCTYPE svg PUBLIC \"a\" \"b\" [ <!ELEMENT x ANY> ]>\
                   <svg xmlns=\"http://www.w3.org/2000/svg\"><script>x()</script></svg>";
    let little = [0xff, 0xfe].into_iter().chain(drawing.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let big = [0xfe, 0xff].into_iter().chain(drawing.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    let marked = [b"\xef\xbb\xbf", drawing.as_bytes()].concat();
    let prefixed = drawing.replace("<svg", "<s:svg").replace("</svg", "</s:svg").into_bytes();
    for written in [drawing.as_bytes().to_vec(), little, big, marked, prefixed] {
        let found = look_at(&written, "");
        assert_eq!(found.detected_type, "image/svg+xml");
        assert!(found.traits.contains(&Trait::ActiveContent));
    }
    let entity = b"<!DOCTYPE svg [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><svg>&x;</svg>";
    assert!(has(entity, "", Trait::ActiveContent));
}

#[test]
fn what_is_active_is_found_far_behind_the_head() {
    let padding = " ".repeat(3 * HEAD_BYTES - 3);
    let drawing = format!("<svg xmlns=\"http://www.w3.org/2000/svg\">{padding}<script>x()</script></svg>");
    assert!(has(drawing.as_bytes(), "", Trait::ActiveContent));
}

#[test]
fn pages_are_active_when_they_run_something() {
    assert!(has(b"<!DOCTYPE html><body onload=x()>", "a.html", Trait::ActiveContent));
    assert!(!has(b"<!DOCTYPE html><p>JavaScript: a language</p>", "a.html", Trait::ActiveContent));
    let xml = b"<?xml version=\"1.0\"?><project><script>x</script></project>";
    assert!(!has(xml, "build.xml", Trait::ActiveContent), "nothing runs this");
    let hidden = b"<?xml version=\"1.0\"?><a><h:script xmlns:h=\"http://www.w3.org/1999/xhtml\">x()</h:script></a>";
    assert!(has(hidden, "a.xml", Trait::ActiveContent));
}

#[test]
fn a_pdf_is_active_when_it_runs_something() {
    let pdf = |inside: &str| {
        format!("%PDF-1.7\n1 0 obj\n<</Type/Catalog {inside}>>\nendobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n")
            .into_bytes()
    };
    for inside in [
        "/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>",
        "/Names<</J#61vaScript 3 0 R>>",
        "/AA<</O<</S/Launch/F(x.exe)>>>>",
        "/X<</JS 12 0 R>>",
        "/OpenAction << /S /URI /URI (x) >>",
    ] {
        assert_eq!(look_at(&pdf(inside), "a.pdf").traits, [Trait::ActiveContent].into(), "{inside}");
    }
    for inside in ["/OpenAction [3 0 R /Fit]", "/OpenAction<</S/GoTo/D[3 0 R/Fit]>>", "/OpenAction 3 0 R", "/JSX (x)"] {
        assert_eq!(look_at(&pdf(inside), "a.pdf").traits, BTreeSet::new(), "{inside}");
    }
    assert_eq!(look_at(&pdf("/Encrypt 5 0 R"), "a.pdf").traits, [Trait::Encrypted].into());
}

#[test]
fn a_cut_pdf_is_unreadable() {
    assert!(has(&samples::PDF[..40], "a.pdf", Trait::Unreadable));
}

#[test]
fn macros_are_found_in_new_and_old_documents() {
    assert!(has(&samples::docx(&[("word/vbaProject.bin", b"x")]), "a.docm", Trait::Macros));
    assert!(has(&samples::compound(&["WordDocument", "Macros", "VBA"]), "a.doc", Trait::Macros));
    let basic =
        samples::zip(&[("mimetype", b"application/vnd.oasis.opendocument.text"), ("Basic/Standard/Module1.xml", b"x")]);
    assert!(has(&basic, "a.odt", Trait::Macros));
    assert!(!has(&samples::docx(&[]), "a.docx", Trait::Macros));
}

#[test]
fn a_directory_longer_than_a_sector_is_followed() {
    let many: Vec<String> = (0..40).map(|n| format!("stream {n}")).collect();
    let mut names: Vec<&str> = many.iter().map(String::as_str).collect();
    names.push("WordDocument");
    names.push("_VBA_PROJECT");
    let found = look_at(&samples::compound(&names), "");
    assert_eq!((found.detected_type.as_str(), found.traits), ("application/msword", [Trait::Macros].into()));
}

#[test]
fn a_file_that_is_two_things_is_a_polyglot() {
    let archive = samples::zip(&[("run.class", b"x")]);
    for host in [samples::GIF, samples::PNG, samples::JPEG, samples::PDF] {
        let both = [host, &archive].concat();
        let found = look_at(&both, "");
        assert!(
            found.traits.contains(&Trait::Polyglot) && found.traits.contains(&Trait::ExecutableInside),
            "{found:?}"
        );
    }
    assert!(has(&[samples::GIF, b"        ", samples::PDF].concat(), "", Trait::Polyglot));
    assert!(has(&[b"\x01\x02\x03\x04", samples::PDF].concat(), "", Trait::Polyglot));
    assert!(!has(&[b"\r\n", samples::PDF].concat(), "", Trait::Polyglot));
    assert!(has(b"GIF89a/*\0\0\0\0*/=1;alert(1)", "", Trait::Polyglot));
    assert!(has(&[samples::PNG, b"<?php x(); ?>"].concat(), "", Trait::Polyglot));
    assert!(!has(b"How to tell %PDF- from PK\x09\n", "", Trait::Polyglot));
}

#[test]
fn a_document_inside_does_not_lock_the_document() {
    // Two documents of word processors: the second one, inside the first, says that it is encrypted.
    let mut file = samples::compound(&["WordDocument", "WordDocument"]);
    for (entry, sector) in [(1, 2_u32), (2, 10)] {
        let at = 1_024 + entry * 128 + 116;
        file[at..at + 4].copy_from_slice(&sector.to_le_bytes());
        file[at + 4..at + 12].copy_from_slice(&4_096_u64.to_le_bytes());
    }
    file.resize(512 * 20, 0);
    file[512 * 11 + 11] = 1;
    assert_eq!(look_at(&file, "").traits, BTreeSet::new());
    file[512 * 3 + 11] = 1;
    assert_eq!(look_at(&file, "").traits, [Trait::Encrypted].into());
}
