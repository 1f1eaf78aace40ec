//! Decisions about messages of conversations that their reader does not reach.

use serde_json::{Value, json};

use crate::{
    attack::{Attack, Seen, Takes},
    target::Target,
};

pub(super) const ATTACK: Attack = Attack {
    name: "decisions-beyond-reach",
    what: "reviewers who reach only own conversations, or none, list, search, read and rerun decisions about others'",
    aim: "none is seen",
    takes: Takes::Seconds,
    play: |target| Box::pin(play(target)),
};

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let api = &victim.without_plugins.administrator;
    api.filter(json!({"what": ["phone-numbers"], "action": "redact"})).await.is(201);
    let conversation = api.conversation().await;
    let posted = api.incoming(&conversation, "call +44 20 7946 0958").await.is(201);
    let decision = posted["decision_id"].as_str().unwrap();
    let mut seen = Vec::new();
    for (name, permissions) in [
        ("own", json!(["messages-review", "conversations-own", "data-export"])),
        ("none", json!(["messages-review", "data-export"])),
    ] {
        let reviewer = victim.join(api, name, "supervisor", permissions).await;
        for list in ["", "?rule=content-filter", "?verdict=redact", &format!("?conversation={conversation}")] {
            let answer = reviewer.get(&format!("/api/v1/decisions{list}")).await;
            if answer.body["items"].as_array().is_some_and(|items| holds(items, decision)) {
                seen.push(format!("{name}: list{list}"));
            }
        }
        let path = format!("/api/v1/decisions/{decision}");
        if reviewer.get(&path).await.status == 200 {
            seen.push(format!("{name}: read"));
        }
        if reviewer.post(&format!("{path}/rerun"), json!({})).await.status == 200 {
            seen.push(format!("{name}: rerun"));
        }
        let export = reviewer.request(reqwest::Method::GET, "/api/v1/decisions/export?format=jsonl");
        let export = export.send().await.unwrap().text().await.unwrap();
        if export.contains(decision) {
            seen.push(format!("{name}: export"));
        }
    }
    let seen: Vec<_> = seen.iter().map(|way| way.replace(&conversation, "ID")).collect();
    Seen::new(seen.is_empty(), format!("{} ways of 14: {}", seen.len(), seen.join(", ")))
}

fn holds(items: &[Value], decision: &str) -> bool {
    items.iter().any(|item| item["id"] == decision)
}
