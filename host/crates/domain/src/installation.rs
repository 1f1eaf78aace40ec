//! A plugin's version enabled in an account: how strictly it counts and what it is asked about.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    id::{ConversationId, GroupId, InstallationId},
    limits,
    message::{Direction, Message, Role},
    plugin::Import,
    time::Timestamp,
    verdict::Failure,
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

/// For how many of a hundred conversations an installation is in force: 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Percent(u8);

/// A number that is no share of conversations.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the share of conversations is 1 to 100: to ask about none, disable the installation")]
pub struct NotAPercent;

impl Percent {
    /// For all of them.
    pub const ALL: Self = Self(100);

    /// Whether `conversation` is among them. A conversation that is among few is also among more; what belongs to none is among all.
    pub fn covers(self, installation: InstallationId, conversation: Option<ConversationId>) -> bool {
        let Some(conversation) = conversation.filter(|_| self != Self::ALL) else { return true };
        let digest = Digest::of(format!("{installation}{conversation}").as_bytes());
        let drawn = digest.as_bytes().iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        drawn % 100 < u64::from(self.0)
    }
}

impl Default for Percent {
    fn default() -> Self {
        Self::ALL
    }
}

impl TryFrom<u8> for Percent {
    type Error = NotAPercent;

    fn try_from(percent: u8) -> Result<Self, NotAPercent> {
        if (1..=100).contains(&percent) { Ok(Self(percent)) } else { Err(NotAPercent) }
    }
}

impl From<Percent> for u8 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}

/// What one call may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Instructions, as the engine counts them: about a thousand a microsecond.
    #[serde(rename = "instructions")]
    pub fuel: u64,
    /// Linear memory and tables, in bytes.
    pub memory: usize,
}

impl Budget {
    /// The default for one call: what takes about 10 ms, and 16 MiB.
    pub const CALL: Self = Self { fuel: 10_000_000, memory: 16 << 20 };

    /// As much as both allow.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self { fuel: self.fuel.min(other.fuel), memory: self.memory.min(other.memory) }
    }

    /// Whether a call that may use so much may use no more than `ceiling`, and enough to begin.
    pub const fn is_within(self, ceiling: Self) -> bool {
        self.fuel >= LEAST.fuel
            && self.memory >= LEAST.memory
            && self.fuel <= ceiling.fuel
            && self.memory <= ceiling.memory
    }
}

/// Less than this, and no plugin answers: 100,000 instructions and two pages.
const LEAST: Budget = Budget { fuel: 100_000, memory: 128 << 10 };

/// An installation that failed too often is not asked for a while; its failure policy counts in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// From then on it is tried again.
    pub until: Timestamp,
    /// How often in a row it was suspended, with no good answer between.
    pub times: u32,
    /// How it failed.
    pub failure: Failure,
}

impl Suspension {
    /// So many failures in a row suspend.
    pub const FAILURES: u32 = 10;
    /// The first pause, in milliseconds; each further one is twice the one before.
    const PAUSE: i64 = 30_000;
    /// The longest pause, in milliseconds: an hour.
    const LONGEST: i64 = 3_600_000;

    /// The next one, at `now`, after `before`.
    #[must_use]
    pub fn next(before: Option<Self>, failure: Failure, now: Timestamp) -> Self {
        let times = before.map_or(0, |before| before.times).saturating_add(1);
        let pause = Self::PAUSE << (times - 1).min(16);
        Self { until: now.plus_millis(pause.min(Self::LONGEST)), times, failure }
    }
}

/// A host that a plugin may ask over HTTPS: a name in lower case, international ones in their `xn--` form, never an address, and its port
/// where that is not 443. It stands for itself only, not for what is below it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName(String);

