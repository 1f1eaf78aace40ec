//! From which addresses people and programs may come in.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use sluice_tests::{Api, Server};

const ADDRESSES: &str = "/api/v1/security/addresses";

fn allow(net: &str) -> Value {
    json!({"net": net, "action": "allow"})
}

async fn replace(api: &Api, rules: Value) {
    api.put(ADDRESSES, json!({"rules": rules})).await.is(200);
}

#[tokio::test]
async fn only_allowed_addresses_log_in_use_sessions_and_use_tokens() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let api = &account.administrator;
    api.put("/api/v1/security", json!({"session": {"roaming": "anywhere"}})).await.is(200);
    let member = server.invited(api, "ben", "operator", json!(["conversations-own"])).await;
    let session = server.nobody.session_of(&member).await;
    replace(api, json!([allow("127.0.0.0/30")])).await;

    let away = [127, 0, 0, 9];
    session.get("/api/v1/me").await.is(200);
    session.from(away).get("/api/v1/me").await.problem(403, "address-refused");
    session.from(away).get("/api/v1/me").await.problem(403, "address-refused");
    api.from(away).get("/api/v1/me").await.problem(403, "address-refused");
    let log_in = async |from: [u8; 4], password: &str| server.nobody.from(from).log_in(&member.email, password).await;
    log_in([127, 0, 0, 2], &member.password).await.is(201);
    log_in(away, &member.password).await.problem(403, "address-refused");
    // Who does not know the password learns nothing of the rules.
    log_in(away, "wrong").await.problem(401, "wrong-credentials");

    let entries = api.list("/api/v1/audit?limit=200").await;
    let of = |action: &str| {
        let refused = entries.iter().filter(|entry| entry["details"]["code"] == "address-refused");
        refused.filter(|entry| entry["action"] == action && entry["address"] == "127.0.0.9").count()
    };
    assert_eq!([of("login.refused"), of("session.refused"), of("token.refused")], [1, 1, 1], "{entries:#?}");
    // A mapped network is one of IPv4.
    replace(api, json!([allow("::ffff:127.0.0.0/104")])).await;
    session.from(away).get("/api/v1/me").await.is(200);
}

#[tokio::test]
async fn a_rule_is_about_the_roles_and_the_doors_that_it_names() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let api = &account.administrator;
    let deny = |doors: Value| json!({"net": "127.0.0.1", "action": "deny", "roles": ["operator"], "doors": doors});
    replace(api, json!([deny(json!([]))])).await;
    account.operator.get("/api/v1/me").await.problem(403, "address-refused");
    account.supervisor.get("/api/v1/me").await.is(200);
    replace(api, json!([deny(json!(["log-in"]))])).await;
    account.operator.get("/api/v1/me").await.is(200);
    let [_, _, operator] = &account.members;
    server.nobody.log_in(&operator.email, &operator.password).await.problem(403, "address-refused");

    let mut expired = deny(json!([]));
    expired["expires_at"] = json!(1);
    replace(api, json!([expired])).await;
    server.nobody.log_in(&operator.email, &operator.password).await.is(201);
}

#[tokio::test]
async fn a_rule_expires_while_the_server_runs() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let soon = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(4);
    let soon = u64::try_from(soon.as_millis()).unwrap();
    let rule = json!({"net": "127.0.0.1", "action": "deny", "roles": ["operator"], "expires_at": soon});
    replace(&account.administrator, json!([rule])).await;
    account.operator.get("/api/v1/me").await.problem(403, "address-refused");
    let patience = Instant::now() + Duration::from_secs(30);
    while account.operator.get("/api/v1/me").await.status != 200 {
        assert!(Instant::now() < patience, "the rule has expired");
    }
}

#[tokio::test]
async fn rules_that_keep_their_author_out_are_asked_about_first() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let [administrator, ..] = &server.without_plugins.members;
    let session = server.nobody.session_of(administrator).await;
    let id = api.get("/api/v1/me").await.is(200)["account_id"].as_str().unwrap().to_owned();
    let no_log_in = json!({"net": "127.0.0.0/8", "action": "deny", "doors": ["log-in"]});
    for rule in [allow("192.0.2.0/24"), no_log_in] {
        session.put(ADDRESSES, json!({"rules": [rule]})).await.problem(409, "would-lock-you-out");
        session.post(ADDRESSES, json!({"rule": rule})).await.problem(409, "would-lock-you-out");
    }
    assert_eq!(session.list(ADDRESSES).await.len(), 0, "nothing was changed");
    session.put(ADDRESSES, json!({"rules": [allow("192.0.2.0/24")], "confirm": true})).await.is(200);
    session.get("/api/v1/me").await.problem(403, "address-refused");
    api.get("/api/v1/me").await.problem(403, "address-refused");

    // The platform lets them in again.
    let command = ["account", "remove-address-rules", "--account", &id, "--reason", "locked out by mistake"];
    let removed = server.command(&command);
    assert_eq!(String::from_utf8(removed.stdout).unwrap(), "1 rules were removed\n");
    session.get("/api/v1/me").await.is(200);
    let entry = &api.list("/api/v1/audit").await[0];
    assert_eq!((&entry["action"], &entry["actor"]), (&json!("addresses.removed"), &json!("platform")));
    assert_eq!(entry["details"]["reason"], "locked out by mistake");
}

#[tokio::test]
async fn a_live_stream_ends_when_its_address_is_refused() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let mut stream = account.operator.events(None).await;
    let deny = json!({"net": "127.0.0.1", "action": "deny", "roles": ["operator"]});
    replace(&account.administrator, json!([deny])).await;
    assert!(stream.next_or_end().await.is_none());
}

#[tokio::test]
async fn a_rule_that_cannot_be_is_refused_and_a_check_says_what_would_happen() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    for rule in [
        json!({"net": "127.0.0.0/33", "action": "allow"}),
        json!({"net": "example.com", "action": "allow"}),
        json!({"net": "127.0.0.1", "action": "maybe"}),
        json!({"net": "127.0.0.1", "action": "allow", "roles": ["client"]}),
        json!({"net": "127.0.0.1", "action": "allow", "comment": "x".repeat(257)}),
    ] {
        api.put(ADDRESSES, json!({"rules": [rule]})).await.problem(422, "invalid");
    }
    let check = async |address: &str| api.post("/api/v1/security/addresses/check", json!({"address": address})).await;
    check("localhost").await.problem(422, "invalid");
    assert_eq!(check("192.0.2.1").await.is(200), json!({"entry": "allowed", "rule": null}));
    replace(api, json!([allow("127.0.0.0/8"), {"net": "127.0.0.8", "action": "deny"}])).await;
    let rules = api.list(ADDRESSES).await;
    let [allowing, denying] = [&rules[0]["id"], &rules[1]["id"]];
    assert_eq!(check("127.0.0.1").await.is(200), json!({"entry": "allowed", "rule": allowing}));
    assert_eq!(check("127.0.0.8").await.is(200), json!({"entry": "denied", "rule": denying}));
    assert_eq!(check("192.0.2.1").await.is(200), json!({"entry": "not-allowed", "rule": null}));
    let path = format!("{ADDRESSES}/{}", denying.as_str().unwrap());
    api.delete(&path).await.is(204);
    api.delete(&path).await.problem(404, "not-found");
    assert_eq!(check("127.0.0.8").await.is(200)["entry"], "allowed");
}
