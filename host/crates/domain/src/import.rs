//! What a plugin asks of the host while it decides, and what it is told: the imports `counters`, `lists`, `history` and `http`.
//!
//! Each question with its answer is kept with the decision, so that the decision can be made again from what was answered then. Who
//! answers, and whether the plugin may ask, is not said here.

use serde::{Deserialize, Serialize};

use crate::{
    message::{Actor, Direction},
    time::Timestamp,
};

/// One thing that a plugin asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Question {
    /// Add to a counter, and say what it is then.
    AddToCounter {
        /// Which; the plugin's own names.
        key: String,
        /// How much; 0 only reads.
        by: u32,
        /// How long a counter lives from its first addition, in seconds.
        lives: u32,
    },
    /// The entry of a list that a value is found by.
    FindInList {
        /// The list's name.
        list: String,
        /// What is looked up.
        value: String,
    },
    /// The newest messages of the conversation before this one.
    EarlierMessages {
        /// At most so many.
        count: u32,
    },
    /// An HTTP request.
    Fetch(HttpRequest),
}

/// What the plugin was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// What a counter is now.
    Counter {
        /// Since it began, or since it was last removed for its age.
        value: u64,
    },
    /// What was found in a list.
    Found {
        /// The entry as it stands in the list; `None` when nothing fits.
        entry: Option<String>,
    },
    /// Messages, newest first.
    Messages {
        /// At most [`crate::limits::HISTORY_MESSAGES`].
        messages: Vec<EarlierMessage>,
    },
    /// What the other server said.
    Fetched(HttpResponse),
    /// No answer, which the plugin has to live with.
    Refused(Refusal),
}

/// Why a question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum Refusal {
    /// The account has no list of this name.
    NoSuchList,
    /// The question is outside the contract's limits.
    TooLarge,
    /// The call has asked as often as it may, or for as much.
    TooMuch,
    /// The URL is not `https`, or its host is not one of those that the installation names.
    HostNotAllowed,
    /// The host's address is one that plugins do not reach: a private, local or reserved one.
    AddressNotAllowed,
    /// The host could not be reached, or the connection broke.
    Unreachable,
    /// There was no answer in time.
    TimedOut,
    /// Too many requests of the account run already.
    Busy,
    /// Nobody is asked in a preview.
    NotInPreview,
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// What was asked.
    pub question: Question,
    /// What was answered.
    pub answer: Answer,
    /// How long the answer took, in microseconds.
    #[serde(default)]
    pub micros: u64,
}

/// A message that came before the one that is decided about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierMessage {
    /// From the client or to the client.
    pub direction: Direction,
    /// Who wrote it.
    pub author: Actor,
    /// As the rules left it.
    pub text: String,
    /// When it was accepted.
    pub sent_at: Timestamp,
}

/// What of HTTP a plugin may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum HttpMethod {
    /// Read.
    Get,
    /// Send something to be looked at.
    Post,
}

/// A request to another server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// What to do.
    pub method: HttpMethod,
    /// `https://…`, at most [`crate::limits::HTTP_URL_BYTES`].
    pub url: String,
    /// At most [`crate::limits::HTTP_HEADERS`], names in lower case.
    pub headers: Vec<(String, String)>,
    /// At most [`crate::limits::HTTP_REQUEST_BYTES`].
    #[serde(with = "base64_bytes")]
    pub body: Vec<u8>,
}

/// What another server answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpResponse {
    /// The status, 100 to 599.
    pub status: u16,
    /// `content-type` and `retry-after`, as far as they are there.
    pub headers: Vec<(String, String)>,
    /// At most [`crate::limits::HTTP_RESPONSE_BYTES`]; what is longer is refused.
    #[serde(with = "base64_bytes")]
    pub body: Vec<u8>,
}

/// Bytes as base64 (RFC 4648, section 4), so that a trail stays JSON of a bounded size.
mod base64_bytes {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}
