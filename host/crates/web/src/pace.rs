//! How often within a second somebody is served at once: who asks more often waits, which costs the server little.
//!
//! A refusal or a short read takes little time, but thousands of them a second take the processor from everybody. Who is refused is not
//! decided here.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sluice_domain::{
    server_limits::ServerLimits,
    shares::{Share, Shares},
};
use tokio::time::Instant;

use crate::room::Holder;

/// What of the time of somebody who did nothing is saved up.
const SAVED: Duration = Duration::from_secs(1);
/// Longest that somebody waits: more would only hold their connection.
const LONGEST: Duration = Duration::from_secs(3);
/// Most refusals of one holder that wait; further ones go out at once.
const WAITING: usize = 1024;
/// The same of everybody.
const WAITING_IN_ALL: usize = 16_384;
/// Of how many holders the time is kept when it says nothing any more.
const KEPT: usize = 1024;

/// So many within a second for each holder.
#[derive(Debug)]
pub(crate) struct Pace {
    /// What one uses up.
    each: Duration,
    /// Up to when the time of each is used up, and [`SAVED`].
    used: Mutex<HashMap<Holder, Instant>>,
}

impl Pace {
    pub(crate) fn of(per_second: u64) -> Self {
        let each = Duration::from_secs(1) / u32::try_from(per_second).unwrap_or(u32::MAX).max(1);
        Self { each, used: Mutex::default() }
    }

    /// Waits until it is the holder's time.
    pub(crate) async fn keep(&self, holder: Holder) {
        if let Some(until) = self.until(holder, Instant::now()) {
            tokio::time::sleep_until(until).await;
        }
    }

    /// Until when the holder waits; nothing when there is no need to.
    fn until(&self, holder: Holder, now: Instant) -> Option<Instant> {
        let mut all = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KEPT {
            all.retain(|_, used| *used > now);
        }
        let used = all.entry(holder).or_insert(now);
        // What would wait longer uses up nothing: otherwise a minute of asking would be felt for hours.
        *used = ((*used).max(now) + self.each).min(now + SAVED + LONGEST);
        let until = used.checked_sub(SAVED)?;
        (until > now).then_some(until)
    }
}

/// Pauses before refusals.
#[derive(Debug)]
pub(crate) struct Pauses {
    pace: Pace,
    waiting: Shares<Holder>,
}

impl Pauses {
    pub(crate) fn new(limits: &ServerLimits) -> Self {
        Self { pace: Pace::of(limits.refusals_per_second), waiting: Shares::new(WAITING_IN_ALL) }
    }

    /// Waits before a refusal of `holder`, if there were many.
    pub(crate) async fn wait(&self, holder: Holder) {
        let Some(until) = self.pace.until(holder, Instant::now()) else { return };
        let place: Result<Share<Holder>, _> = self.waiting.take(&[(holder, WAITING)]);
        if let Ok(_place) = place {
            tokio::time::sleep_until(until).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::Ipv4Addr,
        task::{Context, Poll, Waker},
    };

    use super::*;

    fn holder(number: u16) -> Holder {
        let [high, low] = number.to_be_bytes();
        Holder::of_network(Ipv4Addr::new(10, high, low, 1).into())
    }

    #[tokio::test]
    async fn a_second_is_saved_up_and_the_rest_goes_on_at_its_pace() {
        let (pace, now) = (Pace::of(50), Instant::now());
        assert!((0..50).all(|_| pace.until(holder(1), now).is_none()));
        for number in 1..=150 {
            assert_eq!(pace.until(holder(1), now), Some(now + Duration::from_millis(20 * number)));
        }
        assert_eq!(pace.until(holder(1), now), Some(now + LONGEST), "and no longer");
        assert_eq!(pace.until(holder(2), now), None, "each has a time of its own");
        assert_eq!(pace.until(holder(1), now + SAVED + LONGEST), None, "what was used up comes back");
    }

    #[tokio::test]
    async fn who_waits_for_nothing_is_forgotten() {
        let (pace, now) = (Pace::of(50), Instant::now());
        for number in 0..=u16::MAX {
            pace.until(holder(number), now + Duration::from_millis(u64::from(number)));
        }
        assert!(pace.used.lock().expect("a whole lock").len() <= KEPT + 1);
    }

    #[tokio::test]
    async fn so_many_refusals_wait_and_no_more() {
        let pauses = Pauses::new(&ServerLimits::default());
        let mut context = Context::from_waker(Waker::noop());
        let mut begun: Vec<_> = (0..2_000).map(|_| Box::pin(pauses.wait(holder(1)))).collect();
        let wait = begun.iter_mut().map(|refusal| refusal.as_mut().poll(&mut context)).filter(Poll::is_pending);
        assert_eq!(wait.count(), WAITING);
        drop(begun);
        assert!(pauses.waiting.take(&[(holder(1), WAITING)]).is_ok(), "who has gone waits no more");
    }
}
