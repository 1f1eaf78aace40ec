//! Blocks, holds, flags or masks messages that contain words from the account's lists, however the words are disguised.
//!
//! This file makes a verdict of what was found; finding is the [`matcher`]'s job.

mod config;
mod letters;
mod marked;
mod matcher;
mod patterns;
mod reader;
mod spaced;
mod table;

use std::ops::ControlFlow;

use sluice_plugin::{ConfigErrors, Edits, Message, MessageFilter, Plugin, Verdict};

pub use config::Config;
use config::{Action, List};
use letters::Letters;
use matcher::{Hits, Matcher};
use patterns::Hit;

/// The code of every reason that this plugin gives.
const CODE: &str = "blocked-word";

/// The plugin.
#[derive(Debug)]
pub struct BlockedWords {
    matcher: Matcher,
    lists: Vec<Outcome>,
}

/// What a hit on a list means.
#[derive(Debug)]
struct Outcome {
    name: String,
    action: Action,
    notice: String,
}

impl Outcome {
    fn of(list: List) -> Self {
        let usual = match list.action {
            Action::Block => "The message was not sent: it contains wording that is not allowed here.",
            Action::Hold | Action::Flag | Action::Redact => {
                "The message contains wording that a supervisor looks at first."
            }
        };
        let notice = list.notice.filter(|notice| !notice.trim().is_empty()).unwrap_or_else(|| usual.to_owned());
        Self { name: list.name, action: list.action, notice }
    }
}

impl Plugin for BlockedWords {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, ConfigErrors> {
        let letters = Letters::new(config.look_alikes);
        let collected = config.collect(&letters)?;
        Ok(Self {
            matcher: Matcher::new(letters, collected.words, collected.parts, config.spaced_letters),
            lists: config.lists.into_iter().map(Outcome::of).collect(),
        })
    }
}

impl MessageFilter for BlockedWords {
    fn check(&self, message: &Message) -> Verdict {
        let mut found = Found {
            lists: &self.lists,
            edits: Edits::of(&message.text),
            flagged: 0,
            held: None,
            blocked: None,
            text: &message.text,
        };
        self.matcher.find(&message.text, &mut found);
        found.into_verdict()
    }
}

/// What was found in one message.
struct Found<'call> {
    lists: &'call [Outcome],
    text: &'call str,
    edits: Edits<'call>,
    flagged: u64,
    held: Option<&'call Outcome>,
    blocked: Option<&'call Outcome>,
}

impl Hits for Found<'_> {
    fn hit(&mut self, hit: Hit) -> ControlFlow<()> {
        let Some(list) = self.lists.get(usize::from(hit.list)) else { return ControlFlow::Continue(()) };
        match list.action {
            Action::Flag => self.flagged |= 1 << (hit.list % 64),
            // A held message is not redacted too, so what is found after that need not be kept.
            Action::Redact if self.held.is_none() => {
                let characters = self.text.get(hit.range.clone()).unwrap_or_default().chars().count();
                self.edits.replace(hit.range, "*".repeat(characters));
            }
            Action::Redact => {}
            Action::Hold => self.held = self.held.or(Some(list)),
            Action::Block => {
                self.blocked = Some(list);
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }
}

impl Found<'_> {
    fn into_verdict(self) -> Verdict {
        if let Some(list) = self.blocked {
            return Verdict::block(CODE, list.notice.as_str());
        }
        if let Some(list) = self.held {
            return Verdict::hold(CODE, list.notice.as_str());
        }
        if !self.edits.is_empty() {
            return self.edits.into_verdict();
        }
        let flagged = self.lists.iter().enumerate().filter(|(index, _)| self.flagged & (1 << index) != 0);
        // A flag has at most 16 labels.
        Verdict::flag(flagged.map(|(_, list)| list.name.as_str()).take(sluice_plugin::limits::LABELS))
    }
}

sluice_plugin::export!(BlockedWords: MessageFilter);

#[cfg(test)]
mod tests;
