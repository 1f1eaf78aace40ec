//! Addresses whose signs stand apart: `name *at* example /dot/ com`, `name_at_example_dot_com`, with tabs or more than one space.

use sluice_text::{Separator, is_invisible, separator};

use super::ATS;
use crate::{
    folded::{Unit, Units},
    link::DOTS,
    steps,
};

/// Longest word for a sign, in characters.
const LONGEST: usize = 8;
/// Most characters around a word for a sign, on one side.
const AROUND: usize = 8;

/// The text with one space in place of all spaces between words, and in place of whatever stands around a word for a sign; `None` when
/// that is the same text.
pub(super) fn loosened(units: &Units) -> Option<Vec<Unit>> {
    let units = units.part(0, units.len());
    let mut out: Vec<Unit> = Vec::with_capacity(units.len());
    let (mut at, mut changed, mut after_sign) = (0, false, false);
    while at < units.len() {
        let gap = stretch(&units[at..], is_gap);
        if gap.is_empty() {
            let word = stretch(&units[at..], |ch| !is_gap(ch));
            after_sign =
                is_sign(word) && out.last().is_some_and(|before| before.ch == ' ') && word.len() < units.len() - at;
            out.extend(word);
            at += word.len();
            continue;
        }
        let next = stretch(&units[at + gap.len()..], |ch| !is_gap(ch));
        let follows = at + gap.len() + next.len() < units.len();
        let ends_sentence =
            gap.len() > 1 && gap.iter().any(|unit| matches!(unit.ch, ',' | '.' | '!' | '?' | ';' | ':'));
        let around = gap.len() <= AROUND && at > 0 && !next.is_empty() && !ends_sentence;
        let spaces = gap.iter().all(|unit| separator(unit.ch) == Some(Separator::Space) || is_invisible(unit.ch));
        match single_at(gap).filter(|_| around) {
            Some(sign) => {
                out.extend([space(gap), *sign, space(gap)]);
                changed = true;
            }
            None if spaces || around && (after_sign || is_sign(next) && follows) => {
                changed |= gap.len() > 1 || gap[0].ch != ' ';
                out.push(space(gap));
            }
            None => out.extend(gap),
        }
        after_sign = false;
        at += gap.len();
    }
    changed.then_some(out)
}

fn stretch(units: &[Unit], belongs: impl Fn(char) -> bool) -> &[Unit] {
    let count = steps::each(units.iter()).take_while(|unit| belongs(unit.ch)).count();
    &units[..count]
}

fn is_gap(ch: char) -> bool {
    separator(ch).is_some() || is_invisible(ch)
}

fn space(gap: &[Unit]) -> Unit {
    Unit { ch: ' ', start: gap[0].start, end: gap[gap.len() - 1].end, changed: true }
}

/// The `@` of what stands between two words. Right before a word and behind a gap it is a mention (`hello @user.name`), and one alone
/// between two words is no gap.
fn single_at(gap: &[Unit]) -> Option<&Unit> {
    let first = gap.iter().position(|unit| unit.ch == '@')?;
    let ats = gap[first..].iter().take_while(|unit| unit.ch == '@').count();
    let (before, behind) = (&gap[..first], &gap[first + ats..]);
    let is_sign = match (before, behind) {
        ([], []) => ats > 1,
        ([], _) => true,
        (_, []) => false,
        (_, _) => ats == 1,
    };
    (is_sign && behind.iter().all(|unit| unit.ch != '@')).then(|| &gap[first])
}

fn is_sign(word: &[Unit]) -> bool {
    if word.is_empty() || word.len() > LONGEST {
        return false;
    }
    let word: String = word.iter().flat_map(|unit| unit.ch.to_lowercase()).collect();
    ATS.contains(&word.as_str()) || DOTS.contains(&word.as_str())
}
