//! The audit log: who did what, when, from where. It is only ever added to, and each entry is sealed as it is added.

use sluice_domain::{
    audit::{Chain, End, Entry, SealKey},
    digest::Digest,
    id::AuditId,
    message::Role,
    time::Timestamp,
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, json, values},
    tables::audit_end::{self, KeptEnd},
    tx::Account,
};

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// The entry's own.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Who: a person, a token.
    pub actor_id: String,
    /// In what capacity.
    pub actor_role: Role,
    /// What: `plugin.uploaded`, `installation.changed`.
    pub action: String,
    /// To what.
    pub target: String,
    /// From where.
    pub address: String,
    /// What else is worth knowing, as JSON; never a secret, never a message's text.
    pub details: String,
}

/// An entry to be added, with the key that seals it.
#[derive(Debug, Clone)]
pub struct NewAudit {
    /// The entry.
    pub row: AuditRow,
    /// The key of the chains.
    pub key: SealKey,
}

/// An entry that was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedAudit {
    /// Its place in the account's log: 1, 2, 3 …, without gaps.
    pub seq: i64,
    /// Its MAC; `None` when it was added before entries had one.
    pub mac: Option<Digest>,
    /// The entry.
    pub row: AuditRow,
}

impl AuditRow {
    pub(super) fn entry<'e>(&'e self, id: &'e str, role: &'e str) -> Entry<'e> {
        Entry {
            id,
            at: self.at.millis(),
            actor: &self.actor_id,
            role,
            action: &self.action,
            target: &self.target,
            address: &self.address,
            details: &self.details,
        }
    }
}

/// Which entries are wanted. What is empty or absent does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Who.
    pub actor: String,
    /// What, or the beginning of it: `session.` finds all about sessions.
    pub action: String,
    /// To what.
    pub target: String,
    /// From where.
    pub address: String,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// Only these actions, separated by spaces, with one before the first and one after the last.
    pub among: String,
}

/// In what order entries are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditPage {
    /// The newest of those with a smaller number; all of them when it is absent.
    Before(Option<i64>),
    /// The oldest of those with a larger number.
    After(i64),
}

/// What one look into the log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPart {
    /// The entries that pass the filter, in the order that was asked for.
    pub rows: Vec<SealedAudit>,
    /// The number of the last entry that was looked at, to go on from; `None` when nothing is left behind it. There may be more
    /// although the rows are fewer than were asked for.
    pub seen: Option<i64>,
}

/// Most entries that one look goes through: a filter that fits few entries would otherwise read a log of any length.
const LOOK: i64 = 5_000;

fn role(role: Role) -> String {
    json(&role).trim_matches('"').to_owned()
}

