//! Whether bytes are text, and what kind of text.

use super::{
    Category, json, mail,
    prologue::{self, Start},
};

/// How text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// UTF-8, ASCII, or one of the older ones that have a byte for each letter of ASCII.
    Bytes,
    /// UTF-16 or UTF-32, in either order: letters of ASCII have zeros beside them.
    Wide,
}

/// The first part of a file that is text.
pub(super) struct Text {
    /// Without a byte order mark; letters outside ASCII may be replaced.
    pub(super) text: String,
    pub(super) encoding: Encoding,
    /// Whether it is short, in an older encoding, and begins with no letter of ASCII: a signature goes before that.
    pub(super) is_doubtful: bool,
}

/// From how many bytes on an older encoding is believed whatever it begins with: fewer without any control character can be chance.
const LEGACY_LEN: usize = 32;

/// The text, or nothing when there is something in it that text does not have. A letter that the head cuts is ignored.
pub(super) fn read(head: &[u8]) -> Option<Text> {
    let (text, encoding) = match head {
        [0xff, 0xfe, 0, 0, rest @ ..] => (utf32(rest, u32::from_le_bytes)?, Encoding::Wide),
        [0, 0, 0xfe, 0xff, rest @ ..] => (utf32(rest, u32::from_be_bytes)?, Encoding::Wide),
        [0xff, 0xfe, rest @ ..] => (utf16(rest, u16::from_le_bytes)?, Encoding::Wide),
        [0xfe, 0xff, rest @ ..] => (utf16(rest, u16::from_be_bytes)?, Encoding::Wide),
        [0xef, 0xbb, 0xbf, rest @ ..] => (bytes(rest), Encoding::Bytes),
        // Without a mark, but as XML and notes of Windows are written: mostly ASCII.
        _ if head.contains(&0) => (unmarked(head)?, Encoding::Wide),
        _ => (bytes(head), Encoding::Bytes),
    };
    // What DOS ended a text with.
    let text = text.trim_end_matches('\u{1a}').to_owned();
    let clean = !text.is_empty() && !text.chars().any(is_foreign);
    let is_doubtful =
        head.len() < LEGACY_LEN && std::str::from_utf8(head).is_err() && !head.iter().take(3).all(u8::is_ascii);
    clean.then_some(Text { text, encoding, is_doubtful })
}

/// Whether nothing in there contradicts that it is text, in whichever encoding: what cannot be told is no lie.
pub(super) fn may_be(head: &[u8]) -> bool {
    // What terminals, printers, and encodings that shift between alphabets have beside letters.
    let shifts = |byte: u8| matches!(byte, 0x07 | 0x08 | 0x0b | 0x0e | 0x0f | 0x1a | 0x1c..=0x1f | 0x7f);
    let in_bytes = head.iter().all(|byte| shifts(*byte) || !is_foreign(char::from(*byte)));
    // EBCDIC: blanks, ends of lines, and letters from the space on.
    let in_ebcdic = head.iter().all(|byte| matches!(byte, 0x05 | 0x0d | 0x15 | 0x25 | 0x40..=0xfe));
    let in_wide = |text: Option<String>| text.is_some_and(|text| is_of_one_alphabet(&text));
    in_bytes
        || in_ebcdic
        || (head.len().is_multiple_of(2)
            && (in_wide(utf16(head, u16::from_le_bytes)) || in_wide(utf16(head, u16::from_be_bytes))))
        || (head.len().is_multiple_of(4)
            && (in_wide(utf32(head, u32::from_le_bytes)) || in_wide(utf32(head, u32::from_be_bytes))))
}

/// Text as readers that take anything for text see it: what is no letter of ASCII is replaced.
pub(super) fn lossy(head: &[u8]) -> String {
    let rest = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    rest.iter().filter(|byte| **byte != 0).map(|byte| legacy(*byte)).collect()
}

fn bytes(head: &[u8]) -> String {
    match std::str::from_utf8(head) {
        Ok(text) => text.to_owned(),
        Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => {
            String::from_utf8_lossy(&head[..error.valid_up_to()]).into()
        }
        Err(_) => head.iter().map(|byte| legacy(*byte)).collect(),
    }
}

/// A letter for a byte of an older encoding: which one does not matter, but that it is no control character.
const fn legacy(byte: u8) -> char {
    if byte.is_ascii() { byte as char } else { '\u{fffd}' }
}

fn utf16(rest: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let units: Vec<u16> = rest.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
    match units.split_last() {
        Some((last, before)) if (0xd800..0xdc00).contains(last) => String::from_utf16(before).ok(),
        _ => String::from_utf16(&units).ok(),
    }
}

fn utf32(rest: &[u8], unit: fn([u8; 4]) -> u32) -> Option<String> {
    rest.chunks_exact(4).map(|four| char::from_u32(unit([four[0], four[1], four[2], four[3]]))).collect()
}

