//! What somebody does not reach is not there, on any route, whatever else they may do.
//!
//! Each route says what it has to do with what belongs to conversations; one that says nothing fails these cases.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use sluice_tests::{Account, Api, Server};

use crate::routes::{Route, Things, assert_complete, routes};

/// What a route has to do with messages, decisions, clients and whatever else belongs to a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    /// It names something of a conversation, which is not there for who does not reach it.
    Named,
    /// It lists or counts such things: those of conversations that are not reached are left out.
    Listed,
    /// It answers at length, which a case of its own reads.
    Streamed,
    /// It needs a right that is about all conversations, and says so.
    OfAll,
    /// It has nothing to do with them.
    Nothing,
}

use Shows::{Listed, Named, Nothing, OfAll, Streamed};

/// Every route.
const TABLE: &[(&str, Shows)] = &[
    ("GET /healthz", Nothing),
    ("GET /readyz", Nothing),
    ("POST /api/v1/sessions", Nothing),
    ("POST /api/v1/passwords", Nothing),
    ("GET /api/v1/me", Nothing),
    ("GET /api/v1/permissions", Nothing),
    ("POST /api/v1/passwords/strength", Nothing),
    ("POST /api/v1/passwords/suggestion", Nothing),
    ("PUT /api/v1/me/password", Nothing),
    ("GET /api/v1/me/sessions", Nothing),
    ("DELETE /api/v1/me/sessions/{id}", Nothing),
    ("DELETE /api/v1/me/sessions", Nothing),
    ("GET /api/v1/people", Nothing),
    ("POST /api/v1/people", Nothing),
    ("GET /api/v1/people/{id}", Nothing),
    ("PATCH /api/v1/people/{id}", Nothing),
    ("POST /api/v1/people/{id}/password-link", Nothing),
    ("GET /api/v1/permission-templates", Nothing),
    ("PUT /api/v1/permission-templates/{name}", Nothing),
    ("DELETE /api/v1/permission-templates/{name}", Nothing),
    ("GET /api/v1/groups", Nothing),
    ("POST /api/v1/groups", Nothing),
    ("PATCH /api/v1/groups/{id}", Nothing),
    ("PUT /api/v1/conversations/{id}/assignment", Named),
    ("DELETE /api/v1/groups/{id}", Nothing),
    ("DELETE /api/v1/people/{id}/second-factors", Nothing),
    ("DELETE /api/v1/people/{id}", Nothing),
    ("GET /api/v1/me/second-factors", Nothing),
    ("POST /api/v1/me/second-factors/totp", Nothing),
    ("POST /api/v1/me/second-factors/totp/confirmation", Nothing),
    ("POST /api/v1/me/second-factors/recovery-codes", Nothing),
    ("POST /api/v1/me/second-factors/passkeys", Nothing),
    ("POST /api/v1/me/second-factors/passkeys/confirmation", Nothing),
    ("DELETE /api/v1/me/second-factors/passkeys/{id}", Nothing),
    ("DELETE /api/v1/me/second-factors", Nothing),
    ("GET /api/v1/tokens", Nothing),
    ("POST /api/v1/tokens", Nothing),
    ("POST /api/v1/tokens/{id}/renewal", Nothing),
    ("DELETE /api/v1/tokens/{id}", Nothing),
    ("POST /api/v1/plugins", Nothing),
    ("GET /api/v1/plugins", Nothing),
    ("GET /api/v1/plugins/{id}", Nothing),
    ("DELETE /api/v1/plugins/{id}", Nothing),
    ("POST /api/v1/plugins/{id}/signatures", Nothing),
    ("GET /api/v1/plugins/usage", Nothing),
    ("GET /api/v1/library", Nothing),
    ("GET /api/v1/catalogue", Nothing),
    ("POST /api/v1/catalogue/{id}/take", Nothing),
    ("GET /api/v1/publishers", Nothing),
    ("PUT /api/v1/publishers", Nothing),
    ("PUT /api/v1/publishers/{name}", Nothing),
    ("DELETE /api/v1/publishers/{name}", Nothing),
    ("PUT /api/v1/chain/order", Nothing),
    ("POST /api/v1/installations", Nothing),
    ("GET /api/v1/installations", Nothing),
    ("GET /api/v1/installations/{id}", Nothing),
    ("GET /api/v1/installations/{id}/comparison", Listed),
    ("PATCH /api/v1/installations/{id}", Nothing),
    ("DELETE /api/v1/installations/{id}", Nothing),
    ("GET /api/v1/chain", Nothing),
    ("PUT /api/v1/chain/plugins", Nothing),
    ("GET /api/v1/chain/versions", Nothing),
    ("GET /api/v1/chain/versions/{version}", Nothing),
    ("POST /api/v1/chain/rollback", Nothing),
    ("POST /api/v1/conversations", Nothing),
    ("GET /api/v1/conversations", Listed),
    ("GET /api/v1/conversations/{id}", Named),
    ("PATCH /api/v1/conversations/{id}", Named),
    ("GET /api/v1/conversations/{id}/requests", Named),
    ("PUT /api/v1/conversations/{id}/read", Named),
    ("PUT /api/v1/conversations/{id}/client-read", Named),
    ("POST /api/v1/conversations/{id}/typing", Named),
    ("PUT /api/v1/conversations/{id}/tags", Named),
    ("POST /api/v1/conversations/{id}/comments", Named),
    ("GET /api/v1/conversations/{id}/comments", Named),
    ("DELETE /api/v1/comments/{id}", Named),
    ("GET /api/v1/search", Listed),
    ("GET /api/v1/clients", Listed),
    ("GET /api/v1/clients/{id}", Named),
    ("PATCH /api/v1/clients/{id}", Named),
    ("PUT /api/v1/clients/{id}/tags", Named),
    ("GET /api/v1/tags", Nothing),
    ("POST /api/v1/tags", Nothing),
    ("PATCH /api/v1/tags/{id}", Nothing),
    ("DELETE /api/v1/tags/{id}", Nothing),
    ("GET /api/v1/answer-templates", Nothing),
    ("POST /api/v1/answer-templates", Nothing),
    ("PATCH /api/v1/answer-templates/{id}", Nothing),
    ("DELETE /api/v1/answer-templates/{id}", Nothing),
    ("POST /api/v1/conversations/{id}/messages", Named),
    ("GET /api/v1/conversations/{id}/messages", Named),
    ("POST /api/v1/attachments", Nothing),
    ("GET /api/v1/attachments/{id}", Named),
    ("GET /api/v1/filters", Nothing),
    ("POST /api/v1/filters", Listed),
    ("GET /api/v1/filters/{id}", Nothing),
    ("PATCH /api/v1/filters/{id}", Nothing),
    ("POST /api/v1/filters/preview", Listed),
    ("DELETE /api/v1/filters/{id}", Nothing),
    ("GET /api/v1/messaging", Nothing),
    ("PUT /api/v1/messaging", Nothing),
    ("GET /api/v1/reviews", Listed),
    ("POST /api/v1/reviews", Listed),
    ("POST /api/v1/messages/{id}/review", Named),
    ("GET /api/v1/quarantine", Listed),
    ("GET /api/v1/lists", Nothing),
    ("POST /api/v1/lists", Nothing),
    ("GET /api/v1/lists/{id}", Nothing),
    ("PATCH /api/v1/lists/{id}", Nothing),
    ("GET /api/v1/lists/{id}/entries", Nothing),
    ("POST /api/v1/lists/{id}/entries", Nothing),
    ("DELETE /api/v1/lists/{id}/entries", Nothing),
    ("GET /api/v1/lists/{id}/find", Nothing),
    ("DELETE /api/v1/lists/{id}", Nothing),
    ("POST /api/v1/policy/evaluate", Nothing),
    ("POST /api/v1/policy/preview", Streamed),
    ("GET /api/v1/decisions", Listed),
    ("GET /api/v1/decisions/counts", Listed),
    ("GET /api/v1/decisions/export", Listed),
    ("GET /api/v1/decisions/{id}", Named),
    ("POST /api/v1/decisions/{id}/rerun", Named),
    ("GET /api/v1/audit", OfAll),
    ("GET /api/v1/audit/verification", Nothing),
    ("GET /api/v1/audit/export", OfAll),
    ("GET /api/v1/connections", OfAll),
    ("GET /api/v1/security", Nothing),
    ("PUT /api/v1/security", Nothing),
    ("GET /api/v1/security/addresses", Nothing),
    ("DELETE /api/v1/security/addresses/{id}", Nothing),
    ("PUT /api/v1/security/addresses", Nothing),
    ("POST /api/v1/security/addresses", Nothing),
    ("POST /api/v1/security/addresses/check", Nothing),
    ("GET /api/v1/support", Nothing),
    ("PUT /api/v1/support", Nothing),
    ("DELETE /api/v1/support", Nothing),
    ("GET /api/v1/platform/accounts", Nothing),
    ("POST /api/v1/platform/accounts", Nothing),
    ("GET /api/v1/platform/accounts/{id}/quota", Nothing),
    ("PUT /api/v1/platform/accounts/{id}/quota", Nothing),
    ("GET /api/v1/platform/catalogue", Nothing),
    ("POST /api/v1/platform/catalogue", Nothing),
    ("POST /api/v1/platform/catalogue/{id}/signatures", Nothing),
    ("DELETE /api/v1/platform/catalogue/{id}", Nothing),
    ("GET /api/v1/platform/support", Nothing),
    ("POST /api/v1/platform/accounts/{id}/support-sessions", Nothing),
    ("GET /api/v1/platform/switched-off", Nothing),
    ("PUT /api/v1/platform/switched-off/{sha256}", Nothing),
    ("DELETE /api/v1/platform/switched-off/{sha256}", Nothing),
    ("GET /api/v1/events", Streamed),
    ("DELETE /api/v1/sessions/current", Nothing),
];

