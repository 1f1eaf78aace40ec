//! A chain of drafts tried on many messages beside the chain in force, and shadow rules compared with it over days.

use reqwest::Method;
use serde_json::{Value, json};
use sluice_tests::{Api, Events, Server, until};

use crate::chain::word;

async fn begin(api: &Api, draft: Value, source: Value) -> reqwest::Response {
    let body = json!({"draft": draft, "source": source});
    api.request(Method::POST, "/api/v1/policy/preview").json(&body).send().await.unwrap()
}

/// A whole preview: how far it said that it was, and its result.
async fn preview(api: &Api, draft: Value, source: Value) -> (Vec<Value>, Value) {
    let response = begin(api, draft, source).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let (mut events, mut progress) = (Events::of(response), Vec::new());
    loop {
        let event = events.next().await;
        match event.kind.as_str() {
            "progress" => progress.push(event.data),
            "result" => {
                assert!(events.next_or_end().await.is_none(), "the result comes last");
                return (progress, event.data);
            }
            other => panic!("{other}: {:#}", event.data),
        }
    }
}

/// How many messages have each pair of verdicts.
fn pairs(counts: &Value, first: &str, second: &str) -> Vec<(String, String, u64)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let counts = counts.as_array().unwrap().iter();
    counts.map(|row| (text(&row[first]), text(&row[second]), row["messages"].as_u64().unwrap())).collect()
}

fn verdicts(result: &Value) -> Vec<(String, String, u64)> {
    pairs(&result["verdicts"], "current", "draft")
}

fn pair(current: &str, draft: &str, messages: u64) -> (String, String, u64) {
    (current.to_owned(), draft.to_owned(), messages)
}

/// An account in which `beta` is flagged, with eight messages; the last is the newest.
async fn kept(api: &Api) -> (String, String, Vec<Value>) {
    let plugin = api.plugin("blocked-words").await;
    let config = json!({"config": word("beta", "flag")});
    let installation = api.install(&plugin, config).await.is(201)["id"].as_str().unwrap().to_owned();
    let conversation = api.conversation().await;
    let mut messages = Vec::new();
    for text in ["one", "say alpha", "two", "say beta", "alpha and beta", "three", "alpha", "four"] {
        let posted = api.incoming(&conversation, text).await.is(201);
        messages.push(json!({"message_id": posted["id"], "conversation_id": conversation}));
    }
    (plugin, installation, messages)
}

#[tokio::test]
async fn a_draft_is_compared_with_the_chain_message_by_message() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let (plugin, installation, messages) = kept(api).await;
    let tables = ["messages", "decisions", "events", "installations", "audit", "shadow_counts"];
    let rows = || tables.map(|table| server.rows(table));
    let before = rows();
    let add = json!({"add": {"plugin_id": plugin, "config": word("alpha", "block"), "grants": ["log"]}});
    let (progress, result) = preview(api, add, json!({"last": 100})).await;
    assert_eq!(progress, [json!({"done": 0, "total": 8})]);
    assert_eq!(
        (&result["messages"], &result["skipped"], &result["earlier"]),
        (&json!(8), &json!(0), &json!(false)),
        "{result:#}"
    );
    let expected =
        [pair("allow", "allow", 4), pair("allow", "block", 2), pair("flag", "flag", 1), pair("flag", "block", 1)];
    assert_eq!(verdicts(&result), expected);
    assert_eq!(result["different"], 3);
    // Oldest first, by id, and without texts.
    let differences = result["differences"].as_array().unwrap();
    let named = |difference: &Value| json!({"message_id": difference["message_id"], "conversation_id": difference["conversation_id"]});
    assert_eq!(
        differences.iter().map(named).collect::<Vec<_>>(),
        [messages[1].clone(), messages[4].clone(), messages[6].clone()]
    );
    assert_eq!(differences[1]["current"]["verdict"], "flag");
    assert_eq!(differences[1]["current"]["installation"], installation);
    assert!(differences[1]["draft"]["code"].is_string() && !result.to_string().contains("say "), "{result:#}");
    // Each rule of each chain, with what it cost; a chain stops at the first block, and the draft is asked last.
    let rules = result["rules"].as_array().unwrap();
    let calls: Vec<_> = rules.iter().map(|rule| (rule["chain"].as_str().unwrap(), rule["calls"].as_u64())).collect();
    assert_eq!(calls, [("current", Some(8)), ("draft", Some(8)), ("draft", Some(8))]);
    for rule in rules {
        let (p50, max) = (&rule["instructions"]["p50"], &rule["instructions"]["max"]);
        assert!(p50.as_u64().unwrap() > 0 && p50.as_u64() <= max.as_u64(), "{rule:#}");
    }
    assert_eq!(result["slowest"].as_array().unwrap().len(), 20);
    assert_eq!(rows(), before, "a preview leaves nothing behind");
    assert!(!server.home.log().contains("say alpha"));
}

