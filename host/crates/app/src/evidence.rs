//! What a decision is made again from: which chain made it, and what the rules were asked about, sealed, for as long as the account keeps it.
//!
//! Nobody reads it: a text that was redacted is opened only to ask the rules about it once more, in `rerun`.

use sluice_domain::{
    id::{AccountId, DecisionId},
    keyed_digest::{KeyedDigest, Kind},
    time::Timestamp,
};
use sluice_storage::Evidence;

use crate::{App, AppError, chain::Chain, store::By};

/// From how many decisions inputs are removed in one transaction.
const AT_ONCE: u32 = 1_000;

impl App {
    /// What to keep with a decision about `input`, in which rules had a say or not.
    pub(crate) fn evidence(
        &self,
        chain: &Chain,
        decision: DecisionId,
        asked: bool,
        input: &[u8],
    ) -> Result<Evidence, AppError> {
        let kept = asked && chain.messaging.evidence_days > 0;
        let whose = whose(chain.account, decision);
        let input = kept.then(|| self.inner.sealer.seal(input, &whose, &self.inner.rng)).transpose()?;
        Ok(Evidence { chain_version: Some(chain.version), input })
    }

    /// What shows that something was the input of a decision, to this server only.
    pub(crate) fn input_digest(&self, account: AccountId, decision: DecisionId, input: &[u8]) -> KeyedDigest {
        let owner = [account.to_string(), decision.to_string()];
        let [account, decision] = &owner;
        self.inner.digest_key.digest(Kind::DecisionInput, &[account, decision], input)
    }

    /// What rules were asked about; `None` when it was not kept, or is gone.
    pub(crate) fn open_input(
        &self,
        account: AccountId,
        decision: DecisionId,
        evidence: &Evidence,
    ) -> Result<Option<Vec<u8>>, AppError> {
        let open = |sealed: &String| self.inner.sealer.open(sealed, &whose(account, decision));
        evidence.input.as_ref().map(open).transpose()
    }

    /// Removes the inputs of all accounts that were kept for long enough. Gives from how many decisions.
    pub(crate) async fn forget_inputs(&self, now: Timestamp) -> Result<u64, AppError> {
        let accounts = self.inner.database.read(|tx| Ok::<_, AppError>(tx.accounts()?)).await?;
        let mut forgotten = 0;
        for account in accounts.into_iter().map(|account| account.id) {
            loop {
                let gone = self
                    .inner
                    .database
                    .write(By::server(account), move |tx| {
                        let mut rows = tx.account(account);
                        let Some(settings) = rows.messaging()? else { return Ok(0) };
                        let before = DecisionId::new(settings.forgotten_at(now), [0; 10]);
                        Ok::<_, AppError>(rows.forget_inputs(before, AT_ONCE)?)
                    })
                    .await?;
                forgotten += gone;
                if gone < u64::from(AT_ONCE) {
                    break;
                }
            }
        }
        Ok(forgotten)
    }
}

/// A sealed input that was moved to another decision opens nothing.
fn whose(account: AccountId, decision: DecisionId) -> String {
    format!("{account} {decision}")
}
