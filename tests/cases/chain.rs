//! An account's chain: order, scope, modes, and how changes come into force.

use serde_json::{Value, json};
use sluice_tests::{Api, Server};

/// A configuration of blocked-words with one list of one word.
pub(crate) fn word(word: &str, action: &str) -> Value {
    json!({"lists": [{"name": "words", "words": [word], "action": action}]})
}

pub(crate) async fn install_words(api: &Api, plugin: &str, config: Value, more: Value) -> String {
    let mut body = more;
    body["config"] = config;
    api.install(plugin, body).await.is(201)["id"].as_str().unwrap().to_owned()
}

async fn verdict_and_text(api: &Api, conversation: &str, text: &str) -> (String, String) {
    let posted = api.incoming(conversation, text).await.is(201);
    (posted["decision"]["verdict"].as_str().unwrap().to_owned(), posted["text"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn each_rule_sees_the_text_as_the_ones_before_left_it() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let plugin = api.plugin("blocked-words").await;
    let conversation = api.conversation().await;
    install_words(api, &plugin, word("alpha", "redact"), json!({})).await;
    install_words(api, &plugin, word("alpha", "block"), json!({})).await;
    install_words(api, &plugin, word("beta", "block"), json!({})).await;
    install_words(api, &plugin, word("gamma", "flag"), json!({})).await;

    let (verdict, text) = verdict_and_text(api, &conversation, "say alpha").await;
    assert_eq!(verdict, "redact");
    assert!(text.starts_with("say ") && !text.contains("alpha"), "{text}");
    // The chain stops at the first block.
    let refused = api.incoming(&conversation, "alpha beta gamma").await.problem(422, "message-blocked");
    assert_eq!(refused["decision"]["rules"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_rule_is_asked_only_about_what_its_scope_covers() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let api = &account.administrator;
    let plugin = api.plugin("blocked-words").await;
    let conversation = api.conversation().await;
    install_words(api, &plugin, word("alpha", "flag"), json!({"scope": {"directions": ["outgoing"]}})).await;
    install_words(api, &plugin, word("beta", "flag"), json!({"scope": {"roles": ["client"]}})).await;
    install_words(api, &plugin, word("gamma", "flag"), json!({"scope": {"channels": ["elsewhere"]}})).await;

    let rules = |posted: Value| posted["decision"]["rules"].as_array().unwrap().len();
    assert_eq!(rules(account.operator.outgoing(&conversation, "alpha beta gamma").await.is(201)), 1);
    assert_eq!(rules(api.incoming(&conversation, "alpha beta gamma").await.is(201)), 1);
    assert_eq!(verdict_and_text(api, &conversation, "alpha").await.0, "allow");
    assert_eq!(verdict_and_text(api, &conversation, "beta").await.0, "flag");
    assert_eq!(verdict_and_text(api, &conversation, "gamma").await.0, "allow");
}

#[tokio::test]
async fn a_shadow_rule_leaves_a_trail_and_nothing_else() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let plugin = api.plugin("blocked-words").await;
    let conversation = api.conversation().await;
    install_words(api, &plugin, word("alpha", "block"), json!({"mode": "shadow"})).await;
    assert_eq!(verdict_and_text(api, &conversation, "alpha").await, ("allow".to_owned(), "alpha".to_owned()));

    // The trail comes after the answer; a server that ends finishes it.
    let server = Server::start_in(server.stop().await).await;
    let api = &server.without_plugins.administrator;
    let trail = api.list("/api/v1/decisions?verdict=block").await;
    assert_eq!(trail.len(), 1);
    assert_eq!((&trail[0]["shadow"], &trail[0]["conversation_id"]), (&true.into(), &conversation.into()));
}

#[tokio::test]
async fn a_change_is_in_force_from_the_next_message_on() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let plugin = api.plugin("blocked-words").await;
    let conversation = api.conversation().await;
    let mut events = api.events(None).await;
    let installed = install_words(api, &plugin, word("alpha", "flag"), json!({})).await;
    let path = format!("/api/v1/installations/{installed}");
    let verdict = async || verdict_and_text(api, &conversation, "alpha").await.0;

    assert_eq!(verdict().await, "flag");
    let changed = api.patch(&path, json!({"config": word("alpha", "hold")})).await.is(200);
    assert_eq!(changed["config"]["lists"][0]["action"], "hold");
    assert_eq!(verdict().await, "hold");
    api.patch(&path, json!({"mode": "disabled"})).await.is(200);
    assert_eq!(verdict().await, "allow");
    api.patch(&path, json!({"mode": "enforce"})).await.is(200);
    assert_eq!(verdict().await, "hold");
    // With a configuration that the plugin does not take, everything stays as it was.
    let refused = api.patch(&path, json!({"mode": "disabled", "config": {"lists": 7}})).await;
    assert_eq!(refused.problem(422, "configuration-refused")["errors"][0]["path"], "/lists");
    assert_eq!(verdict().await, "hold");
    api.delete(&path).await.is(204);
    assert_eq!(verdict().await, "allow");
    api.get(&path).await.problem(404, "not-found");

    let mut versions = Vec::new();
    while versions.len() < 5 {
        let event = events.next().await;
        if event.kind == "chain" {
            versions.push(event.data["body"]["version"].as_i64().unwrap());
        }
    }
    assert!(versions.is_sorted_by(|a, b| a + 1 == *b), "{versions:?}");
    let actions: Vec<_> = api.list("/api/v1/audit").await.iter().take(5).map(|entry| entry["action"].clone()).collect();
    assert_eq!(
        actions,
        [
            "installation.removed",
            "installation.changed",
            "installation.changed",
            "installation.changed",
            "installation.created"
        ]
    );
}

#[tokio::test]
async fn messages_in_flight_finish_on_one_chain_while_it_changes() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let plugin = api.plugin("blocked-words").await;
    let conversation = api.conversation().await;
    let first = install_words(api, &plugin, word("alpha", "flag"), json!({})).await;
    let senders: Vec<_> = (0..8)
        .map(|_| {
            let (api, conversation) = (api.clone(), conversation.clone());
            tokio::spawn(async move {
                let mut verdicts = Vec::new();
                for _ in 0..40 {
                    verdicts.push(verdict_and_text(&api, &conversation, "alpha").await.0);
                }
                verdicts
            })
        })
        .collect();
    for action in ["hold", "flag", "hold", "flag", "hold"] {
        let path = format!("/api/v1/installations/{first}");
        api.patch(&path, json!({"config": word("alpha", action)})).await.is(200);
    }
    for sender in senders {
        let verdicts = sender.await.unwrap();
        assert!(verdicts.iter().all(|verdict| verdict == "flag" || verdict == "hold"), "{verdicts:?}");
    }
    assert_eq!(verdict_and_text(api, &conversation, "alpha").await.0, "hold");
}
