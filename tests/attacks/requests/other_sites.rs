//! Requests that another site's page makes a browser send.

use reqwest::Method;
use serde_json::json;

use crate::{
    attack::{Attack, Seen, Takes},
    target::Target,
};

pub(super) const ATTACK: Attack = Attack {
    name: "other-sites-requests",
    what: "with a session's cookie, 10 combinations of `Sec-Fetch-Site` and `Origin` of other sites; log-ins with 6 media types of forms",
    aim: "all are refused, and no answer may be read by other sites",
    takes: Takes::Seconds,
    play: |target| Box::pin(play(target)),
};

const FOREIGN: [&[(&str, &str)]; 10] = [
    &[("Origin", "https://evil.example")],
    &[("Origin", "null")],
    &[("Origin", "http://127.0.0.1")],
    &[("Origin", "https://127.0.0.1:1")],
    &[("Origin", "")],
    &[("Sec-Fetch-Site", "cross-site")],
    &[("Sec-Fetch-Site", "same-site")],
    &[("Sec-Fetch-Site", "whatever")],
    &[("Sec-Fetch-Site", "cross-site"), ("Origin", "null")],
    &[("Sec-Fetch-Site", "same-site"), ("Origin", "https://evil.example")],
];

const MEDIA_TYPES: [&str; 6] = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain; application/json",
    "application/octet-stream",
    "",
];

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let [administrator, ..] = &victim.without_plugins.members;
    let session = victim.nobody.session_of(administrator).await;
    let mut taken = Vec::new();
    for headers in FOREIGN {
        let mut request = session.request(Method::POST, "/api/v1/conversations");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = session.send(request.json(&json!({"client": {"name": "Carla"}}))).await;
        if answer.status != 403 || !answer.header("access-control-allow-origin").is_empty() {
            taken.push(format!("{headers:?}: {}", answer.status.as_u16()));
        }
    }
    let body = json!({"email": administrator.email, "password": administrator.password}).to_string();
    for media_type in MEDIA_TYPES {
        let request = victim.nobody.request(Method::POST, "/api/v1/sessions").header("Content-Type", media_type);
        let answer = victim.nobody.send(request.body(body.clone())).await;
        if answer.status != 415 {
            taken.push(format!("{media_type:?}: {}", answer.status.as_u16()));
        }
    }
    Seen::new(taken.is_empty(), format!("{} of 16 not refused: {}", taken.len(), taken.join("; ")))
}
