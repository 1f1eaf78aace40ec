//! Who reaches a conversation, as a condition of statements: what a reader does not reach is not there for them.

use sluice_domain::{id::PersonId, permission::Reach};

use crate::sql::Value;

/// Who reads conversations, and which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader {
    /// Whose own conversations, and whose groups'.
    pub person: PersonId,
    /// Which of them.
    pub reach: Reach,
}

/// Who reads what was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecisionReader {
    /// Decisions about messages of the conversations that this one reaches; of none without it.
    pub messages: Option<Reader>,
    /// Whether those about people and tokens that asked to be let in are there too.
    pub access: bool,
}

/// Who has texts of messages looked at by rules, also of those that were not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextReader {
    /// Messages of the conversations that this one reaches; none without it.
    pub messages: Option<Reader>,
    /// Whether what clients wrote is there while it is held.
    pub held: bool,
    /// Whether it is there when it was blocked.
    pub blocked: bool,
}

impl TextReader {
    /// Whether there is nothing that this one does not see.
    pub(crate) fn sees_all(self) -> bool {
        self.held && self.blocked && self.messages.is_some_and(|reader| reader.reach == Reach::All)
    }
}

impl DecisionReader {
    /// Whether there is nothing that this one does not see.
    pub(crate) fn sees_all(self) -> bool {
        self.access && self.messages.is_some_and(|reader| reader.reach == Reach::All)
    }
}

/// Which conversations a statement gives, as [`reached!`] reads it.
pub(crate) fn word(reader: Option<Reader>) -> Value<'static> {
    match reader.map(|reader| reader.reach) {
        None => "none",
        Some(Reach::Own) => "own",
        Some(Reach::Groups) => "groups",
        Some(Reach::All) => "all",
    }
    .into()
}

/// Whose they are.
pub(crate) fn person(reader: Option<Reader>) -> Value<'static> {
    reader.map(|reader| reader.person.to_string()).unwrap_or_default().into()
}

/// Whether the conversation `v` is reached: by a reader with the [`word`] `$reach` and the [`person`] `$person`, in the account `$account`.
macro_rules! reached {
    ($account:literal, $reach:literal, $person:literal) => {
        concat!(
            "(",
            $reach,
            " = 'all' OR (",
            $reach,
            " <> 'none' AND (v.assignee_id = ",
            $person,
            " OR (",
            $reach,
            " = 'groups' AND v.group_id IN (SELECT g.group_id FROM group_members g WHERE g.account_id = ",
            $account,
            " AND g.person_id = ",
            $person,
            ")))))"
        )
    };
}
/// The same of a conversation that is named.
macro_rules! reached_by_id {
    ($id:literal, $account:literal, $reach:literal, $person:literal) => {
        concat!(
            "(",
            $reach,
            " = 'all' OR EXISTS (SELECT 1 FROM conversations v WHERE v.account_id = ",
            $account,
            " AND v.id = ",
            $id,
            " AND ",
            $crate::tables::reach::reached!($account, $reach, $person),
            "))"
        )
    };
}
/// Whether the text of the message `m` is there for a reader of texts, who sees held ones when `$held` is 1 and blocked ones when
/// `$blocked` is. What was written to clients is seen by all who reach it.
macro_rules! text_seen {
    ($held:literal, $blocked:literal) => {
        concat!(
            "(m.direction <> 'incoming' OR m.state = 'delivered' OR (m.state = 'held' AND CAST(",
            $held,
            " AS BIGINT) = 1) OR (m.state = 'blocked' AND CAST(",
            $blocked,
            " AS BIGINT) = 1))"
        )
    };
}
/// Whether the decision `d` is there for a reader of decisions, who sees those about access when `$access` is 1.
macro_rules! decision_reached {
    ($account:literal, $reach:literal, $person:literal, $access:literal) => {
        concat!(
            "((d.subject <> 'access' AND ",
            $crate::tables::reach::reached_by_id!("d.conversation_id", $account, $reach, $person),
            ") OR (d.subject = 'access' AND CAST(",
            $access,
            " AS BIGINT) = 1))"
        )
    };
}
pub(crate) use {decision_reached, reached, reached_by_id, text_seen};
