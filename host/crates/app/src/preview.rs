//! Trying a chain of drafts on many messages, beside the chain in force: what would be decided otherwise, and what it would cost.
//!
//! Nothing is stored, changed or announced here. Which rules the drafts make is found in `draft`, where messages come from in `source`,
//! and what both chains say is compared in `tally`.

use std::time::Duration;

use sluice_domain::{id::AccountId, message::Message, permission::Permission};
use tokio::time::{Instant, sleep_until};

pub use self::{
    draft::{DraftChange, PreviewDraft},
    source::{GivenMessage, PreviewSource},
    tally::{Chained, Difference, Findings, Place, Quantiles, RuleFigures, Side, SlowCall, VerdictCount},
};
use self::{
    source::{Messages, checked},
    tally::Tally,
};
use crate::{
    App, AppError, caller::Caller, evaluators::Share, expiring::Expiring, imports::Asked, uploads::UploadPlace,
};

mod draft;
mod source;
mod tally;

/// How long messages are decided about before whoever waits for a core has a turn.
const SLICE: Duration = Duration::from_millis(3);
/// After how many messages progress is told.
const TOLD_EVERY: u64 = 1_000;
/// After how long a preview ends with what it has found.
const LONGEST: Duration = Duration::from_mins(10);
/// How long after that its findings can be fetched.
const FETCHED_WITHIN: Duration = Duration::from_secs(10);

/// What a preview tells while it goes on.
#[derive(Debug)]
pub enum Step {
    /// How far it is.
    Progress(Progress),
    /// That it is done.
    Done(Box<PreviewResult>),
}

/// How far a preview is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many messages were looked at.
    pub done: u64,
    /// Of how many.
    pub total: u64,
}

/// What a preview found.
#[derive(Debug)]
pub struct PreviewResult {
    /// How many messages both chains were asked about.
    pub messages: u64,
    /// How many more were wanted: those that were removed meanwhile, and what was left after ten minutes.
    pub skipped: u64,
    /// Whether the period has earlier messages that were not wanted.
    pub earlier: bool,
    /// What both chains said.
    pub findings: Findings,
}

/// A preview that goes on as it is asked, and ends when this is dropped: what a thread has begun by then is a matter of milliseconds. It ends
/// by itself too, though nobody asks any more.
pub struct Preview(Expiring<Running>);

struct Running {
    app: App,
    account: AccountId,
    share: Share,
    _place: UploadPlace,
    messages: Messages,
    /// What was read while the messages before it were decided about.
    ahead: Option<Vec<Message>>,
    /// `None` when the end was told.
    tally: Option<Box<Tally>>,
    /// What was told last; `None` before anything was.
    told: Option<Progress>,
    progress: Progress,
    ends: Instant,
}

impl App {
    /// Begins to ask the chain in force and a chain of drafts about the same messages.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]; [`AppError::Invalid`] for the messages; for a draft those of [`App::install`], and [`AppError::NotFound`]
    /// for the installation that it changes; [`AppError::Busy`] when the account has a preview running, or the server four.
    pub async fn preview(
        &self,
        caller: &Caller,
        draft: PreviewDraft,
        source: PreviewSource,
    ) -> Result<Preview, AppError> {
        caller.require(Permission::ManagePlugins)?;
        let source = checked(source)?;
        let place = self.inner.previews.begin(caller.account).ok_or(AppError::Busy)?;
        let current = self.chain(caller.account, caller.chain_version).await?;
        let draft = self.preview_chain(caller, draft, &current).await?;
        let messages = self.messages_to_replay(caller, source).await?;
        let answers = [(); 2].map(|()| self.answers(caller.account, Asked::OnTrial));
        let ends = Instant::now() + LONGEST;
        let running = Running {
            app: self.clone(),
            account: caller.account,
            share: current.share,
            _place: place,
            progress: Progress { done: 0, total: messages.total },
            messages,
            ahead: None,
            tally: Some(Box::new(Tally::new(current.apart(), draft, answers))),
            told: None,
            ends,
        };
        Ok(Preview(Expiring::new(running, sleep_until(ends + FETCHED_WITHIN))))
    }
}

impl Preview {
    /// What there is to tell next; `None` after the end. After an error it has ended.
    ///
    /// # Errors
    /// [`AppError::Storage`]; [`AppError::Internal`] when the server fails at a message.
    pub async fn next(&mut self) -> Result<Option<Step>, AppError> {
        match self.0.hold().await.as_mut() {
            Some(running) => running.next().await,
            None => Ok(None),
        }
    }
}

impl Running {
    async fn next(&mut self) -> Result<Option<Step>, AppError> {
        let Some(mut tally) = self.tally.take() else { return Ok(None) };
        if self.told.is_none() {
            self.tally = Some(tally);
            return Ok(Some(self.tell()));
        }
        loop {
            let batch = match self.ahead.take() {
                Some(batch) => batch,
                None => self.messages.next(&self.app).await?,
            };
            if batch.is_empty() || Instant::now() >= self.ends {
                let findings = tally.findings();
                let Progress { done, total } = self.progress;
                let (messages, skipped, earlier) = (done, total.saturating_sub(done), self.messages.earlier);
                return Ok(Some(Step::Done(Box::new(PreviewResult { messages, skipped, earlier, findings }))));
            }
            self.progress.done += batch.len() as u64;
            let (counted, ahead) =
                tokio::join!(replay(&self.app, self.account, self.share, tally, batch), self.messages.next(&self.app));
            tally = counted?;
            self.ahead = Some(ahead?);
            if self.told.is_none_or(|told| self.progress.done - told.done >= TOLD_EVERY) {
                self.tally = Some(tally);
                return Ok(Some(self.tell()));
            }
        }
    }

    const fn tell(&mut self) -> Step {
        self.told = Some(self.progress);
        Step::Progress(self.progress)
    }
}

/// Decides about messages in slices, so that live traffic has its turn at the cores between them.
async fn replay(
    app: &App,
    account: AccountId,
    share: Share,
    tally: Box<Tally>,
    batch: Vec<Message>,
) -> Result<Box<Tally>, AppError> {
    let (mut tally, mut left) = (tally, batch.into_iter());
    while left.len() > 0 {
        let slice = move || {
            let begin = std::time::Instant::now();
            for message in left.by_ref() {
                tally.replay(message);
                if begin.elapsed() >= SLICE {
                    break;
                }
            }
            (tally, left)
        };
        (tally, left) = app.inner.evaluators.run(account, share, slice).await?;
    }
    Ok(tally)
}
