//! Where an account's log ends, as the account's row says, and the seal that shows whether that was touched.

use crate::{
    audit::{
        chain::{SealKey, finish, mac, put},
        verifier::KeptEntry,
    },
    digest::Digest,
    id::AccountId,
};

/// What is authenticated first by the seals of ends.
const OF_ENDS: &[u8] = b"sluice audit end 1\0";
/// What is authenticated first by the MAC over the entries from before the chain.
const OF_EARLIER: &[u8] = b"sluice audit earlier 1\0";

/// What an account's row says of its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct End {
    /// How many entries were added before entries had a MAC; the chain begins after them.
    pub unsealed: i64,
    /// The MAC over those, as they were when they were sealed all at once: see [`Earlier`]. `None` when there are none.
    pub earlier: Option<Digest>,
    /// The number of the newest entry.
    pub seq: i64,
    /// Its MAC; `None` before the first that has one.
    pub head: Option<Digest>,
}

impl End {
    /// The MAC over all of it. An end that is cut back to an earlier entry, or a beginning that is moved, has none that anybody
    /// without the key could write.
    pub fn seal(&self, key: &SealKey, account: AccountId) -> Digest {
        let Self { unsealed, earlier, seq, head } = self;
        let mut mac = mac(key, OF_ENDS);
        put(&mut mac, account.to_string().as_bytes());
        for number in [unsealed, seq] {
            put(&mut mac, &number.to_be_bytes());
        }
        for digest in [earlier, head] {
            put(&mut mac, digest.as_ref().map_or(&[], |digest| digest.as_bytes().as_slice()));
        }
        finish(mac)
    }

    /// Whether it is that of a log without entries: only then it needs no seal.
    pub fn is_of_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// A MAC over the entries that were written before entries had one, as they are kept and in their order. It shows nothing about what was
/// done to them until it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earlier {
    seq: i64,
    head: Option<Digest>,
}

impl Earlier {
    /// Over no entries.
    pub const NONE: Self = Self { seq: 0, head: None };

    /// With one more entry.
    #[must_use]
    pub fn with(&self, key: &SealKey, account: AccountId, kept: &KeptEntry) -> Self {
        let seq = kept.seq;
        let mut mac = mac(key, OF_EARLIER);
        put(&mut mac, self.head.as_ref().map_or(&[], |digest| digest.as_bytes().as_slice()));
        put(&mut mac, account.to_string().as_bytes());
        put(&mut mac, &seq.to_be_bytes());
        // Where a log was accepted as it was found, its entries have MACs of a chain that does not go on.
        put(&mut mac, kept.mac.as_bytes());
        kept.entry().put_into(&mut mac);
        Self { seq, head: Some(finish(mac)) }
    }

    /// The number of the last entry that it is over.
    pub const fn seq(&self) -> i64 {
        self.seq
    }

    /// The MAC; `None` over no entries.
    pub const fn head(&self) -> Option<Digest> {
        self.head
    }
}
