//! Looking decisions up: by rule, verdict, label, conversation, person, time and shadow, in any combination.
//!
//! One filter is looked up in an index that gives its decisions in the order of their ids, which is that of time; the others are
//! conditions on what it gives. So that a rare condition on a large index takes no page all day, one look goes through [`LOOK`] entries
//! of the index at most, and says where to go on.

use sluice_domain::{
    id::{ConversationId, DecisionId},
    plugin::PluginName,
    time::Timestamp,
    verdict::Code,
};

use crate::{
    error::StorageError,
    page::Before,
    sql::{Sql, Value, values},
    tables::{
        decisions::{DecisionRow, Outcome, columns, decision},
        reach::{self, DecisionReader, decision_reached},
    },
    tx::Account,
};

/// Most entries of an index that one look goes through.
const LOOK: u32 = 5_000;

/// Which decisions are wanted; `None` for all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecisionFilter {
    /// Only those in which this rule said anything but `allow`.
    pub rule: Option<PluginName>,
    /// Only those with this outcome; together with `rule`, those in which that rule said this.
    pub outcome: Option<Outcome>,
    /// Only those about messages of this conversation.
    pub conversation: Option<ConversationId>,
    /// Only those with this label, or in which a rule gave a reason with this code.
    pub label: Option<Code>,
    /// Only those about what this actor wrote, or about this actor at the door.
    pub person: Option<String>,
    /// Only those made then or later.
    pub from: Option<Timestamp>,
    /// Only those made before.
    pub to: Option<Timestamp>,
    /// Only those that changed nothing (`true`), or only those that counted.
    pub shadow: Option<bool>,
}

/// What one look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionPart {
    /// Those that pass the filter, in order.
    pub rows: Vec<DecisionRow>,
    /// The last decision that was looked at, to go on from; `None` when nothing is left behind it. It need not be among the rows, and
    /// there may be more although they are fewer than were asked for.
    pub seen: Option<DecisionId>,
}

/// One way to look decisions up: what one look gives, and where it ends.
struct Index {
    newest: Listing,
    oldest: Listing,
}

struct Listing {
    list: Sql,
    /// The id of the last entry that may be looked at.
    end: Sql,
}

/// `$1` is the account, `$2` and `$3` where to look: from the first to before the second. `$4` to `$10` are the filters, `$11` to `$13` the
/// reader, `$14` how many.
macro_rules! list {
    ($from:literal, $id:literal, $key:literal, $order:literal) => {
        Sql::new(concat!(
            "SELECT ",
            columns!(),
            "FROM ",
            $from,
            " WHERE d.account_id = $1 AND ",
            $id,
            " >= $2 AND ",
            $id,
            " < $3
               AND (CAST($4 AS TEXT) IS NULL OR (d.subject = $5 AND (CAST($6 AS TEXT) IS NOT NULL OR d.verdict = $4)))
               AND (CAST($6 AS TEXT) IS NULL OR EXISTS (
                 SELECT 1 FROM decision_rules x WHERE x.account_id = $1 AND x.rule = $6 AND x.decision_id = d.id
                   AND (CAST($4 AS TEXT) IS NULL OR x.verdict = $4)))
               AND (CAST($7 AS TEXT) IS NULL OR EXISTS (
                 SELECT 1 FROM decision_labels x WHERE x.account_id = $1 AND x.label = $7 AND x.decision_id = d.id))
               AND (CAST($8 AS TEXT) IS NULL OR d.conversation_id = $8)
               AND (CAST($9 AS TEXT) IS NULL OR d.author_id = $9)
               AND (CAST($10 AS BIGINT) IS NULL OR d.shadow = $10) AND ",
            decision_reached!("$1", "$11", "$12", "$13"),
            " AND ",
            $key,
            " ORDER BY ",
            $id,
            $order,
            " LIMIT $14"
        ))
    };
}
/// The same account and places; `$4` is what is looked up, `$5` how many entries come before the last one.
macro_rules! end {
    ($table:literal, $id:literal, $key:literal, $order:literal) => {
        Sql::new(concat!(
            "SELECT ",
            $id,
            " FROM ",
            $table,
            " WHERE account_id = $1 AND ",
            $id,
            " >= $2 AND ",
            $id,
            " < $3 AND ",
            $key,
            " ORDER BY ",
            $id,
            $order,
            " LIMIT 1 OFFSET $5"
        ))
    };
}
macro_rules! index {
    ($from:literal, $id:literal, $key:literal; $table:literal, $plain_id:literal, $plain_key:literal) => {
        Index {
            newest: Listing {
                list: list!($from, $id, $key, " DESC"),
                end: end!($table, $plain_id, $plain_key, " DESC"),
            },
            oldest: Listing { list: list!($from, $id, $key, ""), end: end!($table, $plain_id, $plain_key, "") },
        }
    };
    ($key:literal, $plain_key:literal) => {
        index!("decisions d", "d.id", $key; "decisions", "id", $plain_key)
    };
}