/// A text that is no name of a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a host is written as `api.example.com` or `api.example.com:8443`: a name, without a scheme, a path or a `*`, and no address"
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
        let (name, port) = text.split_once(':').map_or((text.as_str(), None), |(name, port)| (name, Some(port)));
        let is_port =
            |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && port.parse().is_ok_and(|port: u16| port > 0);
        if port.is_some_and(|port| !is_port(port)) {
            return Err(NotAHostName);
        }
        let port: Option<u16> = port.and_then(|port| port.parse().ok()).filter(|port| *port != 443);
        let host = idna::domain_to_ascii_strict(name.trim_end_matches('.')).map_err(|_| NotAHostName)?;
        let last = host.rsplit('.').next().unwrap_or_default();
        // What ends in a number is read as an IPv4 address by whoever follows the URL standard (section 3.5).
        let is_number = |label: &str| {
            label.bytes().all(|b| b.is_ascii_digit())
                || label.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
        };
        let is_name = host.contains('.') || host == "localhost";
        let fits = host.len() <= 253 && is_name && !host.split('.').any(str::is_empty) && !is_number(last);
        match port {
            _ if !fits => Err(NotAHostName),
            None => Ok(Self(host)),
            Some(port) => Ok(Self(format!("{host}:{port}"))),
        }
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

    fn percent(number: u8) -> Percent {
        Percent::try_from(number).expect("a share")
    }

    #[test]
    fn a_share_of_conversations_is_stable_grows_and_is_about_as_large_as_it_says() {
        let at = Timestamp::from_millis(1_700_000_000_000);
        let installation = InstallationId::new(at, [7; 10]);
        let conversations: Vec<_> = (0..10_000_u64)
            .map(|number| {
                let mut random = [0; 10];
                random[..8].copy_from_slice(&number.to_be_bytes());
                Some(ConversationId::new(at, random))
            })
            .collect();
        let among = |share| {
            conversations.iter().filter(move |conversation| percent(share).covers(installation, **conversation))
        };
        for share in [1, 10, 50, 99] {
            let few: Vec<_> = among(share).collect();
            assert!(few.len().abs_diff(usize::from(share) * 100) < 200, "{share}: {}", few.len());
            assert!(few.iter().all(|one| percent(share + 1).covers(installation, **one)), "{share}");
        }
        assert_eq!(among(100).count(), conversations.len());
        let other = InstallationId::new(at, [8; 10]);
        assert!(
            conversations.iter().any(|one| percent(50).covers(installation, *one) != percent(50).covers(other, *one))
        );
        assert!(percent(1).covers(installation, None));
    }

    #[test]
    fn a_budget_is_within_its_ceiling_and_enough_to_begin() {
        assert!(Budget::CALL.is_within(Budget::CALL));
        assert!(!Budget { fuel: Budget::CALL.fuel + 1, ..Budget::CALL }.is_within(Budget::CALL));
        assert!(!Budget { memory: 1, ..Budget::CALL }.is_within(Budget::CALL));
        assert!(!Budget { fuel: 0, ..Budget::CALL }.is_within(Budget::CALL));
        for bad in [0, 101] {
            assert_eq!(Percent::try_from(bad), Err(NotAPercent));
        }
    }

    #[test]
    fn pauses_grow_to_an_hour() {
        let now = Timestamp::from_millis(0);
        let mut suspension = None;
        let mut pauses = Vec::new();
        for _ in 0..40 {
            let next = Suspension::next(suspension, Failure::Trap, now);
            pauses.push(next.until.millis());
            suspension = Some(next);
        }
        assert_eq!(pauses[..4], [30_000, 60_000, 120_000, 240_000]);
        assert_eq!(pauses[39], 3_600_000);
        assert!(pauses.is_sorted());
    }

    fn host(text: &str) -> Result<String, NotAHostName> {
        HostName::try_from(text.to_owned()).map(String::from)
    }

    #[test]
    fn a_host_is_a_name_and_never_an_address() {
        assert_eq!(host("API.Example.com."), Ok("api.example.com".to_owned()));
        assert_eq!(host("api.example.com:443"), Ok("api.example.com".to_owned()));
        assert_eq!(host("localhost:08443"), Ok("localhost:8443".to_owned()));
        assert_eq!(host("пример.рф"), Ok("xn--e1afmkfd.xn--p1ai".to_owned()));
        for bad in [
            "",
            ".",
            "example.com:0",
            "example.com:65536",
            "example.com:+1",
            "example.com:",
            "localnet",
            "127.0.0.1",
            "0x7f.1",
            "a.0x7f",
            "a.1",
            "[::1]",
            "::1",
            "https://example.com",
            "example.com/path",
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
