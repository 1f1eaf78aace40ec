//! The platform's own people: they make accounts, and get into one only while it lets them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use sluice_tests::{Account, Answer, Api, Member, Server};

use crate::second_factors::set_up;

const SUPPORT: &str = "/api/v1/support";

/// The platform's administrator, with a second factor.
pub(crate) async fn platform(server: &Server) -> Api {
    let made = server.command(&["platform", "create", "--email", "root@platform.example", "--administrator", "Root"]);
    let output = String::from_utf8(made.stdout).unwrap();
    let link = output.lines().find_map(|line| line.strip_prefix("link    ")).unwrap();
    let root = Member {
        email: "root@platform.example".to_owned(),
        password: "unrelated saucer root frost".to_owned(),
        api_token: String::new(),
    };
    server.nobody.post("/api/v1/passwords", json!({"link": link, "password": root.password})).await.is(204);
    with_second_factor(server, &root).await
}

async fn with_second_factor(server: &Server, member: &Member) -> Api {
    let session = server.nobody.session_of(member).await;
    set_up(&session, member).await;
    session
}

/// Somebody of the platform to whom this was given.
pub(crate) async fn colleague(server: &Server, root: &Api, name: &str, permissions: Value) -> Api {
    let member = server.invited(root, name, "supervisor", permissions).await;
    with_second_factor(server, &member).await
}

pub(crate) async fn account_id(account: &Account) -> String {
    account.administrator.get("/api/v1/me").await.is(200)["account_id"].as_str().unwrap().to_owned()
}

async fn enter(person: &Api, account: &str) -> Answer {
    let body = json!({"reason": "they cannot see new messages"});
    person.post(&format!("/api/v1/platform/accounts/{account}/support-sessions"), body).await
}

/// Somebody of support inside an account that has let support in this far.
pub(crate) async fn inside(server: &Server, account: &Account, sue: &Api, scope: &str) -> Api {
    account.administrator.put(SUPPORT, json!({"scope": scope, "minutes": 60})).await.is(200);
    let entered = enter(sue, &account_id(account).await).await.is(201);
    assert_eq!(entered["scope"], scope);
    server.nobody.with_token(entered["secret"].as_str().unwrap())
}

async fn audit(account: &Account, action: &str) -> Vec<Value> {
    account.administrator.list(&format!("/api/v1/audit?action={action}")).await
}

