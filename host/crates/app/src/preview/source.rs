//! The messages of a preview: some that the account kept, or some that somebody gives, oldest first and a bounded number at a time.

use std::vec;

use sluice_domain::{
    id::{AccountId, MessageId},
    limits,
    message::{Actor, Direction, Message, Role},
    time::{Period, Timestamp},
};

use sluice_storage::{TextReader, Tx};

use crate::{App, AppError, caller::Caller, messages::check_words};

/// Most messages that the account kept.
const MOST_KEPT: u32 = 100_000;
/// Most messages that somebody gives.
const MOST_GIVEN: usize = 10_000;
/// How many identifiers are counted at once.
const COUNTED_AT_ONCE: u32 = 10_000;
/// Most messages, and about how many bytes of text, that are read at once: what is read waits in memory, and on SQLite an async thread
/// reads it.
const AT_ONCE: u32 = 500;
const BYTES_AT_ONCE: usize = 1 << 20;
/// Fewest messages that are read at once.
const FEW: u32 = 16;
/// Longest name or id of an author, in bytes of UTF-8.
const AUTHOR_BYTES: usize = 256;

/// Which messages a preview looks at.
#[derive(Debug, Clone)]
pub enum PreviewSource {
    /// The newest that the account kept and the caller sees, at most 100,000, as they were kept: what was redacted stays redacted, and what
    /// was blocked on its way to a client is not there.
    Kept {
        /// Only from then on.
        from: Option<Timestamp>,
        /// Only before then.
        to: Option<Timestamp>,
        /// How many of the newest.
        last: Option<u32>,
    },
    /// These, at most 10,000.
    Given(Vec<GivenMessage>),
}

/// A message that somebody gives.
#[derive(Debug, Clone)]
pub struct GivenMessage {
    /// Not empty, at most 65,536 bytes.
    pub text: String,
    /// From the client, when not said.
    pub direction: Option<Direction>,
    /// Who wrote it; a client or an operator without a name, when not said.
    pub author: Option<Actor>,
    /// The account's channel; `api` when not said.
    pub channel: Option<String>,
    /// When it was written; now, when not said.
    pub sent_at: Option<Timestamp>,
}

/// Which messages a preview looks at, if they can be.
pub(super) enum CheckedSource {
    Kept { period: Period, last: u32 },
    Given(Vec<GivenMessage>),
}

/// Says what is wrong with the source of a preview, before it takes a place.
pub(super) fn checked(source: PreviewSource) -> Result<CheckedSource, AppError> {
    match source {
        PreviewSource::Kept { last: Some(last), .. } if !(1..=MOST_KEPT).contains(&last) => {
            Err(AppError::invalid("source", format!("`last` is 1 to {MOST_KEPT}")))
        }
        PreviewSource::Kept { from: None, to: None, last: None } => {
            Err(AppError::invalid("source", "say `last`, `from` and `to`, or `messages`"))
        }
        PreviewSource::Kept { from, to, last } => {
            let period = Period {
                from: from.unwrap_or(Timestamp::from_millis(0)),
                to: to.unwrap_or(Timestamp::from_millis(i64::MAX)),
            };
            if period.from >= period.to {
                return Err(AppError::invalid("source", "`from` is before `to`, both in milliseconds since 1970"));
            }
            Ok(CheckedSource::Kept { period, last: last.unwrap_or(MOST_KEPT) })
        }
        PreviewSource::Given(messages) => {
            if messages.is_empty() || messages.len() > MOST_GIVEN {
                return Err(AppError::invalid("source", format!("give 1 to {MOST_GIVEN} messages at once")));
            }
            for (index, message) in messages.iter().enumerate() {
                message.check().map_err(|problem| {
                    AppError::invalid("source", format!("the message at {index}, counted from 0: {problem}"))
                })?;
            }
            Ok(CheckedSource::Given(messages))
        }
    }
}

impl GivenMessage {
    /// What is wrong with it.
    fn check(&self) -> Result<(), String> {
        check_words(&self.text).map_err(|error| error.to_string())?;
        if self.channel.as_ref().is_some_and(|channel| channel.len() > limits::CHANNEL_BYTES) {
            return Err(format!("`channel` has at most {} bytes", limits::CHANNEL_BYTES));
        }
        let long = |author: &Actor| author.id.len().max(author.name.len()) > AUTHOR_BYTES;
        if self.author.as_ref().is_some_and(long) {
            return Err(format!("`id` and `name` of the author have at most {AUTHOR_BYTES} bytes"));
        }
        Ok(())
    }