// Each names what it looks up once more: a condition that may be absent finds no index. The partial indexes are found by their own
// conditions, word by word; tables are crossed in this order, which SQLite keeps.
const ALL: Index = index!("1 = 1", "CAST($4 AS TEXT) IS NULL");
const OF_CONVERSATION: Index = index!("d.conversation_id = $8", "conversation_id = $4");
const OF_PERSON: Index = index!("d.author_id = $9", "author_id = $4");
const OF_VERDICT: Index = index!("d.verdict = $4 AND d.verdict <> 'allow'", "verdict = $4 AND verdict <> 'allow'");
const ABOUT_ACCESS: Index = index!("d.subject = 'access'", "subject = 'access' AND CAST($4 AS TEXT) IS NULL");
const IN_SHADOW: Index = index!("d.shadow = 1", "shadow = 1 AND CAST($4 AS TEXT) IS NULL");
const OF_RULE: Index = index!(
    "decision_rules r CROSS JOIN decisions d", "r.decision_id", "d.id = r.decision_id AND r.account_id = $1 AND r.rule = $6";
    "decision_rules", "decision_id", "rule = $4"
);
const OF_LABEL: Index = index!(
    "decision_labels l CROSS JOIN decisions d", "l.decision_id", "d.id = l.decision_id AND l.account_id = $1 AND l.label = $7";
    "decision_labels", "decision_id", "label = $4"
);

impl DecisionFilter {
    /// The index to look into, of those whose filter is there the one that is likely to give the fewest; what is looked up in it; and
    /// how many filters are left.
    fn index(&self) -> (&'static Index, Value<'_>, usize) {
        let Self { rule, outcome, conversation, label, person, from: _, to: _, shadow } = self;
        let (about, said) = (
            [conversation.is_some(), person.is_some(), shadow.is_some()],
            [rule.is_some(), outcome.is_some(), label.is_some()],
        );
        let filters = about.into_iter().chain(said).filter(|is_there| *is_there).count();
        let left = filters.saturating_sub(1);
        if let Some(conversation) = conversation {
            return (&OF_CONVERSATION, (*conversation).into(), left);
        } else if let Some(person) = person {
            return (&OF_PERSON, person.into(), left);
        } else if let Some(label) = label {
            return (&OF_LABEL, label.as_str().into(), left);
        } else if let Some(rule) = rule {
            return (&OF_RULE, rule.as_str().into(), left);
        }
        match (outcome, shadow) {
            (Some(Outcome::Access(_)), _) => (&ABOUT_ACCESS, Value::Null, filters),
            (Some(outcome), _) if !outcome.is_allow() => (&OF_VERDICT, outcome.value(), left),
            (Some(_) | None, Some(true)) => (&IN_SHADOW, Value::Null, left),
            (Some(_) | None, Some(false) | None) => (&ALL, Value::Null, filters),
        }
    }

