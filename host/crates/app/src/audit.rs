//! Who did what, when, from where: written, searched and verified. How entries are chained is in the domain.

use serde_json::{Value, json};
use sluice_domain::{
    audit::{Action, Refused, Verifier},
    digest::Digest,
    id::{AccountId, AuditId},
    message::Role,
    permission::Permission,
    shares::Share,
    text::is_blank,
};
use sluice_storage::{AuditFilter, AuditPage, AuditPart, AuditRow, NewAudit, SealedAudit, StorageError, Tx};

pub use sluice_domain::audit::Verification;

use crate::{
    App, AppError,
    caller::Caller,
    exports::{Batches, same_reader},
    store::By,
};

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

impl App {
    /// The account's entries that pass `filter`, newest first, before a number. There may be more behind a page that is not full: see
    /// [`AuditPart::seen`].
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn audit_log(
        &self,
        caller: &Caller,
        filter: AuditFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<AuditPart, AppError> {
        caller.require(Permission::ReadAudit)?;
        let account = caller.account;
        let page = AuditPage::Before(before);
        self.read(account, move |tx| Ok(tx.account(account).audit_part(&filter, page, limit)?)).await
    }

    /// The connection journal: the entries about somebody who came in or was kept out, newest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn connections(&self, caller: &Caller, before: Option<i64>, limit: u32) -> Result<AuditPart, AppError> {
        let accepted = Action::ALL.into_iter().filter(|action| action.is_about_connecting()).map(Action::as_str);
        let refused = Refused::ALL.into_iter().filter(|refused| refused.is_about_connecting()).map(Refused::as_str);
        let among = accepted.chain(refused).fold(" ".to_owned(), |among, word| among + word + " ");
        self.audit_log(caller, AuditFilter { among, ..AuditFilter::default() }, before, limit).await
    }

    /// Begins an export of the entries that pass `filter`: that it happens is written down first, and is its last entry.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::TooManyAtOnce`].
    pub async fn export_audit(&self, caller: &Caller, filter: AuditFilter) -> Result<AuditExport, AppError> {
        caller.require(Permission::ReadAudit)?;
        let details = json!({"actor": filter.actor, "action": filter.action, "target": filter.target,
            "address": filter.address, "from": filter.from, "to": filter.to});
        let place = self.export_place(caller.account)?;
        self.record(caller, Action::AuditExported, details).await?;
        Ok(AuditExport { app: self.clone(), caller: caller.clone(), filter, after: Some(0), _place: place })
    }

    /// Verifies the log of the caller's account, which may have `accepted` entries from before the chain.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::TooManyAtOnce`].
    pub async fn verify_own_audit(&self, caller: &Caller, accepted: i64) -> Result<Verification, AppError> {
        caller.require(Permission::ReadAudit)?;
        let _place = self.export_place(caller.account)?;
        self.verify_audit(caller.account, accepted).await
    }

    /// Verifies an account's log, for the platform. What is written while it looks is left out.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for the account.
    pub async fn verify_audit(&self, account: AccountId, accepted: i64) -> Result<Verification, AppError> {
        let database = &self.inner.database;
        let log = database.read(move |tx| Ok::<_, AppError>(tx.account(account).kept_audit_log()?)).await?;
        let log = log.ok_or(AppError::NotFound("account"))?;
        let mut verifier = Verifier::new(&self.inner.audit_key, account, log);
        let (mut after, last) = (i64::MIN, verifier.last());
        loop {
            let look = move |tx: &mut Tx<'_>| Ok::<_, AppError>(tx.account(account).kept_audit_entries(after, BATCH)?);
            let batch = self.read(account, look).await?;
            let holds = batch.iter().filter(|kept| kept.seq <= last).all(|kept| verifier.take(kept));
            match batch.last() {
                Some(kept) if holds && kept.seq < last => after = kept.seq,
                _ => return Ok(verifier.finish(accepted)),
            }
        }
    }

