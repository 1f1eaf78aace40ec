//! Groups of digits, with what stands between them and beside them. Whether they are a number is not decided here.

use sluice_text::{Separator, digit, is_free_mark, is_invisible, separator};

use super::shape::INTERNATIONAL;
use crate::folded::Units;

/// Most stretches of the same sign between two groups.
const BETWEEN: usize = 6;
/// Letters that make a word of what touches digits: fewer are a part of a code, such as `x4111`.
const WORD: usize = 3;
/// Longest word that is looked at.
const LONGEST_WORD: usize = 16;

/// Words before the number of something else than a telephone, in lower case.
const NAMES: &str = " инн кпп огрн огрнип бик окпо снилс полис омс паспорт счет счёт договор заказ заказа карта артикул трек inn kpp ogrn \
    bik snils iban isbn issn ean upc gtin imei vin vat tax tin sku passport account acct order invoice card tracking ticket ref id ";

/// Digits without anything between them.
pub(super) struct Group {
    /// Index of its first unit, `+` and `(` included.
    pub(super) start: usize,
    /// Index behind its last digit.
    pub(super) end: usize,
    /// As ASCII. At most as many digits as matter; some more show that there are too many.
    pub(super) digits: String,
    pub(super) plus: bool,
    /// What is between the group before and this one: each stretch of the same sign as one.
    pub(super) between: String,
    /// Whether something says that it is another number: a word before it, a currency, a word that it touches.
    pub(super) named: bool,
}

impl Group {
    fn has(&self, kinds: &[Separator]) -> bool {
        self.between.chars().filter_map(separator).any(|kind| kinds.contains(&kind))
    }

    /// Whether it may be of another number than the group before: dashes and dots join groups, all else may part them too.
    pub(super) fn is_apart(&self) -> bool {
        self.has(&[Separator::Space, Separator::Slash, Separator::Sign])
    }

    /// Whether a slash or another sign says that it is of another number than the group before.
    pub(super) fn is_other(&self) -> bool {
        self.has(&[Separator::Slash, Separator::Sign])
    }

    /// Whether what is between it and the group before stands between numbers of any kind rather than within one.
    pub(super) fn is_odd(&self) -> bool {
        self.has(&[Separator::Sign]) || self.between.contains(['\n', '\r', '\t'])
    }

    /// Whether a slash is between it and the group before.
    pub(super) fn has_slash(&self) -> bool {
        self.has(&[Separator::Slash])
    }

    /// Whether only dashes and brackets are between it and the group before.
    pub(super) fn is_dashed(&self) -> bool {
        !self.has(&[Separator::Space, Separator::Dot, Separator::Slash, Separator::Sign])
    }
}

/// The groups from `at` on, until something else than digits and what parts them.
pub(super) fn run(units: &Units, at: usize) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut next = at;
    while let Some(group) = group(units, next, groups.is_empty()) {
        next = group.end;
        groups.push(group);
    }
    let text = Text { units };
    if let Some(first) = groups.first_mut() {
        match text.before(first.start) {
            Beside::Nothing => {}
            Beside::Name => first.named = true,
            Beside::Part => first.digits.clear(),
        }
    }
    if let Some(last) = groups.last_mut() {
        match text.after(last.end) {
            Beside::Nothing => {}
            Beside::Name => last.named = true,
            Beside::Part => last.digits.clear(),
        }
    }
    groups
}

fn group(units: &Units, from: usize, first: bool) -> Option<Group> {
    let ch = |at: usize| units.get(at).map(|unit| unit.ch);
    let (mut at, mut stretches, mut between) = (from, 0, String::new());
    while let Some(sign) = ch(at).filter(|ch| digit(*ch).is_none()) {
        if is_unseen(sign) {
            // A number begins with what is seen.
            if first && at == from {
                return None;
            }
        } else {
            let parts = matches!(sign, '(' | '+') || !first && separator(sign).is_some();
            if !between.ends_with(sign) || first {
                stretches += 1;
                between.push(sign);
            }
            if !parts || stretches > BETWEEN {
                return None;
            }
        }
        at += 1;
    }
    let begin = at;
    let (mut end, mut digits) = (begin, String::new());
    while let Some(ch) = ch(at).filter(|ch| digit(*ch).is_some() || end > begin && is_unseen(*ch)) {
        at += 1;
        if let Some(value) = digit(ch) {
            end = at;
            if digits.len() < INTERNATIONAL.end() + 3 {
                digits.push(char::from(b'0' + value));
            }
        }
    }
    if end == begin {
        return None;
    }
    let leads = |at: &usize| ch(*at).is_some_and(|ch| matches!(ch, '(' | '+') || is_unseen(ch));
    let mut start = (from..begin).rev().take_while(leads).last().unwrap_or(begin);
    while ch(start).is_some_and(is_unseen) {
        start += 1;
    }
    let plus = (start..begin).any(|at| ch(at) == Some('+'));
    between.truncate(between.trim_end_matches(['(', '+']).len());
    Some(Group { start, end, digits, plus, between, named: false })
}