    /// The place where decisions of `from` begin, and the place before which those of `to` end.
    fn span(&self) -> (String, String) {
        (self.from.map_or_else(String::new, place), self.to.map_or_else(|| "~".to_owned(), place))
    }
}

/// The place before every decision that is made at `at` or later, and after every one that was made before: how their ids begin.
pub(crate) fn place(at: Timestamp) -> String {
    let millis = at.millis().max(0);
    // An id has 48 bits of time.
    if millis >> 48 == 0 { format!("{}_{millis:012x}", DecisionId::PREFIX) } else { "~".to_owned() }
}

/// The place right after a decision: what sorts after its id and before every other id that does.
fn after(id: DecisionId) -> String {
    format!("{id} ")
}

impl Account<'_> {
    /// The account's decisions that pass `filter` and are there for the reader, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn decisions(
        &mut self,
        reader: DecisionReader,
        filter: &DecisionFilter,
        page: Before<DecisionId>,
    ) -> Result<DecisionPart, StorageError> {
        let (index, key, mut left) = filter.index();
        left += usize::from(!reader.sees_all());
        let (mut from, mut to) = filter.span();
        to = to.min(page.bound());
        let end = self.end(index.newest.end, [&from, &to], key, left)?;
        if let Some(end) = end {
            from = end.to_string();
        }
        let rows = self.listed(index.newest.list, [&from, &to], reader, filter, page.limit)?;
        Ok(DecisionPart::of(rows, page.limit, end))
    }

    /// The account's decisions that pass `filter` and are there for the reader, oldest first, after one that need not exist.
    ///
    /// # Errors
    /// Those of the database.
    pub fn decisions_after(
        &mut self,
        reader: DecisionReader,
        filter: &DecisionFilter,
        cursor: Option<DecisionId>,
        limit: u32,
    ) -> Result<DecisionPart, StorageError> {
        let (index, key, mut left) = filter.index();
        left += usize::from(!reader.sees_all());
        let (mut from, mut to) = filter.span();
        from = from.max(cursor.map_or_else(String::new, after));
        let end = self.end(index.oldest.end, [&from, &to], key, left)?;
        if let Some(end) = end {
            to = after(end);
        }
        let rows = self.listed(index.oldest.list, [&from, &to], reader, filter, limit)?;
        Ok(DecisionPart::of(rows, limit, end))
    }

    /// The last entry of an index that is looked at; `None` when that is the last one that there is, or the last that is asked for.
    fn end(
        &mut self,
        sql: Sql,
        [from, to]: [&String; 2],
        key: Value<'_>,
        left: usize,
    ) -> Result<Option<DecisionId>, StorageError> {
        if left == 0 {
            return Ok(None);
        }
        self.tx.first(sql, values![self.id, from, to, key, LOOK - 1], |row| row.parsed("decision id"))
    }

    fn listed(
        &mut self,
        sql: Sql,
        [from, to]: [&String; 2],
        DecisionReader { messages, access }: DecisionReader,
        filter: &DecisionFilter,
        limit: u32,
    ) -> Result<Vec<DecisionRow>, StorageError> {
        self.tx.all(
            sql,
            values![
                self.id,
                from,
                to,
                filter.outcome.map(Outcome::value),
                filter.outcome.map(Outcome::subject),
                filter.rule.as_ref().map(PluginName::as_str),
                filter.label.as_ref().map(Code::as_str),
                filter.conversation,
                filter.person.as_ref(),
                filter.shadow.map(i64::from),
                reach::word(messages),
                reach::person(messages),
                i64::from(access),
                limit
            ],
            decision,
        )
    }
}

impl DecisionPart {
    fn of(rows: Vec<DecisionRow>, limit: u32, end: Option<DecisionId>) -> Self {
        let is_full = rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
        let seen = if is_full { rows.last().map(|row| row.id) } else { end };
        Self { rows, seen }
    }
}
