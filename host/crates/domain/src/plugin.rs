//! What an uploaded component is: what it says of itself, what it decides about, what it asks for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::limits;

/// An interface that a plugin exports: what it decides about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hook {
    /// Messages.
    MessageFilter,
    /// Attachments of messages.
    AttachmentFilter,
    /// Log-ins and other requests to be let in.
    AccessRule,
}

/// An interface that a plugin imports: a permission that it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Import {
    /// Lines for the plugin's author, kept with the decision.
    Log,
    /// Numbers that outlive a call.
    Counters,
    /// The account's named lists.
    Lists,
    /// Earlier messages of the same conversation.
    History,
    /// Requests to hosts that the installation names.
    Http,
}

impl Import {
    /// As it is written in grants.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Counters => "counters",
            Self::Lists => "lists",
            Self::History => "history",
            Self::Http => "http",
        }
    }

    /// What it means to grant it, for an administrator.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Log => {
                "Writes notes for its author, which are kept with each decision and may say something about the message."
            }
            Self::Counters => "Keeps counts between messages, for limits such as three links in a minute.",
            Self::Lists => "Looks up values in the account's lists, all of them; it cannot change them.",
            Self::History => "Reads the newest earlier messages of the conversation that it decides about.",
            Self::Http => {
                "Sends requests to the hosts that you name, and may send them anything that it sees of messages."
            }
        }
    }

    /// Whether an answer of it is waited for, or has an effect. Such a question is asked once, and off the threads that serve requests.
    pub const fn is_waited_for(self) -> bool {
        match self {
            Self::Log | Self::Lists => false,
            Self::Counters | Self::History | Self::Http => true,
        }
    }
}

/// Where a plugin of an account came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// One of the account's people uploaded it.
    Upload,
    /// One of the account's people took it from the platform's catalogue.
    Catalogue,
}

/// 1 to 64 of `a-z 0-9 -`, starting with a letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PluginName(String);

/// A text that cannot be a plugin's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a plugin's name is 1 to 64 of a-z, 0-9 and -, and starts with a letter")]
pub struct NotAPluginName;

impl PluginName {
    /// Under which the built-in content filter stands in decisions. No plugin may have it.
    pub const CONTENT_FILTER: &str = "content-filter";

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for PluginName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PluginName {
    type Error = NotAPluginName;

    fn try_from(text: String) -> Result<Self, NotAPluginName> {
        let fits = text.len() <= limits::PLUGIN_NAME_BYTES
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if fits { Ok(Self(text)) } else { Err(NotAPluginName) }
    }
}

impl From<PluginName> for String {
    fn from(name: PluginName) -> Self {
        name.0
    }
}

/// How a plugin presents itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Uploads with the same name are versions of one plugin.
    pub name: PluginName,
    /// A semantic version (semver.org 2.0.0).
    pub version: semver::Version,
    /// One sentence on what it does.
    pub summary: String,
    /// A JSON Schema of its configuration, as text.
    pub config_schema: String,
}

/// What inspecting a component found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// What it says of itself.
    pub manifest: Manifest,
    /// What it decides about; never empty.
    pub hooks: BTreeSet<Hook>,
    /// What it asks for.
    pub imports: BTreeSet<Import>,
}

/// What is wrong with a configuration, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigError {
    /// A JSON Pointer (RFC 6901) into the configuration; empty for the whole of it.
    pub path: String,
    /// What to write instead.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_outside_the_alphabet_are_refused() {
        for bad in ["", "-a", "1a", "A", "a b", "a_b", "é", &"a".repeat(65)] {
            assert_eq!(PluginName::try_from(bad.to_owned()), Err(NotAPluginName), "{bad}");
        }
        for good in ["a", "blocked-words", "a1", &"a".repeat(64)] {
            assert_eq!(PluginName::try_from(good.to_owned()).map(String::from), Ok(good.to_owned()));
        }
    }
}