/// A word that stands in each text of the conversation.
const SECRET: &str = "parcel";

/// What there is of a conversation that nobody below reaches.
struct Hidden {
    things: Things,
    /// None of them may stand in an answer.
    ids: Vec<String>,
}

async fn hidden(account: &Account) -> Hidden {
    let api = &account.administrator;
    let things = Things::of(account).await;
    let conversation = &things.conversation;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    // A rule in shadow, so that there are differences, and one that blocks a client's message.
    let shadow = json!({"config": {"behaviour": "hold"}, "mode": "shadow"});
    api.install(&things.plugin, shadow).await.is(201);
    let mut ids = vec![
        conversation.clone(),
        things.decision.clone(),
        things.message.clone(),
        things.attachment.clone(),
        things.client.clone(),
        things.comment.clone(),
    ];
    let posted = api.incoming(conversation, &format!("a {SECRET} for the archive")).await.is(201);
    ids.extend([text(&posted["id"]), text(&posted["decision_id"])]);
    for action in ["hold", "block"] {
        let rule = json!({"what": ["emoji"], "action": action});
        let rule = api.filter(rule).await.is(201);
        let posted = api.incoming(conversation, &format!("a {SECRET} 😀")).await;
        if action == "hold" {
            let posted = posted.is(201);
            ids.extend([text(&posted["id"]), text(&posted["decision_id"])]);
        } else {
            posted.problem(422, "message-blocked");
        }
        api.delete(&format!("/api/v1/filters/{}", text(&rule["id"]))).await.is(204);
    }
    api.patch(&format!("/api/v1/clients/{}", things.client), json!({"comment": format!("wants a {SECRET}")}))
        .await
        .is(200);
    Hidden { things, ids }
}

