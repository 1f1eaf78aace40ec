//! Templates of answers: what operators send often.

use serde_json::json;
use sluice_domain::{audit::Action, id::AnswerTemplateId, permission::Permission};
use sluice_storage::{AnswerTemplateRow, Before, Constraint, StorageError};

use crate::{App, AppError, caller::Caller, messages::check_words, names};

/// Most templates of an account.
const MOST: u64 = 1_000;
/// Longest command, in bytes.
const COMMAND_BYTES: usize = 32;

/// What a template is to be.
#[derive(Debug, Clone)]
pub struct TemplateDraft {
    /// Unique in the account.
    pub name: String,
    /// 1 to 65,536 bytes.
    pub text: String,
    /// A short word without spaces, unique in the account.
    pub command: Option<String>,
}

/// What to change of a template; what is `None` stays.
#[derive(Debug, Clone)]
pub struct TemplateChange {
    /// See [`TemplateDraft::name`].
    pub name: Option<String>,
    /// See [`TemplateDraft::text`].
    pub text: Option<String>,
    /// See [`TemplateDraft::command`]; an empty one takes it away.
    pub command: Option<String>,
}

impl App {
    /// The account's templates, newest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn answer_templates(
        &self,
        caller: &Caller,
        page: Before<AnswerTemplateId>,
    ) -> Result<Vec<AnswerTemplateRow>, AppError> {
        caller.reader()?;
        let account = caller.account;
        self.read(account, move |tx| Ok(tx.account(account).answer_templates(page)?)).await
    }

    /// Makes a template.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`], [`AppError::Conflict`] for the name, the command or the key,
    /// [`AppError::Quota`].
    pub async fn make_answer_template(
        &self,
        caller: &Caller,
        draft: TemplateDraft,
        idempotency_key: Option<String>,
    ) -> Result<AnswerTemplateRow, AppError> {
        caller.require(Permission::EditTemplates)?;
        let request = || format!("answer-template\n{}\n{:?}\n{}", draft.name, draft.command, draft.text);
        let making = self.making(idempotency_key, caller, request)?;
        let (account, now) = (caller.account, self.now());
        let TemplateDraft { name, text, command } = draft;
        let change = normal(TemplateChange { name: Some(name), text: Some(text), command })?;
        let row = AnswerTemplateRow {
            id: AnswerTemplateId::new(now, self.random()),
            name: change.name.unwrap_or_default(),
            text: change.text.unwrap_or_default(),
            command: change.command.filter(|command| !command.is_empty()),
            created_at: now,
        };
        let details = json!({"name": row.name, "command": row.command});
        let entry = self.audit_row(caller, Action::AnswerTemplateCreated, row.id, details);
        self.inner
            .database
            .write(caller, move |tx| {
                if let Some(earlier) = making.earlier(tx, row.id, now)? {
                    return tx
                        .account(account)
                        .answer_template(earlier)?
                        .ok_or(AppError::NotFound("template any more"));
                }
                let mut rows = tx.account(account);
                if rows.answer_template_count()? >= MOST {
                    return Err(AppError::Quota("the account has too many templates of answers: remove some first"));
                }
                rows.insert_answer_template(&row).map_err(taken)?;
                rows.insert_audit(&entry)?;
                Ok(row)
            })
            .await
    }

    /// Changes a template.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`], [`AppError::Conflict`] for the name or the command,
    /// [`AppError::NotFound`].
    pub async fn change_answer_template(
        &self,
        caller: &Caller,
        id: AnswerTemplateId,
        change: TemplateChange,
    ) -> Result<AnswerTemplateRow, AppError> {
        caller.require(Permission::EditTemplates)?;
        let account = caller.account;
        let change = normal(change)?;
        let details = json!({"name": change.name, "command": change.command, "text": change.text.is_some()});
        let entry = self.audit_row(caller, Action::AnswerTemplateChanged, id, details);
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                let before = rows.answer_template(id)?.ok_or(AppError::NotFound("template"))?;
                let TemplateChange { name, text, command } = change;
                let row = AnswerTemplateRow {
                    name: name.unwrap_or(before.name),
                    text: text.unwrap_or(before.text),
                    command: command.or(before.command).filter(|command| !command.is_empty()),
                    ..before
                };
                rows.update_answer_template(&row).map_err(taken)?;
                rows.insert_audit(&entry)?;
                Ok(row)
            })
            .await
    }

    /// Removes a template.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn remove_answer_template(&self, caller: &Caller, id: AnswerTemplateId) -> Result<(), AppError> {
        caller.require(Permission::EditTemplates)?;
        let account = caller.account;
        let entry = self.audit_row(caller, Action::AnswerTemplateRemoved, id, json!({}));
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                if !rows.delete_answer_template(id)? {
                    return Err(AppError::NotFound("template"));
                }
                Ok(rows.insert_audit(&entry)?)
            })
            .await
    }
}

/// What a template is to have, in its normal form. An empty command takes the command away.
fn normal(change: TemplateChange) -> Result<TemplateChange, AppError> {
    let TemplateChange { name, text, command } = change;
    let name = name.map(|name| names::name("name", &name, names::BYTES)).transpose()?;
    text.as_deref().map(check_words).transpose()?;
    let command = match command {
        Some(command) if !command.is_empty() => Some(names::name("command", &command, COMMAND_BYTES)?),
        other => other,
    };
    if command.as_deref().is_some_and(|command| command.contains(char::is_whitespace)) {
        return Err(AppError::invalid("command", "one word, without spaces"));
    }
    Ok(TemplateChange { name, text, command })
}

fn taken(error: StorageError) -> AppError {
    match error {
        StorageError::Conflict { constraint: Constraint::AnswerTemplateName } => {
            AppError::Conflict("another template has this name")
        }
        StorageError::Conflict { constraint: Constraint::AnswerTemplateCommand } => {
            AppError::Conflict("another template has this command")
        }
        other => AppError::Storage(other),
    }
}
