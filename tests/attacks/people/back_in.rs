//! A person who is taken out, or has less than before, while they change their password again and again: does a change that began
//! before bring back what was taken?

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt as _, stream};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sluice_tests::{Api, Member, until};

use crate::{
    attack::{Attack, Seen, Takes},
    target::{Target, Victim},
};

pub(super) const ATTACK: Attack = Attack {
    name: "back-in",
    what: "a person in a loop of own password changes is disabled, deleted, or loses role, permissions, e-mail address or second factor",
    aim: "0 of 200 get it back",
    takes: Takes::Minutes,
    play: |target| Box::pin(play(target)),
};

const ROUNDS: usize = 200;
/// How many are played at once.
const AT_ONCE: usize = 3;
/// Most password changes of one round.
const CHANGES: usize = 12;

/// What an administrator does to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Loss {
    Disabled,
    Deleted,
    Role,
    Permissions,
    Email,
    SecondFactor,
}

const LOSSES: [Loss; 8] = [
    Loss::Disabled,
    Loss::Deleted,
    Loss::Role,
    Loss::Disabled,
    Loss::Permissions,
    Loss::Deleted,
    Loss::Email,
    Loss::SecondFactor,
];

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let administrator = &victim.administrator().await;
    let rounds = stream::iter(0..ROUNDS).map(|number| round(&victim, administrator, number));
    let rounds = rounds.buffer_unordered(AT_ONCE);
    let back: Vec<Loss> = rounds.filter_map(async |back| back).collect().await;
    let count = |loss| back.iter().filter(|one| **one == loss).count();
    let mut kinds: Vec<_> = LOSSES.to_vec();
    kinds.sort_unstable();
    kinds.dedup();
    let each: Vec<_> = kinds.into_iter().map(|loss| format!("{loss:?} {}", count(loss))).collect();
    Seen::new(back.is_empty(), format!("{} of {ROUNDS} ({})", back.len(), each.join(", ").to_lowercase()))
}

/// One person; what was lost and is there again.
async fn round(victim: &Victim, administrator: &Api, number: usize) -> Option<Loss> {
    let loss = LOSSES[number % LOSSES.len()];
    let (role, permissions) = match loss {
        Loss::Permissions => ("supervisor", json!(["conversations-all", "messages-review"])),
        Loss::Disabled | Loss::Deleted | Loss::Role | Loss::Email | Loss::SecondFactor => ("administrator", json!([])),
    };
    // Each from a network of its own: what one round fails at slows down nobody else's.
    let home = [127, 7, u8::try_from(number).unwrap(), 1];
    let nobody = victim.nobody.from(home);
    let member = victim.invited(administrator, &format!("p{number}"), role, permissions).await;
    let session = nobody.session_of(&member).await;
    let id = session.get("/api/v1/me").await.is(200)["person_id"].as_str().unwrap().to_owned();
    let token = match role {
        "administrator" => {
            let made = session.post("/api/v1/tokens", json!({"name": "kept", "scopes": ["people-manage"]})).await;
            made.is(201)["secret"].as_str().map(|secret| nobody.with_token(secret))
        }
        _ => None,
    };
    if loss == Loss::SecondFactor {
        set_up_codes(&session, &member).await;
    }

    let changer = Arc::new(Changer::new(session.clone(), member.password.clone()));
    let changing = tokio::spawn(Arc::clone(&changer).change_on());
    let (before, delay) = (1 + number % 3, Duration::from_millis(u64::try_from(number).unwrap() * 7 % 60));
    until(async || changer.changes() >= before || changer.is_over()).await;
    tokio::time::sleep(delay).await;
    take(administrator, loss, &id, number).await;
    let after = changer.changes() + 2;
    until(async || changer.changes() >= after || changer.is_over()).await;
    changer.stop();
    changing.await.unwrap();

    let person = Person { nobody, administrator, session, token, id, email: member.email, changer };
    person.has_again(loss).await.then_some(loss)
}

async fn set_up_codes(session: &Api, member: &Member) {
    let made = session.post("/api/v1/me/second-factors/totp", json!({"password": member.password})).await.is(201);
    let code = json!({"code": super::code_of(&made["secret"], 0)});
    session.post("/api/v1/me/second-factors/totp/confirmation", code).await.is(200);
}

