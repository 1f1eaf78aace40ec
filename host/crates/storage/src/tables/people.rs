//! People who work in accounts.

use serde::{Deserialize, Serialize};
use sluice_domain::{
    id::{AccountId, PersonId},
    message::Role,
    permission::{AccountKind, Permissions},
    time::Timestamp,
};

use crate::{
    error::{Constraint, StorageError},
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
    /// Kept and compared in lower case. Of who has set a password, unique over all accounts; of who has not, within the account.
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
    "INSERT INTO people (account_id, id, email, unverified_email, name, role, permissions, status, password_hash, password_changed_at,
                         created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
);
/// Who has set no password yet is found by a word of their own: nobody has shown that the address is theirs, and it keeps nobody else from it.
const IS_TAKEN: Sql = Sql::new(
    "SELECT 1 FROM people WHERE account_id = $1 AND id <> $2 AND (email = $3 OR unverified_email = $3) LIMIT 1",
);
const BY_EMAIL: Sql = Sql::new(
    "SELECT account_id, id, email, name, role, permissions, status, password_hash, password_changed_at, created_at
     FROM people WHERE email = $1 AND unverified_email IS NULL",
);
const GET: Sql = Sql::new(
    "SELECT id, COALESCE(unverified_email, email), name, role, permissions, status, password_hash, password_changed_at, created_at
     FROM people WHERE account_id = $1 AND id = $2",
);
const LIST: Sql = Sql::new(
    "SELECT id, COALESCE(unverified_email, email), name, role, permissions, status, password_hash, password_changed_at, created_at
     FROM people WHERE account_id = $1 AND status <> 'deleted' ORDER BY id",
);
const UPDATE: Sql = Sql::new(
    "UPDATE people SET email = $1, unverified_email = $2, name = $3, role = $4, permissions = $5, status = $6
     WHERE account_id = $7 AND id = $8 AND status <> 'deleted'",
);
const SET_PASSWORD: Sql = Sql::new(
    "UPDATE people SET password_hash = $1, password_changed_at = $2
     WHERE account_id = $3 AND id = $4 AND status IN ('invited', 'active')",
);
const ACTIVATE: Sql =
    Sql::new("UPDATE people SET status = 'active' WHERE account_id = $1 AND id = $2 AND status = 'invited'");
const ERASE: Sql = Sql::new(
    "UPDATE people SET email = $1, unverified_email = NULL, name = '', role = $2, permissions = $3, status = 'deleted', password_hash = ''
     WHERE account_id = $4 AND id = $5 AND status <> 'deleted'",
);
const REHASH: Sql = Sql::new(
    "UPDATE people SET password_hash = $1
     WHERE account_id = $2 AND id = $3 AND password_hash = $4 AND status = 'active'",
);
const CLAIM_EMAIL: Sql = Sql::new(
    "UPDATE people SET email = unverified_email, unverified_email = NULL
     WHERE account_id = $1 AND id = $2 AND unverified_email IS NOT NULL",
);
const INVITED: Sql = Sql::new(
    "SELECT account_id, id, unverified_email, name, role, permissions, status, password_hash, password_changed_at, created_at
     FROM people WHERE unverified_email = $1 ORDER BY account_id, id LIMIT $2",
);
const IS_ALONE: Sql = Sql::new("SELECT 1 FROM people WHERE account_id = $1 AND id <> $2 LIMIT 1");
const REMEMBER: Sql = Sql::new(
    "INSERT INTO password_history (account_id, person_id, replaced_at, password_hash) VALUES ($1, $2, $3, $4)",
);
const REMEMBERED: Sql = Sql::new(
    "SELECT password_hash FROM password_history WHERE account_id = $1 AND person_id = $2 ORDER BY replaced_at DESC LIMIT $3",
);
const FORGET: Sql = Sql::new("DELETE FROM password_history WHERE account_id = $1 AND person_id = $2");

impl Tx<'_> {
    /// The person who has set a password with this e-mail address, in any case, and the person's account. `None` when nobody has.
    ///
    /// # Errors
    /// Those of the database.
    pub fn person_by_email(&mut self, email: &str) -> Result<Option<(AccountId, PersonRow)>, StorageError> {
        self.first(BY_EMAIL, values![email.to_lowercase()], |row| Ok((row.parsed("account id")?, person(row)?)))
    }

    /// At most `limit` people who were invited with this e-mail address, in any case, and have set no password, with their accounts.
    ///
    /// # Errors
    /// Those of the database.
    pub fn invited_by_email(&mut self, email: &str, limit: u32) -> Result<Vec<(AccountId, PersonRow)>, StorageError> {
        self.all(INVITED, values![email.to_lowercase(), limit], |row| Ok((row.parsed("account id")?, person(row)?)))
    }
}

impl Account<'_> {
    /// Adds a person.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when somebody of the account has the e-mail address; for a person with a password, also when somebody with a
    /// password has it, in whatever account.
    pub fn insert_person(&mut self, row: &PersonRow) -> Result<(), StorageError> {
        let (email, unverified) = self.addresses(row)?;
        self.tx.execute(
            INSERT,
            values![
                self.id,
                row.id,
                email,
                unverified,
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
    /// As of [`Account::insert_person`].
    pub fn update_person(&mut self, row: &PersonRow) -> Result<bool, StorageError> {
        let (email, unverified) = self.addresses(row)?;
        let changed = self.tx.execute(
            UPDATE,
            values![
                email,
                unverified,
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

    /// The e-mail address by which a person is found over all accounts, and the one that a person was invited with and has not shown to be
    /// theirs. An address that nobody can have stands for the first until there is one.
    fn addresses(&mut self, row: &PersonRow) -> Result<(String, Option<String>), StorageError> {
        let email = row.email.to_lowercase();
        let taken = self.tx.first(IS_TAKEN, values![self.id, row.id, &email], |_| Ok(()))?;
        if taken.is_some() {
            return Err(StorageError::Conflict { constraint: Constraint::PersonEmail });
        }
        let is_unverified = match row.status {
            PersonStatus::Invited | PersonStatus::Active | PersonStatus::Disabled => row.password_hash.is_none(),
            PersonStatus::Deleted => false,
        };
        Ok(if is_unverified { (format!("{}@unverified.invalid", row.id), Some(email)) } else { (email, None) })
    }

    /// Makes the address that a person was invited with theirs, over all accounts. Nothing happens to one that is.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when somebody with a password has it, in whatever account.
    pub fn claim_email(&mut self, id: PersonId) -> Result<(), StorageError> {
        self.tx.execute(CLAIM_EMAIL, values![self.id, id])?;
        Ok(())
    }

    /// Whether there is and was nobody else in the account.
    ///
    /// # Errors
    /// Those of the database.
    pub fn is_alone(&mut self, id: PersonId) -> Result<bool, StorageError> {
        Ok(self.tx.first(IS_ALONE, values![self.id, id], |_| Ok(()))?.is_none())
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
