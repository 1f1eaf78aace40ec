//! Passkeys of people, and challenges that were not answered yet.

use sluice_domain::{
    id::{ChallengeId, PasskeyId, PersonId},
    time::Timestamp,
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, values},
    tx::Account,
};

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyRow {
    /// The passkey's own.
    pub id: PasskeyId,
    /// As its person calls it.
    pub name: String,
    /// JSON of the credential. It holds no secret.
    pub credential: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When its person last logged in with it.
    pub last_used_at: Option<Timestamp>,
}

fn passkey(row: &mut Row<'_>) -> Result<PasskeyRow, StorageError> {
    Ok(PasskeyRow {
        id: row.parsed("passkey id")?,
        name: row.text("passkey name")?,
        credential: row.text("passkey credential")?,
        created_at: row.time("passkey time")?,
        last_used_at: row.maybe_time("passkey use")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO passkeys (account_id, id, person_id, name, credential, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
);
const OF_PERSON: Sql = Sql::new(
    "SELECT id, name, credential, created_at, last_used_at FROM passkeys WHERE account_id = $1 AND person_id = $2 ORDER BY id",
);
const USED: Sql = Sql::new(
    "UPDATE passkeys SET credential = $1, last_used_at = $2 WHERE account_id = $3 AND person_id = $4 AND id = $5 AND credential = $6",
);
const DELETE: Sql = Sql::new("DELETE FROM passkeys WHERE account_id = $1 AND person_id = $2 AND id = $3");
const DELETE_ALL: Sql = Sql::new("DELETE FROM passkeys WHERE account_id = $1 AND person_id = $2");
const ASK: Sql = Sql::new(
    "INSERT INTO passkey_challenges (account_id, id, person_id, state, expires_at) VALUES ($1, $2, $3, $4, $5)",
);
/// So many challenges of a person can be open at once.
const FORGET_OLDER: Sql = Sql::new(
    "DELETE FROM passkey_challenges WHERE account_id = $1 AND person_id = $2 AND id NOT IN
       (SELECT id FROM passkey_challenges WHERE account_id = $1 AND person_id = $2 ORDER BY id DESC LIMIT 4)",
);
const TAKE: Sql = Sql::new(
    "DELETE FROM passkey_challenges WHERE account_id = $1 AND person_id = $2 AND id = $3 AND expires_at > $4 RETURNING state",
);
const DELETE_EXPIRED: Sql = Sql::new("DELETE FROM passkey_challenges WHERE expires_at <= $1");

impl crate::tx::Tx<'_> {
    /// Removes the challenges of all accounts that nobody has answered by `now`, and says how many.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_expired_challenges(&mut self, now: Timestamp) -> Result<u64, StorageError> {
        self.execute(DELETE_EXPIRED, values![now])
    }
}

impl Account<'_> {
    /// Adds a passkey of a person, which was not used yet.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such person.
    pub fn insert_passkey(&mut self, person: PersonId, row: &PasskeyRow) -> Result<(), StorageError> {
        self.tx.execute(INSERT, values![self.id, row.id, person, &row.name, &row.credential, row.created_at])?;
        Ok(())
    }

    /// A person's passkeys, in the order in which they were added.
    ///
    /// # Errors
    /// Those of the database.
    pub fn passkeys(&mut self, person: PersonId) -> Result<Vec<PasskeyRow>, StorageError> {
        self.tx.all(OF_PERSON, values![self.id, person], passkey)
    }

    /// Notes that a passkey was used, with what it is then. Gives whether it was still there.
    ///
    /// # Errors
    /// Those of the database.
    pub fn passkey_used(
        &mut self,
        person: PersonId,
        id: PasskeyId,
        was: &str,
        credential: &str,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        Ok(self.tx.execute(USED, values![credential, at, self.id, person, id, was])? > 0)
    }

    /// Removes a passkey. Gives whether the person had it.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_passkey(&mut self, person: PersonId, id: PasskeyId) -> Result<bool, StorageError> {
        Ok(self.tx.execute(DELETE, values![self.id, person, id])? > 0)
    }

    /// Removes all passkeys of a person. Gives how many.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_passkeys(&mut self, person: PersonId) -> Result<u64, StorageError> {
        self.tx.execute(DELETE_ALL, values![self.id, person])
    }

    /// Keeps what the answer to a challenge is checked against, and forgets all but the newest four of the person.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such person.
    pub fn put_challenge(
        &mut self,
        person: PersonId,
        id: ChallengeId,
        state: &str,
        expires_at: Timestamp,
    ) -> Result<(), StorageError> {
        self.tx.execute(ASK, values![self.id, id, person, state, expires_at])?;
        self.tx.execute(FORGET_OLDER, values![self.id, person])?;
        Ok(())
    }

    /// Takes what the answer to a person's challenge is checked against. Of two who answer at once, one gets it.
    ///
    /// # Errors
    /// Those of the database.
    pub fn take_challenge(
        &mut self,
        person: PersonId,
        id: ChallengeId,
        now: Timestamp,
    ) -> Result<Option<String>, StorageError> {
        self.tx.first(TAKE, values![self.id, person, id, now], |row| row.text("challenge"))
    }
}
