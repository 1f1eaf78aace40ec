//! What an account asks of those who log in to it. That it is kept to is the use cases' business.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::message::Role;

/// An account's security settings. What a request or a row leaves out is the default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecuritySettings {
    /// What a password must be.
    pub password: PasswordPolicy,
    /// How long sessions last, and where they may be used.
    pub session: SessionPolicy,
    /// Roles of people who must have a second factor: `operator`, `supervisor`, `administrator`.
    pub second_factor_for: BTreeSet<Role>,
}

/// What a password must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordPolicy {
    /// In characters, 8 to 128.
    pub min_length: u32,
    /// As zxcvbn estimates it, 0 to 4: 3 is safe against an offline attack on a slow hash.
    pub min_strength: u8,
    /// Days after which it must be changed, 1 to 3,650; for good when absent. NIST SP 800-63B advises against an age.
    pub max_age_days: Option<u32>,
    /// How many earlier passwords must not be used again, 0 to 24.
    pub remembered: u32,
}

/// How long sessions last, and where they may be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionPolicy {
    /// Minutes without a request after which a session ends, 5 to 43,200.
    pub idle_minutes: u32,
    /// Hours after the log-in after which a session ends, 1 to 2,160.
    pub absolute_hours: u32,
    /// Where a session may be used.
    pub roaming: Roaming,
}

/// Where a session may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Roaming {
    /// In networks in which its person has logged in: a stolen cookie is of no use elsewhere.
    #[default]
    KnownNetworks,
    /// Anywhere.
    Anywhere,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_length: 12, min_strength: 3, max_age_days: None, remembered: 5 }
    }
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self { idle_minutes: 120, absolute_hours: 12, roaming: Roaming::default() }
    }
}

/// A setting that cannot be, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {problem}")]
pub struct BadSetting {
    /// Which setting.
    pub field: &'static str,
    /// What to write instead.
    pub problem: &'static str,
}

impl SecuritySettings {
    /// Whether every setting is within its bounds.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self) -> Result<(), BadSetting> {
        let bounds = [
            ((8..=128).contains(&self.password.min_length), "password.min_length", "8 to 128 characters"),
            (self.password.min_strength <= 4, "password.min_strength", "0 to 4"),
            (
                self.password.max_age_days.is_none_or(|days| (1..=3_650).contains(&days)),
                "password.max_age_days",
                "1 to 3,650 days, or null",
            ),
            (self.password.remembered <= 24, "password.remembered", "0 to 24 passwords"),
            ((5..=43_200).contains(&self.session.idle_minutes), "session.idle_minutes", "5 to 43,200 minutes"),
            ((1..=2_160).contains(&self.session.absolute_hours), "session.absolute_hours", "1 to 2,160 hours"),
            (
                self.second_factor_for.iter().all(|role| role.is_of_people()),
                "second_factor_for",
                "operator, supervisor, administrator",
            ),
        ];
        match bounds.into_iter().find(|(fits, ..)| !fits) {
            None => Ok(()),
            Some((_, field, problem)) => Err(BadSetting { field, problem }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_the_default_and_what_is_unknown_is_refused() {
        let settings: SecuritySettings = serde_json::from_str(r#"{"password": {"min_length": 20}}"#).expect("read");
        assert_eq!(settings.password, PasswordPolicy { min_length: 20, ..PasswordPolicy::default() });
        assert_eq!(settings.session, SessionPolicy::default());
        assert!(serde_json::from_str::<SecuritySettings>(r#"{"passwords": {}}"#).is_err());
    }

    #[test]
    fn a_setting_out_of_its_bounds_is_named() {
        assert_eq!(SecuritySettings::default().check(), Ok(()));
        let mut settings = SecuritySettings::default();
        settings.session.idle_minutes = 0;
        assert_eq!(settings.check().map_err(|bad| bad.field), Err("session.idle_minutes"));
        let settings = SecuritySettings { second_factor_for: BTreeSet::from([Role::Client]), ..Default::default() };
        assert_eq!(settings.check().map_err(|bad| bad.field), Err("second_factor_for"));
    }
}
