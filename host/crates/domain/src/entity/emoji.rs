//! Emoji, as they are drawn: one sequence of characters, one range (Unicode Technical Standard 51, section 1.4).

use std::ops::Range;

use unicode_properties::{EmojiStatus, UnicodeEmoji};

use crate::{limits, steps};

const JOINER: char = '\u{200d}';
const AS_TEXT: char = '\u{fe0e}';
const AS_EMOJI: char = '\u{fe0f}';
const KEYCAP: char = '\u{20e3}';

/// The emoji in `text`, with their skin tones, flags, keycaps and joined parts. Characters that are text unless U+FE0F
/// follows (`©`, `☺`) count only with it; digits, `#` and `*` only as keycaps.
pub fn emoji(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(ch) = steps::each(text[at..].chars()).next() {
        if found.len() == limits::LINKS {
            break;
        }
        let (length, drawn) = if ch <= '\u{7f}' { keycap(&text[at..], ch) } else { sequence(&text[at..]) };
        if drawn {
            found.push(at..at + length);
        }
        at += length;
    }
    found
}

/// The length of what begins here, in bytes, and whether it is a keycap.
fn keycap(text: &str, ch: char) -> (usize, bool) {
    if matches!(ch, '0'..='9' | '#' | '*') {
        let mut rest = steps::each(text.chars()).skip(1).peekable();
        let selector = rest.next_if_eq(&AS_EMOJI).map_or(0, char::len_utf8);
        if rest.next() == Some(KEYCAP) {
            return (1 + selector + KEYCAP.len_utf8(), true);
        }
    }
    (ch.len_utf8(), false)
}

/// The length of what begins here and is joined, in bytes, and whether a part of it is drawn as an emoji.
fn sequence(text: &str) -> (usize, bool) {
    let mut end = 0;
    let mut drawn = false;
    loop {
        match part(&text[end..]) {
            Some((length, as_emoji)) => {
                end += length;
                drawn |= as_emoji;
            }
            // A joiner that joins nothing is not a part of the emoji.
            None if end > 0 => return (end - JOINER.len_utf8(), drawn),
            None => return (text.chars().next().map_or(1, char::len_utf8), false),
        }
        if !text[end..].starts_with(JOINER) {
            return (end, drawn);
        }
        end += JOINER.len_utf8();
    }
}

/// One part of a sequence: its length in bytes, and whether it is drawn as an emoji. `None` for what is no emoji at all.
fn part(text: &str) -> Option<(usize, bool)> {
    let mut chars = steps::each(text.chars()).peekable();
    let base = chars.next()?;
    let mut length = base.len_utf8();
    if is_indicator(base) {
        // One letter of a flag is a letter.
        let second = chars.next().filter(|ch| is_indicator(*ch));
        return Some((length + second.map_or(0, char::len_utf8), second.is_some()));
    }
    if base.is_ascii() {
        return None;
    }
    let mut drawn = match base.emoji_status() {
        EmojiStatus::EmojiOther | EmojiStatus::EmojiOtherAndEmojiComponent | EmojiStatus::EmojiModifierBase => false,
        EmojiStatus::EmojiPresentation
        | EmojiStatus::EmojiPresentationAndModifierBase
        | EmojiStatus::EmojiPresentationAndEmojiComponent
        | EmojiStatus::EmojiPresentationAndModifierAndEmojiComponent => true,
        // No emoji, and whatever the library may know one day.
        _ => return None,
    };
    while let Some(ch) = chars.next_if(|ch| is_modifier(*ch)) {
        drawn = match ch {
            AS_TEXT => false,
            // A tag says which flag it is, and nothing about how the flag is drawn.
            '\u{e0020}'..='\u{e007f}' => drawn,
            _ => true,
        };
        length += ch.len_utf8();
    }
    Some((length, drawn))
}

const fn is_indicator(ch: char) -> bool {
    matches!(ch, '\u{1f1e6}'..='\u{1f1ff}')
}

/// Whether it changes how the emoji before it is drawn: a selector, a skin tone, a keycap, a tag.
const fn is_modifier(ch: char) -> bool {
    matches!(ch, AS_TEXT | AS_EMOJI | KEYCAP | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}')
}
