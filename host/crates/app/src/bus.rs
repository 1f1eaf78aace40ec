//! Wakes the live streams of an account when there is something new in its outbox.
//!
//! A wake-up carries no content: the outbox is the truth, so a lost wake-up loses nothing.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use sluice_domain::id::AccountId;
use tokio::sync::watch;

#[derive(Default)]
pub(crate) struct Bus {
    accounts: Mutex<HashMap<AccountId, watch::Sender<()>>>,
}

impl Bus {
    /// What tells of every later [`Bus::wake`] of `account`.
    pub(crate) fn subscribe(&self, account: AccountId) -> watch::Receiver<()> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.entry(account).or_insert_with(|| watch::Sender::new(())).subscribe()
    }

    /// Says that the outbox of `account` has grown.
    pub(crate) fn wake(&self, account: AccountId) {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if accounts.get(&account).is_some_and(|sender| sender.send(()).is_err()) {
            accounts.remove(&account);
        }
    }
}

#[cfg(test)]
mod tests {
    use sluice_domain::time::Timestamp;

    use super::*;

    #[tokio::test]
    async fn a_wake_up_reaches_its_account_only() {
        let bus = Bus::default();
        let [one, other] = [1, 2].map(|n| AccountId::new(Timestamp::from_millis(n), [0; 10]));
        let (mut ours, theirs) = (bus.subscribe(one), bus.subscribe(other));
        bus.wake(one);
        ours.changed().await.expect("woken");
        assert!(!theirs.has_changed().expect("open"));
        drop(ours);
        bus.wake(one);
        assert!(!bus.accounts.lock().expect("not poisoned").contains_key(&one), "nobody listens any more");
    }
}