/// UTF-16 and UTF-32 without a byte order mark, when two letters of three are of ASCII.
fn unmarked(head: &[u8]) -> Option<String> {
    let readings = [
        utf32(head, u32::from_le_bytes),
        utf32(head, u32::from_be_bytes),
        utf16(head, u16::from_le_bytes),
        utf16(head, u16::from_be_bytes),
    ];
    readings.into_iter().flatten().find(|text| {
        let (all, ascii) = (text.chars().count(), text.chars().filter(char::is_ascii).count());
        ascii * 3 >= all * 2 && !text.chars().any(is_no_letter)
    })
}

/// Control characters that no text has. Form feeds are in old sources, and escapes in what terminals showed.
const fn is_foreign(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{e}'..='\u{1a}' | '\u{1c}'..='\u{1f}' | '\u{7f}')
}

/// Whether letters belong together: those of Latin, of one other alphabet, and those of East Asia. Chance mixes them.
fn is_of_one_alphabet(text: &str) -> bool {
    let mut alphabet = None;
    text.chars().all(|c| {
        let block = u32::from(c) >> 8;
        let is_usual = matches!(block, 0..=2 | 0x20..=0x22 | 0x30..=0x9f | 0xac..=0xd7 | 0xff);
        !is_no_letter(c) && (is_usual || *alphabet.get_or_insert(block) == block)
    })
}

/// What chance makes of bytes that are no UTF-16: control characters, and numbers that stand for no letter.
const fn is_no_letter(c: char) -> bool {
    is_foreign(c)
        || matches!(c, '\u{80}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{30000}'..)
}

/// Elements that make a page where nothing else does.
const OF_PAGES: [&str; 21] = [
    "html", "head", "body", "script", "iframe", "title", "table", "div", "p", "a", "style", "meta", "link", "form",
    "img", "br", "h1", "font", "center", "base", "b",
];

/// First elements of formats that are XML.
const ROOTS: [(&str, &str); 21] = [
    ("feed", "application/atom+xml"),
    ("rss", "application/rss+xml"),
    ("stylesheet", "application/xslt+xml"),
    ("transform", "application/xslt+xml"),
    ("kml", "application/vnd.google-earth.kml+xml"),
    ("gpx", "application/gpx+xml"),
    ("math", "application/mathml+xml"),
    ("mxfile", "application/vnd.jgraph.mxfile"),
    ("collada", "model/vnd.collada+xml"),
    ("x3d", "model/x3d+xml"),
    ("fictionbook", "application/x-fb2+xml"),
    ("tt", "application/ttml+xml"),
    ("score-partwise", "application/vnd.recordare.musicxml+xml"),
    ("playlist", "application/xspf+xml"),
    ("xliff", "application/xliff+xml"),
    ("mpd", "application/dash+xml"),
    ("trainingcenterdatabase", "application/vnd.garmin.tcx+xml"),
    ("abiword", "application/x-abiword"),
    ("smil", "application/smil+xml"),
    ("map", "application/x-tmx+xml"),
    ("tileset", "application/x-tsx+xml"),
];

/// What kind of text it is, as far as it is not told by a signature. `cut`: there may be more of it.
pub(super) fn kind(text: &str, cut: bool) -> (&'static str, Category, Form) {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if let Some(media_type) = script(start) {
        return (media_type, Category::Executable, Form::Script);
    }
    if let Some(found) = markup(text, start, cut) {
        return found;
    }
    if mail::is_message(start) {
        return ("message/rfc822", Category::Document, Form::Mail);
    }
    if text.starts_with("SplineFontDB:") {
        return ("application/vnd.font-fontforge-sfd", Category::Other, Form::Plain);
    }
    for (first, media_type) in [("begin:vcard", "text/vcard"), ("begin:vcalendar", "text/calendar")] {
        if start.get(..first.len()).is_some_and(|word| word.eq_ignore_ascii_case(first)) {
            return (media_type, Category::Document, Form::Plain);
        }
    }
    if is_json(start) || json::is_value(start, cut) {
        return ("application/json", Category::Document, Form::Plain);
    }
    if is_table(text) {
        return ("text/csv", Category::Document, Form::Plain);
    }
    ("text/plain", Category::Document, Form::Plain)
}

/// Scripts that say so themselves, perhaps behind comments.
fn script(start: &str) -> Option<&'static str> {
    let is = |line: &str, word: &str| line.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    if start.starts_with("#!") && interpreter(start) {
        return Some("text/x-shellscript");
    }
    let comment = |line: &&str| {
        line.is_empty()
            || line.starts_with([';', '#'])
            || ["::", "rem ", "@rem ", "@::"].iter().any(|word| is(line, word))
    };
    let first = start.lines().map(str::trim_start).find(|line| !comment(line))?;
    if is(first, "@echo off") {
        return Some("text/x-msdos-batch");
    }
    is(first, "[autorun]").then_some("text/x-autorun")
}

