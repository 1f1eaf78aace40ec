//! Compiled functions, kept so that another configuration of the same plugin compiles only what the snapshot changed.
//!
//! A worker uses them through wasmtime's incremental cache; the server only carries them from one worker to the next, as bytes.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet, VecDeque},
    sync::{Mutex, PoisonError},
};

use sluice_domain::digest::Digest;
use wasmtime::CacheStore;

/// Keys and compiled functions.
pub(crate) type Functions = Vec<(Vec<u8>, Vec<u8>)>;

/// A worker's store: what it was given, what it compiled, and what was asked for.
#[derive(Debug, Default)]
pub(crate) struct WorkerFunctions {
    given: HashMap<Vec<u8>, Vec<u8>>,
    compiled: Mutex<HashMap<Vec<u8>, Vec<u8>>>,
    used: Mutex<HashSet<Vec<u8>>>,
}

impl WorkerFunctions {
    pub(crate) fn new(given: Functions) -> Self {
        Self { given: given.into_iter().collect(), ..Self::default() }
    }

    /// From now on counts anew what is in use.
    pub(crate) fn forget_use(&self) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What was compiled since the store was made and is in use.
    pub(crate) fn in_use(&self) -> Functions {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        compiled.drain().filter(|(key, _)| used.contains(key)).collect()
    }
}

impl CacheStore for WorkerFunctions {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_vec());
        let given = self.given.get(key).map(|value| Cow::Borrowed(value.as_slice()));
        given.or_else(|| {
            let compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
            compiled.get(key).map(|value| Cow::Owned(value.clone()))
        })
    }

    fn insert(&self, key: &[u8], value: Vec<u8>) -> bool {
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_vec(), value);
        true
    }
}

/// The server's store: functions by component, the component that was used longest ago dropped first.
#[derive(Debug)]
pub(crate) struct ServerFunctions {
    bytes: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    components: HashMap<Digest, HashMap<Vec<u8>, Vec<u8>>>,
    used: VecDeque<Digest>,
    bytes: usize,
}

impl ServerFunctions {
    /// A store of at most `bytes` bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        Self { bytes, inner: Mutex::default() }
    }

    /// What is kept of a component's functions.
    pub(crate) fn of(&self, component: Digest) -> Functions {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.touch(component);
        let functions = inner.components.get(&component);
        functions
            .map(|known| known.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
            .unwrap_or_default()
    }

    /// Keeps what a worker compiled of a component.
    pub(crate) fn keep(&self, component: Digest, functions: Functions) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in functions {
            let size = key.len() + value.len();
            if inner.components.entry(component).or_default().insert(key, value).is_none() {
                inner.bytes += size;
            }
        }
        inner.touch(component);
        while inner.bytes > self.bytes {
            let Some(oldest) = inner.used.pop_front() else { break };
            let dropped = inner.components.remove(&oldest).unwrap_or_default();
            inner.bytes -= dropped.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
        }
    }
}

impl Inner {
    fn touch(&mut self, component: Digest) {
        self.used.retain(|used| *used != component);
        if self.components.contains_key(&component) {
            self.used.push_back(component);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_component_used_longest_ago_is_dropped_first() {
        let store = ServerFunctions::new(25);
        let [a, b, c] = [b"a", b"b", b"c"].map(|name| Digest::of(name));
        store.keep(a, vec![(vec![1], vec![0; 9])]);
        store.keep(b, vec![(vec![1], vec![0; 9])]);
        assert_eq!(store.of(a).len(), 1);
        store.keep(c, vec![(vec![1], vec![0; 9])]);
        assert_eq!([store.of(a).len(), store.of(b).len(), store.of(c).len()], [1, 0, 1]);
    }
}
