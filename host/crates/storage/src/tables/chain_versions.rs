//! Every chain that an account had, and the components that the platform switched off for all accounts.
//!
//! What a chain is made of is not known here: its body is JSON. It names its larger parts, which are configurations and rules of the content
//! filter, by digest; each is kept once, as long as a chain names it.

use sluice_domain::{
    digest::Digest,
    id::{AccountId, AuditId},
    time::Timestamp,
};

use crate::{
    error::StorageError,
    page::Before,
    row::Row,
    sql::{Sql, values},
    tx::{Account, Tx},
};

/// How many chains go at once, so that no change waits long for what was kept before there was a limit.
const FORGOTTEN: usize = 64;

/// A chain as it was from one change to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainVersionRow {
    /// Which.
    pub version: i64,
    /// The entry of the audit log that says who made it and how; `None` for the chain that was there before chains were kept.
    pub audit: Option<AuditId>,
    /// JSON.
    pub body: String,
    /// When it came into force.
    pub created_at: Timestamp,
}

/// A component that no account's chain asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchedOffRow {
    /// Of the component.
    pub sha256: Digest,
    /// Why, for the accounts to read.
    pub reason: String,
    /// When it was switched off.
    pub created_at: Timestamp,
}

fn chain_version(row: &mut Row<'_>) -> Result<ChainVersionRow, StorageError> {
    Ok(ChainVersionRow {
        version: row.int("chain version")?,
        audit: row.maybe_parsed("audit id")?,
        body: row.text("chain")?,
        created_at: row.time("chain time")?,
    })
}

fn switched_off(row: &mut Row<'_>) -> Result<SwitchedOffRow, StorageError> {
    Ok(SwitchedOffRow {
        sha256: row.parsed("component digest")?,
        reason: row.text("reason")?,
        created_at: row.time("switch time")?,
    })
}

const INSERT: Sql = Sql::new(
    "INSERT INTO chain_versions (account_id, version, audit_id, body, created_at) VALUES ($1, $2, $3, $4, $5)",
);
const GET: Sql = Sql::new(
    "SELECT version, audit_id, body, created_at FROM chain_versions WHERE account_id = $1 AND version <= $2
     ORDER BY version DESC LIMIT 1",
);
const LIST: Sql = Sql::new(
    "SELECT version, audit_id, body, created_at FROM chain_versions WHERE account_id = $1 AND version < $2
     ORDER BY version DESC LIMIT $3",
);

// What has a digest never changes under it.
const KEEP_PART: Sql = Sql::new(
    "INSERT INTO plugin_configs (account_id, sha256, body) VALUES ($1, $2, $3)
     ON CONFLICT (account_id, sha256) DO NOTHING",
);
const PART: Sql = Sql::new("SELECT body FROM plugin_configs WHERE account_id = $1 AND sha256 = $2");
const NAME_PARTS: Sql = Sql::new(
    "INSERT INTO chain_parts (account_id, sha256, version, bytes)
     SELECT account_id, sha256, CAST($1 AS BIGINT), OCTET_LENGTH(body) FROM plugin_configs
     WHERE account_id = $2 AND sha256 IN (SELECT config_sha256 FROM installations WHERE account_id = $2
                                          UNION SELECT sha256 FROM filter_rules WHERE account_id = $2)
     ON CONFLICT (account_id, sha256) DO UPDATE SET version = excluded.version",
);
const KEPT: Sql = Sql::new(
    "SELECT COUNT(*), CAST(COALESCE(SUM(OCTET_LENGTH(body)), 0) +
                           (SELECT COALESCE(SUM(bytes), 0) FROM chain_parts WHERE account_id = $1) AS BIGINT)
     FROM chain_versions WHERE account_id = $1",
);
const FORGET_OLDEST: Sql = Sql::new(
    "DELETE FROM chain_versions WHERE account_id = $1
        AND version = (SELECT MIN(version) FROM chain_versions WHERE account_id = $1)
        AND version < (SELECT MAX(version) FROM chain_versions WHERE account_id = $1)
     RETURNING CAST(OCTET_LENGTH(body) AS BIGINT)",
);
const FORGET_PARTS: Sql = Sql::new(
    "DELETE FROM chain_parts WHERE account_id = $1
        AND version < (SELECT MIN(version) FROM chain_versions WHERE account_id = $1)
     RETURNING sha256, bytes",
);
const FORGET_PART: Sql = Sql::new("DELETE FROM plugin_configs WHERE account_id = $1 AND sha256 = $2");

const SWITCH_OFF: Sql = Sql::new(
    "INSERT INTO switched_off_plugins (sha256, reason, created_at) VALUES ($1, $2, $3)
     ON CONFLICT (sha256) DO UPDATE SET reason = excluded.reason",
);
const SWITCH_ON: Sql = Sql::new("DELETE FROM switched_off_plugins WHERE sha256 = $1");
const SWITCHED_OFF: Sql =
    Sql::new("SELECT sha256, reason, created_at FROM switched_off_plugins ORDER BY created_at, sha256");
