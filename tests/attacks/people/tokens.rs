//! An API token that may do one thing, and tries to have more by way of people.

use serde_json::{Value, json};
use sluice_tests::Api;

use crate::{
    attack::{Attack, Seen, Takes},
    people::text,
    target::{Target, Victim},
};

pub(super) const ATTACK: Attack = Attack {
    name: "token-of-people-manage",
    what: "a token with the scope `people-manage` invites, changes and resets people who may do more than itself",
    aim: "nobody can do more by it",
    takes: Takes::Seconds,
    play: |target| Box::pin(play(target)),
};

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let administrator = victim.administrator().await;
    let made = administrator.post("/api/v1/tokens", json!({"name": "hr", "scopes": ["people-manage"]})).await.is(201);
    let token = victim.nobody.with_token(&text(&made["secret"]));
    token.get("/api/v1/audit").await.problem(403, "forbidden");

    let mut ways = Vec::new();
    let invited = token.invite("made", "administrator", json!([])).await;
    if sees(&victim, &invited.body["person"]["email"], &invited.body["link"]["secret"], "/api/v1/audit").await {
        ways.push("invited an administrator");
    }
    let reviewer = token.invite("seer", "supervisor", json!(["messages-review"])).await;
    if sees(&victim, &reviewer.body["person"]["email"], &reviewer.body["link"]["secret"], "/api/v1/decisions").await {
        ways.push("invited a reviewer");
    }
    let operator = token.invite("raised", "operator", json!([])).await;
    let path = format!("/api/v1/people/{}", operator.body["person"]["id"].as_str().unwrap_or("none"));
    token.patch(&path, json!({"role": "administrator"})).await;
    let link = token.post(&format!("{path}/password-link"), json!({})).await;
    let email = &operator.body["person"]["email"];
    for secret in [&operator.body["link"]["secret"], &link.body["secret"]] {
        if sees(&victim, email, secret, "/api/v1/audit").await {
            ways.push("made an operator an administrator");
        }
    }
    let second = victim.invited(&administrator, "second", "administrator", json!([])).await;
    let session = victim.nobody.session_of(&second).await;
    let path = format!("/api/v1/people/{}", text(&session.get("/api/v1/me").await.is(200)["person_id"]));
    let link = token.post(&format!("{path}/password-link"), json!({})).await;
    if sees(&victim, &json!(second.email), &link.body["secret"], "/api/v1/audit").await {
        ways.push("set an administrator's password");
    }
    if token.delete(&format!("{path}/second-factors")).await.status == 204 {
        ways.push("took an administrator's second factor");
    }
    if token.patch(&path, json!({"email": "mine@people.example"})).await.status == 200 {
        ways.push("changed an administrator's e-mail address");
    }
    if token.patch(&path, json!({"role": "operator", "permissions": []})).await.status == 200 {
        ways.push("made an administrator an operator, whom it may reset");
    }
    Seen::new(ways.is_empty(), format!("{} ways: {}", ways.len(), ways.join(", ")))
}

/// Whether somebody who sets the password with this link can see what is at `path`.
async fn sees(victim: &Victim, email: &Value, link: &Value, path: &str) -> bool {
    let (Some(email), Some(link)) = (email.as_str(), link.as_str()) else { return false };
    let password = "unrelated saucer stolen frost";
    if victim.nobody.post("/api/v1/passwords", json!({"link": link, "password": password})).await.status != 204 {
        return false;
    }
    let answer = victim.nobody.log_in(email, password).await;
    let session: Api = victim.nobody.with_cookie(answer.header("set-cookie"));
    session.get(path).await.status == 200
}
