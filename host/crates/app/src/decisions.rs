//! Decisions: what the chain made of each message and each log-in, to be read again.

use sluice_domain::{id::DecisionId, permission::Permission};
use sluice_storage::{Before, DecisionFilter, DecisionRow};

use crate::{App, AppError, caller::Caller};

impl App {
    /// The account's decisions that pass `filter`, newest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn decisions(
        &self,
        caller: &Caller,
        filter: DecisionFilter,
        page: Before<DecisionId>,
    ) -> Result<Vec<DecisionRow>, AppError> {
        caller.require(Permission::ReviewMessages)?;
        let account = caller.account;
        self.inner.database.read(move |tx| Ok(tx.account(account).decisions(&filter, page)?)).await
    }

    /// One decision of the account.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn decision(&self, caller: &Caller, id: DecisionId) -> Result<DecisionRow, AppError> {
        caller.require(Permission::ReviewMessages)?;
        let account = caller.account;
        let found = self.inner.database.read(move |tx| Ok::<_, AppError>(tx.account(account).decision(id)?)).await?;
        found.ok_or(AppError::NotFound("decision"))
    }
}
