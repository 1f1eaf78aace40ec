//! The imports as the contract writes them: a guest's words into questions, answers into a guest's words. Nothing is decided here.

use sluice_domain::{
    import::{Answer, EarlierMessage, HttpMethod, HttpRequest, HttpResponse, Question, Refusal},
    message::Direction,
};

use crate::{
    bindings::sluice::policy::{counters, history, http, lists, types},
    convert,
    guest::{Guest, Stopped},
};

/// The answer to a question of another kind: whoever answers has made a mistake, or a record is broken.
const MISTAKEN: Stopped = Stopped::Unanswered(crate::imports::Unanswered::Failed);

impl counters::Host for Guest {
    fn add(&mut self, key: String, by: u32, lives: u32) -> wasmtime::Result<Result<u64, counters::Error>> {
        match self.ask(Question::AddToCounter { key, by, lives })? {
            Answer::Counter { value } => Ok(Ok(value)),
            Answer::Refused(refusal) => Ok(Err(match refusal {
                Refusal::TooLarge => counters::Error::OutsideLimits,
                Refusal::TooMuch => counters::Error::TooMuch,
                Refusal::Full => counters::Error::Full,
                Refusal::TimedOut => counters::Error::TimedOut,
                Refusal::NoSuchList
                | Refusal::HostNotAllowed
                | Refusal::AddressNotAllowed
                | Refusal::Unreachable
                | Refusal::Busy
                | Refusal::NotInPreview => return Err(MISTAKEN.into()),
            })),
            Answer::Found { .. } | Answer::Messages { .. } | Answer::Fetched(_) => Err(MISTAKEN.into()),
        }
    }
}

impl lists::Host for Guest {
    fn find(&mut self, list: String, value: String) -> wasmtime::Result<Result<Option<String>, lists::Error>> {
        match self.ask(Question::FindInList { list, value })? {
            Answer::Found { entry } => Ok(Ok(entry)),
            Answer::Refused(refusal) => Ok(Err(match refusal {
                Refusal::NoSuchList => lists::Error::NoSuchList,
                Refusal::TooLarge => lists::Error::OutsideLimits,
                Refusal::TooMuch => lists::Error::TooMuch,
                Refusal::HostNotAllowed
                | Refusal::AddressNotAllowed
                | Refusal::Unreachable
                | Refusal::TimedOut
                | Refusal::Busy
                | Refusal::NotInPreview
                | Refusal::Full => return Err(MISTAKEN.into()),
            })),
            Answer::Counter { .. } | Answer::Messages { .. } | Answer::Fetched(_) => Err(MISTAKEN.into()),
        }
    }
}

impl history::Host for Guest {
    fn earlier(&mut self, count: u32) -> wasmtime::Result<Result<Vec<history::EarlierMessage>, history::Error>> {
        match self.ask(Question::EarlierMessages { count })? {
            Answer::Messages { messages } => Ok(Ok(messages.into_iter().map(earlier).collect())),
            Answer::Refused(refusal) => Ok(Err(match refusal {
                Refusal::TooMuch => history::Error::TooMuch,
                Refusal::TimedOut => history::Error::TimedOut,
                Refusal::NoSuchList
                | Refusal::TooLarge
                | Refusal::HostNotAllowed
                | Refusal::AddressNotAllowed
                | Refusal::Unreachable
                | Refusal::Busy
                | Refusal::NotInPreview
                | Refusal::Full => return Err(MISTAKEN.into()),
            })),
            Answer::Counter { .. } | Answer::Found { .. } | Answer::Fetched(_) => Err(MISTAKEN.into()),
        }
    }
}

impl http::Host for Guest {
    fn send(&mut self, request: http::Request) -> wasmtime::Result<Result<http::Response, http::Error>> {
        let http::Request { method, url, headers, body } = request;
        let method = match method {
            http::Method::Get => HttpMethod::Get,
            http::Method::Post => HttpMethod::Post,
        };
        let headers = headers.into_iter().map(|header| (header.name.to_ascii_lowercase(), header.value)).collect();
        match self.ask(Question::Fetch(HttpRequest { method, url, headers, body }))? {
            Answer::Fetched(HttpResponse { status, headers, body }) => {
                let headers = headers.into_iter().map(|(name, value)| http::Header { name, value }).collect();
                Ok(Ok(http::Response { status, headers, body }))
            }
            Answer::Refused(refusal) => Ok(Err(match refusal {
                Refusal::HostNotAllowed => http::Error::HostNotAllowed,
                Refusal::AddressNotAllowed => http::Error::AddressNotAllowed,
                Refusal::Unreachable => http::Error::Unreachable,
                Refusal::TimedOut => http::Error::TimedOut,
                Refusal::Busy => http::Error::Busy,
                Refusal::TooLarge => http::Error::OutsideLimits,
                Refusal::TooMuch => http::Error::TooMuch,
                Refusal::NotInPreview => http::Error::NotInPreview,
                Refusal::NoSuchList | Refusal::Full => return Err(MISTAKEN.into()),
            })),
            Answer::Counter { .. } | Answer::Found { .. } | Answer::Messages { .. } => Err(MISTAKEN.into()),
        }
    }
}

fn earlier(message: EarlierMessage) -> history::EarlierMessage {
    history::EarlierMessage {
        direction: match message.direction {
            Direction::Incoming => types::Direction::Incoming,
            Direction::Outgoing => types::Direction::Outgoing,
        },
        author: convert::actor(&message.author),
        text: message.text,
        sent_at: convert::millis(message.sent_at),
    }
}
