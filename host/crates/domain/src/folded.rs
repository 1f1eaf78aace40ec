//! Text as a person reads it, whatever it is written with: invisible characters gone, full-width and decorated letters
//! plain, dots in brackets bare. Each character knows which bytes of the original it came from.
//!
//! What the text then holds (links, addresses, numbers) is not decided here.

use std::ops::{Index, Range};

use unicode_normalization::char::{compose, decompose_compatible, is_combining_mark};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

use crate::steps;

/// One character as it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unit {
    /// The character, in the case in which it was written.
    pub(crate) ch: char,
    /// UTF-8 byte offset of its first byte in the original.
    pub(crate) start: u32,
    /// UTF-8 byte offset after its last byte in the original.
    pub(crate) end: u32,
    /// Whether the original has something else there.
    pub(crate) changed: bool,
}

/// Folded text. Each look at a unit of it is counted as a step, so that tests can tell scanners that look too often.
#[derive(Debug)]
pub(crate) struct Units(Vec<Unit>);

impl Units {
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn get(&self, at: usize) -> Option<&Unit> {
        steps::take(1);
        self.0.get(at)
    }

    /// The units from `start` to `end`; none when they do not lie in the text.
    pub(crate) fn part(&self, start: usize, end: usize) -> &[Unit] {
        let part = self.0.get(start..end).unwrap_or_default();
        steps::take(part.len());
        part
    }
}

impl From<Vec<Unit>> for Units {
    fn from(units: Vec<Unit>) -> Self {
        Self(units)
    }
}

impl Index<usize> for Units {
    type Output = Unit;

    fn index(&self, at: usize) -> &Unit {
        steps::take(1);
        &self.0[at]
    }
}

impl Index<Range<usize>> for Units {
    type Output = [Unit];

    fn index(&self, range: Range<usize>) -> &[Unit] {
        steps::take(range.len());
        &self.0[range]
    }
}

/// The units of `text`. Its length must fit into 32 bits; what is behind that is not looked at.
pub(crate) fn fold(text: &str) -> Units {
    let mut units: Vec<Unit> = Vec::with_capacity(text.len());
    let mut brackets = false;
    for (at, ch) in steps::each(text.char_indices()) {
        let (Ok(start), Ok(end)) = (u32::try_from(at), u32::try_from(at + ch.len_utf8())) else { break };
        brackets |= matches!(ch, '[' | '(' | '{' | '<' | '（' | '［' | '｛' | '【');
        if ch.is_ascii() || ('\u{0400}'..='\u{045f}').contains(&ch) {
            units.push(Unit { ch, start, end, changed: false });
        } else if is_ignorable(ch) {
            // Nobody sees it.
        } else if is_overlay(ch, units.last()) {
            // The letter is read without it. A digit on a key (`1️⃣`) can be told from a plain one by this.
            if let Some(base) = units.last_mut() {
                base.changed = true;
            }
        } else {
            plain(ch, |ch, changed| units.push(Unit { ch, start, end, changed }));
        }
    }
    bare_dots(&mut units);
    Units(if brackets { without_brackets(units) } else { units })
}

/// Whether nothing of it is seen: joiners, marks of direction, fillers, variation selectors, tags, the soft hyphen.
pub(crate) const fn is_ignorable(ch: char) -> bool {
    sluice_text::is_ignorable(ch)
}

/// Whether it is a mark over a plain letter that makes no letter of any language with it, such as a stroke through it.
fn is_overlay(mark: char, base: Option<&Unit>) -> bool {
    matches!(mark, '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20ff}')
        && base.is_some_and(|base| base.ch.is_ascii_alphanumeric() && compose(base.ch, mark).is_none())
}

