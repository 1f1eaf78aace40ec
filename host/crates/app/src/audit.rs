//! Who did what, when, from where: written, searched and verified. How entries are chained is in the domain.

use serde_json::{Value, json};
use sluice_domain::{
    audit::{Action, Breach, Chain},
    digest::Digest,
    id::{AccountId, AuditId},
    message::Role,
    permission::Permission,
    text::is_blank,
};
use sluice_storage::{AuditFilter, AuditPage, AuditRow, NewAudit, SealedAudit};

use crate::{App, AppError, caller::Caller};

/// Entries that one look into the log takes.
const BATCH: u32 = 500;

/// Longest reason that the platform gives for what it does to an account, in bytes.
const REASON_BYTES: usize = 1_024;

/// Why the platform does something to an account, for the account to read.
pub(crate) fn platform_reason(reason: &str) -> Result<&str, AppError> {
    let reason = reason.trim();
    if is_blank(reason) || reason.len() > REASON_BYTES || reason.contains(char::is_control) {
        return Err(AppError::invalid("reason", format!("1 to {REASON_BYTES} bytes that say why")));
    }
    Ok(reason)
}

/// Who did what is written down.
#[derive(Clone)]
pub(crate) struct Who {
    pub(crate) id: String,
    pub(crate) role: Role,
    pub(crate) address: String,
}

impl Who {
    /// A person, or the token that acts for one.
    pub(crate) fn of(caller: &Caller) -> Self {
        let actor = caller.actor();
        Self { id: actor.id, role: actor.role, address: caller.address.clone() }
    }

    /// A person of the platform, as another account's log says it.
    pub(crate) fn of_platform(caller: &Caller) -> Self {
        Self { role: Role::Support, ..Self::of(caller) }
    }

    /// Whoever runs the server.
    pub(crate) fn platform() -> Self {
        Self { id: "platform".to_owned(), role: Role::Support, address: String::new() }
    }
}

/// What verifying an account's log found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verification {
    /// Entries that hold, from the beginning to the end or to the first that does not.
    pub entries: i64,
    /// How many of them were written before entries were sealed: nothing can be said of those.
    pub unsealed: i64,
    /// The MAC of the last entry that holds: whoever keeps it elsewhere can see whether the log was put back to an earlier state.
    pub head: Digest,
    /// The first thing that is wrong.
    pub breach: Option<Breach>,
}

impl App {
    /// The account's entries that pass `filter`, newest first, before a number.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn audit_log(
        &self,
        caller: &Caller,
        filter: AuditFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<SealedAudit>, AppError> {
        caller.require(Permission::ReadAudit)?;
        let account = caller.account;
        let page = AuditPage::Before(before);
        self.inner.database.read(move |tx| Ok(tx.account(account).audit(&filter, page, limit)?)).await
    }

    /// The connection journal: the entries about somebody who came in or was kept out, newest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn connections(
        &self,
        caller: &Caller,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<SealedAudit>, AppError> {
        let words = Action::ALL.into_iter().filter(|action| action.is_about_connecting()).map(Action::as_str);
        let among = words.fold(" ".to_owned(), |among, word| among + word + " ");
        self.audit_log(caller, AuditFilter { among, ..AuditFilter::default() }, before, limit).await
    }

