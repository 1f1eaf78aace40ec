//! Tags, templates of answers and clients; and that who does not reach a conversation learns nothing of it.

use serde_json::{Value, json};
use sluice_tests::Server;

use crate::{
    chat::person_id,
    support::{inside, platform},
};

#[tokio::test]
async fn who_does_not_reach_a_conversation_learns_nothing_of_it() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let api = &account.administrator;
    let stranger = server.join(api, "stranger", "operator", json!(["conversations-group"])).await;
    let mut events = stranger.events(None).await;
    let conversation = account.operator.conversation().await;
    let path = format!("/api/v1/conversations/{conversation}");
    api.incoming(&conversation, "a secret parcel").await.is(201);
    let client = api.get(&path).await.is(200)["client"]["id"].as_str().unwrap().to_owned();
    let comment = account.operator.post(&format!("{path}/comments"), json!({"text": "psst"})).await.is(201);
    let tag = api.post("/api/v1/tags", json!({"label": "late", "color": "#000000"})).await.is(201);
    let tags = json!({"tags": [tag["id"]]});
    account.operator.put(&format!("{path}/tags"), tags.clone()).await.is(200);
    account.operator.put(&format!("/api/v1/clients/{client}/tags"), tags.clone()).await.is(200);
    account.operator.put(&format!("{path}/read"), json!({"seq": 9})).await.is(200);
    account.operator.post(&format!("{path}/typing"), json!({})).await.is(204);
    account.operator.patch(&path, json!({"state": "closed"})).await.is(200);

    for path in
        [path.clone(), format!("{path}/requests"), format!("{path}/comments"), format!("/api/v1/clients/{client}")]
    {
        stranger.get(&path).await.problem(404, "not-found");
    }
    stranger.patch(&path, json!({"state": "open"})).await.problem(404, "not-found");
    stranger.put(&format!("{path}/read"), json!({"seq": 1})).await.problem(404, "not-found");
    stranger.put(&format!("{path}/tags"), json!({"tags": []})).await.problem(404, "not-found");
    stranger.post(&format!("{path}/typing"), json!({})).await.problem(404, "not-found");
    stranger.post(&format!("{path}/comments"), json!({"text": "x"})).await.problem(404, "not-found");
    let comment = format!("/api/v1/comments/{}", comment["id"].as_str().unwrap());
    stranger.delete(&comment).await.problem(404, "not-found");
    stranger.patch(&format!("/api/v1/clients/{client}"), json!({"phone": "1"})).await.problem(404, "not-found");
    stranger.put(&format!("/api/v1/clients/{client}/tags"), tags).await.problem(404, "not-found");
    let tag = tag["id"].as_str().unwrap();
    for list in [
        "conversations".to_owned(),
        format!("conversations?tag={tag}"),
        "clients".to_owned(),
        format!("clients?tag={tag}"),
        "search?q=secret".to_owned(),
    ] {
        assert_eq!(stranger.list(&format!("/api/v1/{list}")).await, [Value::Null; 0], "{list}");
    }
    // What the stranger hears first is what is the stranger's.
    let own = stranger.conversation().await;
    let heard = events.any().await;
    assert_eq!((&heard.kind[..], &heard.data["body"]["conversation"]), ("conversation", &json!(own)));
}

#[tokio::test]
async fn a_group_that_loses_a_conversation_hears_of_it() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let api = &account.administrator;
    let grouped = server.join(api, "grouped", "operator", json!(["conversations-group"])).await;
    let stranger = server.join(api, "stranger", "operator", json!(["conversations-group"])).await;
    let members = json!({"name": "Sales", "members": [person_id(&grouped).await]});
    let group = api.post("/api/v1/groups", members).await.is(201);
    let conversation = api.conversation().await;
    let assignment = format!("/api/v1/conversations/{conversation}/assignment");
    api.put(&assignment, json!({"group_id": group["id"]})).await.is(200);
    let (mut hears, mut does_not) = (grouped.events(None).await, stranger.events(None).await);
    api.put(&assignment, json!({})).await.is(200);
    assert_eq!(hears.any().await.data["body"], json!({"conversation": conversation}));
    let group = format!("/api/v1/groups/{}", group["id"].as_str().unwrap());
    api.delete(&group).await.is(204);
    assert_eq!(hears.any().await.kind, "conversations");
    assert_eq!(does_not.any().await.kind, "conversations");
}

#[tokio::test]
async fn support_sees_conversations_and_leaves_no_mark() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let conversation = account.operator.conversation().await;
    let path = format!("/api/v1/conversations/{conversation}");
    let root = platform(&server).await;
    let support = inside(&server, account, &root, "configure").await;
    assert_eq!(support.get(&path).await.is(200)["read_seq"], 0);
    support.put(&format!("{path}/read"), json!({"seq": 0})).await.problem(403, "not-for-support");
    support.post(&format!("{path}/comments"), json!({"text": "x"})).await.problem(403, "forbidden");
}