    /// Seals the logs that were kept before their ends were sealed, as they are found, once. Each of them says so.
    ///
    /// # Errors
    /// [`AppError::Storage`].
    pub async fn seal_audit_logs(&self) -> Result<(), AppError> {
        let accounts = self.inner.database.read(|tx| Ok::<_, AppError>(tx.unsealed_audit_logs()?)).await?;
        for account in accounts {
            let mut entry = self.audit_row_of(Who::platform(), Action::AuditSealed, account, json!({}));
            let seal = move |tx: &mut Tx<'_>| {
                let mut rows = tx.account(account);
                // Another server, or another command, may have done it meanwhile.
                let Some(unsealed) = rows.seal_audit(&entry.key)? else { return Ok(()) };
                entry.row.details = json!({"unsealed": unsealed}).to_string();
                match rows.insert_audit(&entry) {
                    // The log does not hold. That is for who verifies it, and no reason to keep everybody else from working.
                    Err(StorageError::AuditBroken) => Ok(()),
                    written => Ok::<_, AppError>(written?),
                }
            };
            self.inner.database.write(By::server(account), seal).await?;
        }
        Ok(())
    }

    /// Takes an account's log as it is, for the platform: what was done to it until now cannot be shown from then on, and the log says so.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for the reason; [`AppError::NotFound`] for the account.
    pub async fn accept_audit(&self, account: AccountId, reason: &str) -> Result<i64, AppError> {
        let reason = platform_reason(reason)?.to_owned();
        let mut entry = self.audit_row_of(Who::platform(), Action::AuditAccepted, account, json!({}));
        let accept = move |tx: &mut Tx<'_>| {
            tx.account_row(account)?.ok_or(AppError::NotFound("account"))?;
            let mut rows = tx.account(account);
            let unsealed = rows.accept_audit(&entry.key)?;
            entry.row.details = json!({"reason": reason, "unsealed": unsealed}).to_string();
            rows.insert_audit(&entry)?;
            Ok::<_, AppError>(unsealed)
        };
        self.inner.database.write(By::server(account), accept).await
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
        self.sealed_later(who, action.as_str(), target, &details)
    }

    /// An entry about a refusal. Only `refusals` asks for it, which knows whether there is one.
    pub(crate) fn refused_row(&self, who: Who, refused: Refused, target: impl ToString, details: &Value) -> NewAudit {
        self.sealed_later(who, refused.as_str(), target, details)
    }

    fn sealed_later(&self, who: Who, action: &str, target: impl ToString, details: &Value) -> NewAudit {
        let now = self.now();
        let row = AuditRow {
            id: AuditId::new(now, self.random()),
            at: now,
            actor_id: who.id,
            actor_role: who.role,
            action: action.to_owned(),
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
        self.inner.database.write(By::server(account), move |tx| Ok(tx.account(account).insert_audit(&entry)?)).await
    }
}

/// An export that goes on: batch after batch, oldest first.
pub struct AuditExport {
    app: App,
    caller: Caller,
    filter: AuditFilter,
    /// The number of the last entry that was looked at; `None` at the end.
    after: Option<i64>,
    _place: Share<AccountId>,
}

impl Batches for AuditExport {
    type Row = SealedAudit;

    async fn next(&mut self) -> Result<Vec<SealedAudit>, AppError> {
        while let Some(after) = self.after {
            let (account, filter, page) = (self.caller.account, self.filter.clone(), AuditPage::After(after));
            let read = self.app.read(account, move |tx| Ok(tx.account(account).audit_part(&filter, page, BATCH)?));
            let part = read.await?;
            self.after = part.seen;
            if !part.rows.is_empty() {
                return Ok(part.rows);
            }
        }
        Ok(Vec::new())
    }

    fn read_as(&self, caller: &Caller) -> Result<(), AppError> {
        same_reader(&self.caller, caller)
    }
}
