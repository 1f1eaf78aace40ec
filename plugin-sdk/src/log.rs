//! Lines for the plugin's author, kept with the decision.
//!
//! A plugin that calls any of these asks for a permission: the account's administrator grants it when the plugin is
//! enabled. A plugin that calls none does not import the log. Never log message text or personal data. At most 64
//! lines a call, each cut at 1,024 bytes. [`Plugin::configure`](crate::Plugin::configure) may not log.
//!
//! Natively the lines are kept for the test that runs: see [`testing::logged`](crate::testing::logged).

pub use crate::bindings::base::sluice::policy::log::Level;

/// For finding mistakes.
///
/// ```
/// sluice_plugin::log::debug("three links");
/// ```
pub fn debug(line: impl AsRef<str>) {
    write(Level::Debug, line.as_ref());
}

/// Worth knowing.
///
/// ```
/// use sluice_plugin::{log, testing};
/// log::info("three links");
/// assert_eq!(testing::logged(), [(log::Level::Info, "three links".to_owned())]);
/// ```
pub fn info(line: impl AsRef<str>) {
    write(Level::Info, line.as_ref());
}

/// Something is odd.
///
/// ```
/// sluice_plugin::log::warn("a link without a host");
/// ```
pub fn warn(line: impl AsRef<str>) {
    write(Level::Warn, line.as_ref());
}

/// Something is wrong.
///
/// ```
/// sluice_plugin::log::error("the table is empty");
/// ```
pub fn error(line: impl AsRef<str>) {
    write(Level::Error, line.as_ref());
}

#[cfg(target_arch = "wasm32")]
fn write(level: Level, line: &str) {
    crate::bindings::base::sluice::policy::log::write(level, line);
}

#[cfg(not(target_arch = "wasm32"))]
fn write(level: Level, line: &str) {
    crate::testing::record(level, line);
}
