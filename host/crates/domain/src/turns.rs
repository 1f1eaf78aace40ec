//! Who is next at something that a few use at once while many wait.
//!
//! Waiting work stands in one of several lanes, each for one kind of work. Lanes are served by their weights; within a lane, who used
//! the least lately is next. Lanes of strangers, and whoever used much lately, always leave one place to the others, where there are
//! two. What a piece of work is, and how many of one holder may wait, is the caller's to say: `shares` counts those.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

use crate::time::Timestamp;

/// In this time, half of what was used is forgotten, in milliseconds.
const HALF_LIFE_MILLIS: f64 = 5_000.0;
/// Who used more turns than this lately is heavy.
const HEAVY: f64 = 16.0;
/// Of what is left of a use, so little counts as nothing.
const NOTHING: f64 = 0.01;
/// With more holders than this in memory, those that used nothing lately are forgotten.
const REMEMBERED: usize = 4_096;

/// How one kind of work is served.
#[derive(Debug, Clone, Copy)]
pub struct Lane {
    /// How many turns it gets beside the others, while all have work.
    pub weight: u32,
    /// How much of it may wait.
    pub room: usize,
    /// Whether it leaves a place to the other lanes.
    pub leaves_one: bool,
}

/// Where a piece of work stands in line, to leave it early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// A piece of work whose turn has come.
#[derive(Debug)]
pub struct Turn<W> {
    /// What waited.
    pub work: W,
    /// Whether it leaves a place to others. [`Line::done`] wants to know it again.
    pub leaves_one: bool,
}

/// The line: who waits, what runs, and who used how much.
#[derive(Debug)]
pub struct Line<H, W> {
    at_once: usize,
    running: usize,
    leaving_one: usize,
    /// How far lanes are, in turns divided by weights.
    pace: f64,
    lanes: Vec<(Lane, f64)>,
    waiting: BTreeMap<Ticket, Waiting<H, W>>,
    used: HashMap<H, Used>,
    remembered: usize,
    last: u64,
}

#[derive(Debug)]
struct Waiting<H, W> {
    lane: usize,
    levels: Vec<Vec<H>>,
    work: W,
}

#[derive(Debug, Clone, Copy)]
struct Used {
    turns: f64,
    as_of: Timestamp,
}

impl Used {
    fn now(&self, now: Timestamp) -> f64 {
        let millis = u32::try_from(now.millis().saturating_sub(self.as_of.millis()).max(0)).unwrap_or(u32::MAX);
        self.turns * 0.5_f64.powf(f64::from(millis) / HALF_LIFE_MILLIS)
    }
}

/// How much the holders of a piece of work used, level by level: who has less at the first level where they differ is before.
type Standing = Vec<f64>;

impl<H: Clone + Hash + Eq, W> Line<H, W> {
    /// A line before `at_once` places.
    pub fn new(at_once: usize, lanes: &[Lane]) -> Self {
        Self {
            at_once: at_once.max(1),
            running: 0,
            leaving_one: 0,
            pace: 0.0,
            lanes: lanes.iter().map(|lane| (*lane, 0.0)).collect(),
            waiting: BTreeMap::new(),
            used: HashMap::new(),
            remembered: REMEMBERED,
            last: 0,
        }
    }

