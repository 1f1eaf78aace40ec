//! Named lists, into which plugins look, and their entries.

use sluice_domain::{
    id::ListId,
    list::{ListKind, ListName},
    time::Timestamp,
};

use crate::{
    error::StorageError,
    page::Before,
    row::Row,
    sql::{Sql, json, values, word},
    tx::Account,
};

/// A list of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRow {
    /// The list's own.
    pub id: ListId,
    /// Unique in the account.
    pub name: ListName,
    /// What its entries are.
    pub kind: ListKind,
    /// What it is for; may be empty.
    pub description: String,
    /// Which version of its entries it has: another one after each change of them.
    pub version: i64,
    /// How many entries it has.
    pub entries: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it or its entries were last changed.
    pub updated_at: Timestamp,
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEntryRow {
    /// As what it is compared; unique in the list.
    pub key: String,
    /// As somebody wrote it.
    pub value: String,
    /// Why it is there; may be empty.
    pub note: String,
    /// Who added it.
    pub created_by: String,
    /// When it was added.
    pub created_at: Timestamp,
}

/// An entry to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewListEntry {
    /// See [`ListEntryRow::key`].
    pub key: String,
    /// See [`ListEntryRow::value`].
    pub value: String,
    /// See [`ListEntryRow::note`].
    pub note: String,
}

fn list(row: &mut Row<'_>) -> Result<ListRow, StorageError> {
    Ok(ListRow {
        id: row.parsed("list id")?,
        name: row.parsed("name of a list")?,
        kind: row.word("kind of a list")?,
        description: row.text("description")?,
        version: row.int("version of a list")?,
        entries: row.size("number of entries")?,
        created_at: row.time("list time")?,
        updated_at: row.time("list time")?,
    })
}

