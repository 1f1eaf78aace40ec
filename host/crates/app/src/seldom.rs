//! What happens often and is told seldom: that a session was used, that someone was refused, that someone is typing.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use sluice_domain::time::Timestamp;

/// How long what was written down is not written down again, in milliseconds.
pub(crate) const MINUTE: i64 = 60_000;
/// Most that is remembered; with more, what is older than the pause is forgotten, or else everything.
const MOST: usize = 65_536;

/// Remembers what was told within the last while.
pub(crate) struct Seldom {
    pause_millis: i64,
    written: Mutex<HashMap<String, Timestamp>>,
}

impl Seldom {
    /// One that lets the same through once in this time.
    pub(crate) fn every(pause_millis: i64) -> Self {
        Self { pause_millis, written: Mutex::default() }
    }

    /// Whether `what` was not let through within the pause.
    pub(crate) fn first(&self, what: String, now: Timestamp) -> bool {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |at: &Timestamp| now < at.plus_millis(self.pause_millis);
        if written.get(&what).is_some_and(is_fresh) {
            return false;
        }
        if written.len() >= MOST {
            written.retain(|_, at| is_fresh(at));
            if written.len() >= MOST {
                written.clear();
            }
        }
        written.insert(what, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_written_down_once_a_minute() {
        let seldom = Seldom::every(MINUTE);
        let at = Timestamp::from_millis;
        assert!(seldom.first("a".to_owned(), at(0)));
        assert!(!seldom.first("a".to_owned(), at(MINUTE - 1)));
        assert!(seldom.first("b".to_owned(), at(MINUTE - 1)));
        assert!(seldom.first("a".to_owned(), at(MINUTE)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let seldom = Seldom::every(MINUTE);
        for number in 0..MOST + 10 {
            seldom.first(number.to_string(), Timestamp::from_millis(0));
        }
        assert!(seldom.written.lock().is_ok_and(|written| written.len() <= MOST));
    }
}
