//! What looks the same is the same, in whichever form it was typed; what shows nothing is nothing.

use serde_json::json;
use sluice_tests::{Api, Server};

const UNSEEN: [&str; 6] =
    ["\u{3164}", " \t\n", "\u{2800}", "\u{200b}\u{feff}", "\u{115f}\u{1160}", "\u{202e}\u{e0041}"];

/// A person with a password.
async fn set_password(server: &Server, api: &Api, email: &str, password: &str) {
    let body = json!({"email": email, "name": "Ünal", "role": "operator", "permissions": []});
    let invited = api.post("/api/v1/people", body).await.is(201);
    let chosen = json!({"link": invited["link"]["secret"], "password": password});
    server.nobody.post("/api/v1/passwords", chosen).await.is(204);
}

#[tokio::test]
async fn a_person_logs_in_in_whichever_form_address_and_password_are_typed() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    set_password(&server, api, "\u{a0}Ünal@Пример.рф", "caf\u{e9} saucer Tuesday frost").await;
    for email in ["u\u{308}nal@пример.рф", "ünal@xn--e1afmkfd.xn--p1ai", " ÜNAL@ПРИМЕР.РФ\u{feff}"] {
        for password in ["cafe\u{301} saucer Tuesday frost", "caf\u{e9} saucer Tuesday frost"] {
            server.nobody.log_in(email, password).await.is(201);
        }
        server.nobody.log_in(email, "cafe saucer Tuesday frost").await.problem(401, "wrong-credentials");
        let twin = json!({"email": email, "name": "Twin", "role": "operator"});
        api.post("/api/v1/people", twin).await.problem(409, "conflict");
    }
    for bad in ["u\u{200b}nal@example.com", "unal@exam\u{ad}\u{3164}ple.com ada", "\u{3164}@example.com"] {
        let body = json!({"email": bad, "name": "Ünal", "role": "operator"});
        api.post("/api/v1/people", body).await.problem(422, "invalid");
    }
}

#[tokio::test]
async fn who_was_kept_under_an_earlier_form_still_logs_in_and_nobody_else_gets_the_address() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let password = "unrelated saucer Tuesday frost";
    for (email, kept) in [("ünal@пример.рф", "ünal@пример.рф"), ("ü@old.example", "u\u{308}@old.example")]
    {
        set_password(&server, api, email, password).await;
        let normal = if email == kept { "ünal@xn--e1afmkfd.xn--p1ai" } else { email };
        server.tamper(&format!("UPDATE people SET email = '{kept}' WHERE email = '{normal}'"));
        for typed in [kept, normal, email] {
            server.nobody.log_in(typed, password).await.is(201);
        }
        let twin = json!({"email": email, "name": "Twin", "role": "operator"});
        api.post("/api/v1/people", twin).await.problem(409, "conflict");
    }
}

#[tokio::test]
async fn what_shows_nothing_is_no_message_comment_name_or_label() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let conversation = api.conversation().await;
    for nothing in UNSEEN {
        api.incoming(&conversation, nothing).await.problem(422, "invalid");
        api.outgoing(&conversation, nothing).await.problem(422, "invalid");
        let comment = format!("/api/v1/conversations/{conversation}/comments");
        api.post(&comment, json!({"text": nothing})).await.problem(422, "invalid");
        api.post("/api/v1/conversations", json!({"client": {"name": nothing}})).await.problem(422, "invalid");
        api.post("/api/v1/tags", json!({"label": nothing, "color": "#aabbcc"})).await.problem(422, "invalid");
        api.post("/api/v1/groups", json!({"name": nothing, "members": []})).await.problem(422, "invalid");
        api.post("/api/v1/tokens", json!({"name": nothing, "scopes": ["manage-people"]})).await.problem(422, "invalid");
        let person = json!({"email": "ada@forms.example", "name": nothing, "role": "operator"});
        api.post("/api/v1/people", person).await.problem(422, "invalid");
    }
    api.incoming(&conversation, "\u{3164}.").await.is(201);
}

#[tokio::test]
async fn names_are_seen_as_they_are() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    for hidden in ["Ada\u{202e}ecila", "A\u{200b}da", "Ada\u{2067}", "Ada\u{3164}B"] {
        let person = json!({"email": "ada@forms.example", "name": hidden, "role": "operator"});
        api.post("/api/v1/people", person).await.problem(422, "invalid");
        api.post("/api/v1/groups", json!({"name": hidden, "members": []})).await.problem(422, "invalid");
        let client = json!({"client": {"name": hidden}});
        let made = api.post("/api/v1/conversations", client).await.is(201);
        let name = made["client"]["name"].as_str().unwrap();
        assert!(!name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic()), "{name:?}");
    }
    api.post("/api/v1/groups", json!({"name": "Rene\u{301}", "members": []})).await.is(201);
    api.post("/api/v1/groups", json!({"name": "Ren\u{e9}", "members": []})).await.problem(409, "conflict");
    let person = json!({"email": "ada@forms.example", "name": "Ａｄａ", "role": "operator"});
    assert_eq!(api.post("/api/v1/people", person).await.is(201)["person"]["name"], "Ada");
}

#[tokio::test]
async fn a_stream_that_would_go_on_after_an_unknown_event_is_told_so() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let conversation = api.conversation().await;
    let mut events = api.events(None).await;
    api.incoming(&conversation, "hello").await.is(201);
    let last = events.next().await.id;
    drop(api.events(Some(last)).await);
    for unknown in [last + 100, i64::MAX, -1] {
        let request = api.request(reqwest::Method::GET, "/api/v1/events").header("Last-Event-ID", unknown);
        api.send(request).await.problem(409, "unknown-event");
    }
}

#[tokio::test]
async fn a_file_has_a_name_of_255_characters_in_any_script() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    for name in ["я".repeat(255), "上".repeat(251) + ".txt", "👍".repeat(127)] {
        api.send_file(&name, "hello", "").await.is(201);
    }
    for name in ["я".repeat(256), "👍".repeat(128), "\u{3164}".to_owned(), "\u{200b}".to_owned()] {
        api.send_file(&name, "hello", "").await.problem(422, "invalid");
    }
}

#[tokio::test]
async fn messages_are_found_in_every_form() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let conversation = api.conversation().await;
    for text in ["Cafe\u{301} um acht", "我住在上海市中心", "call 8 (912) 345-67-89", "Straße"] {
        api.incoming(&conversation, text).await.is(201);
    }
    for words in ["caf\u{e9}", "cafe", "上海", "89123456789", "8 912 345 67 89", "STRASSE", "市"] {
        let escaped: String = words.bytes().map(|byte| format!("%{byte:02x}")).collect();
        assert_eq!(api.list(&format!("/api/v1/search?q={escaped}")).await.len(), 1, "{words}");
    }
}
