//! Named lists, into which the account's plugins look: how they are made, edited and asked.
//!
//! What an entry can be and how it is found is in the domain. A change is in force at every server from the next request on, because it
//! gives the chain another version; lists that did not change are not read again for it.

use std::collections::HashSet;

use serde_json::json;
use sluice_domain::{
    audit::Action,
    id::ListId,
    limits,
    list::{Entry, ListKind, ListName},
    permission::Permission,
    plugin::{Hook, Import},
};
use sluice_storage::{Account, Before, InstallationRow, ListEntryRow, ListRow, NewAudit, NewListEntry, StorageError};

use crate::{App, AppError, caller::Caller, names, plugins::conflict};

const NAME_TAKEN: &str = "another list has this name";

/// What a list is to be.
#[derive(Debug, Clone)]
pub struct ListDraft {
    /// Unique in the account.
    pub name: ListName,
    /// What its entries are; it stays so.
    pub kind: ListKind,
    /// What it is for; may be empty.
    pub description: String,
}

/// What to change of a list; what is `None` stays.
#[derive(Debug, Clone)]
pub struct ListChange {
    /// See [`ListDraft::name`].
    pub name: Option<ListName>,
    /// See [`ListDraft::description`].
    pub description: Option<String>,
}

/// An entry to be added.
#[derive(Debug, Clone)]
pub struct EntryDraft {
    /// As it is to be given back.
    pub value: String,
    /// Why it is there; may be empty.
    pub note: String,
}

/// What a change of entries came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// How many entries were added, or removed.
    pub changed: u64,
    /// How many of those that were sent were there already, or were not there; those that were sent twice too.
    pub unchanged: u64,
}

