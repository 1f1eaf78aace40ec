//! How well an installation answers, and when it is not asked for a while because it failed too often.
//!
//! What its failure means for a message is decided by its failure policy, as always. How long the pauses are is in the domain.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use sluice_domain::{
    audit::Action,
    id::{AccountId, InstallationId},
    installation::Suspension,
    time::Timestamp,
    verdict::Failure,
};

use crate::{App, AppError, audit::Who, chain::Chain, store::By};

/// The kind of the event that says that an installation was suspended, or has recovered.
const INSTALLATION_EVENT: &str = "installation";

/// What is remembered of an installation's answers at this server, for as long as the installation does not change.
#[derive(Debug, Default)]
pub(crate) struct Health {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The last 32 answers, the newest in the lowest bit; 1 for a failure.
    answers: u32,
    suspension: Option<Suspension>,
    /// What nobody was told yet.
    news: Option<News>,
}

/// What administrators are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    Suspended(Suspension),
    Recovered,
}

impl Health {
    /// Takes what another server, or this one before it started, wrote down.
    pub(crate) fn learn(&self, written: Option<Suspension>) {
        let mut state = self.lock();
        if let Some(written) = written
            && state.suspension.is_none_or(|known| known.until < written.until)
        {
            state.suspension = Some(written);
        }
    }

    /// Whether it is asked at `now`: it is not suspended, or was for long enough.
    pub(crate) fn is_asked(&self, now: Timestamp) -> bool {
        self.lock().suspension.is_none_or(|suspension| suspension.until <= now)
    }

    /// Remembers an answer of `now`. What was no fault of the plugin's does not count.
    pub(crate) fn note(&self, failure: Option<Failure>, now: Timestamp) {
        let failure = match failure {
            Some(Failure::Host | Failure::Unavailable | Failure::Suspended | Failure::Diverged) => return,
            Some(fault @ (Failure::Trap | Failure::OutOfFuel | Failure::OutOfMemory | Failure::BadAnswer)) => {
                Some(fault)
            }
            None => None,
        };
        let mut state = self.lock();
        state.answers = state.answers << 1 | u32::from(failure.is_some());
        match (failure, state.suspension) {
            // Calls that had begun before it was suspended say nothing new.
            (_, Some(suspension)) if suspension.until > now => {}
            (None, Some(_)) => *state = State { news: Some(News::Recovered), ..State::default() },
            (None, None) => {}
            (Some(failure), before) => {
                if before.is_some() || state.answers.count_ones() >= Suspension::FAILURES {
                    let suspension = Suspension::next(before, failure, now);
                    *state =
                        State { answers: 0, suspension: Some(suspension), news: Some(News::Suspended(suspension)) };
                }
            }
        }
    }

    fn take_news(&self) -> Option<News> {
        self.lock().news.take()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// Writes down, in the background, what has become of the installations of a chain that was just asked.
    pub(crate) fn tell_of_health(&self, account: AccountId, chain: &Arc<Chain>) {
        for rule in &chain.rules {
            let Some(news) = rule.health.take_news() else { continue };
            let (app, installation, since) = (self.clone(), rule.rule.installation, rule.changed_at);
            self.inner.background.spawn(async move {
                if let Err(error) = app.keep_news(account, installation, since, news).await {
                    tracing::error!(%installation, %error, "what became of an installation was not written down");
                }
            });
        }
    }

    /// One transaction: the suspension, the chain's new version so that other servers learn of it, the audit entry and the event. Nothing when
    /// somebody has changed the installation meanwhile.
    async fn keep_news(
        &self,
        account: AccountId,
        id: InstallationId,
        since: Timestamp,
        news: News,
    ) -> Result<(), AppError> {
        let (action, suspension) = match news {
            News::Suspended(suspension) => (Action::InstallationSuspended, Some(suspension)),
            News::Recovered => (Action::InstallationRecovered, None),
        };
        let mut entry = self.audit_row_of(Who::platform(), action, id, json!({}));
        self.inner
            .database
            .write(By::server(account), move |tx| {
                let mut rows = tx.account(account);
                let Some(row) = rows.installation(id)?.filter(|row| row.updated_at == since) else { return Ok(()) };
                rows.suspend_installation(id, suspension.as_ref())?;
                rows.bump_chain_version()?;
                let details =
                    json!({"installation": id, "rule": row.name, "version": row.version, "suspension": suspension});
                entry.row.details = details.to_string();
                rows.insert_audit(&entry)?;
                rows.append_event(INSTALLATION_EVENT, &details, entry.row.at)?;
                Ok::<_, AppError>(())
            })
            .await?;
        tracing::warn!(installation = %id, suspended = suspension.is_some(), "an installation was suspended or has recovered");
        self.inner.bus.wake(account);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn ten_failures_of_the_last_thirty_two_answers_suspend() {
        let health = Health::default();
        for _ in 0..9 {
            health.note(Some(Failure::Trap), at(0));
            health.note(None, at(0));
        }
        assert!(health.is_asked(at(0)));
        health.note(Some(Failure::OutOfFuel), at(0));
        assert!(!health.is_asked(at(29)));
        assert!(health.is_asked(at(30)), "it is tried again");
        let suspension = Suspension::next(None, Failure::OutOfFuel, at(0));
        assert_eq!((health.take_news(), health.take_news()), (Some(News::Suspended(suspension)), None));
    }

    #[test]
    fn seldom_failures_do_not_suspend() {
        let health = Health::default();
        for number in 0..1_000 {
            health.note((number % 4 == 0).then_some(Failure::Trap), at(0));
        }
        assert_eq!(health.take_news(), None);
    }

    #[test]
    fn what_is_no_fault_of_the_plugins_does_not_count() {
        let health = Health::default();
        for _ in 0..99 {
            for failure in [Failure::Host, Failure::Unavailable, Failure::Suspended] {
                health.note(Some(failure), at(0));
            }
        }
        assert!(health.is_asked(at(0)));
    }

    #[test]
    fn after_a_pause_one_answer_decides() {
        let health = Health::default();
        health.learn(Some(Suspension { until: at(30), times: 1, failure: Failure::Trap }));
        // One that had begun before.
        health.note(None, at(29));
        assert_eq!(health.take_news(), None);
        health.note(Some(Failure::Trap), at(30));
        assert!(!health.is_asked(at(89)), "the pause is twice as long");
        assert!(health.is_asked(at(90)));
        health.note(None, at(90));
        assert_eq!(health.take_news(), Some(News::Recovered));
        health.note(Some(Failure::Trap), at(91));
        assert!(health.is_asked(at(91)), "it begins anew");
    }
}
