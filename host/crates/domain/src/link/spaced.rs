//! Names that are spelled: `example dot com`, `example . com`, `e x a m p l e . c o m`, `пример точка ру`.

use super::{
    cuts::{is_edge, words_touch},
    host, words,
};
use crate::folded::{Unit, Units, is_name};

/// Indexes of the first unit of a part of the text, and of the one behind its last.
type Part = (usize, usize);

/// A dot and a suffix that are written apart from the name before them.
struct Spelled {
    /// Where the name before them ends.
    name_end: usize,
    dot: Part,
    /// What is written for the suffix, and the suffix.
    written: Part,
    suffix: String,
    /// The word to go on with.
    next: usize,
}

/// The units with spelled names put together, or `None` when there are none.
pub(super) fn put_together(units: &Units) -> Option<Units> {
    let text = Words { units, words: split(units) };
    let mut out: Vec<Unit> = Vec::new();
    let (mut taken, mut at, mut after_suffix) = (0, 0, false);
    while at < text.words.len() {
        let (start, end) = text.words[at];
        if let Some(next) = text.letters(at) {
            let last = text.words[next - 1].1;
            out.extend_from_slice(&units[taken..start]);
            out.extend(
                units[start..last].iter().filter(|unit| unit.ch != ' ').map(|unit| Unit { changed: true, ..*unit }),
            );
            (taken, at) = (last, next);
        } else if let Some(spelled) = text.dot(at).filter(|spelled| spelled.name_end >= taken) {
            out.extend_from_slice(&units[taken..spelled.name_end]);
            out.push(sign(units, '.', spelled.dot));
            out.extend(spelled.suffix.chars().map(|ch| sign(units, ch, spelled.written)));
            (taken, at, after_suffix) = (spelled.written.1, spelled.next, true);
            continue;
        } else if after_suffix
            && taken == text.words[at - 1].1
            && at + 1 < text.words.len()
            && text.is_one_of(at, &words::SLASHES)
        {
            out.push(sign(units, '/', (start, end)));
            taken = text.words[at + 1].0;
            at += 1;
        } else {
            at += 1;
        }
        after_suffix = false;
    }
    if taken == 0 {
        return None;
    }
    out.extend_from_slice(&units[taken..units.len()]);
    Some(out.into())
}

/// A sign in place of what is written there.
fn sign(units: &Units, ch: char, (from, to): Part) -> Unit {
    Unit { ch, start: units[from].start, end: units[to - 1].end, changed: true }
}

/// The words, and the signs at their ends as words of their own: what stands around a name does not belong to it.
fn split(units: &Units) -> Vec<Part> {
    let mut words = Vec::with_capacity(units.len() / 5);
    let mut start = None;
    for at in 0..units.len() {
        match (units[at].ch.is_whitespace(), start) {
            (true, Some(from)) => {
                apart(units, (from, at), &mut words);
                start = None;
            }
            (false, None) => start = Some(at),
            (true, None) | (false, Some(_)) => {}
        }
    }
    if let Some(from) = start {
        apart(units, (from, units.len()), &mut words);
    }
    words
}

/// Whether it is an `@` that is written as one.
fn is_at(unit: Unit) -> bool {
    unit.ch == '@' && !unit.changed
}

fn apart(units: &Units, (start, end): Part, words: &mut Vec<Part>) {
    let is_sign = |at: usize| !is_name(units[at].ch) && !matches!(units[at].ch, '.' | ':' | '/' | '\\');
    // `@name` is a mention.
    let first = (start..end).find(|at| !is_sign(*at) || is_at(units[*at])).unwrap_or(start);
    let last = (first..end).rev().find(|at| !is_sign(*at)).map_or(end, |at| at + 1);
    words.extend([(start, first), (first, last), (last, end)].into_iter().filter(|(from, to)| from < to));
}

struct Words<'a> {
    units: &'a Units,
    words: Vec<Part>,
}