const INSTALLED_IN: Sql = Sql::new(
    "SELECT DISTINCT i.account_id FROM plugins p
     JOIN installations i ON i.account_id = p.account_id AND i.plugin_id = p.id
     WHERE p.sha256 = $1 ORDER BY i.account_id",
);

impl Account<'_> {
    /// Keeps a chain.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when one is kept under its version.
    pub fn insert_chain_version(&mut self, row: &ChainVersionRow) -> Result<(), StorageError> {
        self.tx.execute(INSERT, values![self.id, row.version, row.audit, &row.body, row.created_at])?;
        Ok(())
    }

    /// The chain that was in force at `version`: a version that changed no rule has none of its own. `None` when none was kept so early.
    ///
    /// # Errors
    /// Those of the database.
    pub fn chain_version_at(&mut self, version: i64) -> Result<Option<ChainVersionRow>, StorageError> {
        self.tx.first(GET, values![self.id, version], chain_version)
    }

    /// The account's chains, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn chain_versions(&mut self, page: Before<i64>) -> Result<Vec<ChainVersionRow>, StorageError> {
        self.tx.all(LIST, values![self.id, page.below(), page.limit], chain_version)
    }
}

impl Account<'_> {
    /// Keeps a part of the chain under its digest.
    pub(super) fn keep_chain_part(&mut self, sha256: Digest, body: &str) -> Result<(), StorageError> {
        self.tx.execute(KEEP_PART, values![self.id, sha256, body])?;
        Ok(())
    }

    /// The configuration or the rule of the content filter, as JSON, that a chain names by this digest; `None` when no chain that is kept
    /// does.
    ///
    /// # Errors
    /// Those of the database.
    pub fn chain_part(&mut self, sha256: Digest) -> Result<Option<String>, StorageError> {
        self.tx.first(PART, values![self.id, sha256], |row| row.text("part of a chain"))
    }

    /// Says that the chain's version names the parts of the chain as it is.
    ///
    /// # Errors
    /// Those of the database.
    pub fn name_chain_parts(&mut self, version: i64) -> Result<(), StorageError> {
        self.tx.execute(NAME_PARTS, values![version, self.id])?;
        Ok(())
    }

    /// Removes the oldest chains, and what only they name, while there are more than `most` or they take up more than `bytes`. The newest
    /// one stays. At most 64 go at once.
    ///
    /// # Errors
    /// Those of the database.
    pub fn forget_chains(&mut self, most: u64, bytes: u64) -> Result<(), StorageError> {
        let kept = self
            .tx
            .first(KEPT, values![self.id], |row| Ok((row.size("number of chains")?, row.size("size of chains")?)))?;
        let (mut number, mut size) = kept.unwrap_or_default();
        for _ in 0..FORGOTTEN {
            if number <= most && size <= bytes {
                break;
            }
            let gone = self.tx.first(FORGET_OLDEST, values![self.id], |row| row.size("size of a chain"))?;
            let Some(gone) = gone else { break };
            let parts = self.tx.all(FORGET_PARTS, values![self.id], |row| {
                Ok((row.parsed::<Digest>("digest of a part")?, row.size("size of a part")?))
            })?;
            (number, size) = (number - 1, size.saturating_sub(gone));
            for (sha256, gone) in parts {
                self.tx.execute(FORGET_PART, values![self.id, sha256])?;
                size = size.saturating_sub(gone);
            }
        }
        Ok(())
    }
}

impl Tx<'_> {
    /// Says that no account asks this component any more. No chain's version is changed here.
    ///
    /// # Errors
    /// Those of the database.
    pub fn switch_plugin_off(&mut self, row: &SwitchedOffRow) -> Result<(), StorageError> {
        self.execute(SWITCH_OFF, values![row.sha256, &row.reason, row.created_at])?;
        Ok(())
    }

    /// Lets accounts ask a component again. Gives whether it was switched off. No chain's version is changed here.
    ///
    /// # Errors
    /// Those of the database.
    pub fn switch_plugin_on(&mut self, sha256: Digest) -> Result<bool, StorageError> {
        Ok(self.execute(SWITCH_ON, values![sha256])? > 0)
    }

    /// The components that are switched off, in the order in which they were.
    ///
    /// # Errors
    /// Those of the database.
    pub fn switched_off_plugins(&mut self) -> Result<Vec<SwitchedOffRow>, StorageError> {
        self.all(SWITCHED_OFF, values![], switched_off)
    }

    /// The accounts that have installed a component, in whatever mode.
    ///
    /// # Errors
    /// Those of the database.
    pub fn accounts_with_plugin(&mut self, sha256: Digest) -> Result<Vec<AccountId>, StorageError> {
        self.all(INSTALLED_IN, values![sha256], |row| row.parsed("account id"))
    }
}
