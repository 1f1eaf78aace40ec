//! One address with as many connections as it can open, which then do nothing: can others still get in?

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use rustix::process::{Resource, getrlimit};
use tokio::{io::AsyncReadExt as _, sync::Semaphore};

use crate::{
    attack::{Attack, Seen, Takes},
    bystander::Bystander,
    crowd::address,
    figures::millis,
    frames::{Frames, request},
    memory::Watch,
    target::Target,
    wire::{Wire, connect, get},
};

const WHAT: [&str; 5] = [
    "17,000 HTTP/2 connections of one address answer pings after one request",
    "17,000 HTTP/1.1 connections of one address are kept alive after one request",
    "17,000 connections of one address send half a head",
    "17,000 connections of one address say nothing",
    "17,000 HTTP/2 connections of 64 networks answer pings after one request",
];

pub(super) const AFTER_ONE_REQUEST: Attack = attack("idle-after-one-request", WHAT[0], |target| {
    Box::pin(play(target, Kind::AfterOneRequest, |_| Ipv4Addr::new(127, 9, 0, 1)))
});
pub(super) const KEPT_ALIVE: Attack = attack("idle-kept-alive", WHAT[1], |target| {
    Box::pin(play(target, Kind::KeptAlive, |_| Ipv4Addr::new(127, 9, 1, 1)))
});
pub(super) const HALF_HEADS: Attack = attack("idle-half-heads", WHAT[2], |target| {
    Box::pin(play(target, Kind::HalfHead, |_| Ipv4Addr::new(127, 9, 2, 1)))
});
pub(super) const SILENT: Attack =
    attack("idle-silent", WHAT[3], |target| Box::pin(play(target, Kind::Silent, |_| Ipv4Addr::new(127, 9, 3, 1))));
pub(super) const OF_MANY_NETWORKS: Attack = attack("idle-of-many-networks", WHAT[4], |target| {
    Box::pin(play(target, Kind::AfterOneRequest, |number| address(number % 64)))
});

const fn attack(name: &'static str, what: &'static str, play: crate::attack::Play) -> Attack {
    let aim = "all requests of others are answered, p99 under 100 ms";
    Attack { name, what, aim, takes: Takes::Minutes, play }
}

const CONNECTIONS: usize = 17_000;
/// How many are being made at once.
const AT_ONCE: usize = 64;
/// How long it may take until all are there.
const OPENING: Duration = Duration::from_secs(45);
/// Whom the server ended sooner than this, it does not want: that one tries again later, everybody else at once.
const REFUSED: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_secs(10);
const REQUESTS: usize = 200;

#[derive(Clone, Copy)]
enum Kind {
    AfterOneRequest,
    KeptAlive,
    HalfHead,
    Silent,
}

async fn play(target: &Target, kind: Kind, from: impl Fn(usize) -> Ipv4Addr) -> Seen {
    let files = usize::try_from(getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    if files < CONNECTIONS + 512 {
        return Seen::skipped(format!("only {files} files may be open: `ulimit -Hn` must allow more"));
    }
    let victim = target.start().await;
    let watch = Watch::over(&victim);
    let (open, room) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(AT_ONCE)));
    for number in 0..CONNECTIONS {
        tokio::spawn(keep_open(victim.address(), from(number), kind, Arc::clone(&open), Arc::clone(&room)));
    }
    let begin = Instant::now();
    let mut most = 0;
    while begin.elapsed() < OPENING && most < CONNECTIONS {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let now = open.load(Ordering::Relaxed);
        // No more come in.
        if now <= most {
            break;
        }
        most = now;
    }
    let others = Bystander::of_health(victim.url()).goes(REQUESTS, Duration::from_millis(20)).await;
    let p99 = others.quantile(0.99);
    let holds = others.all_answered() && p99.is_some_and(|p99| p99 < Duration::from_millis(100));
    let p99 = p99.map_or_else(|| "never".to_owned(), millis);
    Seen::new(holds, format!("{most} open; others: {others}, p99 {p99}; {}", watch.growth()))
}

/// Holds one connection, and opens it anew when the server has ended it.
async fn keep_open(to: SocketAddr, from: Ipv4Addr, kind: Kind, open: Arc<AtomicUsize>, room: Arc<Semaphore>) {
    loop {
        let begin = Instant::now();
        let place = room.acquire().await.unwrap();
        let opened = Open::new(to, from, kind).await;
        drop(place);
        if let Ok(opened) = opened {
            open.fetch_add(1, Ordering::Relaxed);
            opened.stay().await;
            open.fetch_sub(1, Ordering::Relaxed);
        }
        if begin.elapsed() < REFUSED {
            tokio::time::sleep(AGAIN).await;
        }
    }
}

enum Open {
    Frames(Frames),
    Bytes(Wire),
}

impl Open {
    async fn new(to: SocketAddr, from: Ipv4Addr, kind: Kind) -> io::Result<Self> {
        match kind {
            Kind::AfterOneRequest => {
                let mut frames = Frames::connect(to, from, &[]).await?;
                frames.send(&request(1, "GET", "/healthz", &[], true)).await?;
                frames.until_end_of(1).await?;
                Ok(Self::Frames(frames))
            }
            Kind::KeptAlive => {
                let mut wire = Wire::connect(to, from).await?;
                wire.ask(&get("/healthz", "")).await?;
                Ok(Self::Bytes(wire))
            }
            Kind::HalfHead => {
                let mut wire = Wire::connect(to, from).await?;
                wire.send(b"GET /healthz HTTP/1.1\r\nHost: slu").await?;
                Ok(Self::Bytes(wire))
            }
            Kind::Silent => {
                let mut stream = connect(to, from).await?;
                // One that the server refuses is ended at once.
                let ended = tokio::time::timeout(Duration::from_millis(5), stream.read(&mut [0])).await;
                if ended.is_ok() {
                    Err(io::ErrorKind::ConnectionReset.into())
                } else {
                    Ok(Self::Bytes(Wire::over(stream)))
                }
            }
        }
    }

    async fn stay(self) {
        match self {
            Self::Frames(mut frames) => frames.stay().await,
            // However it ends.
            Self::Bytes(mut wire) => drop(wire.drain().await),
        }
    }
}
