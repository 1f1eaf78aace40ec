//! What may happen as often as strangers like, and is told only so often: a log that grows with each request fills the disk.

use std::sync::{Mutex, PoisonError};

use tokio::time::{Duration, Instant};

/// After how long it may be told again.
const PAUSE: Duration = Duration::from_secs(60);

/// One thing that is told.
#[derive(Debug)]
pub struct Repeated {
    /// How often it is told within a pause.
    lines: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    begun: Option<Instant>,
    told: u64,
    untold: u64,
}

impl Repeated {
    /// Told once a minute.
    pub const fn seldom() -> Self {
        Self::at_most(1)
    }

    /// Told so often a minute.
    pub const fn at_most(lines: u64) -> Self {
        Self { lines, state: Mutex::new(State { begun: None, told: 0, untold: 0 }) }
    }

    /// It has happened. When it is to be told, how often it happened before without having been told.
    pub fn tell(&self) -> Option<u64> {
        self.tell_at(Instant::now())
    }

    fn tell_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.begun.is_none_or(|begun| now.duration_since(begun) >= PAUSE) {
            (state.begun, state.told) = (Some(now), 0);
        }
        if state.told == self.lines {
            state.untold += 1;
            return None;
        }
        state.told += 1;
        Some(std::mem::take(&mut state.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_often_is_told_once_a_minute_with_how_often_it_was() {
        let (refused, begun) = (Repeated::seldom(), Instant::now());
        assert_eq!(refused.tell_at(begun), Some(0));
        for second in 1..60 {
            assert_eq!(refused.tell_at(begun + Duration::from_secs(second)), None);
        }
        assert_eq!(refused.tell_at(begun + PAUSE), Some(59));
        assert_eq!(refused.tell_at(begun + PAUSE), None);
    }
}
