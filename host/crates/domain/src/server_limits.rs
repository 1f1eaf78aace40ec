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
    /// Connections at once, of everybody; fewer where the system allows fewer open files.
    connections = 16384 in 64..=1000000;
    /// Connections at once of one address (of IPv6, of one /64). Not of trusted proxies.
    connections_per_address = 1024 in 8..=1000000;
    /// Connections at once of one network (of IPv4, of one /24; of IPv6, of one /48). Not of trusted proxies.
    connections_per_network = 4096 in 8..=1000000;
    /// TLS handshakes begun within a second of one network (of IPv4, of one /24; of IPv6, of one /48); further ones wait, up to 3 s. Not of trusted proxies.
    handshakes_per_second = 100 in 1..=1000000;
    /// Seconds after which a connection without a request is closed; after 20 if nobody ever showed on it who they are.
    idle_seconds = 120 in 1..=3600;
    /// Seconds in which whoever is sent an answer must take its next 16 KiB.
    stall_seconds = 30 in 1..=3600;
    /// Requests under way at once of people and tokens, of all accounts.
    requests = 16384 in 64..=1000000;
    /// Requests under way at once of one account, live streams among them.
    requests_per_account = 4096 in 8..=1000000;
    /// Requests that only read and are worked on at once for one account; others of it wait for their turn.
    reads_per_account = 16 in 1..=1000000;
    /// Requests under way at once of those who have not shown who they are, of everybody.
    stranger_requests = 4096 in 64..=1000000;
    /// Requests under way at once of strangers from one address (of IPv6, of one /64).
    stranger_requests_per_address = 512 in 8..=1000000;
    /// Requests under way at once of strangers from one network (of IPv4, of one /24; of IPv6, of one /48).
    stranger_requests_per_network = 1024 in 8..=1000000;
    /// Requests that only read and are begun within a second for one account; others of it wait.
    reads_per_second = 2000 in 1..=1000000;
    /// Refusals for too much (429, 503) and for nobody known (401) within a second, of one account or of the strangers of one network; further ones wait, up to 3 s.
    refusals_per_second = 50 in 1..=1000000;
    /// Bytes of long bodies and long answers under way, of all accounts.
    request_bytes = 201326592 in 1048576..=1099511627776;
    /// Bytes of long bodies and long answers under way, of one account. A plugin may have 33554432, the longest answers have some 13000000.
    request_bytes_per_account = 50331648 in 1048576..=1099511627776;
    /// Bytes of bodies and long answers of strangers under way, of everybody.
    stranger_bytes = 16777216 in 65536..=1099511627776;
    /// Bytes of bodies and long answers of strangers under way, from one address (of IPv6, from one /64).
    stranger_bytes_per_address = 2097152 in 16384..=1099511627776;
    /// Bytes of bodies and long answers of strangers under way, from one network (of IPv4, from one /24; of IPv6, from one /48).
    stranger_bytes_per_network = 4194304 in 16384..=1099511627776;
    /// Attachments that are being sent at once, of all accounts: each is an open file.
    downloads = 1024 in 16..=1000000;
    /// Attachments that are being sent at once, of one account.
    downloads_per_account = 256 in 4..=1000000;
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
    hashes_per_person = 8 in 1..=65536;
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
    /// Configurations of plugins that are made ready or wait for that at once, of everybody.
    configurations = 256 in 1..=100000;
    /// Configurations of plugins that are made ready or wait for that at once, of one account.
    configurations_per_account = 16 in 1..=10000;
    /// Compiled configurations that were only tried, on the disk, in bytes of everybody: the one used longest ago is removed first.
    trial_bytes = 536870912 in 16777216..=1099511627776;
    /// Chains of the past that one account keeps, to go back to: the oldest goes first.
    chains_per_account = 1000 in 1..=1000000;
    /// The same with the configurations and rules that they name, in bytes.
    chain_bytes_per_account = 134217728 in 8388608..=1099511627776;
    /// Live streams of events at once, of everybody.
    streams = 8192 in 1..=1000000;
    /// Live streams of events at once of one account.
    streams_per_account = 512 in 1..=1000000;
    /// Live streams of events at once of one session or API token.
    streams_per_session = 20 in 1..=1000000;
    /// Exports and verifications of logs at once, of everybody.
    exports = 64 in 1..=10000;
    /// Exports and verifications of logs at once of one account.
    exports_per_account = 4 in 1..=10000;
}

/// Open files that are neither connections nor attachments on their way: the database's, plugins' and their workers', uploads', refusals'.
const OTHER_FILES: u64 = 1024;

impl ServerLimits {
    /// A limit as a count.
    pub fn count(limit: u64) -> usize {
        usize::try_from(limit).unwrap_or(usize::MAX)
    }

    /// The same, with no more connections than a process that may have `files` open can have: it needs files for the database, for
    /// plugins and for attachments too.
    #[must_use]
    pub fn within_files(self, files: u64) -> Self {
        let others = OTHER_FILES.saturating_add(self.downloads).min(files / 2);
        Self { connections: self.connections.min(files.saturating_sub(others)), ..self }
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
    fn connections_leave_files_to_everything_else() {
        let within = |files| ServerLimits::default().within_files(files).connections;
        assert_eq!(within(1_000_000), ServerLimits::default().connections);
        assert_eq!(within(4096), 2048);
        assert_eq!(within(300), 150);
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
