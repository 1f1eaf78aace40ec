//! What is good once, shown many times at once.

use futures::future::join_all;
use serde_json::{Value, json};
use sluice_tests::{Api, Member};

use crate::{
    attack::{Attack, Seen, Takes},
    people::{code_of, text},
    target::{Target, Victim},
};

pub(super) const OF_APP: Attack = Attack {
    name: "one-code-at-once",
    what: "3 times, 20 log-ins at once show the same time-based code, and one more shows it again",
    aim: "1 gets in each time",
    takes: Takes::Seconds,
    play: |target| Box::pin(of_app(target)),
};

pub(super) const OF_RECOVERY: Attack = Attack {
    name: "one-recovery-code-at-once",
    what: "3 times, 20 log-ins at once show the same recovery code, and one more shows it again",
    aim: "1 gets in each time",
    takes: Takes::Seconds,
    play: |target| Box::pin(of_recovery(target)),
};

pub(super) const OF_LINKS: Attack = Attack {
    name: "one-link-at-once",
    what: "5 links, each used by 12 at once",
    aim: "1 sets the password each time",
    takes: Takes::Seconds,
    play: |target| Box::pin(of_links(target)),
};

const AT_ONCE: usize = 20;

async fn of_app(target: &Target) -> Seen {
    let victim = target.start().await;
    let mut inside = Vec::new();
    for number in 0..3 {
        let (member, secret, _) = with_codes(&victim, number).await;
        inside.push(show(&victim, &member, &code_of(&secret, 1)).await);
    }
    Seen::new(inside == [1; 3], format!("{inside:?} of {} got in", AT_ONCE + 1))
}

async fn of_recovery(target: &Target) -> Seen {
    let victim = target.start().await;
    let mut inside = Vec::new();
    for number in 0..3 {
        let (member, _, code) = with_codes(&victim, number).await;
        inside.push(show(&victim, &member, &code).await);
    }
    Seen::new(inside == [1; 3], format!("{inside:?} of {} got in", AT_ONCE + 1))
}

/// Somebody with a second factor: its secret and one of the recovery codes.
async fn with_codes(victim: &Victim, number: usize) -> (Member, Value, String) {
    let administrator = &victim.without_plugins.administrator;
    let member = victim.invited(administrator, &format!("coded{number}"), "operator", json!([])).await;
    let session = victim.nobody.session_of(&member).await;
    let made = session.post("/api/v1/me/second-factors/totp", json!({"password": member.password})).await.is(201);
    let code = json!({"code": code_of(&made["secret"], 0)});
    let confirmed = session.post("/api/v1/me/second-factors/totp/confirmation", code).await.is(200);
    (member, made["secret"].clone(), text(&confirmed["recovery_codes"][0]))
}

/// How many get in with this code: of all at once, and of one who shows it afterwards.
async fn show(victim: &Victim, member: &Member, code: &str) -> usize {
    let body = json!({"email": member.email, "password": member.password, "code": code});
    let log_in = |nobody: Api| {
        let body = body.clone();
        async move { nobody.post("/api/v1/sessions", body).await.status == 201 }
    };
    let all = join_all((0..AT_ONCE).map(|_| log_in(victim.nobody.clone()))).await;
    let again = log_in(victim.nobody.clone()).await;
    all.into_iter().chain([again]).filter(|inside| *inside).count()
}

async fn of_links(target: &Target) -> Seen {
    let victim = target.start().await;
    let administrator = &victim.without_plugins.administrator;
    let mut set = Vec::new();
    for number in 0..5 {
        let invited = administrator.invite(&format!("linked{number}"), "operator", json!([])).await.is(201);
        let choose = |number: usize| {
            let password = format!("unrelated saucer {number} frost");
            let body = json!({"link": invited["link"]["secret"], "password": password});
            async { victim.nobody.post("/api/v1/passwords", body).await.status == 204 }
        };
        set.push(join_all((0..12).map(choose)).await.into_iter().filter(|set| *set).count());
    }
    Seen::new(set == [1; 5], format!("{set:?} of 12 set the password"))
}
