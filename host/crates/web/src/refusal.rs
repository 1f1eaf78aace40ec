//! Connections for which there is no room: told so where that is cheap, and closed.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Semaphore,
};

use sluice_app::repeated::Repeated;

use crate::room::NoRoom;

/// How many are told at once; others are closed only.
const TOLD: usize = 64;
/// How long one may take to hear it.
const PATIENCE: Duration = Duration::from_secs(1);
/// What of the request is read and dropped, in bytes: closing would else throw the answer away.
const DRAINED: u64 = 16 << 10;

/// Those that are being refused.
#[derive(Debug)]
pub(crate) struct Refusals {
    room: Arc<Semaphore>,
}

impl Default for Refusals {
    fn default() -> Self {
        Self { room: Arc::new(Semaphore::new(TOLD)) }
    }
}

impl Refusals {
    /// Closes the connection; where it is `plain`, with an answer for HTTP/1.
    pub(crate) fn refuse(&self, mut stream: TcpStream, full: NoRoom, plain: bool) {
        static REFUSED: Repeated = Repeated::seldom();
        if let Some(before) = REFUSED.tell() {
            tracing::warn!(?full, before, "a connection was refused: there are as many as there may be");
        }
        let Some(place) = self.room.clone().try_acquire_owned().ok().filter(|_| plain) else { return };
        tokio::spawn(tokio::time::timeout(PATIENCE, async move {
            stream.write_all(answer(full).as_bytes()).await?;
            stream.shutdown().await?;
            tokio::io::copy(&mut stream.take(DRAINED), &mut tokio::io::sink()).await?;
            drop(place);
            Ok::<(), std::io::Error>(())
        }));
    }
}

fn answer(full: NoRoom) -> String {
    let (status, title, code, detail) = match full {
        NoRoom::Own => (
            429,
            "Too Many Requests",
            "share-used-up",
            "your address or network has as many connections as it may have: close some, then try again",
        ),
        NoRoom::Everybodys => {
            (503, "Service Unavailable", "busy", "the server has as many connections as it can have: try again")
        }
    };
    let body = format!(
        "{{\"type\":\"about:blank\",\"title\":\"{title}\",\"status\":{status},\"detail\":\"{detail}\",\"code\":\"{code}\"}}"
    );
    format!(
        "HTTP/1.1 {status} {title}\r\ncontent-type: application/problem+json\r\nretry-after: 5\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}