impl App {
    /// The account's lists, newest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn lists(&self, caller: &Caller, page: Before<ListId>) -> Result<Vec<ListRow>, AppError> {
        reads(caller)?;
        let account = caller.account;
        self.read(account, move |tx| Ok(tx.account(account).lists(page)?)).await
    }

    /// One list of the account.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn list(&self, caller: &Caller, id: ListId) -> Result<ListRow, AppError> {
        reads(caller)?;
        let account = caller.account;
        self.inner.database.read(move |tx| known(&mut tx.account(account), id)).await
    }

    /// Makes a list without entries.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`], [`AppError::Conflict`] for the name or the key, [`AppError::Quota`].
    pub async fn make_list(
        &self,
        caller: &Caller,
        draft: ListDraft,
        idempotency_key: Option<String>,
    ) -> Result<ListRow, AppError> {
        caller.require(Permission::EditLists)?;
        let request = || format!("list\n{}\n{}\n{}", draft.name, json!(draft.kind), draft.description);
        let making = self.making(idempotency_key, caller, request)?;
        names::check_text("description", &draft.description)?;
        let (account, now) = (caller.account, self.now());
        let ListDraft { name, kind, description } = draft;
        let id = ListId::new(now, self.random());
        let row = ListRow { id, name, kind, description, version: 0, entries: 0, created_at: now, updated_at: now };
        let entry = self.audit_row(caller, Action::ListCreated, id, json!({"name": row.name, "kind": row.kind}));
        // The key is asked about first: what was made with it is no change of the chain.
        let change = move |tx: &mut sluice_storage::Tx<'_>| {
            if let Some(earlier) = making.earlier(tx, id, now)? {
                return tx
                    .account(account)
                    .list(earlier)?
                    .map(Outcome::Unchanged)
                    .ok_or(AppError::NotFound("list any more"));
            }
            let mut rows = tx.account(account);
            if rows.lists(Before::newest(limits::LISTS))?.len() >= limits::LISTS as usize {
                return Err(AppError::Quota("the account has too many lists: remove some first"));
            }
            rows.insert_list(&row).map_err(|error| conflict(error, NAME_TAKEN))?;
            Ok(Outcome::Changed(row, entry))
        };
        self.change_lists(caller, change).await
    }

    /// Changes what a list is called and what is said of it.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`], [`AppError::Conflict`] for the name, [`AppError::NotFound`].
    pub async fn change_list(&self, caller: &Caller, id: ListId, change: ListChange) -> Result<ListRow, AppError> {
        caller.require(Permission::EditLists)?;
        let ListChange { name, description } = change;
        if let Some(description) = &description {
            names::check_text("description", description)?;
        }
        let (account, now) = (caller.account, self.now());
        let mut entry = self.audit_row(caller, Action::ListChanged, id, json!({}));
        self.change_lists(caller, move |tx| {
            let mut rows = tx.account(account);
            let before = known(&mut rows, id)?;
            let mut row = before.clone();
            row.name = name.unwrap_or(row.name);
            row.description = description.unwrap_or(row.description);
            if row == before {
                return Ok(Outcome::Unchanged(row));
            }
            row.updated_at = now;
            rows.update_list(&row).map_err(|error| conflict(error, NAME_TAKEN))?;
            let described = row.description != before.description;
            entry.row.details = json!({"before": before.name, "after": row.name, "description": described}).to_string();
            Ok(Outcome::Changed(row, entry))
        })
        .await
    }

    /// Removes a list with its entries. Plugins that look into it are told from then on that there is no such list.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn remove_list(&self, caller: &Caller, id: ListId) -> Result<(), AppError> {
        caller.require(Permission::EditLists)?;
        let account = caller.account;
        let mut entry = self.audit_row(caller, Action::ListRemoved, id, json!({}));
        self.change_lists(caller, move |tx| {
            let mut rows = tx.account(account);
            let row = known(&mut rows, id)?;
            rows.delete_list(id)?;
            entry.row.details = json!({"name": row.name, "entries": row.entries}).to_string();
            Ok(Outcome::Changed((), entry))
        })
        .await
    }

    /// Entries of a list in the order in which they are compared, after the one that `after` is the same as.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`]; [`AppError::Invalid`] for `after`.
    pub async fn list_entries(
        &self,
        caller: &Caller,
        id: ListId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ListEntryRow>, AppError> {
        let list = self.list(caller, id).await?;
        let after = after.map(|after| list.kind.entry(after)).transpose();
        let after = after.map_err(|bad| AppError::invalid("cursor", bad.to_string()))?.map(|entry| entry.key);
        let (account, after) = (caller.account, after.unwrap_or_default());
        self.read(account, move |tx| Ok(tx.account(account).list_entries(id, &after, limit)?)).await
    }

    /// Adds entries. Those that are there stay as they are; when all of them are, nothing has happened.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`], [`AppError::Invalid`] for the first that is no entry of the list's kind,
    /// [`AppError::Quota`]; with an error, none is added.
    pub async fn add_list_entries(
        &self,
        caller: &Caller,
        id: ListId,
        drafts: Vec<EntryDraft>,
    ) -> Result<Changed, AppError> {
        caller.require(Permission::EditLists)?;
        let sent = bounded("entries", drafts.len())?;
        let kind = self.list(caller, id).await?.kind;
        let mut keys = HashSet::with_capacity(drafts.len());
        let mut entries = Vec::with_capacity(drafts.len());
        for (number, draft) in (1_usize..).zip(drafts) {
            let wrong = |problem: String| AppError::invalid("entries", format!("number {number}: {problem}"));
            let Entry { key, value } = kind.entry(&draft.value).map_err(|bad| wrong(bad.to_string()))?;
            if draft.note.len() > limits::LIST_NOTE_BYTES || draft.note.contains(char::is_control) {
                let most = limits::LIST_NOTE_BYTES;
                return Err(wrong(format!("a note has at most {most} bytes, without control characters")));
            }
            if keys.insert(key.clone()) {
                entries.push(NewListEntry { key, value, note: draft.note });
            }
        }
        let (author, now) = (caller.actor().id, self.now());
        self.change_entries(caller, id, Action::ListEntriesAdded, sent, move |rows| {
            let added = rows.add_list_entries(id, &entries, &author, now)?;
            let lists = rows.lists(Before::newest(limits::LISTS))?;
            if lists.iter().any(|list| list.entries > limits::LIST_ENTRIES) {
                return Err(AppError::Quota("a list has at most 100,000 entries: remove some first"));
            }
            if lists.iter().map(|list| list.entries).sum::<u64>() > limits::ACCOUNT_LIST_ENTRIES {
                return Err(AppError::Quota("the account's lists have at most 250,000 entries: remove some first"));
            }
            Ok(added)
        })
        .await
    }

    /// Removes entries, by what they are compared as. What is not there is no error.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`]; [`AppError::Invalid`] for too many.
    pub async fn remove_list_entries(
        &self,
        caller: &Caller,
        id: ListId,
        values: Vec<String>,
    ) -> Result<Changed, AppError> {
        caller.require(Permission::EditLists)?;
        let sent = bounded("values", values.len())?;
        let kind = self.list(caller, id).await?.kind;
        // What can be no entry is not there.
        let keys: Vec<String> =
            values.iter().filter_map(|value| kind.entry(value).ok()).map(|entry| entry.key).collect();
        let now = self.now();
        let remove = move |rows: &mut Account<'_>| Ok(rows.remove_list_entries(id, &keys, now)?);
        self.change_entries(caller, id, Action::ListEntriesRemoved, sent, remove).await
    }

    /// The entry by which a plugin would find `value` in a list, as it was written.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`]; [`AppError::Invalid`] for a value that is too long.
    pub async fn find_in_list(&self, caller: &Caller, id: ListId, value: &str) -> Result<Option<String>, AppError> {
        self.list(caller, id).await?;
        if value.len() > limits::LIST_VALUE_BYTES {
            return Err(AppError::invalid("value", format!("at most {} bytes", limits::LIST_VALUE_BYTES)));
        }
        let chain = self.chain(caller.account, caller.chain_version).await?;
        let list = chain.lists.get(id).ok_or(AppError::NotFound("list"))?;
        Ok(list.find(value).map(str::to_owned))
    }

    async fn change_entries(
        &self,
        caller: &Caller,
        id: ListId,
        action: Action,
        sent: u64,
        change: impl FnOnce(&mut Account<'_>) -> Result<u64, AppError> + Send + 'static,
    ) -> Result<Changed, AppError> {
        let account = caller.account;
        let mut entry = self.audit_row(caller, action, id, json!({}));
        self.change_lists(caller, move |tx| {
            let mut rows = tx.account(account);
            known(&mut rows, id)?;
            let changed = change(&mut rows)?;
            let outcome = Changed { changed, unchanged: sent.saturating_sub(changed) };
            if changed == 0 {
                return Ok(Outcome::Unchanged(outcome));
            }
            let after = known(&mut rows, id)?;
            // How many, and not which: the log is for more people than the list is.
            entry.row.details = json!({"name": after.name, "changed": changed, "entries": after.entries}).to_string();
            Ok(Outcome::Changed(outcome, entry))
        })
        .await
    }

    /// One transaction: the chain's new version, the change and its audit entry, or nothing of them when nothing changes. No event tells
    /// of it: programs add entries by the minute, and what is in force is known by the version.
    async fn change_lists<T: Send + 'static>(
        &self,
        caller: &Caller,
        change: impl FnOnce(&mut sluice_storage::Tx<'_>) -> Result<Outcome<T>, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let (account, is_support) = (caller.account, caller.not_support().is_err());
        let done = self.inner.database.write(caller, move |tx| {
            if is_support && decides_who_gets_in(&mut tx.account(account))? {
                return Err(Undone::Failed(AppError::NotForSupport));
            }
            // First, since it is the lock under which entries are counted.
            tx.account(account).bump_chain_version()?.ok_or(AppError::NotFound("account"))?;
            match change(tx)? {
                Outcome::Unchanged(answer) => Err(Undone::Nothing(answer)),
                Outcome::Changed(answer, entry) => {
                    tx.account(account).insert_audit(&entry)?;
                    Ok(answer)
                }
            }
        });
        match done.await {
            Ok(answer) | Err(Undone::Nothing(answer)) => Ok(answer),
            Err(Undone::Failed(error)) => Err(error),
        }
    }
}

/// Whether an access rule looks into the account's lists: then whoever changes them says who gets in.
fn decides_who_gets_in(rows: &mut Account<'_>) -> Result<bool, AppError> {
    let looks = |row: &InstallationRow| row.hooks.contains(&Hook::AccessRule) && row.grants.contains(&Import::Lists);
    Ok(rows.installation_outlines()?.iter().any(looks))
}

/// What a change of lists came to.
enum Outcome<T> {
    Changed(T, NewAudit),
    /// All was as it was to be.
    Unchanged(T),
}

/// Why a transaction is taken back.
enum Undone<T> {
    Nothing(T),
    Failed(AppError),
}

impl<T> From<AppError> for Undone<T> {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

impl<T> From<StorageError> for Undone<T> {
    fn from(error: StorageError) -> Self {
        Self::Failed(error.into())
    }
}

/// Who edits lists sees them, and so does who decides which plugins look into them.
fn reads(caller: &Caller) -> Result<(), AppError> {
    caller.require(Permission::ManagePlugins).or_else(|_| caller.require(Permission::EditLists))
}

fn known(rows: &mut Account<'_>, id: ListId) -> Result<ListRow, AppError> {
    rows.list(id)?.ok_or(AppError::NotFound("list"))
}

fn bounded(field: &'static str, count: usize) -> Result<u64, AppError> {
    if count > limits::LIST_CHANGES {
        return Err(AppError::invalid(field, format!("at most {} at once: send more requests", limits::LIST_CHANGES)));
    }
    Ok(count as u64)
}
