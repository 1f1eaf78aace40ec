//! PostgreSQL: a connection with its prepared statements, and what its errors mean.
//!
//! Everything here waits for the network, so it runs on storage's own threads only.

use std::{collections::HashMap, error::Error, time::Duration};

use bytes::BytesMut;
use postgres::{
    Client, Config, NoTls, Statement,
    error::SqlState,
    types::{IsNull, ToSql, Type, to_sql_checked},
};

use crate::{
    error::{Constraint, StorageError},
    row::Row,
    sql::{Sql, Value},
};

/// One connection.
pub(crate) struct PostgresConnection {
    client: Client,
    statements: HashMap<&'static str, Statement>,
}

/// Reads a connection string, without connecting.
pub(crate) fn parse(url: &str) -> Result<Config, StorageError> {
    let mut config: Config = url.parse().map_err(|_| StorageError::Unavailable {
        reason: "the database's address is not a PostgreSQL connection string".to_owned(),
    })?;
    config.application_name("sluice");
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(5));
    }
    Ok(config)
}

impl PostgresConnection {
    pub(crate) fn open(config: &Config) -> Result<Self, StorageError> {
        let client = config.connect(NoTls).map_err(|error| StorageError::Unavailable { reason: chain(&error) })?;
        Ok(Self { client, statements: HashMap::new() })
    }

    /// Whether nothing can be done on it any more.
    pub(crate) fn is_lost(&self) -> bool {
        self.client.is_closed()
    }

    pub(crate) fn execute(&mut self, sql: Sql, values: &[Value<'_>]) -> Result<u64, StorageError> {
        let statement = self.statement(sql)?;
        self.client.execute(&statement, &parameters(values)).map_err(|error| failed(&error))
    }

    pub(crate) fn query(
        &mut self,
        sql: Sql,
        values: &[Value<'_>],
        map: &mut dyn FnMut(&mut Row<'_>) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let statement = self.statement(sql)?;
        let rows = self.client.query(&statement, &parameters(values)).map_err(|error| failed(&error))?;
        rows.iter().try_for_each(|row| map(&mut Row::postgres(row)))
    }

    /// Runs statements without values in one round trip.
    pub(crate) fn batch(&mut self, text: &str) -> Result<(), StorageError> {
        self.client.batch_execute(text).map_err(|error| failed(&error))
    }

    fn statement(&mut self, sql: Sql) -> Result<Statement, StorageError> {
        if let Some(statement) = self.statements.get(sql.text) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql.text).map_err(|error| failed(&error))?;
        self.statements.insert(sql.text, statement.clone());
        Ok(statement)
    }
}

fn parameters<'v>(values: &'v [Value<'_>]) -> Vec<&'v (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

impl ToSql for Value<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(int) => int.to_sql_checked(ty, out),
            Value::Text(text) => text.to_sql_checked(ty, out),
        }
    }

    /// Each case checks for itself.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn failed(error: &postgres::Error) -> StorageError {
    let Some(refused) = error.as_db_error() else {
        // Values that do not fit and rows that cannot be read are ours; all else is the connection's.
        let reason = chain(error);
        let ours = reason.starts_with("error serializing") || reason.starts_with("error deserializing");
        return if ours { StorageError::Refused { reason } } else { StorageError::Unavailable { reason } };
    };
    let code = refused.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        let name = refused.constraint().unwrap_or_default();
        if let Some(constraint) = Constraint::ALL.into_iter().find(|constraint| name.ends_with(constraint.name())) {
            return StorageError::Conflict { constraint };
        }
    }
    if *code == SqlState::FOREIGN_KEY_VIOLATION {
        return StorageError::Dangling;
    }
    // Without the detail: it holds values.
    let reason = format!("{} ({})", refused.message(), code.code());
    // Connection exceptions, no room, an operator's intervention, a failure of the system, and what the server gave up
    // because of others (PostgreSQL 15, appendix A).
    let passing = ["08", "53", "57", "58", "40"].iter().any(|class| code.code().starts_with(class));
    if passing { StorageError::Unavailable { reason } } else { StorageError::Refused { reason } }
}

/// The error and what caused it: the driver's own text of a failed connection says nothing.
fn chain(error: &postgres::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