#[tokio::test]
async fn support_enters_while_it_is_let_in_and_everybody_sees_it() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let conversation = account.operator.conversation().await;
    account.administrator.incoming(&conversation, "I need help").await.is(201);
    let root = platform(&server).await;
    let sue = colleague(&server, &root, "Sue", json!(["support-enter"])).await;
    let id = account_id(account).await;

    assert_eq!(account.operator.get(SUPPORT).await.is(200), json!({"open": false}));
    assert_eq!(sue.list("/api/v1/platform/support").await, [Value::Null; 0]);
    enter(&sue, &id).await.problem(403, "support-not-open");
    assert_eq!(audit(account, "support.refused").await[0]["details"]["code"], "support-not-open");
    let open = json!({"scope": "look", "minutes": 60});
    account.supervisor.put(SUPPORT, open.clone()).await.problem(403, "forbidden");
    account.administrator.put(SUPPORT, json!({"scope": "look", "minutes": 0})).await.problem(422, "invalid");
    account.administrator.put(SUPPORT, open).await.is(200);
    let listed = sue.list("/api/v1/platform/support").await;
    assert_eq!((listed.len(), &listed[0]["id"], &listed[0]["scope"]), (1, &json!(id), &json!("look")));

    let mut events = account.operator.events(None).await;
    let unsaid = json!({"reason": " "});
    sue.post(&format!("/api/v1/platform/accounts/{id}/support-sessions"), unsaid).await.problem(422, "invalid");
    let entered = enter(&sue, &id).await.is(201);
    let support = server.nobody.with_token(entered["secret"].as_str().unwrap());
    assert_eq!(events.next().await.kind, "support");
    let banner = account.operator.get(SUPPORT).await.is(200);
    assert_eq!((&banner["open"], &banner["scope"]), (&json!(true), &json!("look")));
    let seen = (&banner["inside"][0]["name"], &banner["inside"][0]["reason"]);
    assert_eq!(seen, (&json!("Sue"), &json!("they cannot see new messages")));

    // It looks, and changes nothing.
    let me = support.get("/api/v1/me").await.is(200);
    assert_eq!((&me["role"], &me["means"], &me["account_id"]), (&json!("support"), &json!("support"), &json!(id)));
    assert_eq!(support.messages(&conversation).await[0]["text"], "I need help");
    support.outgoing(&conversation, "hi").await.problem(403, "forbidden");
    support.post("/api/v1/groups", json!({"name": "Ours"})).await.problem(403, "forbidden");
    support.put(SUPPORT, json!({"scope": "configure", "minutes": 60})).await.problem(403, "forbidden");
    let requests = audit(account, "support.request").await;
    let asked = |entry: &Value| format!("{} {}", entry["details"]["method"], entry["details"]["path"]).replace('"', "");
    let asked: Vec<_> = requests.iter().rev().map(asked).collect();
    let messages = format!("/api/v1/conversations/{conversation}/messages");
    let expected = [
        "GET /api/v1/me",
        &format!("GET {messages}"),
        &format!("POST {messages}"),
        "POST /api/v1/groups",
        "PUT /api/v1/support",
    ];
    assert_eq!(asked, expected);
    assert!(requests.iter().all(|entry| entry["role"] == "support"), "{requests:#?}");
    let entered = &audit(account, "support.entered").await[0];
    assert_eq!(entered["actor"], requests[0]["actor"]);
    assert_eq!(entered["details"]["reason"], "they cannot see new messages");

    let mut stream = support.events(None).await;
    account.administrator.delete(SUPPORT).await.is(204);
    assert!(stream.next_or_end().await.is_none(), "a stream ends with it");
    support.get("/api/v1/me").await.problem(401, "support-closed");
    assert_eq!(audit(account, "support.refused").await[0]["details"]["code"], "support-closed");
    account.administrator.delete(SUPPORT).await.problem(404, "not-found");
    assert_eq!(account.operator.get(SUPPORT).await.is(200), json!({"open": false}));
}

#[tokio::test]
async fn a_support_session_is_over_one_second_after_its_end() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let sue = platform(&server).await;
    let support = inside(&server, account, &sue, "look").await;
    support.get("/api/v1/me").await.is(200);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    server.tamper(&format!("UPDATE support_grants SET until = {}", now - 1_000));
    support.get("/api/v1/me").await.problem(401, "support-closed");
    assert_eq!(audit(account, "support.refused").await[0]["details"]["code"], "support-closed");
    enter(&sue, &account_id(account).await).await.problem(403, "support-not-open");
    assert_eq!(account.operator.get(SUPPORT).await.is(200), json!({"open": false}));
}

