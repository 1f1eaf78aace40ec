//! Places for uploads: each is kept in memory while it is read and inspected, so there are only so many.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use sluice_domain::{id::AccountId, permission::Permission};

use crate::{App, AppError, caller::Caller};

/// Uploads of all accounts at once.
const AT_ONCE: usize = 16;
/// Uploads of one account at once: a busy account leaves places to others.
const OF_ONE_ACCOUNT: usize = 2;

#[derive(Default)]
pub(crate) struct Uploads {
    running: Arc<Mutex<HashMap<AccountId, usize>>>,
}

/// A place that an upload has until this is dropped.
pub struct UploadPlace {
    running: Arc<Mutex<HashMap<AccountId, usize>>>,
    pub(crate) account: AccountId,
}

impl Uploads {
    fn begin(&self, account: AccountId) -> Option<UploadPlace> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.values().sum::<usize>() >= AT_ONCE {
            return None;
        }
        let own = running.entry(account).or_default();
        if *own >= OF_ONE_ACCOUNT {
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
        let uploads = Uploads::default();
        let mut places: Vec<_> = (0..4).filter_map(|_| uploads.begin(account(1))).collect();
        assert_eq!(places.len(), OF_ONE_ACCOUNT);
        places.pop();
        places.extend(uploads.begin(account(1)));
        assert_eq!(places.len(), OF_ONE_ACCOUNT, "a place that was left is free again");
        places.extend((2..40).filter_map(|number| uploads.begin(account(number))));
        assert_eq!(places.len(), AT_ONCE);
        places.clear();
        assert!(uploads.running.lock().is_ok_and(|running| running.is_empty()));
    }
}