    /// Begins an export of the entries that pass `filter`: that it happens is written down first, and is its last entry.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn export_audit(&self, caller: &Caller, filter: AuditFilter) -> Result<AuditExport, AppError> {
        caller.require(Permission::ReadAudit)?;
        let details = json!({"actor": filter.actor, "action": filter.action, "target": filter.target,
            "address": filter.address, "from": filter.from, "to": filter.to});
        self.record(caller, Action::AuditExported, details).await?;
        Ok(AuditExport { app: self.clone(), account: caller.account, filter, after: 0 })
    }

    /// Verifies the log of the caller's account.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn verify_own_audit(&self, caller: &Caller) -> Result<Verification, AppError> {
        caller.require(Permission::ReadAudit)?;
        self.verify_audit(caller.account).await
    }

    /// Verifies an account's log, for the platform. What is written while it looks is left out.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for the account.
    pub async fn verify_audit(&self, account: AccountId) -> Result<Verification, AppError> {
        let key = self.inner.audit_key.clone();
        let end = self.inner.database.read(move |tx| Ok::<_, AppError>(tx.account(account).audit_end()?)).await?;
        let end = end.ok_or(AppError::NotFound("account"))?;
        let mut chain = Chain::begin(&key, account, end.unsealed);
        let (mut after, mut earlier) = (i64::MIN, 0);
        let found = |chain: &Chain, breach| {
            Ok(Verification { entries: chain.seq(), unsealed: end.unsealed, head: chain.head(), breach })
        };
        loop {
            let page = AuditPage::After(after);
            let batch = self
                .inner
                .database
                .read(move |tx| Ok::<_, AppError>(tx.account(account).audit(&AuditFilter::default(), page, BATCH)?))
                .await?;
            let full = batch.len() == BATCH as usize;
            // Entries that were added since the end was read are not looked at.
            for entry in batch.iter().take_while(|entry| entry.seq <= end.seq) {
                after = entry.seq;
                let checked = if (1..=end.unsealed).contains(&entry.seq) {
                    // Nothing seals these; that all of them are there can be seen.
                    earlier += 1;
                    if entry.seq == earlier { Ok(()) } else { Err(Breach::Missing(earlier)) }
                } else {
                    entry.check(&key, &mut chain)
                };
                if let Err(breach) = checked {
                    return found(&chain, Some(breach));
                }
            }
            if !full || batch.last().is_none_or(|entry| entry.seq >= end.seq) {
                break;
            }
        }
        // Before the first sealed entry, the row names no head.
        let head = end.head.unwrap_or_else(|| Chain::begin(&key, account, end.unsealed).head());
        let breach = chain.check_end(end.seq, head).err();
        found(&chain, breach)
    }

    /// Whether an account's log has the entry `seq` with the MAC `head`, for the platform.
    ///
    /// # Errors
    /// [`AppError::Storage`].
    pub async fn audit_held(&self, account: AccountId, seq: i64, head: Digest) -> Result<bool, AppError> {
        let page = AuditPage::After(seq - 1);
        let read = self
            .inner
            .database
            .read(move |tx| Ok::<_, AppError>(tx.account(account).audit(&AuditFilter::default(), page, 1)?));
        Ok(read.await?.first().is_some_and(|entry| entry.seq == seq && entry.mac == Some(head)))
    }

    /// An entry about something that `caller` does now. Never put a secret or a message's text into `details`.
    pub(crate) fn audit_row(&self, caller: &Caller, action: Action, target: impl ToString, details: Value) -> NewAudit {
        self.audit_row_of(Who::of(caller), action, target, details)
    }

    /// An entry about something that somebody does who is no caller.
    pub(crate) fn audit_row_of(&self, who: Who, action: Action, target: impl ToString, details: Value) -> NewAudit {
        let now = self.now();
        let row = AuditRow {
            id: AuditId::new(now, self.random()),
            at: now,
            actor_id: who.id,
            actor_role: who.role,
            action: action.as_str().to_owned(),
            target: target.to_string(),
            address: who.address,
            details: details.to_string(),
        };
        NewAudit { row, key: self.inner.audit_key.clone() }
    }

    /// Keeps an entry about something that changes no other row.
    pub(crate) async fn record(&self, caller: &Caller, action: Action, details: Value) -> Result<(), AppError> {
        self.keep_entry(caller.account, self.audit_row(caller, action, caller.person, details)).await
    }

    /// Keeps an entry by itself.
    pub(crate) async fn keep_entry(&self, account: AccountId, entry: NewAudit) -> Result<(), AppError> {
        self.inner.database.write(Some(account), move |tx| Ok(tx.account(account).insert_audit(&entry)?)).await
    }
}

/// An export that goes on: batch after batch, oldest first.
pub struct AuditExport {
    app: App,
    account: AccountId,
    filter: AuditFilter,
    after: i64,
}

impl AuditExport {
    /// The next entries; empty at the end.
    ///
    /// # Errors
    /// [`AppError::Storage`].
    pub async fn next(&mut self) -> Result<Vec<SealedAudit>, AppError> {
        let (account, filter, page) = (self.account, self.filter.clone(), AuditPage::After(self.after));
        let read =
            self.app.inner.database.read(move |tx| Ok::<_, AppError>(tx.account(account).audit(&filter, page, BATCH)?));
        let batch = read.await?;
        self.after = batch.last().map_or(self.after, |entry| entry.seq);
        Ok(batch)
    }
}