#[tokio::test]
async fn the_chain_is_tried_with_one_installation_changed_or_as_a_whole() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let (plugin, installation, _) = kept(api).await;
    let all = json!({"last": 100});
    let change = json!({"change": {"installation": installation, "config": word("alpha", "redact")}});
    let (_, result) = preview(api, change, all.clone()).await;
    let expected =
        [pair("allow", "allow", 4), pair("allow", "redact", 2), pair("flag", "allow", 1), pair("flag", "redact", 1)];
    assert_eq!(verdicts(&result), expected);
    let off = json!({"change": {"installation": installation, "mode": "disabled"}});
    let (_, result) = preview(api, off, all.clone()).await;
    assert_eq!(verdicts(&result), [pair("allow", "allow", 6), pair("flag", "allow", 2)]);
    let scope = json!({"directions": ["outgoing"]});
    let (_, result) =
        preview(api, json!({"change": {"installation": installation, "scope": scope}}), all.clone()).await;
    assert_eq!(verdicts(&result), [pair("allow", "allow", 6), pair("flag", "allow", 2)]);
    api.filter(json!({"what": ["links"], "action": "block"})).await.is(201);
    let whole = json!({"installations": [
        {"plugin_id": plugin, "config": word("beta", "flag"), "grants": ["log"]},
        {"plugin_id": plugin, "config": word("alpha", "hold"), "grants": ["log"], "mode": "shadow"},
    ]});
    let given = json!({"messages": [{"text": "beta"}, {"text": "see shop.example.com", "direction": "outgoing"}]});
    let (progress, result) = preview(api, whole, given).await;
    assert_eq!(progress, [json!({"done": 0, "total": 2})]);
    assert_eq!(verdicts(&result), [pair("flag", "flag", 1), pair("block", "block", 1)]);
    assert_eq!(result["different"], 0);
}

#[tokio::test]
async fn the_newest_messages_or_those_of_a_time_or_some_that_are_given_are_tried() {
    let server = Server::start().await;
    let (api, other) = (&server.without_plugins.administrator, &server.with_plugins.administrator);
    other.incoming(&other.conversation().await, "alpha of somebody else").await.is(201);
    let (plugin, _, messages) = kept(api).await;
    let conversation = messages[0]["conversation_id"].as_str().unwrap();
    let times: Vec<i64> =
        api.messages(conversation).await.iter().map(|message| message["sent_at"].as_i64().unwrap()).collect();
    let add = json!({"add": {"plugin_id": plugin, "config": word("alpha", "block"), "grants": ["log"]}});
    let tried = async |source: Value| preview(api, add.clone(), source).await.1;

    let result = tried(json!({"last": 2})).await;
    assert_eq!((&result["messages"], &result["earlier"]), (&json!(2), &json!(true)));
    assert_eq!(verdicts(&result), [pair("allow", "allow", 1), pair("allow", "block", 1)]);
    assert_eq!(result["differences"][0]["message_id"], messages[6]["message_id"]);
    // Messages may share a millisecond.
    let (from, to) = (times[2], times[6]);
    let within = times.iter().filter(|time| (from..to).contains(*time)).count();
    let result = tried(json!({"from": from, "to": to})).await;
    assert_eq!((&result["messages"], &result["earlier"]), (&json!(within), &json!(false)));
    assert_eq!(tried(json!({"from": to + 3_600_000})).await["messages"], 0);
    assert_eq!(tried(json!({"last": 100})).await["messages"], 8, "nothing of another account");

    let author = json!({"id": "x", "role": "supervisor", "name": "X"});
    let given: Vec<_> = (0..2_500)
        .map(|number| json!({"text": if number % 100 == 7 { "alpha" } else { "hello" }, "author": author}))
        .collect();
    let (progress, result) = preview(api, add.clone(), json!({"messages": given})).await;
    let done: Vec<_> = progress.iter().map(|progress| progress["done"].as_u64().unwrap()).collect();
    assert_eq!(done, [0, 1_000, 2_000]);
    assert!(progress.iter().all(|progress| progress["total"] == 2_500));
    assert_eq!(verdicts(&result), [pair("allow", "allow", 2_475), pair("allow", "block", 25)]);
    let places: Vec<_> = result["differences"].as_array().unwrap().iter().map(|one| one["index"].clone()).collect();
    assert_eq!(places, (0..25).map(|number| json!(number * 100 + 7)).collect::<Vec<_>>());
}

