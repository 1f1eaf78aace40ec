//! Which refusals are written down. Anybody can be refused as often as they like: of the same, few are written each minute, of one
//! account no more than its share; the rest is counted, and the next entry says how many.
//!
//! There is no other way to an entry about a refusal: `Action` has none, and entries of `Refused` are made here only.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

use serde_json::json;
use sluice_domain::{
    audit::Refused,
    id::{AccountId, PersonId},
    network::subscriber_of,
    time::Timestamp,
};
use sluice_storage::NewAudit;

use crate::{App, AppError, audit::Who, caller::Caller, seldom::MINUTE};

/// Of one subject, from wherever, so many are written each minute.
const OF_SUBJECT: u32 = 12;
/// Most that is remembered of one minute. With more, nothing new is written until some of it is old.
const MOST: usize = 65_536;

/// Somebody was kept from something.
pub(crate) struct Refusal<'a> {
    pub(crate) who: Who,
    pub(crate) refused: Refused,
    /// What was tried, again and again maybe: a person, a session, a token, a link.
    pub(crate) subject: String,
    /// What the entry names.
    pub(crate) target: String,
    /// Why.
    pub(crate) code: &'a str,
}

impl<'a> Refusal<'a> {
    /// A caller is refused who shows `subject`.
    pub(crate) fn of(caller: &Caller, refused: Refused, subject: impl ToString, code: &'a str) -> Self {
        let target = caller.person.to_string();
        Self { who: Who::of(caller), refused, subject: subject.to_string(), target, code }
    }

    /// A log-in of a person is refused.
    pub(crate) fn of_log_in(caller: &Caller, person: PersonId, code: &'a str) -> Self {
        Self::of(caller, Refused::LogIn, person, code)
    }
}

/// How many of the same, by subject, reason and subscriber, are written each minute.
const fn of_the_same(refused: Refused) -> u32 {
    match refused {
        // Each is a guess of its own, and `throttle` slows them down.
        Refused::LogIn => 6,
        Refused::Session | Refused::Token | Refused::Link | Refused::Support => 1,
    }
}

/// What was written within the last minute.
pub(crate) struct Refusals {
    per_account: u32,
    written: Mutex<Written>,
}

#[derive(Default)]
struct Written {
    same: HashMap<Same, Count>,
    subjects: HashMap<(AccountId, Refused, String), Count>,
    accounts: HashMap<AccountId, (Count, u64)>,
}

#[derive(PartialEq, Eq, Hash)]
struct Same {
    account: AccountId,
    refused: Refused,
    subject: String,
    subscriber: String,
    code: String,
}

#[derive(Clone, Copy)]
struct Count {
    since: Timestamp,
    written: u32,
}

impl Count {
    const fn new(since: Timestamp) -> Self {
        Self { since, written: 0 }
    }

    fn is_of(self, now: Timestamp) -> bool {
        now < self.since.plus_millis(MINUTE)
    }

    /// The count of the minute of `now`.
    fn at(self, now: Timestamp) -> Self {
        if self.is_of(now) { self } else { Self::new(now) }
    }
}

fn of<K: Hash + Eq>(counts: &HashMap<K, Count>, key: &K, now: Timestamp) -> Count {
    counts.get(key).map_or(Count::new(now), |count| count.at(now))
}

/// Whether there is room for one more, when what is old is forgotten.
fn has_room<K: Hash + Eq>(counts: &mut HashMap<K, Count>, now: Timestamp) -> bool {
    if counts.len() >= MOST {
        counts.retain(|_, count| count.is_of(now));
    }
    counts.len() < MOST
}

impl Refusals {
    pub(crate) fn new(per_account: u64) -> Self {
        Self { per_account: u32::try_from(per_account).unwrap_or(u32::MAX), written: Mutex::default() }
    }

