//! Labels, codes and reasons: what rules say in words.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Decision;
use crate::limits;

/// A label or the code of a reason: 1 to 64 of `a-z 0-9 . _ -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(String);

/// A text that cannot be a label or a code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a label or code is 1 to 64 of a-z, 0-9, `.`, `_` and `-`")]
pub struct NotACode;

impl Code {
    /// A code that this program itself names.
    ///
    /// # Panics
    /// When the text is not a code, which a constant's first use would show.
    pub fn of(text: &'static str) -> Self {
        Self::try_from(text.to_owned()).expect("a code in the program's own text")
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Code {
    type Error = NotACode;

    fn try_from(text: String) -> Result<Self, NotACode> {
        let fits = (1..=limits::CODE_BYTES).contains(&text.len())
            && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'));
        if fits { Ok(Self(text)) } else { Err(NotACode) }
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

/// Why a rule decided as it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable, for programs.
    pub code: Code,
    /// One sentence for a person, at most [`limits::REASON_TEXT_BYTES`].
    pub text: String,
}

impl Decision {
    /// The codes under which it is found: every label, and the code of every reason that a rule gave.
    pub fn codes(&self) -> BTreeSet<Code> {
        let reasons = self.rules.iter().filter_map(|rule| rule.reason.as_ref()).map(|reason| &reason.code);
        self.labels.iter().chain(reasons).cloned().collect()
    }
}
