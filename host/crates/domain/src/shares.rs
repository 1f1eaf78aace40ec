//! Shares of something that many use at once: each holder has at most so many places, and all together at most so many.
//!
//! Who a place is for (an address, a person, an account) and how many each may have is the caller's to say. Nobody waits here:
//! whoever does not get a place is told whose places are taken.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The places of one shared thing. Cheap to clone.
#[derive(Debug)]
pub struct Shares<H> {
    state: Arc<Mutex<State<H>>>,
    all: usize,
}

#[derive(Debug)]
struct State<H> {
    taken: usize,
    by_holder: HashMap<H, usize>,
}

/// A place, or a number of them; free again when it is dropped.
#[derive(Debug)]
pub struct Share<H: Hash + Eq> {
    state: Arc<Mutex<State<H>>>,
    places: usize,
    holders: Vec<H>,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full<H> {
    /// All places are taken.
    Everybody,
    /// This holder has as many as it may.
    Holder(H),
}

impl<H> Clone for Shares<H> {
    fn clone(&self) -> Self {
        Self { state: self.state.clone(), all: self.all }
    }
}

impl<H: Clone + Hash + Eq> Shares<H> {
    /// `all` places.
    pub fn new(all: usize) -> Self {
        Self { state: Arc::new(Mutex::new(State { taken: 0, by_holder: HashMap::new() })), all }
    }

    /// Takes a place for all of `holders` at once: each with the number of places that it may have.
    ///
    /// # Errors
    /// [`Full`] when one of them, or everybody together, has as many as may be. Nothing is taken then.
    pub fn take(&self, holders: &[(H, usize)]) -> Result<Share<H>, Full<H>> {
        self.take_many(1, holders)
    }

    /// Takes `places` places, as [`Shares::take`] takes one.
    ///
    /// # Errors
    /// [`Full`].
    pub fn take_many(&self, places: usize, holders: &[(H, usize)]) -> Result<Share<H>, Full<H>> {
        let mut state = lock(&self.state);
        for (holder, most) in holders {
            let taken = state.by_holder.get(holder).copied().unwrap_or(0);
            if taken.saturating_add(places) > *most {
                return Err(Full::Holder(holder.clone()));
            }
        }
        if state.taken.saturating_add(places) > self.all {
            return Err(Full::Everybody);
        }
        state.taken += places;
        for (holder, _) in holders {
            *state.by_holder.entry(holder.clone()).or_default() += places;
        }
        let holders = holders.iter().map(|(holder, _)| holder.clone()).collect();
        Ok(Share { state: self.state.clone(), places, holders })
    }

    /// How many places are taken, by everybody.
    pub fn taken(&self) -> usize {
        lock(&self.state).taken
    }
}

impl<H: Hash + Eq> Drop for Share<H> {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        state.taken -= self.places;
        for holder in &self.holders {
            if let Some(taken) = state.by_holder.get_mut(holder) {
                *taken -= self.places;
                if *taken == 0 {
                    state.by_holder.remove(holder);
                }
            }
        }
    }
}

fn lock<H>(state: &Mutex<State<H>>) -> MutexGuard<'_, State<H>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_holder_gets_its_places_and_leaves_the_rest_to_others() {
        let shares = Shares::new(16);
        let mut places: Vec<_> = (0..4).filter_map(|_| shares.take(&[("one", 2)]).ok()).collect();
        assert_eq!(places.len(), 2);
        assert_eq!(shares.take(&[("one", 2)]).err(), Some(Full::Holder("one")));
        places.pop();
        places.extend(shares.take(&[("one", 2)]));
        assert_eq!(places.len(), 2, "a place that was left is free again");
        assert_eq!(shares.take_many(15, &[("other", 20)]).err(), Some(Full::Everybody));
        assert!(shares.take_many(14, &[("other", 20)]).is_ok());
    }

    proptest! {
        #[test]
        fn nobody_has_more_than_may_be_and_all_comes_back(
            asked in prop::collection::vec((0..4_u8, 0..3_u8, 1..5_usize, any::<bool>()), 0..60),
        ) {
            let shares = Shares::new(12);
            let mut held = Vec::new();
            for (person, account, places, leave) in asked {
                let holders = [((b'p', person), 5), ((b'a', account), 8)];
                held.extend(shares.take_many(places, &holders));
                for (kind, most) in [(b'p', 5), (b'a', 8)] {
                    for id in 0..4 {
                        let of_one = held.iter().filter(|share| share.holders.contains(&(kind, id)));
                        prop_assert!(of_one.map(|share| share.places).sum::<usize>() <= most);
                    }
                }
                prop_assert_eq!(held.iter().map(|share| share.places).sum::<usize>(), shares.taken());
                prop_assert!(shares.taken() <= 12);
                if leave {
                    held.pop();
                }
            }
            held.clear();
            prop_assert_eq!(shares.taken(), 0);
            prop_assert!(lock(&shares.state).by_holder.is_empty());
        }
    }
}
