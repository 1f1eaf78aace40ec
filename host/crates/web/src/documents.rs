//! What the OpenAPI document says of the domain's types, which write themselves as JSON. A test holds both to one shape.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sluice_domain::{
    content::Trait,
    filter::Subject,
    message::{Direction, Role},
};
use utoipa::{
    ToSchema,
    openapi::{ArrayBuilder, ObjectBuilder, RefOr, Schema, schema::Type},
};

macro_rules! words {
    ($($name:ident: $($word:literal)*;)*) => {$(
        /// The words of an enumeration.
        pub(crate) fn $name() -> RefOr<Schema> {
            RefOr::T(Schema::Object(ObjectBuilder::new().schema_type(Type::String).enum_values(Some([$($word),*])).build()))
        }
    )*};
}

words! {
    direction: "incoming" "outgoing";
    mode: "disabled" "shadow" "enforce";
    failure: "closed" "open";
    state: "delivered" "held" "blocked";
    verdict: "allow" "flag" "redact" "hold" "block";
    category: "image" "audio" "voice" "video" "document" "archive" "executable" "other";
    action: "flag" "redact" "hold" "block";
    conversation_state: "open" "closed";
    support_scope: "look" "configure";
    standing: "unsigned" "untrusted" "trusted";
    signature_policy: "off" "trusted";
    role: "client" "operator" "supervisor" "administrator" "api-token" "support" "chatbot";
}

/// A list of words.
fn list(words: impl Iterator<Item = String>) -> RefOr<Schema> {
    let word = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.collect::<Vec<_>>())).build();
    RefOr::T(Schema::Array(ArrayBuilder::new().items(word).build()))
}

/// What a rule of the content filter may be about.
pub(crate) fn subjects() -> RefOr<Schema> {
    list(Subject::ALL.into_iter().map(|subject| subject.as_str().to_owned()))
}

/// What may be suspicious about a file.
pub(crate) fn traits() -> RefOr<Schema> {
    list(Trait::ALL.into_iter().map(|one| one.as_str().to_owned()))
}

/// Why a rule decided as it did.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonDoc {
    /// Stable, for programs.
    code: String,
    /// For a person.
    text: String,
}

/// Replaces the bytes `start..end` of the text as the rule saw it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditDoc {
    /// UTF-8 byte offset.
    start: u32,
    /// UTF-8 byte offset.
    end: u32,
    /// May be empty.
    replacement: String,
}

/// A line that a plugin wrote for its author.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogLineDoc {
    /// `debug`, `info`, `warn` or `error`.
    level: String,
    /// At most 1,024 bytes.
    line: String,
}

/// What one rule said.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleDoc {
    /// The installation, of a plugin.
    installation: Option<String>,
    /// The plugin's version that is installed.
    plugin: Option<String>,
    /// The rule of the content filter that it was.
    filter: Option<String>,
    /// The plugin's name, or `content-filter`.
    rule: String,
    /// The plugin's version, or the server's.
    version: String,
    /// SHA-256 of the component that answered.
    component: Option<String>,
    /// SHA-256 of the configuration that it answered with.
    config: Option<String>,
    /// The attachment that it was asked about; the message when absent.
    attachment: Option<String>,
    /// `allow`, `flag`, `redact`, `hold` or `block`; of an access rule `allow`, `challenge` or `deny`. For a failed rule, what its
    /// failure policy made of it.
    verdict: String,
    /// Of a flag.
    #[serde(default)]
    labels: Vec<String>,
    /// Of a redaction.
    #[serde(default)]
    edits: Vec<EditDoc>,
    /// Of a redaction by the content filter: the attachments that it took away.
    #[serde(default)]
    removed: Vec<String>,
    /// Of a hold, a block, a challenge or a denial.
    reason: Option<ReasonDoc>,
    /// How it failed: `trap`, `out-of-fuel`, `out-of-memory`, `bad-answer`, `host`, `unavailable`, `suspended` or `diverged`.
    failure: Option<String>,
    /// Wall-clock time in microseconds.
    micros: u64,
    /// Instructions, as the engine counts them.
    fuel: u64,
    /// What the plugin wrote to its log.
    #[serde(default)]
    log: Vec<LogLineDoc>,
    /// How much it asked of each import: `counters`, `lists`, `history`, `http`. What it was told is kept, and not shown.
    #[serde(default)]
    asked: BTreeMap<String, AskedDoc>,
}

/// What a rule asked of one import.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskedDoc {
    /// How many questions.
    questions: u64,
    /// Of questions and answers.
    bytes: u64,
    /// How long the answers took together, in microseconds.
    micros: u64,
}