    /// Puts work into a lane. `levels` say for whom it is, what weighs most first; of several at one level, who used most counts.
    ///
    /// In a full lane, who used more than the newcomer makes room: that work is given back beside the ticket.
    ///
    /// # Errors
    /// The work itself, when the lane is full of others who used no more.
    pub fn join(
        &mut self,
        lane: usize,
        levels: Vec<Vec<H>>,
        work: W,
        now: Timestamp,
    ) -> Result<(Ticket, Option<W>), W> {
        let mut displaced = None;
        let in_lane = self.waiting.values().filter(|waiting| waiting.lane == lane).count();
        if in_lane >= self.lanes.get(lane).map_or(0, |(lane, _)| lane.room) {
            let own = self.standing(&levels, now);
            let ofs = self.waiting.iter().filter(|(_, waiting)| waiting.lane == lane);
            let last = ofs
                .map(|(ticket, waiting)| (self.standing(&waiting.levels, now), *ticket))
                .max_by(|one, other| compare(&one.0, &other.0).then(one.1.cmp(&other.1)));
            match last {
                Some((standing, ticket)) if compare(&own, &standing) == Ordering::Less => {
                    displaced = self.leave(ticket);
                }
                Some(_) | None => return Err(work),
            }
        }
        self.last += 1;
        let ticket = Ticket(self.last);
        self.waiting.insert(ticket, Waiting { lane, levels, work });
        Ok((ticket, displaced))
    }

    /// Takes back what waits; `None` when its turn has come or it made room already.
    pub fn leave(&mut self, ticket: Ticket) -> Option<W> {
        self.waiting.remove(&ticket).map(|waiting| waiting.work)
    }

    /// The next piece of work, when a place is free for it. It runs until [`Line::done`].
    pub fn next(&mut self, now: Timestamp) -> Option<Turn<W>> {
        if self.running >= self.at_once {
            return None;
        }
        let may_leave_one = self.leaving_one < (self.at_once - 1).max(1);
        let mut best: Option<(f64, Standing, Ticket, bool)> = None;
        for (ticket, waiting) in &self.waiting {
            let standing = self.standing(&waiting.levels, now);
            let leaves_one = self.lanes[waiting.lane].0.leaves_one || standing.iter().any(|turns| *turns > HEAVY);
            if leaves_one && !may_leave_one {
                continue;
            }
            let pace = self.lanes[waiting.lane].1.max(self.pace);
            // Of two lanes at one pace, the earlier one is first.
            let order = |(other, than, _, _): &(f64, Standing, Ticket, bool), lane: usize| {
                pace.total_cmp(other).then(waiting.lane.cmp(&lane)).then_with(|| compare(&standing, than))
            };
            let is_before = best.as_ref().is_none_or(|best| order(best, self.waiting[&best.2].lane) == Ordering::Less);
            if is_before {
                best = Some((pace, standing, *ticket, leaves_one));
            }
        }
        let (pace, _, ticket, leaves_one) = best?;
        let Waiting { lane, levels, work } = self.waiting.remove(&ticket)?;
        self.pace = pace;
        self.lanes[lane].1 = pace + 1.0 / f64::from(self.lanes[lane].0.weight.max(1));
        self.running += 1;
        self.leaving_one += usize::from(leaves_one);
        self.charge(levels, now);
        Some(Turn { work, leaves_one })
    }

    /// Gives back the place of a turn that has ended.
    pub fn done(&mut self, leaves_one: bool) {
        self.running -= 1;
        self.leaving_one -= usize::from(leaves_one);
    }

    /// How much waits, in all lanes.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn standing(&self, levels: &[Vec<H>], now: Timestamp) -> Standing {
        let used = |holder: &H| self.used.get(holder).map_or(0.0, |used| used.now(now));
        levels.iter().map(|level| level.iter().map(used).fold(0.0, f64::max)).collect()
    }

    fn charge(&mut self, levels: Vec<Vec<H>>, now: Timestamp) {
        if self.used.len() >= self.remembered {
            self.used.retain(|_, used| used.now(now) > NOTHING);
            self.remembered = (self.used.len() * 2).max(REMEMBERED);
        }
        for holder in levels.into_iter().flatten() {
            let used = self.used.entry(holder).or_insert(Used { turns: 0.0, as_of: now });
            *used = Used { turns: used.now(now) + 1.0, as_of: now };
        }
    }
}

fn compare(one: &Standing, other: &Standing) -> Ordering {
    one.iter()
        .zip(other)
        .map(|(one, other)| one.total_cmp(other))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests;