#[tokio::test]
async fn tags_are_made_by_who_edits_templates_and_go_from_everything_at_once() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let (operator, supervisor) = (&account.operator, &account.supervisor);
    let draft = json!({"label": "urgent", "description": "Now", "color": "#ff0000"});
    operator.post("/api/v1/tags", draft.clone()).await.problem(403, "forbidden");
    let tag = supervisor.post("/api/v1/tags", draft.clone()).await.is(201);
    supervisor.post("/api/v1/tags", draft).await.problem(409, "conflict");
    for bad in [
        json!({"label": "", "color": "#ff0000"}),
        json!({"label": "x", "color": "red"}),
        json!({"label": "x", "color": "#ff0000", "description": "x".repeat(1_025)}),
    ] {
        supervisor.post("/api/v1/tags", bad).await.problem(422, "invalid");
    }
    let path = format!("/api/v1/tags/{}", tag["id"].as_str().unwrap());
    let changed = supervisor.patch(&path, json!({"color": "#00FF00"})).await.is(200);
    assert_eq!((&changed["label"], &changed["color"]), (&json!("urgent"), &json!("#00ff00")));
    assert_eq!(operator.list("/api/v1/tags").await, [changed]);

    let conversation = operator.conversation().await;
    let of_conversation = format!("/api/v1/conversations/{conversation}");
    let view = operator.put(&format!("{of_conversation}/tags"), json!({"tags": [tag["id"]]})).await.is(200);
    let client = format!("/api/v1/clients/{}", view["client"]["id"].as_str().unwrap());
    operator.put(&format!("{client}/tags"), json!({"tags": [tag["id"]]})).await.is(200);
    let unknown = json!({"tags": ["tag_00000000000000000000000000000007"]});
    operator.put(&format!("{client}/tags"), unknown.clone()).await.problem(404, "not-found");
    operator.put(&format!("{of_conversation}/tags"), unknown).await.problem(404, "not-found");
    let many: Vec<_> = (0..51).map(|n| format!("tag_{n:032x}")).collect();
    operator.put(&format!("{client}/tags"), json!({"tags": many})).await.problem(422, "invalid");

    operator.delete(&path).await.problem(403, "forbidden");
    supervisor.delete(&path).await.is(204);
    assert_eq!(operator.get(&of_conversation).await.is(200)["tags"], json!([]));
    assert_eq!(operator.get(&client).await.is(200)["tags"], json!([]));
}

#[tokio::test]
async fn templates_of_answers_are_read_by_all_and_edited_by_some() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let (operator, supervisor) = (&account.operator, &account.supervisor);
    let draft = json!({"name": "Greeting", "text": "Good day!\nHow can I help?", "command": "hi"});
    operator.post("/api/v1/answer-templates", draft.clone()).await.problem(403, "forbidden");
    let made = supervisor.post("/api/v1/answer-templates", draft).await.is(201);
    assert_eq!(operator.list("/api/v1/answer-templates").await, std::slice::from_ref(&made));
    for (bad, status, code) in [
        (json!({"name": "Greeting", "text": "x"}), 409, "conflict"),
        (json!({"name": "Other", "text": "x", "command": "hi"}), 409, "conflict"),
        (json!({"name": "Other", "text": ""}), 422, "invalid"),
        (json!({"name": "Other", "text": "x", "command": "two words"}), 422, "invalid"),
        (json!({"name": "", "text": "x"}), 422, "invalid"),
    ] {
        supervisor.post("/api/v1/answer-templates", bad).await.problem(status, code);
    }
    let path = format!("/api/v1/answer-templates/{}", made["id"].as_str().unwrap());
    let changed = supervisor.patch(&path, json!({"text": "Hi!", "command": ""})).await.is(200);
    assert_eq!(
        (&changed["name"], &changed["text"], &changed["command"]),
        (&json!("Greeting"), &json!("Hi!"), &Value::Null)
    );
    supervisor.delete(&path).await.is(204);
    supervisor.delete(&path).await.problem(404, "not-found");
    let audit = account.administrator.list("/api/v1/audit").await;
    for action in ["answer-template.created", "answer-template.changed", "answer-template.removed"] {
        assert_eq!(audit.iter().filter(|entry| entry["action"] == action).count(), 1, "{action}");
    }
}

#[tokio::test]
async fn what_is_known_of_a_client_changes_and_is_not_in_the_audit_log() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let client = json!({"client": {"name": "Carla", "external_id": "crm 7"}});
    let conversation = api.post("/api/v1/conversations", client).await.is(201);
    api.conversation().await;
    let id = conversation["client"]["id"].as_str().unwrap();
    let path = format!("/api/v1/clients/{id}");
    assert_eq!(api.list("/api/v1/clients").await.len(), 2);
    let found = api.list("/api/v1/clients?external_id=crm%207").await;
    assert_eq!((found.len(), &found[0]["id"], &found[0]["phone"]), (1, &json!(id), &Value::Null));
    let change = json!({"name": "Carla B.", "phone": "+49 30 1", "email": "c@example.com", "comment": "Likes\ntea"});
    let changed = api.patch(&path, change).await.is(200);
    assert_eq!((&changed["name"], &changed["comment"]), (&json!("Carla B."), &json!("Likes\ntea")));
    let changed = api.patch(&path, json!({"phone": ""})).await.is(200);
    assert_eq!((&changed["phone"], &changed["email"]), (&Value::Null, &json!("c@example.com")));
    for bad in [json!({"name": ""}), json!({"phone": "x".repeat(257)}), json!({"comment": "x".repeat(1_025)})] {
        api.patch(&path, bad).await.problem(422, "invalid");
    }
    let audit = json!(api.list("/api/v1/audit?action=client.changed").await).to_string();
    assert!(audit.contains("phone") && !audit.contains("+49") && !audit.contains("example.com"), "{audit}");
}
