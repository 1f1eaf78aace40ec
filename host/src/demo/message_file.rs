//! Files of messages as people have them: CSV with any separator, with and without a heading, or JSON lines; UTF-8 or Latin-1.
//!
//! A line that cannot be used is counted and named; the others are played all the same.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, ensure};
use serde_json::Value;
use sluice_domain::limits;

mod csv_lines;

/// What the column with the messages is called, the likeliest first.
const NAMES: [&str; 9] = ["text", "message", "sms", "body", "v2", "content", "msg", "comment", "tweet"];

/// One message of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it begins in the file, from 1.
    pub(super) number: u64,
    pub(super) text: String,
}

/// A line that cannot be played, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadLine {
    pub(super) number: u64,
    pub(super) why: String,
}

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct MessageFile {
    pub(super) messages: Vec<Line>,
    pub(super) bad: Vec<BadLine>,
    /// Which column or member the messages are in.
    pub(super) column: String,
}

/// Reads the messages of a file.
pub(super) fn read(path: &Path) -> anyhow::Result<MessageFile> {
    let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let text = decode(bytes);
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_ascii_lowercase();
    let json = match extension.as_str() {
        "jsonl" | "ndjson" | "json" => true,
        "csv" | "tsv" | "tab" => false,
        _ => text.trim_start().starts_with('{'),
    };
    let file = if json { json_lines(&text) } else { csv_lines::read(&text) };
    let first_bad = || file.bad.first().map_or_else(String::new, |bad| format!(": line {}: {}", bad.number, bad.why));
    ensure!(!file.messages.is_empty(), "there is no message in {}{}", path.display(), first_bad());
    Ok(file)
}

/// UTF-8 if it is that, else Latin-1, in which every byte is a character.
fn decode(bytes: Vec<u8>) -> String {
    let text =
        String::from_utf8(bytes).unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect());
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

impl MessageFile {
    fn push(&mut self, number: u64, text: &str) {
        let why = if text.trim().is_empty() {
            "no text".to_owned()
        } else if text.len() > limits::TEXT_BYTES {
            format!("longer than {} bytes", limits::TEXT_BYTES)
        } else if text.contains('\0') {
            "has the character U+0000".to_owned()
        } else {
            self.messages.push(Line { number, text: text.to_owned() });
            return;
        };
        self.leave_out(number, why);
    }

    fn leave_out(&mut self, number: u64, why: impl Into<String>) {
        self.bad.push(BadLine { number, why: why.into() });
    }
}

/// One JSON value a line: a string, or an object with the message in one of its members.
fn json_lines(text: &str) -> MessageFile {
    let mut file = MessageFile::default();
    let mut values = Vec::new();
    for (number, line) in (1_u64..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str::<Value>(line) {
            Ok(value) => values.push((number, value)),
            Err(error) => file.leave_out(number, format!("not JSON: {error}")),
        }
    }
    file.column = member(values.iter().map(|(_, value)| value));
    for (number, value) in values {
        let text = value.as_str().or_else(|| value.get(&file.column)?.as_str()).map(str::to_owned);
        match text {
            Some(text) => file.push(number, &text),
            None => file.leave_out(number, format!("has no `{}` that is text", file.column)),
        }
    }
    file
}

/// The member that the messages are in: by its name, else the one with the most text.
fn member<'v>(values: impl Iterator<Item = &'v Value>) -> String {
    let mut lengths: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, value) in values.filter_map(Value::as_object).flatten() {
        if let Some(text) = value.as_str() {
            *lengths.entry(name).or_default() += text.len();
        }
    }
    let named = NAMES.iter().find_map(|name| lengths.keys().find(|key| key.eq_ignore_ascii_case(name)));
    let longest = || lengths.iter().max_by_key(|(_, length)| **length).map(|(name, _)| name);
    named.or_else(longest).map_or_else(|| "text".to_owned(), |name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(name: &str, content: &[u8]) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        std::fs::write(&path, content).expect("written");
        read(&path).expect("reads").messages.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn json_lines_are_known_by_extension_and_by_content() {
        let content = br#"{"id": "a long identifier of no interest", "body": "hello"}"#;
        for name in ["m.jsonl", "m.ndjson", "messages"] {
            assert_eq!(texts(name, content), ["hello"], "{name}");
        }
    }

    #[test]
    fn without_a_known_name_the_member_with_the_most_text_is_played() {
        let content = b"{\"from\": \"x\", \"said\": \"good morning\"}\n{\"from\": \"y\", \"said\": \"hi\"}\n";
        assert_eq!(texts("m.jsonl", content), ["good morning", "hi"]);
    }

    #[test]
    fn bad_lines_of_json_are_named_and_the_others_played() {
        let file = json_lines("{\"text\": \"a\"}\nnonsense\n\n{\"text\": 5}\n\"b\"\n");
        assert_eq!(file.messages.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(file.bad.iter().map(|bad| bad.number).collect::<Vec<_>>(), [2, 4]);
    }

    #[test]
    fn what_is_not_utf_8_is_latin_1() {
        assert_eq!(texts("m.csv", b"v1,v2\nham,caf\xe9 at \xa35\n"), ["café at £5"]);
        assert_eq!(texts("m.csv", "\u{feff}text\nпривет, мир\n".as_bytes()), ["привет, мир"]);
    }

    #[test]
    fn what_the_server_would_refuse_is_left_out() {
        let file = json_lines("\"\"\n\"a\\u0000b\"\n");
        assert_eq!((file.messages.len(), file.bad.len()), (0, 2));
    }

    #[test]
    fn a_file_without_messages_is_an_error_that_says_why() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("m.jsonl");
        std::fs::write(&path, "nonsense\n").expect("written");
        let error = read(&path).expect_err("nothing in it");
        assert!(error.to_string().contains("line 1"), "{error}");
        let error = read(&folder.path().join("missing.csv")).expect_err("not there");
        assert!(error.to_string().contains("missing.csv"), "{error}");
    }
}
