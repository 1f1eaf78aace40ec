//! Groups of people who answer clients.

use sluice_domain::{
    id::{GroupId, PersonId},
    time::Timestamp,
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, values},
    tx::Account,
};

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRow {
    /// The group's own.
    pub id: GroupId,
    /// Unique in the account.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

fn group(row: &mut Row<'_>) -> Result<GroupRow, StorageError> {
    Ok(GroupRow { id: row.parsed("group id")?, name: row.text("group name")?, created_at: row.time("group time")? })
}

const INSERT: Sql = Sql::new("INSERT INTO operator_groups (account_id, id, name, created_at) VALUES ($1, $2, $3, $4)");
const RENAME: Sql = Sql::new("UPDATE operator_groups SET name = $1 WHERE account_id = $2 AND id = $3");
const GET: Sql = Sql::new("SELECT id, name, created_at FROM operator_groups WHERE account_id = $1 AND id = $2");
const LIST: Sql = Sql::new("SELECT id, name, created_at FROM operator_groups WHERE account_id = $1 ORDER BY id");
const DELETE: Sql = Sql::new("DELETE FROM operator_groups WHERE account_id = $1 AND id = $2");
const UNASSIGN: Sql = Sql::new("UPDATE conversations SET group_id = NULL WHERE account_id = $1 AND group_id = $2");
const MEMBERS: Sql =
    Sql::new("SELECT person_id FROM group_members WHERE account_id = $1 AND group_id = $2 ORDER BY person_id");
const ADD: Sql = Sql::new("INSERT INTO group_members (account_id, group_id, person_id) VALUES ($1, $2, $3)");
const CLEAR: Sql = Sql::new("DELETE FROM group_members WHERE account_id = $1 AND group_id = $2");
const LEAVE: Sql = Sql::new("DELETE FROM group_members WHERE account_id = $1 AND person_id = $2");

impl Account<'_> {
    /// Adds a group without members.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] for the name.
    pub fn insert_group(&mut self, row: &GroupRow) -> Result<(), StorageError> {
        self.tx.execute(INSERT, values![self.id, row.id, &row.name, row.created_at])?;
        Ok(())
    }

    /// Renames a group. Gives whether there is one.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] for the name.
    pub fn rename_group(&mut self, id: GroupId, name: &str) -> Result<bool, StorageError> {
        Ok(self.tx.execute(RENAME, values![name, self.id, id])? > 0)
    }

    /// One group; `None` when the account has no such group.
    ///
    /// # Errors
    /// Those of the database.
    pub fn group(&mut self, id: GroupId) -> Result<Option<GroupRow>, StorageError> {
        self.tx.first(GET, values![self.id, id], group)
    }

    /// The account's groups, in the order in which they were made.
    ///
    /// # Errors
    /// Those of the database.
    pub fn groups(&mut self) -> Result<Vec<GroupRow>, StorageError> {
        self.tx.all(LIST, values![self.id], group)
    }

    /// Removes a group: its conversations are in none then. Gives whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_group(&mut self, id: GroupId) -> Result<bool, StorageError> {
        self.tx.execute(CLEAR, values![self.id, id])?;
        self.tx.execute(UNASSIGN, values![self.id, id])?;
        Ok(self.tx.execute(DELETE, values![self.id, id])? > 0)
    }

    /// Who is in a group.
    ///
    /// # Errors
    /// Those of the database.
    pub fn group_members(&mut self, id: GroupId) -> Result<Vec<PersonId>, StorageError> {
        self.tx.all(MEMBERS, values![self.id, id], |row| row.parsed("person id"))
    }

    /// Says who is in a group.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such group or person.
    pub fn set_group_members(&mut self, id: GroupId, members: &[PersonId]) -> Result<(), StorageError> {
        self.tx.execute(CLEAR, values![self.id, id])?;
        members.iter().try_for_each(|person| self.tx.execute(ADD, values![self.id, id, *person]).map(drop))
    }

    /// Takes a person out of all groups.
    ///
    /// # Errors
    /// Those of the database.
    pub fn leave_groups(&mut self, person: PersonId) -> Result<(), StorageError> {
        self.tx.execute(LEAVE, values![self.id, person])?;
        Ok(())
    }
}
