//! Who sees the text of a message that was not delivered.

use crate::{
    message::{Direction, Role},
    permission::Permission,
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

/// How much someone in `viewer` sees of a message. What was written to the client is seen by all who may read the
/// conversation; what the client wrote is withheld while it is held, except from those who review it, and for good when it was
/// blocked, except from those who may read the quarantine.
pub const fn of(viewer: Role, direction: Direction, state: State) -> Visibility {
    let seen = match (state, direction) {
        (State::Delivered, _) | (_, Direction::Outgoing) => true,
        (State::Held, Direction::Incoming) => viewer.may(Permission::ReviewMessages),
        (State::Blocked, Direction::Incoming) => viewer.may(Permission::ReadQuarantine),
    };
    if seen { Visibility::Full } else { Visibility::Withheld }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blocked_incoming_message_is_for_administrators_only() {
        for role in [Role::Operator, Role::Supervisor, Role::ApiToken, Role::Support] {
            assert_eq!(of(role, Direction::Incoming, State::Blocked), Visibility::Withheld, "{role:?}");
        }
        assert_eq!(of(Role::Administrator, Direction::Incoming, State::Blocked), Visibility::Full);
    }

    #[test]
    fn a_held_incoming_message_waits_out_of_the_operators_sight() {
        assert_eq!(of(Role::Operator, Direction::Incoming, State::Held), Visibility::Withheld);
        assert_eq!(of(Role::Supervisor, Direction::Incoming, State::Held), Visibility::Full);
        assert_eq!(of(Role::Operator, Direction::Incoming, State::Delivered), Visibility::Full);
    }
}
