//! One person's live streams, as many as can be opened.

use std::net::SocketAddr;

use futures::{StreamExt as _, stream};
use serde_json::json;

use crate::{
    attack::{Attack, Seen, Takes},
    crowd::{Crowd, address},
    fairness::Others,
    memory::Watch,
    target::Target,
    wire::{Wire, bearer, get, post},
};

pub(super) const ATTACK: Attack = Attack {
    name: "streams",
    what: "10,000 live streams of one operator, while messages come in that account",
    aim: "others' p99 is at most 3 times as late as alone",
    takes: Takes::Minutes,
    play: |target| Box::pin(play(target)),
};

const STREAMS: usize = 10_000;

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let (attacker, to) = (&victim.without_plugins, victim.address());
    let others = Others::of(&victim, &victim.with_plugins).await;
    let alone = others.go().await;

    let watch = Watch::over(&victim);
    let request = get("/api/v1/events", &bearer(&attacker.members[0].api_token));
    let opening = stream::iter(0..STREAMS).map(|number| open(to, number, &request)).buffer_unordered(2_000);
    let opened = opening.filter(|opened| std::future::ready(*opened)).count().await;
    let path = format!("/api/v1/conversations/{}/messages", attacker.administrator.conversation().await);
    let shows = bearer(&attacker.members[0].api_token);
    let message = post(&path, &shows, &json!({"text": "for all of them", "direction": "incoming"}));
    let crowd = Crowd::begin(to, 1, move |_| message.clone());
    let beside = others.go().await;
    let answers = crowd.end();
    let seen = format!("{opened} streams; {}; messages: {answers}; {}", beside.beside(&alone), watch.growth());
    Seen::new(beside.keep_within(&alone), seen)
}

/// Opens one and reads what comes; whether the server opened it.
async fn open(to: SocketAddr, number: usize, request: &[u8]) -> bool {
    let Ok(mut wire) = Wire::connect(to, address(number)).await else { return false };
    let opened = wire.send(request).await.is_ok() && wire.head().await.is_ok_and(|status| status == 200);
    if opened {
        tokio::spawn(async move { wire.drain().await.unwrap_or_default() });
    }
    opened
}
