//! How far conversations were read: by each person, and by the client.

use sluice_domain::id::{ConversationId, PersonId};

use crate::{
    error::StorageError,
    sql::{Sql, values},
    tx::Account,
};

const PUT: Sql = Sql::new(
    "INSERT INTO reading_marks (account_id, person_id, conversation_id, seq) VALUES ($1, $2, $3, $4)
     ON CONFLICT (account_id, person_id, conversation_id) DO UPDATE SET seq = excluded.seq",
);
const GET: Sql =
    Sql::new("SELECT seq FROM reading_marks WHERE account_id = $1 AND person_id = $2 AND conversation_id = $3");
const FORGET: Sql = Sql::new("DELETE FROM reading_marks WHERE account_id = $1 AND person_id = $2");
const PUT_CLIENTS: Sql = Sql::new(
    "UPDATE conversations SET client_read_seq = $1 WHERE account_id = $2 AND id = $3 AND client_read_seq < $1",
);

impl Account<'_> {
    /// Says how far a person has read a conversation.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such person or conversation.
    pub fn put_reading_mark(
        &mut self,
        person: PersonId,
        conversation: ConversationId,
        seq: i64,
    ) -> Result<(), StorageError> {
        self.tx.execute(PUT, values![self.id, person, conversation, seq])?;
        Ok(())
    }

    /// How far a person has read a conversation; 0 for not at all.
    ///
    /// # Errors
    /// Those of the database.
    pub fn reading_mark(&mut self, person: PersonId, conversation: ConversationId) -> Result<i64, StorageError> {
        let seq = self.tx.first(GET, values![self.id, person, conversation], |row| row.int("reading mark"))?;
        Ok(seq.unwrap_or(0))
    }

    /// Forgets what a person has read.
    ///
    /// # Errors
    /// Those of the database.
    pub fn forget_reading_marks(&mut self, person: PersonId) -> Result<(), StorageError> {
        self.tx.execute(FORGET, values![self.id, person])?;
        Ok(())
    }

    /// Says how far the client has read. Gives whether that is further than before.
    ///
    /// # Errors
    /// Those of the database.
    pub fn put_clients_mark(&mut self, conversation: ConversationId, seq: i64) -> Result<bool, StorageError> {
        Ok(self.tx.execute(PUT_CLIENTS, values![seq, self.id, conversation])? > 0)
    }
}