/// What the chain made of all verdicts: the strictest wins.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionDoc {
    /// `allow`, `flag`, `redact`, `hold` or `block`.
    verdict: String,
    /// Of the first rule that held or blocked.
    reason: Option<ReasonDoc>,
    /// Of every flag.
    #[serde(default)]
    labels: Vec<String>,
    /// Every rule that was asked, in order.
    rules: Vec<RuleDoc>,
}

/// Who wrote a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActorDoc {
    /// Stable and opaque.
    id: String,
    /// In what capacity.
    #[schema(schema_with = role)]
    role: Role,
    /// The name that others see.
    name: String,
}

/// What one call of a plugin may use.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BudgetDoc {
    /// As the engine counts them: about a thousand a microsecond.
    instructions: u64,
    /// In bytes.
    memory: u64,
}

/// That an installation failed too often.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SuspensionDoc {
    /// From then on it is tried again. Milliseconds since 1970.
    until: i64,
    /// How often in a row it was suspended.
    times: u32,
    /// How it failed, as in a decision.
    failure: String,
}

/// What an installation is asked about; what is absent or empty means everything.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScopeDoc {
    /// `incoming`, `outgoing`.
    directions: Vec<String>,
    /// Channels of messages.
    channels: Vec<String>,
    /// Groups that answer the conversations of messages.
    groups: Vec<String>,
    /// Roles of authors, and of those who ask to be let in.
    roles: Vec<String>,
}

/// A message as a rule sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageDoc {
    id: String,
    #[schema(schema_with = direction)]
    direction: Direction,
    transport: String,
    channel: String,
    conversation: Option<String>,
    /// The group that answers the conversation.
    group: Option<String>,
    author: ActorDoc,
    text: String,
    /// Links in `text`, in order.
    links: Vec<LinkDoc>,
    attachments: Vec<AttachmentDoc>,
    /// Milliseconds since 1970.
    sent_at: i64,
}

/// A link in a message's text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkDoc {
    /// UTF-8 byte offset.
    start: u32,
    /// UTF-8 byte offset.
    end: u32,
    url: String,
    host: String,
    registrable_domain: String,
}

/// A file that goes with a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttachmentDoc {
    /// For `/attachments/{id}`.
    id: String,
    /// As its sender called it: it may lie.
    name: String,
    /// The media type that its sender claimed: it may lie.
    declared_type: String,
    /// The media type that the content shows, `application/octet-stream` when it shows none.
    detected_type: String,
    /// Decided by the content.
    #[schema(schema_with = category)]
    category: String,
    /// What is suspicious about it; absent for nothing.
    #[schema(schema_with = traits, required = false)]
    traits: Vec<String>,
    /// In bytes.
    size: u64,
    /// SHA-256 of the content.
    sha256: String,
}

/// Who decided about a held message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReviewDoc {
    /// `approved`, `rejected` or `expired`.
    outcome: String,
    /// The person or token; absent when it expired.
    by: Option<String>,
    /// Milliseconds since 1970.
    at: i64,
    /// Whether the text was changed before it was delivered; absent for no.
    edited: Option<bool>,
    /// The text before that, for administrators.
    original: Option<String>,
}

/// A rule of the built-in content filter.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilterRuleDoc {
    /// What it is about; at least one.
    #[schema(schema_with = subjects)]
    what: Vec<String>,
    /// Which messages it is asked about; all when absent.
    #[schema(value_type = Option<ScopeDoc>)]
    scope: Option<Value>,
    #[schema(schema_with = action)]
    action: String,
    /// Links to these domains, and to what is under them, are never hit.
    except_domains: Option<Vec<String>>,
    /// Only links to these domains, and to what is under them, are hit.
    only_domains: Option<Vec<String>>,
    /// Files of these types (`pdf`, `image/png`, `image/*`) are never hit.
    except_types: Option<Vec<String>>,
    /// Only files of these types are hit.
    only_types: Option<Vec<String>>,
    /// Only files of more bytes are hit.
    larger_than: Option<u64>,
    /// What the author and the account's people read as the reason: at most 1,024 bytes. The server's own text when absent.
    reason: Option<String>,
    /// What a client is told whose message was blocked: at most 1,024 bytes. The server's own text when absent.
    notice: Option<String>,
    /// For those who edit rules: at most 256 bytes.
    comment: Option<String>,
}

