//! The example plugins in the sandbox answer to their fixtures as they do natively.

use serde::Deserialize;
use sluice_domain::{access::Access, installation::Budget, time::Timestamp, verdict::Verdict};
use sluice_sandbox::Configured;

use crate::{
    asking::counting,
    lab::{Lab, component, message, request},
};

/// A file of a plugin's fixtures.
macro_rules! fixture {
    ($path:literal) => {
        include_str!(concat!("../../../../../example-plugins/", $path))
    };
}

#[derive(Deserialize)]
struct Fixture {
    text: String,
    expect: String,
}

fn fixtures(lines: &str) -> impl Iterator<Item = Fixture> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap())
}

fn verdict(plugin: &Configured, text: &str) -> Verdict {
    plugin.check_message(&message(text), Budget::CALL).answer.unwrap()
}

#[test]
fn blocked_words_answers_as_natively() {
    let plugin = Lab::new().ready(&component("blocked-words"), fixture!("blocked-words/fixtures/config.json"));
    for Fixture { text, expect } in fixtures(fixture!("blocked-words/fixtures/messages.jsonl")) {
        let outcome = match verdict(&plugin, &text) {
            Verdict::Allow => "allow".to_owned(),
            Verdict::Flag(labels) => labels.iter().fold("flag".to_owned(), |said, label| said + " " + label.as_str()),
            Verdict::Redact(redaction) => format!("redact {}", redaction.text()),
            Verdict::Hold(reason) => format!("hold {}", reason.code.as_str()),
            Verdict::Block(reason) => format!("block {}", reason.code.as_str()),
        };
        assert_eq!(outcome, expect, "{text}");
    }
}

#[test]
fn sensitive_data_answers_as_natively() {
    // The configuration that its own test reads the fixtures under.
    let plugin = Lab::new().ready(&component("sensitive-data"), r#"{"inn": {"action": "redact"}}"#);
    for Fixture { text, expect } in fixtures(fixture!("sensitive-data/fixtures/messages.jsonl")) {
        match verdict(&plugin, &text) {
            Verdict::Allow => assert_eq!(expect, "allow", "{text}"),
            Verdict::Redact(redaction) => assert_eq!(redaction.text(), expect, "{text}"),
            other @ (Verdict::Flag(_) | Verdict::Hold(_) | Verdict::Block(_)) => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn rate_limit_answers_as_natively() {
    #[derive(Deserialize)]
    struct Fixture {
        at: u64,
        text: String,
        expect: String,
    }
    let plugin = Lab::new().ready(&component("rate-limit"), fixture!("rate-limit/fixtures/config.json"));
    let (allowed, mut set_time) = counting();
    for line in fixture!("rate-limit/fixtures/messages.jsonl").lines() {
        let Fixture { at, text, expect } = serde_json::from_str(line).unwrap();
        set_time(at);
        let outcome = match plugin.check_message(&message(&text), allowed()).answer.unwrap() {
            Verdict::Allow => "allow".to_owned(),
            Verdict::Flag(labels) => labels.iter().fold("flag".to_owned(), |said, label| said + " " + label.as_str()),
            Verdict::Hold(reason) => format!("hold {}", reason.code.as_str()),
            Verdict::Block(reason) => format!("block {}", reason.code.as_str()),
            Verdict::Redact(_) => "redact".to_owned(),
        };
        assert_eq!(outcome, expect, "{text}");
    }
}

#[test]
fn office_hours_answers_as_natively() {
    let plugin = Lab::new().ready(&component("office-hours"), fixture!("office-hours/fixtures/config.json"));
    for Fixture { text, expect } in fixtures(fixture!("office-hours/fixtures/requests.jsonl")) {
        let at: jiff::Timestamp = text.parse().unwrap();
        let request = request("curl", Timestamp::from_millis(at.as_millisecond()));
        let outcome = match plugin.check_access(&request, Budget::CALL).answer.unwrap() {
            Access::Allow => "allow".to_owned(),
            Access::Challenge(reason) => format!("challenge {}", reason.code.as_str()),
            Access::Deny(reason) => format!("deny {}", reason.code.as_str()),
        };
        assert_eq!(outcome, expect, "{text}");
    }
}
