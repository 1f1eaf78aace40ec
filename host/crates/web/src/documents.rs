//! What the OpenAPI document says of the domain's types, which write themselves as JSON. A test holds both to one shape.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sluice_domain::message::{Direction, Role};
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
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
    conversation_state: "open" "closed";
    support_scope: "look" "configure";
    role: "client" "operator" "supervisor" "administrator" "api-token" "support" "chatbot";
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
    /// The installation.
    installation: String,
    /// The plugin's version that is installed.
    plugin: String,
    /// The plugin's name.
    rule: String,
    /// The plugin's version.
    version: String,
    /// `allow`, `flag`, `redact`, `hold` or `block`; of an access rule `allow`, `challenge` or `deny`. For a failed rule, what its
    /// failure policy made of it.
    verdict: String,
    /// Of a flag.
    #[serde(default)]
    labels: Vec<String>,
    /// Of a redaction.
    #[serde(default)]
    edits: Vec<EditDoc>,
    /// Of a hold, a block, a challenge or a denial.
    reason: Option<ReasonDoc>,
    /// How it failed: `trap`, `out-of-fuel`, `out-of-memory`, `bad-answer`, `host` or `unavailable`.
    failure: Option<String>,
    /// Wall-clock time in microseconds.
    micros: u64,
    /// Instructions, as the engine counts them.
    fuel: u64,
    /// What the plugin wrote to its log.
    #[serde(default)]
    log: Vec<LogLineDoc>,
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

/// What an installation is asked about; what is absent or empty means everything.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScopeDoc {
    /// `incoming`, `outgoing`.
    directions: Vec<String>,
    /// Channels of messages.
    channels: Vec<String>,
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
    author: ActorDoc,
    text: String,
    /// Links in `text`, in order.
    links: Vec<LinkDoc>,
    attachments: Vec<Value>,
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
            "verdict": "hold", "labels": ["a"], "edits": [{"start": 0, "end": 1, "replacement": ""}],
            "reason": {"code": "why", "text": "because"}, "failure": "trap", "micros": 7, "fuel": 8,
            "log": [{"level": "info", "line": "hello"}],
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
}
