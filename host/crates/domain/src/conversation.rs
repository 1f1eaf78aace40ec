//! When a conversation is open, and when a request in it begins.
//!
//! A request is what a client wants once: it begins with a message and ends when the conversation is closed.

use serde::{Deserialize, Serialize};

use crate::{message::Direction, verdict::State};

/// Whether somebody still has to do something about a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConversationState {
    /// Somebody has.
    Open,
    /// Nobody has, until the client writes again.
    Closed,
}

impl ConversationState {
    /// As it is written in requests, answers and rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// Whether a message that was kept begins a request in a conversation that is in `state` and has an open request or none.
///
/// What the client wrote begins one, also in a conversation that was closed, unless a rule blocked it: spam opens nothing. What is
/// written to the client begins one in a conversation that is open, and leaves a closed one closed.
pub const fn begins_request(state: ConversationState, has_request: bool, direction: Direction, became: State) -> bool {
    if has_request {
        return false;
    }
    match (direction, became, state) {
        (_, State::Blocked, _) => false,
        (Direction::Incoming, State::Delivered | State::Held, _) => true,
        (Direction::Outgoing, State::Delivered | State::Held, ConversationState::Open) => true,
        (Direction::Outgoing, State::Delivered | State::Held, ConversationState::Closed) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_who_writes_again_opens_a_closed_conversation_and_an_operator_does_not() {
        use ConversationState::{Closed, Open};
        assert!(begins_request(Closed, false, Direction::Incoming, State::Delivered));
        assert!(begins_request(Closed, false, Direction::Incoming, State::Held));
        assert!(!begins_request(Closed, false, Direction::Outgoing, State::Delivered));
        assert!(begins_request(Open, false, Direction::Outgoing, State::Delivered));
        assert!(!begins_request(Open, true, Direction::Incoming, State::Delivered));
    }

    #[test]
    fn what_a_rule_blocked_opens_nothing() {
        for state in [ConversationState::Open, ConversationState::Closed] {
            for direction in [Direction::Incoming, Direction::Outgoing] {
                assert!(!begins_request(state, false, direction, State::Blocked));
            }
        }
    }
}
