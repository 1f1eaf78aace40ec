//! What a name pretends.

use std::collections::BTreeSet;

use sluice_text::is_invisible;

use super::{
    Category, Trait,
    detect::{Detected, Look},
    extension::{self, Expected},
    known, text,
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

/// Extensions of what browsers open as a page or drawing, whatever it begins with.
const PAGES: [&str; 9] = ["html", "htm", "xhtml", "xht", "shtml", "mht", "mhtml", "svg", "hta"];

/// Extensions of archives that are not looked into when they are in another one.
const PACKS: [&str; 30] = [
    "zip", "zipx", "7z", "rar", "tar", "gz", "tgz", "bz2", "tbz2", "xz", "txz", "zst", "tzst", "lz4", "lzma", "lz",
    "z", "cab", "iso", "img", "dmg", "arj", "lzh", "lha", "cpio", "ace", "wim", "vhd", "vhdx", "xar",
];

/// Extensions of single compressed files: what stands before one is what is in it.
const COMPRESSED: [&str; 16] =
    ["gz", "xz", "bz2", "bz", "zst", "lz4", "lzma", "lz", "z", "br", "lzo", "sz", "bz3", "lrz", "rz", "lzfse"];

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

/// Whether an archive's entry of that name is an archive.
pub(super) fn packs(path: &str) -> bool {
    PACKS.contains(&extension(bare(path)).as_str())
}

/// Whether a browser opens it as a page: by its name, and by the media type where the name says nothing.
pub(super) fn opens_as_page(name: &str, declared_type: &str) -> bool {
    let shown: String = name.chars().filter(|c| !is_invisible(*c)).collect();
    let extension = extension(bare(&shown));
    let declared = declared_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    PAGES.contains(&extension.as_str())
        || (extension::expected(&extension).is_none()
            && matches!(declared.as_str(), "text/html" | "application/xhtml+xml" | "image/svg+xml"))
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
    if detected.look == Look::Stream && COMPRESSED.contains(&extension.as_str()) {
        // `setup.exe.xz` has `setup.exe` in it.
        let before = bare.rsplit_once('.').map_or("", |(before, _)| before);
        if runs(before) {
            traits.insert(Trait::ExecutableInside);
        }
    }
    // What could not be read to its end may still be what it says.
    let is_open = traits.contains(&Trait::Unreadable);
    let fits = match extension::expected(&extension) {
        Some(expected) => {
            fits(&expected, &extension, detected, head) || (is_open && is_container(&extension, detected.look))
        }
        None => fits_declared(declared_type, detected),
    };
    if !fits {
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
    // As the server gives the name out again.
    let found: String = found.chars().filter(|c| !is_invisible(*c)).collect();
    found.trim().to_ascii_lowercase()
}

fn is_deceptive(name: &str) -> bool {
    let ends = name.ends_with(|c: char| c == '.' || is_blank(c));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let spaces = stem.chars().rev().take_while(|c| is_blank(*c)).count();
    // Not before the last extension, but before one: `invoice.pdf      .exe.txt`.
    let inside = name.split('.').any(|part| part.chars().rev().take_while(|c| is_blank(*c)).count() >= SPACES);
    // Within a name, they join letters and emoji; in its extension they only hide it.
    let hides = name.rsplit_once('.').is_some_and(|(_, extension)| extension.chars().any(is_invisible));
    name.chars().any(turns) || hides || ends || spaces >= SPACES || inside
}

/// Marks that turn the direction of writing, and control characters: none shows, and each changes what shows.
fn turns(c: char) -> bool {
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

/// Whether files of that extension are containers of the kind that was found.
fn is_container(extension: &str, look: Look) -> bool {
    const ZIPS: [&str; 26] = [
        "docx", "docm", "dotx", "dotm", "xlsx", "xlsm", "xltx", "xltm", "xlsb", "pptx", "pptm", "ppsx", "ppsm", "potx",
        "odt", "ods", "odp", "odg", "epub", "jar", "apk", "pages", "numbers", "key", "xmind", "appx",
    ];
    const COMPOUNDS: [&str; 10] = ["doc", "dot", "xls", "xlt", "ppt", "pps", "pot", "vsd", "msi", "msg"];
    match look {
        Look::Zip => ZIPS.contains(&extension),
        Look::Office => COMPOUNDS.contains(&extension),
        _ => false,
    }
}

/// Formats that begin with nothing of their own, or not always: content that nobody knows does not contradict them.
const WITHOUT_SIGNATURE: [&str; 13] =
    ["tga", "dib", "dmg", "lzma", "iso", "mp3", "mp2", "aac", "mpg", "mpeg", "m2ts", "mobi", "z"];

/// Whether nothing in the content contradicts an extension of which that is expected.
fn fits(expected: &Expected, extension: &str, detected: &Detected, head: &[u8]) -> bool {
    let media_type = detected.media_type.as_ref();
    // Nothing at all contradicts nothing.
    if media_type == "application/x-empty" {
        return true;
    }
    let is_unknown = media_type == "application/octet-stream";
    if is_unknown && WITHOUT_SIGNATURE.contains(&extension) {
        return true;
    }
    match expected {
        // Code, lists and settings: text of any kind and in any encoding, scripts too.
        Expected::Text => detected.is_text || media_type.starts_with("text/") || (is_unknown && text::may_be(head)),
        // Documents and packages are ZIPs, and may be called so.
        Expected::Category(Category::Archive) if extension == "zip" && detected.look == Look::Zip => true,
        Expected::Types(types) => types.contains(&media_type),
        Expected::Category(category) => {
            // Pages and drawings that can run something must not be called pictures or documents.
            let is_page = matches!(media_type, "text/html" | "image/svg+xml");
            let found = kind(detected.category);
            // A film may have no picture.
            let fits = kind(*category) == found || (*category == Category::Video && found == Category::Audio);
            !is_page && fits
        }
    }
}

/// Whether nothing in the content contradicts what the sender says, where the name says nothing.
fn fits_declared(declared_type: &str, detected: &Detected) -> bool {
    let category = detected.category;
    let said = declared_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_unknown = detected.media_type == "application/octet-stream";
    // Of a type that no content is known by, nobody can tell.
    if detected.media_type == "application/x-empty" || (is_unknown && !known::is_known(extension::canonical(&said))) {
        return true;
    }
    match said.split('/').next().unwrap_or_default() {
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