#[tokio::test]
async fn failures_are_counted_by_kind_and_told_to_nobody_else() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let plugin = api.plugin("hostile-plugins").await;
    let draft = |failure: &str| {
        json!({"installations": [{"plugin_id": plugin, "config": {"behaviour": "trap"}, "grants": ["log"],
            "failure": failure, "scope": {"directions": ["incoming"]}}]})
    };
    let given = json!({"messages": [{"text": "one"}, {"text": "two"}, {"text": "three", "direction": "outgoing"}]});
    for (failure, verdict) in [("closed", "hold"), ("open", "flag")] {
        let (_, result) = preview(api, draft(failure), given.clone()).await;
        assert_eq!(verdicts(&result), [pair("allow", "allow", 1), pair("allow", verdict, 2)]);
        assert_eq!(result["rules"][0]["failures"], json!({"trap": 2}));
        assert_eq!(result["rules"][0]["calls"], 2);
    }
    assert!(!server.home.log().contains("a rule failed"));
}

#[tokio::test]
async fn whoever_hangs_up_ends_the_preview_and_frees_its_place() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let plugin = api.plugin("hostile-plugins").await;
    let draft = |behaviour: &str| json!({"installations": [{"plugin_id": plugin, "config": {"behaviour": behaviour}, "grants": ["log"]}]});
    // Each message takes all of its instructions: this would go on for minutes.
    let given: Vec<_> = (0..10_000).map(|_| json!({"text": "hello"})).collect();
    let mut endless = Events::of(begin(api, draft("loop"), json!({"messages": given})).await);
    assert_eq!(endless.next().await.data, json!({"done": 0, "total": 10_000}));
    let one = json!({"messages": [{"text": "hello"}]});
    let response = begin(api, draft("flag"), one.clone()).await;
    assert_eq!(response.status(), 503);
    assert!(response.text().await.unwrap().contains("busy"));
    // Another account has a place of its own.
    let other = &server.with_plugins.administrator;
    preview(other, json!({"installations": []}), one.clone()).await;
    // Live messages have their turn meanwhile.
    api.incoming(&api.conversation().await, "hello").await.is(201);

    drop(endless);
    until(async || begin(api, draft("flag"), one.clone()).await.status() == 200).await;
}

