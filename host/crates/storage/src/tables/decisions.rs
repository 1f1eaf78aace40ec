//! Decisions: what the chain made of messages and of requests to be let in, with their trails.
//!
//! How they are looked up is in `decision_search`, how they are counted in `decision_counts`.

use std::collections::{BTreeMap, BTreeSet};

use sluice_domain::{
    access::AccessSeverity,
    id::{ConversationId, DecisionId, MessageId},
    keyed_digest::KeyedDigest,
    plugin::PluginName,
    time::Timestamp,
    verdict::{Code, Severity},
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, Value, values},
    tables::reach::{self, DecisionReader, decision_reached},
    tx::Account,
};

/// How strict a decision, or a rule's part in it, is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// About a message.
    Message(Severity),
    /// About someone who asked to be let in.
    Access(AccessSeverity),
}

impl Outcome {
    /// `message` or `access`.
    pub const fn subject(self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Access(_) => "access",
        }
    }

    /// Whether nobody said anything.
    pub(crate) const fn is_allow(self) -> bool {
        matches!(self, Self::Message(Severity::Allow) | Self::Access(AccessSeverity::Allow))
    }

    /// As it is written in answers and rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Message(severity) => severity.as_str(),
            Self::Access(severity) => severity.as_str(),
        }
    }

    pub(crate) fn value(self) -> Value<'static> {
        self.as_str().into()
    }
}

/// A decision with its trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// The decision's own.
    pub id: DecisionId,
    /// What it is about and how strict it is.
    pub outcome: Outcome,
    /// Whether the rules were asked in shadow, so that it changed nothing.
    pub shadow: bool,
    /// The message that it is about. Refused messages that were not kept have decisions too.
    pub message_id: Option<MessageId>,
    /// Where the message was written.
    pub conversation_id: Option<ConversationId>,
    /// What each rule said, to look decisions up by; rules that said `allow` may be left out. Empty when a decision is read: the
    /// trail is in `body`.
    pub rules: Vec<(PluginName, Outcome)>,
    /// Labels of flags and codes of reasons, to look decisions up by. Empty when a decision is read: they are in `body`.
    pub codes: BTreeSet<Code>,
    /// Who wrote the message, or asked to be let in; `None` where nobody knows any more.
    pub author_id: Option<String>,
    /// Of what the rules were asked about. `None` when the decision was made before digests had a key.
    pub input: Option<KeyedDigest>,
    /// The decision, JSON.
    pub body: String,
    /// Empty when a decision is read: see [`Account::evidence`].
    pub evidence: Evidence,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a decision is made again from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// The version of the chain that made it.
    pub chain_version: Option<i64>,
    /// What the rules were asked about, sealed; gone after a time.
    pub input: Option<String>,
}

/// The columns of a decision, in the order in which [`decision`] takes them.
macro_rules! columns {
    () => {
        "d.id, d.subject, d.verdict, d.shadow, d.message_id, d.conversation_id, d.author_id, d.input_mac, d.body, d.created_at "
    };
}
pub(crate) use columns;

/// The outcome in two columns: what it is about, and the verdict.
pub(crate) fn outcome(row: &mut Row<'_>) -> Result<Outcome, StorageError> {
    match row.text("decision subject")?.as_str() {
        "message" => Ok(Outcome::Message(row.word("verdict")?)),
        "access" => Ok(Outcome::Access(row.word("verdict")?)),
        _ => Err(StorageError::Corrupt { what: "decision subject" }),
    }
}

