//! The contract's limits, as `wit/v1` documents them: what a plugin may send back, and what it may ask.

/// Longest message text, in bytes of UTF-8, before and after edits.
pub const TEXT_BYTES: usize = 65_536;
/// Most edits in one redaction.
pub const EDITS: usize = 1_024;
/// Most labels in one flag.
pub const LABELS: usize = 16;
/// Longest label or reason code, in bytes.
pub const CODE_BYTES: usize = 64;
/// Longest text of a reason, in bytes of UTF-8.
pub const REASON_TEXT_BYTES: usize = 1_024;
/// Longest plugin name, in bytes.
pub const PLUGIN_NAME_BYTES: usize = 64;
/// Longest summary of a plugin, in bytes of UTF-8.
pub const SUMMARY_BYTES: usize = 512;
/// Most errors that `configure` may give.
pub const CONFIG_ERRORS: usize = 64;
/// Longest message of one configuration error, in bytes of UTF-8.
pub const CONFIG_ERROR_BYTES: usize = 1_024;
/// Longest piece of an attachment that one read gives, in bytes.
pub const CONTENT_READ_BYTES: u32 = 65_536;
/// Most questions of one call to [`counters`](crate::counters), [`lists`](crate::lists), [`history`](crate::history) and
/// [`http`](crate::http) together.
pub const IMPORT_CALLS: usize = 64;
/// Longest name of a counter, in bytes of UTF-8.
pub const COUNTER_KEY_BYTES: usize = 256;
/// Longest life of a counter, in seconds: 31 days.
pub const COUNTER_SECONDS: u32 = 31 * 86_400;
/// Longest name of a list that is asked for, and longest value that is looked up in one, in bytes of UTF-8.
pub const LIST_VALUE_BYTES: usize = 512;
/// Most earlier messages that one question is answered with.
pub const HISTORY_MESSAGES: u32 = 50;
/// Most text of earlier messages that one question is answered with, in bytes of UTF-8.
pub const HISTORY_BYTES: usize = 65_536;
/// Longest URL of a request, in bytes.
pub const HTTP_URL_BYTES: usize = 2_048;
/// Most headers of a request.
pub const HTTP_HEADERS: usize = 16;
/// Largest body of a request, in bytes.
pub const HTTP_REQUEST_BYTES: usize = 65_536;
/// Largest body of a response, in bytes.
pub const HTTP_RESPONSE_BYTES: usize = 262_144;

/// Whether `text` can be a label or a reason's code: 1 to 64 of `a-z 0-9 . _ -`.
///
/// ```
/// assert!(sluice_plugin::limits::is_code("payment-card"));
/// assert!(!sluice_plugin::limits::is_code("Payment card"));
/// ```
pub const fn is_code(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !matches!(bytes[at], b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-') {
            return false;
        }
        at += 1;
    }
    matches!(bytes.len(), 1..=CODE_BYTES)
}

/// The longest start of `text` that is at most `bytes` long and ends between characters.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
