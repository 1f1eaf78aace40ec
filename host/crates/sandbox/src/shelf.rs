//! The artefacts that are loaded, of all accounts together, within bounds: who was called longest ago is unloaded first.
//!
//! A call keeps what it has, however long it takes. How artefacts are made is not known here.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use wasmtime::Engine;

use crate::{
    artefact::{self, Artefacts},
    call::Loaded,
    error::LoadError,
};

/// How much may be loaded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Together, in bytes of files.
    pub(crate) bytes: usize,
    /// How many.
    pub(crate) count: usize,
}

/// What is loaded, and where it came from.
pub(crate) struct Shelf {
    engine: Engine,
    artefacts: Artefacts,
    bounds: Bounds,
    loads: Arc<Loads>,
    /// Counts uses.
    clock: AtomicU64,
    /// By the artefact's name, so that a component with a configuration is loaded once for all who have both.
    places: Mutex<HashMap<Arc<str>, Weak<Place>>>,
    /// The places of what is loaded, by a use of each: the last one or, where it was used since, an earlier one.
    queue: Mutex<BTreeMap<u64, Weak<Place>>>,
}

/// What is loaded by now, with what was unloaded and is still in a call.
#[derive(Default)]
struct Loads {
    bytes: AtomicUsize,
    count: AtomicUsize,
}

/// Where one artefact is when it is loaded. Whoever may call it has the place; without them, it is unloaded.
pub(crate) struct Place {
    name: Arc<str>,
    /// The last use, by the shelf's clock.
    used: AtomicU64,
    held: Mutex<Option<Arc<Held>>>,
}

/// What was loaded, and what it counts for.
pub(crate) struct Held {
    pub(crate) loaded: Loaded,
    bytes: usize,
    loads: Arc<Loads>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.loads.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.loads.count.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Place {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn is_loaded(&self) -> bool {
        lock(&self.held).is_some()
    }
}

/// The least number of places that are looked through for those that nobody has any more.
const MANY: usize = 64;

impl Shelf {
    pub(crate) fn new(engine: Engine, artefacts: Artefacts, bounds: Bounds) -> Self {
        let (places, queue) = Default::default();
        Self { engine, artefacts, bounds, loads: Arc::default(), clock: AtomicU64::new(0), places, queue }
    }

    pub(crate) fn artefacts(&self) -> &Artefacts {
        &self.artefacts
    }

    /// The place of the artefact of this name.
    pub(crate) fn place(&self, name: &str) -> Arc<Place> {
        let mut places = lock(&self.places);
        if let Some(place) = places.get(name).and_then(Weak::upgrade) {
            return place;
        }
        if places.len() >= MANY && places.len() == places.capacity() {
            places.retain(|_, place| place.strong_count() > 0);
        }
        let name: Arc<str> = name.into();
        let place = Arc::new(Place { name: name.clone(), used: AtomicU64::new(0), held: Mutex::default() });
        places.insert(name, Arc::downgrade(&place));
        place
    }

    /// What is loaded in this place, loaded now if it is not. Others who want the same wait meanwhile.
    pub(crate) fn take(&self, place: &Arc<Place>) -> Result<Arc<Held>, LoadError> {
        place.used.store(self.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        let mut held = lock(&place.held);
        if let Some(held) = &*held {
            return Ok(held.clone());
        }
        let file = self.artefacts.checked(&place.name)?;
        let bytes = usize::try_from(file.bytes).unwrap_or(usize::MAX);
        let loaded = artefact::map(&self.engine, &file).and_then(|component| Loaded::new(&self.engine, &component));
        let loaded = loaded.map_err(|error| LoadError::Host(format!("{error:#}")))?;
        let new = self.hold(loaded, bytes);
        *held = Some(new.clone());
        drop(held);
        self.make_room_for(place);
        Ok(new)
    }

    /// Loads an artefact that cannot be kept in a file, as long as there is room and somebody who may call it.
    pub(crate) fn put(&self, place: &Arc<Place>, artefact: &[u8]) -> wasmtime::Result<()> {
        let loaded = Loaded::new(&self.engine, &artefact::load(&self.engine, artefact)?)?;
        place.used.store(self.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        let before = lock(&place.held).replace(self.hold(loaded, artefact.len()));
        if before.is_none() {
            self.make_room_for(place);
        }
        Ok(())
    }

    fn hold(&self, loaded: Loaded, bytes: usize) -> Arc<Held> {
        self.loads.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.loads.count.fetch_add(1, Ordering::Relaxed);
        Arc::new(Held { loaded, bytes, loads: self.loads.clone() })
    }

    /// Puts what was just loaded into the queue, and unloads what was used longest ago until the bounds hold. A place is locked
    /// while the queue is, never the other way round.
    fn make_room_for(&self, place: &Arc<Place>) {
        let mut queue = lock(&self.queue);
        if queue.len() > MANY.max(2 * self.loads.count.load(Ordering::Relaxed)) {
            queue.retain(|_, place| place.strong_count() > 0);
        }
        queue.insert(place.used.load(Ordering::Relaxed), Arc::downgrade(place));
        while self.is_too_much() && queue.len() > 1 {
            let Some((queued, weak)) = queue.pop_first() else { break };
            let Some(place) = weak.upgrade() else { continue };
            let used = place.used.load(Ordering::Relaxed);
            if used > queued {
                queue.insert(used, weak);
            } else {
                drop(lock(&place.held).take());
            }
        }
    }

    fn is_too_much(&self) -> bool {
        let Bounds { bytes, count } = self.bounds;
        self.loads.bytes.load(Ordering::Relaxed) > bytes || self.loads.count.load(Ordering::Relaxed) > count
    }
}

/// Nothing is left half done under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
