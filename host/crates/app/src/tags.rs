//! Tags: made by those who edit templates of answers, put on conversations and clients by those who answer them.

use serde_json::json;
use sluice_domain::{
    audit::Action,
    id::{ClientId, ConversationId, TagId},
    permission::Permission,
    tag::Color,
};
use sluice_storage::{Account, Before, ClientRow, ConversationOverview, TagRow};

use crate::{
    App, AppError,
    caller::Caller,
    clients::reached_client,
    conversations::overview,
    events::{self, Change},
    names,
    plugins::conflict,
};

/// Most tags of an account.
const MOST: u64 = 1_000;
/// Most tags of one thing.
const OF_ONE: usize = 50;
/// Longest label, in bytes.
const LABEL_BYTES: usize = 64;
const LABEL_TAKEN: &str = "another tag has this label";

/// What a tag is to be.
#[derive(Debug, Clone)]
pub struct TagDraft {
    /// Unique in the account.
    pub label: String,
    /// What it means; may be empty.
    pub description: String,
    /// How it is shown.
    pub color: Color,
}

/// What to change of a tag; what is `None` stays.
#[derive(Debug, Clone)]
pub struct TagChange {
    /// See [`TagDraft::label`].
    pub label: Option<String>,
    /// See [`TagDraft::description`].
    pub description: Option<String>,
    /// See [`TagDraft::color`].
    pub color: Option<Color>,
}

impl App {
    /// The account's tags, newest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn tags(&self, caller: &Caller, page: Before<TagId>) -> Result<Vec<TagRow>, AppError> {
        caller.reader()?;
        let account = caller.account;
        self.read(account, move |tx| Ok(tx.account(account).tags(page)?)).await
    }

    /// Makes a tag.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`], [`AppError::Conflict`] for the label or the key, [`AppError::Quota`].
    pub async fn make_tag(
        &self,
        caller: &Caller,
        draft: TagDraft,
        idempotency_key: Option<String>,
    ) -> Result<TagRow, AppError> {
        caller.require(Permission::EditTemplates)?;
        let request = || format!("tag\n{}\n{}\n{}", draft.label, draft.color, draft.description);
        let making = self.making(idempotency_key, caller, request)?;
        let (account, now) = (caller.account, self.now());
        let TagDraft { label, description, color } = draft;
        let label = names::name("label", &label, LABEL_BYTES)?;
        names::check_text("description", &description)?;
        let row = TagRow { id: TagId::new(now, self.random()), label, description, color, created_at: now };
        let entry = self.audit_row(caller, Action::TagCreated, row.id, json!({"label": row.label}));
        self.inner
            .database
            .write(caller, move |tx| {
                if let Some(earlier) = making.earlier(tx, row.id, now)? {
                    return tx.account(account).tag(earlier)?.ok_or(AppError::NotFound("tag any more"));
                }
                let mut rows = tx.account(account);
                if rows.tag_count()? >= MOST {
                    return Err(AppError::Quota("the account has too many tags: remove some first"));
                }
                rows.insert_tag(&row).map_err(|error| conflict(error, LABEL_TAKEN))?;
                rows.insert_audit(&entry)?;
                Ok(row)
            })
            .await
    }

    /// Changes a tag.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`], [`AppError::Conflict`] for the label, [`AppError::NotFound`].
    pub async fn change_tag(&self, caller: &Caller, id: TagId, change: TagChange) -> Result<TagRow, AppError> {
        caller.require(Permission::EditTemplates)?;
        let account = caller.account;
        let label = change.label.map(|label| names::name("label", &label, LABEL_BYTES)).transpose()?;
        change.description.as_deref().map(|text| names::check_text("description", text)).transpose()?;
        let change = TagChange { label, ..change };
        let details =
            json!({"label": change.label, "color": change.color, "description": change.description.is_some()});
        let entry = self.audit_row(caller, Action::TagChanged, id, details);
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                let before = rows.tag(id)?.ok_or(AppError::NotFound("tag"))?;
                let TagChange { label, description, color } = change;
                let row = TagRow {
                    label: label.unwrap_or(before.label),
                    description: description.unwrap_or(before.description),
                    color: color.unwrap_or(before.color),
                    ..before
                };
                rows.update_tag(&row).map_err(|error| conflict(error, LABEL_TAKEN))?;
                rows.insert_audit(&entry)?;
                Ok(row)
            })
            .await
    }

    /// Removes a tag, from all that had it too.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn remove_tag(&self, caller: &Caller, id: TagId) -> Result<(), AppError> {
        caller.require(Permission::EditTemplates)?;
        let (account, now) = (caller.account, self.now());
        let entry = self.audit_row(caller, Action::TagRemoved, id, json!({}));
        self.write_and_wake(caller, move |tx| {
            let mut rows = tx.account(account);
            if !rows.delete_tag(id)? {
                return Err(AppError::NotFound("tag"));
            }
            events::announce_many(&mut rows, json!({"tag": id}), now)?;
            Ok(rows.insert_audit(&entry)?)
        })
        .await
    }

    /// Says which tags a conversation has.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`]; [`AppError::NotFound`] for the conversation or a tag.
    pub async fn tag_conversation(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        tags: Vec<TagId>,
    ) -> Result<ConversationOverview, AppError> {
        let (account, reader, now) = (caller.account, caller.reader()?, self.now());
        let tags = distinct(tags)?;
        self.write_and_wake(caller, move |tx| {
            let mut rows = tx.account(account);
            let before = overview(&mut rows, conversation, reader)?;
            known(&mut rows, &tags)?;
            if before.tags == tags {
                return Ok(before);
            }
            rows.set_conversation_tags(conversation, &tags)?;
            events::announce(&mut rows, conversation, Change::Something, now)?;
            overview(&mut rows, conversation, reader)
        })
        .await
    }

    /// Says which tags a client has.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`]; [`AppError::NotFound`] for the client or a tag.
    pub async fn tag_client(&self, caller: &Caller, client: ClientId, tags: Vec<TagId>) -> Result<ClientRow, AppError> {
        let (account, reader) = (caller.account, caller.reader()?);
        let tags = distinct(tags)?;
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                reached_client(&mut rows, client, reader)?;
                known(&mut rows, &tags)?;
                rows.set_client_tags(client, &tags)?;
                reached_client(&mut rows, client, reader)
            })
            .await
    }
}

/// Each once, in the order of their identifiers.
fn distinct(mut tags: Vec<TagId>) -> Result<Vec<TagId>, AppError> {
    tags.sort_unstable();
    tags.dedup();
    if tags.len() > OF_ONE {
        return Err(AppError::invalid("tags", format!("at most {OF_ONE}")));
    }
    Ok(tags)
}

fn known(rows: &mut Account<'_>, tags: &[TagId]) -> Result<(), AppError> {
    tags.iter().try_for_each(|tag| rows.tag(*tag)?.map(drop).ok_or(AppError::NotFound("tag")))
}
