//! What installations in shadow said of live messages, beside what was enforced.
//!
//! The decisions themselves, with their trails, are in `decisions`.

use sluice_domain::{
    digest::Digest,
    id::{ConversationId, DecisionId, InstallationId, MessageId},
    time::{Period, Timestamp},
    verdict::Severity,
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, values},
    tables::reach::{self, Reader, reached_by_id},
    tx::Account,
};

/// What one installation in shadow said of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShadowVerdict {
    /// The installation.
    pub installation: InstallationId,
    /// Its version and configuration, as one digest.
    pub variant: Digest,
    /// The decision that it is a part of.
    pub decision: DecisionId,
    /// The message.
    pub message: MessageId,
    /// Where the message was written.
    pub conversation: Option<ConversationId>,
    /// What the rules in force made of the message.
    pub enforced: Severity,
    /// What this installation said.
    pub shadow: Severity,
    /// Whether it failed, so that its failure policy spoke for it.
    pub failed: bool,
}

/// How often both said the same two things on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShadowCount {
    /// The beginning of the day, in UTC.
    pub day: Timestamp,
    /// What the rules in force made of the messages.
    pub enforced: Severity,
    /// What the installation said.
    pub shadow: Severity,
    /// Of how many messages.
    pub messages: u64,
    /// At how many of them it failed.
    pub failures: u64,
}

/// A message about which both said something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShadowDifference {
    /// The decision of the rules in shadow.
    pub decision: DecisionId,
    /// The message, which may not have been kept.
    pub message: MessageId,
    /// Where it was written.
    pub conversation: Option<ConversationId>,
    /// What the rules in force made of it.
    pub enforced: Severity,
    /// What the installation said.
    pub shadow: Severity,
}

const COUNT: Sql = Sql::new(
    "INSERT INTO shadow_counts (account_id, installation_id, variant, day, enforced, shadow, messages, failures)
     VALUES ($1, $2, $3, $4, $5, $6, 1, $7)
     ON CONFLICT (account_id, installation_id, variant, day, enforced, shadow)
     DO UPDATE SET messages = shadow_counts.messages + 1, failures = shadow_counts.failures + excluded.failures",
);
const NOTE: Sql = Sql::new(
    "INSERT INTO shadow_differences (account_id, installation_id, variant, decision_id, message_id, conversation_id,
                                     enforced, shadow)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
);
const COUNTS: Sql = Sql::new(
    "SELECT day, enforced, shadow, messages, failures FROM shadow_counts
     WHERE account_id = $1 AND installation_id = $2 AND variant = $3 AND day >= $4 AND day < $5
     ORDER BY day, enforced, shadow",
);
const DIFFERENCES: Sql = Sql::new(concat!(
    "SELECT decision_id, message_id, conversation_id, enforced, shadow FROM shadow_differences
     WHERE account_id = $1 AND installation_id = $2 AND variant = $3 AND decision_id >= $4 AND decision_id < $5 AND ",
    reached_by_id!("shadow_differences.conversation_id", "$1", "$6", "$7"),
    " ORDER BY decision_id DESC LIMIT $8"
));

fn count(row: &mut Row<'_>) -> Result<ShadowCount, StorageError> {
    Ok(ShadowCount {
        day: row.time("day")?,
        enforced: row.word("verdict")?,
        shadow: row.word("verdict")?,
        messages: row.size("number of messages")?,
        failures: row.size("number of failures")?,
    })
}

fn difference(row: &mut Row<'_>) -> Result<ShadowDifference, StorageError> {
    Ok(ShadowDifference {
        decision: row.parsed("decision id")?,
        message: row.parsed("message id")?,
        conversation: row.maybe_parsed("conversation id")?,
        enforced: row.word("verdict")?,
        shadow: row.word("verdict")?,
    })
}

impl Account<'_> {
    /// Counts what an installation said of a message at `at`, and notes the message if the rules in force said something else.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when it was noted for that decision already; [`StorageError::Dangling`] when there is no such account.
    pub fn count_shadow(&mut self, said: &ShadowVerdict, at: Timestamp) -> Result<(), StorageError> {
        let (enforced, shadow) = (said.enforced.as_str(), said.shadow.as_str());
        self.tx.execute(
            COUNT,
            values![self.id, said.installation, said.variant, at.day(), enforced, shadow, i64::from(said.failed)],
        )?;
        if said.enforced != said.shadow {
            self.tx.execute(
                NOTE,
                values![
                    self.id,
                    said.installation,
                    said.variant,
                    said.decision,
                    said.message,
                    said.conversation,
                    enforced,
                    shadow
                ],
            )?;
        }
        Ok(())
    }

    /// How often what was said by and by, on days that begin in `period`; oldest day first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn shadow_counts(
        &mut self,
        installation: InstallationId,
        variant: Digest,
        period: Period,
    ) -> Result<Vec<ShadowCount>, StorageError> {
        self.tx.all(COUNTS, values![self.id, installation, variant, period.from, period.to], count)
    }

    /// The newest messages about which both said something else in `period`, in conversations that the reader reaches; at most `limit`,
    /// newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn shadow_differences(
        &mut self,
        reader: Option<Reader>,
        installation: InstallationId,
        variant: Digest,
        period: Period,
        limit: u32,
    ) -> Result<Vec<ShadowDifference>, StorageError> {
        let (from, to) = (DecisionId::first_at(period.from), DecisionId::first_at(period.to));
        let (reach, person) = (reach::word(reader), reach::person(reader));
        self.tx.all(DIFFERENCES, values![self.id, installation, variant, from, to, reach, person, limit], difference)
    }
}
