//! Closures that wait to write, by turns between accounts: one that has many waiting leaves every other turn to others.
//!
//! Closures of one account stay in the order in which they were given.

use std::collections::{HashMap, VecDeque};

use sluice_domain::id::AccountId;
use tokio::sync::{mpsc, oneshot};

use crate::job::{Job, Order};

/// A closure that waits, and the account whose rows it writes.
pub(crate) struct Waiting {
    pub(crate) job: Box<dyn Job>,
    pub(crate) account: Option<AccountId>,
}

/// Where closures come from.
pub(crate) struct Queue {
    orders: mpsc::Receiver<Order>,
    /// What was taken from `orders`. Each is a request that waits for its answer, so there are no more than requests.
    waiting: Turns<Option<AccountId>, Waiting>,
    closing: Vec<oneshot::Sender<()>>,
}

impl Queue {
    pub(crate) fn new(orders: mpsc::Receiver<Order>) -> Self {
        Self { orders, waiting: Turns::default(), closing: Vec::new() }
    }

    /// The next closure, when there is one. `None` when all were taken and there will be no more.
    pub(crate) fn wait(&mut self) -> Option<Waiting> {
        loop {
            if let Some(next) = self.next() {
                return Some(next);
            }
            let order = self.orders.blocking_recv()?;
            self.take(order);
        }
    }

    /// The next closure, if one waits.
    pub(crate) fn next(&mut self) -> Option<Waiting> {
        self.next_if(|_| true)
    }

    /// The closure whose turn it is, if one waits and `fits`; one that does not fit stays where it is.
    pub(crate) fn next_if(&mut self, fits: impl FnOnce(Option<AccountId>) -> bool) -> Option<Waiting> {
        while let Ok(order) = self.orders.try_recv() {
            self.take(order);
        }
        self.waiting.next_if(|account| fits(*account))
    }

    /// Takes back closures that were not run, the first one first.
    pub(crate) fn put_back(&mut self, unrun: VecDeque<Waiting>) {
        for waiting in unrun.into_iter().rev() {
            self.waiting.put_back(waiting.account, waiting);
        }
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Run(job, account) => self.waiting.push(account, Waiting { job, account }),
            Order::Close(done) => {
                self.orders.close();
                self.closing.push(done);
            }
        }
    }
}

/// Things that wait in lanes; lanes take turns.
struct Turns<L, T> {
    lanes: HashMap<L, VecDeque<T>>,
    /// The lanes with something in them, in the order of their turns.
    order: VecDeque<L>,
}

impl<L, T> Default for Turns<L, T> {
    fn default() -> Self {
        Self { lanes: HashMap::new(), order: VecDeque::new() }
    }
}

impl<L: Copy + Eq + std::hash::Hash, T> Turns<L, T> {
    fn push(&mut self, lane: L, thing: T) {
        let things = self.lanes.entry(lane).or_default();
        if things.is_empty() {
            self.order.push_back(lane);
        }
        things.push_back(thing);
    }

    /// Puts something before all others of its lane, whose turn is next.
    fn put_back(&mut self, lane: L, thing: T) {
        let things = self.lanes.entry(lane).or_default();
        if things.is_empty() {
            self.order.push_front(lane);
        }
        things.push_front(thing);
    }

    fn next_if(&mut self, fits: impl FnOnce(&L) -> bool) -> Option<T> {
        let lane = *self.order.front()?;
        if !fits(&lane) {
            return None;
        }
        self.order.pop_front();
        let things = self.lanes.get_mut(&lane)?;
        let next = things.pop_front();
        if things.is_empty() {
            self.lanes.remove(&lane);
        } else {
            self.order.push_back(lane);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(turns: &mut Turns<char, u32>) -> Vec<u32> {
        std::iter::from_fn(|| turns.next_if(|_| true)).collect()
    }

    #[test]
    fn lanes_take_turns_and_keep_their_order() {
        let mut turns = Turns::default();
        for (lane, thing) in [('a', 1), ('a', 2), ('a', 3), ('b', 10), ('c', 20), ('b', 11)] {
            turns.push(lane, thing);
        }
        assert_eq!(all(&mut turns), [1, 10, 20, 2, 11, 3]);
        assert!(turns.lanes.is_empty());
    }

    #[test]
    fn what_does_not_fit_keeps_its_turn_and_what_is_put_back_comes_first() {
        let mut turns = Turns::default();
        for (lane, thing) in [('a', 1), ('b', 10), ('a', 2)] {
            turns.push(lane, thing);
        }
        assert_eq!(turns.next_if(|lane| *lane == 'b'), None);
        let (first, second) = (turns.next_if(|_| true), turns.next_if(|_| true));
        assert_eq!((first, second), (Some(1), Some(10)));
        turns.put_back('b', 10);
        turns.put_back('a', 1);
        assert_eq!(all(&mut turns), [10, 1, 2]);
    }
}
