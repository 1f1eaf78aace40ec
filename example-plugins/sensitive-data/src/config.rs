//! What the account's administrator sets.

use schemars::JsonSchema;
use serde::Deserialize;

/// What to look for, and what to do about each kind of it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// # Payment cards
    /// Numbers of 13 to 19 digits that belong to a card issuer and whose check digit is right.
    #[serde(default)]
    pub(crate) payment_cards: Cards,
    /// # IBANs
    /// International bank account numbers whose country, length and check digits are right.
    #[serde(default)]
    pub(crate) ibans: Kind,
    /// # Russian passports
    /// Series and number of a Russian passport, with a word such as `паспорт` or `passport` shortly before it.
    #[serde(default)]
    pub(crate) russian_passports: Kind,
    /// # SNILS
    /// Russian insurance numbers whose check digits are right: as 123-456-789 12, or with `СНИЛС` shortly before.
    #[serde(default)]
    pub(crate) snils: Kind,
    /// # INN
    /// Russian taxpayer numbers whose check digits are right, with `ИНН` or `INN` shortly before. Off unless set: a
    /// company's is public.
    #[serde(default = "off")]
    pub(crate) inn: Kind,
}

/// What to do about payment cards.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cards {
    /// # Action
    /// What to do with a message that holds one.
    #[serde(default)]
    pub(crate) action: Action,
    /// # Keep the last four digits
    /// Whether a redacted card still shows its last four digits, so that people can tell which card is meant.
    #[serde(default = "yes")]
    pub(crate) keep_last_four: bool,
}

impl Default for Cards {
    fn default() -> Self {
        Self { action: Action::default(), keep_last_four: true }
    }
}

/// What to do about one kind of data.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kind {
    /// # Action
    /// What to do with a message that holds one.
    #[serde(default)]
    pub(crate) action: Action,
}

/// What to do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Action {
    /// Nothing: do not look for it.
    Off,
    /// Deliver it, marked.
    Flag,
    /// Deliver it without the number.
    #[default]
    Redact,
    /// Keep it back until a supervisor has looked.
    Hold,
    /// Do not deliver it.
    Block,
}

fn yes() -> bool {
    true
}

fn off() -> Kind {
    Kind { action: Action::Off }
}