#[tokio::test]
async fn support_that_may_configure_changes_plugins_and_lets_nobody_in() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let plugin = account.administrator.plugin("blocked-words").await;
    let sue = platform(&server).await;
    let support = inside(&server, account, &sue, "configure").await;
    let config =
        json!({"config": {"lists": [{"name": "insults", "words": ["idiot"], "action": "flag"}]}, "mode": "shadow"});
    let installed = support.install(&plugin, config).await.is(201);
    let path = format!("/api/v1/installations/{}", installed["id"].as_str().unwrap());
    support.patch(&path, json!({"mode": "enforce"})).await.is(200);
    // It decides nothing about who gets in: not about itself either.
    let guard = account.administrator.plugin("office-hours").await;
    support.install(&guard, json!({"mode": "disabled"})).await.problem(403, "not-for-support");
    let hostile = json!({"scope": {"roles": ["support"]}});
    let guard = account.administrator.install_hostile(json!({}), hostile).await;
    let guard = format!("/api/v1/installations/{guard}");
    support.patch(&guard, json!({"mode": "disabled"})).await.problem(403, "not-for-support");
    support.delete(&guard).await.problem(403, "not-for-support");
    support.upload(b"a component".to_vec()).await.problem(403, "not-for-support");
    support.invite("friend", "administrator", json!([])).await.problem(403, "forbidden");
    support.post("/api/v1/tokens", json!({"name": "later", "scopes": ["audit-read"]})).await.problem(403, "forbidden");
    support.put("/api/v1/security/addresses", json!({"rules": []})).await.problem(403, "forbidden");
    // Nor by the lists that a rule about who gets in looks into.
    let list = json!({"name": "office", "kind": "exact"});
    let list = support.post("/api/v1/lists", list).await.is(201)["id"].as_str().unwrap().to_owned();
    let looks = account.administrator.plugin("asking-plugin").await;
    let grants = json!({"mode": "disabled", "grants": ["counters", "lists", "history", "http"], "http_hosts": ["api.example.com"]});
    account.administrator.install(&looks, grants).await.is(201);
    let entries = json!({"entries": [{"value": "192.0.2.1"}]});
    support.post(&format!("/api/v1/lists/{list}/entries"), entries).await.problem(403, "not-for-support");
    support.delete(&format!("/api/v1/lists/{list}")).await.problem(403, "not-for-support");
    let entry = &audit(account, "installation.changed").await[0];
    assert_eq!((&entry["role"], &entry["details"]["after"]["mode"]), (&json!("support"), &json!("enforce")));

    support.delete("/api/v1/sessions/current").await.is(204);
    support.get("/api/v1/me").await.problem(401, "session-ended");
    assert_eq!(account.operator.get(SUPPORT).await.is(200)["inside"], json!([]));
    assert_eq!(audit(account, "support.left").await.len(), 1);
}

#[tokio::test]
async fn support_is_out_when_the_platform_or_another_grant_or_another_network_says_so() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let root = platform(&server).await;
    let sue = colleague(&server, &root, "Sue", json!(["support-enter"])).await;
    let support = inside(&server, account, &sue, "look").await;
    support.from([127, 9, 0, 1]).get("/api/v1/me").await.problem(401, "session-from-another-network");
    support.get("/api/v1/me").await.is(200);

    // Another grant in place of the one under which somebody entered.
    let again = inside(&server, account, &sue, "look").await;
    support.get("/api/v1/me").await.problem(401, "support-closed");
    again.get("/api/v1/me").await.is(200);

    let me = sue.get("/api/v1/me").await.is(200)["person_id"].as_str().unwrap().to_owned();
    let person = format!("/api/v1/people/{me}");
    root.patch(&person, json!({"permissions": []})).await.is(200);
    again.get("/api/v1/me").await.problem(401, "person-disabled");
    enter(&sue, &account_id(account).await).await.problem(403, "forbidden");
    root.patch(&person, json!({"permissions": ["support-enter"]})).await.is(200);
    again.get("/api/v1/me").await.is(200);
    sue.delete("/api/v1/sessions/current").await.is(204);
    again.get("/api/v1/me").await.problem(401, "session-ended");
    let codes: Vec<_> = audit(account, "support.refused").await.iter().map(|e| e["details"]["code"].clone()).collect();
    assert_eq!(codes, ["session-ended", "person-disabled", "support-closed", "session-from-another-network"]);
}

