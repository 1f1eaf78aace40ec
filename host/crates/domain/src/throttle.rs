//! How attempts to log in are slowed down: not at all at first, then ever more, but never for good.
//!
//! What is slowed down, a person's e-mail address or the address that attempts come from, is not decided here.

use crate::time::Timestamp;

/// Longest that one failure keeps further attempts out, in milliseconds.
pub const LONGEST_MILLIS: i64 = 15 * 60 * 1000;
/// How long after its last failure a subject begins anew, in milliseconds.
pub const FORGOTTEN_MILLIS: i64 = 60 * 60 * 1000;
const FIRST_MILLIS: i64 = 1_000;

/// What failed how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// Since the last success.
    pub count: u32,
    /// Until when no attempt is looked at.
    pub blocked_until: Timestamp,
    /// When the last one happened.
    pub last: Timestamp,
}

/// What another failure at `now` makes of the earlier ones: after the first `free`, each doubles the pause, which begins with a
/// second and ends with a quarter of an hour. An hour without failures, and all are forgotten.
pub fn after_failure(before: Option<Failures>, free: u32, now: Timestamp) -> Failures {
    let remembered = before.filter(|failures| now < failures.last.plus_millis(FORGOTTEN_MILLIS));
    let count = remembered.map_or(0, |failures| failures.count).saturating_add(1);
    Failures { count, blocked_until: now.plus_millis(pause(count, free)), last: now }
}

/// The pause after so many failures, in milliseconds.
fn pause(count: u32, free: u32) -> i64 {
    let pause = match count.checked_sub(free) {
        None | Some(0) => 0,
        Some(over) => FIRST_MILLIS.checked_shl(over - 1).filter(|pause| *pause > 0).unwrap_or(LONGEST_MILLIS),
    };
    pause.min(LONGEST_MILLIS)
}

/// The same failures, the last of which was counted before and is known at `now` to be one: the pause begins then.
pub fn known_at(failures: Failures, free: u32, now: Timestamp) -> Failures {
    let blocked_until = failures.blocked_until.max(now.plus_millis(pause(failures.count, free)));
    Failures { blocked_until, last: failures.last.max(now), ..failures }
}

/// What is left when one of the failures turns out to have been none: no more than `free`, and there is no pause.
pub fn one_less(failures: Failures, free: u32) -> Failures {
    let count = failures.count.saturating_sub(1);
    let blocked_until = if count <= free { Timestamp::from_millis(0) } else { failures.blocked_until };
    Failures { count, blocked_until, ..failures }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nobody_is_kept_out_longer_than_a_quarter_of_an_hour(count: u32, free in 0..50_u32, at in 0..1_i64 << 40) {
            let now = Timestamp::from_millis(at);
            let before = Failures { count, blocked_until: now, last: now };
            let after = after_failure(Some(before), free, now);
            let pause = after.blocked_until.millis() - at;
            prop_assert!((0..=LONGEST_MILLIS).contains(&pause));
            prop_assert_eq!(pause > 0, after.count > free);
        }
    }

    #[test]
    fn the_first_failures_are_free_and_the_pauses_then_grow() {
        let mut failures = None;
        let mut pauses = Vec::new();
        for _ in 0..15 {
            let next = after_failure(failures, 3, Timestamp::from_millis(5));
            pauses.push((next.blocked_until.millis() - 5) / 1000);
            failures = Some(next);
        }
        assert_eq!(pauses, [0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    }

    #[test]
    fn what_was_no_failure_leaves_no_pause_that_it_made() {
        let at = Timestamp::from_millis;
        let before = Failures { count: 3, blocked_until: at(0), last: at(0) };
        let charged = after_failure(Some(before), 3, at(5));
        assert_eq!((charged.count, charged.blocked_until), (4, at(1_005)));
        let left = one_less(charged, 3);
        assert_eq!((left.count, left.blocked_until), (3, at(0)));
        // Another one failed meanwhile: its pause stays.
        let failed = after_failure(Some(charged), 3, at(1_005));
        assert_eq!(one_less(failed, 3).blocked_until, failed.blocked_until);
    }

    #[test]
    fn a_pause_begins_when_the_failure_is_known() {
        let at = Timestamp::from_millis;
        let charged = after_failure(Some(Failures { count: 3, blocked_until: at(0), last: at(0) }), 3, at(5));
        let known = known_at(charged, 3, at(9_000));
        assert_eq!((known.count, known.blocked_until), (4, at(10_000)));
        assert_eq!(known_at(known, 3, at(8_000)).blocked_until, at(10_000), "never sooner");
    }

    #[test]
    fn an_hour_later_all_is_forgotten() {
        let old = Failures { count: 30, blocked_until: Timestamp::from_millis(0), last: Timestamp::from_millis(0) };
        assert_eq!(after_failure(Some(old), 3, Timestamp::from_millis(FORGOTTEN_MILLIS)).count, 1);
        assert_eq!(after_failure(Some(old), 3, Timestamp::from_millis(FORGOTTEN_MILLIS - 1)).count, 31);
    }
}
