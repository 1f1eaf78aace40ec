//! Access rules about what goes on after a log-in: sessions that come from a new address, and the use of tokens.

use serde_json::{Value, json};
use sluice_tests::{Api, Server};

/// The plugin that obeys the `User-Agent`, as a rule about some roles; the tests' own client sends none.
fn obedient(roles: Value) -> (Value, Value) {
    (json!({"obey": true}), json!({"scope": {"roles": roles}}))
}

#[tokio::test]
async fn a_session_from_a_new_address_is_asked_about() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let [_, supervisor, operator] = &account.members;
    let (config, scope) = obedient(json!(["operator"]));
    account.administrator.install_hostile(config, scope).await;
    let there = server.nobody.session_of(operator).await;
    let deny = |api: &Api| api.saying("hostile: block");
    deny(&there).get("/api/v1/me").await.is(200);

    // The same network, so the session itself is good.
    let moved = deny(&there.from([127, 0, 0, 7]));
    let refused = moved.get("/api/v1/me").await.problem(403, "access-denied");
    assert_eq!(refused["reason"]["code"], "hostile");
    // The answer is remembered for that address, whatever the next request says of itself.
    there.from([127, 0, 0, 7]).get("/api/v1/me").await.problem(403, "access-denied");
    there.from([127, 0, 0, 8]).get("/api/v1/me").await.is(200);
    there.from([127, 0, 0, 9]).saying("hostile: hold").get("/api/v1/me").await.problem(403, "second-factor-required");
    let entries = account.administrator.list("/api/v1/audit?action=session.refused").await;
    let seen: Vec<_> = entries.iter().map(|entry| (&entry["address"], &entry["details"]["code"])).collect();
    assert_eq!(seen, [(&json!("127.0.0.9"), &json!("hostile")), (&json!("127.0.0.7"), &json!("hostile"))]);

    // A rule about operators is none about others.
    let other = server.nobody.session_of(supervisor).await;
    deny(&other.from([127, 0, 0, 7])).get("/api/v1/me").await.is(200);
}

#[tokio::test]
async fn the_use_of_a_token_is_asked_about_and_the_platform_can_end_a_rule_that_keeps_everybody_out() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let [administrator, ..] = &account.members;
    let session = server.nobody.session_of(administrator).await;
    let id = session.get("/api/v1/me").await.is(200)["account_id"].as_str().unwrap().to_owned();
    account.operator.get("/api/v1/me").await.is(200);
    let installation = session.install_hostile(json!({"behaviour": "block"}), json!({})).await;
    let refused = account.operator.get("/api/v1/me").await.problem(403, "access-denied");
    assert_eq!(refused["reason"]["code"], "hostile");
    let entries = session.list("/api/v1/audit?action=token.refused").await;
    assert_eq!((entries.len(), &entries[0]["details"]["code"]), (1, &json!("hostile")));
    let decisions = session.list("/api/v1/decisions").await;
    assert_eq!((&decisions[0]["subject"], &decisions[0]["decision"]["verdict"]), (&json!("access"), &json!("deny")));
    server.nobody.log_in(&administrator.email, &administrator.password).await.problem(403, "access-denied");

    let nameless = ["account", "disable-access-rules", "--account", &id, "--reason", " "];
    assert!(!server.command(&nameless).status.success());
    let command = ["account", "disable-access-rules", "--account", &id, "--reason", "nobody got in"];
    assert_eq!(String::from_utf8(server.command(&command).stdout).unwrap(), "1 access rules were disabled\n");
    account.operator.get("/api/v1/me").await.is(200);
    server.nobody.log_in(&administrator.email, &administrator.password).await.is(201);
    assert_eq!(session.get(&format!("/api/v1/installations/{installation}")).await.is(200)["mode"], "disabled");
    let entry = &session.list("/api/v1/audit?action=access-rules.disabled").await[0];
    assert_eq!(entry["details"], json!({"reason": "nobody got in", "installations": [installation]}));
}
