//! Answers that are asked for and never read: how much memory does the server keep for them?

use std::time::Duration;

use crate::{
    attack::{Attack, Seen, Takes},
    bystander::Bystander,
    crowd::address,
    frames::{Frames, INITIAL_WINDOW, request},
    memory::Watch,
    target::Target,
};

pub(super) const ATTACK: Attack = Attack {
    name: "unread-answers",
    what: "60 HTTP/2 connections with a window of 0 ask 250 times each for /api/openapi.json, and read nothing",
    aim: "grows by less than 256 MiB, and others are answered",
    takes: Takes::Minutes,
    play: |target| Box::pin(play(target)),
};

const CONNECTIONS: usize = 60;
const STREAMS: u32 = 250;
/// How long the answers are left unread.
const HELD: Duration = Duration::from_secs(15);

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let watch = Watch::over(&victim);
    let mut connected = 0;
    for number in 0..CONNECTIONS {
        let frames = Frames::connect(victim.address(), address(number), &[(INITIAL_WINDOW, 0)]).await;
        let Ok(mut frames) = frames else { continue };
        connected += 1;
        tokio::spawn(async move {
            for stream in 0..STREAMS {
                let asked = request(2 * stream + 1, "GET", "/api/openapi.json", &[], true);
                if frames.send(&asked).await.is_err() {
                    return;
                }
            }
            frames.stay().await;
        });
    }
    tokio::time::sleep(HELD).await;
    let others = Bystander::of_health(victim.url()).goes(20, Duration::from_millis(20)).await;
    let growth = watch.growth();
    let holds = growth.bytes < 256 << 20 && others.all_answered();
    Seen::new(holds, format!("{connected} connections: {growth}; others: {others}"))
}
