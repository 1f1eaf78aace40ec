//! Lists made ready to be asked. A look-up costs what the value is long, with ten entries or a hundred thousand.

use std::{collections::HashMap, iter, sync::Arc};

use super::{Entry, ListKind, ListName, folded, host, networks::Networks, prefixes::Prefixes};
use crate::{address, id::ListId, import::Refusal, limits};

/// A list, as of one version of its entries.
#[derive(Debug)]
pub struct List {
    id: ListId,
    version: i64,
    index: Index,
}

#[derive(Debug)]
enum Index {
    /// Entries by their keys.
    Exact(HashMap<Box<str>, Box<str>>),
    Prefix(Prefixes),
    Network(Networks),
    /// Entries by their keys.
    Domain(HashMap<Box<str>, Box<str>>),
}

impl List {
    /// Makes a list ready. Of entries that are compared alike the last counts, and what is no entry of this kind counts as not there.
    pub fn compile(id: ListId, version: i64, kind: ListKind, entries: impl IntoIterator<Item = String>) -> Self {
        let entries = entries.into_iter().filter_map(|written| kind.kept(&written));
        let index = match kind {
            ListKind::Exact => Index::Exact(by_key(entries)),
            ListKind::Domain => Index::Domain(by_key(entries)),
            ListKind::Prefix => Index::Prefix(Prefixes::of(entries)),
            ListKind::Network => Index::Network(Networks::of(entries)),
        };
        Self { id, version, index }
    }

    /// The list's own.
    pub const fn id(&self) -> ListId {
        self.id
    }

    /// Which version of its entries this is.
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// The entry that `value` is found by, as it was written: the longest when several fit. `None` when nothing does, and for what is no
    /// value of the list's kind.
    pub fn find(&self, value: &str) -> Option<&str> {
        if value.len() > limits::LIST_VALUE_BYTES {
            return None;
        }
        match &self.index {
            Index::Exact(entries) => entries.get(&*folded(value)).map(AsRef::as_ref),
            Index::Prefix(prefixes) => prefixes.find(&folded(value)),
            Index::Network(networks) => networks.find(address::address(value.trim())?),
            Index::Domain(entries) => above(&host(value)?).find_map(|name| entries.get(name)).map(AsRef::as_ref),
        }
    }
}

fn by_key(entries: impl Iterator<Item = Entry>) -> HashMap<Box<str>, Box<str>> {
    entries.map(|entry| (entry.key.into_boxed_str(), entry.value.into_boxed_str())).collect()
}

/// A name, then those above it: `a.example.com`, `example.com`, `com`.
fn above(name: &str) -> impl Iterator<Item = &str> {
    iter::successors(Some(name), |name| name.split_once('.').map(|(_, above)| above))
}

/// All lists of an account.
#[derive(Debug, Default)]
pub struct Lists {
    by_name: HashMap<String, Arc<List>>,
}

impl Lists {
    /// The entry that `value` is found by in the list of this name. See [`List::find`].
    ///
    /// # Errors
    /// [`Refusal::NoSuchList`]; [`Refusal::TooLarge`] for a value of more than [`limits::LIST_VALUE_BYTES`].
    pub fn find(&self, list: &str, value: &str) -> Result<Option<&str>, Refusal> {
        let list = self.by_name.get(list).ok_or(Refusal::NoSuchList)?;
        if value.len() > limits::LIST_VALUE_BYTES {
            return Err(Refusal::TooLarge);
        }
        Ok(list.find(value))
    }

    /// One list, whatever it is called.
    pub fn get(&self, id: ListId) -> Option<&Arc<List>> {
        self.by_name.values().find(|list| list.id == id)
    }
}

impl FromIterator<(ListName, Arc<List>)> for Lists {
    fn from_iter<I: IntoIterator<Item = (ListName, Arc<List>)>>(lists: I) -> Self {
        Self { by_name: lists.into_iter().map(|(name, list)| (name.into(), list)).collect() }
    }
}