/// Somebody who may do everything that there is to do, in their own conversations only.
async fn everything_but_reach(server: &Server, account: &Account) -> Vec<(&'static str, Api)> {
    let api = &account.administrator;
    let beyond = ["conversations-all", "conversations-group", "messages-write-as-client"];
    let permissions = api.list("/api/v1/permissions").await;
    let words = |holders: &[&str]| -> Vec<Value> {
        let given = permissions.iter().filter(|one| holders.contains(&one["holders"].as_str().unwrap()));
        given.map(|one| one["name"].clone()).filter(|name| !beyond.contains(&name.as_str().unwrap())).collect()
    };
    let person = server.join(api, "own", "supervisor", json!(words(&["people"]))).await;
    let scopes = words(&["people", "administrators"]);
    assert!(scopes.contains(&json!("quarantine-read")) && scopes.contains(&json!("conversations-own")));
    let token = api.post("/api/v1/tokens", json!({"name": "everything", "scopes": scopes})).await.is(201);
    vec![("a supervisor", person), ("a token", server.nobody.with_token(token["secret"].as_str().unwrap()))]
}

fn shows(route: &Route) -> Shows {
    let name = route.to_string();
    let row = TABLE.iter().find(|(route, _)| *route == name);
    row.unwrap_or_else(|| panic!("{name} does not say what it shows of conversations: add it to the table")).1
}

