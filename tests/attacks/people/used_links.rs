//! A link that was used, shown again and again.

use serde_json::json;
use std::time::Duration;

use crate::{
    attack::{Attack, Seen, Takes},
    crowd::Crowd,
    target::Target,
    wire::post,
};

pub(super) const ATTACK: Attack = Attack {
    name: "used-links",
    what: "a stranger shows a used link 2,000 times, from 8 addresses",
    aim: "fewer than 20 audit entries",
    takes: Takes::Seconds,
    play: |target| Box::pin(play(target)),
};

const TIMES: usize = 2_000;

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let administrator = &victim.without_plugins.administrator;
    let invited = administrator.invite("linked", "operator", json!([])).await.is(201);
    let body = json!({"link": invited["link"]["secret"], "password": "unrelated saucer linked frost"});
    victim.nobody.post("/api/v1/passwords", body.clone()).await.is(204);
    let newest = async || administrator.list("/api/v1/audit?limit=1").await[0]["seq"].as_i64().unwrap();
    let before = newest().await;
    let request = post("/api/v1/passwords", "", &body);
    let crowd = Crowd::begin(victim.address(), 8, move |_| request.clone());
    crowd.answered(TIMES, Duration::from_secs(20)).await;
    let answers = crowd.end();
    let entries = newest().await - before;
    Seen::new(entries < 20, format!("{entries} entries; {answers}"))
}
