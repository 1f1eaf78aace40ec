//! What the account's administrator sets.

use schemars::JsonSchema;
use serde::Deserialize;

/// When the office is open, for whom that matters, and what happens outside these hours.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// # Time zone
    /// The office's time zone by its IANA name, such as `Europe/Berlin`. Daylight saving is taken into account.
    #[serde(default = "utc")]
    pub(crate) time_zone: String,
    /// # Hours
    /// When the office is open. Several ranges may overlap; without any, the office is never open.
    #[serde(default = "weekdays")]
    pub(crate) hours: Vec<Hours>,
    /// # Closed on
    /// Days on which the office does not open: a date such as `2026-05-14`, or `12-25` for that day of every year.
    #[serde(default)]
    pub(crate) closed: Vec<String>,
    /// # Roles
    /// Who is let in only while the office is open. Everyone else always is.
    #[serde(default = "operators")]
    pub(crate) roles: Vec<Role>,
    /// # Outside office hours
    /// What happens while the office is closed.
    #[serde(default)]
    pub(crate) action: Action,
    /// # Notice
    /// What a person who is turned away is told, instead of the usual sentence.
    #[serde(default)]
    #[schemars(length(max = 1024))]
    pub(crate) notice: Option<String>,
}

/// One range of hours.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hours {
    /// # Days
    /// The days on which this range begins.
    pub(crate) days: Vec<Day>,
    /// # From
    /// When the office opens, as `09:00`.
    #[schemars(regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub(crate) from: String,
    /// # To
    /// When it closes, as `18:00`; `24:00` is midnight. A time that is not after the opening is one on the next day.
    #[schemars(regex(pattern = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"))]
    pub(crate) to: String,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// In what capacity someone asks to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Role {
    /// A person who answers clients.
    Operator,
    /// A person who oversees operators.
    Supervisor,
    /// A person who may do everything.
    Administrator,
    /// A program with one of the account's API tokens.
    ApiToken,
    /// The platform's support.
    Support,
}

/// What happens while the office is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Action {
    /// Nobody of these roles is let in.
    #[default]
    Deny,
    /// They are let in with a second factor.
    Challenge,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn operators() -> Vec<Role> {
    vec![Role::Operator]
}

fn weekdays() -> Vec<Hours> {
    let days = vec![Day::Monday, Day::Tuesday, Day::Wednesday, Day::Thursday, Day::Friday];
    vec![Hours { days, from: "09:00".to_owned(), to: "18:00".to_owned() }]
}
