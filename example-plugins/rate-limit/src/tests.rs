//! What the plugin promises, as messages one after the other.

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;
use sluice_plugin::testing::{
    TestMessage, assert_allows, assert_blocks, assert_flags, assert_holds, at, attachment, configured, link, message,
    refused, schema,
};

use super::*;

#[derive(Deserialize)]
struct Fixture {
    at: u64,
    text: String,
    links: Vec<String>,
    expect: String,
}

fn with_links(text: &str, links: &[String]) -> TestMessage {
    links.iter().fold(message(text), |message, url| message.with_link(url, link(url, "a.example.com", "example.com")))
}

/// Each line of `fixtures/messages.jsonl`, one after the other at its time, under the configuration of `fixtures/config.json`.
#[test]
fn the_fixtures_come_out_as_they_say() {
    let plugin: RateLimit = configured(serde_json::from_str(include_str!("../fixtures/config.json")).unwrap());
    for line in include_str!("../fixtures/messages.jsonl").lines() {
        let fixture: Fixture = serde_json::from_str(line).unwrap();
        at(fixture.at);
        let outcome = match plugin.check(&with_links(&fixture.text, &fixture.links)) {
            Verdict::Allow => "allow".to_owned(),
            Verdict::Flag(labels) => format!("flag {}", labels.join(" ")),
            Verdict::Hold(reason) => format!("hold {}", reason.code),
            Verdict::Block(reason) => format!("block {}", reason.code),
            Verdict::Redact(_) => "redact".to_owned(),
        };
        assert_eq!(outcome, fixture.expect, "{}", fixture.text);
    }
}

#[test]
fn each_author_has_a_limit_of_their_own_and_so_has_each_conversation() {
    let by = |per: &str| -> RateLimit {
        configured(json!({ "limits": [{ "name": per, "most": 1, "seconds": 60, "per": per }] }))
    };
    let said = |author: &str, conversation: &str| {
        let mut message = Message::from(message("hello"));
        message.author.id = author.to_owned();
        message.conversation = conversation.to_owned();
        message
    };
    let author = by("author");
    assert_allows(author.check(&said("ann", "one")));
    assert_allows(author.check(&said("bob", "one")));
    assert_holds(author.check(&said("ann", "two")), "author");
    let conversation = by("conversation");
    assert_allows(conversation.check(&said("ann", "one")));
    assert_allows(conversation.check(&said("ann", "two")));
    assert_holds(conversation.check(&said("bob", "one")), "conversation");
    let all = by("all");
    assert_allows(all.check(&said("ann", "one")));
    assert_holds(all.check(&said("bob", "two")), "all");
}

#[test]
fn what_brings_nothing_is_not_counted() {
    let plugin: RateLimit =
        configured(json!({ "limits": [{ "name": "files", "count": "attachments", "most": 1, "seconds": 60 }] }));
    let with_file = || message("look").with_attachment(attachment("a.png", b"").0);
    assert_allows(plugin.check(&with_file()));
    assert_allows(plugin.check(&message("no file")));
    assert_holds(plugin.check(&with_file()), "files");
}

#[test]
fn the_strictest_limit_decides_and_all_of_them_count() {
    let limit =
        |name: &str, most: u32, action: &str| json!({ "name": name, "most": most, "seconds": 60, "action": action });
    let plugin: RateLimit = configured(
        json!({ "limits": [limit("first", 1, "flag"), limit("second", 2, "hold"), limit("third", 3, "block")] }),
    );
    assert_allows(plugin.check(&message("1")));
    assert_flags(plugin.check(&message("2")), &["first"]);
    assert_holds(plugin.check(&message("3")), "second");
    assert_blocks(plugin.check(&message("4")), "third");
}

#[test]
fn the_notice_is_the_administrators() {
    let limit = json!({ "name": "a", "most": 1, "seconds": 60, "action": "block", "notice": "Not so fast." });
    let plugin: RateLimit = configured(json!({ "limits": [limit] }));
    assert_allows(plugin.check(&message("1")));
    assert!(matches!(plugin.check(&message("2")), Verdict::Block(reason) if reason.text == "Not so fast."));
}

#[test]
fn a_wrong_setting_is_refused_where_it_stands() {
    let errors = refused::<RateLimit>(json!({ "limits": [
        { "name": "Links", "most": 0, "seconds": 0 },
        { "name": "a", "most": 1, "seconds": 1 },
        { "name": "a", "most": 1_000_001, "seconds": 2_678_401, "notice": "x".repeat(1_025) },
    ] }));
    let paths: Vec<&str> = errors.iter().map(|error| error.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/limits/0/name",
            "/limits/0/most",
            "/limits/0/seconds",
            "/limits/2/name",
            "/limits/2/most",
            "/limits/2/seconds",
            "/limits/2/notice"
        ]
    );
    assert_eq!(refused::<RateLimit>(json!({ "limits": [] }))[0].path, "/limits");
}

#[test]
fn the_schema_names_and_describes_every_setting() {
    let schema = schema::<RateLimit>();
    for part in [&schema["properties"], &schema["properties"]["limits"]["items"]["properties"]] {
        for (name, property) in part.as_object().unwrap() {
            assert!(property["title"].is_string() && property["description"].is_string(), "{name}: {property}");
        }
    }
}

proptest! {
    #[test]
    fn so_many_pass_and_no_more(most in 1_u32..20, seconds in 1_u32..100, more in 1_u32..10) {
        // A counter of another case would go on.
        static CASE: AtomicU32 = AtomicU32::new(0);
        let name = format!("case-{}", CASE.fetch_add(1, Ordering::Relaxed));
        let plugin: RateLimit = configured(json!({ "limits": [{ "name": name, "most": most, "seconds": seconds }] }));
        at(u64::from(seconds) * 1_000);
        let passed = (0..most + more).filter(|_| plugin.check(&message("hello")) == Verdict::Allow).count();
        prop_assert!(passed <= most as usize);
        at(u64::from(seconds) * 2_000);
        prop_assert_eq!(plugin.check(&message("hello")), Verdict::Allow);
    }
}
