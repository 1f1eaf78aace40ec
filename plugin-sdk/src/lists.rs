//! The account's named lists, which its people edit without touching the plugin.
//!
//! A plugin that calls [`find`] asks for a permission: the account's administrator grants it when the plugin is enabled. A plugin that
//! does not call it does not import the interface. [`Plugin::configure`](crate::Plugin::configure) may not look anything up: let the
//! configuration name the list, and ask with each message.
//!
//! Natively, a test says what its lists are with [`testing::list`](crate::testing::list).

pub use crate::bindings::base::sluice::policy::lists::Error;

/// The entry that `value` is found by in the account's list of this name, as it stands there: the longest when several fit. The list's
/// kind says how: as a whole text, a beginning, a network or a domain. It costs the same in a list of any length.
///
/// ```
/// use sluice_plugin::{lists, testing};
/// testing::list("partners", ["example.com"]);
/// assert_eq!(lists::find("partners", "example.com"), Ok(Some("example.com".to_owned())));
/// assert_eq!(lists::find("partners", "example.org"), Ok(None));
/// assert_eq!(lists::find("others", "example.org"), Err(lists::Error::NoSuchList));
/// ```
///
/// # Errors
/// [`Error::NoSuchList`]; [`Error::OutsideLimits`] for a name or a value of more than 512 bytes; [`Error::TooMuch`] after 64 questions.
pub fn find(list: &str, value: &str) -> Result<Option<String>, Error> {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::base::sluice::policy::lists::find(list, value);
    #[cfg(not(target_arch = "wasm32"))]
    return crate::testing::host::find(list, value);
}

/// Whether `value` is found in the account's list of this name.
///
/// ```
/// use sluice_plugin::{lists, testing};
/// testing::list("partners", ["example.com"]);
/// assert_eq!(lists::contains("partners", "example.com"), Ok(true));
/// ```
///
/// # Errors
/// As of [`find`].
pub fn contains(list: &str, value: &str) -> Result<bool, Error> {
    find(list, value).map(|found| found.is_some())
}
