//! Attacks on what was answered: is it there when the server was ended, or the disk was full?

mod ended;
mod full_disk;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use sluice_tests::{Account, Api};

use crate::Attack;

pub(crate) const ATTACKS: &[Attack] = &[ended::BY_KILL, ended::BY_TERM, full_disk::ATTACK];

/// Sends messages until one is not taken; the texts of those that were.
async fn send_until_refused(api: Api, conversation: String, writer: String) -> Vec<String> {
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let mut taken = Vec::new();
    for number in 0.. {
        let text = format!("{writer} {number}");
        let request = api.request(Method::POST, &path).header("Idempotency-Key", text.replace(' ', "-"));
        match request.json(&json!({"text": text})).send().await {
            Ok(answer) if answer.status() == 201 => taken.push(text),
            Ok(_) | Err(_) => return taken,
        }
    }
    taken
}

/// What became of messages that were taken.
#[derive(Default)]
struct Kept {
    taken: usize,
    lost: usize,
    doubled: usize,
}

impl Kept {
    /// Looks for them in their conversation.
    async fn look(&mut self, account: &Account, conversation: &str, taken: &[String]) {
        let mut texts = Vec::new();
        let mut path = format!("/api/v1/conversations/{conversation}/messages?limit=200");
        loop {
            let page = account.administrator.get(&path).await.is(200);
            texts.extend(page["items"].as_array().unwrap().iter().map(|message| message["text"].clone()));
            let Value::String(next) = &page["next"] else { break };
            path = format!("/api/v1/conversations/{conversation}/messages?limit=200&cursor={next}");
        }
        let kept: BTreeSet<&str> = texts.iter().filter_map(Value::as_str).collect();
        self.doubled += texts.len() - kept.len();
        self.taken += taken.len();
        self.lost += taken.iter().filter(|text| !kept.contains(text.as_str())).count();
    }

    fn is_whole(&self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.taken > 0
    }
}

impl std::fmt::Display for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { taken, lost, doubled } = self;
        write!(f, "{taken} acknowledged, {lost} lost, {doubled} doubled")
    }
}
