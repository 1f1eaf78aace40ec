//! Requests that come so slowly that they would hold a connection for ever.

use std::time::{Duration, Instant};

use futures::future::join_all;

use crate::{
    attack::{Attack, Seen, Takes},
    crowd::address,
    target::{Target, Victim},
    wire::Wire,
};

pub(super) const HEADS: Attack = Attack {
    name: "slow-heads",
    what: "50 connections send a byte of a head each second",
    aim: "all are ended within 30 s",
    takes: Takes::Minutes,
    play: |target| Box::pin(heads(target)),
};

pub(super) const BODIES: Attack = Attack {
    name: "slow-bodies",
    what: "50 connections send a byte of a log-in's body each second",
    aim: "all are ended within 90 s",
    takes: Takes::Minutes,
    play: |target| Box::pin(bodies(target)),
};

const CONNECTIONS: usize = 50;
const LONGEST: Duration = Duration::from_secs(120);

async fn heads(target: &Target) -> Seen {
    let victim = target.start().await;
    seen(&drip(&victim, "GET /healthz HTTP/1.1\r\nX: ").await, Duration::from_secs(30))
}

async fn bodies(target: &Target) -> Seen {
    let victim = target.start().await;
    let head = "POST /api/v1/sessions HTTP/1.1\r\nHost: sluice\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n";
    seen(&drip(&victim, head).await, Duration::from_secs(90))
}

fn seen(held: &[Duration], aim: Duration) -> Seen {
    let longest = held.iter().max().copied().unwrap_or_default();
    Seen::new(longest < aim, format!("the last of {} was ended after {} s", held.len(), longest.as_secs()))
}

/// How long each connection was there.
async fn drip(victim: &Victim, begin: &str) -> Vec<Duration> {
    let one = async |number| {
        let Ok(mut wire) = Wire::connect(victim.address(), address(number)).await else { return Duration::ZERO };
        let start = Instant::now();
        let _ = wire.send(begin.as_bytes()).await;
        while start.elapsed() < LONGEST {
            // An answer ends it, too: the next byte is not part of this request.
            let ended = tokio::time::timeout(Duration::from_secs(1), wire.answer()).await;
            if ended.is_ok() || wire.send(b"x").await.is_err() {
                break;
            }
        }
        start.elapsed()
    };
    join_all((0..CONNECTIONS).map(one)).await
}