    /// As rules see it, without links.
    fn message(self, id: MessageId, now: Timestamp) -> Message {
        let direction = self.direction.unwrap_or(Direction::Incoming);
        let role = match direction {
            Direction::Incoming => Role::Client,
            Direction::Outgoing => Role::Operator,
        };
        Message {
            id,
            direction,
            transport: "api".to_owned(),
            channel: self.channel.unwrap_or_else(|| "api".to_owned()),
            conversation: None,
            group: None,
            author: self.author.unwrap_or_else(|| Actor { id: "preview".to_owned(), role, name: String::new() }),
            text: self.text,
            links: Vec::new(),
            attachments: Vec::new(),
            sent_at: self.sent_at.unwrap_or(now),
        }
    }
}

/// Messages to replay, in order.
pub(super) struct Messages {
    /// How many there are.
    pub(super) total: u64,
    /// Whether the period has earlier ones.
    pub(super) earlier: bool,
    left: Left,
}

enum Left {
    /// The account's, from one on and before another, so many at once.
    Kept {
        account: AccountId,
        reader: TextReader,
        from: MessageId,
        to: MessageId,
        at_once: u32,
    },
    Given(vec::IntoIter<Message>),
}

impl App {
    /// Finds out how many messages there are.
    pub(super) async fn messages_to_replay(
        &self,
        caller: &Caller,
        source: CheckedSource,
    ) -> Result<Messages, AppError> {
        let now = self.now();
        match source {
            CheckedSource::Given(given) => {
                let messages: Vec<_> =
                    given.into_iter().map(|one| one.message(MessageId::new(now, self.random()), now)).collect();
                let total = messages.len() as u64;
                Ok(Messages { total, earlier: false, left: Left::Given(messages.into_iter()) })
            }
            CheckedSource::Kept { period, last } => {
                // What comes from now on is not part of it.
                let period = Period { to: period.to.min(now.plus_millis(1)), ..period };
                let (account, reader) = (caller.account, caller.text_reader());
                let (mut total, mut oldest, mut left) = (0, None, last);
                // In small parts, so that others have their turn between them.
                while left > 0 {
                    let limit = left.min(COUNTED_AT_ONCE);
                    let read = move |tx: &mut Tx<'_>| {
                        Ok::<_, AppError>(tx.account(account).newest_extent(reader, period, oldest, limit)?)
                    };
                    let Some(extent) = self.read(account, read).await? else { break };
                    (total, oldest) = (total + extent.messages, Some(extent.oldest));
                    left -= u32::try_from(extent.messages).unwrap_or(left).min(left);
                }
                let earlier = move |tx: &mut Tx<'_>| {
                    Ok::<_, AppError>(tx.account(account).newest_extent(reader, period, oldest, 1)?.is_some())
                };
                let earlier = oldest.is_some() && left == 0 && self.read(account, earlier).await?;
                let (from, to) = (oldest.unwrap_or(MessageId::first_at(period.from)), MessageId::first_at(period.to));
                Ok(Messages { total, earlier, left: Left::Kept { account, reader, from, to, at_once: AT_ONCE } })
            }
        }
    }
}

impl Messages {
    /// The next messages; none at the end.
    pub(super) async fn next(&mut self, app: &App) -> Result<Vec<Message>, AppError> {
        match &mut self.left {
            Left::Given(left) => Ok(left.take(AT_ONCE as usize).collect()),
            Left::Kept { account, reader, from, to, at_once } => {
                let (account, reader, first, end, limit) = (*account, *reader, *from, *to, *at_once);
                let read = move |tx: &mut Tx<'_>| {
                    Ok::<_, AppError>(tx.account(account).replay_messages(reader, first, end, limit)?)
                };
                let batch = app.read(account, read).await?;
                if let Some(last) = batch.last() {
                    *from = last.id.successor();
                    let mean = batch.iter().map(|message| message.text.len()).sum::<usize>() / batch.len();
                    *at_once = u32::try_from(BYTES_AT_ONCE / mean.max(1)).unwrap_or(AT_ONCE).clamp(FEW, AT_ONCE);
                }
                Ok(batch)
            }
        }
    }
}
