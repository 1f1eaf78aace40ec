//! Wakes the live streams of an account when there is something new in its outbox, and tells them what is kept nowhere.
//!
//! A wake-up carries no content: the outbox is the truth, so a lost wake-up loses nothing. What is kept nowhere reaches the streams of
//! this server only, and those that lag miss it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use sluice_domain::id::AccountId;
use tokio::sync::{broadcast, watch};

use crate::typing::Typing;

/// What a stream may be behind with of what is kept nowhere, before it misses some.
const BEHIND: usize = 64;

#[derive(Default)]
pub(crate) struct Bus {
    accounts: Mutex<HashMap<AccountId, Senders>>,
}

struct Senders {
    woken: watch::Sender<()>,
    typing: broadcast::Sender<Typing>,
}

/// What one stream hears.
pub(crate) struct Ear {
    /// Of every [`Bus::wake`].
    pub(crate) woken: watch::Receiver<()>,
    /// Of every [`Bus::tell`].
    pub(crate) typing: broadcast::Receiver<Typing>,
}

impl Bus {
    /// What hears of all that happens in `account` from now on.
    pub(crate) fn subscribe(&self, account: AccountId) -> Ear {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let senders = accounts
            .entry(account)
            .or_insert_with(|| Senders { woken: watch::Sender::new(()), typing: broadcast::Sender::new(BEHIND) });
        Ear { woken: senders.woken.subscribe(), typing: senders.typing.subscribe() }
    }

    /// Says that the outbox of `account` has grown.
    pub(crate) fn wake(&self, account: AccountId) {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if accounts.get(&account).is_some_and(|senders| senders.woken.send(()).is_err()) {
            accounts.remove(&account);
        }
    }

    /// Says who is typing in `account`.
    pub(crate) fn tell(&self, account: AccountId, typing: Typing) {
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(senders) = accounts.get(&account) {
            // That nobody listens is no error.
            let _ = senders.typing.send(typing);
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
        ours.woken.changed().await.expect("woken");
        assert!(!theirs.woken.has_changed().expect("open"));
        drop(ours);
        bus.wake(one);
        assert!(!bus.accounts.lock().expect("not poisoned").contains_key(&one), "nobody listens any more");
    }
}
