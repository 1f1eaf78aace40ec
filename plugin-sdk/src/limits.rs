//! The contract's limits, as `wit/v1` documents them: what a plugin may send back.

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
