//! Named lists: edited by whoever may, found as plugins would find.

use reqwest::{Method, Url};
use serde_json::{Value, json};
use sluice_tests::{Answer, Api, Server};

const LISTS: &str = "/api/v1/lists";

async fn make(api: &Api, name: &str, kind: &str) -> String {
    let made = api.post(LISTS, json!({"name": name, "kind": kind})).await.is(201);
    format!("{LISTS}/{}", made["id"].as_str().unwrap())
}

async fn add(api: &Api, list: &str, values: &[&str]) -> Answer {
    let entries: Vec<Value> = values.iter().map(|value| json!({"value": value})).collect();
    api.post(&format!("{list}/entries"), json!({"entries": entries})).await
}

async fn remove(api: &Api, list: &str, values: &[&str]) -> Answer {
    api.send(api.request(Method::DELETE, &format!("{list}/entries")).json(&json!({"values": values}))).await
}

async fn find(api: &Api, list: &str, value: &str) -> Value {
    api.get(&format!("{list}/find{}", query(&[("value", value)]))).await.is(200)["entry"].clone()
}

fn query(parameters: &[(&str, &str)]) -> String {
    let url = Url::parse_with_params("https://example.com/", parameters).unwrap();
    format!("?{}", url.query().unwrap())
}

#[tokio::test]
async fn a_list_is_made_filled_asked_renamed_and_removed() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let draft = json!({"name": "spammers", "kind": "exact", "description": "Who wastes our time"});
    let made = api.post(LISTS, draft.clone()).await.is(201);
    assert_eq!((&made["name"], &made["kind"], &made["entries"]), (&json!("spammers"), &json!("exact"), &json!(0)));
    api.post(LISTS, draft).await.problem(409, "conflict");
    let list = format!("{LISTS}/{}", made["id"].as_str().unwrap());

    assert_eq!(add(api, &list, &["Carla  ", "ＤＡＶＥ", "carla"]).await.is(200), json!({"added": 2, "present": 1}));
    assert_eq!(find(api, &list, "CARLA").await, "Carla");
    assert_eq!(find(api, &list, "dave").await, "ＤＡＶＥ");
    assert_eq!(find(api, &list, "eve").await, Value::Null);
    assert_eq!(remove(api, &list, &["CARLA", "eve"]).await.is(200), json!({"removed": 1, "absent": 1}));
    assert_eq!(find(api, &list, "carla").await, Value::Null, "in force from the next request on");

    let other = make(api, "others", "exact").await;
    api.patch(&list, json!({"name": "others"})).await.problem(409, "conflict");
    let renamed = api.patch(&list, json!({"name": "timewasters"})).await.is(200);
    assert_eq!((&renamed["name"], &renamed["description"]), (&json!("timewasters"), &json!("Who wastes our time")));
    assert_eq!(find(api, &list, "dave").await, "ＤＡＶＥ");
    assert_eq!(api.list(LISTS).await.len(), 2);
    api.delete(&list).await.is(204);
    for gone in [api.get(&list).await, api.get(&format!("{list}/find?value=dave")).await, api.delete(&list).await] {
        gone.problem(404, "not-found");
    }
    assert_eq!(find(api, &other, "dave").await, Value::Null);
}

#[tokio::test]
async fn each_kind_is_looked_up_in_its_own_way() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    for (kind, entries, found, lost, bad) in [
        ("prefix", ["+49", "+4930"], [("+49 30 1", "+49"), ("+4930 1", "+4930")], "+41", "a\nb"),
        (
            "network",
            ["10.0.0.0/8", "10.1.0.0/16"],
            [("10.9.0.1", "10.0.0.0/8"), ("::ffff:10.1.2.3", "10.1.0.0/16")],
            "192.0.2.1",
            "10.0.0.0/40",
        ),
        (
            "domain",
            ["Example.com", "пример.рф"],
            [("a.example.COM", "Example.com"), ("xn--e1afmkfd.xn--p1ai", "пример.рф")],
            "badexample.com",
            "https://example.com",
        ),
    ] {
        let list = make(api, kind, kind).await;
        add(api, &list, &entries).await.is(200);
        for (value, entry) in found {
            assert_eq!(find(api, &list, value).await, entry, "{kind} {value}");
        }
        assert_eq!(find(api, &list, lost).await, Value::Null, "{kind}");
        // One that cannot be keeps all out, and is named.
        let refused = add(api, &list, &["192.0.2.1", bad]).await.problem(422, "invalid");
        assert!(refused["detail"].as_str().unwrap().contains("number 2: "), "{refused:#}");
        assert_eq!(api.get(&list).await.is(200)["entries"], 2);
    }
    for draft in [json!({"name": "Spam", "kind": "exact"}), json!({"name": "spam", "kind": "glob"})] {
        api.post(LISTS, draft).await.problem(422, "invalid");
    }
}

