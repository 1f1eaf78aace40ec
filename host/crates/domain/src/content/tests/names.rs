//! What names pretend.

use super::*;

const TEXT: &[u8] = b"Hello.\n";

#[test]
fn a_program_called_a_picture_does_not_pass() {
    let found = look_at(&samples::exe(), "photo.jpg");
    assert_eq!(found.category, Category::Executable);
    assert!(found.traits.contains(&Trait::NameMismatch));
}

#[test]
fn a_picture_called_another_picture_is_harmless() {
    assert!(!has(samples::PNG, "photo.jpg", Trait::NameMismatch));
    assert!(has(samples::SVG, "photo.jpg", Trait::NameMismatch), "nothing runs in a photo");
    assert!(!has(samples::SVG, "drawing.svg", Trait::NameMismatch));
}

#[test]
fn unknown_extensions_and_none_promise_nothing() {
    for name in ["", "photo", "data.xyz", "v1.2", ".hidden"] {
        assert!(!has(samples::PNG, name, Trait::NameMismatch), "{name}");
    }
    assert!(
        inspect(Cursor::new(samples::ELF), "photo", "image/png", false).unwrap().traits.contains(&Trait::NameMismatch)
    );
    assert!(inspect(Cursor::new(samples::PNG), "photo", "image/png", false).unwrap().traits.is_empty());
}

#[test]
fn text_may_be_called_any_text_and_nothing_else() {
    for name in ["a.txt", "a.csv", "a.py", "a.md"] {
        assert!(!has(b"<!DOCTYPE html><p>x", name, Trait::NameMismatch), "{name}");
        assert!(has(samples::PNG, name, Trait::NameMismatch), "{name}");
    }
    assert!(has(b"<!DOCTYPE html><p>log in here", "invoice.pdf", Trait::NameMismatch));
    assert!(has(TEXT, "photo.jpg", Trait::NameMismatch));
}

#[test]
fn a_document_is_no_archive_and_one_behind_a_password_is_a_document() {
    let archive = samples::zip(&[("a.txt", b"x")]);
    assert!(has(&archive, "a.docx", Trait::NameMismatch));
    let locked = look_at(&samples::compound(&["EncryptedPackage", "EncryptionInfo"]), "a.docx");
    assert_eq!(locked.traits, [Trait::Encrypted].into());
    assert!(!has(&samples::docx(&[]), "a.docx", Trait::NameMismatch));
}

#[test]
fn an_extension_before_that_of_a_program_is_a_double_one() {
    for name in
        ["invoice.pdf.exe", "invoice.pdf          .exe", "INVOICE.PDF.SCR", "photo.jpg.lnk", "a.docx.js", "a.txt.bat."]
    {
        let found = look_at(TEXT, name);
        assert!(
            found.traits.contains(&Trait::DoubleExtension) && found.traits.contains(&Trait::ExecutableName),
            "{name}"
        );
    }
    for name in ["a.tar.gz", "v1.2.pdf", "jquery.min.js", "setup.exe", "photo.2024.jpg", "a.pdf.zip"] {
        assert!(!has(TEXT, name, Trait::DoubleExtension), "{name}");
    }
}

#[test]
fn names_that_show_otherwise_are_deceptive() {
    let turned = look_at(&samples::exe(), "photo\u{202e}gpj.exe");
    assert!(turned.traits.contains(&Trait::DeceptiveName) && turned.traits.contains(&Trait::ExecutableName));
    let hidden = look_at(&samples::exe(), "photo.\u{202e}exe");
    assert!(hidden.traits.contains(&Trait::ExecutableName), "a mark in an extension does not change it");
    for name in ["run.bat\u{2060}", "a.hta\u{feff}", "a.b\u{ad}at", "\u{1f468}\u{200d}.exe\u{200e}"] {
        let hidden = look_at(TEXT, name);
        assert!(hidden.traits.contains(&Trait::DeceptiveName), "{name:?}");
        assert!(hidden.traits.contains(&Trait::ExecutableName), "{name:?}");
    }
    for name in [
        "a\u{2066}b.txt",
        "a\u{7}.txt",
        "a\n.txt",
        "invoice.pdf          .exe",
        "a.exe.",
        "a.exe ",
        "a.pdf\u{2800}\u{2800}\u{2800}.exe",
    ] {
        assert!(has(TEXT, name, Trait::DeceptiveName), "{name:?}");
    }
    for name in
        ["my holiday photo.jpg", "отчёт за год.pdf", "family \u{1f468}\u{200d}\u{1f469}.jpg", "שלום.pdf", "a  b.txt"]
    {
        assert!(!has(TEXT, name, Trait::DeceptiveName), "{name:?}");
    }
}

#[test]
fn a_machine_would_run_it_by_its_name() {
    for name in
        ["a.exe", "a.EXE", "a.exe.. ", "a.com", "a.ps1", "a.hta", "a.lnk", "a.reg", "C:\\x\\a.bat", "a.exe::$DATA"]
    {
        assert!(has(TEXT, name, Trait::ExecutableName), "{name}");
    }
    for name in ["exe", "a.txt", "exe.pdf", "a.bin", ""] {
        assert!(!has(TEXT, name, Trait::ExecutableName), "{name}");
    }
}

#[test]
fn a_script_is_told_by_its_first_line_or_by_name_and_words() {
    assert!(has(b"#!/usr/bin/env python3\nprint(1)\n", "notes.txt", Trait::Script));
    assert!(has(b"#! /bin/sh\nls\n", "", Trait::Script));
    assert!(has(b"@Echo Off\r\ndel x\r\n", "", Trait::Script));
    assert!(has(b"Write-Host 'x'\n", "a.ps1", Trait::Script));
    assert!(has(b"Set x = CreateObject(\"WScript.Shell\")\n", "a.vbs", Trait::Script));
    assert!(!has(b"Write-Host 'x'\n", "a.txt", Trait::Script));
    assert!(!has(b"Dear all,\nhello.\n", "a.ps1", Trait::Script));
    assert!(!has(b"#!AMR\n\x3c\x91\x17\x16\xbe", "", Trait::Script));
}
