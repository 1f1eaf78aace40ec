//! One person's questions how strong a password is that takes long to judge.

use std::time::Duration;

use serde_json::json;

use crate::{
    attack::{Attack, Seen, Takes},
    bystander::Bystander,
    crowd::Crowd,
    fairness::{LOG_INS, PAUSE, TIMES},
    target::Target,
    wire::{bearer, post},
};

pub(super) const ATTACK: Attack = Attack {
    name: "strength-checks",
    what: "300 connections of one operator ask how strong a password of 100 signs that stand for letters is",
    aim: "all log-ins of others are answered, at most 3 times as late as alone",
    takes: Takes::Minutes,
    play: |target| Box::pin(play(target)),
};

/// Each sign stands for several letters, which are all tried.
const SIGNS: &str = "4@8({[<369&#!1|/7$5+%24@8";
const CONNECTIONS: usize = 300;

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let others = Bystander::of_log_ins(victim.url(), &victim.without_plugins.members[0]);
    let alone = others.goes(LOG_INS, PAUSE).await;
    let shows = bearer(&victim.with_plugins.members[2].api_token);
    let request = post("/api/v1/passwords/strength", &shows, &json!({"password": SIGNS.repeat(4)}));
    let crowd = Crowd::begin(victim.address(), CONNECTIONS, move |_| request.clone());
    tokio::time::sleep(Duration::from_secs(2)).await;
    let beside = others.goes(LOG_INS, PAUSE).await;
    let answers = crowd.end();
    let seen = format!("others' log-ins: {}; checks: {answers}", beside.beside(&alone, 0.9));
    Seen::new(beside.keeps_within(TIMES, &alone, 0.9), seen)
}
