//! Connections that send one message after the other, each in a conversation of its own.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::join_all;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::json;
use sluice_tests::{Account, Server};
use tokio::net::TcpStream;

pub(crate) struct Load {
    connections: Vec<Connection>,
}

struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    path: String,
    authority: String,
    authorization: String,
    body: Bytes,
}

impl Load {
    pub(crate) async fn new(server: &Server, account: &Account, connections: usize, text: &str) -> Self {
        let authority = server.url().trim_start_matches("http://").to_owned();
        let body = Bytes::from(json!({"text": text, "direction": "incoming"}).to_string());
        let connection = async |_| {
            let conversation = account.administrator.conversation().await;
            Connection {
                sender: connect(&authority).await,
                path: format!("/api/v1/conversations/{conversation}/messages"),
                authority: authority.clone(),
                authorization: format!("Bearer {}", account.members[0].api_token),
                body: body.clone(),
            }
        };
        Self { connections: join_all((0..connections).map(connection)).await }
    }

    /// Sends for this long on all connections; how long each message took, and all of them together.
    pub(crate) async fn run(&mut self, long: Duration) -> (Vec<Duration>, Duration) {
        let begin = Instant::now();
        let sent = join_all(self.connections.iter_mut().map(async |connection| {
            let mut times = Vec::new();
            while begin.elapsed() < long {
                times.push(connection.send().await);
            }
            times
        }));
        (sent.await.concat(), begin.elapsed())
    }

    /// Sends for this long, a message on each connection every `pause`, or as soon as the one before is answered.
    pub(crate) async fn run_paced(&mut self, long: Duration, pause: Duration) -> Vec<Duration> {
        let end = tokio::time::Instant::now() + long;
        let sent = join_all(self.connections.iter_mut().map(async |connection| {
            let mut times = Vec::new();
            let mut ticks = tokio::time::interval(pause);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            while ticks.tick().await < end {
                times.push(connection.send().await);
            }
            times
        }));
        sent.await.concat()
    }
}

async fn connect(authority: &str) -> http1::SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(authority).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (sender, driver) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(driver);
    sender
}

impl Connection {
    async fn send(&mut self) -> Duration {
        let request = Request::post(&self.path)
            .header("host", &self.authority)
            .header("authorization", &self.authorization)
            .header("content-type", "application/json")
            .body(Full::new(self.body.clone()))
            .unwrap();
        // The server ends connections that were idle for long, as between two turns of a slow machine.
        if self.sender.ready().await.is_err() {
            self.sender = connect(&self.authority).await;
        }
        let begin = Instant::now();
        let response = self.sender.send_request(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap();
        let time = begin.elapsed();
        assert_eq!(status, 201, "{:?}", body.to_bytes());
        time
    }
}
