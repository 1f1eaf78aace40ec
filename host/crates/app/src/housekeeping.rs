//! What is of no use any more is removed, once an hour; what waited too long is refused, at once.

use std::time::Duration;

use sluice_domain::{throttle, time::Timestamp};
use sluice_storage::Tx;

use crate::{App, AppError, StorageError, seldom::MINUTE, store::By};

/// How often.
const EVERY: Duration = Duration::from_secs(60 * 60);
/// How long the answer to a request with an `Idempotency-Key` is kept, in milliseconds.
const ANSWERS_MILLIS: i64 = 24 * 60 * MINUTE;

/// How many accounts are looked for at once whose counters have ended.
const ACCOUNTS_AT_ONCE: u32 = 100;
/// How many rows of any account one write removes: an answer has up to 64 KiB.
const AT_ONCE: u32 = 100;

/// How often the server looks for held messages that nobody has decided about in time.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long a file that was uploaded may wait to be sent, in milliseconds.
const UNSENT_MILLIS: i64 = 24 * 60 * MINUTE;

impl App {
    /// Does all of it, for good.
    pub async fn keep_house(&self) {
        tokio::join!(self.expire_holds(), self.tidy_up());
    }

    async fn expire_holds(&self) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        loop {
            ticks.tick().await;
            match self.expire_held().await {
                Ok(0) => {}
                Ok(expired) => tracing::info!(expired, "held messages have expired"),
                Err(error) => tracing::warn!(%error, "held messages were not looked at: trying again"),
            }
        }
    }

    async fn tidy_up(&self) {
        let mut ticks = tokio::time::interval(EVERY);
        for hour in 0_u64.. {
            ticks.tick().await;
            if let Err(error) = self.clean_up().await {
                tracing::warn!(%error, "what is of no use any more was not removed: trying again in an hour");
            }
            // All contents of attachments are looked at for it, so only once a day.
            if hour % 24 == 0
                && let Err(error) = self.remove_left_over(self.now()).await
            {
                tracing::warn!(%error, "what uploads left was not removed: trying again tomorrow");
            }
            if hour % 24 == 0 {
                match self.remove_unused_components(self.now()).await {
                    Ok(components) => tracing::debug!(components, "removed components that no plugin is any more"),
                    Err(error) => tracing::warn!(%error, "unused components were not removed: trying again tomorrow"),
                }
                match self.remove_unused_artefacts(self.now()).await {
                    Ok(artefacts) => tracing::debug!(artefacts, "removed artefacts of what is not installed any more"),
                    Err(error) => tracing::warn!(%error, "unused artefacts were not removed: trying again tomorrow"),
                }
            }
        }
    }

    async fn clean_up(&self) -> Result<(), AppError> {
        let now = self.now();
        let (forgotten, old) = (now.plus_millis(-throttle::FORGOTTEN_MILLIS), now.plus_millis(-ANSWERS_MILLIS));
        // One after the other, so that nobody waits for all of them.
        let sessions = self.remove(move |tx| tx.delete_expired_sessions(now, AT_ONCE)).await?;
        let challenges = self.remove(move |tx| tx.delete_expired_challenges(now)).await?;
        let throttles = self.remove(move |tx| tx.delete_old_throttles(forgotten, AT_ONCE)).await?;
        let answers = self.remove(move |tx| tx.delete_idempotent_answers(old, AT_ONCE)).await?;
        let attachments = self.remove_unsent(now.plus_millis(-UNSENT_MILLIS)).await?;
        let inputs = self.forget_inputs(now).await?;
        let counters = self.remove_expired_counters(now).await?;
        tracing::debug!(
            sessions,
            challenges,
            throttles,
            answers,
            attachments,
            inputs,
            counters,
            "removed what is of no use any more"
        );
        Ok(())
    }

    /// Removes what belongs to any account, in parts that `delete` bounds, so that messages have their turn between them.
    async fn remove(
        &self,
        delete: impl Fn(&mut Tx<'_>) -> Result<u64, StorageError> + Clone + Send + 'static,
    ) -> Result<u64, AppError> {
        let mut removed = 0;
        loop {
            let delete = delete.clone();
            let gone = self.inner.database.write(By::server(None), move |tx| Ok::<_, AppError>(delete(tx)?)).await?;
            removed += gone;
            if gone < u64::from(AT_ONCE) {
                return Ok(removed);
            }
        }
    }

    /// Account after account and in small parts, so that messages have their turn between them.
    async fn remove_expired_counters(&self, now: Timestamp) -> Result<u64, AppError> {
        let database = &self.inner.database;
        let mut removed = 0;
        loop {
            let accounts =
                database.read(move |tx| Ok::<_, AppError>(tx.accounts_with_expired_counters(now, ACCOUNTS_AT_ONCE)?));
            let accounts = accounts.await?;
            if accounts.is_empty() {
                return Ok(removed);
            }
            for account in accounts {
                let delete = database.write(By::server(account), move |tx| {
                    Ok::<_, AppError>(tx.account(account).delete_expired_counters(now)?)
                });
                removed += delete.await?;
            }
        }
    }
}
