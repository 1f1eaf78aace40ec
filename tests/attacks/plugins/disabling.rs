//! What an administrator takes away from a plugin while a change that began before is still being made.

use std::time::Duration;

use serde_json::{Value, json};
use sluice_tests::Api;

use crate::{
    attack::{Attack, Seen, Takes},
    people::text,
    target::Target,
};

pub(super) const ATTACK: Attack = Attack {
    name: "disabling-undone",
    what: "a plugin is disabled, or has its scope or share cut, while its configuration is being changed",
    aim: "0 of 15 are undone by what began before",
    takes: Takes::Seconds,
    play: |target| Box::pin(play(target)),
};

const ROUNDS: usize = 15;

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let api = &victim.without_plugins.administrator;
    let plugin = api.plugin("blocked-words").await;
    let mut undone = Vec::new();
    for round in 0..ROUNDS {
        let installed = api.install(&plugin, json!({"config": words(round, 10), "grants": []})).await.is(201);
        let path = format!("/api/v1/installations/{}", text(&installed["id"]));
        let (name, change) = [
            ("mode", json!({"mode": "disabled"})),
            ("scope", json!({"scope": {"roles": ["client"]}})),
            ("percent", json!({"percent": 1})),
        ][round % 3]
            .clone();
        let slow = api.patch(&path, json!({"config": words(round, 3_000)}));
        let (_, taken) = futures::join!(slow, take(api, &path, &change, round));
        if !taken {
            continue;
        }
        let now = api.get(&path).await.is(200);
        if !holds(&now[name], &change[name]) {
            undone.push(name);
        }
        api.delete(&path).await.is(204);
    }
    Seen::new(undone.is_empty(), format!("{} of {ROUNDS} undone: {}", undone.len(), undone.join(", ")))
}

/// Makes the change a little after the slow one has begun; whether it was made.
async fn take(api: &Api, path: &str, change: &Value, round: usize) -> bool {
    tokio::time::sleep(Duration::from_millis(u64::try_from(round).unwrap() * 2 + 5)).await;
    api.patch(path, change.clone()).await.status == 200
}

/// Whether all of `wanted` is in `now`: a scope is shown with what it does not name.
fn holds(now: &Value, wanted: &Value) -> bool {
    match wanted {
        Value::Object(wanted) => wanted.iter().all(|(name, value)| now[name] == *value),
        _ => now == wanted,
    }
}

fn words(round: usize, number: usize) -> Value {
    let words: Vec<_> = (0..number).map(|word| format!("word{round}x{word}")).collect();
    json!({"lists": [{"name": "words", "words": words, "action": "hold"}]})
}
