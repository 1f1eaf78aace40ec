//! Held messages: nothing of them reaches the other side before somebody has decided, and exactly what was decided does.

use serde_json::{Value, json};
use sluice_tests::{Account, Answer, Api, Server, until};

/// An account that holds links in both directions, and a conversation of it.
async fn holding(server: &Server) -> (&Account, String) {
    let account = &server.without_plugins;
    account.administrator.filter(json!({"what": ["links"], "action": "hold"})).await.is(201);
    (account, account.operator.conversation().await)
}

async fn review(api: &Api, message: &Value, body: Value) -> Answer {
    api.post(&format!("/api/v1/messages/{}/review", message["id"].as_str().unwrap()), body).await
}

async fn texts_of_client(api: &Api, conversation: &str) -> Vec<Value> {
    api.messages_of_client(conversation).await.iter().map(|message| message["text"].clone()).collect()
}

#[tokio::test]
async fn a_held_message_to_the_client_reaches_it_once_when_it_is_approved() {
    let server = Server::start().await;
    let (account, conversation) = holding(&server).await;
    let stream = |after| {
        account.administrator.request(reqwest::Method::GET, "/api/v1/events?as=client").header("Last-Event-ID", after)
    };
    let mut people = account.operator.events(Some(1)).await;
    let held = account.operator.outgoing(&conversation, "see https://example.com").await.is(201);
    account.operator.outgoing(&conversation, "later").await.is(201);
    assert_eq!(texts_of_client(&account.administrator, &conversation).await, ["later"]);
    let queue = account.supervisor.list("/api/v1/reviews").await;
    assert_eq!((queue.len(), &queue[0]["id"]), (1, &held["id"]));
    let approved = review(&account.supervisor, &held, json!({"verdict": "approve"})).await.is(200);
    assert_eq!((&approved["state"], &approved["review"]["outcome"]), (&json!("delivered"), &json!("approved")));
    review(&account.supervisor, &held, json!({"verdict": "reject"})).await.problem(409, "not-held");
    // In the order of acceptance.
    assert_eq!(texts_of_client(&account.administrator, &conversation).await, ["see https://example.com", "later"]);
    let mut client = sluice_tests::Events::of(stream("0").send().await.unwrap());
    let told = [client.next().await, client.next().await];
    let texts: Vec<_> = told.iter().map(|event| event.data["message"]["text"].clone()).collect();
    assert_eq!(texts, ["later", "see https://example.com"], "each once, when it became the client's to see");
    assert!(told.iter().all(|event| event.kind == "message"));
    let last = told[1].id.to_string();
    account.operator.outgoing(&conversation, "the end").await.is(201);
    let mut client = sluice_tests::Events::of(stream(&last).send().await.unwrap());
    assert_eq!(client.next().await.data["message"]["text"], "the end");
    let kinds = [people.next().await, people.next().await, people.next().await].map(|event| event.kind);
    assert_eq!(kinds, ["message", "message", "message-updated"]);
    assert_eq!(account.supervisor.list("/api/v1/reviews").await.len(), 0);
}

#[tokio::test]
async fn what_was_edited_is_what_is_delivered() {
    let server = Server::start().await;
    let (account, conversation) = holding(&server).await;
    let held = account.administrator.incoming(&conversation, "my site is https://example.com").await.is(201);
    assert_eq!(account.operator.messages(&conversation).await[0]["text"], Value::Null);
    let body = json!({"verdict": "approve", "text": "my site is …"});
    let approved = review(&account.supervisor, &held, body).await.is(200);
    assert_eq!((&approved["text"], &approved["review"]["edited"]), (&json!("my site is …"), &json!(true)));
    assert_eq!(account.operator.messages(&conversation).await[0]["text"], "my site is …");
    let by = approved["review"]["by"].as_str().unwrap();
    let audit = account.administrator.list("/api/v1/audit?action=message.reviewed").await;
    assert_eq!((audit.len(), &audit[0]["target"], &audit[0]["actor"]), (1, &held["id"], &json!(by)));
    assert!(!audit[0].to_string().contains("my site"), "no text in the audit log");
    assert_eq!(audit[0]["details"]["edited"], true);
    // What the client wrote is not lost: administrators see it.
    let original = |messages: Vec<Value>| messages[0]["review"].get("original").cloned();
    let administrators = original(account.administrator.messages(&conversation).await);
    assert_eq!(administrators, Some(json!("my site is https://example.com")));
    assert_eq!(original(account.supervisor.messages(&conversation).await), None);
}

