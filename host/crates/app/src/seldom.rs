//! What happens with every request and is written down seldom: that a session was used, that someone was refused.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use sluice_domain::time::Timestamp;

/// How long what was written down is not written down again, in milliseconds.
pub(crate) const MINUTE: i64 = 60_000;
/// Most that is remembered; with more, what is older than a minute is forgotten, or else everything.
const MOST: usize = 65_536;

/// Remembers what was written down within the last minute.
#[derive(Default)]
pub(crate) struct Seldom {
    written: Mutex<HashMap<String, Timestamp>>,
}

impl Seldom {
    /// Whether `what` was not asked about within the last minute.
    pub(crate) fn first(&self, what: String, now: Timestamp) -> bool {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |at: &Timestamp| now < at.plus_millis(MINUTE);
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
        let seldom = Seldom::default();
        let at = Timestamp::from_millis;
        assert!(seldom.first("a".to_owned(), at(0)));
        assert!(!seldom.first("a".to_owned(), at(MINUTE - 1)));
        assert!(seldom.first("b".to_owned(), at(MINUTE - 1)));
        assert!(seldom.first("a".to_owned(), at(MINUTE)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let seldom = Seldom::default();
        for number in 0..MOST + 10 {
            seldom.first(number.to_string(), Timestamp::from_millis(0));
        }
        assert!(seldom.written.lock().is_ok_and(|written| written.len() <= MOST));
    }
}
