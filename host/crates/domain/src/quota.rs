//! How many plugins an account may keep and enable, and its share of the CPU, as the platform says.
//!
//! What an account uses is counted elsewhere; the chain has a length of its own (`limits::INSTALLATIONS`).

use serde::{Deserialize, Serialize};

use crate::{limits, review::BadSetting};

/// Most plugins that a quota can allow: a library is read whole.
const MOST_PLUGINS: u64 = 4_096;
/// Most bytes of components that a quota can allow.
const MOST_BYTES: u64 = 64 << 30;
/// Largest share of the CPU, in percent of a normal one.
const LARGEST_SHARE: u32 = 10_000;

/// What an account's plugins may take up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PluginQuota {
    /// How many versions of plugins the account may keep.
    pub plugins: u64,
    /// Of all their components together, in bytes.
    pub bytes: u64,
    /// How many installations may be in shadow or in force at once.
    pub enabled: u64,
    /// The account's weight when plugins of several accounts want the CPU, in percent of a normal share.
    pub cpu_share: u32,
}

impl Default for PluginQuota {
    fn default() -> Self {
        Self { plugins: 256, bytes: 512 << 20, enabled: limits::INSTALLATIONS as u64, cpu_share: 100 }
    }
}

impl PluginQuota {
    /// Whether it can be an account's quota.
    ///
    /// # Errors
    /// [`BadSetting`] for the first value that cannot.
    pub fn check(&self) -> Result<(), BadSetting> {
        let bad = |field, problem: &'static str| Err(BadSetting { field, problem: problem.into() });
        if self.plugins > MOST_PLUGINS {
            return bad("plugins", "at most 4096");
        }
        if self.bytes > MOST_BYTES {
            return bad("bytes", "at most 68719476736, 64 GiB");
        }
        if self.enabled > limits::INSTALLATIONS as u64 {
            return bad("enabled", "at most as many as a chain can have: 64");
        }
        if !(1..=LARGEST_SHARE).contains(&self.cpu_share) {
            return bad("cpu_share", "1 to 10000, in percent of a normal share");
        }
        Ok(())
    }

    /// Whether an account that keeps `plugins` of `bytes` together is within it.
    pub const fn holds(&self, plugins: u64, bytes: u64) -> bool {
        plugins <= self.plugins && bytes <= self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_the_default_and_what_is_out_of_bounds_is_refused() {
        let quota: PluginQuota = serde_json::from_str(r#"{"plugins": 3}"#).unwrap();
        assert_eq!(quota, PluginQuota { plugins: 3, ..PluginQuota::default() });
        assert_eq!(quota.check(), Ok(()));
        assert_eq!(PluginQuota::default().enabled, 64, "the advice of `enabled` names it");
        for (bad, field) in [
            (PluginQuota { plugins: MOST_PLUGINS + 1, ..quota }, "plugins"),
            (PluginQuota { bytes: MOST_BYTES + 1, ..quota }, "bytes"),
            (PluginQuota { enabled: 65, ..quota }, "enabled"),
            (PluginQuota { cpu_share: 0, ..quota }, "cpu_share"),
            (PluginQuota { cpu_share: LARGEST_SHARE + 1, ..quota }, "cpu_share"),
        ] {
            assert_eq!(bad.check().map_err(|bad| bad.field), Err(field));
        }
    }

    #[test]
    fn a_quota_is_full_at_its_bound_and_not_before() {
        let quota = PluginQuota { plugins: 2, bytes: 10, ..PluginQuota::default() };
        assert!(quota.holds(2, 10));
        assert!(!quota.holds(3, 10) && !quota.holds(2, 11));
    }
}
