//! What happened in an account, in order, without a gap and without a repetition.

use serde_json::Value;
use sluice_domain::{
    id::{ConversationId, MessageId},
    permission::Reach,
    time::Timestamp,
};
use sluice_storage::{EventRow, Reader, Tx};
use tokio::sync::watch;

use crate::{
    App, AppError,
    caller::{Caller, Means},
    messages::{MESSAGE_EVENT, MessageView},
};

/// How many events one look into the outbox takes.
const BATCH: u32 = 100;

/// One event, as its reader may see it.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its place in the account: 1, 2, 3, …
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub what: Happening,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Happening {
    /// A message was accepted: delivered, held, or blocked on its way in.
    Message(Box<MessageView>),
    /// Anything else: its kind, and what there is to know.
    Other(String, Value),
}

/// One reader's way through an account's events.
pub struct EventStream {
    app: App,
    caller: Caller,
    after: i64,
    woken: watch::Receiver<()>,
}

impl App {
    /// The account's events after `after`; without it, from now on.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn events(&self, caller: Caller, after: Option<i64>) -> Result<EventStream, AppError> {
        caller.reader()?;
        // Subscribed before the first look, so that nothing falls between.
        let woken = self.inner.bus.subscribe(caller.account);
        let account = caller.account;
        let latest = self.inner.database.read(move |tx| Ok::<_, AppError>(tx.account(account).latest_event()?)).await?;
        let after = after.map_or(latest, |after| after.clamp(0, latest));
        Ok(EventStream { app: self.clone(), caller, after, woken })
    }
}

impl EventStream {
    /// Goes on with what its reader may see now.
    pub fn read_as(&mut self, caller: Caller) {
        self.caller = caller;
    }

    /// Whether its reader is of the platform's support.
    pub const fn is_read_by_support(&self) -> bool {
        matches!(self.caller.means, Means::Support(_))
    }

    /// The next events, as soon as there are any.
    ///
    /// # Errors
    /// [`AppError::Storage`]; the stream can be asked again.
    pub async fn next(&mut self) -> Result<Vec<Event>, AppError> {
        loop {
            self.woken.mark_unchanged();
            let events = self.look().await?;
            if !events.is_empty() {
                return Ok(events);
            }
            if self.woken.changed().await.is_err() {
                return Err(AppError::Closing);
            }
        }
    }

    /// What the outbox has after the last event that was given.
    ///
    /// # Errors
    /// [`AppError::Storage`].
    pub async fn look(&mut self) -> Result<Vec<Event>, AppError> {
        let (caller, after) = (self.caller.clone(), self.after);
        let reader = caller.reader()?;
        let (last, events) = self
            .app
            .inner
            .database
            .read(move |tx| {
                let rows = tx.account(caller.account).events_after(after, BATCH)?;
                let last = rows.last().map_or(after, |row| row.seq);
                let mut events = Vec::with_capacity(rows.len());
                for row in rows {
                    events.extend(event(tx, &caller, reader, row)?);
                }
                Ok::<_, AppError>((last, events))
            })
            .await?;
        let skipped = last > self.after && events.is_empty();
        self.after = last;
        // Nothing of a whole batch was for this reader: what comes after it is looked at the same way.
        if skipped { Box::pin(self.look()).await } else { Ok(events) }
    }
}

/// An event as the caller may see it; `None` for one of a conversation that the caller does not reach.
fn event(tx: &mut Tx<'_>, caller: &Caller, reader: Reader, row: EventRow) -> Result<Option<Event>, AppError> {
    let body: Value = serde_json::from_str(&row.body).map_err(|_| AppError::Internal("reading an event"))?;
    let conversation = body["conversation"].as_str().and_then(|id| id.parse::<ConversationId>().ok());
    let mut rows = tx.account(caller.account);
    if let Some(id) = conversation
        && reader.reach != Reach::All
        && rows.conversation(id, reader)?.is_none()
    {
        return Ok(None);
    }
    let message = body["message"].as_str().and_then(|id| id.parse::<MessageId>().ok());
    let found = match message.filter(|_| row.kind == MESSAGE_EVENT) {
        Some(id) => rows.message(id)?,
        None => None,
    };
    let what = match found {
        Some(message) => Happening::Message(Box::new(MessageView::of(message, caller.permissions))),
        None => Happening::Other(row.kind, body),
    };
    Ok(Some(Event { seq: row.seq, at: row.created_at, what }))
}
