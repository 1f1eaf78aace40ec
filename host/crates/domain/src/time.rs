//! Points in time, in milliseconds. Where they come from is the binary's business.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The point `millis` milliseconds after 1970-01-01T00:00:00Z.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The point `millis` milliseconds later, or the last one that can be written.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
    /// The beginning of its day, in UTC.
    #[must_use]
    pub const fn day(self) -> Self {
        Self(self.0.div_euclid(DAY_MILLIS).saturating_mul(DAY_MILLIS))
    }
}

/// A day, in milliseconds.
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1_000;

/// From one point in time until before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// At or after.
    pub from: Timestamp,
    /// Before.
    pub to: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_before_1970_too() {
        for (millis, day) in [(0, 0), (1, 0), (86_399_999, 0), (86_400_000, 86_400_000), (-1, -86_400_000)] {
            assert_eq!(Timestamp::from_millis(millis).day(), Timestamp::from_millis(day));
        }
    }
}
