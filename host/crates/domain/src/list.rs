//! Named lists of an account, into which its plugins look: what a list can hold, and as what its entries are compared.
//!
//! Who may edit one, and where entries are kept, is not said here. How values are looked up is in `find`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use crate::{address, filter::DomainName, limits, link};

mod find;
mod networks;
mod prefixes;
#[cfg(test)]
mod tests;

pub use find::{List, Lists};

/// Longest form in which an entry is compared, in bytes: it is part of a key of the database.
const KEY_BYTES: usize = 1_024;

/// What plugins call a list by: 1 to 64 of `a` to `z`, `0` to `9` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ListName(String);

/// A text that cannot be the name of a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a list is named with 1 to 64 of `a` to `z`, `0` to `9` and `-`, such as `known-spammers`")]
pub struct NotAListName;

impl ListName {
    /// As plugins write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ListName {
    type Error = NotAListName;

    fn try_from(text: String) -> Result<Self, NotAListName> {
        let fits = (1..=limits::LIST_NAME_BYTES).contains(&text.len())
            && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if fits { Ok(Self(text)) } else { Err(NotAListName) }
    }
}

impl FromStr for ListName {
    type Err = NotAListName;

    fn from_str(text: &str) -> Result<Self, NotAListName> {
        text.to_owned().try_into()
    }
}

impl From<ListName> for String {
    fn from(name: ListName) -> Self {
        name.0
    }
}

impl fmt::Display for ListName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the entries of a list are, and so how values are looked up in it. A list keeps its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListKind {
    /// Texts: a value is found that is one of them, whatever the case and the width of its letters.
    Exact,
    /// Beginnings of texts: a value is found that begins with one of them, compared like exact ones.
    Prefix,
    /// Networks and addresses: an address is found that lies in one of them.
    Network,
    /// Domains: a name is found that is one of them or lies below one.
    Domain,
}

/// Why a text can be no entry of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadEntry {
    /// Nothing, or only spaces.
    #[error("an entry is not empty: leave it out")]
    Empty,
    /// More than entries have, as written or as compared.
    #[error("an entry has at most 512 bytes, and 1,024 once its letters are written out for comparing: shorten it")]
    TooLong,
    /// Line ends and the like.
    #[error("an entry has no control characters such as line ends: send each line as an entry of its own")]
    ControlCharacter,
    /// No address and no network.
    #[error(
        "an entry of this list is an address or a network, such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32, whose numbers have no zeros before them"
    )]
    NotANetwork,
    /// No domain.
    #[error("an entry of this list is a domain such as example.com: without a scheme, a path or a port")]
    NotADomain,
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As what it is compared: two entries with one key are the same.
    pub key: String,
    /// As somebody wrote it, without spaces around it.
    pub value: String,
}

impl ListKind {
    /// Reads an entry as somebody wrote it.
    ///
    /// # Errors
    /// [`BadEntry`] for what a list of this kind does not hold.
    pub fn entry(self, written: &str) -> Result<Entry, BadEntry> {
        let value = written.trim();
        if value.is_empty() {
            return Err(BadEntry::Empty);
        }
        if value.len() > limits::LIST_VALUE_BYTES {
            return Err(BadEntry::TooLong);
        }
        if value.contains(char::is_control) {
            return Err(BadEntry::ControlCharacter);
        }
        let key = match self {
            Self::Exact | Self::Prefix => folded(value),
            Self::Network => address::network(value).map_err(|_| BadEntry::NotANetwork)?.to_string(),
            Self::Domain => DomainName::try_from(value.to_owned()).map_err(|_| BadEntry::NotADomain)?.into(),
        };
        if key.is_empty() {
            return Err(BadEntry::Empty);
        }
        if key.len() > KEY_BYTES {
            return Err(BadEntry::TooLong);
        }
        Ok(Entry { key, value: value.to_owned() })
    }

    /// Reads an entry that was kept, perhaps by a version that took more: what was in force stays in force.
    fn kept(self, written: &str) -> Option<Entry> {
        let of_before = || {
            let net = address::kept_network(written.trim())?;
            (self == Self::Network).then(|| Entry { key: net.to_string(), value: written.trim().to_owned() })
        };
        self.entry(written).ok().or_else(of_before)
    }
}

/// A text as it is compared: compatibility forms (NFKC) in lower case, letter by letter, without spaces around it.
fn folded(text: &str) -> String {
    let text = text.trim();
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // A small letter may come apart into several; the last step puts together what belongs together.
    let lower = text.nfkc().flat_map(char::to_lowercase);
    // The sigma at the end of a word is a sigma: where a word ends depends on what comes after it.
    let folded: String = lower.map(|letter| if letter == 'ς' { 'σ' } else { letter }).nfkc().collect();
    // What stood beside letters may have become a space.
    folded.trim().to_owned()
}

/// A host's name as it is compared; `None` for what names none.
fn host(text: &str) -> Option<String> {
    link::host_name(text.trim().trim_end_matches('.'))
}
