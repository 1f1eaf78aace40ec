//! What a plugin asks of the host while it decides, and what it is told: the imports `counters`, `lists`, `history` and `http`.
//!
//! Each question with its answer is kept with the decision, so that the decision can be made again from what was answered then. Who
//! answers, and whether the plugin may ask, is not said here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    limits,
    message::{Actor, Direction},
    plugin::Import,
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
    /// The account has as many counters as it may.
    Full,
}

impl Question {
    /// The import that it is put to.
    pub const fn import(&self) -> Import {
        match self {
            Self::AddToCounter { .. } => Import::Counters,
            Self::FindInList { .. } => Import::Lists,
            Self::EarlierMessages { .. } => Import::History,
            Self::Fetch(_) => Import::Http,
        }
    }

    /// How much it is, in bytes: what the plugin chose of it.
    pub fn bytes(&self) -> usize {
        match self {
            Self::AddToCounter { key, .. } => key.len(),
            Self::FindInList { list, value } => list.len() + value.len(),
            Self::EarlierMessages { .. } => 0,
            Self::Fetch(request) => request.url.len() + headers_bytes(&request.headers) + request.body.len(),
        }
    }

    /// Whether it keeps to the contract's limits. One that does not is refused without being put to anybody.
    pub fn is_within_limits(&self) -> bool {
        match self {
            Self::AddToCounter { key, by: _, lives } => {
                (1..=limits::COUNTER_KEY_BYTES).contains(&key.len()) && (1..=limits::COUNTER_SECONDS).contains(lives)
            }
            Self::FindInList { list, value } => list.len().max(value.len()) <= limits::LIST_VALUE_BYTES,
            Self::EarlierMessages { .. } => true,
            Self::Fetch(HttpRequest { method: _, url, headers, body }) => {
                url.len() <= limits::HTTP_URL_BYTES
                    && headers.len() <= limits::HTTP_HEADERS
                    && headers.iter().all(|(name, value)| can_be_sent(name, value))
                    && body.len() <= limits::HTTP_REQUEST_BYTES
            }
        }
    }
}

impl Answer {
    /// How much it is, in bytes: what its other side chose of it.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Counter { .. } | Self::Refused(_) => 0,
            Self::Found { entry } => entry.as_ref().map_or(0, String::len),
            Self::Messages { messages } => messages
                .iter()
                .map(|message| message.text.len() + message.author.name.len() + message.author.id.len())
                .sum(),
            Self::Fetched(response) => headers_bytes(&response.headers) + response.body.len(),
        }
    }
}

fn headers_bytes(headers: &[(String, String)]) -> usize {
    headers.iter().map(|(name, value)| name.len() + value.len()).sum()
}

/// Headers of the connection (RFC 9110, section 7.6.1, and those that say where a request ends), which no plugin sets.
const OF_THE_CONNECTION: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Whether a header is one that a plugin may send: a name in lower case that is a token (RFC 9110, section 5.6.2), a value without control
/// characters.
fn can_be_sent(name: &str, value: &str) -> bool {
    let is_token = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty()
        && name.bytes().all(is_token)
        && !OF_THE_CONNECTION.contains(&name)
        && value.bytes().all(|b| b == b'\t' || !b.is_ascii_control())
        && name.len() + value.len() <= limits::HTTP_HEADER_BYTES
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

/// What a rule's questions to one import were in all: what of them anybody who sees the decision may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Asked {
    /// How many.
    pub questions: u64,
    /// Of questions and answers, in bytes.
    pub bytes: u64,
    /// How long the answers took together, in microseconds.
    pub micros: u64,
}