pub(crate) fn decision(row: &mut Row<'_>) -> Result<DecisionRow, StorageError> {
    Ok(DecisionRow {
        id: row.parsed("decision id")?,
        outcome: outcome(row)?,
        shadow: row.int("shadow")? != 0,
        message_id: row.maybe_parsed("message id")?,
        conversation_id: row.maybe_parsed("conversation id")?,
        rules: Vec::new(),
        codes: BTreeSet::new(),
        author_id: row.maybe_text("author id")?,
        input: row.unless_empty("input digest")?,
        body: row.text("decision")?,
        evidence: Evidence::default(),
        created_at: row.time("decision time")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO decisions (account_id, id, subject, verdict, shadow, message_id, conversation_id, author_id, input_mac,
                            body, created_at, chain_version, input)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
);
const INSERT_RULE: Sql =
    Sql::new("INSERT INTO decision_rules (account_id, rule, decision_id, verdict, shadow) VALUES ($1, $2, $3, $4, $5)");
const INSERT_LABEL: Sql = Sql::new(
    "INSERT INTO decision_labels (account_id, label, decision_id, verdict, shadow) VALUES ($1, $2, $3, $4, $5)",
);
const GET: Sql = Sql::new(concat!(
    "SELECT ",
    columns!(),
    "FROM decisions d WHERE d.account_id = $1 AND d.id = $2 AND ",
    decision_reached!("$1", "$3", "$4", "$5")
));
const EVIDENCE: Sql = Sql::new("SELECT chain_version, input FROM decisions WHERE account_id = $1 AND id = $2");
const FORGET_INPUTS: Sql = Sql::new(
    "UPDATE decisions SET input = NULL WHERE account_id = $1 AND id IN
     (SELECT id FROM decisions WHERE account_id = $1 AND input IS NOT NULL AND id < $2 ORDER BY id LIMIT $3)",
);

impl Account<'_> {
    /// Adds a decision. A rule that stands in it more than once is looked up by the strictest that it said.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] for the id.
    pub fn insert_decision(&mut self, row: &DecisionRow) -> Result<(), StorageError> {
        let shadow = i64::from(row.shadow);
        self.tx.execute(
            INSERT,
            values![
                self.id,
                row.id,
                row.outcome.subject(),
                row.outcome.value(),
                shadow,
                row.message_id,
                row.conversation_id,
                row.author_id.as_ref(),
                row.input.map(|digest| digest.to_string()).unwrap_or_default(),
                &row.body,
                row.created_at,
                row.evidence.chain_version,
                row.evidence.input.as_ref()
            ],
        )?;
        let mut strictest = BTreeMap::new();
        for (rule, outcome) in row.rules.iter().filter(|(_, outcome)| !outcome.is_allow()) {
            let said = strictest.entry(rule).or_insert(*outcome);
            *said = (*said).max(*outcome);
        }
        for (rule, outcome) in strictest {
            self.tx.execute(INSERT_RULE, values![self.id, rule.as_str(), row.id, outcome.value(), shadow])?;
        }
        for code in &row.codes {
            self.tx.execute(INSERT_LABEL, values![self.id, code.as_str(), row.id, row.outcome.value(), shadow])?;
        }
        Ok(())
    }

    /// One decision; `None` when the account has no such decision, or the reader does not reach what it is about.
    ///
    /// # Errors
    /// Those of the database.
    pub fn decision(&mut self, id: DecisionId, reader: DecisionReader) -> Result<Option<DecisionRow>, StorageError> {
        let DecisionReader { messages, access } = reader;
        let values = values![self.id, id, reach::word(messages), reach::person(messages), i64::from(access)];
        self.tx.first(GET, values, decision)
    }

    /// What one decision is made again from; `None` when the account has no such decision.
    ///
    /// # Errors
    /// Those of the database.
    pub fn evidence(&mut self, id: DecisionId) -> Result<Option<Evidence>, StorageError> {
        self.tx.first(EVIDENCE, values![self.id, id], |row| {
            Ok(Evidence { chain_version: row.maybe_int("chain version")?, input: row.maybe_text("input")? })
        })
    }

    /// Removes what rules were asked about from at most `limit` decisions that were made before this one, oldest first. Gives from how many.
    ///
    /// # Errors
    /// Those of the database.
    pub fn forget_inputs(&mut self, before: DecisionId, limit: u32) -> Result<u64, StorageError> {
        self.tx.execute(FORGET_INPUTS, values![self.id, before, limit])
    }
}
