//! What the account's administrator sets.

use schemars::JsonSchema;
use serde::Deserialize;
use sluice_plugin::{
    ConfigErrors,
    limits::{COUNTER_SECONDS, is_code},
};

/// Most limits: each is a question to the host, of which a call has 64.
const LIMITS: usize = 16;

/// How much may come, and what happens to what is more.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// # Limits
    /// At most 16. All of them count; the strictest that is exceeded decides.
    #[schemars(length(min = 1, max = 16))]
    pub(crate) limits: Vec<Limit>,
}

/// One limit.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limit {
    /// # Name
    /// 1 to 64 of `a-z 0-9 . _ -`: the code of the reason, or the label. With another name, counting begins anew.
    pub(crate) name: String,
    /// # Count
    /// What is counted.
    #[serde(default)]
    pub(crate) count: Count,
    /// # At most
    /// How many may come within the time.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(crate) most: u32,
    /// # Seconds
    /// How long the time is that begins with the first; at most 31 days.
    #[schemars(range(min = 1, max = 2_678_400))]
    pub(crate) seconds: u32,
    /// # Per
    /// For whom is counted apart.
    #[serde(default)]
    pub(crate) per: Per,
    /// # What happens
    /// To what is more.
    #[serde(default)]
    pub(crate) action: Action,
    /// # Notice
    /// What the author is told, instead of the usual sentence.
    #[serde(default)]
    #[schemars(length(max = 1024))]
    pub(crate) notice: Option<String>,
}

/// What is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Count {
    /// Messages.
    #[default]
    Messages,
    /// Links in messages.
    Links,
    /// Attachments of messages.
    Attachments,
}

/// For whom is counted apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Per {
    /// Each author: each client, each of the account's people.
    #[default]
    Author,
    /// Each conversation.
    Conversation,
    /// Nobody: all that the installation sees.
    All,
}

/// What happens to what is more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Action {
    /// It is delivered, marked with the limit's name.
    Flag,
    /// It waits for a supervisor.
    #[default]
    Hold,
    /// It is not delivered.
    Block,
}

impl Config {
    /// What the schema cannot say, and what it says for those who do not look.
    pub(crate) fn check(&self) -> Result<(), ConfigErrors> {
        let mut errors = ConfigErrors::default();
        if !(1..=LIMITS).contains(&self.limits.len()) {
            errors.push("/limits", "name 1 to 16 limits");
        }
        for (index, limit) in self.limits.iter().enumerate() {
            let mut wrong = |field: &str, problem: &str| errors.push(format!("/limits/{index}/{field}"), problem);
            if !is_code(&limit.name) {
                wrong("name", "write 1 to 64 of a-z, 0-9, `.`, `_` and `-`");
            }
            if self.limits[..index].iter().any(|other| other.name == limit.name) {
                wrong("name", "another limit has this name: each needs its own");
            }
            if !(1..=1_000_000).contains(&limit.most) {
                wrong("most", "must be 1 to 1,000,000");
            }
            if !(1..=COUNTER_SECONDS).contains(&limit.seconds) {
                wrong("seconds", "must be 1 to 2,678,400, which is 31 days");
            }
            if limit.notice.as_ref().is_some_and(|notice| notice.len() > 1_024) {
                wrong("notice", "at most 1,024 bytes");
            }
        }
        errors.into_result()
    }
}
