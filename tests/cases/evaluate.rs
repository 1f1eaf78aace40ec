//! Trying rules out, with nothing stored.

use serde_json::{Value, json};
use sluice_tests::Server;

#[tokio::test]
async fn a_trial_says_what_would_happen_and_stores_nothing() {
    let server = Server::start().await;
    let account = &server.with_plugins;
    let decisions = async || account.administrator.list("/api/v1/decisions").await.len();
    let before = decisions().await;

    let text = "see https://shop.example.co.uk/x about acme";
    let trial = json!({"message": {"text": text, "direction": "incoming"}});
    let said = account.administrator.post("/api/v1/policy/evaluate", trial).await.is(200);
    assert_eq!((&said["state"], &said["decision"]["verdict"]), (&"delivered".into(), &"redact".into()));
    assert!(!said["text"].as_str().unwrap().contains("acme"), "{said:#}");
    // The message as the rules saw it, links included.
    assert_eq!(said["message"]["text"], text);
    assert_eq!(said["message"]["links"][0]["registrable_domain"], "example.co.uk");

    let trial = json!({"message": {"text": "you idiot", "direction": "outgoing"}});
    let said = account.administrator.post("/api/v1/policy/evaluate", trial).await.is(200);
    assert_eq!(said["state"], "blocked");
    assert_eq!(decisions().await, before);
}

#[tokio::test]
async fn drafts_are_tried_in_place_of_the_chain() {
    let server = Server::start().await;
    let api = &server.with_plugins.administrator;
    let installed = api.list("/api/v1/installations").await;
    let plugin = &installed[0]["plugin_id"];
    let evaluate = async |drafts: Value| {
        let trial = json!({"message": {"text": "idiot and alpha"}, "draft_installations": drafts});
        api.post("/api/v1/policy/evaluate", trial).await
    };
    let draft = |config: Value| json!([{"plugin_id": plugin, "config": config}]);
    let alpha = json!({"lists": [{"name": "words", "words": ["alpha"], "action": "hold"}]});

    assert_eq!(evaluate(draft(alpha.clone())).await.is(200)["decision"]["verdict"], "hold");
    assert_eq!(evaluate(json!([])).await.is(200)["decision"]["verdict"], "allow");
    let shadow = json!([{"plugin_id": plugin, "config": alpha, "mode": "shadow"}]);
    assert_eq!(evaluate(shadow).await.is(200)["decision"]["verdict"], "allow");

    let refused = evaluate(draft(json!({"lists": [{"name": "Bad Name", "words": ["?"]}]}))).await;
    let errors = refused.problem(422, "configuration-refused");
    assert!(errors["errors"][0]["path"].as_str().unwrap().starts_with("/lists/0/"), "{errors:#}");
    let nothing = format!("plg_{:032x}", 1);
    evaluate(json!([{"plugin_id": nothing}])).await.problem(404, "not-found");
    // The chain itself is as it was.
    assert_eq!(api.list("/api/v1/installations").await, installed);
}

#[tokio::test]
async fn a_plugin_gets_no_import_that_was_not_granted() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let plugin = api.plugin("hostile-plugins").await;
    assert_eq!(api.get(&format!("/api/v1/plugins/{plugin}")).await.is(200)["imports"], json!(["log"]));
    let refused = api.install(&plugin, json!({"grants": []})).await.problem(422, "grants-missing");
    assert!(refused["detail"].as_str().unwrap().contains("log"), "{refused:#}");
    assert_eq!(refused["field"], "grants");
    let draft = json!({"message": {"text": "x"}, "draft_installations": [{"plugin_id": plugin}]});
    api.post("/api/v1/policy/evaluate", draft).await.problem(422, "grants-missing");
}