fn entry(row: &mut Row<'_>) -> Result<ListEntryRow, StorageError> {
    Ok(ListEntryRow {
        key: row.text("key of an entry")?,
        value: row.text("value of an entry")?,
        note: row.text("note of an entry")?,
        created_by: row.text("author of an entry")?,
        created_at: row.time("entry time")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO lists (account_id, id, name, kind, description, version, entries, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
);
const GET: Sql = Sql::new(
    "SELECT id, name, kind, description, version, entries, created_at, updated_at FROM lists WHERE account_id = $1 AND id = $2",
);
const LIST: Sql = Sql::new(
    "SELECT id, name, kind, description, version, entries, created_at, updated_at FROM lists WHERE account_id = $1 AND id < $2
     ORDER BY id DESC LIMIT $3",
);
const UPDATE: Sql =
    Sql::new("UPDATE lists SET name = $1, description = $2, updated_at = $3 WHERE account_id = $4 AND id = $5");
const NOTE_CHANGE: Sql = Sql::new(
    "UPDATE lists SET entries = entries + $1, updated_at = $2, version = version + 1 WHERE account_id = $3 AND id = $4",
);
const DELETE: Sql = Sql::new("DELETE FROM lists WHERE account_id = $1 AND id = $2");
const CLEAR: Sql = Sql::new("DELETE FROM list_entries WHERE account_id = $1 AND list_id = $2");

const PAGE: Sql = Sql::new(
    "SELECT key, value, note, created_by, created_at FROM list_entries WHERE account_id = $1 AND list_id = $2 AND key > $3
     ORDER BY key LIMIT $4",
);
const VALUES: Sql = Sql::new(
    "SELECT key, value FROM list_entries WHERE account_id = $1 AND list_id = $2 AND key > $3 ORDER BY key LIMIT $4",
);

// Ten thousand entries in one statement: one each would be ten thousand turns to PostgreSQL and back, under the account's lock. How JSON
// becomes rows, the databases do not say alike.
const ADD_IN_SQLITE: Sql = Sql::new(
    "INSERT INTO list_entries (account_id, list_id, key, value, note, created_by, created_at)
     SELECT $1, $2, item.value ->> 0, item.value ->> 1, item.value ->> 2, $3, $4
     FROM json_each($5) AS item WHERE true ON CONFLICT DO NOTHING",
);
const ADD_IN_POSTGRES: Sql = Sql::new(
    "INSERT INTO list_entries (account_id, list_id, key, value, note, created_by, created_at)
     SELECT $1, $2, item ->> 0, item ->> 1, item ->> 2, $3, CAST($4 AS bigint)
     FROM json_array_elements(CAST(CAST($5 AS text) AS json)) AS entry (item) ON CONFLICT DO NOTHING",
);
const REMOVE_IN_SQLITE: Sql = Sql::new(
    "DELETE FROM list_entries WHERE account_id = $1 AND list_id = $2 AND key IN (SELECT value FROM json_each($3))",
);
const REMOVE_IN_POSTGRES: Sql = Sql::new(
    "DELETE FROM list_entries WHERE account_id = $1 AND list_id = $2
     AND key IN (SELECT * FROM json_array_elements_text(CAST(CAST($3 AS text) AS json)))",
);

impl Account<'_> {
    /// Adds a list.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] for the name, [`StorageError::Dangling`] when the account does not exist.
    pub fn insert_list(&mut self, row: &ListRow) -> Result<(), StorageError> {
        let values = values![
            self.id,
            row.id,
            row.name.as_str(),
            word(&row.kind),
            &row.description,
            row.version,
            row.entries,
            row.created_at,
            row.updated_at
        ];
        self.tx.execute(INSERT, values).map(drop)
    }

    /// One list; `None` when the account has no such list.
    ///
    /// # Errors
    /// Those of the database.
    pub fn list(&mut self, id: ListId) -> Result<Option<ListRow>, StorageError> {
        self.tx.first(GET, values![self.id, id], list)
    }

    /// The account's lists, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn lists(&mut self, page: Before<ListId>) -> Result<Vec<ListRow>, StorageError> {
        self.tx.all(LIST, values![self.id, page.bound(), page.limit], list)
    }

    /// Changes a list's name and description, and when it was changed. Gives whether there is one.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] for the name.
    pub fn update_list(&mut self, row: &ListRow) -> Result<bool, StorageError> {
        let values = values![row.name.as_str(), &row.description, row.updated_at, self.id, row.id];
        Ok(self.tx.execute(UPDATE, values)? > 0)
    }

    /// Removes a list with its entries. Gives whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_list(&mut self, id: ListId) -> Result<bool, StorageError> {
        self.tx.execute(CLEAR, values![self.id, id])?;
        Ok(self.tx.execute(DELETE, values![self.id, id])? > 0)
    }

    /// Adds those entries whose keys are not there yet, and says how many: those that are there stay as they are. When there are any, the
    /// list has another version.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such list.
    pub fn add_list_entries(
        &mut self,
        id: ListId,
        entries: &[NewListEntry],
        created_by: &str,
        created_at: Timestamp,
    ) -> Result<u64, StorageError> {
        let sql = if self.tx.is_postgres() { ADD_IN_POSTGRES } else { ADD_IN_SQLITE };
        let entries: Vec<_> = entries.iter().map(|entry| [&entry.key, &entry.value, &entry.note]).collect();
        let added = self.tx.execute(sql, values![self.id, id, created_by, created_at, json(&entries)])?;
        if added > 0 {
            self.note_entries(id, added.cast_signed(), created_at)?;
        }
        Ok(added)
    }

    /// Removes the entries with these keys, and says how many there were. When there were any, the list has another version.
    ///
    /// # Errors
    /// Those of the database.
    pub fn remove_list_entries(&mut self, id: ListId, keys: &[String], at: Timestamp) -> Result<u64, StorageError> {
        let sql = if self.tx.is_postgres() { REMOVE_IN_POSTGRES } else { REMOVE_IN_SQLITE };
        let removed = self.tx.execute(sql, values![self.id, id, json(keys)])?;
        if removed > 0 {
            self.note_entries(id, -removed.cast_signed(), at)?;
        }
        Ok(removed)
    }

    fn note_entries(&mut self, id: ListId, more: i64, at: Timestamp) -> Result<(), StorageError> {
        self.tx.execute(NOTE_CHANGE, values![more, at, self.id, id]).map(drop)
    }

    /// The next entries of a list after a key, in the order of their keys, compared byte by byte.
    ///
    /// # Errors
    /// Those of the database.
    pub fn list_entries(&mut self, id: ListId, after: &str, limit: u32) -> Result<Vec<ListEntryRow>, StorageError> {
        self.tx.all(PAGE, values![self.id, id, after, limit], entry)
    }

    /// The next entries of a list after a key, only what is needed to look into it: keys and what was written.
    ///
    /// # Errors
    /// Those of the database.
    pub fn list_values(&mut self, id: ListId, after: &str, limit: u32) -> Result<Vec<(String, String)>, StorageError> {
        self.tx.all(VALUES, values![self.id, id, after, limit], |row| {
            Ok((row.text("key of an entry")?, row.text("value of an entry")?))
        })
    }
}
