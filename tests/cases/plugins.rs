//! A plugin's way into an account.

use serde_json::json;
use sluice_tests::{Server, component};

#[tokio::test]
async fn an_upload_says_what_the_plugin_is() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let bytes = component("office-hours");
    let size = bytes.len();
    let plugin = api.upload(bytes.clone()).await.is(201);
    assert_eq!(
        (&plugin["name"], &plugin["version"], &plugin["size"]),
        (&"office-hours".into(), &env!("CARGO_PKG_VERSION").into(), &size.into())
    );
    assert_eq!((&plugin["hooks"], &plugin["imports"]), (&json!(["access-rule"]), &json!([])));
    assert!(!plugin["summary"].as_str().unwrap().is_empty());
    assert_eq!(plugin["config_schema"]["type"], "object");
    assert_eq!(plugin["sha256"].as_str().unwrap().len(), 64);

    // The same component again is the same plugin, and no second one.
    assert_eq!(api.upload(bytes).await.is(201), plugin);
    assert_eq!(api.list("/api/v1/plugins").await, std::slice::from_ref(&plugin));
    // Uploaded is not installed.
    assert_eq!(api.list("/api/v1/installations").await.len(), 0);
    assert_eq!(api.list("/api/v1/audit").await[0]["action"], "plugin.uploaded");
    let path = format!("/api/v1/plugins/{}", plugin["id"].as_str().unwrap());
    assert_eq!(api.get(&path).await.is(200), plugin);
}

#[tokio::test]
async fn a_configuration_is_checked_by_its_schema_and_by_the_plugin() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let plugin = api.plugin("office-hours").await;
    for (config, path) in [
        (json!({"hours": 9}), "/hours"),
        (json!({"hours": [{"days": ["monday"], "from": "9", "to": "18:00"}]}), "/hours/0/from"),
        (json!({"hours": [{"days": ["noday"], "from": "09:00", "to": "18:00"}]}), "/hours/0/days/0"),
        (json!({"opening": []}), ""),
        // The schema cannot know the names of time zones; the plugin does.
        (json!({"time_zone": "Europe/Atlantis"}), "/time_zone"),
    ] {
        let refused = api.install(&plugin, json!({"config": config, "grants": []})).await;
        let refused = refused.problem(422, "configuration-refused");
        assert_eq!(refused["errors"][0]["path"], path, "{refused:#}");
        assert!(refused["errors"][0]["message"].as_str().unwrap().len() > 5, "{refused:#}");
    }
    let large = json!({"config": {"notice": "x".repeat(1_050_000)}, "grants": []});
    api.install(&plugin, large).await.problem(422, "configuration-refused");
    assert_eq!(api.list("/api/v1/installations").await.len(), 0);
}

#[tokio::test]
async fn a_chain_has_a_bound() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let plugin = api.plugin("hostile-plugins").await;
    for _ in 0..64 {
        api.install(&plugin, json!({"mode": "disabled"})).await.is(201);
    }
    api.install(&plugin, json!({"mode": "disabled"})).await.problem(409, "quota-exceeded");
    let positions: Vec<_> =
        api.list("/api/v1/installations").await.iter().map(|row| row["position"].as_i64().unwrap()).collect();
    assert_eq!(positions, (1..=64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_rule_of_the_longest_text_and_many_rules_still_decide() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let plugin = api.plugin("blocked-words").await;
    let config = json!({"lists": [{"name": "words", "words": ["alpha"], "action": "redact"}]});
    for _ in 0..8 {
        api.install(&plugin, json!({"config": config})).await.is(201);
    }
    let conversation = api.conversation().await;
    let text = format!("{} alpha", "lorem ipsum ".repeat(5_460));
    let posted = api.incoming(&conversation, &text).await.is(201);
    assert_eq!(posted["decision"]["verdict"], "redact", "{}", posted["decision"]);
    assert!(!posted["text"].as_str().unwrap().contains("alpha"));
}
