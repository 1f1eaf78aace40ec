//! One account's trials of configurations, all at once.

use std::time::Duration;

use serde_json::json;

use crate::{
    attack::{Attack, Seen, Takes},
    bystander::Bystander,
    crowd::Crowd,
    fairness::{LOG_INS, PAUSE, TIMES},
    memory::Watch,
    target::Target,
    wire::{bearer, post},
};

pub(super) const ATTACK: Attack = Attack {
    name: "trials-at-once",
    what: "600 connections of one account try configurations that differ by a word",
    aim: "grows by less than 256 MiB; all log-ins of others are answered, at most 3 times as late as alone",
    takes: Takes::Minutes,
    play: |target| Box::pin(play(target)),
};

const CONNECTIONS: usize = 600;

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let attacker = &victim.with_plugins;
    let installed = attacker.administrator.list("/api/v1/installations").await;
    let plugin = installed.iter().find(|row| row["name"] == "blocked-words").unwrap()["plugin_id"].clone();
    let others = Bystander::of_log_ins(victim.url(), &victim.without_plugins.members[0]);
    let alone = others.goes(LOG_INS, PAUSE).await;

    let watch = Watch::over(&victim);
    let shows = bearer(&attacker.members[0].api_token);
    let crowd = Crowd::begin(victim.address(), CONNECTIONS, move |number| {
        let config = json!({"lists": [{"name": "words", "words": [format!("word{number}")], "action": "hold"}]});
        let draft = json!([{"plugin_id": plugin, "config": config}]);
        post("/api/v1/policy/evaluate", &shows, &json!({"message": {"text": "hi"}, "draft_installations": draft}))
    });
    tokio::time::sleep(Duration::from_secs(2)).await;
    let beside = others.goes(LOG_INS, PAUSE).await;
    let (growth, answers) = (watch.growth(), crowd.end());
    let holds = growth.bytes < 256 << 20 && beside.keeps_within(TIMES, &alone, 0.9);
    Seen::new(holds, format!("{growth}; others' log-ins: {}; trials: {answers}", beside.beside(&alone, 0.9)))
}
