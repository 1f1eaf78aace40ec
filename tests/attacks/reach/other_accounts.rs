//! Ids of another account, put wherever an id goes.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    attack::{Attack, Seen, Takes},
    people::text,
    target::Target,
};

pub(super) const ATTACK: Attack = Attack {
    name: "ids-of-another-account",
    what: "an administrator of one account names people, groups, conversations, messages, clients, plugins, files, decisions, tokens and rules of another in 28 requests",
    aim: "all are refused as if there were none",
    takes: Takes::Seconds,
    play: |target| Box::pin(play(target)),
};

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let theirs = &victim.without_plugins.administrator;
    let conversation = theirs.conversation().await;
    let posted = theirs.incoming(&conversation, "theirs").await.is(201);
    let client = text(&theirs.get(&format!("/api/v1/conversations/{conversation}")).await.is(200)["client"]["id"]);
    let person = text(&theirs.invite("theirs", "operator", json!([])).await.is(201)["person"]["id"]);
    let group = text(&theirs.post("/api/v1/groups", json!({"name": "Theirs"})).await.is(201)["id"]);
    let plugin = theirs.plugin("blocked-words").await;
    let installation = text(&theirs.install(&plugin, json!({})).await.is(201)["id"]);
    let filter = text(&theirs.filter(json!({"what": ["links"], "action": "flag"})).await.is(201)["id"]);
    let file = theirs.file("theirs.txt", "theirs").await;
    let token = json!({"name": "theirs", "scopes": ["data-export"]});
    let token = text(&theirs.post("/api/v1/tokens", token).await.is(201)["token"]["id"]);
    let (message, decision) = (text(&posted["id"]), text(&posted["decision_id"]));

    let ours = &victim.with_plugins.administrator;
    let own = ours.conversation().await;
    let requests: [(&str, String, Value); 28] = [
        ("GET", format!("conversations/{conversation}"), json!(null)),
        ("PATCH", format!("conversations/{conversation}"), json!({"state": "closed"})),
        ("GET", format!("conversations/{conversation}/messages"), json!(null)),
        ("POST", format!("conversations/{conversation}/messages"), json!({"text": "ours"})),
        ("POST", format!("conversations/{conversation}/comments"), json!({"text": "ours"})),
        ("PUT", format!("conversations/{conversation}/assignment"), json!({})),
        ("PUT", format!("conversations/{own}/assignment"), json!({"group_id": group})),
        ("PUT", format!("conversations/{own}/assignment"), json!({"person_id": person})),
        ("POST", format!("conversations/{own}/messages"), json!({"text": "", "attachments": [file]})),
        ("GET", format!("clients/{client}"), json!(null)),
        ("PATCH", format!("clients/{client}"), json!({"name": "ours"})),
        ("POST", format!("messages/{message}/review"), json!({"verdict": "approve"})),
        ("GET", format!("decisions/{decision}"), json!(null)),
        ("POST", format!("decisions/{decision}/rerun"), json!({})),
        ("GET", format!("people/{person}"), json!(null)),
        ("PATCH", format!("people/{person}"), json!({"role": "administrator"})),
        ("POST", format!("people/{person}/password-link"), json!({})),
        ("DELETE", format!("people/{person}"), json!(null)),
        ("PATCH", format!("groups/{group}"), json!({"name": "Ours"})),
        ("GET", format!("plugins/{plugin}"), json!(null)),
        ("DELETE", format!("plugins/{plugin}"), json!(null)),
        ("POST", "installations".to_owned(), json!({"plugin_id": plugin, "grants": ["log"]})),
        ("PATCH", format!("installations/{installation}"), json!({"mode": "disabled"})),
        ("DELETE", format!("installations/{installation}"), json!(null)),
        ("PATCH", format!("filters/{filter}"), json!({"mode": "shadow"})),
        ("GET", format!("attachments/{file}"), json!(null)),
        ("POST", format!("tokens/{token}/renewal"), json!({"overlap_seconds": 0})),
        ("DELETE", format!("tokens/{token}"), json!(null)),
    ];
    let mut reached = Vec::new();
    for (method, path, body) in &requests {
        let method: Method = method.parse().unwrap();
        let request = ours.request(method.clone(), &format!("/api/v1/{path}"));
        let request = if body.is_null() { request } else { request.json(body) };
        let answer = ours.send(request).await;
        if !matches!(answer.status.as_u16(), 404 | 422) {
            reached.push(format!("{method} {} {}", path.split('/').next().unwrap_or_default(), answer.status.as_u16()));
        }
    }
    Seen::new(reached.is_empty(), format!("{} of {} reached: {}", reached.len(), requests.len(), reached.join(", ")))
}
