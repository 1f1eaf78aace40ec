//! A plugin's version enabled in an account: how strictly it counts and what it is asked about.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    id::GroupId,
    limits,
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

/// A host that a plugin may ask over HTTPS: a name in lower case, international ones in their `xn--` form, never an address. It stands for
/// itself only, not for what is below it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName(String);

/// A text that is no name of a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a host is written as `api.example.com`: a name with a dot, without a scheme, a path, a port or a `*`, and no address"
)]
pub struct NotAHostName;

impl HostName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for HostName {
    type Error = NotAHostName;

    fn try_from(text: String) -> Result<Self, NotAHostName> {
        let host = idna::domain_to_ascii_strict(text.trim_end_matches('.')).map_err(|_| NotAHostName)?;
        let last = host.rsplit('.').next().unwrap_or_default();
        // What ends in a number is read as an IPv4 address by whoever follows the URL standard (section 3.5).
        let is_number = |label: &str| {
            label.bytes().all(|b| b.is_ascii_digit())
                || label.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
        };
        let fits = host.len() <= 253 && host.contains('.') && !host.split('.').any(str::is_empty) && !is_number(last);
        if fits { Ok(Self(host)) } else { Err(NotAHostName) }
    }
}

impl From<HostName> for String {
    fn from(host: HostName) -> Self {
        host.0
    }
}

/// What is wrong with the hosts that an installation names for what it is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadHosts {
    /// It may ask over HTTP, and nobody.
    #[error("the plugin asks for `http`: name each host that it may send requests to, such as `api.example.com`")]
    Missing,
    /// More than [`limits::HTTP_HOSTS`].
    #[error("at most {} hosts", limits::HTTP_HOSTS)]
    TooMany,
}

/// Checks the hosts that an installation names.
///
/// # Errors
/// [`BadHosts`].
pub fn check_hosts(grants: &BTreeSet<Import>, hosts: &BTreeSet<HostName>) -> Result<(), BadHosts> {
    if hosts.len() > limits::HTTP_HOSTS {
        Err(BadHosts::TooMany)
    } else if grants.contains(&Import::Http) && hosts.is_empty() {
        Err(BadHosts::Missing)
    } else {
        Ok(())
    }
}

/// The permissions of `wanted` that `granted` lacks.
pub fn missing_grants(wanted: &BTreeSet<Import>, granted: &BTreeSet<Import>) -> BTreeSet<Import> {
    wanted.difference(granted).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Result<String, NotAHostName> {
        HostName::try_from(text.to_owned()).map(String::from)
    }

    #[test]
    fn a_host_is_a_name_and_never_an_address() {
        assert_eq!(host("API.Example.com."), Ok("api.example.com".to_owned()));
        assert_eq!(host("пример.рф"), Ok("xn--e1afmkfd.xn--p1ai".to_owned()));
        for bad in [
            "",
            ".",
            "localhost",
            "127.0.0.1",
            "0x7f.1",
            "a.0x7f",
            "a.1",
            "[::1]",
            "::1",
            "https://example.com",
            "example.com/path",
            "example.com:443",
            "*.example.com",
            "a b.com",
            "a..com",
            "user@example.com",
            " example.com",
            "example.com\0",
        ] {
            assert_eq!(host(bad), Err(NotAHostName), "{bad}");
        }
    }

    #[test]
    fn who_may_ask_over_http_names_whom() {
        let hosts = |count: usize| (0..count).map(|n| HostName(format!("h{n}.example.com"))).collect();
        let http = BTreeSet::from([Import::Http]);
        assert_eq!(check_hosts(&http, &hosts(0)), Err(BadHosts::Missing));
        assert_eq!(check_hosts(&BTreeSet::new(), &hosts(0)), Ok(()));
        assert_eq!(check_hosts(&http, &hosts(16)), Ok(()));
        assert_eq!(check_hosts(&http, &hosts(17)), Err(BadHosts::TooMany));
    }
}
