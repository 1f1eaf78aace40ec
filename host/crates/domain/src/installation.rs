//! A plugin's version enabled in an account: how strictly it counts and what it is asked about.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    id::GroupId,
    message::{Direction, Message, Role},
    plugin::Import,
};

/// How much an installation counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It is not asked.
    Disabled,
    /// It is asked after the answer was given, and only leaves a trail.
    Shadow,
    /// It decides.
    Enforce,
}

impl Mode {
    /// As it is written in answers and rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Shadow => "shadow",
            Self::Enforce => "enforce",
        }
    }
}

/// What a failure of the plugin means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailurePolicy {
    /// The message is held; who asked to be let in is refused.
    #[default]
    Closed,
    /// The message passes, flagged; who asked to be let in is let in.
    Open,
}

impl FailurePolicy {
    /// As it is written in answers and rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
        }
    }
}

/// What an installation is asked about. An empty set means everything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// Of messages.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub directions: BTreeSet<Direction>,
    /// Channels of messages.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub channels: BTreeSet<String>,
    /// Groups that answer the conversations of messages.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub groups: BTreeSet<GroupId>,
    /// Of authors, and of those who ask to be let in.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub roles: BTreeSet<Role>,
}

impl Scope {
    /// Whether it covers `message`.
    pub fn covers_message(&self, message: &Message) -> bool {
        within(&self.directions, &message.direction)
            && within(&self.channels, &message.channel)
            && (self.groups.is_empty() || message.group.is_some_and(|group| self.groups.contains(&group)))
            && within(&self.roles, &message.author.role)
    }

    /// Whether it covers someone in `role` who asks to be let in.
    pub fn covers_access(&self, role: Role) -> bool {
        within(&self.roles, &role)
    }
}

fn within<T: Ord>(set: &BTreeSet<T>, item: &T) -> bool {
    set.is_empty() || set.contains(item)
}

/// What one call may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Instructions, as the engine counts them: about a thousand a microsecond.
    pub fuel: u64,
    /// Linear memory and tables, in bytes.
    pub memory: usize,
}

impl Budget {
    /// The default for one call: what takes about 10 ms, and 16 MiB.
    pub const CALL: Self = Self { fuel: 10_000_000, memory: 16 << 20 };
}

/// The permissions of `wanted` that `granted` lacks.
pub fn missing_grants(wanted: &BTreeSet<Import>, granted: &BTreeSet<Import>) -> BTreeSet<Import> {
    wanted.difference(granted).copied().collect()
}
