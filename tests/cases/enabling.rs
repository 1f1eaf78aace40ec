//! What administrators do with the chain: order, budgets, a share of conversations, the way back, switches, and what happens when a plugin
//! fails again and again.

use serde_json::{Value, json};
use sluice_tests::{Api, Server, until};

use crate::{
    chain::{install_words, word},
    support::platform,
};

const CHAIN: &str = "/api/v1/chain";

async fn verdict(api: &Api, conversation: &str, text: &str) -> String {
    api.incoming(conversation, text).await.is(201)["decision"]["verdict"].as_str().unwrap().to_owned()
}

async fn version(api: &Api) -> i64 {
    api.get(CHAIN).await.is(200)["version"].as_i64().unwrap()
}

#[tokio::test]
async fn installations_are_asked_in_the_order_that_the_administrator_gives() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let plugin = api.plugin("blocked-words").await;
    let conversation = api.conversation().await;
    let first = install_words(api, &plugin, word("alpha", "flag"), json!({})).await;
    let second = install_words(api, &plugin, word("beta", "flag"), json!({})).await;
    let asked = async || {
        let posted = api.incoming(&conversation, "alpha beta").await.is(201);
        let rules = posted["decision"]["rules"].as_array().unwrap().clone();
        rules.into_iter().map(|rule| rule["installation"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(asked().await, [first.clone(), second.clone()]);
    let order = format!("{CHAIN}/order");
    let ordered = api.put(&order, json!({"installations": [second, first]})).await.is(200);
    assert_eq!(ordered["items"][0]["id"], second.as_str());
    assert_eq!(asked().await, [second.clone(), first.clone()]);
    for bad in [json!([]), json!([first]), json!([first, first]), json!([first, second, first])] {
        api.put(&order, json!({"installations": bad})).await.problem(422, "invalid");
    }
    assert_eq!(asked().await, [second, first]);
}

#[tokio::test]
async fn a_call_has_the_budget_of_its_installation_and_never_more_than_the_servers() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let budget = json!({"instructions": 200_000, "memory": 4 << 20});
    let id = api.install_hostile(json!({"obey": true}), json!({"budget": budget})).await;
    let conversation = api.conversation().await;
    let posted = api.incoming(&conversation, "hostile: loop").await.is(201);
    let rule = &posted["decision"]["rules"][0];
    assert_eq!(rule["failure"], "out-of-fuel");
    assert!(rule["fuel"].as_u64().unwrap() <= 200_000, "{rule}");
    let path = format!("/api/v1/installations/{id}");
    for bad in [json!({"instructions": 10_000_001, "memory": 4 << 20}), json!({"instructions": 1, "memory": 4 << 20})] {
        let refused = api.patch(&path, json!({"budget": bad})).await.problem(422, "invalid");
        assert_eq!(refused["field"], "budget");
    }
    assert_eq!(api.get(&path).await.is(200)["budget"], budget);
}

#[tokio::test]
async fn a_share_of_conversations_is_the_same_every_time_and_grows() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let plugin = api.plugin("blocked-words").await;
    let mut body = json!({"percent": 50});
    body["config"] = word("alpha", "flag");
    let id = api.install(&plugin, body).await.is(201)["id"].as_str().unwrap().to_owned();
    let mut conversations = Vec::new();
    for _ in 0..32 {
        conversations.push(api.conversation().await);
    }
    let flagged = async || {
        let mut among = Vec::new();
        for conversation in &conversations {
            among.push(verdict(api, conversation, "alpha").await == "flag");
        }
        among
    };
    let half = flagged().await;
    assert!(half.contains(&true) && half.contains(&false), "{half:?}");
    assert_eq!(flagged().await, half);
    let path = format!("/api/v1/installations/{id}");
    api.patch(&path, json!({"percent": 75})).await.is(200);
    let more = flagged().await;
    assert!(half.iter().zip(&more).all(|(before, after)| !before || *after), "{half:?} {more:?}");
    for bad in [0, 101, 300] {
        api.patch(&path, json!({"percent": bad})).await.problem(422, "invalid");
    }
    api.patch(&path, json!({"percent": 100})).await.is(200);
    assert!(flagged().await.iter().all(|flagged| *flagged));
}

