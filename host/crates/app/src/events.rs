//! What happened in an account, in order, without a gap and without a repetition.

use serde_json::{Value, json};
use sluice_domain::{id::ConversationId, message::Direction, permission::Reach, shares::Share, time::Timestamp};
use sluice_storage::{Account, Assignment, CommentRow, EventRow, MessageRow, Reader, StorageError, Tx};
use tokio::sync::broadcast::error::RecvError;

use crate::{
    App, AppError,
    bus::Ear,
    caller::Caller,
    messages::{Audience, MESSAGE_EVENT, MESSAGE_UPDATED_EVENT, MessageView},
    reads::Listener,
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

/// How much of texts it takes, in bytes, before it ends: a reader may be slow, and has it in memory until it is sent.
const BATCH_BYTES: usize = 128 << 10;

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

impl Event {
    /// About how much of texts it has, in bytes.
    pub fn bytes(&self) -> usize {
        match &self.what {
            Happening::Message(view) | Happening::MessageUpdated(view) => view.bytes(),
            Happening::Comment(comment) => comment.text.len(),
            Happening::Typing(_) | Happening::Other(..) => 0,
        }
    }
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Happening {
    /// A message was accepted: delivered, held, or blocked on its way in. For the clients, it is theirs to see now.
    Message(Box<MessageView>),
    /// Somebody decided about a message that was held, or nobody did in time.
    MessageUpdated(Box<MessageView>),
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
    audience: Audience,
    after: i64,
    ear: Ear,
    _place: Share<Listener>,
}

impl App {
    /// The account's events after `after`; without it, from now on. For the clients, only messages: each when it becomes theirs to see.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]; [`AppError::UnknownEvent`] for a number that no event of the account has; [`AppError::TooManyAtOnce`] when the session, the token or the account has as many streams as it may.
    pub async fn events(
        &self,
        caller: Caller,
        audience: Audience,
        after: Option<i64>,
    ) -> Result<EventStream, AppError> {
        self.reader_for(&caller, audience)?;
        let place = self.stream_place(&caller)?;
        // Subscribed before the first look, so that nothing falls between.
        let ear = self.inner.bus.subscribe(caller.account);
        let account = caller.account;
        let latest = self.inner.database.read(move |tx| Ok::<_, AppError>(tx.account(account).latest_event()?)).await?;
        let after = after.unwrap_or(latest);
        if !(0..=latest).contains(&after) {
            return Err(AppError::UnknownEvent { after, latest });
        }
        Ok(EventStream { app: self.clone(), caller, audience, after, ear, _place: place })
    }
}

impl EventStream {
    /// Goes on with what its reader may see now, from where `before` was. Gives whether the reader may see what they did, so that what
    /// was read since then is theirs.
    pub fn read_as(&mut self, caller: Caller, before: i64) -> bool {
        let is_as_before = self.caller.sees_as(&caller);
        self.caller = caller;
        if !is_as_before {
            self.after = before;
        }
        is_as_before
    }

    /// The number of the last event that was looked at.
    pub const fn position(&self) -> i64 {
        self.after
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
        let (account, conversation) = (self.caller.account, typing.conversation);
        let reader = self.app.reader_for(&self.caller, self.audience)?;
        let own = match (&typing.typist, self.audience) {
            (Typist::Person(person, _), Audience::People) => *person == reader.person,
            (Typist::Client(_), Audience::People) | (Typist::Person(..), Audience::Client) => false,
            (Typist::Client(_), Audience::Client) => true,
        };
        if own {
            return Ok(None);
        }
        let read =
            self.app.read_often(account, move |tx| Ok(tx.account(account).conversation(conversation, reader)?));
        let event = || Event { seq: None, at: self.app.now(), what: Happening::Typing(typing) };
        Ok(read.await?.map(|_| event()))
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
            .read_often(caller.account, move |tx| {
                let rows = tx.account(caller.account).events_after(after, BATCH)?;
                let (mut last, mut bytes, mut events) = (after, 0, Vec::with_capacity(rows.len()));
                for row in rows {
                    if bytes > BATCH_BYTES {
                        break;
                    }
                    last = row.seq;
                    let seen: Option<Event> = match audience {
                        Audience::People => event(tx, &caller, reader, row)?,
                        Audience::Client => event_of_client(tx, &caller, row)?,
                    };
                    bytes += seen.as_ref().map_or(0, Event::bytes);
                    events.extend(seen);
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
        MESSAGE_EVENT | MESSAGE_UPDATED_EVENT => message(&mut rows, &body)?.map(|found| {
            let view = Box::new(MessageView::of(found, caller.permissions));
            if row.kind == MESSAGE_EVENT { Happening::Message(view) } else { Happening::MessageUpdated(view) }
        }),
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
    /// Writes in the caller's account, then wakes its live streams.
    pub(crate) async fn write_and_wake<T: Send + 'static>(
        &self,
        caller: &Caller,
        closure: impl FnOnce(&mut Tx<'_>) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let written = self.inner.database.write(caller, closure).await?;
        self.inner.bus.wake(caller.account);
        Ok(written)
    }
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
    Ok(what.map(|what| Event { seq: Some(row.seq), at: row.created_at, what }))
}

/// The message that an event is about.
fn message(rows: &mut Account<'_>, body: &Value) -> Result<Option<MessageRow>, AppError> {
    match parsed(&body["message"]) {
        Some(id) => Ok(rows.message(id)?),
        None => Ok(None),
    }
}
