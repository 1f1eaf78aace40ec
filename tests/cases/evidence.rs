//! A decision can be made again, and comes out the same, whatever became of the chain since.

use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use sluice_tests::{Api, Server, until};

async fn rerun(api: &Api, decision: &str) -> Value {
    api.post(&format!("/api/v1/decisions/{decision}/rerun"), json!({})).await.is(200)
}

fn decision_of(posted: &Value) -> String {
    posted["decision_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_decision_is_made_again_after_the_chain_has_changed_and_the_text_is_gone() {
    let server = Server::start().await;
    let api = &server.with_plugins.administrator;
    let conversation = api.conversation().await;
    let redacted = api.incoming(&conversation, "My card is 4111 1111 1111 1111 and acme").await.is(201);
    assert_eq!(redacted["decision"]["verdict"], "redact");
    let blocked = api.outgoing(&conversation, "you idiot").await.problem(422, "message-blocked");
    assert!(blocked["decision"].is_object());
    for installation in api.list("/api/v1/installations").await {
        api.delete(&format!("/api/v1/installations/{}", installation["id"].as_str().unwrap())).await.is(204);
    }
    let decisions = api.list("/api/v1/decisions").await;
    assert!(decisions.len() >= 2);
    for decision in &decisions {
        let again = rerun(api, decision["id"].as_str().unwrap()).await;
        assert_eq!(again, json!({"outcome": "same"}), "{decision:#}");
    }
}

#[tokio::test]
async fn what_failed_fails_again_and_what_was_suspended_stays_so() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    api.install_hostile(json!({"obey": true}), json!({"scope": {"roles": ["client"]}})).await;
    let conversation = api.conversation().await;
    for behaviour in ["trap", "loop", "eat-memory", "edits-backwards", "trap", "trap", "trap", "trap", "trap", "trap"] {
        let posted = api.incoming(&conversation, &format!("hostile: {behaviour}")).await.is(201);
        assert_eq!(rerun(api, &decision_of(&posted)).await, json!({"outcome": "same"}), "{behaviour}");
    }
    let suspended = api.incoming(&conversation, "hostile: flag").await.is(201);
    assert_eq!(suspended["decision"]["rules"][0]["failure"], "suspended");
    assert_eq!(rerun(api, &decision_of(&suspended)).await, json!({"outcome": "same"}));
}

#[tokio::test]
async fn attachments_and_the_content_filter_are_part_of_it() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    api.install_hostile(json!({"behaviour": "flag"}), json!({"scope": {"roles": ["client"]}})).await;
    let filter = api.filter(json!({"what": ["links"], "action": "redact"})).await.is(201);
    let conversation = api.conversation().await;
    let file = api.incoming_file("a note", "see https://example.com").await;
    let posted = api.post_with(&conversation, "incoming", "see https://example.com", &[&file]).await.is(201);
    assert_eq!(posted["decision"]["rules"].as_array().unwrap().len(), 3, "{posted:#}");
    api.delete(&format!("/api/v1/filters/{}", filter["id"].as_str().unwrap())).await.is(204);
    assert_eq!(rerun(api, &decision_of(&posted)).await, json!({"outcome": "same"}));

    let server = Server::start_in({
        let home = server.stop().await;
        std::fs::remove_dir_all(home.data().join("blobs/attachments")).unwrap();
        home
    })
    .await;
    let api = &server.without_plugins.administrator;
    let again = rerun(api, &decision_of(&posted)).await;
    assert_eq!(again, json!({"outcome": "impossible", "missing": [{"what": "attachment", "which": file}]}));
}

