use proptest::prelude::*;

use super::*;

const OPEN: Lane = Lane { weight: 4, room: 1_000, leaves_one: false };
const STRANGERS: Lane = Lane { weight: 1, room: 1_000, leaves_one: true };

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// Lets everything that waits run one after the other; who was served in what order.
fn served(line: &mut Line<&'static str, &'static str>) -> Vec<&'static str> {
    let mut order = Vec::new();
    while let Some(turn) = line.next(at(0)) {
        order.push(turn.work);
        line.done(turn.leaves_one);
    }
    order
}

fn join(line: &mut Line<&'static str, &'static str>, lane: usize, levels: &[&'static str], work: &'static str) {
    let levels = levels.iter().map(|holder| vec![*holder]).collect();
    assert_eq!(line.join(lane, levels, work, at(0)).map(|(_, displaced)| displaced), Ok(None));
}

#[test]
fn networks_take_turns_however_much_one_of_them_sends() {
    let mut line = Line::new(1, &[OPEN]);
    for _ in 0..4 {
        join(&mut line, 0, &["flood", "one"], "flood");
    }
    join(&mut line, 0, &["office", "ada"], "ada");
    join(&mut line, 0, &["office", "ada"], "ada again");
    join(&mut line, 0, &["office", "ben"], "ben");
    assert_eq!(served(&mut line), ["flood", "ada", "ben", "flood", "ada again", "flood", "flood"]);
}

#[test]
fn of_one_network_who_used_less_is_first() {
    let mut line = Line::new(1, &[OPEN]);
    for _ in 0..3 {
        join(&mut line, 0, &["carrier", "guesser"], "guess");
    }
    join(&mut line, 0, &["carrier", "ada"], "ada");
    assert_eq!(served(&mut line), ["guess", "ada", "guess", "guess"]);
}

#[test]
fn lanes_are_served_by_their_weights_and_save_nothing_up_while_they_are_empty() {
    let mut line = Line::new(1, &[OPEN, STRANGERS]);
    for _ in 0..40 {
        join(&mut line, 1, &["elsewhere"], "stranger");
    }
    for _ in 0..30 {
        let turn = line.next(at(0)).expect("a stranger's turn");
        line.done(turn.leaves_one);
    }
    for _ in 0..8 {
        join(&mut line, 0, &["office"], "known");
    }
    let order = served(&mut line);
    let (known, stranger) = ("known", "stranger");
    assert_eq!(order[..10], [known, known, known, known, known, stranger, known, known, known, stranger]);
}

#[test]
fn strangers_and_who_used_much_leave_a_place_to_the_others() {
    let mut line = Line::new(2, &[OPEN, STRANGERS]);
    for _ in 0..40 {
        join(&mut line, 1, &["elsewhere"], "stranger");
        join(&mut line, 0, &["busy"], "busy");
    }
    let first = [line.next(at(0)), line.next(at(0))].map(|turn| turn.expect("nobody is heavy yet"));
    first.into_iter().for_each(|turn| line.done(turn.leaves_one));
    for _ in 0..30 {
        let turn = line.next(at(0)).expect("a turn");
        line.done(turn.leaves_one);
    }
    assert!(line.next(at(0)).is_some_and(|turn| turn.leaves_one));
    assert!(line.next(at(0)).is_none(), "the second place is left");
    join(&mut line, 0, &["ada"], "ada");
    assert_eq!(line.next(at(0)).map(|turn| (turn.work, turn.leaves_one)), Some(("ada", false)));
    assert!(line.next(at(0)).is_none());
}

#[test]
fn a_full_lane_makes_room_for_who_used_less() {
    let mut line = Line::new(1, &[Lane { room: 3, ..OPEN }]);
    join(&mut line, 0, &["flood"], "first");
    let running = line.next(at(0)).expect("a turn");
    for work in ["second", "third", "fourth"] {
        join(&mut line, 0, &["flood"], work);
    }
    assert_eq!(line.join(0, vec![vec!["flood"]], "fifth", at(0)).err(), Some("fifth"));
    let displaced = line.join(0, vec![vec!["office"]], "ada", at(0)).expect("room").1;
    assert_eq!(displaced, Some("fourth"));
    line.done(running.leaves_one);
    assert_eq!(served(&mut line), ["ada", "second", "third"]);
}

#[test]
fn who_has_left_is_not_served() {
    let mut line = Line::new(1, &[OPEN]);
    let (ticket, _) = line.join(0, vec![vec!["a"]], "gone", at(0)).expect("room");
    join(&mut line, 0, &["b"], "here");
    assert_eq!((line.leave(ticket), line.leave(ticket)), (Some("gone"), None));
    assert_eq!(served(&mut line), ["here"]);
    assert_eq!((line.running, line.leaving_one, line.waiting()), (0, 0, 0));
}

#[test]
fn what_was_used_is_forgotten_and_so_are_its_holders() {
    let mut line = Line::new(1, &[OPEN]);
    for number in 0..20_000_u32 {
        let now = at(i64::from(number) * 100);
        line.join(0, vec![vec![number]], (), now).expect("room");
        let turn = line.next(now).expect("a turn");
        line.done(turn.leaves_one);
        assert!(line.used.len() <= REMEMBERED);
    }
    // A clock that was set back makes nobody's use grow.
    assert!(line.used.values().all(|used| used.now(at(-1_000_000)) <= 1.0));
}

/// What one step of a random history does.
#[derive(Debug, Clone)]
enum Step {
    Join { lane: usize, network: u8, person: u8 },
    Leave(usize),
    Next,
    Done(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (0..3_usize, 0..4_u8, 0..3_u8).prop_map(|(lane, network, person)| Step::Join { lane, network, person }),
        1 => any::<usize>().prop_map(Step::Leave),
        4 => Just(Step::Next),
        3 => any::<usize>().prop_map(Step::Done),
    ];
    prop::collection::vec(step, 0..300)
}

proptest! {
    #[test]
    fn places_are_never_overdrawn_and_nothing_is_lost_or_served_twice(steps in steps(), at_once in 1..4_usize) {
        let lanes = [OPEN, Lane { room: 5, ..OPEN }, Lane { room: 4, ..STRANGERS }];
        let mut line = Line::new(at_once, &lanes);
        let (mut waits, mut running, mut number) = (Vec::new(), Vec::new(), 0_u32);
        for (millis, step) in (0..).zip(steps) {
            let now = at(millis * 7);
            match step {
                Step::Join { lane, network, person } => {
                    number += 1;
                    let levels = vec![vec![(b'n', network)], vec![(b'p', person)]];
                    if let Ok((ticket, displaced)) = line.join(lane, levels, number, now) {
                        waits.retain(|(_, work)| Some(*work) != displaced);
                        waits.push((ticket, number));
                    }
                }
                Step::Leave(which) if !waits.is_empty() => {
                    let (ticket, work) = waits.remove(which % waits.len());
                    prop_assert_eq!(line.leave(ticket), Some(work));
                }
                Step::Next => {
                    if let Some(turn) = line.next(now) {
                        let before = waits.len();
                        waits.retain(|(_, work)| *work != turn.work);
                        prop_assert_eq!(waits.len() + 1, before);
                        running.push(turn);
                    } else {
                        // A free place stays free only for others than who waits.
                        let leaving = running.iter().filter(|turn| turn.leaves_one).count();
                        prop_assert!(waits.is_empty() || running.len() == at_once || leaving == (at_once - 1).max(1));
                    }
                }
                Step::Done(which) if !running.is_empty() => {
                    let turn = running.remove(which % running.len());
                    line.done(turn.leaves_one);
                }
                Step::Leave(_) | Step::Done(_) => {}
            }
            prop_assert!(running.len() <= at_once);
            prop_assert!(running.iter().filter(|turn| turn.leaves_one).count() <= (at_once - 1).max(1));
            prop_assert_eq!(line.waiting(), waits.len());
            for (at, lane) in lanes.iter().enumerate() {
                prop_assert!(line.waiting.values().filter(|waiting| waiting.lane == at).count() <= lane.room);
            }
        }
    }

    /// However much others send, and from however many addresses of theirs: who comes newly is served within as many turns as there
    /// are other networks that used no more.
    #[test]
    fn who_comes_newly_waits_for_no_more_than_one_turn_of_each_network(
        floods in prop::collection::vec(1..60_usize, 1..8),
        served_before in 8..40_usize,
    ) {
        let mut line = Line::new(1, &[OPEN]);
        for (network, sent) in floods.iter().enumerate() {
            for address in 0..*sent {
                let levels = vec![vec![(network, usize::MAX)], vec![(network, address)]];
                prop_assert!(line.join(0, levels, false, at(0)).is_ok());
            }
        }
        for _ in 0..served_before {
            if let Some(turn) = line.next(at(0)) {
                line.done(turn.leaves_one);
            }
        }
        prop_assert!(line.join(0, vec![vec![(usize::MAX, 0)], vec![(usize::MAX, 1)]], true, at(0)).is_ok());
        let mut turns = 0;
        while let Some(turn) = line.next(at(0)) {
            line.done(turn.leaves_one);
            if turn.work {
                break;
            }
            turns += 1;
        }
        prop_assert!(turns <= floods.len(), "{turns} turns of {} networks", floods.len());
    }
}
