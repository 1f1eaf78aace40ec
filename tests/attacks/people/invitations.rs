//! An invitation that went to a wrong address, which is corrected.

use serde_json::json;

use crate::{
    attack::{Attack, Seen, Takes},
    people::text,
    target::Target,
};

pub(super) const ATTACK: Attack = Attack {
    name: "corrected-invitation",
    what: "who got an invitation by mistake uses its link after the e-mail address and the role were corrected",
    aim: "the link is refused",
    takes: Takes::Seconds,
    play: |target| Box::pin(play(target)),
};

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let administrator = victim.administrator().await;
    let mut opened = Vec::new();
    for (number, change) in [
        json!({"email": "right@people.example", "role": "administrator"}),
        json!({"email": "righter@people.example"}),
        json!({"role": "administrator"}),
    ]
    .into_iter()
    .enumerate()
    {
        let invited = administrator.invite(&format!("wrong{number}"), "operator", json!([])).await.is(201);
        let path = format!("/api/v1/people/{}", text(&invited["person"]["id"]));
        administrator.patch(&path, change.clone()).await.is(200);
        let password = json!({"link": invited["link"]["secret"], "password": "unrelated saucer wrong frost"});
        let answer = victim.nobody.post("/api/v1/passwords", password).await;
        if answer.status == 204 {
            opened.push(change.to_string());
        }
    }
    Seen::new(opened.is_empty(), format!("{} of 3 links set the password {}", opened.len(), opened.join(", ")))
}
