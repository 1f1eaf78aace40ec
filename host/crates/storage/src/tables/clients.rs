//! Clients: the people outside an account who write to it.

use sluice_domain::{id::ClientId, time::Timestamp};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, values},
    tx::Account,
};

/// A client of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRow {
    /// The client's own.
    pub id: ClientId,
    /// The name that operators see.
    pub name: String,
    /// What another system calls this client; unique within the account.
    pub external_id: Option<String>,
    /// When the client was added.
    pub created_at: Timestamp,
}

fn client(row: &mut Row<'_>) -> Result<ClientRow, StorageError> {
    Ok(ClientRow {
        id: row.parsed("client id")?,
        name: row.text("client name")?,
        external_id: row.maybe_text("external id")?,
        created_at: row.time("client time")?,
    })
}

const INSERT: Sql =
    Sql::new("INSERT INTO clients (account_id, id, name, external_id, created_at) VALUES ($1, $2, $3, $4, $5)");
const GET: Sql = Sql::new("SELECT id, name, external_id, created_at FROM clients WHERE account_id = $1 AND id = $2");
const BY_EXTERNAL_ID: Sql =
    Sql::new("SELECT id, name, external_id, created_at FROM clients WHERE account_id = $1 AND external_id = $2");

impl Account<'_> {
    /// Adds a client.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when the account has a client with this external id.
    pub fn insert_client(&mut self, row: &ClientRow) -> Result<(), StorageError> {
        let external_id = row.external_id.as_deref();
        self.tx.execute(INSERT, values![self.id, row.id, &row.name, external_id, row.created_at])?;
        Ok(())
    }

    /// One client; `None` when the account has no such client.
    ///
    /// # Errors
    /// Those of the database.
    pub fn client(&mut self, id: ClientId) -> Result<Option<ClientRow>, StorageError> {
        self.tx.first(GET, values![self.id, id], client)
    }

    /// The client that another system calls `external_id`; `None` when the account has no such client.
    ///
    /// # Errors
    /// Those of the database.
    pub fn client_by_external_id(&mut self, external_id: &str) -> Result<Option<ClientRow>, StorageError> {
        self.tx.first(BY_EXTERNAL_ID, values![self.id, external_id], client)
    }
}
