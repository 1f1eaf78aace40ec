//! Reading a stream of server-sent events.

use std::time::Duration;

use futures::StreamExt as _;
use serde_json::Value;

/// How long an event may take before the case fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(30);

/// One event.
#[derive(Debug)]
pub struct Event {
    /// Its number; 0 for what is kept nowhere and has none.
    pub id: i64,
    /// Its kind.
    pub kind: String,
    /// What it says.
    pub data: Value,
}

/// An open stream.
pub struct Events {
    response: futures::stream::BoxStream<'static, Option<Vec<u8>>>,
    read: String,
}

impl Events {
    /// A stream that was asked for otherwise than with [`crate::Api::events`].
    pub fn of(response: reqwest::Response) -> Self {
        let pieces = response.bytes_stream();
        // A connection that breaks is the end, too.
        let pieces = pieces.map(|piece| piece.ok().map(|bytes| bytes.to_vec()));
        Self { response: pieces.boxed(), read: String::new() }
    }

    /// The next event that is not about a conversation as a whole: those go with nearly everything.
    ///
    /// # Panics
    /// When the stream ends, or there is none in half a minute.
    pub async fn next(&mut self) -> Event {
        self.next_or_end().await.expect("an event, and the stream has ended")
    }

    /// The same, or the end of the stream.
    ///
    /// # Panics
    /// When there is neither in half a minute.
    pub async fn next_or_end(&mut self) -> Option<Event> {
        loop {
            let event = self.any_or_end().await?;
            if event.kind != "conversation" {
                return Some(event);
            }
        }
    }

    /// The next event of a kind; what comes before it is left out.
    ///
    /// # Panics
    /// When the stream ends, or there is none in half a minute.
    pub async fn next_of(&mut self, kind: &str) -> Event {
        loop {
            let event = self.any().await;
            if event.kind == kind {
                return event;
            }
        }
    }

    /// The next event, whatever it is.
    ///
    /// # Panics
    /// When the stream ends, or there is none in half a minute.
    pub async fn any(&mut self) -> Event {
        self.any_or_end().await.expect("an event, and the stream has ended")
    }

    /// The next event, whatever it is, or the end of the stream.
    ///
    /// # Panics
    /// When there is neither in half a minute.
    async fn any_or_end(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.read.split_once("\n\n") {
                let event = parse(block);
                self.read = rest.to_owned();
                if event.is_some() {
                    return event;
                }
                continue;
            }
            let piece = tokio::time::timeout(PATIENCE, self.response.next()).await.expect("an event in time")??;
            self.read.push_str(std::str::from_utf8(&piece).expect("whole characters"));
        }
    }
}

/// An event; `None` for a comment that only keeps the connection alive.
fn parse(block: &str) -> Option<Event> {
    let field =
        |name: &str| block.lines().find_map(|line| line.strip_prefix(name).and_then(|rest| rest.strip_prefix(": ")));
    Some(Event {
        data: serde_json::from_str(field("data")?).expect("JSON"),
        id: field("id").map_or(0, |id| id.parse().expect("a number")),
        kind: field("event").unwrap_or("message").to_owned(),
    })
}
