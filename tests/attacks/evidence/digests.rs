//! What was redacted for good, looked for in what is shown and in what is kept, by who knows all of it but a few digits.

use std::fmt::Write as _;

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    attack::{Attack, Seen, Takes},
    target::{Target, Victim},
};

pub(super) const ATTACK: Attack = Attack {
    name: "redacted-text-from-digests",
    what: "SHA-256 of a redacted message with its text as it was, in each form that it had, is looked for in decisions, exports and the database",
    aim: "it is nowhere",
    takes: Takes::Seconds,
    play: |target| Box::pin(play(target)),
};

const TEXT: &str = "please charge 4111111111111111 today";

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let api = &victim.with_plugins.administrator;
    let conversation = api.conversation().await;
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let body = json!({"text": TEXT, "direction": "incoming"});
    let request = api.request(Method::POST, &path).header("Idempotency-Key", "attack").json(&body);
    let posted = api.send(request).await.is(201);
    assert!(!posted["text"].as_str().unwrap().contains("4111111111"), "it was redacted: {posted:#}");

    let decision = api.get(&format!("/api/v1/decisions/{}", posted["decision_id"].as_str().unwrap())).await.is(200);
    let mut shown = decision.to_string();
    for path in
        ["/api/v1/decisions?limit=200", "/api/v1/decisions/export?format=jsonl", "/api/v1/decisions/export?format=csv"]
    {
        shown += &api.request(Method::GET, path).send().await.unwrap().text().await.unwrap();
    }
    let message = api.messages(&conversation).await.pop().unwrap();
    let place = api.get(&format!("/api/v1/conversations/{conversation}")).await.is(200);
    let digests: Vec<_> = forms(&message, &place, &body).iter().map(|form| digest(form)).collect();
    let in_answers = digests.iter().filter(|digest| shown.contains(*digest)).count();
    let kept = digests.iter().filter(|digest| holds(&victim, digest)).count();
    let seen = format!("of {} forms, {in_answers} in answers, {kept} in the database", digests.len());
    Seen::new(in_answers == 0 && kept == 0, seen)
}

/// The forms in which the text went through the server: by itself, as the request's body, as the message that the rules saw, and as the
/// request that a key was given for. All else in them is shown to reviewers.
fn forms(message: &Value, place: &Value, body: &Value) -> [String; 5] {
    let (conversation, author) = (place["id"].as_str().unwrap(), &message["author"]);
    let rules_saw = format!(
        "{{\"id\":{},\"direction\":\"incoming\",\"transport\":{},\"channel\":{},\"conversation\":\"{conversation}\",\
         \"author\":{{\"id\":{},\"role\":{},\"name\":{}}},\"text\":\"{TEXT}\",\"links\":[],\"attachments\":[],\"sent_at\":{}}}",
        message["id"],
        place["transport"],
        place["channel"],
        author["id"],
        author["role"],
        author["name"],
        message["sent_at"],
    );
    [
        TEXT.to_owned(),
        body.to_string(),
        format!("{{\"text\":\"{TEXT}\",\"direction\":\"incoming\"}}"),
        rules_saw,
        format!("{conversation}\nIncoming\n{TEXT}"),
    ]
}

fn digest(form: &str) -> String {
    Sha256::digest(form.as_bytes()).iter().fold(String::new(), |hex, byte| {
        let mut hex = hex;
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Whether the digest is anywhere in the database, as bytes or as text.
fn holds(victim: &Victim, digest: &str) -> bool {
    let bytes: Vec<u8> =
        (0..digest.len()).step_by(2).map(|at| u8::from_str_radix(&digest[at..at + 2], 16).unwrap()).collect();
    victim.kept().iter().any(|kept| {
        kept.windows(bytes.len()).any(|window| window == bytes)
            || kept.windows(digest.len()).any(|window| window == digest.as_bytes())
    })
}
