//! Who is typing: told to the live streams of this server, and kept nowhere.

use sluice_domain::{
    id::{ClientId, ConversationId, PersonId},
    permission::{Permission, Reach},
};
use sluice_storage::Reader;

use crate::{App, AppError, caller::Caller};

/// How often the same is told, in milliseconds. What comes sooner is dropped: whoever shows it shows it for longer than that.
pub(crate) const PAUSE_MILLIS: i64 = 1_000;

/// Somebody is typing in a conversation.
#[derive(Debug, Clone)]
pub struct Typing {
    /// Where.
    pub conversation: ConversationId,
    /// Who.
    pub typist: Typist,
}

/// Who is typing.
#[derive(Debug, Clone)]
pub enum Typist {
    /// The client.
    Client(ClientId),
    /// Somebody who answers, with the name that others see.
    Person(PersonId, String),
}

/// As whom a caller says that it is typing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypesAs {
    /// As itself.
    Itself,
    /// As the client, for a program that knows.
    Client,
}

impl App {
    /// Says that somebody is typing.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn type_in(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        types_as: TypesAs,
    ) -> Result<(), AppError> {
        let reader = match types_as {
            TypesAs::Itself => caller.reader()?,
            TypesAs::Client => {
                caller.require(Permission::WriteAsClient)?;
                Reader { person: caller.person, reach: Reach::All }
            }
        };
        let account = caller.account;
        let row = self.inner.database.read(move |tx| {
            tx.account(account).conversation(conversation, reader)?.ok_or(AppError::NotFound("conversation"))
        });
        let row = row.await?;
        let (typist, who) = match types_as {
            TypesAs::Itself => (Typist::Person(caller.person, caller.name.clone()), caller.person.to_string()),
            TypesAs::Client => (Typist::Client(row.client_id), row.client_id.to_string()),
        };
        if self.inner.typing.first(format!("{account} {conversation} {who}"), self.now()) {
            self.inner.bus.tell(account, Typing { conversation, typist });
        }
        Ok(())
    }
}
