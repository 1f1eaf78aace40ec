//! From which addresses people and programs may come in to an account.
//!
//! Where a request comes from is not found out here, and neither is who sent it.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

use crate::{id::AddressRuleId, message::Role, time::Timestamp};

mod notation;
mod ranges;
#[cfg(test)]
mod tests;

use ranges::Ranges;

pub(crate) use notation::kept_network;
pub use notation::{NotANetwork, address, network};

/// What one comes in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Door {
    /// Logging in.
    LogIn,
    /// Each request with a session.
    Session,
    /// Each request with an API token.
    Token,
    /// The platform's support.
    Support,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddressAction {
    /// Addresses of the network may come in, and those of no allowed network may not.
    Allow,
    /// Addresses of the network may not come in, whatever allows them.
    Deny,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressRule {
    /// The rule's own.
    pub id: AddressRuleId,
    /// Which addresses it is about. A network of IPv4-mapped addresses is one of IPv4.
    pub net: IpNet,
    /// What it does.
    pub action: AddressAction,
    /// About whom; everybody when empty.
    pub roles: BTreeSet<Role>,
    /// About what; everything when empty.
    pub doors: BTreeSet<Door>,
    /// Why it is there.
    pub comment: String,
    /// From when on it does not count; for good when absent.
    pub expires_at: Option<Timestamp>,
}

impl AddressRule {
    fn is_about(&self, door: Door, role: Role) -> bool {
        (self.doors.is_empty() || self.doors.contains(&door)) && (self.roles.is_empty() || self.roles.contains(&role))
    }

    fn counts(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// The network as it is compared: host bits are zero, IPv4-mapped ones are IPv4.
pub fn folded(net: IpNet) -> IpNet {
    let net = net.trunc();
    match net {
        IpNet::V4(_) => net,
        IpNet::V6(six) => match (six.network().to_ipv4_mapped(), six.prefix_len().checked_sub(96)) {
            (Some(address), Some(prefix)) => Ipv4Net::new(address, prefix).map_or(net, IpNet::V4),
            _ => net,
        },
    }
}

/// What a table says of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// It may come in.
    Allowed,
    /// A rule denies it.
    Denied,
    /// There are rules that allow, and none allows it.
    NotAllowed,
}

const DOORS: [Door; 4] = [Door::LogIn, Door::Session, Door::Token, Door::Support];
const ROLES: [Role; 4] = [Role::Operator, Role::Supervisor, Role::Administrator, Role::Support];

/// An account's rules, made ready to be asked: a look-up takes nanoseconds, with ten rules or ten thousand.
#[derive(Debug, Default)]
pub struct AddressTable {
    /// One for each door and role, in the order of [`DOORS`] and [`ROLES`]; `None` when no rule is about it. Those that the same rules
    /// are about are one.
    sides: [[Option<Arc<Sides>>; ROLES.len()]; DOORS.len()],
    valid_until: Option<Timestamp>,
}

#[derive(Debug)]
struct Sides {
    denied: Ranges,
    allowed: Option<Ranges>,
}

impl AddressTable {
    /// Makes rules ready to be asked from `now` on.
    pub fn compile(rules: &[AddressRule], now: Timestamp) -> Self {
        let counting: Vec<&AddressRule> = rules.iter().filter(|rule| rule.counts(now)).collect();
        let mut made: Vec<(Vec<usize>, Option<Arc<Sides>>)> = Vec::new();
        let sides = DOORS.map(|door| {
            ROLES.map(|role| {
                let about = (0..counting.len()).filter(|at| counting[*at].is_about(door, role)).collect::<Vec<_>>();
                if let Some((_, sides)) = made.iter().find(|(others, _)| *others == about) {
                    return sides.clone();
                }
                let sides = Sides::of(about.iter().map(|at| counting[*at])).map(Arc::new);
                made.push((about, sides.clone()));
                sides
            })
        });
        Self { sides, valid_until: counting.iter().filter_map(|rule| rule.expires_at).min() }
    }

    /// Whether it says what the rules say at `now`: until the next of them expires.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.valid_until.is_none_or(|end| now < end)
    }

    /// What the rules say of somebody in `role` who comes in by `door` from `address`. A text that is no address is refused where
    /// there is a rule.
    pub fn ask(&self, door: Door, role: Role, address: &str) -> Entry {
        let Some(sides) = self.sides(door, role) else { return Entry::Allowed };
        self::address(address).map_or(Entry::NotAllowed, |address| sides.ask(address))
    }

    fn sides(&self, door: Door, role: Role) -> Option<&Sides> {
        let role = match role {
            Role::Operator => 0,
            Role::Supervisor => 1,
            Role::Administrator => 2,
            // None of the others comes in by a door of its own; as strict as for support.
            Role::Support | Role::Client | Role::ApiToken | Role::Chatbot => 3,
        };
        let door = match door {
            Door::LogIn => 0,
            Door::Session => 1,
            Door::Token => 2,
            Door::Support => 3,
        };
        self.sides[door][role].as_deref()
    }
}

impl Sides {
    /// `None` without a rule.
    fn of<'a>(rules: impl Iterator<Item = &'a AddressRule>) -> Option<Self> {
        let (allowing, denying): (Vec<_>, Vec<_>) = rules.partition(|rule| rule.action == AddressAction::Allow);
        if allowing.is_empty() && denying.is_empty() {
            return None;
        }
        let ranges = |rules: &[&AddressRule]| Ranges::of(rules.iter().map(|rule| folded(rule.net)));
        Some(Self { denied: ranges(&denying), allowed: (!allowing.is_empty()).then(|| ranges(&allowing)) })
    }

    fn ask(&self, address: IpAddr) -> Entry {
        let address = address.to_canonical();
        if self.denied.contains(address) {
            Entry::Denied
        } else if self.allowed.as_ref().is_some_and(|allowed| !allowed.contains(address)) {
            Entry::NotAllowed
        } else {
            Entry::Allowed
        }
    }
}

/// The rule by which [`AddressTable::ask`] refuses, or allows where only some are allowed: the first that covers the address.
pub fn decisive(
    rules: &[AddressRule],
    door: Door,
    role: Role,
    address: IpAddr,
    now: Timestamp,
) -> Option<&AddressRule> {
    let address = address.to_canonical();
    let covers =
        |rule: &&AddressRule| rule.counts(now) && rule.is_about(door, role) && folded(rule.net).contains(&address);
    let of = |action| rules.iter().filter(move |rule| rule.action == action).find(covers);
    of(AddressAction::Deny).or_else(|| of(AddressAction::Allow))
}
