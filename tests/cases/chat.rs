//! An operator's day: conversations come in, are read, answered, commented, tagged and closed.

use reqwest::Method;
use serde_json::{Value, json};
use sluice_storage::test_support::{Durability, PostgresCluster};
use sluice_tests::{Api, Events, Home, Server};

pub(crate) async fn person_id(api: &Api) -> String {
    api.get("/api/v1/me").await.is(200)["person_id"].as_str().unwrap().to_owned()
}

async fn view(api: &Api, conversation: &str) -> Value {
    api.get(&format!("/api/v1/conversations/{conversation}")).await.is(200)
}

/// Waits for the event that says that a conversation is another one now.
async fn hears_of(events: &mut Events, conversation: &str) -> Value {
    let event = events.next_of("conversation").await;
    assert_eq!(event.data["body"]["conversation"], conversation, "{event:?}");
    event.data["body"].clone()
}

#[tokio::test]
async fn an_operators_day_on_sqlite() {
    an_operators_day(Home::on_sqlite()).await;
}

#[tokio::test]
async fn an_operators_day_on_postgresql() {
    let postgres = PostgresCluster::start(Durability::Fast);
    an_operators_day(Home::on_postgres(postgres.database())).await;
}

async fn an_operators_day(home: Home) {
    let server = Server::start_in(home).await;
    let account = &server.without_plugins;
    let (api, supervisor) = (&account.administrator, &account.supervisor);
    let olga = server.join(api, "olga", "operator", json!(["conversations-own"])).await;
    let olga_id = person_id(&olga).await;
    let (mut hers, mut supervisors) = (olga.events(None).await, supervisor.events(None).await);

    // It comes in: nobody's, not read, with a request.
    let conversation = api.conversation().await;
    let path = format!("/api/v1/conversations/{conversation}");
    api.incoming(&conversation, "Где мой заказ 42?").await.is(201);
    hears_of(&mut supervisors, &conversation).await;
    hears_of(&mut supervisors, &conversation).await;
    let fresh = view(supervisor, &conversation).await;
    assert_eq!((&fresh["state"], &fresh["unread"], &fresh["assignee_id"]), (&json!("open"), &json!(1), &Value::Null));
    let request = fresh["request"].as_str().unwrap().to_owned();
    olga.get(&path).await.problem(404, "not-found");

    // It is assigned, and its assignee hears of it first by that.
    supervisor.put(&format!("{path}/assignment"), json!({"assignee_id": olga_id})).await.is(200);
    let body = hears_of(&mut hers, &conversation).await;
    assert_eq!((&body["assignee"], &body["was"]["assignee"]), (&json!(olga_id), &Value::Null));
    let listed = olga.list("/api/v1/conversations?state=open&assignee=me").await;
    assert_eq!((listed.len(), &listed[0]["id"], &listed[0]["unread"]), (1, &json!(conversation), &json!(1)));

    // She reads, types, answers.
    let last = listed[0]["last_seq"].clone();
    let read = olga.put(&format!("{path}/read"), json!({"seq": last})).await.is(200);
    assert_eq!((&read["unread"], &read["read_seq"]), (&json!(0), &last));
    let event = supervisors.next_of("read").await;
    assert_eq!((&event.data["body"]["person"], &event.data["body"]["seq"]), (&json!(olga_id), &last));
    olga.post(&format!("{path}/typing"), json!({})).await.is(204);
    let typing = supervisors.next_of("typing").await;
    assert_eq!((typing.id, &typing.data["body"]["person"]), (0, &json!(olga_id)));
    olga.outgoing(&conversation, "It is on its way.").await.is(201);

    // What operators tell one another is no message.
    let comment = olga.post(&format!("{path}/comments"), json!({"text": "an unpleasant client"})).await.is(201);
    let event = supervisors.next_of("comment").await;
    assert_eq!(event.data["comment"]["text"], "an unpleasant client");
    assert_eq!(supervisor.list(&format!("{path}/comments")).await, [comment]);
    let messages = supervisor.messages(&conversation).await;
    assert_eq!(
        messages.iter().map(|message| &message["text"]).collect::<Vec<_>>(),
        ["Где мой заказ 42?", "It is on its way."]
    );

    // It is tagged and found.
    let tag = supervisor.post("/api/v1/tags", json!({"label": "parcel", "color": "#FF8800"})).await.is(201);
    assert_eq!(tag["color"], "#ff8800");
    let tagged = olga.put(&format!("{path}/tags"), json!({"tags": [tag["id"], tag["id"]]})).await.is(200);
    assert_eq!(tagged["tags"], json!([tag["id"]]));
    let by_tag = format!("/api/v1/conversations?tag={}", tag["id"].as_str().unwrap());
    assert_eq!(olga.list(&by_tag).await.len(), 1);
    let found = olga.list("/api/v1/search?q=%D0%97%D0%90%D0%9A%D0%90%D0%97%204").await;
    assert_eq!((found.len(), &found[0]), (1, &messages[0]));
    assert_eq!(olga.list("/api/v1/search?q=unpleasant").await.len(), 0, "comments are no messages");

    // It is closed, and opens again when the client writes again.
    let closed = olga.patch(&path, json!({"state": "closed"})).await.is(200);
    assert_eq!((&closed["state"], &closed["request"]), (&json!("closed"), &Value::Null));
    assert!(closed["closed_at"].is_i64());
    assert_eq!(olga.list("/api/v1/conversations?state=open").await.len(), 0);
    olga.outgoing(&conversation, "Thanks!").await.is(201);
    assert_eq!(view(&olga, &conversation).await["state"], "closed", "an answer opens nothing");
    api.incoming(&conversation, "One more thing").await.is(201);
    let opened = view(&olga, &conversation).await;
    assert_eq!((&opened["state"], &opened["unread"], &opened["closed_at"]), (&json!("open"), &json!(1), &Value::Null));
    let requests = olga.list(&format!("{path}/requests")).await;
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0]["id"], opened["request"]);
    assert_eq!((&requests[1]["id"], &requests[1]["closed_by"]), (&json!(request), &json!(olga_id)));

    // It is given to somebody else: she learns that, and no more of it.
    while hers.next_of("message").await.data["message"]["text"] != "One more thing" {}
    let sasha = person_id(supervisor).await;
    supervisor.put(&format!("{path}/assignment"), json!({"assignee_id": sasha})).await.is(200);
    loop {
        let body = hears_of(&mut hers, &conversation).await;
        if body == json!({"conversation": conversation}) && olga.list("/api/v1/conversations").await.is_empty() {
            break;
        }
    }
    olga.get(&path).await.problem(404, "not-found");
}

