//! What was said in the same conversation before.
//!
//! A plugin that calls [`earlier`] asks for a permission: the account's administrator grants it when the plugin is enabled. A plugin that
//! does not call it does not import the interface. [`Plugin::configure`](crate::Plugin::configure) may not read any.
//!
//! Natively, a test says what was said before with [`testing::said_before`](crate::testing::said_before).

pub use crate::bindings::base::sluice::policy::history::{EarlierMessage, Error};

/// The newest delivered messages before the one that is decided about, newest first: at most `count`, at most 50, at most 65,536 bytes of
/// text together. None for an access request, and none where a message is tried that belongs to no conversation.
///
/// ```
/// use sluice_plugin::{history, testing::{message, said_before}};
/// said_before(&message("hello").from_client("Ann"));
/// said_before(&message("good day").outgoing().from_operator("Bob"));
/// let earlier = history::earlier(10).unwrap_or_default();
/// assert_eq!(earlier[0].text, "good day");
/// assert_eq!(earlier[1].author.name, "Ann");
/// ```
///
/// # Errors
/// [`Error::TooMuch`] after 64 questions or 1,048,576 bytes of answers, [`Error::TimedOut`] when there was no answer in two seconds.
pub fn earlier(count: u32) -> Result<Vec<EarlierMessage>, Error> {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::base::sluice::policy::history::earlier(count);
    #[cfg(not(target_arch = "wasm32"))]
    return crate::testing::host::earlier(count);
}
