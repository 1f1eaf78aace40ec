//! What a call of a rule leaves beside its answer: the lines of its log, and what it cost. What it asked the host is in
//! [`crate::import`].

use serde::{Deserialize, Serialize};

/// A line that a plugin wrote for its author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// `debug`, `info`, `warn` or `error`.
    pub level: LogLevel,
    /// At most [`crate::limits::LOG_LINE_BYTES`].
    pub line: String,
}

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// For finding mistakes.
    Debug,
    /// Worth knowing.
    Info,
    /// Something is odd.
    Warn,
    /// Something is wrong.
    Error,
}

/// What one call of a rule cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cost {
    /// Wall-clock time in microseconds.
    pub micros: u64,
    /// Instructions, as the engine counts them.
    pub fuel: u64,
}
