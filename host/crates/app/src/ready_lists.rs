//! An account's lists, made ready to be looked into. They travel with its chain, and those that did not change are taken over.

use std::sync::Arc;

use sluice_domain::{
    id::AccountId,
    list::{List, Lists},
};
use sluice_storage::ListRow;

use crate::{App, AppError, evaluators::Share};

/// How many entries are read at once, so that others have their turn between.
const READ_AT_ONCE: u32 = 10_000;

impl App {
    /// Makes the lists ready that `rows` name, as they are now or newer: what changes meanwhile has a version of its own, and is read anew
    /// with the chain's next one.
    pub(crate) async fn ready_lists(
        &self,
        account: AccountId,
        rows: Vec<ListRow>,
        before: Option<&Lists>,
    ) -> Result<Lists, AppError> {
        let mut lists = Vec::with_capacity(rows.len());
        for row in rows {
            let held = before.and_then(|lists| lists.get(row.id)).filter(|list| list.version() == row.version);
            let list = match held {
                Some(list) => list.clone(),
                None => Arc::new(self.ready_list(account, &row).await?),
            };
            lists.push((row.name, list));
        }
        Ok(lists.into_iter().collect())
    }

    async fn ready_list(&self, account: AccountId, row: &ListRow) -> Result<List, AppError> {
        let (id, version, kind) = (row.id, row.version, row.kind);
        let (mut values, mut after) = (Vec::new(), String::new());
        loop {
            let from = after.clone();
            let read = move |tx: &mut sluice_storage::Tx<'_>| {
                Ok::<_, AppError>(tx.account(account).list_values(id, &from, READ_AT_ONCE)?)
            };
            let batch = self.inner.database.read(read).await?;
            let Some((last, _)) = batch.last() else { break };
            after.clone_from(last);
            let is_last = batch.len() < READ_AT_ONCE as usize;
            values.extend(batch.into_iter().map(|(_, value)| value));
            if is_last {
                break;
            }
        }
        self.inner.evaluators.run(account, Share::USUAL, move || List::compile(id, version, kind, values)).await
    }
}