#[tokio::test]
async fn what_is_sent_again_changes_nothing() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let list = make(api, "words", "exact").await;
    add(api, &list, &["one", "two"]).await.is(200);
    let state = async || (api.get(&list).await.is(200), api.list("/api/v1/audit").await.len());
    let before = state().await;
    assert_eq!(add(api, &list, &["one", "TWO"]).await.is(200), json!({"added": 0, "present": 2}));
    assert_eq!(remove(api, &list, &["three", "\n"]).await.is(200), json!({"removed": 0, "absent": 2}));
    api.patch(&list, json!({"name": "words"})).await.is(200);
    assert_eq!(state().await, before);

    let draft = || {
        api.request(Method::POST, LISTS)
            .header("Idempotency-Key", "one")
            .json(&json!({"name": "keyed", "kind": "exact"}))
    };
    let (first, second) = (api.send(draft()).await.is(201), api.send(draft()).await.is(201));
    assert_eq!(first["id"], second["id"]);
}

#[tokio::test]
async fn a_list_takes_ten_thousand_entries_at_once_and_a_hundred_thousand_in_all() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let list = make(api, "numbers", "exact").await;
    let entries = |from: usize, count: usize| {
        let entries: Vec<Value> = (from..from + count).map(|n| json!({"value": format!("number {n}")})).collect();
        json!({"entries": entries})
    };
    let path = format!("{list}/entries");
    api.post(&path, entries(0, 10_001)).await.problem(422, "invalid");
    for part in 0..10 {
        let added = api.post(&path, entries(part * 10_000, 10_000)).await.is(200);
        assert_eq!(added, json!({"added": 10_000, "present": 0}));
    }
    api.post(&path, entries(100_000, 1)).await.problem(409, "quota-exceeded");
    assert_eq!(api.post(&path, entries(99_999, 1)).await.is(200), json!({"added": 0, "present": 1}));
    assert_eq!(api.get(&list).await.is(200)["entries"], 100_000);
    assert_eq!(find(api, &list, "NUMBER 99999").await, "number 99999");
    assert_eq!(find(api, &list, "number 100000").await, Value::Null);

    for n in 1..64 {
        make(api, &format!("list-{n}"), "exact").await;
    }
    api.post(LISTS, json!({"name": "one-more", "kind": "exact"})).await.problem(409, "quota-exceeded");
}

#[tokio::test]
async fn entries_are_paged_in_their_order() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let list = make(api, "words", "exact").await;
    add(api, &list, &["Delta & co", "alpha?", "Beta", "čtyři"]).await.is(200);
    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut parameters = vec![("limit", "2")];
        parameters.extend(cursor.iter().map(|cursor| ("cursor", cursor.as_str())));
        let page = api.get(&format!("{list}/entries{}", query(&parameters))).await.is(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["value"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(seen, ["alpha?", "Beta", "Delta & co", "čtyři"]);
}

#[tokio::test]
async fn who_may_edit_lists_touches_nothing_else_and_the_log_names_no_entries() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let editor = server.join(&account.administrator, "editor", "supervisor", json!(["lists-edit"])).await;
    let list = make(&editor, "spammers", "exact").await;
    let noted = json!({"entries": [{"value": "Carla", "note": "wrote thrice"}]});
    editor.post(&format!("{list}/entries"), noted).await.is(200);
    let me = editor.get("/api/v1/me").await.is(200);
    let [entry] = &editor.list(&format!("{list}/entries")).await[..] else { panic!("one") };
    assert_eq!(
        (&entry["value"], &entry["note"], &entry["created_by"]),
        (&json!("Carla"), &json!("wrote thrice"), &me["person_id"])
    );
    editor.get("/api/v1/installations").await.problem(403, "forbidden");
    editor.get("/api/v1/plugins").await.problem(403, "forbidden");
    account.operator.get(&list).await.problem(403, "forbidden");
    remove(&editor, &list, &["Carla"]).await.is(200);
    editor.delete(&list).await.is(204);

    let mut log = account.administrator.list("/api/v1/audit").await;
    log.retain(|entry| entry["action"].as_str().is_some_and(|action| action.starts_with("list.")));
    let actions: Vec<&str> = log.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    let expected = ["list.removed", "list.entries-removed", "list.entries-added", "list.created"];
    assert_eq!(actions, expected);
    assert_eq!(log[2]["details"], json!({"name": "spammers", "changed": 1, "entries": 1}));
    assert!(!json!(log).to_string().contains("Carla"));
}