#[tokio::test]
async fn a_rejected_message_goes_no_further_and_its_author_learns_why() {
    let server = Server::start().await;
    let (account, conversation) = holding(&server).await;
    let outgoing = account.operator.outgoing(&conversation, "see https://example.com").await.is(201);
    let incoming = account.administrator.incoming(&conversation, "https://example.org").await.is(201);
    let reason = json!({"verdict": "reject", "reason": "Send the price list instead."});
    review(&account.supervisor, &outgoing, reason).await.is(200);
    review(&account.supervisor, &incoming, json!({"verdict": "reject"})).await.is(200);
    let seen = account.operator.messages(&conversation).await;
    assert_eq!((&seen[0]["state"], &seen[0]["text"]), (&json!("blocked"), &json!("see https://example.com")));
    assert_eq!(seen[0]["reason"], json!({"code": "rejected", "text": "Send the price list instead."}));
    assert_eq!((&seen[1]["state"], &seen[1]["text"]), (&json!("blocked"), &Value::Null));
    assert_eq!(account.supervisor.messages(&conversation).await[1]["text"], Value::Null, "quarantined");
    assert_eq!(account.administrator.list("/api/v1/quarantine").await[0]["message"]["text"], "https://example.org");
    let client = account.administrator.messages_of_client(&conversation).await;
    assert_eq!((client.len(), &client[0]["text"]), (1, &Value::Null));
    assert!(client[0]["notice"].as_str().unwrap().starts_with("Your message was not delivered"));
}

#[tokio::test]
async fn many_are_decided_about_at_once() {
    let server = Server::start().await;
    let (account, conversation) = holding(&server).await;
    let mut held = Vec::new();
    for n in 0..5 {
        let posted = account.administrator.incoming(&conversation, &format!("{n} https://example.com")).await.is(201);
        held.push(posted["id"].clone());
    }
    let first = account.supervisor.get("/api/v1/reviews?limit=2").await.is(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let rest = account.supervisor.list(&format!("/api/v1/reviews?cursor={}", first["next"].as_str().unwrap())).await;
    assert_eq!(rest.len(), 3);
    review(&account.supervisor, &json!({"id": held[0]}), json!({"verdict": "reject"})).await.is(200);
    let done =
        account.supervisor.post("/api/v1/reviews", json!({"messages": held, "verdict": "approve"})).await.is(200);
    let done = done["items"].as_array().unwrap();
    assert_eq!(done[0]["problem"]["code"], "not-held");
    assert!(done[1..].iter().all(|one| one["message"]["state"] == "delivered"), "{done:#?}");
    let nothing = json!({"messages": [], "verdict": "approve"});
    assert_eq!(account.supervisor.post("/api/v1/reviews", nothing).await.problem(422, "invalid")["field"], "messages");
    let both = json!({"verdict": "reject", "text": "x"});
    assert_eq!(
        review(&account.supervisor, &json!({"id": held[1]}), both).await.problem(422, "invalid")["field"],
        "text"
    );
}

#[tokio::test]
async fn only_those_who_review_and_reach_the_conversation_decide() {
    let server = Server::start().await;
    let (account, conversation) = holding(&server).await;
    let held = account.administrator.incoming(&conversation, "https://example.com").await.is(201);
    let approve = json!({"verdict": "approve"});
    review(&account.operator, &held, approve.clone()).await.problem(403, "forbidden");
    let own = json!(["messages-review", "conversations-own"]);
    let apart = server.join(&account.administrator, "apart", "supervisor", own).await;
    assert_eq!(apart.list("/api/v1/reviews").await.len(), 0);
    review(&apart, &held, approve.clone()).await.problem(404, "not-found");
    review(&server.with_plugins.administrator, &held, approve.clone()).await.problem(404, "not-found");
    let at_once = [review(&account.supervisor, &held, approve.clone()), review(&account.administrator, &held, approve)];
    let mut statuses: Vec<_> =
        futures::future::join_all(at_once).await.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "one decides");
}