#[tokio::test]
async fn conversations_stand_in_the_order_in_which_something_happened_last() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let [first, second, third] = [api.conversation().await, api.conversation().await, api.conversation().await];
    let ids = async |query: &str| -> Vec<String> {
        let listed = api.list(&format!("/api/v1/conversations{query}")).await;
        listed.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("").await, [&third[..], &second, &first]);
    api.incoming(&first, "hello").await.is(201);
    assert_eq!(ids("").await, [&first[..], &third, &second]);
    let page = api.get("/api/v1/conversations?limit=2").await.is(200);
    let next = page["next"].as_str().unwrap();
    assert_eq!(ids(&format!("?limit=2&cursor={next}")).await, [second]);
    assert_eq!(ids("?assignee=none&state=closed").await, [""; 0]);
    for bad in ["assignee=you", "state=half", "tag=x", "cursor=x"] {
        api.get(&format!("/api/v1/conversations?{bad}")).await.problem(400, "malformed");
    }
}

#[tokio::test]
async fn a_reading_mark_goes_back_only_when_that_is_said() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let api = &account.administrator;
    let conversation = account.operator.conversation().await;
    let path = format!("/api/v1/conversations/{conversation}/read");
    let mut seqs = Vec::new();
    for text in ["one", "two", "three"] {
        api.incoming(&conversation, text).await.is(201);
    }
    for message in api.messages(&conversation).await {
        seqs.push(message["seq"].as_i64().unwrap());
    }
    let mark = async |body: Value| {
        let view = account.operator.put(&path, body).await.is(200);
        (view["read_seq"].as_i64().unwrap(), view["unread"].as_u64().unwrap())
    };
    assert_eq!(mark(json!({"seq": seqs[1]})).await, (seqs[1], 1));
    assert_eq!(mark(json!({"seq": seqs[0]})).await, (seqs[1], 1), "late");
    assert_eq!(mark(json!({"seq": i64::MAX})).await, (seqs[2], 0), "not what is to come");
    assert_eq!(mark(json!({"seq": seqs[0], "back": true})).await, (seqs[0], 2));
    assert_eq!(mark(json!({"seq": 0, "back": true})).await, (0, 3));
    account.operator.put(&path, json!({"seq": -1})).await.problem(422, "invalid");
    assert_eq!(view(&account.supervisor, &conversation).await["unread"], 3, "each has a mark of their own");
    // A token marks for its person.
    account.operator.put(&path, json!({"seq": seqs[2]})).await.is(200);
    let [_, _, operator] = &account.members;
    let session = server.nobody.session_of(operator).await;
    assert_eq!(view(&session, &conversation).await["unread"], 0);

    let clients = format!("/api/v1/conversations/{conversation}/client-read");
    session.put(&clients, json!({"seq": 1})).await.problem(403, "forbidden");
    let mut events = session.events(None).await;
    api.outgoing(&conversation, "four").await.is(201);
    for seq in [seqs[2], seqs[0], i64::MAX] {
        api.put(&clients, json!({"seq": seq})).await.is(204);
    }
    let read = view(&session, &conversation).await;
    assert_eq!(read["client_read_seq"], read["last_seq"]);
    let first = events.next_of("read").await.data["body"].clone();
    assert_eq!((&first["seq"], &first["client"]), (&json!(seqs[2]), &read["client"]["id"]));
    assert_eq!(events.next_of("read").await.data["body"]["seq"], read["last_seq"], "one that goes back is none");
}