/// Gives the plain characters of one that is compatible with ASCII (Unicode's NFKC), or itself.
fn plain(ch: char, mut give: impl FnMut(char, bool)) {
    match ch {
        // It parts words, as no plain `|` does.
        '｜' => give(ch, false),
        '\u{ff01}'..='\u{ff5e}' => give(char::from_u32(u32::from(ch) - 0xfee0).unwrap_or(ch), true),
        // Letters in dark circles and squares, which Unicode does not decompose.
        '\u{1f150}'..='\u{1f169}' => give(letter(u32::from(ch) - 0x1f150), true),
        '\u{1f170}'..='\u{1f189}' => give(letter(u32::from(ch) - 0x1f170), true),
        '\u{2024}' | '\u{fe52}' => give('.', true),
        '\u{fe6b}' => give('@', true),
        '\u{2f}' | '\u{2044}' | '\u{2215}' => give('/', true),
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => give(' ', false),
        _ => {
            let (mut parts, mut count) = ([' '; 4], 0);
            decompose_compatible(ch, |part| {
                if let Some(place) = parts.get_mut(count) {
                    *place = part;
                }
                count += 1;
            });
            match parts.get(..count) {
                Some(parts) if parts.iter().all(char::is_ascii_alphanumeric) => {
                    parts.iter().for_each(|part| give(*part, true));
                }
                Some(_) | None => give(ch, false),
            }
        }
    }
}

fn letter(index: u32) -> char {
    u8::try_from(index).map_or(' ', |index| char::from(b'a' + index % 26))
}

/// Makes the dots of Chinese and Japanese into dots of hosts, and those in the middle of the line when they stand between
/// plain letters. Between their own letters they end sentences, or belong to a word.
fn bare_dots(units: &mut [Unit]) {
    for at in steps::each(1..units.len().saturating_sub(1)) {
        if matches!(units[at].ch, '。' | '｡' | '．') {
            let joins = |ch: char| ch.is_alphanumeric() && !is_unspaced(ch);
            if joins(units[at - 1].ch) && joins(units[at + 1].ch) {
                (units[at].ch, units[at].changed) = ('.', true);
            }
        }
        if matches!(units[at].ch, '·' | '•' | '∙' | '⋅' | '‧')
            && units[at - 1].ch.is_ascii_alphanumeric()
            && units[at + 1].ch.is_ascii_alphanumeric()
        {
            (units[at].ch, units[at].changed) = ('.', true);
        }
    }
}

