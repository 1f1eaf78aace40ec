//! The contract's limits, as `wit/v1` documents them. One place, so that no layer bounds a thing differently.

/// Longest message text, in bytes of UTF-8, before and after edits.
pub const TEXT_BYTES: usize = 65_536;
/// Most links that are shown to a rule.
pub const LINKS: usize = 256;
/// Most attachments of one message.
pub const ATTACHMENTS: usize = 32;
/// Longest name of a channel, in bytes of UTF-8.
pub const CHANNEL_BYTES: usize = 256;
/// Longest name of an attachment, in units of UTF-16, as file systems count: a letter is one in any script, most emoji are two.
pub const FILE_NAME_UNITS: usize = 255;
/// Longest media type, in bytes.
pub const MEDIA_TYPE_BYTES: usize = 128;
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
/// Largest JSON Schema of a configuration, in bytes.
pub const CONFIG_SCHEMA_BYTES: usize = 262_144;
/// Largest configuration, in bytes of JSON.
pub const CONFIG_BYTES: usize = 1_048_576;
/// Most errors that `configure` may give.
pub const CONFIG_ERRORS: usize = 64;
/// Longest message of one configuration error, in bytes of UTF-8.
pub const CONFIG_ERROR_BYTES: usize = 1_024;
/// Most log lines of one call.
pub const LOG_LINES: usize = 64;
/// Longest log line, in bytes of UTF-8; what is longer is cut.
pub const LOG_LINE_BYTES: usize = 1_024;
/// Longest piece of an attachment that one `read` gives, in bytes.
pub const CONTENT_READ_BYTES: u32 = 65_536;
/// Longest `User-Agent` that a rule sees, in bytes.
pub const USER_AGENT_BYTES: usize = 1_024;
/// Largest component that can be uploaded, in bytes.
pub const COMPONENT_BYTES: usize = 32 << 20;
/// Longest change notes of a plugin's version, in bytes of UTF-8.
pub const NOTES_BYTES: usize = 4_096;
/// Most signatures of one component.
pub const SIGNATURES: usize = 8;
/// Most publishers that an account trusts.
pub const PUBLISHERS: usize = 64;
/// Longest name of a publisher, in bytes of UTF-8.
pub const PUBLISHER_NAME_BYTES: usize = 64;
/// Most entries of the platform's catalogue.
pub const CATALOGUE: usize = 1_000;
/// Most accounts that one entry of the catalogue is for, when it is not for all.
pub const CATALOGUE_ACCOUNTS: usize = 1_000;
/// Most rules in an account's chain.
pub const INSTALLATIONS: usize = 64;
/// Most rules of the built-in filter in an account.
pub const FILTER_RULES: usize = 64;
/// Most entries in each list of a rule of the built-in filter.
pub const FILTER_LIST: usize = 1_000;
/// Most rules about addresses in an account.
pub const ADDRESS_RULES: usize = 10_000;
/// Longest comment of a rule about addresses, in bytes of UTF-8.
pub const ADDRESS_COMMENT_BYTES: usize = 256;
/// Longest `Idempotency-Key`, in bytes.
pub const IDEMPOTENCY_KEY_BYTES: usize = 128;
/// Most questions of one call to the host's imports, log lines and reads of content apart.
pub const IMPORT_CALLS: usize = 64;
/// What one call may ask imports and be told by them in all, in bytes.
pub const IMPORT_BYTES: usize = 1 << 20;
/// How long one call may wait for answers of imports in all, in milliseconds.
pub const IMPORT_MILLIS: u64 = 2_000;
/// Most counters of an account.
pub const COUNTERS: u64 = 100_000;
/// Longest name of a counter, in bytes of UTF-8.
pub const COUNTER_KEY_BYTES: usize = 256;
/// Longest life of a counter, in seconds: 31 days.
pub const COUNTER_SECONDS: u32 = 31 * 86_400;
/// Longest name of a list that is asked for, longest value that is looked up in one, and longest entry of a list, in bytes of UTF-8.
pub const LIST_VALUE_BYTES: usize = 512;
/// Longest name of a list, in bytes.
pub const LIST_NAME_BYTES: usize = 64;
/// Longest note of an entry of a list, in bytes of UTF-8.
pub const LIST_NOTE_BYTES: usize = 256;
/// Most lists of an account.
pub const LISTS: u32 = 64;
/// Most entries of a list.
pub const LIST_ENTRIES: u64 = 100_000;
/// Most entries of all lists of an account.
pub const ACCOUNT_LIST_ENTRIES: u64 = 250_000;
/// Most entries that are added or removed at once.
pub const LIST_CHANGES: usize = 10_000;
/// Most earlier messages that one question is answered with.
pub const HISTORY_MESSAGES: u32 = 50;
/// Most text of earlier messages that one question is answered with, in bytes of UTF-8; older messages are left out.
pub const HISTORY_BYTES: usize = 65_536;
/// Longest URL of a request, in bytes.
pub const HTTP_URL_BYTES: usize = 2_048;
/// Most headers of a request.
pub const HTTP_HEADERS: usize = 16;
/// Largest name and value of a header together, in bytes.
pub const HTTP_HEADER_BYTES: usize = 4_096;
/// Largest body of a request, in bytes.
pub const HTTP_REQUEST_BYTES: usize = 65_536;
/// Largest body of a response, in bytes.
pub const HTTP_RESPONSE_BYTES: usize = 262_144;
/// Most hosts that an installation may be let ask over HTTP.
pub const HTTP_HOSTS: usize = 16;
