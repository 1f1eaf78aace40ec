//! For whom the platform publishes a plugin in its catalogue.
//!
//! What is in the catalogue is not held here, and that an account takes an entry is not done here.

use std::collections::BTreeSet;

use crate::id::AccountId;

/// Who sees an entry of the catalogue and can take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishedTo {
    /// Every account, those too that are made later.
    Everybody,
    /// These accounts.
    Accounts(BTreeSet<AccountId>),
}
