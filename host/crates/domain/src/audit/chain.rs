//! The chain over an account's entries: each carries a keyed MAC over itself and over the MAC before it.
//!
//! Whoever can write to the database and has not the key can neither change, remove, insert nor reorder entries unseen. What the
//! chain cannot show is that it was put back to an earlier state as a whole: for that, keep a head elsewhere.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{audit::breach::Breach, digest::Digest, id::AccountId};

/// What is authenticated first, so that a MAC of this key means nothing elsewhere.
const PURPOSE: &[u8] = b"sluice audit entry 1\0";

/// The key of the chains of all accounts.
#[derive(Clone)]
pub struct SealKey([u8; 32]);

impl SealKey {
    /// A key that was derived elsewhere.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey")
    }
}

/// One entry as it is kept: every field as its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'e> {
    /// The entry's own id.
    pub id: &'e str,
    /// Milliseconds since 1970.
    pub at: i64,
    /// Who.
    pub actor: &'e str,
    /// In what capacity.
    pub role: &'e str,
    /// What.
    pub action: &'e str,
    /// To what.
    pub target: &'e str,
    /// From where.
    pub address: &'e str,
    /// JSON, byte by byte as it is kept.
    pub details: &'e str,
}

impl Entry<'_> {
    /// All of it.
    pub(super) fn put_into(&self, mac: &mut Hmac<Sha256>) {
        let Self { id, at, actor, role, action, target, address, details } = self;
        mac.update(&at.to_be_bytes());
        for text in [id, actor, role, action, target, address, details] {
            put(mac, text.as_bytes());
        }
    }
}

/// Where an account's chain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    account: AccountId,
    seq: i64,
    head: Digest,
}

impl Chain {
    /// The beginning of an account's chain, after `unsealed` entries that were written before there were chains.
    pub fn begin(key: &SealKey, account: AccountId, unsealed: i64) -> Self {
        let mut mac = mac(key, PURPOSE);
        put(&mut mac, account.to_string().as_bytes());
        mac.update(&unsealed.to_be_bytes());
        Self { account, seq: unsealed, head: finish(mac) }
    }

    /// A chain that ends with the entry `seq`, whose MAC is `head`.
    pub const fn at(account: AccountId, seq: i64, head: Digest) -> Self {
        Self { account, seq, head }
    }

    /// The number of the last entry.
    pub const fn seq(&self) -> i64 {
        self.seq
    }

    /// The MAC of the last entry.
    pub const fn head(&self) -> Digest {
        self.head
    }

    /// The chain with one more entry.
    #[must_use]
    pub fn with(&self, key: &SealKey, entry: &Entry<'_>) -> Self {
        let seq = self.seq + 1;
        let mut mac = mac(key, PURPOSE);
        mac.update(self.head.as_bytes());
        put(&mut mac, self.account.to_string().as_bytes());
        mac.update(&seq.to_be_bytes());
        entry.put_into(&mut mac);
        Self { account: self.account, seq, head: finish(mac) }
    }

    /// Goes on to an entry that was kept under `seq` with `kept`.
    ///
    /// # Errors
    /// What is wrong, when the entry is not the next one or not what was written.
    pub fn check(&mut self, key: &SealKey, seq: i64, kept: Digest, entry: &Entry<'_>) -> Result<(), Breach> {
        if seq != self.seq + 1 {
            return Err(if seq > self.seq { Breach::Missing(self.seq + 1) } else { Breach::Inserted(seq) });
        }
        let next = self.with(key, entry);
        // Both are in the hands of whoever asks: nothing is learned from the time that it takes.
        if next.head != kept {
            return Err(Breach::Changed(seq));
        }
        *self = next;
        Ok(())
    }

    /// Whether the chain ends where the account's row says.
    ///
    /// # Errors
    /// [`Breach::Missing`] when it goes on there, [`Breach::End`] when that is another end.
    pub fn check_end(&self, seq: i64, head: Digest) -> Result<(), Breach> {
        if (self.seq, self.head) == (seq, head) {
            Ok(())
        } else if self.seq < seq {
            Err(Breach::Missing(self.seq + 1))
        } else {
            Err(Breach::End { named: seq })
        }
    }
}

/// Begins a MAC for one purpose.
pub(super) fn mac(key: &SealKey, purpose: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("any length is a key's length");
    mac.update(purpose);
    mac
}

/// A text with its length before it: no two lists of texts give the same bytes.
pub(super) fn put(mac: &mut Hmac<Sha256>, text: &[u8]) {
    mac.update(&(text.len() as u64).to_be_bytes());
    mac.update(text);
}