/// Whether it is of a script that is written without spaces between words, so that a word may touch a link.
pub(crate) const fn is_unspaced(ch: char) -> bool {
    matches!(ch, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1100}'..='\u{11ff}' | '\u{1780}'..='\u{17ff}'
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{3130}'..='\u{318f}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// What is written in brackets so that it is not clicked: `[.]`, `(dot)`, `{ точка }`, `[://]`, `[at]`.
const IN_BRACKETS: [(&str, &str); 14] = [
    (".", "."),
    ("dot", "."),
    ("d0t", "."),
    ("точка", "."),
    ("тчк", "."),
    ("://", "://"),
    (":", ":"),
    ("/", "/"),
    ("slash", "/"),
    ("слеш", "/"),
    ("@", "@"),
    ("at", "@"),
    ("собака", "@"),
    ("dog", "@"),
];

fn without_brackets(units: Vec<Unit>) -> Vec<Unit> {
    let units = Units(units);
    let mut out: Vec<Unit> = Vec::with_capacity(units.len());
    let mut at = 0;
    while at < units.len() {
        let Some((mut end, plain)) = bracketed(&units, at) else {
            out.push(units[at]);
            at += 1;
            continue;
        };
        let mut start = units[at].start;
        // A space on each side belongs to it when names are on both sides: `example [.] com`.
        if plain != "/" && plain != ":" {
            let before = out.len() >= 2 && out[out.len() - 1].ch == ' ' && out[out.len() - 2].ch.is_alphanumeric();
            let after = |end: usize| units.get(end).is_some_and(|unit| unit.ch.is_alphanumeric());
            let spaced = units.get(end).is_some_and(|unit| unit.ch == ' ') && after(end + 1);
            if before && (spaced || after(end)) {
                start = out.pop().map_or(start, |space| space.start);
            }
            end += usize::from(spaced);
        }
        let last = units[end - 1].end;
        out.extend(plain.chars().map(|ch| Unit { ch, start, end: last, changed: true }));
        at = end;
    }
    out
}

/// The index behind the bracketed sign that begins at `at`, and what it stands for.
fn bracketed(units: &Units, at: usize) -> Option<(usize, &'static str)> {
    const LONGEST: usize = 10;
    let is_bracket = |ch: char, among: &str| among.contains(ch);
    if !is_bracket(units[at].ch, "[({<（【") {
        return None;
    }
    let inside = units.part(at + 1, (at + 1 + LONGEST).min(units.len()));
    let close = inside.iter().position(|unit| is_bracket(unit.ch, "])}>）】"));
    let word = |close: usize| inside[..close].iter().flat_map(|unit| unit.ch.to_lowercase()).collect::<String>();
    let sign = close.and_then(|close| {
        let word = word(close);
        let (_, plain) = IN_BRACKETS.iter().find(|(written, _)| *written == word.trim())?;
        Some((at + close + 2, *plain))
    });
    // `example[.com`, `example[.com]`
    let joins = matches!(inside, [dot, next, ..] if dot.ch == '.' && next.ch.is_alphanumeric());
    let after_name = at > 0 && units[at - 1].ch.is_alphanumeric();
    sign.or((joins && after_name).then_some((at + 2, ".")))
}

/// Whether a name of a host can hold it: letters of any script, digits, marks, `-` and `_`.
pub(crate) fn is_name(ch: char) -> bool {
    match ch {
        '\0'..='\u{7f}' => ch.is_ascii_alphanumeric() || ch == '-' || ch == '_',
        // Cyrillic, without a look into the tables.
        '\u{400}'..='\u{481}' | '\u{48a}'..='\u{52f}' => true,
        _ => ch.is_alphanumeric() || is_combining_mark(ch),
    }
}

/// Whether it is a symbol such as an emoji, an arrow or a sign of a currency, of which labels of hosts may be made: `💩.la`.
pub(crate) fn is_symbol(ch: char) -> bool {
    // The full-width `|` parts words.
    !ch.is_ascii() && ch != '｜' && ch.general_category_group() == GeneralCategoryGroup::Symbol
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        fold(text).0.iter().map(|unit| unit.ch).collect()
    }

    #[test]
    fn what_is_not_seen_is_not_read() {
        assert_eq!(read("ex\u{200b}am\u{ad}ple\u{feff}.com"), "example.com");
        assert_eq!(read("e\u{336}x\u{336}.com"), "ex.com");
        assert_eq!(read("e\u{301}"), "e\u{301}", "a letter of a language stays");
    }

    #[test]
    fn letters_of_other_widths_and_in_circles_are_read_as_plain_ones() {
        assert_eq!(read("ｅｘａｍｐｌｅ．ｃｏｍ"), "example.com");
        assert_eq!(read("𝐞𝐱ⓐ🅼ple。com"), "examplE。com".to_lowercase().replace('。', "."));
        assert_eq!(read("日本。example"), "日本。example", "the end of a sentence");
    }

    #[test]
    fn signs_in_brackets_are_read_as_signs() {
        assert_eq!(read("a[.]b (dot) c { точка } d"), "a.b.c.d");
        assert_eq!(read("me [at] example[dot]com"), "me@example.com");
        assert_eq!(read("example[.com, l·l, a•b"), "example.com, l.l, a.b");
        assert_eq!(read("hxxps[://]a (b) [c]"), "hxxps://a (b) [c]");
    }

    #[test]
    fn each_unit_knows_its_bytes() {
        let units = fold("é[.]ｂ");
        let spans: Vec<_> = units.0.iter().map(|unit| (unit.ch, unit.start, unit.end)).collect();
        assert_eq!(spans, [('é', 0, 2), ('.', 2, 5), ('b', 5, 8)]);
    }
}
