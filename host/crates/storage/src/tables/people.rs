//! People who work in accounts.

use serde::{Deserialize, Serialize};
use sluice_domain::{
    id::{AccountId, PersonId},
    message::Role,
    permission::{AccountKind, Permissions},
    time::Timestamp,
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, json, values, word},
    tx::{Account, Tx},
};

/// Whether a person can be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PersonStatus {
    /// Was invited and has set no password yet.
    Invited,
    /// Can be let in.
    Active,
    /// Cannot be let in until an administrator says so.
    Disabled,
    /// Gone. The row stays for what refers to it, without name and e-mail address.
    Deleted,
}

/// A person of an account.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// The person's own.
    pub id: PersonId,
    /// Unique over all accounts; kept and compared in lower case.
    pub email: String,
    /// The name that others see.
    pub name: String,
    /// Operator, supervisor or administrator.
    pub role: Role,
    /// What was given to an operator or a supervisor.
    pub permissions: Permissions,
    /// Whether the person can be let in.
    pub status: PersonStatus,
    /// The password's hash with its parameters (a PHC string); `None` when none was set yet.
    pub password_hash: Option<String>,
    /// When the password was set.
    pub password_changed_at: Timestamp,
    /// When the person was added.
    pub created_at: Timestamp,
}

impl PersonRow {
    /// What the person may do, in an account of this kind.
    pub fn may(&self, kind: AccountKind) -> Permissions {
        Permissions::of(kind, self.role, self.permissions)
    }
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
        permissions: row.json("permissions")?,
        status: row.word("person status")?,
        password_hash: Some(row.text("password hash")?).filter(|hash| !hash.is_empty()),
        password_changed_at: row.time("password time")?,
        created_at: row.time("person time")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO people (account_id, id, email, name, role, permissions, status, password_hash, password_changed_at, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
);
const BY_EMAIL: Sql = Sql::new(
    "SELECT account_id, id, email, name, role, permissions, status, password_hash, password_changed_at, created_at
     FROM people WHERE email = $1",
);
const GET: Sql = Sql::new(
    "SELECT id, email, name, role, permissions, status, password_hash, password_changed_at, created_at
     FROM people WHERE account_id = $1 AND id = $2",
);
const LIST: Sql = Sql::new(
    "SELECT id, email, name, role, permissions, status, password_hash, password_changed_at, created_at
     FROM people WHERE account_id = $1 AND status <> 'deleted' ORDER BY id",
);
const UPDATE: Sql = Sql::new(
    "UPDATE people SET email = $1, name = $2, role = $3, permissions = $4, status = $5
     WHERE account_id = $6 AND id = $7 AND status <> 'deleted'",
);
const SET_PASSWORD: Sql = Sql::new(
    "UPDATE people SET password_hash = $1, password_changed_at = $2
     WHERE account_id = $3 AND id = $4 AND status IN ('invited', 'active')",
);
const ACTIVATE: Sql =
    Sql::new("UPDATE people SET status = 'active' WHERE account_id = $1 AND id = $2 AND status = 'invited'");
const ERASE: Sql = Sql::new(
    "UPDATE people SET email = $1, name = '', role = $2, permissions = $3, status = 'deleted', password_hash = ''
     WHERE account_id = $4 AND id = $5 AND status <> 'deleted'",
);
const REHASH: Sql = Sql::new(
    "UPDATE people SET password_hash = $1
     WHERE account_id = $2 AND id = $3 AND password_hash = $4 AND status = 'active'",
);
const REMEMBER: Sql = Sql::new(
    "INSERT INTO password_history (account_id, person_id, replaced_at, password_hash) VALUES ($1, $2, $3, $4)",
);
const REMEMBERED: Sql = Sql::new(
    "SELECT password_hash FROM password_history WHERE account_id = $1 AND person_id = $2 ORDER BY replaced_at DESC LIMIT $3",
);
const FORGET: Sql = Sql::new("DELETE FROM password_history WHERE account_id = $1 AND person_id = $2");

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
        self.tx.execute(
            INSERT,
            values![
                self.id,
                row.id,
                row.email.to_lowercase(),
                &row.name,
                word(&row.role),
                json(&row.permissions),
                word(&row.status),
                row.password_hash.as_deref().unwrap_or_default(),
                row.password_changed_at,
                row.created_at
            ],
        )?;
        Ok(())
    }

    /// One person; `None` when the account has no such person.
    ///
    /// # Errors
    /// Those of the database.
    pub fn person(&mut self, id: PersonId) -> Result<Option<PersonRow>, StorageError> {
        self.tx.first(GET, values![self.id, id], person)
    }

    /// Everybody who is not deleted, in the order in which they were added.
    ///
    /// # Errors
    /// Those of the database.
    pub fn people(&mut self) -> Result<Vec<PersonRow>, StorageError> {
        self.tx.all(LIST, values![self.id], person)
    }

    /// Writes e-mail address, name, role, permissions and status of a person. Gives whether there is one who is not deleted: who is,
    /// stays so.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when somebody has the e-mail address, in whatever account.
    pub fn update_person(&mut self, row: &PersonRow) -> Result<bool, StorageError> {
        let changed = self.tx.execute(
            UPDATE,
            values![
                row.email.to_lowercase(),
                &row.name,
                word(&row.role),
                json(&row.permissions),
                word(&row.status),
                self.id,
                row.id
            ],
        )?;
        Ok(changed > 0)
    }

    /// Sets a password, and nothing else. Gives whether there is such a person who is invited or active.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_password(&mut self, id: PersonId, hash: &str, at: Timestamp) -> Result<bool, StorageError> {
        Ok(self.tx.execute(SET_PASSWORD, values![hash, at, self.id, id])? > 0)
    }

    /// Lets an invited person in. Gives whether the person was invited.
    ///
    /// # Errors
    /// Those of the database.
    pub fn activate_person(&mut self, id: PersonId) -> Result<bool, StorageError> {
        Ok(self.tx.execute(ACTIVATE, values![self.id, id])? > 0)
    }

    /// Deletes a person, for good: what was given goes with the name, the address and the password. `email` stands for the address and
    /// is nobody else's. Gives whether there was one who was not deleted.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when somebody has that address.
    pub fn erase_person(&mut self, id: PersonId, email: &str) -> Result<bool, StorageError> {
        // The least that a person can be: an operator who may do nothing.
        let (role, permissions) = (Role::Operator, Permissions::NONE);
        let values = values![email.to_lowercase(), word(&role), json(&permissions), self.id, id];
        Ok(self.tx.execute(ERASE, values)? > 0)
    }

    /// Replaces a hash by another one of the same password, unless it was changed meanwhile.
    ///
    /// # Errors
    /// Those of the database.
    pub fn rehash_password(&mut self, id: PersonId, old: &str, new: &str) -> Result<bool, StorageError> {
        Ok(self.tx.execute(REHASH, values![new, self.id, id, old])? > 0)
    }

    /// Remembers a hash that was replaced.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such person.
    pub fn remember_password(&mut self, id: PersonId, hash: &str, replaced_at: Timestamp) -> Result<(), StorageError> {
        self.tx.execute(REMEMBER, values![self.id, id, replaced_at, hash])?;
        Ok(())
    }

    /// The newest hashes that were replaced, at most `limit`.
    ///
    /// # Errors
    /// Those of the database.
    pub fn remembered_passwords(&mut self, id: PersonId, limit: u32) -> Result<Vec<String>, StorageError> {
        self.tx.all(REMEMBERED, values![self.id, id, limit], |row| row.text("password hash"))
    }

    /// Forgets all hashes that were replaced.
    ///
    /// # Errors
    /// Those of the database.
    pub fn forget_passwords(&mut self, id: PersonId) -> Result<(), StorageError> {
        self.tx.execute(FORGET, values![self.id, id])?;
        Ok(())
    }
}
