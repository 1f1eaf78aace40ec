//! Requests whose length can be read in two ways: what one server takes for a body, another takes for the next request.

use std::{net::Ipv4Addr, time::Duration};

use crate::{
    attack::{Attack, Seen, Takes},
    target::Target,
    wire::Wire,
};

pub(super) const ATTACK: Attack = Attack {
    name: "smuggled-requests",
    what: "12 requests with two lengths, a length and chunks, bad chunks, bad lengths or folded lines, each with another request inside",
    aim: "the inner request is never answered",
    takes: Takes::Seconds,
    play: |target| Box::pin(play(target)),
};

/// Lines of the head that say how long the body is, and the body.
const REQUESTS: [(&str, &str); 12] = [
    ("Content-Length: 6\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
    ("Transfer-Encoding: chunked\r\nContent-Length: 4", "0\r\n\r\n"),
    ("Content-Length: 0\r\nContent-Length: 44", ""),
    ("Content-Length: 44, 0", ""),
    ("Content-Length: +0", ""),
    ("Content-Length: 0x0", ""),
    ("Content-Length: -1", ""),
    ("Transfer-Encoding: xchunked", "0\r\n\r\n"),
    ("Transfer-Encoding : chunked", "0\r\n\r\n"),
    ("Transfer-Encoding:\x0bchunked", "0\r\n\r\n"),
    ("Transfer-Encoding: chunked", "0;\n\r\n"),
    ("X: y\r\n Content-Length: 44", ""),
];

/// How long a second answer may take to come.
const PATIENCE: Duration = Duration::from_secs(1);

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let mut answered = Vec::new();
    for (number, (head, body)) in REQUESTS.into_iter().enumerate() {
        let from = Ipv4Addr::new(127, 64, 1, 1);
        let mut wire = Wire::connect(victim.address(), from).await.unwrap();
        let inner = "GET /readyz HTTP/1.1\r\nHost: inner\r\n\r\n";
        let request = format!(
            "POST /api/v1/sessions HTTP/1.1\r\nHost: sluice\r\nContent-Type: text/plain\r\n{head}\r\n\r\n{body}{inner}"
        );
        if wire.send(request.as_bytes()).await.is_err() {
            continue;
        }
        let first = wire.answer().await.map(|reply| reply.status);
        // Whoever refuses a length must not go on with what may be its body.
        if let Ok(Ok(second)) = tokio::time::timeout(PATIENCE, wire.answer()).await {
            answered.push(format!("the {}.: {first:?} then {}", number + 1, second.status));
        }
    }
    Seen::new(
        answered.is_empty(),
        format!("{} of {} answered twice {}", answered.len(), REQUESTS.len(), answered.join("; ")),
    )
}