fn assert_tells_nothing(answer: &str, hidden: &Hidden, what: &str) {
    for id in &hidden.ids {
        assert!(!answer.contains(id.as_str()), "{what} tells of {id}: {answer}");
    }
    assert!(!answer.contains(SECRET), "{what}: {answer}");
}

#[tokio::test]
async fn every_route_hides_what_belongs_to_conversations_that_are_not_reached() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let hidden = hidden(account).await;
    let routes = routes(&hidden.things);
    assert_complete(&server.nobody, &routes).await;
    let listed: BTreeSet<_> = routes.iter().map(Route::to_string).collect();
    for (name, _) in TABLE {
        assert!(listed.contains(*name), "{name} is no route any more: take it out of the table");
    }
    // What is hidden is there for who reaches it, or nothing is shown here.
    for path in ["conversations", "clients", "decisions", "reviews", "quarantine", "search?q=parcel"] {
        let found = json!(account.administrator.list(&format!("/api/v1/{path}")).await).to_string();
        assert!(hidden.ids.iter().any(|id| found.contains(id.as_str())), "{path}: {found}");
    }
    for (name, api) in everything_but_reach(&server, account).await {
        for route in &routes {
            let answer = match shows(route) {
                Nothing if !route.looks() => continue,
                OfAll | Streamed => continue,
                Nothing | Named | Listed => route.send(&api).await,
            };
            let status = answer.status().as_u16();
            let answer = answer.text().await.unwrap();
            match shows(route) {
                // A token without the right to write as the client, and a person without those of administrators, are refused before.
                Named => assert!([404, 403].contains(&status), "{route} as {name}: {status} {answer}"),
                Listed => assert!([200, 201, 403].contains(&status), "{route} as {name}: {status} {answer}"),
                Nothing | OfAll | Streamed => {}
            }
            assert_tells_nothing(&answer, &hidden, &format!("{route} as {name}"));
        }
    }
}

#[tokio::test]
async fn no_filter_and_no_export_finds_what_is_not_reached() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let hidden = hidden(account).await;
    let Things { conversation, client, tag, installation, .. } = &hidden.things;
    for (name, api) in everything_but_reach(&server, account).await {
        for path in [
            format!("decisions?conversation={conversation}"),
            format!("decisions?person={client}"),
            "decisions?label=hostile".to_owned(),
            "decisions?rule=hostile-plugins".to_owned(),
            "decisions?rule=content-filter".to_owned(),
            "decisions?verdict=block".to_owned(),
            "decisions?shadow=true".to_owned(),
            format!("conversations?tag={tag}"),
            format!("clients?tag={tag}"),
            format!("search?q={SECRET}"),
            "reviews".to_owned(),
        ] {
            let found = api.list(&format!("/api/v1/{path}")).await;
            assert_eq!(found, [Value::Null; 0], "{path} as {name}");
        }
        for more in ["", "&rule=hostile-plugins", "&label=hostile", "&shadow=true"] {
            let counts = api.list(&format!("/api/v1/decisions/counts?from=0&to=1&by=day{more}")).await;
            let now = counts.len();
            let at = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
            let today = api.list(&format!("/api/v1/decisions/counts?from={at}&to={}&by=day{more}", at + 1)).await;
            assert!(
                now > 0 && today.iter().all(|bucket| bucket["verdicts"] == json!({})),
                "{more} as {name}: {today:?}"
            );
        }
        let export = api.request(Method::GET, "/api/v1/decisions/export?format=jsonl").send().await.unwrap();
        assert_eq!(export.status(), 200, "{name}");
        // Who came in is there for who reads the connection journal.
        let export = export.text().await.unwrap();
        assert!(export.lines().all(|line| line.contains("\"subject\":\"access\"")), "{name}: {export}");
        assert_tells_nothing(&export, &hidden, "an export");
        let preview =
            json!({"draft": {"change": {"installation": installation, "mode": "disabled"}}, "source": {"last": 99}});
        let preview = api.request(Method::POST, "/api/v1/policy/preview").json(&preview).send().await.unwrap();
        if name == "a token" {
            let preview = preview.text().await.unwrap();
            assert!(preview.contains("\"messages\":0"), "{preview}");
            assert_tells_nothing(&preview, &hidden, "a preview");
        } else {
            assert_eq!(preview.status(), 403);
        }
        let mut events = api.events(Some(0)).await;
        let own = api.conversation().await;
        loop {
            let event = events.any().await;
            assert_tells_nothing(&event.data.to_string(), &hidden, "an event");
            if event.data["body"]["conversation"] == json!(own) {
                break;
            }
        }
    }
}

