use std::{
    future::Future,
    pin::{Pin, pin},
    sync::mpsc,
    task::{Context, Poll, Waker},
};

use sluice_domain::time::Timestamp;

use super::*;

fn account(number: u8) -> AccountId {
    AccountId::new(Timestamp::from_millis(1), [number; 10])
}

fn person(number: u8) -> PersonId {
    PersonId::new(Timestamp::from_millis(1), [number; 10])
}

fn turns(at_once: usize) -> Turns {
    let places = Places { at_once, waiting: 8, per_address: 3, per_network: 6, per_person: 2, per_account: 4 };
    Turns::new(places, Clock::new(|| Timestamp::from_millis(0)))
}

/// Work that says that it began, and goes on when its gate is opened.
struct Gate {
    open: mpsc::Sender<()>,
    begun: oneshot::Receiver<()>,
}

impl Gate {
    fn work() -> (Self, impl FnOnce() + Send + 'static) {
        let (open, opened) = mpsc::channel();
        let (begins, begun) = oneshot::channel();
        let work = move || {
            let _watched = begins.send(());
            // Closed for good is as good as open.
            let _opened = opened.recv();
        };
        (Self { open, begun }, work)
    }

    async fn has_begun(&mut self) {
        (&mut self.begun).await.expect("begins");
    }

    fn has_not_begun(&mut self) {
        assert!(self.begun.try_recv().is_err());
    }
}

type Work<'a> = Pin<Box<dyn Future<Output = Result<(), AppError>> + Send + 'a>>;

/// Asks for a turn, and goes as far as that goes by itself.
fn ask<'a>(turns: &'a Turns, asker: &'a Asker) -> (Gate, Work<'a>, Poll<Result<(), AppError>>) {
    let (gate, work) = Gate::work();
    let mut asked: Work<'a> = Box::pin(turns.run(asker, work));
    let state = poll(&mut asked);
    (gate, asked, state)
}

fn poll(work: &mut Work<'_>) -> Poll<Result<(), AppError>> {
    pin!(work).poll(&mut Context::from_waker(Waker::noop()))
}

fn is_refused(state: Poll<Result<(), AppError>>) -> AppError {
    match state {
        Poll::Ready(Err(error)) => error,
        Poll::Ready(Ok(())) | Poll::Pending => panic!("not refused"),
    }
}

#[tokio::test]
async fn turns_go_round_networks_and_to_known_ones_first() {
    let turns = turns(1);
    let flood: Vec<_> =
        (0..3).map(|number| Asker::stranger("a@x.example", &format!("2001:db8:1:{number}::1"))).collect();
    let (other, known) =
        (Asker::stranger("b@x.example", "192.0.2.1"), Asker::known(account(1), person(1), "198.51.100.1"));
    let (mut first, running, _) = ask(&turns, &flood[0]);
    first.has_begun().await;
    let (mut second, of_flood, _) = ask(&turns, &flood[1]);
    let (mut third, of_other, _) = ask(&turns, &other);
    let (mut fourth, of_known, _) = ask(&turns, &known);
    // A place is given on before its work is answered: the one that got it begins when it is asked on.
    first.open.send(()).expect("works");
    running.await.expect("done");
    let (mut of_known, mut of_other, mut of_flood) = (of_known, of_other, of_flood);
    assert!(poll(&mut of_flood).is_pending() && poll(&mut of_other).is_pending() && poll(&mut of_known).is_pending());
    fourth.has_begun().await;
    third.has_not_begun();
    fourth.open.send(()).expect("works");
    of_known.await.expect("done");
    assert!(poll(&mut of_flood).is_pending() && poll(&mut of_other).is_pending());
    third.has_begun().await;
    second.has_not_begun();
    third.open.send(()).expect("works");
    of_other.await.expect("done");
    second.open.send(()).expect("works");
    of_flood.await.expect("done");
}

#[tokio::test]
async fn strangers_leave_a_place_to_who_is_known() {
    let turns = turns(2);
    let strangers = [Asker::stranger("a@x.example", "192.0.2.1"), Asker::stranger("b@x.example", "198.51.100.1")];
    let (mut first, one, _) = ask(&turns, &strangers[0]);
    first.has_begun().await;
    let (mut second, two, _) = ask(&turns, &strangers[1]);
    let known = Asker::known(account(1), person(1), "203.0.113.1");
    let (mut third, of_known, _) = ask(&turns, &known);
    third.has_begun().await;
    second.has_not_begun();
    for gate in [third, first, second] {
        gate.open.send(()).expect("works");
    }
    of_known.await.expect("done");
    one.await.expect("done");
    two.await.expect("done");
}