pub(super) fn finish(mac: Hmac<Sha256>) -> Digest {
    Digest::from_bytes(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Timestamp;

    const KEY: SealKey = SealKey::new([7; 32]);

    /// An entry as it is kept.
    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Kept {
        seq: i64,
        mac: Digest,
        at: i64,
        texts: [String; 7],
    }

    impl Kept {
        fn entry(&self) -> Entry<'_> {
            let [id, actor, role, action, target, address, details] = &self.texts;
            Entry { id, at: self.at, actor, role, action, target, address, details }
        }
    }

    fn account() -> AccountId {
        AccountId::new(Timestamp::from_millis(1), [1; 10])
    }

    fn log() -> impl Strategy<Value = Vec<Kept>> {
        let entry = (any::<i64>(), prop::array::uniform7("[ab]{0,3}"));
        prop::collection::vec(entry, 1..12).prop_map(|entries| {
            let mut chain = Chain::begin(&KEY, account(), 0);
            let seal = |(at, texts)| {
                let mut kept = Kept { seq: 0, mac: chain.head(), at, texts };
                chain = chain.with(&KEY, &kept.entry());
                (kept.seq, kept.mac) = (chain.seq(), chain.head());
                kept
            };
            entries.into_iter().map(seal).collect()
        })
    }

    fn verify(log: &[Kept], end: &Kept) -> Result<(), Breach> {
        let mut chain = Chain::begin(&KEY, account(), 0);
        for kept in log {
            chain.check(&KEY, kept.seq, kept.mac, &kept.entry())?;
        }
        chain.check_end(end.seq, end.mac)
    }

    proptest! {
        #[test]
        fn what_was_written_holds(log in log()) {
            prop_assert_eq!(verify(&log, log.last().expect("not empty")), Ok(()));
        }

        #[test]
        fn a_changed_entry_is_found(log in log(), at: prop::sample::Index, field in 0..8_usize) {
            let end = log.last().expect("not empty").clone();
            let mut touched = log.clone();
            let kept = &mut touched[at.index(log.len())];
            match field {
                7 => kept.at = kept.at.wrapping_add(1),
                _ => kept.texts[field].push('x'),
            }
            let seq = kept.seq;
            prop_assert_eq!(verify(&touched, &end), Err(Breach::Changed(seq)));
        }

        #[test]
        fn bytes_moved_between_fields_are_found(log in log(), at: prop::sample::Index, field in 0..6_usize) {
            let end = log.last().expect("not empty").clone();
            let mut touched = log.clone();
            let kept = &mut touched[at.index(log.len())];
            if let Some(moved) = kept.texts[field].pop() {
                kept.texts[field + 1].insert(0, moved);
                prop_assert!(verify(&touched, &end).is_err());
            }
        }

        #[test]
        fn a_removed_entry_is_found_wherever_it_stood(log in log(), at: prop::sample::Index) {
            let end = log.last().expect("not empty").clone();
            let mut touched = log.clone();
            let removed = touched.remove(at.index(log.len()));
            prop_assert_eq!(verify(&touched, &end), Err(Breach::Missing(removed.seq)));
        }

        #[test]
        fn a_removed_entry_is_found_when_the_others_are_numbered_anew(log in log(), at: prop::sample::Index) {
            let end = log.last().expect("not empty").clone();
            let mut touched = log.clone();
            let at = at.index(log.len());
            touched.remove(at);
            touched[at..].iter_mut().for_each(|kept| kept.seq -= 1);
            prop_assert!(verify(&touched, &end).is_err());
        }

        #[test]
        fn an_inserted_or_moved_entry_is_found(log in log(), from: prop::sample::Index, to: prop::sample::Index) {
            let end = log.last().expect("not empty").clone();
            let (from, to) = (from.index(log.len()), to.index(log.len() + 1));
            let mut touched = log.clone();
            touched.insert(to, log[from].clone());
            prop_assert!(verify(&touched, &end).is_err());
            let mut swapped = log.clone();
            swapped.swap(from, to.min(log.len() - 1));
            prop_assert_eq!(verify(&swapped, &end).is_err(), swapped != log);
        }
    }

    #[test]
    fn nothing_holds_under_another_key_another_account_or_another_beginning() {
        let other = AccountId::new(Timestamp::from_millis(1), [2; 10]);
        let begin = Chain::begin(&KEY, account(), 0);
        assert_ne!(begin.head(), Chain::begin(&SealKey::new([8; 32]), account(), 0).head());
        assert_ne!(begin.head(), Chain::begin(&KEY, other, 0).head());
        assert_ne!(begin.head(), Chain::begin(&KEY, account(), 1).head());
    }
}