#[tokio::test]
async fn decisions_about_who_came_in_are_there_for_who_reads_the_connection_journal() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let api = &account.administrator;
    let installed = api.install_hostile(json!({"behaviour": "block"}), json!({"scope": {"roles": ["operator"]}})).await;
    let [_, _, operator] = &account.members;
    server.nobody.log_in(&operator.email, &operator.password).await.problem(403, "access-denied");
    api.delete(&format!("/api/v1/installations/{installed}")).await.is(204);
    let decisions = api.list("/api/v1/decisions?verdict=deny").await;
    let id = decisions[0]["id"].as_str().unwrap();
    assert_eq!(decisions[0]["subject"], "access");
    // A supervisor who reaches all conversations and reads no journal.
    let supervisor = &account.supervisor;
    supervisor.get(&format!("/api/v1/decisions/{id}")).await.problem(404, "not-found");
    supervisor.post(&format!("/api/v1/decisions/{id}/rerun"), json!({})).await.problem(404, "not-found");
    assert_eq!(supervisor.list("/api/v1/decisions?verdict=deny").await, [Value::Null; 0]);
    let scopes = json!(["messages-review", "audit-read"]);
    let token = api.post("/api/v1/tokens", json!({"name": "journal", "scopes": scopes})).await.is(201);
    let journal = server.nobody.with_token(token["secret"].as_str().unwrap());
    let found = journal.list("/api/v1/decisions").await;
    assert!(found.iter().all(|decision| decision["subject"] == "access"), "no messages: {found:#?}");
    assert!(found.iter().any(|decision| decision["id"] == id));
    journal.get(&format!("/api/v1/decisions/{id}")).await.is(200);
}

#[tokio::test]
async fn to_start_a_conversation_tells_nobody_which_clients_there_are() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let api = &account.administrator;
    let own = server.join(api, "own", "operator", json!(["conversations-own"])).await;
    let with = |external_id: &str| json!({"client": {"name": "x", "external_id": external_id}});
    let known = api.post("/api/v1/conversations", with("tg:12345")).await.is(201);
    let client = format!("/api/v1/clients/{}", known["client"]["id"].as_str().unwrap());

    let refused = own.post("/api/v1/conversations", with("tg:12345")).await.problem(404, "not-found");
    let unknown = own.post("/api/v1/conversations", with("tg:54321")).await.problem(404, "not-found");
    assert_eq!(refused, unknown, "whether there is such a client is not told");
    own.get(&client).await.problem(404, "not-found");
    own.patch(&client, json!({"name": "Mallory"})).await.problem(404, "not-found");
    assert_eq!(api.list("/api/v1/conversations").await.len(), 1, "nothing was made");

    // A new one, without an id of another system; and one who is reached.
    own.post("/api/v1/conversations", json!({"client": {"name": "New"}})).await.is(201);
    let me = own.get("/api/v1/me").await.is(200)["person_id"].clone();
    let conversation = known["id"].as_str().unwrap();
    api.put(&format!("/api/v1/conversations/{conversation}/assignment"), json!({"assignee_id": me})).await.is(200);
    let again = own.post("/api/v1/conversations", with("tg:12345")).await.is(201);
    assert_eq!(again["client"]["id"], known["client"]["id"]);
}
