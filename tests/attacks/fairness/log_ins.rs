//! Strangers' log-ins that fail, each from another subscriber's network of one site, behind a proxy.

use std::time::Duration;

use serde_json::json;

use crate::{
    attack::{Attack, Seen, Takes},
    bystander::Bystander,
    crowd::Crowd,
    fairness::{LOG_INS, PAUSE, TIMES},
    target::Target,
    wire::post,
};

pub(super) const ATTACK: Attack = Attack {
    name: "failing-log-ins-of-strangers",
    what: "300 connections behind a proxy fail to log in, each time as another unknown person from another /64 of one /48",
    aim: "all log-ins of others from a network that they are known in are answered, at most 3 times as late as alone",
    takes: Takes::Minutes,
    play: |target| Box::pin(play(target)),
};

const CONNECTIONS: usize = 300;

async fn play(target: &Target) -> Seen {
    let victim = target.start_with(&[("SLUICE_TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let others = Bystander::of_log_ins(victim.url(), &victim.without_plugins.members[0]).behind("198.51.100.9");
    let alone = others.goes(LOG_INS, PAUSE).await;
    let crowd = Crowd::begin(victim.address(), CONNECTIONS, |number| {
        let network = u16::try_from(number % 65_536).unwrap();
        let shows = format!("X-Forwarded-For: 2001:db8:7:{network:x}::1\r\nX-Forwarded-Proto: https");
        let body = json!({"email": format!("stranger{number}@nowhere.example"), "password": "a guess"});
        post("/api/v1/sessions", &shows, &body)
    });
    tokio::time::sleep(Duration::from_secs(2)).await;
    let beside = others.goes(LOG_INS, PAUSE).await;
    let answers = crowd.end();
    let seen = format!("others' log-ins: {}; strangers: {answers}", beside.beside(&alone, 0.9));
    Seen::new(beside.keeps_within(TIMES, &alone, 0.9), seen)
}