impl Asked {
    /// What `exchanges` were, by import.
    pub fn of(exchanges: &[Exchange]) -> BTreeMap<Import, Self> {
        let mut asked = BTreeMap::<Import, Self>::new();
        for Exchange { question, answer, micros } in exchanges {
            let of_import = asked.entry(question.import()).or_default();
            of_import.questions += 1;
            of_import.bytes += (question.bytes() + answer.bytes()) as u64;
            of_import.micros = of_import.micros.saturating_add(*micros);
        }
        asked
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn fetch(url: String, headers: Vec<(String, String)>, body: Vec<u8>) -> Question {
        Question::Fetch(HttpRequest { method: HttpMethod::Post, url, headers, body })
    }

    fn header(name: &str, value: &str) -> Question {
        fetch("https://example.com/".to_owned(), vec![(name.to_owned(), value.to_owned())], Vec::new())
    }

    #[test]
    fn a_question_at_its_limit_is_within_and_one_byte_more_is_not() {
        let count = |key: usize, lives| Question::AddToCounter { key: "k".repeat(key), by: 1, lives };
        assert!(count(1, 1).is_within_limits() && count(256, limits::COUNTER_SECONDS).is_within_limits());
        for outside in [count(0, 1), count(257, 1), count(1, 0), count(1, limits::COUNTER_SECONDS + 1)] {
            assert!(!outside.is_within_limits(), "{outside:?}");
        }
        let find =
            |list: usize, value: usize| Question::FindInList { list: "l".repeat(list), value: "v".repeat(value) };
        assert!(find(512, 512).is_within_limits());
        assert!(!find(513, 0).is_within_limits() && !find(0, 513).is_within_limits());
        let one = |url: usize, headers: usize, body: usize| {
            fetch("u".repeat(url), vec![("a".to_owned(), "b".to_owned()); headers], vec![0; body])
        };
        assert!(one(2_048, 16, 65_536).is_within_limits());
        assert!(!one(2_049, 0, 0).is_within_limits());
        assert!(!one(1, 17, 0).is_within_limits() && !one(1, 0, 65_537).is_within_limits());
    }

    #[test]
    fn headers_that_would_change_the_connection_or_another_header_are_not_sent() {
        assert!(header("x-key", "a\tb é").is_within_limits());
        assert!(header("a", &"b".repeat(4_095)).is_within_limits());
        for (name, value) in [
            ("", "a"),
            ("host", "evil.example"),
            ("content-length", "5"),
            ("transfer-encoding", "chunked"),
            ("X-Key", "a"),
            ("a b", "a"),
            ("a:b", "a"),
            ("a", "b\r\nhost: evil.example"),
            ("a", "\0"),
            ("a", &"b".repeat(4_096)),
        ] {
            assert!(!header(name, value).is_within_limits(), "{name}: {value}");
        }
    }

    #[test]
    fn what_was_asked_adds_up_by_import() {
        let count = |micros| Exchange {
            question: Question::AddToCounter { key: "key".to_owned(), by: 1, lives: 60 },
            answer: Answer::Counter { value: 1 },
            micros,
        };
        let found = Exchange {
            question: Question::FindInList { list: "a".to_owned(), value: "b".to_owned() },
            answer: Answer::Found { entry: Some("ccc".to_owned()) },
            micros: 1,
        };
        let asked = Asked::of(&[count(2), found, count(3)]);
        assert_eq!(asked[&Import::Counters], Asked { questions: 2, bytes: 6, micros: 5 });
        assert_eq!(asked[&Import::Lists], Asked { questions: 1, bytes: 5, micros: 1 });
        assert_eq!(asked.len(), 2);
    }

    #[test]
    fn an_exchange_reads_back_as_written() {
        let answers = [
            Answer::Counter { value: u64::MAX },
            Answer::Found { entry: None },
            Answer::Messages { messages: Vec::new() },
            Answer::Fetched(HttpResponse { status: 200, headers: Vec::new(), body: vec![0, 255] }),
            Answer::Refused(Refusal::TimedOut),
        ];
        for answer in answers {
            let exchange = Exchange { question: header("a", "b"), answer, micros: 7 };
            let written = serde_json::to_string(&exchange).unwrap();
            assert_eq!(serde_json::from_str::<Exchange>(&written).unwrap(), exchange, "{written}");
        }
    }
}
