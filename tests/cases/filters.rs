//! The built-in content filter, in both directions: what it does with a message, and who sees what of it.

use serde_json::{Value, json};
use sluice_tests::{Account, Server};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xff\xff?\0\x05\xfe\x02\xfe\xdc\xccY\xe7\0\0\0\0IEND\xaeB`\x82";

/// What operator, supervisor, administrator and client see of the newest message of a conversation.
async fn seen(account: &Account, conversation: &str) -> [Value; 4] {
    let last = |mut messages: Vec<Value>| messages.pop().unwrap_or(Value::Null);
    [
        last(account.operator.messages(conversation).await),
        last(account.supervisor.messages(conversation).await),
        last(account.administrator.messages(conversation).await),
        last(account.administrator.messages_of_client(conversation).await),
    ]
}

fn texts(seen: &[Value; 4]) -> [&Value; 4] {
    seen.each_ref().map(|message| &message["text"])
}

#[tokio::test]
async fn what_a_client_sends_is_seen_by_those_who_may() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let api = &account.administrator;
    let conversation = account.operator.conversation().await;
    for (action, what) in
        [("flag", "emoji"), ("redact", "phone-numbers"), ("hold", "email-addresses"), ("block", "links")]
    {
        let made = api.filter(json!({"what": [what], "action": action, "scope": {"directions": ["incoming"]}})).await;
        assert_eq!(made.is(201)["rule"]["action"], action);
    }
    let flagged = api.incoming(&conversation, "well 😀").await.is(201);
    assert_eq!((&flagged["state"], &flagged["decision"]["labels"]), (&json!("delivered"), &json!(["filter.emoji"])));
    assert_eq!(texts(&seen(account, &conversation).await), [&json!("well 😀"); 4]);

    let redacted = api.incoming(&conversation, "call +44 20 7946 0958").await.is(201);
    assert_eq!(redacted["text"], "call [phone number removed]");
    let rule = &redacted["decision"]["rules"][0];
    assert_eq!((&rule["rule"], rule["filter"].is_string()), (&json!("content-filter"), true), "{rule:#}");
    assert_eq!(texts(&seen(account, &conversation).await), [&json!("call [phone number removed]"); 4]);

    let held = api.incoming(&conversation, "write to jane@example.com").await.is(201);
    assert_eq!(
        (&held["state"], &held["decision"]["reason"]["code"]),
        (&json!("held"), &json!("filter.email-addresses"))
    );
    let (text, seen_now) = (json!("write to jane@example.com"), seen(account, &conversation).await);
    assert_eq!(texts(&seen_now), [&Value::Null, &text, &text, &text]);
    assert_eq!(seen_now[0]["reason"]["code"], "filter.email-addresses", "operators see that it waits, and why");
    assert!(seen_now[0]["held_until"].is_i64() && seen_now[3].get("reason").is_none(), "{seen_now:#?}");

    let blocked = api.incoming(&conversation, "see example . com").await.problem(422, "message-blocked");
    assert_eq!(blocked["notice"], "Your message was not delivered. Links are not accepted here.");
    let (text, seen_now) = (json!("see example . com"), seen(account, &conversation).await);
    assert_eq!(texts(&seen_now), [&Value::Null, &Value::Null, &text, &Value::Null]);
    assert_eq!(seen_now[0]["reason"]["code"], "filter.links", "operators see that something was withheld, and why");
    assert_eq!((&seen_now[3]["notice"], seen_now[3].get("reason")), (&blocked["notice"], None));
    // What the rules are for the client's side does not touch the account's own.
    account.operator.outgoing(&conversation, "https://example.com").await.is(201);
    let [quarantined] = &api.list("/api/v1/quarantine").await[..] else { panic!("one") };
    assert_eq!(quarantined["message"]["text"], text);
    assert_eq!(quarantined["decision"]["decision"]["verdict"], "block");
    account.supervisor.get("/api/v1/quarantine").await.problem(403, "forbidden");
    let decisions = account.supervisor.list("/api/v1/decisions?rule=content-filter").await;
    assert_eq!(decisions.len(), 4);
}

#[tokio::test]
async fn what_the_account_sends_reaches_the_client_only_if_it_may() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let (api, operator) = (&account.administrator, &account.operator);
    let conversation = operator.conversation().await;
    let scope = json!({"directions": ["outgoing"], "roles": ["operator", "api-token"]});
    for (action, what) in [("redact", "images"), ("hold", "links"), ("block", "emoji")] {
        api.filter(json!({"what": [what], "action": action, "scope": scope})).await.is(201);
    }
    let files = [operator.file("a.png", PNG).await, operator.file("a.txt", "words\n").await];
    let redacted = operator.post_with(&conversation, "outgoing", "see", &[&files[0], &files[1]]).await.is(201);
    assert_eq!((&redacted["state"], &redacted["text"]), (&json!("delivered"), &json!("see\n[image removed]")));
    let names: Vec<_> = redacted["attachments"].as_array().unwrap().iter().map(|file| &file["name"]).collect();
    assert_eq!(names, ["a.txt"]);
    assert_eq!(redacted["decision"]["rules"][0]["removed"], json!([files[0]]));
    assert_eq!(operator.download(&files[0]).await.status(), 200, "it is its uploader's still, for a day");
    assert_eq!(account.supervisor.download(&files[0]).await.status(), 404);

    let held = operator.outgoing(&conversation, "see https://example.com").await.is(201);
    assert_eq!(held["state"], "held");
    let seen_now = seen(account, &conversation).await;
    let text = json!("see https://example.com");
    assert_eq!(texts(&seen_now)[..3], [&text, &text, &text]);
    assert_eq!(seen_now[3]["text"], "see\n[image removed]", "the client sees nothing of it");

    let file = operator.file("b.txt", "words\n").await;
    let blocked = operator.post_with(&conversation, "outgoing", "😀", &[&file]).await;
    let blocked = blocked.problem(422, "message-blocked");
    assert_eq!(
        blocked["reason"],
        json!({"code": "filter.emoji", "text": "Emoji may not be sent in this conversation."})
    );
    assert!(blocked.get("notice").is_none(), "{blocked:#}");
    assert_eq!(operator.messages(&conversation).await.len(), 2, "it went back to the composer");
    // With its file, which can be sent with the text as it should be.
    operator.post_with(&conversation, "outgoing", "well", &[&file]).await.is(201);
    let client: Vec<_> =
        api.messages_of_client(&conversation).await.iter().map(|message| message["text"].clone()).collect();
    assert_eq!(client, ["see\n[image removed]", "well"]);
}

#[tokio::test]
async fn the_strictest_rule_counts_whichever_was_made_first() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let conversation = api.conversation().await;
    api.filter(json!({"what": ["links"], "action": "redact"})).await.is(201);
    api.filter(json!({"what": ["links"], "action": "flag"})).await.is(201);
    let both = api.incoming(&conversation, "https://example.com").await.is(201);
    assert_eq!((&both["text"], &both["decision"]["labels"]), (&json!("[link removed]"), &json!(["filter.links"])));
    api.filter(json!({"what": ["links"], "action": "block", "only_domains": ["evil.org"]})).await.is(201);
    api.incoming(&conversation, "https://evil.org").await.problem(422, "message-blocked");
}

#[tokio::test]
async fn rules_are_asked_by_channel_group_and_role() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let api = &account.administrator;
    let group = api.post("/api/v1/groups", json!({"name": "Sales"})).await.is(201);
    let (ours, others) = (api.conversation().await, api.conversation().await);
    api.put(&format!("/api/v1/conversations/{ours}/assignment"), json!({"group_id": group["id"]})).await.is(200);
    let blocks = async |scope: Value| {
        let rule = api.filter(json!({"what": ["links"], "action": "block", "scope": scope})).await.is(201);
        let status = async |conversation: &str| api.incoming(conversation, "https://example.com").await.status.as_u16();
        let blocked = (status(&ours).await == 422, status(&others).await == 422);
        api.delete(&format!("/api/v1/filters/{}", rule["id"].as_str().unwrap())).await.is(204);
        blocked
    };
    assert_eq!(blocks(json!({})).await, (true, true));
    assert_eq!(blocks(json!({"groups": [group["id"]]})).await, (true, false));
    assert_eq!(blocks(json!({"channels": ["api"]})).await, (true, true));
    assert_eq!(blocks(json!({"channels": ["telegram"]})).await, (false, false));
    assert_eq!(blocks(json!({"roles": ["client"]})).await, (true, true));
    assert_eq!(blocks(json!({"roles": ["operator"]})).await, (false, false));
}

#[tokio::test]
async fn a_rule_says_how_many_of_the_newest_messages_it_would_have_hit() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let conversation = api.conversation().await;
    for n in 0..6 {
        let text = if n % 3 == 0 { "see shop.example.com" } else { "hello" };
        api.incoming(&conversation, text).await.is(201);
    }
    let rule = json!({"what": ["links"], "action": "block"});
    let preview = api.post("/api/v1/filters/preview", json!({"rule": rule})).await.is(200);
    assert_eq!((&preview["messages"], &preview["hits"]), (&json!(6), &json!(2)));
    assert_eq!(preview["newest"].as_array().unwrap().len(), 2);
    let made = api.post("/api/v1/filters", json!({"rule": rule, "mode": "disabled"})).await.is(201);
    assert_eq!(made["would_have_hit"], preview);
    api.incoming(&conversation, "see shop.example.com").await.is(201);
    let path = format!("/api/v1/filters/{}", made["id"].as_str().unwrap());
    let enabled = api.patch(&path, json!({"mode": "enforce"})).await.is(200);
    assert_eq!(enabled["would_have_hit"]["hits"], 3);
    api.incoming(&conversation, "see shop.example.com").await.problem(422, "message-blocked");
    // In shadow it only leaves a trail.
    api.patch(&path, json!({"mode": "shadow"})).await.is(200);
    api.incoming(&conversation, "see shop.example.com").await.is(201);
    sluice_tests::until(async || {
        let decisions = api.list("/api/v1/decisions?rule=content-filter").await;
        decisions.iter().any(|decision| decision["shadow"] == true)
    })
    .await;
}

#[tokio::test]
async fn the_server_speaks_the_accounts_language_and_the_rules_own_words() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let conversation = api.conversation().await;
    let rule = api.filter(json!({"what": ["links"], "action": "block"})).await.is(201);
    let settings = json!({"language": "ru", "client_notice": "Позвоните нам.", "hold_hours": 24, "evidence_days": 7});
    assert_eq!(api.put("/api/v1/messaging", settings.clone()).await.is(200), settings);
    assert_eq!(api.get("/api/v1/messaging").await.is(200), settings);
    let blocked = api.incoming(&conversation, "example точка ru").await.problem(422, "message-blocked");
    assert_eq!(blocked["reason"]["text"], "Ссылки нельзя отправлять в этом диалоге.");
    assert_eq!(blocked["notice"], "Ваше сообщение не доставлено. Ссылки здесь не принимаются.");
    let own = json!({"rule": {"what": ["links"], "action": "block", "reason": "Only our shop.", "notice": "Sorry.", "except_domains": ["shop.example.com"]}});
    api.patch(&format!("/api/v1/filters/{}", rule["id"].as_str().unwrap()), own).await.is(200);
    let blocked = api.incoming(&conversation, "https://example.com").await.problem(422, "message-blocked");
    assert_eq!((&blocked["reason"]["text"], &blocked["notice"]), (&json!("Only our shop."), &json!("Sorry.")));
    api.incoming(&conversation, "https://shop.example.com/bread").await.is(201);
    // A plugin that blocks says nothing to clients: they are told what the account says.
    let scope = json!({"scope": {"directions": ["incoming"], "roles": ["client"]}});
    api.install_hostile(json!({"behaviour": "block"}), scope).await;
    let blocked = api.incoming(&conversation, "hello").await.problem(422, "message-blocked");
    assert_eq!(blocked["notice"], "Позвоните нам.");
}

#[tokio::test]
async fn rules_that_cannot_be_used_are_refused_with_their_field() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    for (rule, field) in [
        (json!({"what": [], "action": "block"}), "what"),
        (json!({"what": ["images"], "action": "block", "only_domains": ["example.com"]}), "only_domains"),
        (json!({"what": ["links"], "action": "block", "larger_than": 5}), "larger_than"),
        (json!({"what": ["links"], "action": "block", "notice": ""}), "notice"),
    ] {
        assert_eq!(api.filter(rule).await.problem(422, "invalid")["field"], field);
    }
    for rule in [
        json!({"what": ["everything"], "action": "block"}),
        json!({"what": ["links"], "action": "explode"}),
        json!({"what": ["links"], "action": "block", "only_domains": ["https://example.com/a"]}),
        json!({"what": ["images"], "action": "block", "only_types": ["no such type"]}),
        json!({"what": ["images"], "action": "block", "surprise": 1}),
    ] {
        api.filter(rule).await.problem(422, "invalid");
    }
    assert_eq!(api.list("/api/v1/filters").await, [Value::Null; 0]);
    assert_eq!(
        api.put("/api/v1/messaging", json!({"hold_hours": 0})).await.problem(422, "invalid")["field"],
        "hold_hours"
    );
    for _ in 0..64 {
        api.filter(json!({"what": ["links"], "action": "flag"})).await.is(201);
    }
    api.filter(json!({"what": ["links"], "action": "flag"})).await.problem(409, "quota-exceeded");
}

#[tokio::test]
async fn a_long_rule_is_kept_once_and_comes_back_with_its_chain() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let domains: Vec<String> = (0..900).map(|number| format!("a-rather-long-name-{number}.example.com")).collect();
    let rule = json!({"what": ["links"], "action": "block", "except_domains": domains});
    let id = api.filter(rule).await.is(201)["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/filters/{id}");
    let made = api.get("/api/v1/chain").await.is(200)["version"].as_i64().unwrap();
    let written = api.list("/api/v1/audit").await;
    assert!(written[0]["details"]["rule_bytes"].as_u64().unwrap() > 30_000, "{:#}", written[0]);

    let kept = || -> i64 {
        let database = rusqlite::Connection::open(server.data().join("sluice.db")).unwrap();
        database.query_row("SELECT SUM(LENGTH(body)) FROM chain_versions", [], |row| row.get(0)).unwrap()
    };
    let before = kept();
    for hours in 1..=20 {
        api.put("/api/v1/messaging", json!({"hold_hours": hours})).await.is(200);
    }
    let grown = kept() - before;
    assert!(grown < 20 << 10, "20 changes that are not about the rule are kept with {grown} bytes");

    api.delete(&path).await.is(204);
    let listed = api.list("/api/v1/chain/versions").await;
    let named = listed.iter().find(|one| one["version"] == made).unwrap();
    assert_eq!(named["state"]["filters"][0]["rule"].as_str().map(str::len), Some(64), "lists have the digest");
    let whole = api.get(&format!("/api/v1/chain/versions/{made}")).await.is(200);
    assert_eq!(whole["state"]["filters"][0]["rule"]["except_domains"].as_array().unwrap().len(), 900);
    api.post("/api/v1/chain/rollback", json!({"version": made})).await.is(200);
    assert_eq!(api.get(&path).await.is(200)["rule"]["except_domains"].as_array().unwrap().len(), 900);
}
