//! Holds, blocks or flags what comes too often.
//!
//! The counting is the host's, so that all servers count together; this file says what is counted for whom, and what that means.

mod config;

use sluice_plugin::{ConfigErrors, Message, MessageFilter, Plugin, Verdict, counters};

pub use config::Config;
use config::{Action, Count, Limit, Per};

/// The label of a message that could not be counted.
const NOT_COUNTED: &str = "not-counted";

/// The plugin.
#[derive(Debug)]
pub struct RateLimit {
    limits: Vec<Limit>,
}

impl Plugin for RateLimit {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, ConfigErrors> {
        config.check()?;
        Ok(Self { limits: config.limits })
    }
}

impl MessageFilter for RateLimit {
    fn check(&self, message: &Message) -> Verdict {
        let mut labels = Vec::new();
        let mut strictest: Option<&Limit> = None;
        // Each counts, whatever another one says: or else it would depend on their order.
        for limit in &self.limits {
            match limit.is_exceeded(message) {
                Ok(false) => {}
                Ok(true) if limit.action == Action::Flag => labels.push(limit.name.as_str()),
                Ok(true) => {
                    if strictest.is_none_or(|other| other.action < limit.action) {
                        strictest = Some(limit);
                    }
                }
                Err(_) if labels.contains(&NOT_COUNTED) => {}
                Err(_) => labels.push(NOT_COUNTED),
            }
        }
        match strictest {
            Some(limit) => limit.refusal(),
            None if labels.is_empty() => Verdict::Allow,
            None => {
                // A message has at most 16 labels, and there is one more of ours.
                labels.truncate(sluice_plugin::limits::LABELS);
                Verdict::flag(labels)
            }
        }
    }
}

impl Limit {
    fn is_exceeded(&self, message: &Message) -> Result<bool, counters::Error> {
        let number = match self.count {
            Count::Messages => 1,
            Count::Links => message.links.len(),
            Count::Attachments => message.attachments.len(),
        };
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        // What brings nothing exceeds nothing, and need not be asked about.
        if number == 0 {
            return Ok(false);
        }
        let whose = match self.per {
            Per::Author => &message.author.id,
            Per::Conversation => &message.conversation,
            Per::All => "",
        };
        let counted = counters::add(&format!("{}:{whose}", self.name), number, self.seconds)?;
        Ok(counted > u64::from(self.most))
    }

    fn refusal(&self) -> Verdict {
        let usual = match self.action {
            Action::Block => "The message was not sent: too much comes in too short a time. Please try again later.",
            Action::Hold | Action::Flag => "Much comes in a short time, so a supervisor looks at the message first.",
        };
        let notice = self.notice.as_deref().filter(|notice| !notice.trim().is_empty()).unwrap_or(usual);
        match self.action {
            Action::Block => Verdict::block(self.name.as_str(), notice),
            Action::Hold | Action::Flag => Verdict::hold(self.name.as_str(), notice),
        }
    }
}

sluice_plugin::export!(RateLimit: MessageFilter);

#[cfg(test)]
mod tests;
