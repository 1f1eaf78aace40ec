//! What a name pretends.

use std::collections::BTreeSet;

use super::{
    Category, Trait,
    detect::Detected,
    extension::{self, Expected},
    text,
};

/// How many spaces before an extension push it out of sight.
const SPACES: usize = 3;

/// Extensions of what a machine runs, installs or obeys when it is opened.
const RUN: [&str; 71] = [
    "exe",
    "com",
    "scr",
    "pif",
    "cpl",
    "msi",
    "msp",
    "mst",
    "msix",
    "msixbundle",
    "appx",
    "appxbundle",
    "appinstaller",
    "dll",
    "ocx",
    "sys",
    "drv",
    "bat",
    "cmd",
    "ps1",
    "psm1",
    "psd1",
    "vbs",
    "vbe",
    "js",
    "jse",
    "mjs",
    "wsf",
    "wsh",
    "wsc",
    "sct",
    "hta",
    "lnk",
    "url",
    "scf",
    "inf",
    "reg",
    "gadget",
    "application",
    "msc",
    "chm",
    "hlp",
    "jar",
    "jnlp",
    "class",
    "apk",
    "aab",
    "xapk",
    "ipa",
    "app",
    "pkg",
    "mpkg",
    "dmg",
    "command",
    "workflow",
    "action",
    "scpt",
    "applescript",
    "sh",
    "bash",
    "zsh",
    "csh",
    "run",
    "bin",
    "elf",
    "appimage",
    "deb",
    "rpm",
    "desktop",
    "crx",
    "xpi",
];

/// Extensions of [`RUN`] that much else has as well: only a name that stands outside an archive says something with
/// them.
const ALSO_HARMLESS: [&str; 4] = ["bin", "run", "js", "mjs"];

/// What kind of file a name promises, if it promises one.
pub(super) fn claimed(name: &str) -> Option<Category> {
    match extension::expected(&extension(bare(name)))? {
        Expected::Category(category) => Some(category),
        Expected::Types(_) | Expected::Text => None,
    }
}

/// Whether a machine would run an archive's entry of that name.
pub(super) fn runs(path: &str) -> bool {
    let extension = extension(bare(path));
    RUN.contains(&extension.as_str()) && !ALSO_HARMLESS[..2].contains(&extension.as_str())
}

/// Notes what the name gives away about itself and, beside the content, about that.
pub(super) fn judge(name: &str, declared_type: &str, detected: &Detected, head: &[u8], traits: &mut BTreeSet<Trait>) {
    if is_deceptive(name) {
        traits.insert(Trait::DeceptiveName);
    }
    let shown: String = name.chars().filter(|c| !is_invisible(*c)).collect();
    let bare = bare(&shown);
    let extension = extension(bare);
    if RUN.contains(&extension.as_str()) && extension != "bin" {
        traits.insert(Trait::ExecutableName);
        let before = bare.rsplit_once('.').map_or("", |(before, _)| before.trim_end());
        if extension::expected(&self::extension(before)).is_some() {
            traits.insert(Trait::DoubleExtension);
        }
    }
    if detected.is_text && is_script(&extension, head) {
        traits.insert(Trait::Script);
    }
    let mismatch = match extension::expected(&extension) {
        Some(expected) => !fits(&expected, detected),
        None => !fits_declared(declared_type, detected.category),
    };
    if mismatch {
        traits.insert(Trait::NameMismatch);
    }
}

/// The last part of a path as Windows opens it: without dots and spaces at its end, and without a stream's name.
fn bare(path: &str) -> &str {
    let last = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let last = last.split(':').next().filter(|part| !part.is_empty()).unwrap_or(last);
    last.trim_end_matches(|c: char| c == '.' || is_blank(c))
}

/// In lower case and without the dot; empty when there is none.
fn extension(bare: &str) -> String {
    let found = bare.rsplit_once('.').map_or("", |(_, extension)| extension);
    found.trim().to_ascii_lowercase()
}

fn is_deceptive(name: &str) -> bool {
    let ends = name.ends_with(|c: char| c == '.' || is_blank(c));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let spaces = stem.chars().rev().take_while(|c| is_blank(*c)).count();
    // Not before the last extension, but before one: `invoice.pdf      .exe.txt`.
    let inside = name.split('.').any(|part| part.chars().rev().take_while(|c| is_blank(*c)).count() >= SPACES);
    name.chars().any(is_invisible) || ends || spaces >= SPACES || inside
}

/// Marks that turn the direction of writing, and control characters: none shows, and each changes what shows.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') || c.is_control()
}

/// Spaces, and letters that look like them.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{2800}' | '\u{3164}' | '\u{ffa0}' | '\u{115f}' | '\u{1160}' | '\u{200b}')
}

/// Whether the words of a text are those of a script of its extension.
fn is_script(extension: &str, head: &[u8]) -> bool {
    let Some((_, words)) = text::SCRIPTS.iter().find(|(extensions, _)| extensions.contains(&extension)) else {
        return false;
    };
    text::read(head).is_some_and(|text| {
        let lower = text.text.to_ascii_lowercase();
        words.iter().any(|word| lower.contains(word))
    })
}

/// Whether content may have an extension of which that is expected.
fn fits(expected: &Expected, detected: &Detected) -> bool {
    let media_type = detected.media_type.as_ref();
    match expected {
        // Code, lists and settings: text of any kind, scripts too. Nothing at all is text as well.
        Expected::Text => detected.is_text || media_type == "application/x-empty" || media_type.starts_with("text/"),
        Expected::Types(types) => types.contains(&media_type) || media_type == "application/x-empty",
        Expected::Category(category) => {
            // Pages and drawings that can run something must not be called pictures or documents.
            let is_page = matches!(media_type, "text/html" | "image/svg+xml");
            let found = kind(detected.category);
            // A film may have no picture.
            let fits = kind(*category) == found || (*category == Category::Video && found == Category::Audio);
            media_type == "application/x-empty" || (!is_page && fits)
        }
    }
}

/// Whether the content can be what the sender says, where the name says nothing.
fn fits_declared(declared_type: &str, category: Category) -> bool {
    match declared_type.split('/').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "image" => category == Category::Image,
        "audio" => matches!(kind(category), Category::Audio | Category::Video),
        "video" => matches!(kind(category), Category::Audio | Category::Video),
        _ => true,
    }
}

/// A voice message is a sound to a name.
const fn kind(category: Category) -> Category {
    match category {
        Category::Voice => Category::Audio,
        Category::Image
        | Category::Audio
        | Category::Video
        | Category::Document
        | Category::Archive
        | Category::Executable
        | Category::Other => category,
    }
}
