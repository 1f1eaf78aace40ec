//! One operator's searches through many messages.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::{
    attack::{Attack, Seen, Takes},
    crowd::Crowd,
    fairness::{Others, prepare},
    target::Target,
    wire::{bearer, get},
};

pub(super) const ATTACK: Attack = Attack {
    name: "searches",
    what: "16 loops of one account search 6,000 messages for a word that all of them have",
    aim: "others' p99 is at most 3 times as late as alone",
    takes: Takes::Minutes,
    play: |target| Box::pin(play(target)),
};

const MESSAGES: usize = 6_000;
const LOOPS: usize = 16;

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let attacker = &victim.without_plugins;
    let api = &attacker.administrator;
    let path = format!("/api/v1/conversations/{}/messages", api.conversation().await);
    let message = |number| json!({"text": format!("hello number {number}"), "direction": "incoming"});
    prepare(MESSAGES, 32, |number| api.request(Method::POST, &path).json(&message(number))).await;

    let others = Others::of(&victim, &victim.with_plugins).await;
    let alone = others.go().await;
    // Somebody who reaches few of them: the index finds all, and is looked through for those.
    let shows = bearer(&attacker.members[2].api_token);
    let crowd = Crowd::begin(victim.address(), LOOPS, move |_| get("/api/v1/search?q=hello", &shows));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let beside = others.go().await;
    let answers = crowd.end();
    Seen::new(beside.keep_within(&alone), format!("{}; searches: {answers}", beside.beside(&alone)))
}