#[tokio::test]
async fn what_nobody_decides_about_in_time_is_refused() {
    let server = Server::start().await;
    let (account, conversation) = holding(&server).await;
    account.operator.outgoing(&conversation, "see https://example.com").await.is(201);
    let mut events = account.operator.events(None).await;
    server.tamper("UPDATE messages SET held_until = 1 WHERE state = 'held'");
    let event = events.next().await;
    assert_eq!((&event.kind[..], &event.data["message"]["state"]), ("message-updated", &json!("blocked")));
    assert_eq!(event.data["message"]["reason"]["code"], "expired");
    until(async || account.supervisor.list("/api/v1/reviews").await.is_empty()).await;
    assert_eq!(account.administrator.messages_of_client(&conversation).await, [Value::Null; 0]);
}

#[tokio::test]
async fn who_may_not_write_as_the_client_does_not_see_its_side() {
    let server = Server::start().await;
    let (account, conversation) = holding(&server).await;
    let operator = server.nobody.session_of(&account.members[2]).await;
    let path = format!("/api/v1/conversations/{conversation}/messages?as=client");
    operator.get(&path).await.problem(403, "forbidden");
    operator.get("/api/v1/events?as=client").await.problem(403, "forbidden");
    operator.get(&format!("/api/v1/conversations/{conversation}/messages?as=god")).await.problem(400, "malformed");
}

#[tokio::test]
async fn nobody_approves_what_they_or_a_token_of_theirs_wrote() {
    let server = Server::start().await;
    let (account, conversation) = holding(&server).await;
    let (program, person) = (&account.supervisor, server.nobody.session_of(&account.members[1]).await);
    let approve = || json!({"verdict": "approve"});
    let mut held = Vec::new();
    for author in [program, &person] {
        held.push(author.outgoing(&conversation, "see https://example.com").await.is(201));
    }
    for message in &held {
        for reviewer in [program, &person] {
            review(reviewer, message, approve()).await.problem(403, "own-message");
            let edited = json!({"verdict": "approve", "text": "see our page"});
            review(reviewer, message, edited).await.problem(403, "own-message");
        }
    }
    let done =
        program.post("/api/v1/reviews", json!({"messages": [held[0]["id"]], "verdict": "approve"})).await.is(200);
    assert_eq!(done["items"][0]["problem"]["code"], "own-message");
    assert!(texts_of_client(&account.administrator, &conversation).await.is_empty());
    // To take it back is no harm, and somebody else may approve it.
    review(program, &held[0], json!({"verdict": "reject"})).await.is(200);
    review(&account.administrator, &held[1], approve()).await.is(200);

    // An account of one person may say otherwise.
    account.administrator.put("/api/v1/messaging", json!({"own_messages": true})).await.is(200);
    let held = person.outgoing(&conversation, "see https://example.com").await.is(201);
    review(program, &held, approve()).await.is(200);
}

#[tokio::test]
async fn a_text_that_a_reviewer_wrote_is_refused_where_a_rule_blocks_or_redacts_it() {
    let server = Server::start().await;
    let (account, conversation) = holding(&server).await;
    let api = &account.administrator;
    api.filter(json!({"what": ["phone-numbers"], "action": "redact"})).await.is(201);
    api.filter(json!({"what": ["email-addresses"], "action": "block"})).await.is(201);
    let held = account.operator.outgoing(&conversation, "see https://example.com").await.is(201);
    let edit = |text: &str| json!({"verdict": "approve", "text": text});
    // What only redacts has no reason to give.
    for (text, reason) in [("call +44 20 7946 0958", false), ("write to ben@example.com", true)] {
        let refused = review(&account.supervisor, &held, edit(text)).await.problem(422, "edit-refused");
        assert_eq!(refused["reason"]["code"].is_string(), reason, "{refused}");
    }
    // It left a trail, and the message waits.
    let trails = api.list(&format!("/api/v1/decisions?conversation={conversation}")).await;
    assert_eq!(trails.len(), 3, "{trails:#?}");
    assert_eq!(account.supervisor.list("/api/v1/reviews").await.len(), 1);
    // What would be held again is what a reviewer is there for, and the text that is there was asked about.
    review(&account.supervisor, &held, edit("see https://example.org")).await.is(200);
    let entry = &api.list("/api/v1/audit?action=message.reviewed").await[0];
    assert!(entry["details"]["decision"].is_string(), "{entry}");
    assert_eq!(texts_of_client(api, &conversation).await, ["see https://example.org"]);
    let held = account.operator.outgoing(&conversation, "see https://example.com").await.is(201);
    review(&account.supervisor, &held, edit("see https://example.com")).await.is(200);
}
