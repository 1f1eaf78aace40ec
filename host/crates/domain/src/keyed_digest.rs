//! Keyed digests, of what somebody could guess.
//!
//! A plain digest of a message, an e-mail address or a telephone number is as good as the thing itself: whoever has the digest tries
//! one after the other until it fits. Without the key there is nothing to try against. What nobody can guess, such as a component or a
//! secret of 256 random bits, has a plain [`Digest`](crate::digest::Digest).

use std::{fmt, str::FromStr};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::digest::{Digest, NotADigest};

/// What is authenticated first, so that a digest of this key means nothing elsewhere.
const PURPOSE: &[u8] = b"sluice keyed digest 1\0";

/// The key that the digests of one server are made with, or of the servers that share a database.
#[derive(Clone)]
pub struct DigestKey([u8; 32]);

/// What a keyed digest is of. Digests of two kinds have nothing to do with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What the rules of a decision were asked about: of an account and a decision.
    DecisionInput,
    /// What was asked for under an idempotency key: of an account, an actor and that key.
    IdempotentRequest,
    /// A plugin's own name of a counter: of an account and a plugin.
    Counter,
    /// What attempts to log in are counted for.
    Throttle,
    /// A message's text when it was reviewed: of an account and a message.
    ReviewedText,
}

/// HMAC-SHA256 (RFC 2104) of something that could be guessed. It is kept and compared, and is no part of any answer: it cannot be
/// serialized.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyedDigest(Digest);

impl DigestKey {
    /// A key that was derived elsewhere.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest of `content`, which belongs to `owner`: the same content of another owner has another digest.
    pub fn digest(&self, kind: Kind, owner: &[&str], content: &[u8]) -> KeyedDigest {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any length is a key's length");
        mac.update(PURPOSE);
        mac.update(&[kind as u8]);
        // With its length before each part, no two lists of parts give the same bytes.
        mac.update(&(owner.len() as u64).to_be_bytes());
        for part in owner.iter().map(|part| part.as_bytes()).chain([content]) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        KeyedDigest(Digest::from_bytes(mac.finalize().into_bytes().into()))
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey")
    }
}

impl fmt::Debug for KeyedDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyedDigest")
    }
}

impl fmt::Display for KeyedDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for KeyedDigest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const KEY: DigestKey = DigestKey::new([7; 32]);

    fn words(text: &[String]) -> Vec<&str> {
        text.iter().map(String::as_str).collect()
    }

    proptest! {
        #[test]
        fn two_digests_are_the_same_when_all_that_they_are_of_is(
            one in (prop::collection::vec("[ab]{0,2}", 0..3), "[ab]{0,2}"),
            other in (prop::collection::vec("[ab]{0,2}", 0..3), "[ab]{0,2}"),
        ) {
            let digest = |(owner, content): &(Vec<String>, String)| {
                KEY.digest(Kind::Counter, &words(owner), content.as_bytes())
            };
            prop_assert_eq!(digest(&one) == digest(&other), one == other);
        }
    }

    #[test]
    fn each_kind_and_each_key_has_digests_of_its_own_and_none_is_the_plain_one() {
        let kinds = [Kind::DecisionInput, Kind::IdempotentRequest, Kind::Counter, Kind::Throttle, Kind::ReviewedText];
        let mut seen: BTreeSet<String> = kinds.map(|kind| KEY.digest(kind, &[], b"1234").to_string()).into();
        seen.insert(DigestKey::new([8; 32]).digest(kinds[0], &[], b"1234").to_string());
        seen.insert(Digest::of(b"1234").to_string());
        assert_eq!(seen.len(), kinds.len() + 2);
    }

    #[test]
    fn it_is_read_back_as_it_was_written() {
        let digest = KEY.digest(Kind::Throttle, &["a"], b"b");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert_eq!("".parse::<KeyedDigest>(), Err(NotADigest));
        assert_eq!(format!("{digest:?} {KEY:?}"), "KeyedDigest DigestKey");
    }
}
