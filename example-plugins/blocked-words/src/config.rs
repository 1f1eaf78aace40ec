//! What the account's administrator sets, and the patterns that become of it.

use schemars::JsonSchema;
use serde::Deserialize;
use sluice_plugin::{ConfigErrors, limits};

use crate::{
    letters::Letters,
    patterns::{LONGEST, Pattern, Unusable},
};

/// Most lists: each has a bit of a number while a message is checked.
const LISTS: usize = 64;

/// Lists of words and phrases, and what to do with messages that contain them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// # Lists
    /// Each list has its own words and its own action. When several apply, the strictest does.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub(crate) lists: Vec<List>,
    /// # Look-alike letters
    /// Find words although letters were swapped for ones that look the same: letters of another alphabet, digits and
    /// signs, as in `l0an` and `ca$h`.
    #[serde(default = "yes")]
    pub(crate) look_alikes: bool,
    /// # Letters that stand apart
    /// Find words although something stands between their letters, as in `b.a.d` and `b a d`.
    #[serde(default = "yes")]
    pub(crate) spaced_letters: bool,
}

/// One list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct List {
    /// # Name
    /// Also the label of messages that this list flags: lower-case letters, digits, `.`, `_` and `-`.
    #[schemars(regex(pattern = r"^[a-z0-9._-]{1,64}$"))]
    pub(crate) name: String,
    /// # Words and phrases
    /// Each at most 128 letters long. Case, accents and what stands between the words of a phrase make no difference.
    pub(crate) words: Vec<String>,
    /// # Action
    /// What to do with a message that contains one of the words.
    #[serde(default)]
    pub(crate) action: Action,
    /// # Matching
    /// Whether a word counts only by itself, or also within a longer word. In scripts without spaces between words, such as
    /// Chinese, Japanese and Thai, both find it wherever it is written.
    #[serde(default)]
    pub(crate) matching: Matching,
    /// # Notice
    /// What the author of a blocked or held message is told, instead of the usual sentence. Do not repeat the words.
    #[serde(default)]
    #[schemars(length(max = 1024))]
    pub(crate) notice: Option<String>,
}

/// What to do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Action {
    /// Deliver it, marked with the list's name.
    Flag,
    /// Deliver it with the words replaced by asterisks.
    Redact,
    /// Keep it back until a supervisor has looked.
    Hold,
    /// Do not deliver it.
    #[default]
    Block,
}

/// Where a word counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Matching {
    /// Only by itself.
    #[default]
    WholeWord,
    /// Also within a longer word.
    Anywhere,
}

fn yes() -> bool {
    true
}

/// The patterns of all lists.
pub(crate) struct Collected {
    pub(crate) words: Vec<Pattern>,
    pub(crate) parts: Vec<Pattern>,
}

impl Config {
    /// Checks everything and collects the patterns.
    pub(crate) fn collect(&self, letters: &Letters) -> Result<Collected, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        let mut collected = Collected { words: Vec::new(), parts: Vec::new() };
        if self.lists.len() > LISTS {
            return Err(ConfigErrors::at("/lists", format!("at most {LISTS} lists")));
        }
        for (index, list) in self.lists.iter().enumerate() {
            if !limits::is_code(&list.name) {
                errors.push(format!("/lists/{index}/name"), "1 to 64 lower-case letters, digits, `.`, `_` and `-`");
            }
            if self.lists[..index].iter().any(|other| other.name == list.name) {
                errors.push(format!("/lists/{index}/name"), "another list has this name");
            }
            for (at, word) in list.words.iter().enumerate() {
                match Pattern::new(letters, word, index as u8) {
                    Ok(pattern) => match list.matching {
                        Matching::Anywhere => collected.parts.push(pattern),
                        Matching::WholeWord => match pattern.whole(word) {
                            (pattern, true) => collected.parts.push(pattern),
                            (pattern, false) => collected.words.push(pattern),
                        },
                    },
                    Err(Unusable::Empty) => {
                        errors.push(format!("/lists/{index}/words/{at}"), "needs a letter or a digit");
                    }
                    Err(Unusable::Long) => {
                        errors.push(format!("/lists/{index}/words/{at}"), format!("at most {LONGEST} letters"));
                    }
                }
            }
        }
        errors.into_result()?;
        Ok(collected)
    }
}
