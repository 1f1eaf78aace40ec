//! Limits of what everybody on a server shares: connections, memory, turns, disk. Whoever runs the server may set each.
//!
//! One table, so that a limit has one name, one sentence and one usual value. The contract's limits are in `limits`; what an account
//! may have is in `quota`. Nothing is counted here: `shares` counts.

/// What the documentation says of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// As it is configured.
    pub name: &'static str,
    /// What it bounds, with its unit.
    pub sentence: &'static str,
    /// What holds when nothing is configured.
    pub usual: u64,
    /// The least that may be configured.
    pub least: u64,
    /// The most that may be configured.
    pub most: u64,
}

/// Why a limit cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// There is none of this name.
    #[error("there is no limit `{0}`: `sluice limits` lists all of them")]
    Unknown(String),
    /// The value is out of its range.
    #[error("the limit `{}` is {} to {}", .0.name, .0.least, .0.most)]
    OutOfRange(Limit),
}

macro_rules! limits {
    ($($(#[doc = $sentence:literal])+ $name:ident = $usual:literal in $least:literal..=$most:literal;)*) => {
        /// The limits of one server.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct ServerLimits {
            $($(#[doc = $sentence])+ pub $name: u64,)*
        }

        impl ServerLimits {
            /// All of them, in the order of the documentation.
            pub const ALL: &[Limit] = &[$(Limit {
                name: stringify!($name),
                sentence: concat!($($sentence),+),
                usual: $usual,
                least: $least,
                most: $most,
            }),*];

            /// Sets one.
            ///
            /// # Errors
            /// [`LimitError`] for an unknown name and for a value out of the limit's range.
            pub fn set(&mut self, name: &str, value: u64) -> Result<(), LimitError> {
                let limit = Self::ALL.iter().find(|limit| limit.name == name);
                let limit = *limit.ok_or_else(|| LimitError::Unknown(name.to_owned()))?;
                if !(limit.least..=limit.most).contains(&value) {
                    return Err(LimitError::OutOfRange(limit));
                }
                match name {
                    $(stringify!($name) => self.$name = value,)*
                    _ => return Err(LimitError::Unknown(name.to_owned())),
                }
                Ok(())
            }
        }

        impl Default for ServerLimits {
            fn default() -> Self {
                Self { $($name: $usual),* }
            }
        }
    };
}

limits! {
    /// Connections at once, of everybody.
    connections = 16384 in 64..=1000000;
    /// Connections at once of one address (of IPv6, of one /64).
    connections_per_address = 1024 in 8..=1000000;
    /// Connections at once of one network (of IPv4, of one /24; of IPv6, of one /48).
    connections_per_network = 4096 in 8..=1000000;
    /// Passwords that are hashed at once, each with 19 MiB and a core for some 20 ms.
    hashes_at_once = 2 in 1..=256;
    /// Passwords of one kind that wait to be hashed: log-ins from known networks, other log-ins, confirmations, new ones by link.
    hashes_waiting = 256 in 8..=65536;
    /// Passwords of one kind that wait or are hashed, of one network (of IPv4, of one /24; of IPv6, of one /48).
    hashes_per_network = 64 in 1..=65536;
    /// Passwords of one kind that wait or are hashed, of one address (of IPv6, of one /64).
    hashes_per_address = 32 in 1..=65536;
    /// Passwords of one kind that wait or are hashed, of one account.
    hashes_per_account = 64 in 1..=65536;
    /// Passwords of one kind that wait or are hashed, of one person.
    hashes_per_person = 4 in 1..=65536;
    /// Passwords whose strength waits to be estimated.
    strength_checks_waiting = 64 in 8..=65536;
    /// Passwords whose strength waits to be estimated or is, of one account.
    strength_checks_per_account = 16 in 1..=65536;
    /// Passwords whose strength waits to be estimated or is, of one person.
    strength_checks_per_person = 4 in 1..=65536;
    /// Failed log-ins of one e-mail address from anywhere or one known network, before each further one doubles a pause.
    free_failures_per_person = 5 in 1..=1000;
    /// Failed log-ins and refused links of one address (of IPv6, of one /64), before each further one doubles a pause.
    free_failures_per_address = 20 in 1..=100000;
    /// Failed log-ins and refused links of one network (of IPv4, of one /24; of IPv6, of one /48), before each further one doubles a pause.
    free_failures_per_network = 200 in 1..=1000000;
    /// Entries about refusals in the audit log of one account, each minute; further ones are counted only.
    refusals_written_per_account = 120 in 10..=100000;
}

impl ServerLimits {
    /// A limit as a count.
    pub fn count(limit: u64) -> usize {
        usize::try_from(limit).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_values_are_within_their_ranges_and_names_are_unique() {
        let mut limits = ServerLimits::default();
        for limit in ServerLimits::ALL {
            assert_eq!(limits.set(limit.name, limit.usual), Ok(()), "{}", limit.name);
            assert_eq!(ServerLimits::ALL.iter().filter(|other| other.name == limit.name).count(), 1, "{}", limit.name);
        }
        assert_eq!(limits, ServerLimits::default());
    }

    #[test]
    fn a_limit_is_set_by_its_name_and_within_its_range() {
        let mut limits = ServerLimits::default();
        assert_eq!(limits.set("connections", 100), Ok(()));
        assert_eq!(limits.connections, 100);
        assert!(matches!(limits.set("connections", 1), Err(LimitError::OutOfRange(_))));
        assert!(matches!(limits.set("conections", 100), Err(LimitError::Unknown(_))));
    }
}