#[tokio::test]
async fn what_cannot_be_tried_is_refused_as_when_it_is_installed() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let (plugin, installation, _) = kept(api).await;
    let refused = async |draft: Value, source: Value| {
        api.post("/api/v1/policy/preview", json!({"draft": draft, "source": source})).await
    };
    let last = json!({"last": 1});
    let add = |more: Value| {
        let mut draft = json!({"plugin_id": plugin, "grants": ["log"]});
        draft.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"add": draft})
    };
    let problem = refused(add(json!({"config": {"lists": 7}})), last.clone()).await;
    assert_eq!(problem.problem(422, "configuration-refused")["errors"][0]["path"], "/lists");
    let hostile = api.plugin("hostile-plugins").await;
    refused(add(json!({"plugin_id": hostile, "grants": []})), last.clone()).await.problem(422, "grants-missing");
    let trap = json!({"plugin_id": hostile, "config": {"behaviour": "configure-trap"}});
    refused(add(trap), last.clone()).await.problem(422, "configure-failed");
    let nothing = format!("plg_{:032x}", 1);
    refused(add(json!({"plugin_id": nothing})), last.clone()).await.problem(404, "not-found");
    let nothing = format!("ins_{:032x}", 1);
    refused(json!({"change": {"installation": nothing}}), last.clone()).await.problem(404, "not-found");
    let poor = json!({"change": {"installation": installation, "budget": {"instructions": 1, "memory": 1}}});
    assert_eq!(refused(poor, last.clone()).await.problem(422, "invalid")["field"], "budget");
    refused(add(json!({"mode": "shadow"})), last.clone()).await.problem(422, "invalid");
    let many: Vec<_> = (0..65).map(|_| json!({"plugin_id": plugin})).collect();
    refused(json!({"installations": many}), last).await.problem(409, "quota-exceeded");

    let none = json!({"installations": []});
    for source in [
        json!({}),
        json!({"last": 0}),
        json!({"last": 100_001}),
        json!({"from": 2, "to": 2}),
        json!({"messages": []}),
        json!({"messages": [{"text": ""}]}),
        json!({"messages": [{"text": "x"}], "last": 1}),
        json!({"messages": vec![json!({"text": "x"}); 10_001]}),
    ] {
        assert_eq!(refused(none.clone(), source).await.problem(422, "invalid")["field"], "source");
    }
    refused(json!({"everything": []}), json!({"last": 1})).await.problem(422, "invalid");
    // None of these has kept its place.
    preview(api, none, json!({"last": 1})).await;
}

#[tokio::test]
async fn shadow_verdicts_are_counted_beside_what_was_enforced() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let plugin = api.plugin("blocked-words").await;
    let config = |text: &str, action: &str, mode: &str| json!({"config": word(text, action), "mode": mode});
    api.install(&plugin, config("beta", "flag", "enforce")).await.is(201);
    let shadow = api.install(&plugin, config("alpha", "block", "shadow")).await.is(201);
    let path = format!("/api/v1/installations/{}", shadow["id"].as_str().unwrap());
    let conversation = api.conversation().await;
    let mut posted = Vec::new();
    for text in ["alpha", "beta", "alpha beta", "one", "alpha"] {
        posted.push(api.incoming(&conversation, text).await.is(201)["id"].clone());
    }
    let comparison = async |query: &str| api.get(&format!("{path}/comparison{query}")).await.is(200);
    let total = |comparison: &Value| pairs(&comparison["total"], "enforced", "shadow");
    let sum = |comparison: &Value| total(comparison).iter().map(|(_, _, messages)| messages).sum::<u64>();
    until(async || sum(&comparison("").await) == 5).await;

    let said = comparison("").await;
    let expected =
        [pair("allow", "allow", 1), pair("allow", "block", 2), pair("flag", "allow", 1), pair("flag", "block", 1)];
    assert_eq!(total(&said), expected);
    // Midnight may have passed.
    let of_days: u64 = said["days"].as_array().unwrap().iter().map(|day| sum(&json!({"total": day["counts"]}))).sum();
    assert_eq!(of_days, 5);
    let differences = said["differences"].as_array().unwrap();
    let mut different: Vec<_> = differences.iter().map(|one| one["message_id"].clone()).collect();
    different.sort_by_key(Value::to_string);
    let mut expected: Vec<_> = [0, 1, 2, 4].map(|at: usize| posted[at].clone()).into();
    expected.sort_by_key(Value::to_string);
    assert_eq!(different, expected);
    let decision = differences[0]["decision_id"].as_str().unwrap();
    assert_eq!(api.get(&format!("/api/v1/decisions/{decision}")).await.is(200)["shadow"], true);
    assert_eq!(total(&comparison("?from=0&to=86400000").await), []);
    api.get(&format!("{path}/comparison?from=2&to=1")).await.problem(422, "invalid");

    // Another configuration begins anew; the one before goes on where it was.
    api.patch(&path, json!({"config": word("gamma", "block")})).await.is(200);
    assert_eq!(total(&comparison("").await), []);
    api.incoming(&conversation, "gamma").await.is(201);
    until(async || sum(&comparison("").await) == 1).await;
    assert_eq!(total(&comparison("").await), [pair("allow", "block", 1)]);
    api.patch(&path, json!({"config": word("alpha", "block")})).await.is(200);
    assert_eq!(sum(&comparison("").await), 5);
}