#[tokio::test]
async fn one_call_goes_back_to_any_earlier_chain_and_another_one_back_from_there() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let plugin = api.plugin("blocked-words").await;
    let conversation = api.conversation().await;
    let empty = version(api).await;
    let alpha = install_words(api, &plugin, word("alpha", "flag"), json!({})).await;
    let beta = install_words(api, &plugin, word("beta", "flag"), json!({})).await;
    api.put(&format!("{CHAIN}/order"), json!({"installations": [beta, alpha]})).await.is(200);
    let good = version(api).await;
    let before = api.list("/api/v1/installations").await;

    api.patch(&format!("/api/v1/installations/{alpha}"), json!({"config": word("alpha", "hold")})).await.is(200);
    api.delete(&format!("/api/v1/installations/{beta}")).await.is(204);
    api.filter(json!({"what": ["links"], "action": "hold"})).await.is(201);
    let bad = version(api).await;
    assert_eq!(verdict(api, &conversation, "alpha").await, "hold");
    assert_eq!(verdict(api, &conversation, "https://example.com").await, "hold");

    let rollback = format!("{CHAIN}/rollback");
    let back = api.post(&rollback, json!({"version": good})).await.is(200);
    assert_eq!(back["version"].as_i64(), Some(bad + 1));
    let same =
        |rows: Vec<Value>| rows.into_iter().map(|row| [row["id"].clone(), row["config"].clone()]).collect::<Vec<_>>();
    assert_eq!(same(api.list("/api/v1/installations").await), same(before));
    assert_eq!(verdict(api, &conversation, "alpha").await, "flag");
    assert_eq!(verdict(api, &conversation, "beta").await, "flag");
    assert_eq!(verdict(api, &conversation, "https://example.com").await, "allow");

    api.post(&rollback, json!({"version": bad})).await.is(200);
    assert_eq!(verdict(api, &conversation, "alpha").await, "hold");
    assert_eq!(verdict(api, &conversation, "https://example.com").await, "hold");
    api.post(&rollback, json!({"version": empty})).await.is(200);
    assert_eq!(api.list("/api/v1/installations").await.len(), 0);
    api.post(&rollback, json!({"version": -1})).await.problem(404, "not-found");

    let versions = api.list(&format!("{CHAIN}/versions")).await;
    let numbers: Vec<_> = versions.iter().map(|one| one["version"].as_i64().unwrap()).collect();
    assert!(numbers.is_sorted_by(|a, b| a > b), "{numbers:?}");
    assert_eq!(numbers.last(), Some(&empty));
    let entry = &api.list("/api/v1/audit").await[0];
    assert_eq!((&entry["action"], &entry["id"]), (&"chain.rolled-back".into(), &versions[0]["audit_id"]));
    let kept = api.get(&format!("{CHAIN}/versions/{good}")).await.is(200);
    assert_eq!(kept["state"]["installations"][0]["id"], beta.as_str());
}

#[tokio::test]
async fn one_switch_turns_all_plugins_of_an_account_off() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let plugin = api.plugin("blocked-words").await;
    let conversation = api.conversation().await;
    install_words(api, &plugin, word("alpha", "hold"), json!({})).await;
    api.filter(json!({"what": ["links"], "action": "hold"})).await.is(201);
    let switch = format!("{CHAIN}/plugins");
    assert_eq!(api.put(&switch, json!({"on": false})).await.is(200)["plugins_on"], false);
    assert_eq!(verdict(api, &conversation, "alpha").await, "allow");
    assert_eq!(verdict(api, &conversation, "https://example.com").await, "hold", "the content filter stays");
    assert_eq!(server.with_plugins.administrator.get(CHAIN).await.is(200)["plugins_on"], true);
    assert_eq!(api.put(&switch, json!({"on": true})).await.is(200)["plugins_on"], true);
    assert_eq!(verdict(api, &conversation, "alpha").await, "hold");
}