#[tokio::test]
async fn what_was_asked_about_is_kept_sealed_and_only_as_long_as_the_account_says() {
    let server = Server::start().await;
    let api = &server.with_plugins.administrator;
    let conversation = api.conversation().await;
    let posted = api.incoming(&conversation, "my card is 4111 1111 1111 1111").await.is(201);
    for file in ["sluice.db", "sluice.db-wal"] {
        let bytes = std::fs::read(server.data().join(file)).unwrap();
        assert!(!bytes.windows(9).any(|window| window == b"4111 1111"), "the text is in {file}");
    }

    api.put("/api/v1/messaging", json!({"evidence_days": 0})).await.is(200);
    let unkept = api.incoming(&conversation, "my card is 4111 1111 1111 1111").await.is(201);
    let gone = json!({"outcome": "impossible", "missing": [{"what": "input"}]});
    assert_eq!(rerun(api, &decision_of(&unkept)).await, gone);
    assert_eq!(rerun(api, &decision_of(&posted)).await, json!({"outcome": "same"}), "until the server tidies up");
    let server = Server::start_in(server.stop().await).await;
    let api = &server.with_plugins.administrator;
    until(async || rerun(api, &decision_of(&posted)).await == gone).await;
    api.put("/api/v1/messaging", json!({"evidence_days": 367})).await.problem(422, "invalid");
}

/// A chain drawn at random: plugins with configurations, and rules of the content filter.
fn chain() -> impl Strategy<Value = (Vec<(usize, Value)>, Vec<Value>)> {
    let action = || prop::sample::select(vec!["flag", "redact", "hold", "block"]);
    let words = (prop::sample::subsequence(WORDS.to_vec(), 1..4), action())
        .prop_map(|(words, action)| (0, json!({"lists": [{"name": "words", "words": words, "action": action}]})));
    let sensitive = (action(), action())
        .prop_map(|(cards, ibans)| (1, json!({"payment_cards": {"action": cards}, "ibans": {"action": ibans}})));
    let hostile = Just((2, json!({"obey": true})));
    let asking = Just((3, json!({})));
    let limit = (1..4_u32, action()).prop_filter("a limit cannot redact", |(_, action)| *action != "redact");
    let limit = limit.prop_map(|(most, action)| {
        let limit =
            json!({"name": "often", "count": "messages", "most": most, "seconds": 60, "per": "all", "action": action});
        (4, json!({"limits": [limit]}))
    });
    let plugins = prop_oneof![4 => words, 2 => sensitive, 1 => hostile, 2 => asking, 2 => limit];
    let plugins = prop::collection::vec(plugins, 1..5);
    let subject = prop::sample::select(vec!["links", "emoji", "phone-numbers", "email-addresses"]);
    let filter = (subject, action()).prop_map(|(what, action)| json!({"what": [what], "action": action}));
    (plugins, prop::collection::vec(filter, 0..2))
}

const WORDS: [&str; 6] = ["alpha", "beta", "gamma", "delta", "парсек", "épée"];

fn message() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned),
        1 => Just("4111 1111 1111 1111".to_owned()),
        1 => Just("DE89 3704 0044 0532 0130 00".to_owned()),
        1 => Just("https://example.com/x".to_owned()),
        1 => Just("a@example.com 😀".to_owned()),
        2 => "[a-zà-ÿ ]{0,20}",
    ];
    let text = prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.join(" "));
    let behaviour = prop::sample::select(vec!["trap", "redact", "hold", "flag", "edits-past-the-end", "block"]);
    let order = prop_oneof![
        (0..3_u8, 0..3_u32).prop_map(|(key, by)| format!("count k{key} {by} 60")),
        prop::sample::select(WORDS.to_vec()).prop_map(|word| format!("find words {word}")),
        (0..9_u32).prop_map(|count| format!("earlier {count}")),
        Just("find nothing alpha".to_owned()),
        Just("get https://nowhere.invalid/".to_owned()),
        Just("many 70".to_owned()),
    ];
    let orders = prop::collection::vec(order, 1..4).prop_map(|orders| format!("ask: {}", orders.join("; ")));
    prop_oneof![6 => text, 1 => behaviour.prop_map(|behaviour| format!("hostile: {behaviour}")), 3 => orders]
}

