//! Numbers that outlive a call, for limits such as "the third link in a minute".
//!
//! A plugin that calls [`add`] asks for a permission: the account's administrator grants it when the plugin is enabled. A plugin that
//! does not call it does not import the interface. [`Plugin::configure`](crate::Plugin::configure) may not count.
//!
//! Each plugin of an account has counters of its own, which its versions and installations share; in shadow it counts apart, and in a
//! preview it begins at 0. Natively, counters live in memory for the test's thread, by the time that
//! [`testing::at`](crate::testing::at) sets.

pub use crate::bindings::base::sluice::policy::counters::Error;

/// Adds to a counter and gives what it is then. It begins at 0 with its first addition and is removed `lives` seconds later. To add 0 is
/// to read, and begins nothing.
///
/// Of two messages at once, one sees the other's addition. What was added stays, whatever becomes of the message.
///
/// ```
/// use sluice_plugin::counters;
/// assert_eq!(counters::add("links of Ann", 2, 60), Ok(2));
/// assert_eq!(counters::add("links of Ann", 1, 60), Ok(3));
/// sluice_plugin::testing::at(60_000);
/// assert_eq!(counters::add("links of Ann", 0, 60), Ok(0));
/// ```
///
/// # Errors
/// [`Error::OutsideLimits`] for the key or the life, [`Error::TooMuch`] after 64 questions, [`Error::Full`] when the account has 100,000
/// counters, [`Error::TimedOut`] when there was no answer in two seconds: then it may have been counted.
pub fn add(key: &str, by: u32, lives: u32) -> Result<u64, Error> {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::base::sluice::policy::counters::add(key, by, lives);
    #[cfg(not(target_arch = "wasm32"))]
    return crate::testing::host::add(key, by, lives);
}
