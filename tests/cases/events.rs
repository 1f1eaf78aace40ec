//! Live events: in order, without a gap and without a repetition, and only what their reader may see.

use serde_json::{Value, json};
use sluice_tests::{Event, Events, Home, Server};

fn text(event: &Event) -> &Value {
    &event.data["message"]["text"]
}

async fn texts(events: &mut Events, count: usize) -> Vec<Value> {
    let mut texts = Vec::new();
    while texts.len() < count {
        texts.push(text(&events.next().await).clone());
    }
    texts
}

#[tokio::test]
async fn a_message_arrives_as_its_reader_may_see_it() {
    let server = Server::start().await;
    let account = &server.with_plugins;
    let conversation = account.operator.conversation().await;
    let (mut operator, mut supervisor) = (account.operator.events(None).await, account.supervisor.events(None).await);
    let mut administrator = account.administrator.events(None).await;
    let mut elsewhere = server.without_plugins.administrator.events(None).await;
    for text in ["hello", "a gift card", "you idiot", "acme"] {
        account.administrator.incoming(&conversation, text).await;
    }
    account.operator.outgoing(&conversation, "an idiot").await.problem(422, "message-blocked");
    account.operator.outgoing(&conversation, "the end").await.is(201);

    let redacted = json!("••••");
    let administrator = texts(&mut administrator, 5).await;
    assert_eq!(administrator[..3], [json!("hello"), json!("a gift card"), json!("you idiot")]);
    assert!(administrator[3] != json!("acme") && administrator[3] != redacted.clone(), "{administrator:?}");
    assert_eq!(administrator[4], "the end");
    let supervisor = texts(&mut supervisor, 3).await;
    assert_eq!(supervisor, [json!("hello"), json!("a gift card"), Value::Null]);
    let waiting = {
        operator.next().await;
        operator.next().await
    };
    assert_eq!((&waiting.kind[..], text(&waiting)), ("message", &Value::Null));
    assert_eq!(
        (&waiting.data["message"]["state"], &waiting.data["message"]["reason"]["code"]),
        (&"held".into(), &"blocked-word".into())
    );

    // The other account hears of its own messages only.
    let theirs = server.without_plugins.operator.conversation().await;
    server.without_plugins.operator.outgoing(&theirs, "theirs").await.is(201);
    assert_eq!(text(&elsewhere.next().await), "theirs");
}

#[tokio::test]
async fn a_stream_resumes_without_a_gap_and_without_a_repetition() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let conversation = api.conversation().await;
    let sender = {
        let (api, conversation) = (api.clone(), conversation.clone());
        tokio::spawn(async move {
            for n in 0..300 {
                api.incoming(&conversation, &n.to_string()).await.is(201);
            }
        })
    };
    let (mut seen, mut last) = (Vec::new(), 0);
    // Connections break again and again while messages come.
    while seen.len() < 300 {
        let mut events = api.events(Some(last)).await;
        for _ in 0..(300 - seen.len()).min(37) {
            // Those about the conversation are in between: it began, and its request.
            let event = events.any().await;
            assert_eq!(event.id, last + 1);
            last = event.id;
            if event.kind == "message" {
                seen.push(text(&event).as_str().unwrap().parse::<i32>().unwrap());
            }
        }
    }
    sender.await.unwrap();
    assert_eq!(seen, (0..300).collect::<Vec<_>>());
    // The list of messages has the same order.
    let listed: Vec<_> = api.messages(&conversation).await.iter().map(|m| m["seq"].as_i64().unwrap()).collect();
    assert!(listed.is_sorted() && listed.len() == 200, "{listed:?}");
}

