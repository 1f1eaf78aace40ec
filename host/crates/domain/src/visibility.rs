//! Who sees the text of a message that was not delivered.

use crate::{
    message::Direction,
    permission::{Permission, Permissions},
    verdict::State,
};

/// How much of a message someone sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// All of it.
    Full,
    /// That something was withheld, and why.
    Withheld,
}

/// How much someone who may do `viewer` sees of a message. What was written to the client is seen by all who may read the
/// conversation; what the client wrote is withheld while it is held, except from those who review it, and for good when it was
/// blocked, except from those who may read the quarantine.
pub const fn of(viewer: Permissions, direction: Direction, state: State) -> Visibility {
    let seen = match (state, direction) {
        (State::Delivered, _) | (_, Direction::Outgoing) => true,
        (State::Held, Direction::Incoming) => viewer.contains(Permission::ReviewMessages),
        (State::Blocked, Direction::Incoming) => viewer.contains(Permission::ReadQuarantine),
    };
    if seen { Visibility::Full } else { Visibility::Withheld }
}

/// How much the client sees of a message of its conversation, and with it whoever carries messages to it.
pub const fn of_client(direction: Direction, state: State) -> Visibility {
    match (direction, state) {
        (_, State::Delivered) | (Direction::Incoming, State::Held) => Visibility::Full,
        (Direction::Outgoing, State::Held | State::Blocked) | (Direction::Incoming, State::Blocked) => {
            Visibility::Withheld
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permission::Holders;

    #[test]
    fn a_blocked_incoming_message_is_for_administrators_only() {
        let all_that_can_be_given = Permission::ALL.into_iter().filter(|given| given.holders() == Holders::People);
        let given = all_that_can_be_given.collect();
        assert_eq!(of(given, Direction::Incoming, State::Blocked), Visibility::Withheld);
        assert_eq!(of(Permissions::ALL, Direction::Incoming, State::Blocked), Visibility::Full);
    }

    #[test]
    fn a_held_incoming_message_waits_out_of_the_sight_of_those_who_do_not_review() {
        let answers = Permissions::NONE.with(Permission::AnswerAll);
        assert_eq!(of(answers, Direction::Incoming, State::Held), Visibility::Withheld);
        assert_eq!(of(answers, Direction::Incoming, State::Delivered), Visibility::Full);
        let reviews = answers.with(Permission::ReviewMessages);
        assert_eq!(of(reviews, Direction::Incoming, State::Held), Visibility::Full);
    }
}
