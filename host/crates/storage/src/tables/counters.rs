//! Counters of plugins: numbers that outlive a call. When a counter is asked for, and what a plugin is told, is not decided here.

use sluice_domain::{id::AccountId, keyed_digest::KeyedDigest, limits, plugin::PluginName, time::Timestamp};

use crate::{
    error::StorageError,
    sql::{Sql, values},
    tx::{Account, Tx},
};

/// For whom is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Realm {
    /// For rules in force.
    Live,
    /// For rules in shadow, which must not change what those in force see.
    Shadow,
}

impl Realm {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Shadow => "shadow",
        }
    }
}

/// Which counter of the account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CounterKey {
    /// Whose: all versions of a plugin share it.
    pub plugin: PluginName,
    /// For whom is counted.
    pub realm: Realm,
    /// Of the plugin's own name for it.
    pub key: KeyedDigest,
}

/// Most expired counters that are removed at once.
const REMOVED_AT_ONCE: u32 = 1_000;
/// What no counter goes beyond.
const HIGHEST: i64 = i64::MAX - u32::MAX as i64;

const GET: Sql = Sql::new(
    "SELECT CASE WHEN expires_at <= $1 THEN 0 ELSE value END FROM counters
     WHERE account_id = $2 AND plugin = $3 AND realm = $4 AND key = $5",
);
const ADD: Sql = Sql::new(
    "INSERT INTO counters AS c (account_id, plugin, realm, key, value, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (account_id, plugin, realm, key) DO UPDATE SET
       value = CASE WHEN c.expires_at <= $7 THEN excluded.value WHEN c.value > $8 THEN c.value
                    ELSE c.value + excluded.value END,
       expires_at = CASE WHEN c.expires_at <= $7 THEN excluded.expires_at ELSE c.expires_at END
     RETURNING value",
);
const TAKE_PLACE: Sql = Sql::new("UPDATE accounts SET counters = counters + 1 WHERE id = $1 AND counters < $2");
const GIVE_PLACES: Sql = Sql::new("UPDATE accounts SET counters = counters - $1 WHERE id = $2");
const DELETE_EXPIRED: Sql = Sql::new(
    "DELETE FROM counters WHERE account_id = $1 AND expires_at <= $2 AND (plugin, realm, key) IN
       (SELECT plugin, realm, key FROM counters WHERE account_id = $1 AND expires_at <= $2 ORDER BY expires_at LIMIT $3)",
);
const EXPIRED: Sql = Sql::new("SELECT DISTINCT account_id FROM counters WHERE expires_at <= $1 LIMIT $2");

impl Account<'_> {
    /// What a counter is at `now`; 0 when there is none.
    ///
    /// # Errors
    /// Those of the database.
    pub fn counter(&mut self, counter: &CounterKey, now: Timestamp) -> Result<u64, StorageError> {
        let CounterKey { plugin, realm, key } = counter;
        let values = values![now, self.id, plugin.as_str(), realm.as_str(), *key];
        Ok(self.tx.first(GET, values, |row| row.size("counter"))?.unwrap_or(0))
    }

    /// Adds to a counter at `now`, and gives what it is then. One that is not there begins with it and ends at `expires_at`, and so does
    /// one that has ended. `None` when there is none and the account has [`limits::COUNTERS`] already.
    ///
    /// # Errors
    /// [`StorageError::Dangling`] when there is no such account.
    pub fn add_to_counter(
        &mut self,
        counter: &CounterKey,
        by: u32,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Option<u64>, StorageError> {
        let CounterKey { plugin, realm, key } = counter;
        let known = self
            .tx
            .first(GET, values![now, self.id, plugin.as_str(), realm.as_str(), *key], |row| row.size("counter"))?;
        // Closures of one account run one after the other at all servers, so nobody else makes it meanwhile.
        if known.is_none() && self.tx.execute(TAKE_PLACE, values![self.id, limits::COUNTERS])? == 0 {
            return Ok(None);
        }
        let values = values![self.id, plugin.as_str(), realm.as_str(), *key, by, expires_at, now, HIGHEST];
        self.tx.first(ADD, values, |row| row.size("counter"))
    }

    /// Removes at most 1,000 counters that ended at `now` or earlier, and says how many.
    ///
    /// # Errors
    /// Those of the database.
    pub fn delete_expired_counters(&mut self, now: Timestamp) -> Result<u64, StorageError> {
        let deleted = self.tx.execute(DELETE_EXPIRED, values![self.id, now, REMOVED_AT_ONCE])?;
        self.tx.execute(GIVE_PLACES, values![deleted, self.id])?;
        Ok(deleted)
    }
}

impl Tx<'_> {
    /// At most `limit` accounts that have counters which ended at `now` or earlier.
    ///
    /// # Errors
    /// Those of the database.
    pub fn accounts_with_expired_counters(
        &mut self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<AccountId>, StorageError> {
        self.all(EXPIRED, values![now, limit], |row| row.parsed("account id"))
    }
}
