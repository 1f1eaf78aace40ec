//! Second factors of people. Secrets come encrypted, and recovery codes as digests.

use sluice_domain::{
    digest::Digest,
    id::{PersonId, SessionId},
    time::Timestamp,
};

use crate::{
    error::StorageError,
    row::Row,
    sql::{Sql, values},
    tx::Account,
};

/// A secret for time-based codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFactorRow {
    /// Encrypted.
    pub secret: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its person has shown a code of it; until then it is none.
    pub confirmed_at: Option<Timestamp>,
    /// The newest time step whose code was used.
    pub last_step: i64,
}

impl SecondFactorRow {
    /// Whether its person has shown a code of it.
    pub const fn is_confirmed(&self) -> bool {
        self.confirmed_at.is_some()
    }
}

fn factor(row: &mut Row<'_>) -> Result<SecondFactorRow, StorageError> {
    Ok(SecondFactorRow {
        secret: row.text("second factor")?,
        created_at: row.time("second factor time")?,
        confirmed_at: row.maybe_time("second factor confirmation")?,
        last_step: row.int("second factor step")?,
    })
}

const PUT: Sql = Sql::new(
    "INSERT INTO second_factors (account_id, person_id, secret, created_at, confirmed_at, last_step)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (account_id, person_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at,
       confirmed_at = excluded.confirmed_at, last_step = excluded.last_step",
);
const GET: Sql = Sql::new(
    "SELECT secret, created_at, confirmed_at, last_step FROM second_factors WHERE account_id = $1 AND person_id = $2",
);
const USE_STEP: Sql = Sql::new(
    "UPDATE second_factors SET last_step = $1
     WHERE account_id = $2 AND person_id = $3 AND secret = $4 AND last_step < $1",
);
const CONFIRM: Sql = Sql::new(
    "UPDATE second_factors SET confirmed_at = $1 WHERE account_id = $2 AND person_id = $3 AND confirmed_at IS NULL",
);
const DELETE: Sql = Sql::new("DELETE FROM second_factors WHERE account_id = $1 AND person_id = $2");
const ADD_CODE: Sql = Sql::new("INSERT INTO recovery_codes (account_id, person_id, code_hash) VALUES ($1, $2, $3)");
const HAS_CODE: Sql =
    Sql::new("SELECT person_id FROM recovery_codes WHERE account_id = $1 AND person_id = $2 AND code_hash = $3");
const USE_CODE: Sql =
    Sql::new("DELETE FROM recovery_codes WHERE account_id = $1 AND person_id = $2 AND code_hash = $3");
const CLEAR_CODES: Sql = Sql::new("DELETE FROM recovery_codes WHERE account_id = $1 AND person_id = $2");
const COUNT_CODES: Sql = Sql::new("SELECT COUNT(*) FROM recovery_codes WHERE account_id = $1 AND person_id = $2");
const MARK_SESSION: Sql =
    Sql::new("UPDATE sessions SET second_factor = 1 WHERE account_id = $1 AND person_id = $2 AND id = $3");

impl Account<'_> {
    /// Keeps a person's second factor in place of the one before.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such person.
    pub fn put_second_factor(&mut self, person: PersonId, row: &SecondFactorRow) -> Result<(), StorageError> {
        self.tx.execute(PUT, values![self.id, person, &row.secret, row.created_at, row.confirmed_at, row.last_step])?;
        Ok(())
    }

    /// A person's second factor, confirmed or not.
    ///
    /// # Errors
    /// Those of the database.
    pub fn second_factor(&mut self, person: PersonId) -> Result<Option<SecondFactorRow>, StorageError> {
        self.tx.first(GET, values![self.id, person], factor)
    }

    /// Uses up the code of a time step, and all older ones, if the encrypted secret is still the one that the code is of. Of two who use
    /// it at once, one gets `true`.
    ///
    /// # Errors
    /// Those of the database.
    pub fn use_step(&mut self, person: PersonId, secret: &str, step: i64) -> Result<bool, StorageError> {
        Ok(self.tx.execute(USE_STEP, values![step, self.id, person, secret])? > 0)
    }

    /// Confirms a second factor. Gives whether there was one to confirm.
    ///
    /// # Errors
    /// Those of the database.
    pub fn confirm_second_factor(&mut self, person: PersonId, at: Timestamp) -> Result<bool, StorageError> {
        Ok(self.tx.execute(CONFIRM, values![at, self.id, person])? > 0)
    }

    /// Removes a person's secret for time-based codes. Gives whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_second_factor(&mut self, person: PersonId) -> Result<bool, StorageError> {
        Ok(self.tx.execute(DELETE, values![self.id, person])? > 0)
    }

    /// Replaces a person's recovery codes.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when the account has no such person.
    pub fn set_recovery_codes(&mut self, person: PersonId, codes: &[Digest]) -> Result<(), StorageError> {
        self.tx.execute(CLEAR_CODES, values![self.id, person])?;
        codes.iter().try_for_each(|code| self.tx.execute(ADD_CODE, values![self.id, person, *code]).map(drop))
    }

    /// Whether a recovery code is one of a person's.
    ///
    /// # Errors
    /// Those of the database.
    pub fn has_recovery_code(&mut self, person: PersonId, code: Digest) -> Result<bool, StorageError> {
        Ok(self.tx.first(HAS_CODE, values![self.id, person, code], |_| Ok(()))?.is_some())
    }

    /// Uses up a recovery code. Of two who use it at once, one gets `true`.
    ///
    /// # Errors
    /// Those of the database.
    pub fn use_recovery_code(&mut self, person: PersonId, code: Digest) -> Result<bool, StorageError> {
        Ok(self.tx.execute(USE_CODE, values![self.id, person, code])? > 0)
    }

    /// How many recovery codes a person has left.
    ///
    /// # Errors
    /// Those of the database.
    pub fn recovery_codes(&mut self, person: PersonId) -> Result<u64, StorageError> {
        let count = self.tx.first(COUNT_CODES, values![self.id, person], |row| row.size("recovery codes"))?;
        Ok(count.unwrap_or(0))
    }

    /// Notes that a session's person has shown a second factor.
    ///
    /// # Errors
    /// Those of the database.
    pub fn session_has_second_factor(&mut self, person: PersonId, session: SessionId) -> Result<(), StorageError> {
        self.tx.execute(MARK_SESSION, values![self.id, person, session])?;
        Ok(())
    }
}
