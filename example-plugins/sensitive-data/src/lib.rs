//! Redacts, holds, flags or blocks messages that hold payment cards, bank accounts or Russian identity numbers.
//!
//! This file makes a verdict of what was found. Reasons and replacements never repeat it, except for the last four
//! digits of a card where the configuration keeps them.

mod checks;
mod config;
mod context;
mod digits;
mod find;
mod groups;
mod ibans;

use sluice_plugin::{ConfigErrors, Edits, Message, MessageFilter, Plugin, Verdict};

use config::Action;
pub use config::Config;
use find::{Kind, find};

/// The plugin.
#[derive(Debug)]
pub struct SensitiveData {
    config: Config,
}

impl Plugin for SensitiveData {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, ConfigErrors> {
        Ok(Self { config })
    }
}

impl MessageFilter for SensitiveData {
    fn check(&self, message: &Message) -> Verdict {
        let mut strictest: Option<(Action, Kind)> = None;
        let mut labels: Vec<&str> = Vec::new();
        let mut edits = Edits::of(&message.text);
        find(&message.text, |found| {
            let action = self.action(found.kind);
            if strictest.is_none_or(|(other, _)| action > other) {
                strictest = Some((action, found.kind));
            }
            match action {
                Action::Flag if !labels.contains(&code(found.kind)) => labels.push(code(found.kind)),
                Action::Redact => edits.replace(found.range, self.replacement(found.kind)),
                Action::Flag | Action::Off | Action::Hold | Action::Block => {}
            }
        });
        match strictest {
            None | Some((Action::Off, _)) => Verdict::Allow,
            Some((Action::Flag, _)) => Verdict::flag(labels),
            Some((Action::Redact, _)) => edits.into_verdict(),
            Some((Action::Hold, kind)) => Verdict::hold(
                code(kind),
                format!("The message seems to hold {}, so a supervisor looks first.", name(kind)),
            ),
            Some((Action::Block, kind)) => Verdict::block(
                code(kind),
                format!("The message was not sent: it seems to hold {}. Please do not send it here.", name(kind)),
            ),
        }
    }
}

impl SensitiveData {
    fn action(&self, kind: Kind) -> Action {
        match kind {
            Kind::Card(_) => self.config.payment_cards.action,
            Kind::Iban => self.config.ibans.action,
            Kind::Passport => self.config.russian_passports.action,
            Kind::Snils => self.config.snils.action,
            Kind::Inn => self.config.inn.action,
        }
    }

    fn replacement(&self, kind: Kind) -> String {
        match kind {
            Kind::Card([a, b, c, d]) if self.config.payment_cards.keep_last_four => format!("[card •••• {a}{b}{c}{d}]"),
            Kind::Card(_) => "[card]".to_owned(),
            Kind::Iban => "[iban]".to_owned(),
            Kind::Passport => "[passport]".to_owned(),
            Kind::Snils => "[snils]".to_owned(),
            Kind::Inn => "[inn]".to_owned(),
        }
    }
}

/// The code of a reason and the label, for programs.
const fn code(kind: Kind) -> &'static str {
    match kind {
        Kind::Card(_) => "payment-card",
        Kind::Iban => "iban",
        Kind::Passport => "russian-passport",
        Kind::Snils => "snils",
        Kind::Inn => "inn",
    }
}

/// In a sentence, for people.
const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Card(_) => "a payment card's number",
        Kind::Iban => "a bank account's number",
        Kind::Passport => "a passport's number",
        Kind::Snils => "an insurance number",
        Kind::Inn => "a taxpayer's number",
    }
}

sluice_plugin::export!(SensitiveData: MessageFilter);

#[cfg(test)]
mod tests;