#[tokio::test]
async fn the_platform_switches_a_plugin_off_for_every_account() {
    let server = Server::start().await;
    let root = platform(&server).await;
    let api = &server.without_plugins.administrator;
    let plugin = api.plugin("blocked-words").await;
    let conversation = api.conversation().await;
    let id = install_words(api, &plugin, word("alpha", "hold"), json!({})).await;
    let sha256 = api.get(&format!("/api/v1/plugins/{plugin}")).await.is(200)["sha256"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/platform/switched-off/{sha256}");
    api.put(&path, json!({"reason": "no"})).await.problem(403, "forbidden");
    root.put(&path, json!({"reason": "it keeps what it reads"})).await.is(204);
    assert_eq!(verdict(api, &conversation, "alpha").await, "allow");
    let installed = api.get(&format!("/api/v1/installations/{id}")).await.is(200);
    assert_eq!(installed["switched_off"], "it keeps what it reads");
    for account in [api, &server.with_plugins.administrator] {
        let entry = &account.list("/api/v1/audit?action=plugin.switched-off").await[0];
        assert_eq!(entry["details"]["reason"], "it keeps what it reads");
    }
    assert_eq!(root.list("/api/v1/platform/switched-off").await.len(), 1);
    root.delete(&path).await.is(204);
    root.delete(&path).await.problem(404, "not-found");
    assert_eq!(verdict(api, &conversation, "alpha").await, "hold");
}

#[tokio::test]
async fn a_plugin_that_begins_to_fail_is_suspended_reported_and_rolled_back_and_no_message_is_lost() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let api = &account.administrator;
    let id = api.install_hostile(json!({"behaviour": "flag"}), json!({"scope": {"roles": ["client"]}})).await;
    let conversation = api.conversation().await;
    assert_eq!(verdict(api, &conversation, "before").await, "flag");
    let good = version(api).await;
    let mut events = api.events(None).await;
    let path = format!("/api/v1/installations/{id}");
    api.patch(&path, json!({"config": {"behaviour": "trap"}})).await.is(200);

    let mut failures = Vec::new();
    for number in 0..10 {
        let posted = api.incoming(&conversation, &format!("during {number}")).await.is(201);
        assert_eq!(posted["state"], "held");
        failures.push(posted["decision"]["rules"][0]["failure"].as_str().unwrap().to_owned());
    }
    assert!(failures.iter().all(|failure| failure == "trap"), "{failures:?}");
    let told = events.next_of("installation").await;
    assert_eq!(
        (&told.data["body"]["installation"], &told.data["body"]["suspension"]["failure"]),
        (&id.as_str().into(), &"trap".into())
    );
    let suspended = api.get(&path).await.is(200)["suspension"].clone();
    assert_eq!(suspended["times"], 1);
    let posted = api.incoming(&conversation, "not asked").await.is(201);
    let rule = &posted["decision"]["rules"][0];
    assert_eq!((&posted["state"], &rule["failure"], &rule["fuel"]), (&"held".into(), &"suspended".into(), &0.into()));
    assert_eq!(api.list("/api/v1/audit?action=installation.suspended").await.len(), 1);

    // It is suspended at a server that starts now, too.
    let server = Server::start_in(server.stop().await).await;
    let account = &server.without_plugins;
    let api = &account.administrator;
    let posted = api.incoming(&conversation, "still not asked").await.is(201);
    assert_eq!(posted["decision"]["rules"][0]["failure"], "suspended");

    api.post(&format!("{CHAIN}/rollback"), json!({"version": good})).await.is(200);
    assert_eq!(verdict(api, &conversation, "after").await, "flag");
    assert!(api.get(&path).await.is(200)["suspension"].is_null());
    let waiting = api.list("/api/v1/reviews").await;
    assert_eq!(waiting.len(), 12);
    let ids: Vec<_> = waiting.iter().map(|message| message["id"].clone()).collect();
    api.post("/api/v1/reviews", json!({"messages": ids, "verdict": "approve"})).await.is(200);
    let texts: Vec<_> = api.messages(&conversation).await.iter().map(|message| message["text"].clone()).collect();
    let during = (0..10).map(|number| format!("during {number}"));
    let all = ["before".to_owned()].into_iter().chain(during);
    let all = all.chain(["not asked", "still not asked", "after"].map(str::to_owned));
    assert_eq!(texts, all.map(Value::from).collect::<Vec<_>>());
    until(async || account.administrator.list("/api/v1/reviews").await.is_empty()).await;
}
