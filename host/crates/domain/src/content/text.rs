//! Whether bytes are text, and what kind of text.

use super::Category;

/// How text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// UTF-8, ASCII, or one of the older ones that have a byte for each letter.
    Bytes,
    /// UTF-16, little end first.
    Utf16Le,
    /// UTF-16, big end first.
    Utf16Be,
}

/// The first part of a file that is text.
pub(super) struct Text {
    /// Without a byte order mark; letters outside ASCII may be replaced.
    pub(super) text: String,
    pub(super) encoding: Encoding,
}

/// From how many bytes on an older encoding is believed: fewer without any control character can be chance.
const LEGACY_LEN: usize = 32;

/// The text, or nothing when there is something in it that text does not have. A letter that the head cuts is ignored.
pub(super) fn read(head: &[u8]) -> Option<Text> {
    let (text, encoding) = match head {
        [0xff, 0xfe, rest @ ..] => (utf16(rest, u16::from_le_bytes)?, Encoding::Utf16Le),
        [0xfe, 0xff, rest @ ..] => (utf16(rest, u16::from_be_bytes)?, Encoding::Utf16Be),
        [0xef, 0xbb, 0xbf, rest @ ..] => (bytes(rest)?, Encoding::Bytes),
        _ => (bytes(head)?, Encoding::Bytes),
    };
    let clean = !text.is_empty() && !text.chars().any(is_foreign);
    clean.then_some(Text { text, encoding })
}

fn bytes(head: &[u8]) -> Option<String> {
    match std::str::from_utf8(head) {
        Ok(text) => Some(text.to_owned()),
        Err(error) if error.error_len().is_none() => Some(String::from_utf8_lossy(&head[..error.valid_up_to()]).into()),
        Err(_) if head.len() >= LEGACY_LEN => Some(head.iter().map(|byte| legacy(*byte)).collect()),
        Err(_) => None,
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

/// Control characters that no text has. Form feeds are in old sources, and escapes in what terminals showed.
const fn is_foreign(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{e}'..='\u{1a}' | '\u{1c}'..='\u{1f}' | '\u{7f}')
}

/// The name of the first element, without its prefix, in lower case; nothing when this is no markup.
pub(super) fn root(text: &str) -> Option<String> {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let inner = rest.strip_prefix('<')?;
        if let Some(comment) = inner.strip_prefix("!--") {
            rest = comment.split_once("-->")?.1;
        } else if inner.starts_with('?') {
            rest = inner.split_once("?>")?.1;
        } else if let Some(declaration) = inner.strip_prefix('!') {
            // Of HTML, the declaration says enough.
            let doctype = declaration.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("doctype"));
            let name = declaration.get(7..).unwrap_or_default().trim_start();
            if doctype && name.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("html")) {
                return Some("html".to_owned());
            }
            rest = after_declaration(declaration)?;
        } else {
            let name = inner.split(|c: char| c.is_whitespace() || c == '>' || c == '/').next()?;
            let local = name.rsplit(':').next()?;
            let is_name = local.chars().next().is_some_and(char::is_alphabetic);
            return is_name.then(|| local.to_ascii_lowercase());
        }
    }
}

/// What follows a declaration, whose internal subset has declarations of its own.
fn after_declaration(declaration: &str) -> Option<&str> {
    let mut depth = 1_usize;
    for (at, c) in declaration.char_indices() {
        match c {
            '<' => depth += 1,
            '>' if depth == 1 => return Some(&declaration[at + 1..]),
            '>' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Elements that make a page where nothing else does.
const OF_PAGES: [&str; 20] = [
    "html", "head", "body", "script", "iframe", "title", "table", "div", "p", "a", "style", "meta", "link", "form",
    "img", "br", "h1", "font", "center", "base",
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

/// What kind of text it is, as far as it is not told by a signature.
pub(super) fn kind(text: &str) -> (&'static str, Category, Form) {
    let start = text.trim_start();
    if text.starts_with("#!") && interpreter(text) {
        return ("text/x-shellscript", Category::Executable, Form::Script);
    }
    if start.get(..9).is_some_and(|word| word.eq_ignore_ascii_case("@echo off")) {
        return ("text/x-msdos-batch", Category::Executable, Form::Script);
    }
    if start.get(..9).is_some_and(|word| word.eq_ignore_ascii_case("[autorun]")) {
        return ("text/x-autorun", Category::Executable, Form::Script);
    }
    let declared = start.starts_with("<?xml");
    match root(text) {
        Some(root) if root == "svg" => return ("image/svg+xml", Category::Image, Form::Markup),
        Some(root) if root == "html" || (!declared && OF_PAGES.contains(&root.as_str())) => {
            return ("text/html", Category::Document, Form::Markup);
        }
        Some(root) if declared || text.contains("xmlns") => {
            let known = ROOTS.iter().find(|(name, _)| *name == root).map(|(_, media_type)| *media_type);
            let media_type = known.unwrap_or("text/xml");
            let category = if media_type.starts_with("model/") { Category::Other } else { Category::Document };
            return (media_type, category, Form::Markup);
        }
        Some(_) | None if declared || start.starts_with("<!DOCTYPE") => {
            return ("text/xml", Category::Document, Form::Markup);
        }
        Some(root) if text.contains(&format!("</{root}")) => {
            return ("text/xml", Category::Document, Form::Markup);
        }
        Some(_) | None => {}
    }
    if text.starts_with("SplineFontDB:") {
        return ("application/vnd.font-fontforge-sfd", Category::Other, Form::Plain);
    }
    for (first, media_type) in [("begin:vcard", "text/vcard"), ("begin:vcalendar", "text/calendar")] {
        if start.get(..first.len()).is_some_and(|word| word.eq_ignore_ascii_case(first)) {
            return (media_type, Category::Document, Form::Plain);
        }
    }
    if is_json(start) {
        return ("application/json", Category::Document, Form::Plain);
    }
    if is_table(text) {
        return ("text/csv", Category::Document, Form::Plain);
    }
    ("text/plain", Category::Document, Form::Plain)
}

/// What is to be done with text of some kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    Markup,
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
                _ if c == separator && !quoted => (separators, filled) = (separators + 1, true),
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