#[tokio::test]
async fn messages_of_many_senders_have_one_order_for_all_readers() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let conversation = api.conversation().await;
    let mut readers = [api.events(Some(0)).await, api.events(Some(0)).await];
    let senders: Vec<_> = (0..16)
        .map(|sender| {
            let (api, conversation) = (api.clone(), conversation.clone());
            tokio::spawn(async move {
                for n in 0..10 {
                    api.incoming(&conversation, &format!("{sender} {n}")).await.is(201);
                }
            })
        })
        .collect();
    let [first, second] = &mut readers;
    let (first, second) = (texts(first, 160).await, texts(second, 160).await);
    for sender in senders {
        sender.await.unwrap();
    }
    assert_eq!(first, second);
    let listed: Vec<_> = api.messages(&conversation).await.iter().map(|message| message["text"].clone()).collect();
    assert_eq!(listed, first);
    // Each sender's own messages are in the order in which it sent them.
    for sender in 0..16 {
        let prefix = format!("{sender} ");
        let own: Vec<_> = first.iter().filter_map(|text| text.as_str()?.strip_prefix(&prefix)).collect();
        assert_eq!(own, (0..10).map(|n| n.to_string()).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_stream_ends_when_the_server_does_and_goes_on_at_the_next() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let conversation = api.conversation().await;
    let mut events = api.events(None).await;
    api.incoming(&conversation, "before").await.is(201);
    let last = events.next().await.id;
    let stopping = tokio::spawn(server.stop());
    assert!(events.next_or_end().await.is_none());
    let server = Server::start_in(stopping.await.unwrap()).await;
    let api = &server.without_plugins.administrator;
    api.incoming(&conversation, "after").await.is(201);
    assert_eq!(texts(&mut api.events(Some(last)).await, 1).await, ["after"]);
}

#[tokio::test]
async fn a_place_to_resume_that_is_no_number_is_refused() {
    let server = Server::start().await;
    let api = &server.without_plugins.operator;
    let request = api.request(reqwest::Method::GET, "/api/v1/events").header("Last-Event-ID", "yesterday");
    api.send(request).await.problem(400, "malformed");
    server.nobody.get("/api/v1/events").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn nothing_is_delivered_after_a_right_is_gone() {
    let server = Server::start().await;
    let administrator = &server.without_plugins.administrator;
    let conversation = administrator.conversation().await;
    // What takes the right away; the stream then ends, or says nothing of what its reader sees no more.
    let takings = ["disabled", "deleted", "no permissions", "password replaced", "logged out"];
    for (number, taking) in takings.into_iter().enumerate() {
        let person =
            server.join(administrator, &format!("reader-{number}"), "operator", json!(["conversations-all"])).await;
        let me = person.get("/api/v1/me").await.is(200);
        let path = format!("/api/v1/people/{}", me["person_id"].as_str().unwrap());
        let mut events = person.events(None).await;
        administrator.incoming(&conversation, "before").await.is(201);
        assert_eq!(texts(&mut events, 1).await, ["before"], "{taking}");
        match taking {
            "disabled" => administrator.patch(&path, json!({"disabled": true})).await.is(200),
            "deleted" => administrator.delete(&path).await.is(204),
            "no permissions" => administrator.patch(&path, json!({"permissions": []})).await.is(200),
            "password replaced" => {
                let link = administrator.post(&format!("{path}/password-link"), json!({})).await.is(201);
                let chosen = json!({"link": link["secret"], "password": "another unrelated saucer frost"});
                server.nobody.post("/api/v1/passwords", chosen).await.is(204)
            }
            _ => person.delete("/api/v1/sessions/current").await.is(204),
        };
        administrator.incoming(&conversation, "after").await.is(201);
        while let Some(event) = events.next_or_end().await {
            assert_ne!(event.data["message"]["text"], "after", "{taking}");
        }
    }
}

#[tokio::test]
async fn a_session_and_an_account_have_only_so_many_streams() {
    let limits = [("SLUICE_LIMITS", "streams_per_session=2,streams_per_account=3")];
    let server = Server::start_with(Home::on_sqlite(), &limits).await;
    let account = &server.without_plugins;
    let _first = [account.operator.events(None).await, account.operator.events(None).await];
    let refused = account.operator.get("/api/v1/events").await;
    refused.problem(429, "too-many-at-once");
    let third = account.supervisor.events(None).await;
    account.administrator.get("/api/v1/events").await.problem(429, "too-many-at-once");
    // Another account's are its own, and a stream that ends leaves its place.
    let _theirs = server.with_plugins.operator.events(None).await;
    drop(third);
    let conversation = account.operator.conversation().await;
    account.operator.outgoing(&conversation, "the stream that is gone is noticed").await.is(201);
}