/// How messages are dealt with beside rules.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessagingDoc {
    /// `en` or `ru`: in which the server's own texts are written.
    language: String,
    /// What a client is told whose message was blocked, when the rule says nothing better; the server's own text when absent.
    client_notice: Option<String>,
    /// How long a held message waits before it is refused.
    #[schema(minimum = 1, maximum = 720)]
    hold_hours: u32,
    /// How long the server keeps, sealed, what rules were asked about, so that decisions can be made again; 0 for not at all.
    #[schema(minimum = 0, maximum = 366)]
    evidence_days: u32,
    /// Whether a reviewer may approve a message that they wrote, or a token of theirs; not when absent.
    own_messages: Option<bool>,
}

/// Who gets in.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecurityDoc {
    password: PasswordPolicyDoc,
    session: SessionPolicyDoc,
    /// Roles of people who must have a second factor: `operator`, `supervisor`, `administrator`.
    second_factor_for: Vec<String>,
}

/// What a password must be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordPolicyDoc {
    /// In characters.
    #[schema(minimum = 8, maximum = 128)]
    min_length: u32,
    /// As zxcvbn estimates it.
    #[schema(maximum = 4)]
    min_strength: u8,
    /// Days after which it must be changed.
    #[schema(minimum = 1, maximum = 3_650)]
    max_age_days: Option<u32>,
    /// How many earlier passwords must not be used again.
    #[schema(maximum = 24)]
    remembered: u32,
}

/// How long sessions last, and where they may be used.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionPolicyDoc {
    #[schema(minimum = 5, maximum = 43_200)]
    idle_minutes: u32,
    #[schema(minimum = 1, maximum = 2_160)]
    absolute_hours: u32,
    /// `known-networks`: in networks in which the person has logged in; `anywhere`.
    roaming: String,
}

/// What an account's plugins may take up; what is left out is the default.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct QuotaDoc {
    /// How many versions of plugins the account may keep; 256 when not said.
    #[schema(maximum = 4_096)]
    plugins: u64,
    /// Of all their components together; 512 MiB when not said.
    #[schema(maximum = 68_719_476_736_u64)]
    bytes: u64,
    /// How many installations may be in shadow or in force at once; 64 when not said.
    #[schema(maximum = 64)]
    enabled: u64,
    /// The account's weight when plugins of several accounts want the CPU, in percent of a normal share; 100 when not said.
    #[schema(minimum = 1, maximum = 10_000)]
    cpu_share: u32,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;
    use sluice_domain::verdict::Decision;

    use super::*;

    #[test]
    fn a_decision_is_written_as_the_document_says() {
        let rule = json!({
            "installation": format!("ins_{:032x}", 1), "plugin": format!("plg_{:032x}", 2), "rule": "blocked-words", "version": "1.0.0",
            "component": format!("{:064x}", 3), "config": format!("{:064x}", 4),
            "verdict": "hold", "labels": ["a"], "edits": [{"start": 0, "end": 1, "replacement": ""}],
            "reason": {"code": "why", "text": "because"}, "failure": "trap", "micros": 7, "fuel": 8,
            "log": [{"level": "info", "line": "hello"}],
            "asked": {"counters": {"questions": 1, "bytes": 2, "micros": 3}},
        });
        let whole =
            json!({"verdict": "hold", "labels": ["a"], "reason": {"code": "why", "text": "because"}, "rules": [rule]});
        let decision: Decision = serde_json::from_value(whole.clone()).expect("a decision");
        let written = serde_json::to_value(decision).expect("written");
        assert_eq!(written, whole);
        serde_json::from_value::<DecisionDoc>(written).expect("no member that the document lacks");
        let members = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<BTreeSet<_>>();
        let doc: DecisionDoc = serde_json::from_value(whole.clone()).expect("reads");
        assert_eq!(
            members(&serde_json::to_value(doc).expect("written")),
            members(&whole),
            "no member that the domain lacks"
        );
    }

    #[test]
    fn security_settings_are_written_as_the_document_says() {
        let settings = sluice_domain::security::SecuritySettings::default();
        let written = serde_json::to_value(settings).expect("written");
        let doc: SecurityDoc = serde_json::from_value(written.clone()).expect("no member that the document lacks");
        assert_eq!(serde_json::to_value(doc).expect("written"), written, "no member that the domain lacks");
    }

    #[test]
    fn a_quota_is_written_as_the_document_says() {
        let written = serde_json::to_value(sluice_domain::quota::PluginQuota::default()).expect("written");
        let doc: QuotaDoc = serde_json::from_value(written.clone()).expect("no member that the document lacks");
        assert_eq!(serde_json::to_value(doc).expect("written"), written, "no member that the domain lacks");
    }
}
