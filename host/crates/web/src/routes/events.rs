//! Live events, as server-sent events (WHATWG HTML, section 9.2).

use std::convert::Infallible;

use axum::{
    extract::State,
    http::{StatusCode, request::Parts},
    response::sse::{Event as SseEvent, KeepAlive, Sse},
};
use futures::{Stream, StreamExt, stream};
use serde_json::json;
use sluice_app::{
    events::{Event, EventStream, Happening},
    typing::Typist,
};
use tokio::time::{Interval, MissedTickBehavior};

use crate::{
    Web,
    exchange::Exchange,
    extract::{Auth, Params, caller},
    problem::Problem,
    routes::messages::View,
    views::{CommentView, MessageDto},
};

/// The account's events as they happen, each with its number as `id`. `Last-Event-ID` resumes after that number, without a gap and
/// without a repetition; without it the stream begins now. A number that no event of the account has is refused: what was shown is to be read anew.
///
/// `?as=client` gives what clients see, for programs that carry messages to them: each message once, when it becomes theirs to see.
///
/// `event: message` carries a message as the caller may see it, `event: message-updated` one that was held, as it is now, `event: comment` a
/// comment, or the id of one that was removed.
/// `event: conversation` says that a conversation is to be looked at anew: it began, or its state, assignment, tags or request are others
/// now; to those who reach it no longer it says the same, so that they let it go. `event: conversations` says that of many at once.
/// `event: read` says how far somebody has read, `event: chain` that the account's rules have changed.
///
/// `event: typing` says that somebody is typing. It has no `id`, is kept nowhere, and comes from callers of the same server only.
#[utoipa::path(get, path = "/api/v1/events", tag = "events",
    params(View, ("Last-Event-ID" = Option<i64>, Header, description = "The number of the last event that was seen")),
    responses(
        (status = 200, description = "A stream of events", body = String, content_type = "text/event-stream"),
        (status = 400, description = "`malformed`: a Last-Event-ID that is no number", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`unknown-event`: a Last-Event-ID that no event of the account has, as after a restored backup", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-at-once`: the session, the token or the account has as many streams as it may", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn stream(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(view): Params<View>,
    parts: Parts,
) -> Result<Sse<impl Stream<Item = Result<SseEvent, Infallible>>>, Problem> {
    let after = parts.headers.get("last-event-id").map(|value| value.to_str().ok().and_then(|text| text.parse().ok()));
    let after = match after {
        None => None,
        Some(Some(seq)) => Some(seq),
        Some(None) => {
            return Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "malformed",
                "`Last-Event-ID` is the number of an event: leave it out to begin now",
            ));
        }
    };
    let events = web.app.events(caller, view.audience(), after).await?;
    let mut again = tokio::time::interval(web.settings.look_every);
    // Its reader was asked about just now; and one who reads slowly is asked about once, not as often as was missed.
    again.reset();
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watched = Watched { web, parts, events, again };
    let closing = watched.web.settings.closing.clone();
    let batches = stream::unfold(watched, async |mut watched| {
        let batch = watched.next().await?;
        // It is the account's until the last of it is sent; where the account has no room left, the client comes back later.
        let bytes = batch.iter().map(Event::bytes).sum();
        let held = Exchange::of(&watched.parts.extensions).ok()?.bytes(bytes).ok()?;
        let given = batch.into_iter().map(move |event| {
            let _held = &held;
            Ok(sse(event))
        });
        Some((stream::iter(given), watched))
    });
    let until_closing = batches.flatten().take_until(closing.cancelled_owned());
    Ok(Sse::new(until_closing).keep_alive(KeepAlive::default()))
}

/// A stream whose reader is asked about again and again, however much there is to read.
struct Watched {
    web: Web,
    parts: Parts,
    events: EventStream,
    /// When the reader is asked about.
    again: Interval,
}

impl Watched {
    /// The next events; `None` ends the stream: the client comes back with the last number that it saw.
    async fn next(&mut self) -> Option<Vec<Event>> {
        let batch = self.batch().await;
        batch.inspect_err(|problem| tracing::debug!(code = problem.code(), "a live stream ends")).ok()
    }

    async fn batch(&mut self) -> Result<Vec<Event>, Problem> {
        loop {
            let before = self.events.position();
            let batch = tokio::select! {
                biased;
                // Another server of the same installation may have written.
                _ = self.again.tick() => self.events.look().await?,
                batch = self.events.next() => batch?,
            };
            // The reader's session may have ended, or their rights be others: nothing is given that was read with rights of before.
            if self.events.read_as(caller(&self.web, &self.parts).await?, before) {
                return Ok(batch);
            }
        }
    }
}

fn sse(event: Event) -> SseEvent {
    let Event { seq, at, what } = event;
    let (kind, data) = match what {
        Happening::Message(message) => {
            ("message".to_owned(), json!({"seq": seq, "at": at, "message": MessageDto::from(*message)}))
        }
        Happening::MessageUpdated(message) => {
            ("message-updated".to_owned(), json!({"seq": seq, "at": at, "message": MessageDto::from(*message)}))
        }
        Happening::Comment(comment) => {
            ("comment".to_owned(), json!({"seq": seq, "at": at, "comment": CommentView::from(*comment)}))
        }
        Happening::Typing(typing) => {
            let body = match typing.typist {
                Typist::Client(id) => json!({"conversation": typing.conversation, "client": id}),
                Typist::Person(id, name) => json!({"conversation": typing.conversation, "person": id, "name": name}),
            };
            ("typing".to_owned(), json!({"at": at, "body": body}))
        }
        Happening::Other(kind, body) => (kind, json!({"seq": seq, "at": at, "body": body})),
    };
    let event = SseEvent::default().event(kind).data(data.to_string());
    match seq {
        Some(seq) => event.id(seq.to_string()),
        None => event,
    }
}