fn sealed(row: &mut Row<'_>) -> Result<SealedAudit, StorageError> {
    Ok(SealedAudit {
        seq: row.int("audit number")?,
        // One that was changed by hand and is no MAC any more seals nothing.
        mac: row.text("audit MAC")?.parse().ok(),
        row: AuditRow {
            id: row.parsed("audit id")?,
            at: row.time("audit time")?,
            actor_id: row.text("actor id")?,
            actor_role: row.word("actor role")?,
            action: row.text("action")?,
            target: row.text("target")?,
            address: row.text("address")?,
            details: row.text("audit details")?,
        },
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO audit (account_id, id, at, actor_id, actor_role, action, target, address, details, seq, mac)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
);
const ANY: Sql = Sql::new("SELECT 1 FROM audit WHERE account_id = $1 LIMIT 1");
const LAST: Sql = Sql::new("SELECT mac FROM audit WHERE account_id = $1 AND seq = $2");
const NEWEST: Sql = Sql::new(
    "SELECT seq, mac, id, at, actor_id, actor_role, action, target, address, details FROM audit
     WHERE account_id = $1 AND seq < $2
       AND ($3 = '' OR actor_id = $3) AND SUBSTR(action, 1, LENGTH(CAST($4 AS TEXT))) = $4
       AND ($5 = '' OR target = $5) AND ($6 = '' OR address = $6) AND at >= $7 AND at < $8
       AND ($9 = '' OR CAST($9 AS TEXT) LIKE '% ' || action || ' %')
       AND seq >= $10
     ORDER BY seq DESC LIMIT $11",
);
const OLDEST: Sql = Sql::new(
    "SELECT seq, mac, id, at, actor_id, actor_role, action, target, address, details FROM audit
     WHERE account_id = $1 AND seq > $2
       AND ($3 = '' OR actor_id = $3) AND SUBSTR(action, 1, LENGTH(CAST($4 AS TEXT))) = $4
       AND ($5 = '' OR target = $5) AND ($6 = '' OR address = $6) AND at >= $7 AND at < $8
       AND ($9 = '' OR CAST($9 AS TEXT) LIKE '% ' || action || ' %')
       AND seq <= $10
     ORDER BY seq LIMIT $11",
);

impl Account<'_> {
    /// Adds an entry to the end of the account's chain, if that is the end that was written last.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] for the id, [`StorageError::Dangling`] when the account does not exist,
    /// [`StorageError::AuditBroken`] when the end of the log is not what was written: nothing is sealed on top of it.
    pub fn insert_audit(&mut self, new: &NewAudit) -> Result<(), StorageError> {
        let kept =
            self.tx.first(audit_end::LOCK, values![self.id], audit_end::kept_end)?.ok_or(StorageError::Dangling)?;
        let (row, key) = (&new.row, &new.key);
        let end = self.intact_end(&kept, key)?;
        let chain = match end.head {
            None => Chain::begin(key, self.id, end.unsealed),
            Some(head) => Chain::at(self.id, end.seq, head),
        };
        let (id, role) = (row.id.to_string(), role(row.actor_role));
        let chain = chain.with(key, &row.entry(&id, &role));
        self.tx.execute(
            INSERT,
            values![
                self.id,
                &id,
                row.at,
                &row.actor_id,
                &role,
                &row.action,
                &row.target,
                &row.address,
                &row.details,
                chain.seq(),
                chain.head()
            ],
        )?;
        self.set_audit_end(End { seq: chain.seq(), head: Some(chain.head()), ..end }, key)
    }

    /// The end that a further entry goes on from: what the row says, when it is sealed and the last entry is the one that it names.
    fn intact_end(&mut self, kept: &KeptEnd, key: &SealKey) -> Result<End, StorageError> {
        let end = kept.end.ok_or(StorageError::AuditBroken)?;
        let intact = if end.is_of_nothing() && kept.seal.is_empty() {
            // Before the first entry, there is nothing to seal.
            self.tx.first(ANY, values![self.id], |_| Ok(()))?.is_none()
        } else {
            let last = self.tx.first(LAST, values![self.id, end.seq], |row| row.text("audit MAC"))?;
            let is_there = match end.head {
                Some(head) => last.is_some_and(|mac| mac == head.to_string()),
                None => last.is_some() || end.seq == 0,
            };
            is_there && end.seal(key, self.id).to_string() == kept.seal
        };
        if intact { Ok(end) } else { Err(StorageError::AuditBroken) }
    }

    /// At most `limit` of the entries that pass `filter`, among the next [`LOOK`] of the log.
    ///
    /// # Errors
    /// Those of the database.
    pub fn audit_part(&mut self, filter: &AuditFilter, page: AuditPage, limit: u32) -> Result<AuditPart, StorageError> {
        let newest = self.tx.first(audit_end::HIGHEST, values![self.id], |row| row.int("audit number"))?.unwrap_or(0);
        let (page, last) = match page {
            AuditPage::Before(bound) => {
                let bound = bound.unwrap_or(i64::MAX).min(newest.saturating_add(1));
                (AuditPage::Before(Some(bound)), bound.saturating_sub(LOOK).max(1))
            }
            AuditPage::After(bound) => (page, bound.max(0).saturating_add(LOOK).min(newest)),
        };
        let rows = self.audit_until(filter, page, last, limit)?;
        let seen = if rows.len() >= limit as usize { rows.last().map_or(last, |row| row.seq) } else { last };
        let end = match page {
            AuditPage::Before(_) => 1,
            AuditPage::After(_) => newest,
        };
        Ok(AuditPart { rows, seen: (seen != end).then_some(seen) })
    }

    /// At most `limit` of the entries that pass `filter`, however many do not.
    ///
    /// # Errors
    /// Those of the database.
    pub fn audit(
        &mut self,
        filter: &AuditFilter,
        page: AuditPage,
        limit: u32,
    ) -> Result<Vec<SealedAudit>, StorageError> {
        let last = match page {
            AuditPage::Before(_) => i64::MIN,
            AuditPage::After(_) => i64::MAX,
        };
        self.audit_until(filter, page, last, limit)
    }

    fn audit_until(
        &mut self,
        filter: &AuditFilter,
        page: AuditPage,
        last: i64,
        limit: u32,
    ) -> Result<Vec<SealedAudit>, StorageError> {
        let (sql, bound) = match page {
            AuditPage::Before(bound) => (NEWEST, bound.unwrap_or(i64::MAX)),
            AuditPage::After(bound) => (OLDEST, bound),
        };
        self.tx.all(
            sql,
            values![
                self.id,
                bound,
                &filter.actor,
                &filter.action,
                &filter.target,
                &filter.address,
                filter.from.map_or(i64::MIN, Timestamp::millis),
                filter.to.map_or(i64::MAX, Timestamp::millis),
                &filter.among,
                last,
                limit
            ],
            sealed,
        )
    }
}
