//! Guesses of passwords, all at once: how many are looked at before any is counted?

use std::{
    net::Ipv4Addr,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::join_all;
use serde_json::json;
use tokio::sync::Barrier;

use crate::{
    attack::{Attack, Seen, Takes},
    crowd::address,
    people::code_of,
    target::{Target, Victim},
    wire::{Wire, post},
};

pub(super) const OF_ONE: Attack = Attack {
    name: "guesses-of-one-password",
    what: "400 connections, each from a network of its own, guess one person's password at once",
    aim: "6 are looked at (5 are free), and one more after each pause",
    takes: Takes::Seconds,
    play: |target| Box::pin(of_one(target)),
};

pub(super) const OF_MANY: Attack = Attack {
    name: "guesses-from-one-address",
    what: "400 connections of one address guess passwords of as many people at once",
    aim: "21 are looked at (20 are free), and one more after each pause",
    takes: Takes::Seconds,
    play: |target| Box::pin(of_many(target)),
};

pub(super) const OF_CODES: Attack = Attack {
    name: "guesses-of-codes",
    what: "60 log-ins at once with the right password guess the time-based code",
    aim: "6 are looked at (5 are free), and one more after each pause",
    takes: Takes::Seconds,
    play: |target| Box::pin(of_codes(target)),
};

const GUESSES: usize = 400;
/// How many may fail without a pause.
const FREE_OF_PERSON: usize = 5;
const FREE_OF_ADDRESS: usize = 20;

/// The one after those that are free begins pauses of 1, 2, 4 … seconds; after each, one more may be looked at.
fn seen(looked_at: usize, of: usize, free: usize, took: Duration) -> Seen {
    let pauses = (took.as_secs() + 1).ilog2() as usize;
    let seen = format!("{looked_at} of {of} looked at, in {:.1} s", took.as_secs_f64());
    Seen::new(looked_at <= free + 1 + pauses, seen)
}

async fn of_one(target: &Target) -> Seen {
    let victim = target.start().await;
    let [administrator, ..] = &victim.without_plugins.members;
    let begin = Instant::now();
    let looked_at = guess(&victim, address, |_| administrator.email.clone()).await;
    seen(looked_at, GUESSES, FREE_OF_PERSON, begin.elapsed())
}

async fn of_many(target: &Target) -> Seen {
    let victim = target.start().await;
    let from = |_| Ipv4Addr::new(127, 64, 0, 1);
    let begin = Instant::now();
    let looked_at = guess(&victim, from, |number| format!("person{number}@people.example")).await;
    seen(looked_at, GUESSES, FREE_OF_ADDRESS, begin.elapsed())
}

/// How many of the guesses were looked at: were answered that the password is wrong.
async fn guess(victim: &Victim, from: impl Fn(usize) -> Ipv4Addr, email: impl Fn(usize) -> String) -> usize {
    let (to, barrier) = (victim.address(), Arc::new(Barrier::new(GUESSES)));
    let one = |number: usize| {
        let body = json!({"email": email(number), "password": format!("guess number {number}")});
        let (from, request) = (from(number), post("/api/v1/sessions", "", &body));
        let barrier = Arc::clone(&barrier);
        tokio::spawn(async move {
            let wire = Wire::connect(to, from).await;
            barrier.wait().await;
            wire?.ask(&request).await
        })
    };
    let answers = join_all((0..GUESSES).map(one).collect::<Vec<_>>()).await;
    // Who gets no connection has not guessed.
    let answers = answers.into_iter().filter_map(|answer| answer.unwrap().ok());
    answers.filter(|answer| answer.json()["code"] == "wrong-credentials").count()
}

async fn of_codes(target: &Target) -> Seen {
    let victim = target.start().await;
    let member = victim.invited(&victim.without_plugins.administrator, "coded", "operator", json!([])).await;
    let session = victim.nobody.session_of(&member).await;
    let made = session.post("/api/v1/me/second-factors/totp", json!({"password": member.password})).await.is(201);
    let code = json!({"code": code_of(&made["secret"], 0)});
    session.post("/api/v1/me/second-factors/totp/confirmation", code).await.is(200);
    let guess = async |code: usize| {
        let body = json!({"email": member.email, "password": member.password, "code": format!("{code:06}")});
        victim.nobody.post("/api/v1/sessions", body).await.body["code"] == "wrong-code"
    };
    let begin = Instant::now();
    let looked_at = join_all((0..60).map(guess)).await.into_iter().filter(|looked_at| *looked_at).count();
    seen(looked_at, 60, FREE_OF_PERSON, begin.elapsed())
}
