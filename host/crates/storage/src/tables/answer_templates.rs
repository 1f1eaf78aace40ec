//! Templates of answers: texts that operators send often.

use sluice_domain::{id::AnswerTemplateId, time::Timestamp};

use crate::{
    error::StorageError,
    page::Before,
    row::Row,
    sql::{Sql, values},
    tx::Account,
};

/// A template of answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerTemplateRow {
    /// The template's own.
    pub id: AnswerTemplateId,
    /// Unique in the account.
    pub name: String,
    /// What is sent.
    pub text: String,
    /// A short word that an operator types instead; unique in the account.
    pub command: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

fn template(row: &mut Row<'_>) -> Result<AnswerTemplateRow, StorageError> {
    Ok(AnswerTemplateRow {
        id: row.parsed("template id")?,
        name: row.text("template name")?,
        text: row.text("template text")?,
        command: row.maybe_text("command")?,
        created_at: row.time("template time")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO answer_templates (account_id, id, name, text, command, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
);
const UPDATE: Sql =
    Sql::new("UPDATE answer_templates SET name = $1, text = $2, command = $3 WHERE account_id = $4 AND id = $5");
const GET: Sql =
    Sql::new("SELECT id, name, text, command, created_at FROM answer_templates WHERE account_id = $1 AND id = $2");
const LIST: Sql = Sql::new(
    "SELECT id, name, text, command, created_at FROM answer_templates
     WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
);
const COUNT: Sql = Sql::new("SELECT COUNT(*) FROM answer_templates WHERE account_id = $1");
const DELETE: Sql = Sql::new("DELETE FROM answer_templates WHERE account_id = $1 AND id = $2");

impl Account<'_> {
    /// Adds a template.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] for the name or the command.
    pub fn insert_answer_template(&mut self, row: &AnswerTemplateRow) -> Result<(), StorageError> {
        let command = row.command.as_deref();
        self.tx.execute(INSERT, values![self.id, row.id, &row.name, &row.text, command, row.created_at])?;
        Ok(())
    }

    /// Changes a template. Gives whether there is one.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] for the name or the command.
    pub fn update_answer_template(&mut self, row: &AnswerTemplateRow) -> Result<bool, StorageError> {
        let command = row.command.as_deref();
        Ok(self.tx.execute(UPDATE, values![&row.name, &row.text, command, self.id, row.id])? > 0)
    }

    /// One template; `None` when the account has no such template.
    ///
    /// # Errors
    /// Those of the database.
    pub fn answer_template(&mut self, id: AnswerTemplateId) -> Result<Option<AnswerTemplateRow>, StorageError> {
        self.tx.first(GET, values![self.id, id], template)
    }

    /// The account's templates, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn answer_templates(&mut self, page: Before<AnswerTemplateId>) -> Result<Vec<AnswerTemplateRow>, StorageError> {
        self.tx.all(LIST, values![self.id, page.bound(), page.limit], template)
    }

    /// How many templates the account has.
    ///
    /// # Errors
    /// Those of the database.
    pub fn answer_template_count(&mut self) -> Result<u64, StorageError> {
        Ok(self.tx.first(COUNT, values![self.id], |row| row.size("count"))?.unwrap_or(0))
    }

    /// Removes a template. Gives whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_answer_template(&mut self, id: AnswerTemplateId) -> Result<bool, StorageError> {
        Ok(self.tx.execute(DELETE, values![self.id, id])? > 0)
    }
}
