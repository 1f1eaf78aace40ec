//! What happened in an account, in order, without a gap and without a repetition.

use serde_json::Value;
use sluice_domain::{
    id::{ConversationId, MessageId},
    message::Direction,
    permission::Reach,
    time::Timestamp,
};
use sluice_storage::{Account, EventRow, MessageRow, Reader, Tx};
use tokio::sync::watch;

use crate::{
    App, AppError,
    caller::{Caller, Means},
    messages::{Audience, MESSAGE_EVENT, MESSAGE_UPDATED_EVENT, MessageView},
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
    /// A message was accepted: delivered, held, or blocked on its way in. For the clients, it is theirs to see now.
    Message(Box<MessageView>),
    /// Somebody decided about a message that was held, or nobody did in time.
    MessageUpdated(Box<MessageView>),
    /// Anything else: its kind, and what there is to know.
    Other(String, Value),
}

/// One reader's way through an account's events.
pub struct EventStream {
    app: App,
    caller: Caller,
    audience: Audience,
    after: i64,
    woken: watch::Receiver<()>,
}

impl App {
    /// The account's events after `after`; without it, from now on. For the clients, only messages: each when it becomes theirs to see.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn events(
        &self,
        caller: Caller,
        audience: Audience,
        after: Option<i64>,
    ) -> Result<EventStream, AppError> {
        self.reader_for(&caller, audience)?;
        // Subscribed before the first look, so that nothing falls between.
        let woken = self.inner.bus.subscribe(caller.account);
        let account = caller.account;
        let latest = self.inner.database.read(move |tx| Ok::<_, AppError>(tx.account(account).latest_event()?)).await?;
        let after = after.map_or(latest, |after| after.clamp(0, latest));
        Ok(EventStream { app: self.clone(), caller, audience, after, woken })
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
        loop {
            let before = self.after;
            let events = self.batch().await?;
            // Nothing of a whole batch was for this reader: what comes after it is looked at the same way.
            if !events.is_empty() || self.after == before {
                return Ok(events);
            }
        }
    }

    async fn batch(&mut self) -> Result<Vec<Event>, AppError> {
        let (caller, after, audience) = (self.caller.clone(), self.after, self.audience);
        let reader = self.app.reader_for(&caller, audience)?;
        let (last, events) = self
            .app
            .inner
            .database
            .read(move |tx| {
                let rows = tx.account(caller.account).events_after(after, BATCH)?;
                let last = rows.last().map_or(after, |row| row.seq);
                let mut events = Vec::with_capacity(rows.len());
                for row in rows {
                    events.extend(match audience {
                        Audience::People => event(tx, &caller, reader, row)?,
                        Audience::Client => event_of_client(tx, &caller, row)?,
                    });
                }
                Ok::<_, AppError>((last, events))
            })
            .await?;
        self.after = last;
        Ok(events)
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
    let view = message(&mut rows, &body)?.map(|found| Box::new(MessageView::of(found, caller.permissions)));
    let what = match (view, row.kind.as_str()) {
        (Some(message), MESSAGE_EVENT) => Happening::Message(message),
        (Some(message), MESSAGE_UPDATED_EVENT) => Happening::MessageUpdated(message),
        (Some(_) | None, _) => Happening::Other(row.kind, body),
    };
    Ok(Some(Event { seq: row.seq, at: row.created_at, what }))
}

/// An event as whatever carries messages to clients may see it. A message that was held on its way to the client is new when it is
/// delivered, once.
fn event_of_client(tx: &mut Tx<'_>, caller: &Caller, row: EventRow) -> Result<Option<Event>, AppError> {
    if ![MESSAGE_EVENT, MESSAGE_UPDATED_EVENT].contains(&row.kind.as_str()) {
        return Ok(None);
    }
    let body: Value = serde_json::from_str(&row.body).map_err(|_| AppError::Internal("reading an event"))?;
    let Some(found) = message(&mut tx.account(caller.account), &body)? else { return Ok(None) };
    let is_new = match found.direction {
        Direction::Incoming => row.kind == MESSAGE_EVENT,
        Direction::Outgoing => found.delivered_seq == Some(row.seq),
    };
    let of_account = found.direction == Direction::Outgoing;
    let what = MessageView::of_client(found).map(Box::new).and_then(|view| match (is_new, of_account) {
        (true, _) => Some(Happening::Message(view)),
        (false, false) => Some(Happening::MessageUpdated(view)),
        (false, true) => None,
    });
    Ok(what.map(|what| Event { seq: row.seq, at: row.created_at, what }))
}

/// The message that an event is about.
fn message(rows: &mut Account<'_>, body: &Value) -> Result<Option<MessageRow>, AppError> {
    match body["message"].as_str().and_then(|id| id.parse::<MessageId>().ok()) {
        Some(id) => Ok(rows.message(id)?),
        None => Ok(None),
    }
}
