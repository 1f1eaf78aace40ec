//! Spans of time that are counted in hours or days. What is counted is not known here.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Longest span that is counted at once.
pub const DAYS: i64 = 92;

const HOUR_MILLIS: i64 = 3_600_000;
const DAY_MILLIS: i64 = 24 * HOUR_MILLIS;

/// How long one bucket is. Both are of UTC, which has no summer time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Width {
    /// From one full hour to the next.
    Hour,
    /// From one midnight to the next.
    Day,
}

impl Width {
    const fn millis(self) -> i64 {
        match self {
            Self::Hour => HOUR_MILLIS,
            Self::Day => DAY_MILLIS,
        }
    }
}

/// A span that cannot be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSpan {
    /// Nothing lies in it, or it lies before 1970.
    #[error("it is after `from`, and neither is negative: milliseconds since 1970")]
    Empty,
    /// It is longer than [`DAYS`].
    #[error("at most {DAYS} days after `from`: ask for the rest apart")]
    TooLong,
}

/// Buckets that follow each other; at least one, at most 92 days of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buckets {
    edges: Vec<Timestamp>,
}

impl Buckets {
    /// The whole buckets that something of `from..to` lies in.
    ///
    /// # Errors
    /// [`BadSpan`].
    pub fn new(from: Timestamp, to: Timestamp, width: Width) -> Result<Self, BadSpan> {
        let (from, to, width) = (from.millis(), to.millis(), width.millis());
        if from < 0 || to <= from {
            return Err(BadSpan::Empty);
        }
        let first = from - from % width;
        // From 1970 on, differences do not overflow.
        let count = (to - first - 1) / width + 1;
        if count > DAYS * DAY_MILLIS / width {
            return Err(BadSpan::TooLong);
        }
        let edges = (0..=count).map(|number| Timestamp::from_millis(first.saturating_add(number * width)));
        Ok(Self { edges: edges.collect() })
    }

    /// Where each begins, and where the last one ends.
    pub fn edges(&self) -> &[Timestamp] {
        &self.edges
    }

    /// Where each begins.
    pub fn starts(&self) -> impl Iterator<Item = Timestamp> {
        self.edges.iter().take(self.edges.len() - 1).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn buckets(from: i64, to: i64, width: Width) -> Result<Buckets, BadSpan> {
        Buckets::new(Timestamp::from_millis(from), Timestamp::from_millis(to), width)
    }

    proptest! {
        #[test]
        fn every_moment_of_the_span_lies_in_one_bucket(from in 0..1i64 << 47, length in 1..91 * DAY_MILLIS, at in 0..91 * DAY_MILLIS, hours: bool) {
            let width = if hours { Width::Hour } else { Width::Day };
            let buckets = buckets(from, from + length, width).expect("a span");
            let moment = Timestamp::from_millis(from + at % length);
            let holds = |pair: &&[Timestamp]| pair[0] <= moment && moment < pair[1];
            prop_assert_eq!(buckets.edges().windows(2).filter(holds).count(), 1);
            prop_assert!(buckets.edges().windows(2).all(|pair| pair[1].millis() - pair[0].millis() == width.millis()));
            prop_assert!(buckets.starts().all(|start| start.millis() % width.millis() == 0));
        }

        #[test]
        fn no_span_has_more_buckets_than_92_days(from: i64, to: i64, hours: bool) {
            let width = if hours { Width::Hour } else { Width::Day };
            if let Ok(buckets) = buckets(from, to, width) {
                let most = if hours { 2_208 } else { 92 };
                prop_assert!((1..=most).contains(&buckets.starts().count()));
            }
        }
    }

    #[test]
    fn a_span_is_not_empty_and_at_most_92_days_long() {
        assert_eq!(buckets(5, 5, Width::Hour), Err(BadSpan::Empty));
        assert_eq!(buckets(-1, 5, Width::Hour), Err(BadSpan::Empty));
        assert_eq!(buckets(0, DAYS * DAY_MILLIS, Width::Hour).map(|found| found.starts().count()), Ok(2_208));
        assert_eq!(buckets(0, DAYS * DAY_MILLIS + 1, Width::Hour), Err(BadSpan::TooLong));
        assert_eq!(buckets(0, 1, Width::Day).map(|found| found.starts().count()), Ok(1));
    }
}
