//! One account's looks through a long audit log.

use std::time::Duration;

use reqwest::Method;

use crate::{
    attack::{Attack, Seen, Takes},
    crowd::Crowd,
    fairness::{Others, prepare},
    target::Target,
    wire::{bearer, get},
};

pub(super) const LOOK_UPS: Attack = Attack {
    name: "audit-look-ups",
    what: "16 loops of one account look for what is not in 20,000 audit entries",
    aim: "others' p99 is at most 3 times as late as alone",
    takes: Takes::Minutes,
    play: |target| Box::pin(play(target, "/api/v1/audit?action=nothing.such&limit=1")),
};

pub(super) const VERIFICATIONS: Attack = Attack {
    name: "audit-verifications",
    what: "16 loops of one account verify 20,000 audit entries",
    aim: "others' p99 is at most 3 times as late as alone",
    takes: Takes::Minutes,
    play: |target| Box::pin(play(target, "/api/v1/audit/verification")),
};

const ENTRIES: usize = 20_000;
const LOOPS: usize = 16;

async fn play(target: &Target, path: &'static str) -> Seen {
    let victim = target.start().await;
    let attacker = &victim.without_plugins;
    let [administrator, ..] = &attacker.members;
    let session = victim.nobody.session_of(administrator).await;
    // Ends no session, and is written down.
    prepare(ENTRIES, 32, |_| session.request(Method::DELETE, "/api/v1/me/sessions")).await;

    let others = Others::of(&victim, &victim.with_plugins).await;
    let alone = others.go().await;
    let shows = bearer(&administrator.api_token);
    let crowd = Crowd::begin(victim.address(), LOOPS, move |_| get(path, &shows));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let beside = others.go().await;
    let answers = crowd.end();
    Seen::new(beside.keep_within(&alone), format!("{}; attacker: {answers}", beside.beside(&alone)))
}
