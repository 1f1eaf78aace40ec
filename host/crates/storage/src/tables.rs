//! The tables, one file each: what a row is, and one function a statement with its SQL beside it.

pub(crate) mod accounts;
pub(crate) mod addresses;
pub(crate) mod attachments;
pub(crate) mod audit;
pub(crate) mod clients;
pub(crate) mod conversations;
pub(crate) mod decisions;
pub(crate) mod events;
pub(crate) mod filter_rules;
pub(crate) mod groups;
pub(crate) mod idempotency;
pub(crate) mod installations;
pub(crate) mod links;
pub(crate) mod messages;
pub(crate) mod passkeys;
pub(crate) mod people;
pub(crate) mod permission_templates;
pub(crate) mod plugins;
pub(crate) mod second_factors;
pub(crate) mod sessions;
pub(crate) mod support;
pub(crate) mod throttles;
pub(crate) mod tokens;
