//! Messages found by their words, and only those that the one who asks sees.

use serde_json::{Value, json};
use sluice_tests::{Api, Server};

/// Texts of what is found, newest first.
async fn texts(api: &Api, words: &str) -> Vec<Value> {
    let escaped: String = words.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let found = api.list(&format!("/api/v1/search?q={escaped}")).await;
    found.iter().map(|message| message["text"].clone()).collect()
}

#[tokio::test]
async fn a_message_is_found_by_who_sees_it_in_full() {
    let server = Server::start().await;
    let account = &server.with_plugins;
    let conversation = account.operator.conversation().await;
    for text in ["hello parcel", "a gift card for the parcel", "you idiot with your parcel"] {
        account.administrator.incoming(&conversation, text).await;
    }
    let [delivered, held, blocked] = ["hello parcel", "a gift card for the parcel", "you idiot with your parcel"];
    assert_eq!(texts(&account.operator, "PARC").await, [delivered]);
    assert_eq!(texts(&account.supervisor, "parcel").await, [held, delivered]);
    assert_eq!(texts(&account.administrator, "parcel").await, [blocked, held, delivered]);
    assert_eq!(texts(&server.without_plugins.administrator, "parcel").await, [Value::Null; 0]);
}

#[tokio::test]
async fn what_a_rule_took_out_of_a_message_is_not_found() {
    let server = Server::start().await;
    let account = &server.with_plugins;
    let conversation = account.operator.conversation().await;
    account.administrator.incoming(&conversation, "My card is 4111 1111 1111 1111, thanks").await.is(201);
    assert_eq!(texts(&account.administrator, "card thanks").await.len(), 1);
    assert_eq!(texts(&account.administrator, "4111").await.len(), 0);
}

#[tokio::test]
async fn pages_are_full_although_much_of_what_is_found_is_not_for_the_reader() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let api = &account.administrator;
    let olga = server.join(api, "olga", "operator", json!(["conversations-own"])).await;
    let (theirs, hers) = (api.conversation().await, olga.conversation().await);
    for n in 0..5 {
        api.incoming(&hers, &format!("her parcel {n}")).await.is(201);
        for _ in 0..60 {
            api.incoming(&theirs, "their parcel").await.is(201);
        }
    }
    let mut found = Vec::new();
    let mut path = "/api/v1/search?q=parcel&limit=2".to_owned();
    loop {
        let page = olga.get(&path).await.is(200);
        let items = page["items"].as_array().unwrap();
        found.push(items.iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/search?q=parcel&limit=2&cursor={next}");
    }
    let her = |n: usize| format!("her parcel {n}");
    assert_eq!(found, [vec![her(4), her(3)], vec![her(2), her(1)], vec![her(0)]]);
}

#[tokio::test]
async fn a_search_without_words_or_with_too_many_is_refused() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let conversation = api.conversation().await;
    api.incoming(&conversation, "one two").await.is(201);
    let long = "x".repeat(1_025);
    for bad in ["", "%22%20*", "%00", &"a+".repeat(17), &long] {
        api.get(&format!("/api/v1/search?q={bad}")).await.problem(422, "invalid");
    }
    api.get("/api/v1/search").await.problem(400, "malformed");
    api.get("/api/v1/search?q=x&cursor=y").await.problem(400, "malformed");
    api.get("/api/v1/search?q=x&limit=0").await.problem(400, "malformed");
    for strange in ["one\" OR \"three", "text : one OR *", "one' | 'three", "one\0"] {
        assert!(texts(api, strange).await.len() <= 1, "{strange:?}");
    }
    assert_eq!(texts(api, "one*\" two)").await, ["one two"]);
}
