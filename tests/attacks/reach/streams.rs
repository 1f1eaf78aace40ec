//! Live streams of people whose right has just ended.

use std::time::Duration;

use futures::FutureExt as _;
use serde_json::{Value, json};
use sluice_tests::{Api, Events, Member};

use crate::{
    attack::{Attack, Seen, Takes},
    people::text,
    target::{Target, Victim},
};

pub(super) const ATTACK: Attack = Attack {
    name: "streams-after-the-right",
    what: "a person's live stream stays open while the person is disabled, deleted, loses the right, the session or the password, or logs out, and messages come",
    aim: "no message is delivered that was posted after the answer",
    takes: Takes::Seconds,
    play: |target| Box::pin(play(target)),
};

const ENDS: [&str; 6] = ["disabled", "deleted", "rights removed", "session ended", "password link", "log-out"];
/// After how long without an event nothing more is expected: messages come as they are posted, or not at all.
const SILENCE: Duration = Duration::from_secs(2);
/// How many messages are posted after each.
const MESSAGES: usize = 30;

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let mut delivered = Vec::new();
    for end in ENDS {
        let number = messages_after(&victim, end).await;
        if number > 0 {
            delivered.push(format!("{end} {number}"));
        }
    }
    let list = if delivered.is_empty() { "none".to_owned() } else { delivered.join(", ") };
    Seen::new(delivered.is_empty(), format!("messages of {MESSAGES} after: {list}"))
}

/// How many messages still came.
async fn messages_after(victim: &Victim, end: &str) -> usize {
    let api = &victim.without_plugins.administrator;
    let member = victim.invited(api, "listener", "operator", json!(["conversations-all"])).await;
    let session = victim.nobody.session_of(&member).await;
    let me = text(&session.get("/api/v1/me").await.is(200)["person_id"]);
    let conversation = api.conversation().await;
    let mut stream = session.events(None).await;
    api.incoming(&conversation, "before").await.is(201);
    assert!(stream.next_of("message").await.data.to_string().contains("before"), "the stream works");
    take(victim, end, &member, &session, &me).await;
    for _ in 0..MESSAGES {
        api.incoming(&conversation, "after the right").await.is(201);
    }
    read_to_the_end(&mut stream).await.iter().filter(|data| data.to_string().contains("after the right")).count()
}

async fn take(victim: &Victim, end: &str, member: &Member, session: &Api, id: &str) {
    let api = &victim.without_plugins.administrator;
    let path = format!("/api/v1/people/{id}");
    match end {
        "disabled" => drop(api.patch(&path, json!({"disabled": true})).await.is(200)),
        "deleted" => drop(api.delete(&path).await.is(204)),
        "rights removed" => drop(api.patch(&path, json!({"permissions": []})).await.is(200)),
        "session ended" => {
            let other = victim.nobody.session_of(member).await;
            drop(other.delete("/api/v1/me/sessions").await);
        }
        "password link" => {
            let link = api.post(&format!("{path}/password-link"), json!({})).await.is(201);
            let body = json!({"link": link["secret"], "password": "unrelated saucer other frost"});
            victim.nobody.post("/api/v1/passwords", body).await.is(204);
        }
        _ => drop(session.delete("/api/v1/sessions/current").await),
    }
}

/// What comes until the stream ends, or until nothing has come for a while.
async fn read_to_the_end(stream: &mut Events) -> Vec<Value> {
    let mut read = Vec::new();
    loop {
        let next = std::panic::AssertUnwindSafe(stream.next_or_end()).catch_unwind();
        match tokio::time::timeout(SILENCE, next).await {
            Ok(Ok(Some(event))) => read.push(event.data),
            Ok(_) | Err(_) => return read,
        }
    }
}