#[tokio::test]
async fn the_accounts_own_rules_stand_before_support_too() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let api = &account.administrator;
    let sue = platform(&server).await;
    let support = inside(&server, account, &sue, "look").await;
    let id = account_id(account).await;
    let deny = json!({"net": "127.0.0.1", "action": "deny", "doors": ["support"]});
    let rule = api.post("/api/v1/security/addresses", json!({"rule": deny})).await.is(201);
    support.get("/api/v1/me").await.problem(403, "address-refused");
    enter(&sue, &id).await.problem(403, "address-refused");
    api.delete(&format!("/api/v1/security/addresses/{}", rule["id"].as_str().unwrap())).await.is(204);

    api.install_hostile(json!({"obey": true}), json!({"scope": {"roles": ["support"]}})).await;
    enter(&sue.saying("hostile: block"), &id).await.problem(403, "access-denied");
    assert_eq!(audit(account, "support.refused").await[0]["details"]["code"], "hostile");
    // Who has shown a second factor meets a challenge.
    enter(&sue.saying("hostile: hold"), &id).await.is(201);
    assert_eq!(api.get(SUPPORT).await.is(200)["inside"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_platform_makes_accounts_and_reads_nothing_in_them() {
    let server = Server::start().await;
    let root = platform(&server).await;
    // What cannot be made leaves nothing behind.
    let bad = server.command(&["account", "create", "--name", "Nobody's", "--email", "nobody"]);
    assert!(!bad.status.success());
    let second = server.command(&["platform", "create", "--email", "other@platform.example"]);
    assert!(!second.status.success() && String::from_utf8_lossy(&second.stderr).contains("already"));

    let bad = json!({"name": "Nobody's", "email": "nobody", "administrator": "Nobody"});
    root.post("/api/v1/platform/accounts", bad).await.problem(422, "invalid");
    let new = json!({"name": "Bakery", "email": "boss@bakery.example", "administrator": "Boss"});
    let made = root.post("/api/v1/platform/accounts", new.clone()).await.is(201);
    root.post("/api/v1/platform/accounts", new).await.problem(409, "conflict");
    // A link that was lost is replaced, until there is a password: then the platform gets in no more.
    let another = || server.command(&["account", "new-link", "--email", "boss@bakery.example"]);
    let output = String::from_utf8(another().stdout).unwrap();
    let link = output.lines().find_map(|line| line.strip_prefix("link    ")).unwrap();
    let password = "unrelated saucer boss frost";
    let chosen = json!({"link": made["link"]["secret"], "password": password});
    server.nobody.post("/api/v1/passwords", chosen).await.problem(404, "not-found");
    let chosen = json!({"link": link, "password": password});
    server.nobody.post("/api/v1/passwords", chosen).await.is(204);
    assert!(!another().status.success());
    let boss = server.nobody.log_in("boss@bakery.example", password).await.is(201);
    assert_eq!((&boss["account_id"], &boss["role"]), (&made["account_id"], &json!("administrator")));
    let names: Vec<_> = root.list("/api/v1/platform/accounts").await.iter().map(|row| row["name"].clone()).collect();
    assert_eq!(names, ["Demo", "Demo without plugins", "Bakery"]);
    let accounts: Vec<_> = root.list("/api/v1/audit?action=account.created").await;
    assert_eq!(accounts[0]["target"], made["account_id"]);

    // Whoever is new has to set up a second factor first; and nothing of a customer's can be given here, nor the other way round.
    let member = server.invited(&root, "new", "supervisor", json!(["accounts-manage"])).await;
    let session = server.nobody.session_of(&member).await;
    session.get("/api/v1/platform/accounts").await.problem(403, "second-factor-enrolment-required");
    root.invite("reader", "operator", json!(["conversations-all"])).await.problem(422, "invalid");
    let customer = &server.without_plugins.administrator;
    customer.invite("platform", "operator", json!(["support-enter"])).await.problem(422, "invalid");
    customer.get("/api/v1/platform/accounts").await.problem(403, "forbidden");
}

#[tokio::test]
async fn the_platforms_own_rules_about_addresses_hold_inside_an_account_too() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let root = platform(&server).await;
    let sue = colleague(&server, &root, "sue", json!(["support-enter"])).await;
    let support = inside(&server, account, &sue, "look").await;
    let elsewhere = support.from([127, 0, 0, 5]);
    elsewhere.get("/api/v1/conversations").await.is(200);
    let rule = json!({"net": "127.0.0.5/32", "action": "deny"});
    root.put("/api/v1/security/addresses", json!({"rules": [rule]})).await.is(200);
    elsewhere.get("/api/v1/conversations").await.problem(403, "address-refused");
    support.get("/api/v1/conversations").await.is(200);
    assert_eq!(root.list("/api/v1/audit?action=support.refused").await.len(), 1, "the platform's log says so");
}
