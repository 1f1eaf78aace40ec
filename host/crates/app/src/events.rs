//! What happened in an account, in order, without a gap and without a repetition.

use serde_json::{Value, json};
use sluice_domain::{
    id::{AccountId, ConversationId},
    permission::Reach,
    time::Timestamp,
};
use sluice_storage::{Account, Assignment, CommentRow, EventRow, Reader, StorageError, Tx};
use tokio::sync::broadcast::error::RecvError;

use crate::{
    App, AppError,
    bus::Ear,
    caller::{Caller, Means},
    messages::{MESSAGE_EVENT, MessageView},
    typing::{Typing, Typist},
};

/// The kind of the event about a conversation: it began, or its state, assignment, tags or request are others now.
const CONVERSATION_EVENT: &str = "conversation";
/// The kind of the event about many conversations at once, which are not named.
const CONVERSATIONS_EVENT: &str = "conversations";
/// The kind of the event about a reading mark.
pub(crate) const READ_EVENT: &str = "read";
/// The kind of the event about a comment.
pub(crate) const COMMENT_EVENT: &str = "comment";

/// How many events one look into the outbox takes.
const BATCH: u32 = 100;

/// One event, as its reader may see it.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its place in the account: 1, 2, 3, …; `None` for what is kept nowhere.
    pub seq: Option<i64>,
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
    /// A comment was written.
    Comment(Box<CommentRow>),
    /// Somebody is typing.
    Typing(Typing),
    /// Anything else: its kind, and what there is to know.
    Other(String, Value),
}

/// One reader's way through an account's events.
pub struct EventStream {
    app: App,
    caller: Caller,
    after: i64,
    ear: Ear,
}

impl App {
    /// The account's events after `after`; without it, from now on.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn events(&self, caller: Caller, after: Option<i64>) -> Result<EventStream, AppError> {
        caller.reader()?;
        // Subscribed before the first look, so that nothing falls between.
        let ear = self.inner.bus.subscribe(caller.account);
        let account = caller.account;
        let latest = self.inner.database.read(move |tx| Ok::<_, AppError>(tx.account(account).latest_event()?)).await?;
        let after = after.map_or(latest, |after| after.clamp(0, latest));
        Ok(EventStream { app: self.clone(), caller, after, ear })
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
            self.ear.woken.mark_unchanged();
            let events = self.look().await?;
            if !events.is_empty() {
                return Ok(events);
            }
            let told = tokio::select! {
                changed = self.ear.woken.changed() => {
                    changed.map_err(|_| AppError::Closing)?;
                    None
                }
                told = self.ear.typing.recv() => match told {
                    Ok(typing) => Some(typing),
                    Err(RecvError::Lagged(_)) => None,
                    Err(RecvError::Closed) => return Err(AppError::Closing),
                },
            };
            if let Some(typing) = told
                && let Some(event) = self.typing(typing).await?
            {
                return Ok(vec![event]);
            }
        }
    }

    /// That somebody is typing, for one who reaches the conversation and is somebody else.
    async fn typing(&self, typing: Typing) -> Result<Option<Event>, AppError> {
        let (account, reader, conversation) = (self.caller.account, self.caller.reader()?, typing.conversation);
        let own = match &typing.typist {
            Typist::Person(person, _) => *person == reader.person,
            Typist::Client(_) => false,
        };
        if own {
            return Ok(None);
        }
        let read = self.app.inner.database.read(move |tx| tx.account(account).conversation(conversation, reader));
        let event = || Event { seq: None, at: self.app.now(), what: Happening::Typing(typing) };
        Ok(read.await?.map(|_| event()))
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
    let mut rows = tx.account(caller.account);
    let seen = |what| Ok(Some(Event { seq: Some(row.seq), at: row.created_at, what }));
    if let Some(id) = parsed::<ConversationId>(&body["conversation"])
        && reader.reach != Reach::All
        && rows.conversation(id, reader)?.is_none()
    {
        // Who reached it until now learns that something happened to it, and not what.
        let was = Assignment { person: parsed(&body["was"]["assignee"]), group: parsed(&body["was"]["group"]) };
        if row.kind != CONVERSATION_EVENT || !rows.reaches(was, reader)? {
            return Ok(None);
        }
        return seen(Happening::Other(row.kind, json!({"conversation": id})));
    }
    let what = match row.kind.as_str() {
        MESSAGE_EVENT => match parsed(&body["message"]) {
            Some(id) => {
                rows.message(id)?.map(|row| Happening::Message(Box::new(MessageView::of(row, caller.permissions))))
            }
            None => None,
        },
        COMMENT_EVENT => match parsed(&body["comment"]) {
            Some(id) => rows.comment(id)?.map(|row| Happening::Comment(Box::new(row))),
            None => None,
        },
        _ => None,
    };
    seen(what.unwrap_or(Happening::Other(row.kind, body)))
}

fn parsed<T: std::str::FromStr>(value: &Value) -> Option<T> {
    value.as_str()?.parse().ok()
}

/// What became another thing about a conversation.
pub(crate) enum Change {
    /// Anything that its view shows.
    Something,
    /// Who answers it.
    Assigned { was: Assignment, is: Assignment },
}

/// Tells those who reach a conversation that it is to be looked at anew, and those who reached it before. Gives the event's number.
pub(crate) fn announce(
    rows: &mut Account<'_>,
    conversation: ConversationId,
    change: Change,
    now: Timestamp,
) -> Result<i64, StorageError> {
    let body = match change {
        Change::Something => json!({"conversation": conversation}),
        Change::Assigned { was, is } => json!({
            "conversation": conversation, "assignee": is.person, "group": is.group,
            "was": {"assignee": was.person, "group": was.group},
        }),
    };
    rows.append_event(CONVERSATION_EVENT, &body, now)
}

/// Tells everybody that conversations are to be looked at anew, for what happens to many at once.
pub(crate) fn announce_many(rows: &mut Account<'_>, what: Value, now: Timestamp) -> Result<i64, StorageError> {
    rows.append_event(CONVERSATIONS_EVENT, &what, now)
}

impl App {
    /// Writes in one account, then wakes its live streams.
    pub(crate) async fn write_and_wake<T: Send + 'static>(
        &self,
        account: AccountId,
        closure: impl FnOnce(&mut Tx<'_>) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let written = self.inner.database.write(Some(account), closure).await?;
        self.inner.bus.wake(account);
        Ok(written)
    }
}
