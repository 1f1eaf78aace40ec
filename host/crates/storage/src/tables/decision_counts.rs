//! Counting decisions over time. Which spans are counted is decided in the domain.
//!
//! Either database is asked once for all buckets, with their edges as places among the ids of decisions. Nearly every decision is
//! `allow`, about a message, and in force: those are what is left of the primary key's entries when the others are taken away, and the
//! others have indexes of their own. No row of a decision is read, but for who does not see all of them.

use std::collections::BTreeMap;

use sluice_domain::{
    access::AccessSeverity,
    plugin::PluginName,
    time::Timestamp,
    verdict::{Code, Severity},
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, values},
    tables::{
        decision_search::place,
        decisions::{Outcome, outcome},
        reach::{self, DecisionReader, decision_reached},
    },
    tx::Account,
};

/// How often each outcome was in one bucket; those that were not are absent.
pub type DecisionTally = BTreeMap<Outcome, u64>;

/// The buckets: `$1` are their edges, 16 characters each.
macro_rules! with_buckets {
    () => {
        "WITH RECURSIVE b (n, lo, hi) AS (
           SELECT CAST(0 AS BIGINT), SUBSTR(CAST($1 AS TEXT), 1, 16), SUBSTR($1, 17, 16)
           UNION ALL
           SELECT n + 1, hi, SUBSTR($1, CAST(n * 16 + 33 AS INTEGER), 16) FROM b WHERE n * 16 + 48 <= LENGTH($1)
         ) "
    };
}
/// How many decisions of a bucket are so: of a verdict, only those in shadow or out of it, as `$3` says.
macro_rules! how_many {
    (of $verdict:literal) => {
        how_many!(
            " AND d.verdict = '", $verdict, "' AND d.verdict <> 'allow' AND (CAST($3 AS BIGINT) IS NULL OR d.shadow = $3)"
        )
    };
    ($($condition:literal),*) => {
        concat!(
            "(SELECT COUNT(*) FROM decisions d WHERE d.account_id = $2 AND d.id >= b.lo AND d.id < b.hi",
            $($condition,)*
            ")"
        )
    };
}

