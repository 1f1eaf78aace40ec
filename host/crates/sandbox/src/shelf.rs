//! The artefacts that are loaded, of all accounts together, within bounds: who was called longest ago is unloaded first.
//!
//! A call keeps what it has, however long it takes. How artefacts are made is not known here.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use sluice_domain::digest::Digest;
use wasmtime::Engine;

use crate::{
    artefact::{self, Artefacts, Ready},
    call::{Code, Loaded},
    error::LoadError,
    overlay::{Overlay, Writer},
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
    /// So that a component with a configuration is loaded once for all who have both.
    places: Mutex<HashMap<Ready, Weak<Place>>>,
    /// What takes overlays, by component and pages of memory, as long as an overlay for it is loaded.
    overlaid: Mutex<HashMap<(Digest, u64), Weak<Overlaid>>>,
    /// The places of what is loaded, by a use of each: the last one or, where it was used since, an earlier one.
    queue: Mutex<BTreeMap<u64, Weak<Place>>>,
}

/// What is loaded by now, with what was unloaded and is still in a call.
#[derive(Default)]
struct Loads {
    bytes: AtomicUsize,
    count: AtomicUsize,
}

/// One of the loads, of this many bytes and plugins, until it is dropped.
struct Load {
    bytes: usize,
    count: usize,
    loads: Arc<Loads>,
}

impl Drop for Load {
    fn drop(&mut self) {
        self.loads.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.loads.count.fetch_sub(self.count, Ordering::Relaxed);
    }
}

/// Where one plugin with its configuration is when it is loaded. Whoever may call it has the place; without them, it is unloaded.
pub(crate) struct Place {
    pub(crate) ready: Ready,
    /// The last use, by the shelf's clock.
    used: AtomicU64,
    held: Mutex<Option<Arc<Held>>>,
}

/// What was loaded.
pub(crate) struct Held {
    form: Form,
    _load: Load,
}

enum Form {
    /// Code that begins as it was configured.
    Whole(Code),
    /// Code of all who have the component, and what is this configuration's.
    Overlay(Arc<Overlaid>, Overlay),
}

/// Code that takes overlays.
pub(crate) struct Overlaid {
    code: Code,
    writer: Writer,
    _load: Load,
}

impl Held {
    pub(crate) fn loaded(&self) -> Loaded<'_> {
        match &self.form {
            Form::Whole(code) => Loaded { code, overlay: None },
            Form::Overlay(overlaid, overlay) => {
                Loaded { code: &overlaid.code, overlay: Some((&overlaid.writer, overlay)) }
            }
        }
    }
}

impl Place {
    pub(crate) fn is_loaded(&self) -> bool {
        lock(&self.held).is_some()
    }
}

/// The least number of places that are looked through for those that nobody has any more.
const MANY: usize = 64;

impl Shelf {
    pub(crate) fn new(engine: Engine, artefacts: Artefacts, bounds: Bounds) -> Self {
        let (places, overlaid, queue) = Default::default();
        Self { engine, artefacts, bounds, loads: Arc::default(), clock: AtomicU64::new(0), places, overlaid, queue }
    }

    pub(crate) fn artefacts(&self) -> &Artefacts {
        &self.artefacts
    }

    /// The place of a component with its configuration.
    pub(crate) fn place(&self, ready: Ready) -> Arc<Place> {
        let mut places = lock(&self.places);
        if let Some(place) = places.get(&ready).and_then(Weak::upgrade) {
            return place;
        }
        make_room_in(&mut places);
        let place = Arc::new(Place { ready, used: AtomicU64::new(0), held: Mutex::default() });
        places.insert(ready, Arc::downgrade(&place));
        place
    }

    /// Keeps what was installed as something that was tried.
    pub(crate) fn release(&self, ready: Ready) {
        for name in [self.artefacts.overlay(ready), self.artefacts.whole(ready)] {
            self.artefacts.release(&name);
        }
    }

