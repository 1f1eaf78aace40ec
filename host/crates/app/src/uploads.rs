//! Places for uploads, and for what else takes long: each takes memory, a disk and a core while it goes on, so there are only so many.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use sluice_domain::{id::AccountId, permission::Permission};

use crate::{App, AppError, caller::Caller};

/// How many uploads of one kind go on at once.
pub(crate) struct Uploads {
    running: Arc<Mutex<HashMap<AccountId, usize>>>,
    /// Of all accounts.
    at_once: usize,
    /// Of one account: a busy account leaves places to others.
    of_one_account: usize,
}

/// A place that an upload has until this is dropped.
pub struct UploadPlace {
    running: Arc<Mutex<HashMap<AccountId, usize>>>,
    pub(crate) account: AccountId,
}

impl Uploads {
    /// Of components, which are kept in memory while they are read and inspected.
    pub(crate) fn of_components() -> Self {
        Self::new(16, 2)
    }

    /// Of attachments, which go to the disk as they come.
    pub(crate) fn of_attachments() -> Self {
        Self::new(64, 8)
    }

    /// Of rules that are tried on earlier messages.
    pub(crate) fn of_forecasts() -> Self {
        Self::new(4, 1)
    }

    /// Of chains that are tried on earlier messages.
    pub(crate) fn of_previews() -> Self {
        Self::new(4, 1)
    }

    /// Of requests that plugins make to other servers.
    pub(crate) fn of_fetches() -> Self {
        Self::new(64, 8)
    }

    fn new(at_once: usize, of_one_account: usize) -> Self {
        Self { running: Arc::default(), at_once, of_one_account }
    }

    pub(crate) fn begin(&self, account: AccountId) -> Option<UploadPlace> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.values().sum::<usize>() >= self.at_once {
            return None;
        }
        let own = running.entry(account).or_default();
        if *own >= self.of_one_account {
            return None;
        }
        *own += 1;
        Some(UploadPlace { running: self.running.clone(), account })
    }
}

impl Drop for UploadPlace {
    fn drop(&mut self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = running.get_mut(&self.account) {
            *own -= 1;
            if *own == 0 {
                running.remove(&self.account);
            }
        }
    }
}

impl App {
    /// Gives a place for an upload, before anything of it is read.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]; [`AppError::NotForSupport`]: the account's own people bring plugins; [`AppError::Busy`] when the account has two uploads running, or the server sixteen.
    pub fn begin_upload(&self, caller: &Caller) -> Result<UploadPlace, AppError> {
        caller.require(Permission::ManagePlugins)?;
        caller.not_support()?;
        self.inner.uploads.begin(caller.account).ok_or(AppError::Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: u8) -> AccountId {
        AccountId::new(sluice_domain::time::Timestamp::from_millis(i64::from(number)), [number; 10])
    }

    #[test]
    fn an_account_gets_two_places_and_leaves_the_rest_to_others() {
        let uploads = Uploads::new(16, 2);
        let mut places: Vec<_> = (0..4).filter_map(|_| uploads.begin(account(1))).collect();
        assert_eq!(places.len(), 2);
        places.pop();
        places.extend(uploads.begin(account(1)));
        assert_eq!(places.len(), 2, "a place that was left is free again");
        places.extend((2..40).filter_map(|number| uploads.begin(account(number))));
        assert_eq!(places.len(), 16);
        places.clear();
        assert!(uploads.running.lock().is_ok_and(|running| running.is_empty()));
    }
}
