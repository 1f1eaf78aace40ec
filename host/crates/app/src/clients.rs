//! Clients: the people outside who write to the account, and what is known of them.

use serde_json::json;
use sluice_domain::{audit::Action, id::ClientId};
use sluice_storage::{Account, Before, ClientFilter, ClientRow, ClientUpdate, Reader};

use crate::{App, AppError, caller::Caller, names};

/// What to change of a client; what is `None` stays, and what is empty is known no longer.
#[derive(Debug, Clone, Default)]
pub struct ClientChange {
    /// What operators see; never empty.
    pub name: Option<String>,
    /// As it is written.
    pub phone: Option<String>,
    /// As it is written.
    pub email: Option<String>,
    /// Anything else.
    pub comment: Option<String>,
}

impl App {
    /// The clients with whom the caller reaches a conversation, newest first; who reaches all of them sees all clients.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn clients(
        &self,
        caller: &Caller,
        filter: ClientFilter,
        page: Before<ClientId>,
    ) -> Result<Vec<ClientRow>, AppError> {
        let (account, reader) = (caller.account, caller.reader()?);
        self.read(account, move |tx| Ok(tx.account(account).clients(reader, &filter, page)?)).await
    }

    /// One client.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn client(&self, caller: &Caller, id: ClientId) -> Result<ClientRow, AppError> {
        let (account, reader) = (caller.account, caller.reader()?);
        self.inner.database.read(move |tx| reached_client(&mut tx.account(account), id, reader)).await
    }

    /// Changes what is known of a client.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`], [`AppError::Invalid`].
    pub async fn change_client(
        &self,
        caller: &Caller,
        id: ClientId,
        change: ClientChange,
    ) -> Result<ClientRow, AppError> {
        let (account, reader) = (caller.account, caller.reader()?);
        let ClientChange { name, phone, email, comment } = change;
        let name = name.map(|name| names::of_client("name", &name)).transpose()?;
        for (field, value) in [("phone", &phone), ("email", &email)] {
            let value = value.as_deref().filter(|value| !value.is_empty());
            value.map(|value| names::check(field, value, names::BYTES)).transpose()?;
        }
        comment.as_deref().map(|comment| names::check_text("comment", comment)).transpose()?;
        // Which, and not what: the log is kept when a client wants to be forgotten.
        let changed = [("name", &name), ("phone", &phone), ("email", &email), ("comment", &comment)];
        let changed: Vec<_> = changed.iter().filter(|(_, value)| value.is_some()).map(|(field, _)| field).collect();
        let entry = self.audit_row(caller, Action::ClientChanged, id, json!({"changed": changed}));
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                let before = reached_client(&mut rows, id, reader)?;
                let known = |new: Option<String>, before| new.or(before).filter(|value| !value.is_empty());
                let update = ClientUpdate {
                    phone: known(phone, before.known.phone),
                    email: known(email, before.known.email),
                    comment: known(comment, before.known.comment),
                };
                rows.update_client(id, &name.unwrap_or(before.name), &update)?;
                rows.insert_audit(&entry)?;
                reached_client(&mut rows, id, reader)
            })
            .await
    }
}

/// A client with whom the reader reaches a conversation.
pub(crate) fn reached_client(rows: &mut Account<'_>, id: ClientId, reader: Reader) -> Result<ClientRow, AppError> {
    rows.client(id, reader)?.ok_or(AppError::NotFound("client"))
}
