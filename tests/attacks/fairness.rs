//! Attacks of one account, or of strangers, on the time and memory that all accounts share.

mod audit_reads;
mod links;
mod log_ins;
mod searches;
mod streams;
mod strength;
mod trials;

use std::time::Duration;

use futures::future::join_all;
use reqwest::RequestBuilder;
use sluice_tests::Account;

use crate::{
    Attack,
    bystander::{Bystander, Errands},
    target::Victim,
};

pub(crate) const ATTACKS: &[Attack] = &[
    trials::ATTACK,
    strength::ATTACK,
    log_ins::ATTACK,
    searches::ATTACK,
    audit_reads::LOOK_UPS,
    audit_reads::VERIFICATIONS,
    links::OF_TRIALS,
    streams::ATTACK,
    links::OF_ONE_MESSAGE,
];

/// How many log-ins of others are compared.
const LOG_INS: usize = 24;
/// How many short requests of others are compared.
const REQUESTS: usize = 300;
/// After each of them.
const PAUSE: Duration = Duration::from_millis(10);
/// How much later others may be than alone.
const TIMES: f64 = 3.0;

/// What others notice who look whether the server is there, and who post messages in another account.
struct Others {
    health: Bystander,
    posts: Bystander,
}

/// How it went for both.
struct Both {
    health: Errands,
    posts: Errands,
}

impl Others {
    /// Of an account that is not the attacker's.
    async fn of(victim: &Victim, account: &Account) -> Self {
        let url = victim.url();
        Self { health: Bystander::of_health(url), posts: Bystander::of_posts(url, account).await }
    }

    async fn go(&self) -> Both {
        let (health, posts) = futures::join!(self.health.goes(REQUESTS, PAUSE), self.posts.goes(REQUESTS, PAUSE));
        Both { health, posts }
    }
}

impl Both {
    fn keep_within(&self, alone: &Self) -> bool {
        let within = |now: &Errands, alone| now.keeps_within(TIMES, alone, 0.99);
        within(&self.health, &alone.health) && within(&self.posts, &alone.posts)
    }

    fn beside(&self, alone: &Self) -> String {
        let (health, posts) = (self.health.beside(&alone.health, 0.99), self.posts.beside(&alone.posts, 0.99));
        format!("others' health: {health}; posts: {posts}")
    }
}

/// Sends many requests of a kind, a few at once, to have rows for an attack. All must succeed.
async fn prepare(number: usize, at_once: usize, request: impl Fn(usize) -> RequestBuilder) {
    let one = async |begin: usize| {
        for number in (begin..number).step_by(at_once) {
            let answer = request(number).send().await.unwrap();
            assert!(answer.status().is_success(), "preparing: {}", answer.status());
            answer.bytes().await.unwrap();
        }
    };
    join_all((0..at_once).map(one)).await;
}
