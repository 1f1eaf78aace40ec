//! What a configuration changed of a plugin's state, and how that is put into an instance that was never configured.
//!
//! Most configurations change little: some words in memory. All that are alike in size are called with the same code and in the same
//! slots ([`crate::overlaid`]), so that a call of another account's finds nearly everything in the processor's caches.

use std::{array, ops::Range};

use serde::{Deserialize, Serialize};
use wasmtime::{
    Store,
    component::{Component, ComponentExportIndex, Instance},
};

use crate::{
    guest::Guest,
    image::{Image, PAGE},
};

/// What a component that takes overlays exports: functions of an interface of this name.
///
/// - `aim`: places in memory, as many as there are lists in the next call;
/// - `write`: lists of bytes, each to its place;
/// - `set`: a global by its index, and its value as bits.
pub(crate) const INTERFACE: &str = "sluice:overlay/memory";
pub(crate) const AIM: &str = "aim";
pub(crate) const WRITE: &str = "write";
pub(crate) const SET: &str = "set";
/// How many lists are written with one call: small configurations change about as many places.
pub(crate) const LISTS: usize = 4;

/// The differences are found in units of this many bytes.
const UNIT: usize = 64;
/// Writing one more range costs about as much as this many bytes more.
const GAP: usize = 1024;

/// What a configuration changed.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Overlay {
    /// The memory's size, in pages of 64 KiB.
    pub(crate) pages: u64,
    /// Globals that have another value, by their index, as bits.
    globals: Vec<(u32, u64)>,
    /// What is written where.
    ranges: Vec<(u32, Vec<u8>)>,
}

impl Overlay {
    /// What leads from one state to another; `None` when that is more than `most` bytes, or not all in one memory and its module's
    /// globals.
    pub(crate) fn between(before: &Image, after: &Image, most: usize) -> Option<Self> {
        let ((place, old), (_, new)) = (before.memory()?, after.memory()?);
        let mut states = after.states.iter().zip(&before.states).enumerate();
        if states.any(|(n, (now, was))| n != place && now.globals != was.globals) {
            return None;
        }
        let globals = after.states[place].globals.iter().zip(&before.states[place].globals);
        let globals = globals.filter(|(now, was)| now != was).map(|(now, _)| *now).collect();
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let mut bytes = 0;
        for (n, now) in new.chunks(UNIT).enumerate() {
            let unit = n * UNIT..n * UNIT + now.len();
            // What the memory has grown by was zero.
            if old.get(unit.clone()).map_or_else(|| now.iter().all(|byte| *byte == 0), |was| was == now) {
                continue;
            }
            match ranges.last_mut() {
                Some(range) if unit.start - range.end <= GAP => {
                    bytes += unit.end - range.end;
                    range.end = unit.end;
                }
                _ => {
                    bytes += unit.len();
                    ranges.push(unit);
                }
            }
            if bytes > most {
                return None;
            }
        }
        let ranges = ranges.into_iter().map(|range| Some((u32::try_from(range.start).ok()?, new[range].to_vec())));
        Some(Self { pages: (new.len() / PAGE) as u64, globals, ranges: ranges.collect::<Option<_>>()? })
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_stdvec(self)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, postcard::Error> {
        postcard::from_bytes(bytes)
    }
}

/// Writes overlays to instances of one component.
pub(crate) struct Writer {
    aim: ComponentExportIndex,
    write: ComponentExportIndex,
    set: ComponentExportIndex,
}

type Places = (u32, u32, u32, u32);
type Lists<'b> = (&'b [u8], &'b [u8], &'b [u8], &'b [u8]);

impl Writer {
    /// `None` for a component that takes no overlays.
    pub(crate) fn new(component: &Component) -> Option<Self> {
        let interface = component.get_export_index(None, INTERFACE)?;
        let function = |name| component.get_export_index(Some(&interface), name);
        Some(Self { aim: function(AIM)?, write: function(WRITE)?, set: function(SET)? })
    }

    /// Brings a fresh instance to the state in which `configure` left another. Takes fuel; the caller gives it and takes it away.
    pub(crate) fn write(
        &self,
        overlay: &Overlay,
        store: &mut Store<Guest>,
        instance: &Instance,
    ) -> wasmtime::Result<()> {
        if !overlay.globals.is_empty() {
            let set = instance.get_typed_func::<(u32, u64), ()>(&mut *store, self.set)?;
            for (global, bits) in &overlay.globals {
                set.call(&mut *store, (*global, *bits))?;
            }
        }
        let aim = instance.get_typed_func::<Places, ()>(&mut *store, self.aim)?;
        let write = instance.get_typed_func::<Lists<'_>, ()>(&mut *store, self.write)?;
        for ranges in overlay.ranges.chunks(LISTS) {
            let list = |n: usize| ranges.get(n).map_or((0, &[][..]), |(at, bytes)| (*at, bytes));
            let [(a, one), (b, two), (c, three), (d, four)] = array::from_fn(list);
            aim.call(&mut *store, (a, b, c, d))?;
            write.call(&mut *store, (one, two, three, four))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::State;

    fn image(memory: Vec<u8>, globals: [u64; 2]) -> Image {
        let [own, other] = globals.map(|bits| vec![(0, bits)]);
        Image { states: vec![State { memory: None, globals: other }, State { memory: Some(memory), globals: own }] }
    }

    fn written(places: &[usize], pages: usize) -> Vec<u8> {
        let mut memory = vec![0; pages * PAGE];
        places.iter().for_each(|at| memory[*at] = 1);
        memory
    }

    #[test]
    fn what_changed_is_found_and_nothing_else() {
        let before = image(written(&[7, 70_000], 2), [1, 2]);
        let same = Overlay::between(&before, &image(written(&[7, 70_000], 2), [1, 2]), 0).expect("nothing is little");
        assert_eq!(same, Overlay { pages: 2, globals: vec![], ranges: vec![] });

        // What was zeroed, what is next to each other, what is far away, and what the memory grew by.
        let places = [65, 70_000, 70_000 + GAP, 200_000, 4 * PAGE - 1];
        let after = image(written(&places, 4), [3, 2]);
        let overlay = Overlay::between(&before, &after, 1 << 20).expect("it is not much");
        assert_eq!((overlay.pages, overlay.globals.as_slice()), (4, &[(0, 3)][..]));
        assert_eq!(overlay.ranges.len(), 4, "{overlay:?}");
        let mut memory = written(&[7, 70_000], 4);
        for (at, bytes) in &overlay.ranges {
            memory[*at as usize..][..bytes.len()].copy_from_slice(bytes);
        }
        assert_eq!(memory, written(&places, 4));
        assert_eq!(Overlay::decode(&overlay.encode().expect("encodes")), Ok(overlay));
    }

    #[test]
    fn what_is_too_long_or_elsewhere_is_no_overlay() {
        let before = image(written(&[], 1), [1, 2]);
        let after = image(written(&[0, 10_000], 1), [1, 2]);
        assert_eq!(Overlay::between(&before, &after, 2 * UNIT - 1), None);
        assert!(Overlay::between(&before, &after, 2 * UNIT).is_some());
        assert_eq!(
            Overlay::between(&before, &image(written(&[], 1), [1, 3]), 1 << 20),
            None,
            "another module's global"
        );
        let none = Image { states: vec![State::default()] };
        assert_eq!(Overlay::between(&none, &none, 1 << 20), None, "no memory");
    }
}