/// Pages, drawings, and what else is made of elements.
fn markup(text: &str, start: &str, cut: bool) -> Option<(&'static str, Category, Form)> {
    let declared = start.starts_with("<?xml");
    let is_declared = declared || start.get(..9).is_some_and(|word| word.eq_ignore_ascii_case("<!doctype"));
    let page = ("text/html", Category::Document, Form::Markup);
    match prologue::start(text) {
        Start::Element(root) if root == "svg" => return Some(("image/svg+xml", Category::Image, Form::Markup)),
        Start::Element(root) if root == "html" || (!declared && OF_PAGES.contains(&root.as_str())) => {
            return Some(page);
        }
        Start::Element(root) if declared || text.contains("xmlns") => {
            let known = ROOTS.iter().find(|(name, _)| *name == root).map(|(_, media_type)| *media_type);
            let media_type = known.unwrap_or("text/xml");
            let category = if media_type.starts_with("model/") { Category::Other } else { Category::Document };
            return Some((media_type, category, Form::Markup));
        }
        Start::Open if cut => return Some(("text/plain", Category::Document, Form::Prologue)),
        Start::Element(_) | Start::Open | Start::Other if is_declared => {}
        Start::Element(root) if text.contains(&format!("</{root}")) => {}
        // Markup that is broken is a page to browsers.
        Start::Element(_) | Start::Open | Start::Other => {
            return (start.starts_with('<') && has_element_of_pages(text)).then_some(page);
        }
    }
    Some(("text/xml", Category::Document, Form::Markup))
}

/// Whether an element of pages is anywhere in the text.
pub(super) fn has_element_of_pages(text: &str) -> bool {
    text.split('<').skip(1).any(|rest| {
        let end = rest.bytes().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len());
        end < rest.len() && OF_PAGES.iter().any(|name| rest[..end].eq_ignore_ascii_case(name))
    })
}

/// What is to be done with text of some kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    Markup,
    /// What may stand before an element, as far as the head goes.
    Prologue,
    Mail,
    Script,
}

/// Whether the first line names a program. `#!AMR` and the like name none.
fn interpreter(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("#!").trim_start().starts_with('/')
}

/// Whether it begins as JSON does: two values or names that only JSON has there.
fn is_json(start: &str) -> bool {
    let mut outside = start.chars().filter(|c| !c.is_whitespace());
    match (outside.next(), outside.next()) {
        (Some('{'), Some('"')) => start.contains("\":") || start.contains("\" :"),
        (Some('{'), Some('}')) => outside.next().is_none(),
        (Some('['), Some('{' | '[' | '"')) => start.contains([':', ',', ']']) && !start.starts_with("[["),
        _ => false,
    }
}

/// Whether at least three lines have the same number of commas or semicolons or tabs outside quotes.
fn is_table(text: &str) -> bool {
    let part = text.char_indices().nth(8_192).map_or(text, |(at, _)| &text[..at]);
    [',', ';', '\t'].into_iter().any(|separator| {
        let mut lines = Vec::new();
        let (mut quoted, mut separators, mut filled) = (false, 0_u32, false);
        for c in part.chars() {
            match c {
                '"' => quoted = !quoted,
                '\n' if !quoted => {
                    lines.extend(filled.then_some(separators));
                    (separators, filled) = (0, false);
                }
                // A line of tabs is a blank one.
                _ if c == separator && !quoted => (separators, filled) = (separators + 1, filled || c != '\t'),
                _ => filled = filled || !c.is_whitespace(),
            }
        }
        lines.len() >= 3 && lines[0] > 0 && lines.iter().all(|count| *count == lines[0])
    })
}

/// Words of which a script of that extension has at least one, in lower case.
pub(super) const SCRIPTS: [(&[&str], &[&str]); 6] = [
    (
        &["ps1", "psm1", "psd1"],
        &["write-host", "param(", "param (", "function ", "$env:", "invoke-", "new-object", "get-", "set-", "$_"],
    ),
    (&["bat", "cmd"], &["echo ", "set ", "rem ", "goto ", "call ", "start ", "%~", "powershell", "if exist", "del "]),
    (&["vbs", "vbe"], &["createobject", "dim ", "wscript.", "sub ", "function ", "msgbox", "set "]),
    (
        &["js", "jse", "mjs"],
        &["function", "var ", "let ", "const ", "=>", "require(", "import ", "activexobject", "eval(", "console."],
    ),
    (&["wsf", "hta", "sct", "wsc"], &["<script", "<job", "<hta:", "<component", "<scriptlet"]),
    (&["sh", "command", "bash", "zsh"], &["echo ", "export ", "if [", "for ", "sudo ", "curl ", "cd ", "rm ", "exec "]),
];
