//! Where audit logs end, as the accounts' rows say, and all of a log as it is kept, whatever somebody made of it.
//!
//! What of it is right is decided in the domain.

use sluice_domain::{
    audit::{Earlier, End, KeptEntry, KeptLog, SealKey},
    digest::Digest,
    id::AccountId,
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, values},
    tx::{Account, Tx},
};

/// What stands in place of a seal from the migration on until the server's next start.
const UNSEALED: &str = "unsealed";
/// Entries that are read at once.
const BATCH: u32 = 500;

const END: Sql = Sql::new(
    "SELECT audit_unsealed, audit_earlier, audit_seq, audit_head, audit_seal,
       (SELECT COUNT(*) FROM audit e WHERE e.account_id = $1),
       (SELECT COALESCE(MAX(seq), 0) FROM audit e WHERE e.account_id = $1)
     FROM accounts WHERE id = $1",
);
// Reading it locks the account's row until the commit: entries are numbered in the order of their commits.
pub(super) const LOCK: Sql = Sql::new(
    "UPDATE accounts SET audit_seq = audit_seq WHERE id = $1
     RETURNING audit_unsealed, audit_earlier, audit_seq, audit_head, audit_seal",
);
const SET_END: Sql = Sql::new(
    "UPDATE accounts SET audit_unsealed = $1, audit_earlier = $2, audit_seq = $3, audit_head = $4, audit_seal = $5
     WHERE id = $6",
);
const ENTRIES: Sql = Sql::new(
    "SELECT seq, mac, id, at, actor_id, actor_role, action, target, address, details FROM audit
     WHERE account_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
);
pub(super) const HIGHEST: Sql = Sql::new("SELECT COALESCE(MAX(seq), 0) FROM audit WHERE account_id = $1");
const UNSEALED_LOGS: Sql = Sql::new("SELECT id FROM accounts WHERE audit_seal = $1 ORDER BY id");

/// The end of a log as the account's row has it.
pub(super) struct KeptEnd {
    /// `None` when it is nothing that the program would write.
    pub(super) end: Option<End>,
    pub(super) named: i64,
    pub(super) seal: String,
}

pub(super) fn kept_end(row: &mut Row<'_>) -> Result<KeptEnd, StorageError> {
    let unsealed = row.int("unsealed entries")?;
    let earlier = row.text("MAC of earlier entries")?;
    let named = row.int("audit number")?;
    let head = row.text("audit head")?;
    let seal = row.text("audit seal")?;
    let digest = |text: &str| if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) };
    let end = digest(&earlier).zip(digest(&head)).map(|(earlier, head)| End { unsealed, earlier, seq: named, head });
    Ok(KeptEnd { end, named, seal })
}

fn entry(row: &mut Row<'_>) -> Result<KeptEntry, StorageError> {
    Ok(KeptEntry {
        seq: row.int("audit number")?,
        mac: row.text("audit MAC")?,
        id: row.text("audit id")?,
        at: row.int("audit time")?,
        actor: row.text("actor id")?,
        role: row.text("actor role")?,
        action: row.text("action")?,
        target: row.text("target")?,
        address: row.text("address")?,
        details: row.text("audit details")?,
    })
}

impl Tx<'_> {
    /// The accounts whose logs were kept without a sealed end, and are to be sealed as they are found.
    ///
    /// # Errors
    /// Those of the database.
    pub fn unsealed_audit_logs(&mut self) -> Result<Vec<AccountId>, StorageError> {
        self.all(UNSEALED_LOGS, values![UNSEALED], |row| row.parsed("account id"))
    }
}

impl Account<'_> {
    /// What is kept of the log beside its entries. `None` when the account does not exist.
    ///
    /// # Errors
    /// Those of the database.
    pub fn kept_audit_log(&mut self) -> Result<Option<KeptLog>, StorageError> {
        self.tx.first(END, values![self.id], |row| {
            let KeptEnd { end, named, seal } = kept_end(row)?;
            Ok(KeptLog { end, named, seal, count: row.int("audit entries")?, highest: row.int("audit number")? })
        })
    }

    /// At most `limit` entries as they are kept, in the order of their numbers, after one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn kept_audit_entries(&mut self, after: i64, limit: u32) -> Result<Vec<KeptEntry>, StorageError> {
        self.tx.all(ENTRIES, values![self.id, after, limit], entry)
    }

    /// Seals the end of a log that was kept without, once, together with its entries from before the chain. Gives the number of the last of
    /// those; `None` when there is nothing to seal.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account does not exist.
    pub fn seal_audit(&mut self, key: &SealKey) -> Result<Option<i64>, StorageError> {
        let kept = self.tx.first(LOCK, values![self.id], kept_end)?.ok_or(StorageError::Dangling)?;
        if kept.seal != UNSEALED {
            return Ok(None);
        }
        // A head that is none is of a log that does not hold: that stays to be seen.
        let end = kept.end.unwrap_or(End { seq: kept.named, ..End::default() });
        let unsealed = end.unsealed.clamp(0, end.seq.max(0));
        let earlier = if unsealed > 0 { self.over_earlier(key, unsealed)? } else { Earlier::NONE };
        self.set_audit_end(End { unsealed, earlier: earlier.head(), ..end }, key)?;
        Ok(Some(unsealed))
    }

    /// Takes the log as it is: all entries count as from before the chain, which begins anew after them. Gives the number of the last.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account does not exist.
    pub fn accept_audit(&mut self, key: &SealKey) -> Result<i64, StorageError> {
        self.tx.first(LOCK, values![self.id], kept_end)?.ok_or(StorageError::Dangling)?;
        let highest = self.tx.first(HIGHEST, values![self.id], |row| row.int("audit number"))?.unwrap_or(0);
        let earlier = self.over_earlier(key, highest)?;
        self.set_audit_end(End { unsealed: highest, earlier: earlier.head(), seq: highest, head: None }, key)?;
        Ok(highest)
    }

    /// The MAC over the entries up to one. That none of them is missing is not asked: it stays to be seen.
    fn over_earlier(&mut self, key: &SealKey, last: i64) -> Result<Earlier, StorageError> {
        let mut earlier = Earlier::NONE;
        let mut after = i64::MIN;
        loop {
            let batch = self.kept_audit_entries(after, BATCH)?;
            let within = batch.iter().filter(|kept| kept.seq <= last);
            earlier = within.fold(earlier, |earlier, kept| earlier.with(key, self.id, kept));
            match batch.last() {
                Some(kept) if kept.seq < last => after = kept.seq,
                _ => return Ok(earlier),
            }
        }
    }

    /// Writes where the log ends, sealed.
    pub(super) fn set_audit_end(&mut self, end: End, key: &SealKey) -> Result<(), StorageError> {
        let End { unsealed, earlier, seq, head } = end;
        let written = |digest: Option<Digest>| digest.map(|digest| digest.to_string()).unwrap_or_default();
        let values = values![unsealed, written(earlier), seq, written(head), end.seal(key, self.id), self.id];
        self.tx.execute(SET_END, values)?;
        Ok(())
    }
}