#[tokio::test]
async fn every_decision_of_any_chain_about_any_message_is_made_again_to_the_same_result() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let mut plugins = Vec::new();
    for name in ["blocked-words", "sensitive-data", "hostile-plugins", "asking-plugin", "rate-limit"] {
        plugins.push(api.plugin(name).await);
    }
    let list = api.post("/api/v1/lists", json!({"name": "words", "kind": "prefix"})).await.is(201);
    let entries = format!("/api/v1/lists/{}/entries", list["id"].as_str().unwrap());
    api.post(&entries, json!({"entries": [{"value": "al"}, {"value": "бета"}]})).await.is(200);
    let conversation = api.conversation().await;
    // Each run draws anew; what was drawn is in the report of a failure.
    let mut runner = TestRunner::new(Config::default());
    for _ in 0..10 {
        let (drawn, filters) = chain().new_tree(&mut runner).unwrap().current();
        let mut made = Vec::new();
        for (plugin, config) in &drawn {
            let grants = [json!(["log"]), json!(["log", "counters", "lists", "history", "http"])]
                [usize::from(*plugin > 2)]
            .clone();
            let hosts = if *plugin > 2 { json!(["nowhere.invalid"]) } else { json!([]) };
            let body = json!({"config": config, "scope": {"roles": ["client", "api-token"]}, "failure": "open",
                "grants": grants, "http_hosts": hosts});
            made.push(api.install(&plugins[*plugin], body).await.is(201)["id"].clone());
        }
        let mut rules = Vec::new();
        for filter in &filters {
            rules.push(api.filter(filter.clone()).await.is(201)["id"].clone());
        }
        let mut decisions = Vec::new();
        for number in 0..12 {
            let text = message().new_tree(&mut runner).unwrap().current();
            if text.trim().is_empty() {
                continue;
            }
            let direction = if number % 2 == 0 { "incoming" } else { "outgoing" };
            let body = json!({"text": text, "direction": direction});
            api.post(&format!("/api/v1/conversations/{conversation}/messages"), body).await;
            decisions.push((api.list("/api/v1/decisions?limit=1").await[0].clone(), text));
        }
        // Neither the chain of then nor what imports answered is what it was.
        api.post(&entries, json!({"entries": [{"value": format!("x{}", decisions.len())}, {"value": "alpha"}]}))
            .await
            .is(200);
        let gone = api.request(reqwest::Method::DELETE, &entries).json(&json!({"values": ["alpha"]}));
        api.send(gone).await.is(200);
        for id in made {
            api.delete(&format!("/api/v1/installations/{}", id.as_str().unwrap())).await.is(204);
        }
        for id in rules {
            api.delete(&format!("/api/v1/filters/{}", id.as_str().unwrap())).await.is(204);
        }
        for (decision, text) in decisions {
            let again = rerun(api, decision["id"].as_str().unwrap()).await;
            if decision["decision"]["rules"].as_array().unwrap().is_empty() {
                continue;
            }
            assert_eq!(again, json!({"outcome": "same"}), "{drawn:#?} {filters:#?} {text:?} {decision:#}");
        }
    }
}

#[tokio::test]
async fn the_input_is_compared_with_the_decisions_digest_of_it_which_nobody_sees() {
    let server = Server::start().await;
    let api = &server.with_plugins.administrator;
    let conversation = api.conversation().await;
    let posted = api.incoming(&conversation, "my card is 4111 1111 1111 1111").await.is(201);
    let decision = decision_of(&posted);
    let kept = api.get(&format!("/api/v1/decisions/{decision}")).await.is(200);
    let export = api.request(reqwest::Method::GET, "/api/v1/decisions/export?format=jsonl").send().await.unwrap();
    for shown in [kept.to_string(), export.text().await.unwrap()] {
        assert!(!shown.contains("input_"), "{shown}");
    }
    let digest =
        |text: &str| server.tamper(&format!("UPDATE decisions SET input_mac = '{text}' WHERE id = '{decision}'"));
    assert_eq!(rerun(api, &decision).await, json!({"outcome": "same"}));
    digest(&"0".repeat(64));
    let another = json!({"outcome": "impossible", "missing": [{"what": "another-input"}]});
    assert_eq!(rerun(api, &decision).await, another);
    // As a decision is that was made before digests had a key.
    digest("");
    assert_eq!(rerun(api, &decision).await, json!({"outcome": "same", "input": "not-comparable"}));
}
