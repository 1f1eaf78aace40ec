//! Edits that fit their text, whatever is asked of them.

use std::ops::Range;

use crate::{
    Edit, Verdict,
    limits::{EDITS, TEXT_BYTES, cut},
};

/// Collects what to replace in a text, in any order, and makes a [`Verdict::Redact`] that the host accepts: sorted,
/// apart, on character boundaries, no more than 1,024 edits, no text that is too long.
///
/// ```
/// use sluice_plugin::{Edits, testing};
///
/// let message = testing::message("call 555-0100 or 555-0199");
/// let mut edits = Edits::of(&message.text);
/// edits.replace(17..25, "[number]");
/// edits.replace(5..13, "[number]");
/// testing::assert_redacts_to(&message, edits.into_verdict(), "call [number] or [number]");
/// ```
#[derive(Debug, Clone)]
pub struct Edits<'text> {
    text: &'text str,
    found: Vec<Edit>,
}

impl<'text> Edits<'text> {
    /// No edits of `text` yet.
    ///
    /// ```
    /// assert!(sluice_plugin::Edits::of("hello").is_empty());
    /// ```
    pub fn of(text: &'text str) -> Self {
        Self { text, found: Vec::new() }
    }

    /// Replaces the bytes `range`. A range that ends inside a character grows to hold all of it, and one that ends
    /// past the text ends with the text. Where two ranges overlap, one replacement stands for both: the leftmost's.
    ///
    /// ```
    /// use sluice_plugin::{Edits, Verdict};
    /// let mut edits = Edits::of("naïve");
    /// edits.replace(3..4, "i");
    /// assert!(matches!(edits.into_verdict(), Verdict::Redact(edits) if (edits[0].start, edits[0].end) == (2, 4)));
    /// ```
    pub fn replace(&mut self, range: Range<usize>, replacement: impl Into<String>) {
        let start = self.text.floor_char_boundary(range.start.min(range.end));
        let end = self.text.ceil_char_boundary(range.end);
        if let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(end)) {
            self.found.push(Edit { start, end, replacement: replacement.into() });
        }
    }

    /// Whether nothing is to be replaced.
    ///
    /// ```
    /// assert!(sluice_plugin::Edits::of("").is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// [`Verdict::Redact`] with these edits, or [`Verdict::Allow`] without any.
    ///
    /// Beyond 1,024 edits, the last one removes everything up to the end of what was found. A text that would become
    /// longer than a text may be has its replacements cut to the length of what they replace.
    ///
    /// ```
    /// use sluice_plugin::{Edits, Verdict};
    /// assert_eq!(Edits::of("hello").into_verdict(), Verdict::Allow);
    /// ```
    pub fn into_verdict(self) -> Verdict {
        let mut edits = merge(self.found);
        if let Some(end) = edits.last().map(|last| last.end).filter(|_| edits.len() > EDITS) {
            edits.truncate(EDITS);
            if let Some(last) = edits.last_mut() {
                last.end = end;
                last.replacement.clear();
            }
        }
        let removed: usize = edits.iter().map(|edit| (edit.end - edit.start) as usize).sum();
        let added: usize = edits.iter().map(|edit| edit.replacement.len()).sum();
        if self.text.len() - removed + added > TEXT_BYTES {
            for edit in &mut edits {
                edit.replacement = cut(&edit.replacement, (edit.end - edit.start) as usize).to_owned();
            }
        }
        Verdict::redact(edits)
    }
}

fn merge(mut found: Vec<Edit>) -> Vec<Edit> {
    found.sort_by_key(|edit| (edit.start, std::cmp::Reverse(edit.end)));
    let mut merged: Vec<Edit> = Vec::with_capacity(found.len());
    for edit in found {
        match merged.last_mut() {
            Some(last) if edit.start < last.end => last.end = last.end.max(edit.end),
            Some(_) | None => merged.push(edit),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{applied, message};

    proptest! {
        #[test]
        fn whatever_is_replaced_the_edits_fit_the_text(
            text in "\\PC{0,80}",
            ranges in prop::collection::vec((0usize..300, 0usize..300, "\\PC{0,8}"), 0..20),
        ) {
            let message = message(&text);
            let mut edits = Edits::of(&message.text);
            for (start, end, replacement) in ranges {
                edits.replace(start..end, replacement);
            }
            if let Verdict::Redact(edits) = edits.into_verdict() {
                prop_assert!(applied(&message.text, &edits).is_ok());
            }
        }
    }

    #[test]
    fn more_edits_than_allowed_end_in_one_that_removes_the_rest() {
        let message = message(&"ab".repeat(2_000));
        let mut edits = Edits::of(&message.text);
        for index in 0..2_000 {
            edits.replace(index * 2..index * 2 + 1, "*");
        }
        let Verdict::Redact(edits) = edits.into_verdict() else { panic!("redacts") };
        assert_eq!(edits.len(), EDITS);
        let text = applied(&message.text, &edits).unwrap();
        assert_eq!(text.matches('a').count(), 0);
    }

    #[test]
    fn a_text_never_grows_past_what_a_text_may_be() {
        let message = message(&"x".repeat(TEXT_BYTES));
        let mut edits = Edits::of(&message.text);
        edits.replace(0..4, "[replaced]");
        let Verdict::Redact(edits) = edits.into_verdict() else { panic!("redacts") };
        assert_eq!(applied(&message.text, &edits).unwrap().len(), TEXT_BYTES);
    }
}