#[tokio::test]
async fn a_flood_fills_its_own_share_only() {
    let turns = turns(1);
    let busy = Asker::platform();
    let (mut gate, running, _) = ask(&turns, &busy);
    gate.has_begun().await;
    // Per address, per network, per person and per account, whatever else differs.
    let address =
        (0..9).map(|n| Asker::stranger(&format!("{n}@x.example"), &format!("2001:db8:1:1::{n}"))).collect::<Vec<_>>();
    let network =
        (0..9).map(|n| Asker::stranger(&format!("{n}@y.example"), &format!("2001:db8:2:{n}::1"))).collect::<Vec<_>>();
    let of_person = (0..9).map(|_| Asker::caller(account(1), person(1))).collect::<Vec<_>>();
    let of_account = (0..9).map(|n| Asker::caller(account(2), person(10 + n))).collect::<Vec<_>>();
    for (askers, share) in [(address, 3), (network, 6), (of_person, 2), (of_account, 4)] {
        let mut waits = Vec::new();
        for (number, asker) in askers.iter().enumerate() {
            let (_, work, state) = ask(&turns, asker);
            if number < share {
                assert!(state.is_pending(), "{asker:?}");
                waits.push(work);
            } else {
                assert!(matches!(is_refused(state), AppError::TooManyAtOnce(_)), "{asker:?}");
            }
        }
        drop(waits);
    }
    gate.open.send(()).expect("works");
    running.await.expect("done");
}

#[tokio::test]
async fn who_has_gone_is_not_served_and_leaves_the_places_at_once() {
    let turns = turns(1);
    let asker = Asker::caller(account(1), person(1));
    let (mut busy, running, _) = ask(&turns, &asker);
    busy.has_begun().await;
    for _ in 0..20 {
        let (gate, gone, state) = ask(&turns, &asker);
        assert!(state.is_pending());
        drop(gone);
        assert!(gate.begun.await.is_err(), "its work is gone too");
    }
    assert_eq!(turns.queue.lock().waiting(), 0);
    busy.open.send(()).expect("works");
    running.await.expect("done");
    assert_eq!(turns.shares.taken(), 0);
}

#[tokio::test]
async fn what_has_begun_keeps_its_place_to_its_end() {
    let turns = turns(1);
    let asker = Asker::caller(account(1), person(1));
    let (mut gate, gone, _) = ask(&turns, &asker);
    gate.has_begun().await;
    drop(gone);
    let other = Asker::caller(account(2), person(2));
    let (mut next, mut waits, _) = ask(&turns, &other);
    assert!(poll(&mut waits).is_pending());
    next.has_not_begun();
    assert_eq!(turns.shares.taken(), 2);
    drop(gate.open);
    tokio::select! {
        () = next.has_begun() => {}
        _ = &mut waits => panic!("it is done before it is let go on"),
    }
    next.open.send(()).expect("works");
    waits.await.expect("done");
    assert_eq!(turns.shares.taken(), 0);
}

#[tokio::test]
async fn who_comes_newly_displaces_who_used_more_when_all_is_full() {
    let turns = turns(1);
    let busy = Asker::stranger("a@x.example", "192.0.2.1");
    let (mut gate, running, _) = ask(&turns, &busy);
    gate.has_begun().await;
    let same = Asker::stranger("b@x.example", "192.0.2.1");
    let (_, mut displaced, _) = ask(&turns, &same);
    let others: Vec<_> = (1..9).map(|n| Asker::stranger("a@x.example", &format!("10.0.{n}.1"))).collect();
    let mut waits: Vec<_> = others.iter().map(|asker| ask(&turns, asker)).collect();
    assert!(matches!(is_refused(poll(&mut displaced)), AppError::Busy));
    assert!(waits.iter_mut().all(|(_, work, _)| poll(work).is_pending()));
    // Whose network used no less gets no place any more.
    let late = Asker::stranger("a@x.example", "10.0.9.1");
    assert!(matches!(is_refused(ask(&turns, &late).2), AppError::Busy));
    // Places of other kinds are others.
    assert!(ask(&turns, &Asker::caller(account(1), person(1))).2.is_pending());
    drop(waits);
    drop(gate.open);
    running.await.expect("done");
}

#[tokio::test]
async fn a_panic_is_answered_and_gives_its_place_back() {
    let turns = turns(1);
    let asker = Asker::platform();
    let panics = turns.run(&asker, || panic!("a host's mistake")).await;
    assert!(matches!(panics, Err::<(), _>(AppError::Internal(_))));
    assert!(matches!(turns.run(&asker, || 1).await, Ok(1)));
}
