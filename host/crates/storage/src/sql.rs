//! SQL texts and the values that go into them, the same for both databases.

use std::borrow::Cow;

use serde::Serialize;
use sluice_domain::{
    digest::Digest,
    id::{
        AccountId, AddressRuleId, AnswerTemplateId, AttachmentId, AuditId, CatalogueId, ChallengeId, ClientId,
        CommentId, ConversationId, DecisionId, FilterRuleId, GroupId, InstallationId, LinkId, ListId, MessageId,
        PasskeyId, PersonId, PluginId, RequestId, SessionId, SupportGrantId, SupportSessionId, TagId, TokenId,
    },
    keyed_digest::KeyedDigest,
    tag::Color,
    time::Timestamp,
};

/// One statement, checked when the program is compiled: its placeholders are `$1`, `$2` … in the order of their first use,
/// because SQLite numbers them so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sql {
    pub(crate) text: &'static str,
    pub(crate) parameters: usize,
}

impl Sql {
    pub(crate) const fn new(text: &'static str) -> Self {
        Self { text, parameters: placeholders(text) }
    }
}

const fn placeholders(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut highest, mut at) = (0, 0);
    while at < bytes.len() {
        if bytes[at] == b'$' {
            let (mut number, mut digit) = (0, at + 1);
            while digit < bytes.len() && bytes[digit].is_ascii_digit() {
                number = number * 10 + (bytes[digit] - b'0') as usize;
                digit += 1;
            }
            assert!(number >= 1 && number <= highest + 1, "placeholders must be used first in ascending order");
            if number > highest {
                highest = number;
            }
        }
        at += 1;
    }
    highest
}

/// What goes into a statement.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    Null,
    Int(i64),
    Text(Cow<'a, str>),
}

/// The values of a statement, in order.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::sql::Value::from($value)),*] };
}
pub(crate) use values;

/// The JSON of a value that is stored as text.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("our own types have string keys and no failing serializers")
}

/// The name of a case of an enum, as serde writes it.
pub(crate) fn word<T: Serialize>(value: &T) -> Value<'static> {
    Value::Text(json(value).trim_matches('"').to_owned().into())
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

/// Sizes in bytes.
impl From<u64> for Value<'_> {
    fn from(value: u64) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(value: Timestamp) -> Self {
        Self::Int(value.millis())
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl From<String> for Value<'_> {
    fn from(value: String) -> Self {
        Self::Text(Cow::Owned(value))
    }
}

impl<'a, T: Into<Self>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, T::into)
    }
}

macro_rules! printed {
    ($($name:ident)*) => {$(
        impl From<$name> for Value<'_> {
            fn from(value: $name) -> Self {
                Self::Text(Cow::Owned(value.to_string()))
            }
        }
    )*};
}
printed! {
    AccountId AddressRuleId AnswerTemplateId AttachmentId AuditId CatalogueId ChallengeId ClientId Color CommentId ConversationId
    DecisionId Digest FilterRuleId GroupId InstallationId KeyedDigest LinkId ListId MessageId PasskeyId PersonId PluginId RequestId SessionId
    SupportGrantId SupportSessionId TagId TokenId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_counted() {
        assert_eq!(Sql::new("SELECT 1").parameters, 0);
        assert_eq!(Sql::new("SELECT $1, $2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $2").parameters, 10);
    }

    #[test]
    #[should_panic(expected = "ascending")]
    fn placeholders_out_of_order_are_refused() {
        placeholders("SELECT $2, $1");
    }

    #[test]
    fn a_word_is_written_as_serde_names_it() {
        let Value::Text(text) = word(&sluice_domain::message::Role::ApiToken) else { panic!("not a text") };
        assert_eq!(text, "api-token");
    }
}
