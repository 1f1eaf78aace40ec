//! Bodies of log-ins that never end: how much memory does the server keep for them?

use std::{collections::BTreeMap, io, net::SocketAddr, time::Duration};

use tokio::time::timeout;

use crate::{
    attack::{Attack, Seen, Takes},
    bystander::Bystander,
    crowd::address,
    frames::{
        DATA, Frame, Frames, GOAWAY, INITIAL_WINDOW, LARGEST, RST_STREAM, SETTINGS, WINDOW_UPDATE, frame, request,
    },
    memory::Watch,
    target::Target,
    wire::Wire,
};

pub(super) const OVER_HTTP_1: Attack = Attack {
    name: "unfinished-bodies",
    what: "1,500 HTTP/1.1 connections send a log-in of 1,114,000 bytes but for the last ones",
    aim: "grows by less than 256 MiB, and others are answered",
    takes: Takes::Minutes,
    play: |target| Box::pin(over_http_1(target)),
};

pub(super) const OVER_HTTP_2: Attack = Attack {
    name: "unfinished-bodies-in-streams",
    what: "6 HTTP/2 connections send 250 log-ins each of 1,114,000 bytes but for the last ones",
    aim: "grows by less than 256 MiB, and others are answered",
    takes: Takes::Minutes,
    play: |target| Box::pin(over_http_2(target)),
};

const LENGTH: usize = 1_114_000;
/// All but the last ones.
const SENT: usize = LENGTH - 16;
const CONNECTIONS: usize = 1_500;
const CONNECTIONS_OF_STREAMS: usize = 6;
const STREAMS: u32 = 250;
/// How long it goes on.
const HELD: Duration = Duration::from_secs(20);
/// How long the server may take to make room in a window.
const PATIENCE: Duration = Duration::from_secs(15);

async fn over_http_1(target: &Target) -> Seen {
    held(target, |to| {
        for number in 0..CONNECTIONS {
            // Whom the server does not let in, or hangs up on, holds nothing.
            tokio::spawn(async move { send_body(to, number).await.unwrap_or_default() });
        }
    })
    .await
}

async fn over_http_2(target: &Target) -> Seen {
    held(target, |to| {
        for number in 0..CONNECTIONS_OF_STREAMS {
            tokio::spawn(async move { send_bodies(to, number).await.unwrap_or_default() });
        }
    })
    .await
}

async fn held(target: &Target, begin: impl FnOnce(SocketAddr)) -> Seen {
    let victim = target.start().await;
    let watch = Watch::over(&victim);
    begin(victim.address());
    tokio::time::sleep(HELD).await;
    let others = Bystander::of_health(victim.url()).goes(20, Duration::from_millis(20)).await;
    let growth = watch.growth();
    Seen::new(growth.bytes < 256 << 20 && others.all_answered(), format!("{growth}; others: {others}"))
}

async fn send_body(to: SocketAddr, number: usize) -> io::Result<()> {
    let mut wire = Wire::connect(to, address(number)).await?;
    let head = format!(
        "POST /api/v1/sessions HTTP/1.1\r\nHost: sluice\r\nContent-Type: application/json\r\nContent-Length: {LENGTH}\r\n\r\n"
    );
    wire.send(head.as_bytes()).await?;
    for _ in 0..SENT / LARGEST {
        wire.send(&[b' '; LARGEST]).await?;
    }
    wire.drain().await.map(drop)
}

/// How much may be sent.
struct Windows {
    connection: i64,
    first: i64,
    streams: BTreeMap<u32, (i64, usize)>,
}

async fn send_bodies(to: SocketAddr, number: usize) -> io::Result<()> {
    let mut frames = Frames::connect(to, address(number), &[]).await?;
    let mut windows = Windows { connection: 65_535, first: 65_535, streams: BTreeMap::new() };
    // The server's settings come first.
    windows.heed(&frames.next().await?);
    let length = LENGTH.to_string();
    let more = [("content-type", "application/json"), ("content-length", length.as_str())];
    for stream in (1..2 * STREAMS).step_by(2) {
        frames.send(&request(stream, "POST", "/api/v1/sessions", &more, false)).await?;
        windows.streams.insert(stream, (windows.first, SENT));
    }
    loop {
        while let Some((stream, length)) = windows.take() {
            frames.send(&frame(DATA, 0, stream, &vec![b' '; length])).await?;
        }
        match timeout(PATIENCE, frames.next()).await {
            Ok(frame) => windows.heed(&frame?),
            // There is no more room: they are held as they are.
            Err(_) => break,
        }
    }
    frames.stay().await;
    Ok(())
}

impl Windows {
    /// What may be sent next: of which stream, and how much.
    fn take(&mut self) -> Option<(u32, usize)> {
        let room = self.connection;
        let (stream, (window, left)) =
            self.streams.iter_mut().find(|(_, (window, left))| *window > 0 && *left > 0).filter(|_| room > 0)?;
        let length = (*left).min(LARGEST).min(usize::try_from(room.min(*window)).ok()?);
        *left -= length;
        *window -= i64::try_from(length).ok()?;
        self.connection -= i64::try_from(length).ok()?;
        Some((*stream, length))
    }

    fn heed(&mut self, frame: &Frame) {
        let number = |bytes: &[u8]| bytes.try_into().map_or(0, |bytes| i64::from(u32::from_be_bytes(bytes)));
        match frame.kind {
            WINDOW_UPDATE if frame.stream == 0 => self.connection += number(&frame.payload),
            WINDOW_UPDATE => {
                if let Some((window, _)) = self.streams.get_mut(&frame.stream) {
                    *window += number(&frame.payload);
                }
            }
            RST_STREAM => drop(self.streams.remove(&frame.stream)),
            GOAWAY => self.streams.clear(),
            SETTINGS => {
                let own = frame.payload.chunks_exact(6).find(|entry| entry[..2] == INITIAL_WINDOW.to_be_bytes());
                self.first = own.map_or(self.first, |entry| number(&entry[2..]));
            }
            _ => {}
        }
    }
}
