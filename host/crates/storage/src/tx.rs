//! A transaction as statements see it, and the handle of one account in it.
//!
//! When transactions begin and end is not decided here: see `writer` and `readers`.

use sluice_domain::id::AccountId;

use crate::{
    error::StorageError,
    postgres::PostgresConnection,
    row::Row,
    sql::{Sql, Value},
    sqlite,
};

/// An open transaction. After a statement failed, nothing further can be done in it, on either database.
pub struct Tx<'c> {
    backend: Backend<'c>,
    failed: &'c mut bool,
}

pub(crate) enum Backend<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c mut PostgresConnection),
}

/// The rows of one account. Another account's rows cannot be named through it, and look as if they were not there.
pub struct Account<'t> {
    pub(crate) tx: Tx<'t>,
    pub(crate) id: AccountId,
}

impl Tx<'_> {
    /// What belongs to one account. That the account exists is not checked: without it, there is nothing.
    pub fn account(&mut self, id: AccountId) -> Account<'_> {
        let backend = match &mut self.backend {
            Backend::Sqlite(connection) => Backend::Sqlite(connection),
            Backend::Postgres(connection) => Backend::Postgres(connection),
        };
        Account { tx: Tx { backend, failed: self.failed }, id }
    }
}

type Map<'m, T> = dyn FnMut(&mut Row<'_>) -> Result<T, StorageError> + 'm;

impl<'c> Tx<'c> {
    pub(crate) const fn new(backend: Backend<'c>, failed: &'c mut bool) -> Self {
        Self { backend, failed }
    }

    /// Whether this is PostgreSQL: for what the databases cannot do with one text.
    pub(crate) const fn is_postgres(&self) -> bool {
        match self.backend {
            Backend::Sqlite(_) => false,
            Backend::Postgres(_) => true,
        }
    }

    /// Whether a statement failed.
    pub(crate) const fn has_failed(&self) -> bool {
        *self.failed
    }

    /// Runs a statement that gives no rows, and says how many it changed.
    pub(crate) fn execute(&mut self, sql: Sql, values: &[Value<'_>]) -> Result<u64, StorageError> {
        self.check(sql, values)?;
        let done = match &mut self.backend {
            Backend::Sqlite(connection) => sqlite::execute(connection, sql, values),
            Backend::Postgres(connection) => connection.execute(sql, values),
        };
        self.note(done)
    }

    /// The first row of a statement, if it gives any.
    pub(crate) fn first<T>(
        &mut self,
        sql: Sql,
        values: &[Value<'_>],
        mut map: impl FnMut(&mut Row<'_>) -> Result<T, StorageError>,
    ) -> Result<Option<T>, StorageError> {
        let mut first = None;
        self.each(sql, values, &mut |row| {
            if first.is_none() {
                first = Some(map(row)?);
            }
            Ok(())
        })?;
        Ok(first)
    }

    /// All rows of a statement.
    pub(crate) fn all<T>(
        &mut self,
        sql: Sql,
        values: &[Value<'_>],
        mut map: impl FnMut(&mut Row<'_>) -> Result<T, StorageError>,
    ) -> Result<Vec<T>, StorageError> {
        let mut rows = Vec::new();
        self.each(sql, values, &mut |row| {
            rows.push(map(row)?);
            Ok(())
        })?;
        Ok(rows)
    }

    fn each(&mut self, sql: Sql, values: &[Value<'_>], map: &mut Map<'_, ()>) -> Result<(), StorageError> {
        self.check(sql, values)?;
        let done = match &mut self.backend {
            Backend::Sqlite(connection) => sqlite::query(connection, sql, values, map),
            Backend::Postgres(connection) => connection.query(sql, values, map),
        };
        self.note(done)
    }

    fn check(&mut self, sql: Sql, values: &[Value<'_>]) -> Result<(), StorageError> {
        assert_eq!(sql.parameters, values.len(), "values of `{}`", sql.text);
        if *self.failed {
            return Err(StorageError::Aborted);
        }
        let nul = values.iter().any(|value| matches!(value, Value::Text(text) if text.contains('\0')));
        self.note(if nul { Err(StorageError::Nul) } else { Ok(()) })
    }

    fn note<T>(&mut self, done: Result<T, StorageError>) -> Result<T, StorageError> {
        *self.failed |= done.is_err();
        done
    }
}
