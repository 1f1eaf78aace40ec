//! Signatures of publishers over components, and whose plugins an account trusts.
//!
//! Keys are not made here: they are made of bytes that the caller got from the system. Everything that is verified is public, so
//! nothing has to take the same time.

use std::{collections::BTreeMap, fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{digest::Digest, limits};

/// A text that is not the base64 of so many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the base64 (RFC 4648, section 4) of {bytes} bytes")]
pub struct NotBase64 {
    /// How many.
    pub bytes: usize,
}

macro_rules! base64_texts {
    ($($(#[$doc:meta])* $name:ident = $bytes:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $bytes]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&STANDARD.encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = NotBase64;

            fn from_str(text: &str) -> Result<Self, NotBase64> {
                let bytes = STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
                bytes.map(Self).ok_or(NotBase64 { bytes: $bytes })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

base64_texts! {
    /// A publisher's public key (Ed25519, RFC 8032). Written as base64. That it is a point of the curve is not known before
    /// [`PublisherKey::is_usable`] or a signature says so.
    PublisherKey = 32;
    /// A publisher's signature over a component's statement (Ed25519, RFC 8032). Written as base64.
    PluginSignature = 64;
}

/// What a publisher signs: that the component with this digest is theirs. It begins with what it is about, so that a key that
/// signs other things too signs no plugin by accident.
pub fn statement(sha256: Digest) -> String {
    format!("sluice plugin signature 1\n{sha256}\n")
}

/// A publisher's secret key. Erased when it is dropped.
pub struct PublisherSecret(SigningKey);

impl PublisherSecret {
    /// The key that 32 random bytes make.
    pub fn new(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// What others verify with.
    pub fn public_key(&self) -> PublisherKey {
        PublisherKey(self.0.verifying_key().to_bytes())
    }

    /// Signs the component with this digest.
    pub fn sign(&self, sha256: Digest) -> PluginSignature {
        PluginSignature(self.0.sign(statement(sha256).as_bytes()).to_bytes())
    }
}

impl PublisherKey {
    /// Whether it is a key with which only its owner signs: a point of the curve that is not of small order.
    pub fn is_usable(&self) -> bool {
        VerifyingKey::from_bytes(&self.0).is_ok_and(|key| !key.is_weak())
    }

    /// Whether `signature` is the key's over the component with this digest. Strict: no other form of the signature and no key of
    /// small order passes, so what one verifier takes, all take.
    pub fn verifies(&self, sha256: Digest, signature: &PluginSignature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        VerifyingKey::from_bytes(&self.0)
            .is_ok_and(|key| key.verify_strict(statement(sha256).as_bytes(), &signature).is_ok())
    }
}

/// Why a signature was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAdded {
    /// It is not the key's over this component.
    Wrong,
    /// The component has as many as it can have.
    Full,
}

/// Signatures of one component, at most one of each publisher. Each was verified when it was added.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Signatures(BTreeMap<PublisherKey, PluginSignature>);

impl Signatures {
    /// Adds one over the component with this digest.
    ///
    /// # Errors
    /// [`NotAdded`].
    pub fn add(&mut self, sha256: Digest, key: PublisherKey, signature: PluginSignature) -> Result<(), NotAdded> {
        if !key.verifies(sha256, &signature) {
            return Err(NotAdded::Wrong);
        }
        if self.0.len() >= limits::SIGNATURES && !self.0.contains_key(&key) {
            return Err(NotAdded::Full);
        }
        self.0.insert(key, signature);
        Ok(())
    }

    /// Adds what others say of the same component, as far as there is room; whether anything was new.
    pub fn merge(&mut self, others: &Self) -> bool {
        let before = self.0.len();
        for (key, signature) in &others.0 {
            if self.0.len() < limits::SIGNATURES {
                self.0.entry(*key).or_insert(*signature);
            }
        }
        self.0.len() > before
    }

    /// Whether the publisher with this key has signed.
    pub fn is_by(&self, key: &PublisherKey) -> bool {
        self.0.contains_key(key)
    }

    /// Whose they are, with what they signed.
    pub fn iter(&self) -> impl Iterator<Item = (&PublisherKey, &PluginSignature)> {
        self.0.iter()
    }
}

/// Which plugins an account lets into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignaturePolicy {
    /// All that its people bring.
    #[default]
    Off,
    /// Those that a trusted publisher signed.
    Trusted,
}

/// How a component's signatures look to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Nobody signed it.
    Unsigned,
    /// Only publishers signed it whom the account does not trust.
    Untrusted,
    /// A publisher signed it whom the account trusts.
    Trusted,
}

/// Whom an account trusts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Trust {
    /// Whether it matters.
    pub require_signature: SignaturePolicy,
    /// Keys of publishers, by the account's names for them.
    pub publishers: BTreeMap<String, PublisherKey>,
}

impl Trust {
    /// The account's name for a publisher that it trusts.
    pub fn name_of(&self, key: &PublisherKey) -> Option<&str> {
        self.publishers.iter().find(|(_, trusted)| *trusted == key).map(|(name, _)| name.as_str())
    }

    /// How a component with these signatures looks to the account.
    pub fn standing(&self, signatures: &Signatures) -> Standing {
        if signatures.iter().any(|(key, _)| self.name_of(key).is_some()) {
            Standing::Trusted
        } else if signatures.0.is_empty() {
            Standing::Unsigned
        } else {
            Standing::Untrusted
        }
    }

    /// Whether a component with these signatures may come into force.
    pub fn admits(&self, signatures: &Signatures) -> bool {
        match self.require_signature {
            SignaturePolicy::Off => true,
            SignaturePolicy::Trusted => self.standing(signatures) == Standing::Trusted,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secret(seed: u8) -> PublisherSecret {
        PublisherSecret::new(&[seed; 32])
    }

    proptest! {
        #[test]
        fn a_signature_is_good_for_its_component_and_key_only(content: Vec<u8>, flipped in 0..64usize, bit in 0..8u8) {
            let (digest, ours) = (Digest::of(&content), secret(1));
            let signature = ours.sign(digest);
            prop_assert!(ours.public_key().verifies(digest, &signature));
            prop_assert!(!secret(2).public_key().verifies(digest, &signature));
            prop_assert!(!ours.public_key().verifies(Digest::of(digest.as_bytes()), &signature));
            let mut other = signature;
            other.0[flipped] ^= 1 << bit;
            prop_assert!(!ours.public_key().verifies(digest, &other));
        }

        #[test]
        fn a_key_of_any_bytes_verifies_or_not_but_never_panics(key: [u8; 32], content: Vec<u8>) {
            let signature = secret(1).sign(Digest::of(&content));
            prop_assert!(!PublisherKey(key).verifies(Digest::of(&content), &signature));
        }
    }

    /// The points of small order (a signature of zeros passes for them where the check is not strict).
    #[test]
    fn a_key_of_small_order_is_none() {
        let mut one = [0; 32];
        one[0] = 1;
        for bytes in [[0; 32], one] {
            let key = PublisherKey(bytes);
            assert!(!key.is_usable());
            let mut forged = [0; 64];
            forged[..32].copy_from_slice(&one);
            assert!(!key.verifies(Digest::of(b"x"), &PluginSignature(forged)));
        }
        assert!(secret(1).public_key().is_usable());
    }

    #[test]
    fn the_statement_says_what_it_is_about() {
        let expected = "sluice plugin signature 1\nba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n";
        assert_eq!(statement(Digest::of(b"abc")), expected);
    }

    #[test]
    fn a_component_has_one_signature_of_each_publisher_and_eight_at_most() {
        let digest = Digest::of(b"abc");
        let mut signatures = Signatures::default();
        for seed in 1..=8 {
            let secret = secret(seed);
            assert_eq!(signatures.add(digest, secret.public_key(), secret.sign(digest)), Ok(()));
        }
        let (first, ninth) = (secret(1), secret(9));
        assert_eq!(signatures.add(digest, first.public_key(), first.sign(digest)), Ok(()));
        assert_eq!(signatures.add(digest, ninth.public_key(), ninth.sign(digest)), Err(NotAdded::Full));
        assert_eq!(signatures.add(digest, first.public_key(), ninth.sign(digest)), Err(NotAdded::Wrong));
        assert_eq!(signatures.iter().count(), 8);
        let mut others = Signatures::default();
        assert!(others.merge(&signatures) && !others.merge(&signatures));
        assert_eq!(others, signatures);
        let text = serde_json::to_string(&signatures).unwrap();
        assert_eq!(serde_json::from_str::<Signatures>(&text).unwrap(), signatures);
    }

    #[test]
    fn what_an_account_lets_into_force_follows_its_trust() {
        let digest = Digest::of(b"abc");
        let (ours, theirs) = (secret(1), secret(2));
        let mut signed = Signatures::default();
        let mut trust = Trust::default();
        trust.publishers.insert("us".to_owned(), ours.public_key());
        assert_eq!((trust.standing(&signed), trust.admits(&signed)), (Standing::Unsigned, true));
        trust.require_signature = SignaturePolicy::Trusted;
        assert!(!trust.admits(&signed));
        signed.add(digest, theirs.public_key(), theirs.sign(digest)).unwrap();
        assert_eq!((trust.standing(&signed), trust.admits(&signed)), (Standing::Untrusted, false));
        signed.add(digest, ours.public_key(), ours.sign(digest)).unwrap();
        assert_eq!((trust.standing(&signed), trust.admits(&signed)), (Standing::Trusted, true));
        assert_eq!((trust.name_of(&ours.public_key()), trust.name_of(&theirs.public_key())), (Some("us"), None));
    }

    #[test]
    fn what_is_no_base64_of_the_right_length_is_refused() {
        let key = secret(1).public_key();
        assert_eq!(key.to_string().parse(), Ok(key));
        for bad in ["", "x", &key.to_string()[1..], &STANDARD.encode([0; 31])] {
            assert_eq!(bad.parse::<PublisherKey>(), Err(NotBase64 { bytes: 32 }));
        }
    }
}