impl Words<'_> {
    fn read(&self, (start, end): Part) -> String {
        self.units[start..end].iter().flat_map(|unit| unit.ch.to_lowercase()).collect()
    }

    fn is_one_of(&self, at: usize, list: &[&str]) -> bool {
        self.words.get(at).is_some_and(|word| {
            let units = &self.units[word.0..word.1];
            let is = |listed: &&&str| {
                let mut letters = units.iter().flat_map(|unit| unit.ch.to_lowercase());
                listed.chars().all(|letter| letters.next() == Some(letter)) && letters.next().is_none()
            };
            list.iter().any(|listed| is(&listed))
        })
    }

    /// Whether there is nothing but a few spaces between this word and the one before.
    fn follows(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1).and_then(|before| self.words.get(before)) else { return false };
        let between = &self.units[before.1..self.words[at].0];
        between.len() <= 3 && between.iter().all(|unit| unit.ch == ' ')
    }

    /// The dot and the suffix at this word, when a name is before it.
    fn dot(&self, at: usize) -> Option<Spelled> {
        let word @ (start, end) = self.words[at];
        if at == 0 || !self.follows(at) {
            return None;
        }
        let before = self.words[at - 1];
        let ch = |at: usize| self.units[at].ch;
        // `example .com`
        if ch(start) == '.' && end > start + 1 {
            let (written, suffix) = self.suffix(start + 1, end, false)?;
            return self.spelled(before.1, (start, start + 1), written, suffix, at + 1);
        }
        // `example . com`, `example dot com`
        let is_word = end - start > 1;
        if word.1 - word.0 == 1 && ch(start) == '.' || is_word && self.is_one_of(at, &words::DOTS) {
            let next = *self.words.get(at + 1).filter(|_| self.follows(at + 1))?;
            let (written, suffix) = self.suffix(next.0, next.1, is_word)?;
            return self.spelled(before.1, word, written, suffix, at + 2);
        }
        // `example. com`, where a sentence would go on with a capital letter, or with another word
        if before.1 - before.0 > 2 && ch(before.1 - 1) == '.' {
            let (written, suffix) = self.suffix(start, end, false)?;
            if !matches!(suffix.as_str(), "com" | "ru" | "org") || !ch(start).is_lowercase() {
                return None;
            }
            return self.spelled(before.1 - 1, (before.1 - 1, before.1), written, suffix, at + 1);
        }
        None
    }

    /// The suffix that is written at the beginning of this part.
    fn suffix(&self, start: usize, end: usize, spoken: bool) -> Option<(Part, String)> {
        const LONGEST: usize = 12;
        let goes_on = |at: usize| {
            is_name(self.units[at].ch) && (at == start || !words_touch(self.units[at - 1].ch, self.units[at].ch))
        };
        let mut stop = (start..end).take(LONGEST).find(|at| !goes_on(*at)).unwrap_or(end.min(start + LONGEST));
        // A word that goes on is no suffix, unless a path, a port or the end of a sentence follows.
        let follows = self.units.get(stop).filter(|_| stop < end).map(|unit| unit.ch);
        let touches = stop > start && follows.is_some_and(|ch| words_touch(self.units[stop - 1].ch, ch));
        if !touches && follows.is_some_and(|ch| is_name(ch) || matches!(ch, '@' | '\'' | '’')) {
            return None;
        }
        while stop > start && is_edge(self.units[stop - 1].ch) {
            stop -= 1;
        }
        let word = self.read((start, stop));
        let spelled = words::SPELLED.contains(&word.as_str()).then_some(word.as_str());
        let meant = words::SPOKEN.iter().find(|(said, _)| spoken && *said == word).map(|(_, meant)| *meant);
        spelled.or(meant).map(|suffix| ((start, stop), suffix.to_owned()))
    }

    /// Puts the parts together when a name, and no prose, is before the dot.
    fn spelled(&self, name_end: usize, dot: Part, written: Part, suffix: String, next: usize) -> Option<Spelled> {
        let name_start = (0..name_end).rev().take(host::LONGEST).take_while(|at| is_name(self.units[*at].ch)).last()?;
        let name = self.read((name_start, name_end));
        let latin = name.is_ascii();
        let title = self.units[name_start].ch.is_uppercase() && !latin;
        // A word of Russian is a name only when the suffix is spoken as Russian, too.
        let same = latin || !suffix.is_ascii() || !self.read(written).is_ascii();
        let no = !latin && (self.read(written) == "нет" || title && self.read(written) == "сайт");
        let mailbox = name_start.checked_sub(1).is_some_and(|at| is_at(self.units[at]));
        // The platform, which is written with capitals: `Add .NET`.
        let is_platform = self.units[written.0..written.1].iter().map(|unit| unit.ch).eq("NET".chars())
            && self.units[name_start..name_end].iter().any(|unit| unit.ch.is_lowercase());
        // A sentence begins with a capital letter: `Call me . Net income is fine`.
        let [begin, second] = [written.0, written.0 + 1].map(|at| self.units.get(at).map_or(' ', |unit| unit.ch));
        let sentence = begin.is_uppercase() && second.is_lowercase() && self.units[name_start].ch.is_lowercase();
        if !same || no || is_platform || sentence || mailbox || self.is_prose(&name, written, next) {
            return None;
        }
        Some(Spelled { name_end, dot, written, suffix, next })
    }

    /// Whether the words around show that no host is meant.
    fn is_prose(&self, name: &str, written: Part, next: usize) -> bool {
        // `name собака mail точка ру` is an e-mail address.
        let label = next.checked_sub(3).map(|at| self.read(self.words[at]));
        let whole = self.words.get(next - 1).is_some_and(|word| word.1 == written.1);
        words::PROSE_BEFORE.contains(&name)
            || name.bytes().all(|byte| byte.is_ascii_digit())
            || name.chars().all(|ch| !ch.is_alphanumeric())
            || whole && self.is_one_of(next, &words::PROSE_AFTER)
            || label.is_some_and(|word| word == "собака")
            || next >= 4 && self.is_one_of(next - 4, &["собака"])
    }

    /// The word behind a name whose letters are written apart, `e x a m p l e . c o m`, that begins with this word.
    fn letters(&self, at: usize) -> Option<usize> {
        let is_sign = |ch: char| is_name(ch) || matches!(ch, '.' | ':' | '/');
        let single =
            |at: usize| self.words.get(at).is_some_and(|word| word.1 - word.0 == 1 && is_sign(self.units[word.0].ch));
        if !single(at) || at > 0 && single(at - 1) && self.follows(at) {
            return None;
        }
        let mut end = at + 1;
        while single(end) && self.follows(end) {
            end += 1;
        }
        // The last letter may have signs behind it: `. c o m.`
        let ch = |at: usize| self.units[at].ch;
        let last = |(start, end): &&Part| {
            end - start > 1 && is_name(ch(*start)) && (!is_name(ch(start + 1)) || is_edge(ch(start + 1)))
        };
        if self.words.get(end).filter(last).is_some() && self.follows(end) && self.is_host(at, end + 1) {
            return Some(end + 1);
        }
        // The suffix may be in one piece: `e x a m p l e .com`.
        let whole = self.words.get(end).filter(|_| end - at >= 3 && self.follows(end)).is_some_and(|word| {
            let dot = self.units[word.0].ch == '.';
            (dot || self.units[self.words[end - 1].0].ch == '.')
                && self.suffix(word.0 + usize::from(dot), word.1, false).is_some()
        });
        if whole {
            return Some(end + 1);
        }
        // Words of one letter may follow the name.
        const FOLLOWING: usize = 4;
        (0..FOLLOWING).map(|less| end - less.min(end - at)).find(|end| end - at >= 5 && self.is_host(at, *end))
    }

    /// Whether the letters of these words, put together, end in a suffix, or in one and a path.
    fn is_host(&self, start: usize, end: usize) -> bool {
        const LONGEST: usize = 512;
        let text: String = self.words[start..end].iter().take(LONGEST).map(|word| self.units[word.0].ch).collect();
        let text = text.to_lowercase();
        let name = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
        let name = name.split(['/', ':']).next().unwrap_or_default();
        name.rsplit_once('.').is_some_and(|(rest, suffix)| {
            rest.chars().any(char::is_alphanumeric) && suffix.chars().count() >= 2 && host::is_suffix(suffix)
        })
    }
}
