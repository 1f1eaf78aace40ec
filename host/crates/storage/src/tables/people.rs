//! People who work in accounts.

use sluice_domain::{
    id::{AccountId, PersonId},
    message::Role,
    time::Timestamp,
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, values},
    tx::{Account, Tx},
};

/// A person of an account.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// The person's own.
    pub id: PersonId,
    /// Unique over all accounts; kept and compared in lower case.
    pub email: String,
    /// The name that others see.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// The password's hash with its parameters (a PHC string).
    pub password_hash: String,
    /// When the person was added.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for PersonRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PersonRow").field("id", &self.id).field("role", &self.role).finish_non_exhaustive()
    }
}

fn person(row: &mut Row<'_>) -> Result<PersonRow, StorageError> {
    Ok(PersonRow {
        id: row.parsed("person id")?,
        email: row.text("e-mail address")?,
        name: row.text("person name")?,
        role: row.word("role")?,
        password_hash: row.text("password hash")?,
        created_at: row.time("person time")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO people (account_id, id, email, name, role, password_hash, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)",
);
const BY_EMAIL: Sql =
    Sql::new("SELECT account_id, id, email, name, role, password_hash, created_at FROM people WHERE email = $1");
const GET: Sql =
    Sql::new("SELECT id, email, name, role, password_hash, created_at FROM people WHERE account_id = $1 AND id = $2");
const LIST: Sql =
    Sql::new("SELECT id, email, name, role, password_hash, created_at FROM people WHERE account_id = $1 ORDER BY id");

impl Tx<'_> {
    /// The person with this e-mail address, in any case, and the person's account. `None` when nobody has it.
    ///
    /// # Errors
    /// Those of the database.
    pub fn person_by_email(&mut self, email: &str) -> Result<Option<(AccountId, PersonRow)>, StorageError> {
        self.first(BY_EMAIL, values![email.to_lowercase()], |row| Ok((row.parsed("account id")?, person(row)?)))
    }
}

impl Account<'_> {
    /// Adds a person.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when somebody has the e-mail address, in whatever account.
    pub fn insert_person(&mut self, row: &PersonRow) -> Result<(), StorageError> {
        let email = row.email.to_lowercase();
        let role = crate::sql::word(&row.role);
        self.tx
            .execute(INSERT, values![self.id, row.id, email, &row.name, role, &row.password_hash, row.created_at])?;
        Ok(())
    }

    /// One person; `None` when the account has no such person.
    ///
    /// # Errors
    /// Those of the database.
    pub fn person(&mut self, id: PersonId) -> Result<Option<PersonRow>, StorageError> {
        self.tx.first(GET, values![self.id, id], person)
    }

    /// Everybody, in the order in which they were added.
    ///
    /// # Errors
    /// Those of the database.
    pub fn people(&mut self) -> Result<Vec<PersonRow>, StorageError> {
        self.tx.all(LIST, values![self.id], person)
    }
}
