//! The host that a test's thread has: counters, lists, earlier messages and other servers in memory, held to the contract's limits.
//!
//! Questions are not counted, since a test may make many calls: that a call asks at most 64 times is for the real server to show.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use crate::{
    Message, counters, history,
    http::{self, Request, Response},
    limits::{
        COUNTER_KEY_BYTES, COUNTER_SECONDS, HISTORY_BYTES, HISTORY_MESSAGES, HTTP_HEADERS, HTTP_REQUEST_BYTES,
        HTTP_URL_BYTES, LIST_VALUE_BYTES,
    },
    lists,
};

#[derive(Default)]
struct Host {
    /// In milliseconds.
    now: u64,
    /// What each is, and when it ends.
    counters: BTreeMap<String, (u64, u64)>,
    lists: BTreeMap<String, BTreeSet<String>>,
    /// Oldest first.
    said: Vec<history::EarlierMessage>,
    answers: BTreeMap<String, Result<Response, http::Error>>,
    sent: Vec<Request>,
}

thread_local! {
    static HOST: RefCell<Host> = RefCell::default();
}

/// Sets the time by which counters end: milliseconds since 1970-01-01T00:00:00Z, 0 before it is set. The host takes the message's.
///
/// ```
/// use sluice_plugin::{counters, testing::at};
/// assert_eq!(counters::add("key", 1, 10), Ok(1));
/// at(9_999);
/// assert_eq!(counters::add("key", 1, 10), Ok(2));
/// at(10_000);
/// assert_eq!(counters::add("key", 1, 10), Ok(1));
/// ```
pub fn at(milliseconds: u64) {
    HOST.with_borrow_mut(|host| host.now = milliseconds);
}

/// Gives the account a list, in which values are found as whole texts; in place of one of this name.
///
/// ```
/// use sluice_plugin::{lists, testing::list};
/// list("partners", ["example.com", "example.org"]);
/// assert_eq!(lists::contains("partners", "example.net"), Ok(false));
/// ```
pub fn list<T: Into<String>>(name: &str, entries: impl IntoIterator<Item = T>) {
    let entries = entries.into_iter().map(Into::into).collect();
    HOST.with_borrow_mut(|host| host.lists.insert(name.to_owned(), entries));
}

/// Lets a message have been delivered in the conversation, after those that were said before.
///
/// ```
/// use sluice_plugin::{history, testing::{message, said_before}};
/// said_before(&message("hello"));
/// assert_eq!(history::earlier(1).unwrap_or_default()[0].text, "hello");
/// ```
pub fn said_before(message: &Message) {
    let earlier = history::EarlierMessage {
        direction: message.direction,
        author: message.author.clone(),
        text: message.text.clone(),
        sent_at: message.sent_at,
    };
    HOST.with_borrow_mut(|host| host.said.push(earlier));
}

/// Lets requests to `url` be answered so.
///
/// ```
/// use sluice_plugin::{http, testing::answers};
/// answers("https://api.example.com/", Err(http::Error::Busy));
/// assert_eq!(http::send(&http::Request::get("https://api.example.com/")), Err(http::Error::Busy));
/// ```
pub fn answers(url: &str, answer: Result<Response, http::Error>) {
    HOST.with_borrow_mut(|host| host.answers.insert(url.to_owned(), answer));
}

/// Takes the requests that this test's thread has sent since it was last asked.
///
/// ```
/// use sluice_plugin::{http::{self, Request}, testing::sent};
/// let _unreachable = http::send(&Request::post("https://api.example.com/", "text"));
/// assert_eq!(sent()[0].body, b"text");
/// assert!(sent().is_empty());
/// ```
pub fn sent() -> Vec<Request> {
    HOST.with_borrow_mut(|host| std::mem::take(&mut host.sent))
}

pub(crate) fn add(key: &str, by: u32, lives: u32) -> Result<u64, counters::Error> {
    if !(1..=COUNTER_KEY_BYTES).contains(&key.len()) || !(1..=COUNTER_SECONDS).contains(&lives) {
        return Err(counters::Error::OutsideLimits);
    }
    HOST.with_borrow_mut(|host| {
        let now = host.now;
        host.counters.retain(|_, (_, end)| now < *end);
        if by == 0 {
            return Ok(host.counters.get(key).map_or(0, |(value, _)| *value));
        }
        let new = (0, now + u64::from(lives) * 1_000);
        let (value, _) = host.counters.entry(key.to_owned()).or_insert(new);
        *value += u64::from(by);
        Ok(*value)
    })
}

pub(crate) fn find(list: &str, value: &str) -> Result<Option<String>, lists::Error> {
    if list.len().max(value.len()) > LIST_VALUE_BYTES {
        return Err(lists::Error::OutsideLimits);
    }
    HOST.with_borrow(|host| {
        let entries = host.lists.get(list).ok_or(lists::Error::NoSuchList)?;
        Ok(entries.get(value).cloned())
    })
}

pub(crate) fn earlier(count: u32) -> Result<Vec<history::EarlierMessage>, history::Error> {
    let mut left = HISTORY_BYTES;
    let fits = |message: &&history::EarlierMessage| {
        let rest = left.checked_sub(message.text.len());
        left = rest.unwrap_or(0);
        rest.is_some()
    };
    HOST.with_borrow(|host| {
        let newest = host.said.iter().rev().take(count.min(HISTORY_MESSAGES) as usize);
        Ok(newest.take_while(fits).cloned().collect())
    })
}

pub(crate) fn send(request: &Request) -> Result<Response, http::Error> {
    let fits = request.url.len() <= HTTP_URL_BYTES
        && request.headers.len() <= HTTP_HEADERS
        && request.body.len() <= HTTP_REQUEST_BYTES;
    if !fits {
        return Err(http::Error::OutsideLimits);
    }
    if !request.url.starts_with("https://") {
        return Err(http::Error::HostNotAllowed);
    }
    HOST.with_borrow_mut(|host| {
        host.sent.push(request.clone());
        host.answers.get(&request.url).cloned().unwrap_or(Err(http::Error::Unreachable))
    })
}