    /// What is loaded in this place, loaded now if it is not. Others who want the same wait meanwhile.
    pub(crate) fn take(&self, place: &Arc<Place>) -> Result<Arc<Held>, LoadError> {
        place.used.store(self.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        let mut held = lock(&place.held);
        if let Some(held) = &*held {
            return Ok(held.clone());
        }
        let new = Arc::new(self.load(place.ready)?);
        *held = Some(new.clone());
        drop(held);
        self.make_room_for(place);
        Ok(new)
    }

    fn load(&self, ready: Ready) -> Result<Held, LoadError> {
        let name = self.artefacts.overlay(ready);
        match self.artefacts.read(&name) {
            Ok(bytes) => {
                let load = self.count(bytes.len(), 1);
                let overlay = Overlay::decode(&bytes).map_err(|error| LoadError::Host(error.to_string()))?;
                // Without the code, the overlay is of no use.
                let overlaid = self.overlaid(ready.component, overlay.pages).inspect_err(|error| {
                    if *error == LoadError::Lost {
                        self.artefacts.remove(&name);
                    }
                })?;
                Ok(Held { form: Form::Overlay(overlaid, overlay), _load: load })
            }
            Err(LoadError::Lost) => {
                let (code, load) = self.map(&self.artefacts.whole(ready), 1)?;
                Ok(Held { form: Form::Whole(code), _load: load })
            }
            Err(error) => Err(error),
        }
    }

    /// The code of a component that takes overlays whose memory has `pages` pages. Others who want any wait while it is loaded, which is
    /// once for each component.
    pub(crate) fn overlaid(&self, component: Digest, pages: u64) -> Result<Arc<Overlaid>, LoadError> {
        let mut all = lock(&self.overlaid);
        if let Some(overlaid) = all.get(&(component, pages)).and_then(Weak::upgrade) {
            return Ok(overlaid);
        }
        // It is not counted: there are never more of these than overlays.
        let (code, load) = self.map(&self.artefacts.overlaid(component, pages), 0)?;
        let writer = code.writer().ok_or_else(|| LoadError::Host("the code takes no overlay".to_owned()))?;
        let overlaid = Arc::new(Overlaid { code, writer, _load: load });
        make_room_in(&mut all);
        all.insert((component, pages), Arc::downgrade(&overlaid));
        Ok(overlaid)
    }

    fn map(&self, name: &str, count: usize) -> Result<(Code, Load), LoadError> {
        let file = self.artefacts.checked(name)?;
        let code = artefact::map(&self.engine, &file).and_then(|component| Code::new(&self.engine, &component));
        let code = code.map_err(|error| LoadError::Host(format!("{error:#}")))?;
        Ok((code, self.count(usize::try_from(file.bytes).unwrap_or(usize::MAX), count)))
    }

    /// Loads a whole form that cannot be kept in a file, as long as there is room and somebody who may call it.
    pub(crate) fn put(&self, place: &Arc<Place>, artefact: &[u8]) -> wasmtime::Result<()> {
        let form = Form::Whole(Code::new(&self.engine, &artefact::load(&self.engine, artefact)?)?);
        place.used.store(self.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        let held = Held { form, _load: self.count(artefact.len(), 1) };
        let before = lock(&place.held).replace(Arc::new(held));
        if before.is_none() {
            self.make_room_for(place);
        }
        Ok(())
    }

    fn count(&self, bytes: usize, count: usize) -> Load {
        self.loads.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.loads.count.fetch_add(count, Ordering::Relaxed);
        Load { bytes, count, loads: self.loads.clone() }
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

/// Looks for what nobody has any more before the map grows.
fn make_room_in<K: Eq + Hash, T>(map: &mut HashMap<K, Weak<T>>) {
    if map.len() >= MANY && map.len() == map.capacity() {
        map.retain(|_, value| value.strong_count() > 0);
    }
}

/// Nothing is left half done under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
