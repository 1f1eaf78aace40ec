//! What cannot be used is refused with a code that says why, and nothing is stored of it.

use reqwest::Method;
use serde_json::{Value, json};
use sluice_tests::{Api, Server};

async fn raw(api: &Api, path: &str, kind: &str, body: impl Into<reqwest::Body>) -> sluice_tests::Answer {
    api.send(api.request(Method::POST, path).header("Content-Type", kind).body(body)).await
}

#[tokio::test]
async fn a_body_that_cannot_be_used_says_why() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let path = format!("/api/v1/conversations/{}/messages", api.conversation().await);
    let json_type = "application/json";
    raw(api, &path, json_type, "{\"text\": ").await.problem(400, "malformed");
    raw(api, &path, json_type, "").await.problem(400, "malformed");
    raw(api, &path, json_type, b"{\"text\": \"\xff\"}".to_vec()).await.problem(400, "malformed");
    raw(api, &path, "text/plain", "{\"text\": \"hi\"}").await.problem(415, "unsupported-media-type");
    raw(api, &path, json_type, "[".repeat(200_000)).await.problem(422, "invalid");
    raw(api, &path, json_type, format!("{{\"text\": \"{}\"}}", "x".repeat(2 << 20))).await.problem(413, "too-large");
    for body in [
        json!({}),
        json!([]),
        json!({"text": 7}),
        json!({"text": ""}),
        json!({"text": "a\u{0}b"}),
        json!({"text": "x".repeat(65_537)}),
        json!({"text": "hi", "direction": "sideways"}),
        json!({"text": "hi", "colour": "red"}),
    ] {
        let problem = api.post(&path, body.clone()).await.problem(422, "invalid");
        assert!(!problem["detail"].as_str().unwrap().contains("xxxx"), "the text is not repeated: {problem:#}");
    }
    let attachments = json!({"text": "hi", "attachments": [{"name": "a.png"}]});
    api.post(&path, attachments).await.problem(422, "invalid");
    api.post("/api/v1/conversations", json!({"client": {"name": " "}})).await.problem(422, "invalid");
    api.post("/api/v1/conversations", json!({"client": {"name": "a\nb"}})).await.problem(422, "invalid");
    let messages = api.list(&path).await;
    assert_eq!(messages, [Value::Null; 0]);
}

#[tokio::test]
async fn texts_of_any_script_and_up_to_the_bound_come_back_as_they_were() {
    let server = Server::start().await;
    let api = &server.with_plugins.administrator;
    let conversation = api.conversation().await;
    let texts = [
        "x".repeat(65_536),
        "𝔘𝔫𝔦 👩‍👩‍👧‍👦 עברית\u{202e}".to_owned(),
        " \t\r\n x\t".to_owned(),
        "'; DROP TABLE messages; --".to_owned(),
    ];
    for text in &texts {
        assert_eq!(api.incoming(&conversation, text).await.is(201)["text"], text.as_str());
    }
    let kept: Vec<_> = api.messages(&conversation).await.iter().map(|message| message["text"].clone()).collect();
    assert_eq!(kept, texts);
}

#[tokio::test]
async fn a_path_a_method_or_a_parameter_that_is_not_there_is_a_problem() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    api.get("/api/v1/nothing").await.problem(404, "no-such-route");
    api.get("/").await.problem(404, "no-such-route");
    api.delete("/api/v1/plugins").await.problem(405, "method-not-allowed");
    for id in ["x", "plg_", "../../etc/passwd", "%00", "con_00000000000000000000000000000001"] {
        let answer = api.get(&format!("/api/v1/plugins/{id}")).await;
        assert_eq!(answer.status, 404, "{id}: {}", answer.body);
    }
    for query in ["limit=0", "limit=201", "limit=-1", "limit=x", "cursor=x", "cursor=%00"] {
        api.get(&format!("/api/v1/conversations?{query}")).await.problem(400, "malformed");
    }
    for query in ["verdict=purple", "conversation=x", "rule=%20"] {
        api.get(&format!("/api/v1/decisions?{query}")).await.problem(400, "malformed");
    }
}

#[tokio::test]
async fn a_list_is_paged_to_its_end() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let mut made = Vec::new();
    for _ in 0..7 {
        made.push(api.conversation().await);
    }
    // The list begins with the latest activity.
    made.reverse();
    let (mut seen, mut path) = (Vec::new(), "/api/v1/conversations?limit=3".to_owned());
    loop {
        let page = api.get(&path).await.is(200);
        let items = page["items"].as_array().unwrap();
        seen.extend(items.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/conversations?limit=3&cursor={next}");
    }
    assert_eq!(seen, made);
}

#[tokio::test]
async fn the_same_key_sends_once_and_answers_twice() {
    let server = Server::start().await;
    let api = &server.without_plugins.operator;
    let conversation = api.conversation().await;
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let post = async |key: &str, text: &str| {
        let request = api.request(Method::POST, &path).header("Idempotency-Key", key);
        api.send(request.json(&json!({"text": text}))).await
    };
    let both = futures::future::join_all((0..16).map(|_| post("a-key", "once"))).await;
    let mut answers = both.into_iter().map(|answer| answer.is(201));
    let first = answers.next().unwrap();
    assert!(answers.all(|answer| answer == first));
    assert_eq!(api.messages(&conversation).await.len(), 1);
    post("a-key", "something else").await.problem(409, "conflict");
    post("another-key", "once").await.is(201);
    post("with a space", "x").await.problem(422, "invalid");
    post(&"k".repeat(129), "x").await.problem(422, "invalid");
    assert_eq!(api.messages(&conversation).await.len(), 2);
}

#[tokio::test]
async fn answers_carry_headers_that_keep_browsers_from_guessing() {
    let server = Server::start().await;
    for path in ["/api/v1/me", "/healthz", "/nothing", "/api/openapi.json"] {
        let answer = server.nobody.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{path}");
    }
    assert_eq!(server.nobody.get("/healthz").await.status, 200);
    assert_eq!(server.nobody.get("/readyz").await.status, 200);
}