/// What is not `allow`, in the order of the statement's columns.
const SAID: [Outcome; 6] = [
    Outcome::Message(Severity::Flag),
    Outcome::Message(Severity::Redact),
    Outcome::Message(Severity::Hold),
    Outcome::Message(Severity::Block),
    Outcome::Access(AccessSeverity::Challenge),
    Outcome::Access(AccessSeverity::Deny),
];
const COUNT: Sql = Sql::new(concat!(
    with_buckets!(),
    "SELECT ",
    how_many!(""),
    ", ",
    how_many!(" AND d.shadow = 1"),
    ", ",
    how_many!(" AND d.subject = 'access'"),
    ", ",
    how_many!(of "flag"),
    ", ",
    how_many!(of "redact"),
    ", ",
    how_many!(of "hold"),
    ", ",
    how_many!(of "block"),
    ", ",
    how_many!(of "challenge"),
    ", ",
    how_many!(of "deny"),
    " FROM b ORDER BY b.n"
));
/// What is there for a reader who does not see all: each row is looked at.
const COUNT_REACHED: Sql = Sql::new(concat!(
    with_buckets!(),
    "SELECT b.n, d.subject, d.verdict, COUNT(*) FROM b CROSS JOIN decisions d
     WHERE d.account_id = $2 AND d.id >= b.lo AND d.id < b.hi AND (CAST($3 AS BIGINT) IS NULL OR d.shadow = $3) AND ",
    decision_reached!("$2", "$4", "$5", "$6"),
    " GROUP BY b.n, d.subject, d.verdict"
));
/// Tables are crossed in this order, which SQLite keeps.
macro_rules! count_said {
    ($table:literal, $key:literal) => {
        Sql::new(concat!(
            with_buckets!(),
            "SELECT b.n, x.verdict, COUNT(*) FROM b CROSS JOIN ",
            $table,
            " x WHERE x.account_id = $2 AND x.decision_id >= b.lo AND x.decision_id < b.hi
                AND (CAST($3 AS BIGINT) IS NULL OR x.shadow = $3) AND x.",
            $key,
            " = $4
                AND (CAST($5 AS TEXT) IS NULL OR EXISTS (
                  SELECT 1 FROM decision_labels l WHERE l.account_id = $2 AND l.label = $5 AND l.decision_id = x.decision_id))
                AND (($6 = 'all' AND CAST($7 AS BIGINT) = 1) OR EXISTS (
                  SELECT 1 FROM decisions d WHERE d.account_id = $2 AND d.id = x.decision_id AND ",
            decision_reached!("$2", "$6", "$8", "$7"),
            "))
              GROUP BY b.n, x.verdict"
        ))
    };
}
const COUNT_OF_RULE: Sql = count_said!("decision_rules", "rule");
const COUNT_OF_LABEL: Sql = count_said!("decision_labels", "label");

/// Which decisions are counted; `None` for all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CountFilter {
    /// What this rule said where it said anything but `allow`, in place of what decisions came to.
    pub rule: Option<PluginName>,
    /// Only those with this label, or in which a rule gave a reason with this code.
    pub label: Option<Code>,
    /// Only those that changed nothing (`true`), or only those that counted.
    pub shadow: Option<bool>,
}

impl Account<'_> {
    /// How often each outcome was in each bucket: from one of `edges` to before the next.
    ///
    /// # Errors
    /// Those of the database.
    pub fn decision_counts(
        &mut self,
        reader: DecisionReader,
        edges: &[Timestamp],
        filter: &CountFilter,
    ) -> Result<Vec<DecisionTally>, StorageError> {
        let (reach, person, access) =
            (reach::word(reader.messages), reach::person(reader.messages), i64::from(reader.access));
        let places: String = edges.iter().map(|edge| format!("{:<16}", place(*edge))).collect();
        let shadow = filter.shadow.map(i64::from);
        let label = filter.label.as_ref().map(Code::as_str);
        let (sql, key, label) = match (&filter.rule, label) {
            (Some(rule), label) => (COUNT_OF_RULE, rule.as_str(), label),
            (None, Some(label)) => (COUNT_OF_LABEL, label, None),
            (None, None) if reader.sees_all() => {
                let read = |row: &mut Row<'_>| tally(row, filter.shadow);
                return self.tx.all(COUNT, values![places, self.id, shadow], read);
            }
            (None, None) => {
                let values = values![places, self.id, shadow, reach, person, access];
                let counted = self.tx.all(COUNT_REACHED, values, |row| {
                    Ok((row.size("bucket")?, outcome(row)?, row.size("decisions")?))
                })?;
                return Ok(tallies(edges, counted));
            }
        };
        let said = self.tx.all(sql, values![places, self.id, shadow, key, label, reach, access, person], |row| {
            let bucket = row.size("bucket")?;
            let word = row.text("verdict")?;
            let outcome = SAID.into_iter().find(|said| said.as_str() == word);
            Ok((bucket, outcome.ok_or(StorageError::Corrupt { what: "verdict" })?, row.size("decisions")?))
        })?;
        Ok(tallies(edges, said))
    }
}

/// What came to so much in which bucket, by bucket.
fn tallies(edges: &[Timestamp], counted: Vec<(u64, Outcome, u64)>) -> Vec<DecisionTally> {
    let mut tallies = vec![DecisionTally::new(); edges.len().saturating_sub(1)];
    for (bucket, outcome, count) in counted {
        if let Some(tally) = usize::try_from(bucket).ok().and_then(|bucket| tallies.get_mut(bucket)) {
            tally.insert(outcome, count);
        }
    }
    tallies
}

/// What is left of all when what is not `allow` is taken away was `allow`. Nobody is asked in shadow about access.
fn tally(row: &mut Row<'_>, shadow: Option<bool>) -> Result<DecisionTally, StorageError> {
    let all = row.size("decisions")?;
    let in_shadow = row.size("decisions in shadow")?;
    let access = row.size("decisions about access")?;
    let mut tally = DecisionTally::new();
    let [mut messages, mut doors] = match shadow {
        None => [all.saturating_sub(access), access],
        Some(true) => [in_shadow, 0],
        Some(false) => [all.saturating_sub(access + in_shadow), access],
    };
    for outcome in SAID {
        let count = row.size("decisions of a verdict")?;
        let left = match outcome {
            Outcome::Message(_) => &mut messages,
            Outcome::Access(_) => &mut doors,
        };
        *left = left.saturating_sub(count);
        tally.insert(outcome, count);
    }
    tally.insert(Outcome::Message(Severity::Allow), messages);
    tally.insert(Outcome::Access(AccessSeverity::Allow), doors);
    tally.retain(|_, count| *count > 0);
    Ok(tally)
}