/// What the administrator does.
async fn take(administrator: &Api, loss: Loss, id: &str, number: usize) {
    let path = format!("/api/v1/people/{id}");
    let patch = async |change: Value| administrator.patch(&path, change).await.is(200);
    match loss {
        Loss::Disabled => drop(patch(json!({"disabled": true})).await),
        Loss::Role => drop(patch(json!({"role": "operator", "permissions": []})).await),
        Loss::Permissions => drop(patch(json!({"permissions": []})).await),
        Loss::Email => drop(patch(json!({"email": corrected(number)})).await),
        Loss::Deleted => drop(administrator.delete(&path).await.is(204)),
        Loss::SecondFactor => drop(administrator.delete(&format!("{path}/second-factors")).await.is(204)),
    }
}

fn corrected(number: usize) -> String {
    format!("corrected-{number}@people.example")
}

/// The person, in the end.
struct Person<'a> {
    nobody: Api,
    administrator: &'a Api,
    session: Api,
    token: Option<Api>,
    id: String,
    email: String,
    changer: Arc<Changer>,
}

impl Person<'_> {
    /// Whether the person has what was taken.
    async fn has_again(&self, loss: Loss) -> bool {
        let answer = self.administrator.get(&format!("/api/v1/people/{}", self.id)).await;
        let (is_there, row) = (answer.status == 200, answer.body);
        match loss {
            Loss::Disabled => row["status"] != "disabled" || self.gets_in(&self.email).await,
            Loss::Deleted => {
                let renamed = format!("{}@deleted.invalid", self.id);
                is_there && row["status"] != "deleted"
                    || self.gets_in(&self.email).await
                    || self.gets_in(&renamed).await
            }
            Loss::Role => row["role"] != "operator",
            Loss::Permissions => row["permissions"] != json!([]),
            Loss::Email => {
                let corrected = row["email"].as_str().is_some_and(|email| email.starts_with("corrected-"));
                !corrected || self.log_in(&self.email).await
            }
            Loss::SecondFactor => self.is_asked_for_a_code().await,
        }
    }

    async fn gets_in(&self, email: &str) -> bool {
        let is_let_in = async |api: &Api| api.get("/api/v1/me").await.status == 200;
        if is_let_in(&self.session).await {
            return true;
        }
        match &self.token {
            Some(token) if is_let_in(token).await => true,
            _ => self.log_in(email).await,
        }
    }

    async fn log_in(&self, email: &str) -> bool {
        let mut any = false;
        for password in self.changer.passwords() {
            let answer = self.nobody.log_in(email, &password).await;
            assert!(matches!(answer.status.as_u16(), 201 | 401), "a log-in was answered {}", answer.status);
            any |= answer.status == 201;
        }
        any
    }

    async fn is_asked_for_a_code(&self) -> bool {
        for password in self.changer.passwords() {
            let answer = self.nobody.log_in(&self.email, &password).await;
            if answer.body["code"] == "code-required" {
                return true;
            }
        }
        false
    }
}

/// Changes its own password, again and again.
struct Changer {
    session: Api,
    /// The last one that was taken, and the one that may have been.
    passwords: Mutex<(String, Option<String>)>,
    changes: Mutex<usize>,
    over: AtomicBool,
}

impl Changer {
    fn new(session: Api, password: String) -> Self {
        Self {
            session,
            passwords: Mutex::new((password, None)),
            changes: Mutex::default(),
            over: AtomicBool::new(false),
        }
    }

    async fn change_on(self: Arc<Self>) {
        while !self.is_over() && self.changes() < CHANGES {
            let current = self.passwords.lock().unwrap().0.clone();
            let new = format!("{current} {}", self.changes());
            self.passwords.lock().unwrap().1 = Some(new.clone());
            if self.change(&current, &new).send().await.is_ok_and(|answer| answer.status() == 204) {
                *self.passwords.lock().unwrap() = (new, None);
                *self.changes.lock().unwrap() += 1;
            } else {
                break;
            }
        }
        self.stop();
    }

    fn change(&self, current: &str, new: &str) -> RequestBuilder {
        let request = self.session.request(Method::PUT, "/api/v1/me/password");
        request.json(&json!({"current": current, "new": new}))
    }

    fn changes(&self) -> usize {
        *self.changes.lock().unwrap()
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn stop(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    fn passwords(&self) -> Vec<String> {
        let (last, maybe) = self.passwords.lock().unwrap().clone();
        [Some(last), maybe].into_iter().flatten().collect()
    }
}
