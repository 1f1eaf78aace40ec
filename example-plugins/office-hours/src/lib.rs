//! Lets people in only while the office is open.
//!
//! This file decides for whom that matters; when the office is open is [`schedule`]'s to say.

mod config;
mod schedule;

use sluice_plugin::{Access, AccessRequest, AccessRule, ConfigErrors, Plugin, Role};

use config::Action;
pub use config::Config;
use schedule::Schedule;

/// The code of every reason that this plugin gives.
const CODE: &str = "outside-office-hours";

/// The plugin.
#[derive(Debug)]
pub struct OfficeHours {
    schedule: Schedule,
    roles: Vec<Role>,
    action: Action,
    notice: String,
}

impl Plugin for OfficeHours {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, ConfigErrors> {
        let usual = match config.action {
            Action::Deny => "The office is closed now. Please come back during office hours.",
            Action::Challenge => "The office is closed now. Please confirm that it is you.",
        };
        Ok(Self {
            schedule: Schedule::new(&config)?,
            roles: config.roles.iter().copied().map(role).collect(),
            action: config.action,
            notice: config.notice.filter(|notice| !notice.trim().is_empty()).unwrap_or_else(|| usual.to_owned()),
        })
    }
}

impl AccessRule for OfficeHours {
    fn check(&self, request: &AccessRequest) -> Access {
        if !request.is_from(&self.roles) || self.schedule.is_open(request.at) {
            return Access::Allow;
        }
        match self.action {
            Action::Deny => Access::deny(CODE, self.notice.as_str()),
            Action::Challenge => Access::challenge(CODE, self.notice.as_str()),
        }
    }
}

const fn role(role: config::Role) -> Role {
    match role {
        config::Role::Operator => Role::Operator,
        config::Role::Supervisor => Role::Supervisor,
        config::Role::Administrator => Role::Administrator,
        config::Role::ApiToken => Role::ApiToken,
        config::Role::Support => Role::Support,
    }
}

sluice_plugin::export!(OfficeHours: AccessRule);

#[cfg(test)]
mod tests;