/// Whether a reader sees a digit and nothing of it: what is invisible, and a mark on the digit.
fn is_unseen(ch: char) -> bool {
    !ch.is_ascii() && is_free_mark(ch) || is_invisible(ch)
}

/// What stands beside digits.
enum Beside {
    /// Nothing that says what they are.
    Nothing,
    /// Something that says that they are another number, unless they are dialled as no other number is.
    Name,
    /// What they are a part of: a code, a path, the name of a mailbox.
    Part,
}

struct Text<'a> {
    units: &'a Units,
}

impl Text<'_> {
    fn ch(&self, at: usize) -> Option<char> {
        self.units.get(at).map(|unit| unit.ch)
    }

    /// What stands before the index `at`.
    fn before(&self, at: usize) -> Beside {
        let back = |steps: usize| at.checked_sub(steps).and_then(|at| self.ch(at));
        match back(1) {
            None => Beside::Nothing,
            Some('@') if back(2).is_some_and(char::is_alphanumeric) => Beside::Part,
            // A path, unless it is a sign between words, or between a word and the number.
            Some('/') if back(2).is_some_and(|ch| !ch.is_whitespace()) => {
                if self.is_word_before(at - 1) {
                    Beside::Name
                } else {
                    Beside::Part
                }
            }
            Some('#' | '№' | '$' | '€' | '£' | '₽' | '¥' | '=' | '%') => Beside::Name,
            Some(ch) if separator(ch) == Some(Separator::Dash) => {
                self.word_before(at - 1).map_or_else(|| self.name_before(at), |word| touching(&word))
            }
            Some(ch) if ch.is_ascii_alphabetic() => {
                self.word_before(at).map_or(Beside::Nothing, |word| touching(&word))
            }
            Some(_) => self.name_before(at),
        }
    }

    /// What stands at the index `at`, behind digits.
    fn after(&self, at: usize) -> Beside {
        let letters = || {
            self.units
                .part(at, self.units.len().min(at + LONGEST_WORD))
                .iter()
                .map(|unit| unit.ch)
                .take_while(|ch| ch.is_alphabetic())
        };
        match self.ch(at) {
            Some(':') if self.ch(at + 1).is_some_and(|ch| digit(ch).is_some()) => Beside::Part,
            Some('@') if self.ch(at + 1).is_some_and(char::is_alphanumeric) => Beside::Part,
            Some('$' | '€' | '£' | '₽' | '¥' | '%' | '=') => Beside::Name,
            Some(ch) if ch.is_ascii_alphabetic() => touching(&letters().collect::<String>()),
            Some(_) | None => Beside::Nothing,
        }
    }

    /// The letters and digits right before the index `at`, with at least one; in their order.
    fn word_before(&self, at: usize) -> Option<String> {
        let letters = self.units.part(at.saturating_sub(LONGEST_WORD), at).iter().rev().map(|unit| unit.ch);
        let word: Vec<char> = letters.take_while(|ch| ch.is_alphanumeric()).collect();
        (!word.is_empty()).then(|| word.into_iter().rev().flat_map(char::to_lowercase).collect())
    }

    /// Whether a word, or one that is cut short by a dot, ends right before the index `at` and is not a part of anything longer.
    fn is_word_before(&self, at: usize) -> bool {
        let end = if at > 0 && self.ch(at - 1) == Some('.') { at - 1 } else { at };
        let lowest = end.saturating_sub(LONGEST_WORD);
        let letters = self.units.part(lowest, end).iter().rev().take_while(|unit| unit.ch.is_alphabetic()).count();
        let begin = end - letters;
        letters > 0 && (begin == 0 || begin > lowest && self.ch(begin - 1).is_some_and(char::is_whitespace))
    }

    /// Whether the word before the index `at` is the name of a number, with a colon, a sign or `no.` between.
    fn name_before(&self, at: usize) -> Beside {
        let mut at = at;
        for _ in 0..2 {
            while at > 0 && self.ch(at - 1).is_some_and(|ch| matches!(ch, ' ' | ':' | '.' | '№' | '#')) {
                at -= 1;
            }
            match self.word_before(at) {
                Some(word) if matches!(&*word, "no" | "nr" | "number" | "номер") => {
                    at -= word.chars().count().min(at)
                }
                Some(word) if NAMES.contains(&format!(" {word} ")) => return Beside::Name,
                Some(_) | None => return Beside::Nothing,
            }
        }
        Beside::Nothing
    }
}

/// What digits are that touch a word.
fn touching(word: &str) -> Beside {
    let is_word = word.chars().count() >= WORD && word.chars().all(char::is_alphabetic);
    if is_word { Beside::Name } else { Beside::Part }
}
