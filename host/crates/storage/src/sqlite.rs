//! SQLite: connections, statements, and what its errors mean.

use std::path::Path;

use rusqlite::{
    Connection, ErrorCode, OpenFlags, ToSql,
    config::DbConfig,
    ffi,
    types::{ToSqlOutput, ValueRef},
};

use crate::{
    error::{Constraint, StorageError},
    row::Row,
    sql::{Sql, Value},
};

/// More than there are statements, so that each is parsed once a connection.
const CACHED_STATEMENTS: usize = 256;

/// The connection that writes. Makes the file if there is none; the folder must be there.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, StorageError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| failed(&error))?;
    // FULL: a commit is on the disk when it is answered. The checkpoint is larger than the default of 1,000 pages because each
    // one syncs the database itself while writers wait.
    configure(
        &connection,
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4000;
         PRAGMA cache_size = -65536;",
    )?;
    Ok(connection)
}

/// A connection that only reads.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, StorageError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| failed(&error))?;
    configure(&connection, "PRAGMA cache_size = -16384;")?;
    Ok(connection)
}

fn configure(connection: &Connection, pragmas: &str) -> Result<(), StorageError> {
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    // For another process that has the file open, such as a backup; threads of this one never wait for each other here.
    connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(|error| failed(&error))?;
    // Otherwise a cached statement is planned anew at each run whose values might change its plan: a sixth of the server's time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(|error| failed(&error))?;
    // Journals of statements would go to files in the temporary folder. They are as small as what one statement changes.
    connection.execute_batch("PRAGMA temp_store = MEMORY;").map_err(|error| failed(&error))?;
    connection.execute_batch(pragmas).map_err(|error| failed(&error))
}

pub(crate) fn execute(connection: &Connection, sql: Sql, values: &[Value<'_>]) -> Result<u64, StorageError> {
    let run = || -> rusqlite::Result<usize> {
        connection.prepare_cached(sql.text)?.execute(rusqlite::params_from_iter(values))
    };
    run().map(|changed| changed as u64).map_err(|error| failed(&error))
}

pub(crate) fn query(
    connection: &Connection,
    sql: Sql,
    values: &[Value<'_>],
    map: &mut dyn FnMut(&mut Row<'_>) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    let mut statement = connection.prepare_cached(sql.text).map_err(|error| failed(&error))?;
    let mut rows = statement.query(rusqlite::params_from_iter(values)).map_err(|error| failed(&error))?;
    while let Some(row) = rows.next().map_err(|error| failed(&error))? {
        map(&mut Row::sqlite(row))?;
    }
    Ok(())
}

/// Runs a statement without values, such as `COMMIT`.
pub(crate) fn control(connection: &Connection, text: &str) -> Result<(), StorageError> {
    connection
        .prepare_cached(text)
        .and_then(|mut statement| statement.raw_execute())
        .map_err(|error| failed(&error))?;
    Ok(())
}

pub(crate) fn batch(connection: &Connection, text: &str) -> Result<(), StorageError> {
    connection.execute_batch(text).map_err(|error| failed(&error))
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(int) => ValueRef::Integer(*int),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

pub(crate) fn failed(error: &rusqlite::Error) -> StorageError {
    let reason = error.to_string();
    let Some(code) = error.sqlite_error() else { return StorageError::Refused { reason } };
    match code.extended_code {
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY => return StorageError::Conflict { constraint: Constraint::PrimaryKey },
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => return StorageError::Dangling,
        ffi::SQLITE_CONSTRAINT_UNIQUE => {
            let broken = |constraint: &Constraint| constraint.column().is_some_and(|column| reason.ends_with(column));
            if let Some(constraint) = Constraint::ALL.into_iter().find(broken) {
                return StorageError::Conflict { constraint };
            }
        }
        _ => {}
    }
    match code.code {
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StorageError::Corrupt { what: "database" },
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::DiskFull
        | ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::OutOfMemory
        | ErrorCode::PermissionDenied => StorageError::Unavailable { reason },
        _ => StorageError::Refused { reason },
    }
}
