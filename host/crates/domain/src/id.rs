//! Typed identifiers: a prefix that says what is named, and 128 bits that sort by the time they were made.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::time::Timestamp;

/// A text that is not an identifier of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind: expected `{prefix}_` and 32 hexadecimal digits")]
pub struct NotAnId {
    /// What identifiers of this kind start with.
    pub prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// What identifiers of this kind start with, before `_`.
            pub const PREFIX: &'static str = $prefix;

            /// A new identifier: 48 bits of time, so that identifiers sort by it, and 80 random bits.
            pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
                Self(assemble(now, random))
            }

            /// What no identifier that is made at `now` or later sorts before.
            pub fn first_at(now: Timestamp) -> Self {
                Self::new(now.min(Timestamp::from_millis(LAST_MILLIS)), [0; 10])
            }

            /// The one that sorts right after it.
            #[must_use]
            pub const fn successor(self) -> Self {
                Self(self.0.saturating_add(1))
            }

            /// Its 128 bits.
            pub const fn number(self) -> u128 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{:032x}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                parse(text, concat!($prefix, "_")).map(Self).ok_or(NotAnId { prefix: $prefix })
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

ids! {
    /// An account: one tenant.
    AccountId = "acc";
    /// A person who works in an account.
    PersonId = "per";
    /// A session of a person.
    SessionId = "ses";
    /// An API token of an account.
    TokenId = "tok";
    /// A client of an account.
    ClientId = "cli";
    /// A conversation with a client.
    ConversationId = "cnv";
    /// A file that somebody uploaded.
    AttachmentId = "att";
    /// A rule of the built-in content filter.
    FilterRuleId = "flt";
    /// A named list of the account's, which plugins look into.
    ListId = "lst";
    /// A message in a conversation.
    MessageId = "msg";
    /// What a client wants once, in a conversation.
    RequestId = "req";
    /// What one operator tells the others in a conversation.
    CommentId = "cmt";
    /// A tag of conversations and clients.
    TagId = "tag";
    /// A template of answers.
    AnswerTemplateId = "ans";
    /// An uploaded plugin, one version of it.
    PluginId = "plg";
    /// A component in the platform's catalogue.
    CatalogueId = "cat";
    /// A plugin's version enabled in an account.
    InstallationId = "ins";
    /// What the chain made of one message or one request to be let in.
    DecisionId = "dec";
    /// One entry of the audit log.
    AuditId = "aud";
    /// A passkey of a person.
    PasskeyId = "pky";
    /// A challenge for an authenticator.
    ChallengeId = "chl";
    /// That an account lets support in, for a time.
    SupportGrantId = "sgr";
    /// That somebody of the platform's support is in an account.
    SupportSessionId = "sup";
    /// A group of people who answer clients.
    GroupId = "grp";
    /// A rule about addresses.
    AddressRuleId = "adr";
    /// A link with which a person sets a password, once.
    LinkId = "lnk";
}

/// The last time that 48 bits can hold.
const LAST_MILLIS: i64 = (1 << 48) - 1;

fn assemble(now: Timestamp, random: [u8; 10]) -> u128 {
    let millis = u128::from(now.millis().max(0).unsigned_abs()) & 0xffff_ffff_ffff;
    random.into_iter().fold(millis, |bits, byte| bits << 8 | u128::from(byte))
}

fn parse(text: &str, prefix: &str) -> Option<u128> {
    let digits = text.strip_prefix(prefix)?;
    let canonical = digits.len() == 32 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    canonical.then(|| u128::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_reads_back_as_written(millis in 0..(1i64 << 48), random: [u8; 10]) {
            let id = MessageId::new(Timestamp::from_millis(millis), random);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn later_ids_sort_after_earlier_ones(millis in 0..(1i64 << 47), a: [u8; 10], b: [u8; 10]) {
            let early = MessageId::new(Timestamp::from_millis(millis), a);
            let late = MessageId::new(Timestamp::from_millis(millis + 1), b);
            prop_assert!(early < late && early.to_string() < late.to_string());
        }
    }

    #[test]
    fn every_id_of_a_time_sorts_at_or_after_the_first_one_of_it() {
        let at = |millis| MessageId::first_at(Timestamp::from_millis(millis));
        let made = MessageId::new(Timestamp::from_millis(7), [0xff; 10]);
        assert!(at(7) <= made && made < at(8));
        assert!(at(i64::MIN) <= at(0) && at(8) < at(i64::MAX));
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let id = MessageId::new(Timestamp::from_millis(1), [7; 10]).to_string();
        assert_eq!(id.parse::<ConversationId>(), Err(NotAnId { prefix: "cnv" }));
        assert!(id.to_uppercase().parse::<MessageId>().is_err());
        assert!(id.replace("msg_0", "msg_+").parse::<MessageId>().is_err());
    }
}