#[tokio::test]
async fn typing_is_told_to_others_once_a_second_and_moves_no_number() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let api = &account.administrator;
    let conversation = account.operator.conversation().await;
    let path = format!("/api/v1/conversations/{conversation}/typing");
    let (mut own, mut others) = (account.operator.events(None).await, account.supervisor.events(None).await);
    account.operator.post(&path, json!({})).await.is(204);
    account.operator.post(&path, json!({})).await.is(204);
    api.post(&path, json!({"as": "client"})).await.is(204);
    let first = others.any().await;
    assert_eq!((&first.kind[..], first.id), ("typing", 0));
    assert_eq!(first.data["body"]["person"], json!(person_id(&account.operator).await));
    let second = others.any().await;
    assert!(second.data["body"]["client"].is_string(), "{second:?}");
    assert!(own.any().await.data["body"]["client"].is_string(), "nobody hears of themselves");
    api.incoming(&conversation, "hello").await.is(201);
    assert_eq!(others.next().await.data["message"]["text"], "hello");
    let [_, _, operator] = &account.members;
    let session = server.nobody.session_of(operator).await;
    session.post(&path, json!({"as": "client"})).await.problem(403, "forbidden");
    session.post(&path, json!({"as": "somebody"})).await.problem(422, "invalid");
}

#[tokio::test]
async fn comments_reach_no_list_and_no_event_of_messages() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let conversation = account.operator.conversation().await;
    let path = format!("/api/v1/conversations/{conversation}/comments");
    let mut events = account.supervisor.events(None).await;
    for text in ["", "\0", &"x".repeat(65_537)] {
        account.operator.post(&path, json!({"text": text})).await.problem(422, "invalid");
    }
    account.operator.post(&path, json!({"text": "a secret"})).await.is(201);
    account.administrator.incoming(&conversation, "hello").await.is(201);
    loop {
        let event = events.any().await;
        if event.kind == "message" {
            assert_eq!(event.data["message"]["text"], "hello");
            break;
        }
        assert!(event.kind == "comment" || !event.data.to_string().contains("a secret"), "{event:?}");
    }
    let messages = account.administrator.messages(&conversation).await;
    assert!(!json!(messages).to_string().contains("a secret"), "{messages:?}");
    assert_eq!(view(&account.administrator, &conversation).await["last_seq"], messages[0]["seq"]);
}

#[tokio::test]
async fn a_comment_is_removed_by_its_author_only() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let conversation = account.operator.conversation().await;
    let list = format!("/api/v1/conversations/{conversation}/comments");
    let mut events = account.supervisor.events(None).await;
    let comment = account.operator.post(&list, json!({"text": "psst"})).await.is(201);
    let path = format!("/api/v1/comments/{}", comment["id"].as_str().unwrap());
    account.administrator.delete(&path).await.problem(404, "not-found");
    let [_, _, operator] = &account.members;
    let session = server.nobody.session_of(operator).await;
    session.delete(&path).await.is(204);
    session.delete(&path).await.problem(404, "not-found");
    assert_eq!(session.list(&list).await.len(), 0);
    // Whether the text was still there when the first event was read is not said.
    let removed = loop {
        let event = events.next_of("comment").await;
        if event.data["body"]["removed"] == true {
            break event.data["body"].clone();
        }
    };
    assert_eq!(removed["comment"], comment["id"]);
}

#[tokio::test]
async fn the_same_request_with_a_key_makes_one_thing() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let (api, supervisor) = (&account.operator, &account.supervisor);
    let conversation = api.conversation().await;
    let comments = format!("/api/v1/conversations/{conversation}/comments");
    let tag = json!({"label": "late", "color": "#000000"});
    let template = json!({"name": "Hello", "text": "Good day!", "command": "hi"});
    for (api, path, body, other) in [
        (api, "/api/v1/conversations", json!({"client": {"name": "Carla"}}), json!({"client": {"name": "Carl"}})),
        (api, &comments, json!({"text": "psst"}), json!({"text": "pssst"})),
        (supervisor, "/api/v1/tags", tag, json!({"label": "early", "color": "#000000"})),
        (supervisor, "/api/v1/answer-templates", template, json!({"name": "Bye", "text": "Bye!"})),
    ] {
        let send = async |body: &Value| {
            let request = api.request(Method::POST, path).header("Idempotency-Key", format!("key-of-{path}"));
            api.send(request.json(body)).await
        };
        let first = send(&body).await.is(201);
        assert_eq!(send(&body).await.is(201)["id"], first["id"], "{path}");
        send(&other).await.problem(409, "conflict");
        let bad = api.request(Method::POST, path).header("Idempotency-Key", "with space").json(&body);
        api.send(bad).await.problem(422, "invalid");
    }
    assert_eq!(api.list("/api/v1/conversations").await.len(), 2);
    assert_eq!(api.list(&comments).await.len(), 1);
}