    /// Whether a refusal is written down: then how many of the account were not since the last one.
    fn write(&self, account: AccountId, refusal: &Refusal<'_>, now: Timestamp) -> Option<u64> {
        let Refusal { who, refused, subject, code, .. } = refusal;
        let subscriber = subscriber_of(&who.address);
        let same = Same { account, refused: *refused, subject: subject.clone(), subscriber, code: (*code).to_owned() };
        let subject = (account, *refused, subject.clone());

        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut of_same, mut of_subject) = (of(&written.same, &same, now), of(&written.subjects, &subject, now));
        let known = written.accounts.get(&account).copied();
        let (of_account, left_out) = known.unwrap_or((Count::new(now), 0));
        let mut of_account = of_account.at(now);
        let room = has_room(&mut written.same, now) && has_room(&mut written.subjects, now);
        if !room
            || of_same.written >= of_the_same(*refused)
            || of_subject.written >= OF_SUBJECT
            || of_account.written >= self.per_account
        {
            written.accounts.insert(account, (of_account, left_out + 1));
            return None;
        }
        of_same.written += 1;
        of_subject.written += 1;
        of_account.written += 1;
        written.same.insert(same, of_same);
        written.subjects.insert(subject, of_subject);
        written.accounts.insert(account, (of_account, 0));
        Some(left_out)
    }
}

impl App {
    /// The entry about a refusal, when it is written down.
    pub(crate) fn refusal_entry(&self, account: AccountId, refusal: Refusal<'_>, now: Timestamp) -> Option<NewAudit> {
        let left_out = self.inner.refusals.write(account, &refusal, now)?;
        let mut details = json!({"code": refusal.code});
        if left_out > 0 {
            details["not_written"] = left_out.into();
        }
        Some(self.refused_row(refusal.who, refusal.refused, refusal.target, &details))
    }

    /// Writes a refusal down, when it is.
    pub(crate) async fn keep_refusal(
        &self,
        account: AccountId,
        refusal: Refusal<'_>,
        now: Timestamp,
    ) -> Result<(), AppError> {
        match self.refusal_entry(account, refusal, now) {
            Some(entry) => self.keep_entry(account, entry).await,
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use sluice_domain::message::Role;

    use super::*;

    fn account(number: u8) -> AccountId {
        AccountId::new(Timestamp::from_millis(1), [number; 10])
    }

    fn refusal(refused: Refused, subject: &str, address: &str) -> Refusal<'static> {
        let who = Who { id: "somebody".to_owned(), role: Role::Operator, address: address.to_owned() };
        Refusal { who, refused, subject: subject.to_owned(), target: String::new(), code: "no" }
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn the_same_is_written_once_a_minute_and_then_with_how_many_were_not() {
        let refusals = Refusals::new(120);
        let write =
            |address: &str, millis| refusals.write(account(1), &refusal(Refused::Link, "a link", address), at(millis));
        assert_eq!(write("192.0.2.1", 0), Some(0));
        for _ in 0..9 {
            assert_eq!(write("192.0.2.1", MINUTE - 1), None);
        }
        assert_eq!(write("192.0.2.2", MINUTE - 1), Some(9));
        assert_eq!(write("192.0.2.1", MINUTE), Some(0));
    }

    #[test]
    fn whoever_has_many_addresses_writes_no_more_of_one_subject() {
        let refusals = Refusals::new(120);
        for action in Refused::ALL {
            let written = (0..1_000).filter(|number| {
                let address = format!("2001:db8:{number:x}::1");
                refusals.write(account(1), &refusal(action, "one", &address), at(0)).is_some()
            });
            assert_eq!(written.count(), OF_SUBJECT as usize);
            let same_subscriber = (0..1_000).filter(|number| {
                let address = format!("2001:db8::{number:x}");
                refusals.write(account(2), &refusal(action, "one", &address), at(0)).is_some()
            });
            assert_eq!(same_subscriber.count(), of_the_same(action) as usize);
        }
    }

    #[test]
    fn an_account_has_its_share_and_leaves_others_theirs() {
        let refusals = Refusals::new(120);
        let of = |number, subject: u32| {
            let refusal = refusal(Refused::Token, &subject.to_string(), "192.0.2.1");
            refusals.write(account(number), &refusal, at(0)).is_some()
        };
        assert_eq!((0..100_000).filter(|subject| of(1, *subject)).count(), 120);
        assert!(of(2, 0));
        let written = refusals.written.lock().expect("not poisoned");
        assert!(written.same.len() <= 121 && written.subjects.len() <= 121);
    }
}
