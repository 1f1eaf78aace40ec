//! Authors who decide about their own held messages.

use serde_json::json;

use crate::{
    attack::{Attack, Seen, Takes},
    target::Target,
};

pub(super) const ATTACK: Attack = Attack {
    name: "own-held-messages",
    what: "a supervisor's message is held; the supervisor approves it, with another text, also by an own token and in bulk",
    aim: "the client gets nothing",
    takes: Takes::Seconds,
    play: |target| Box::pin(play(target)),
};

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let api = &victim.without_plugins.administrator;
    api.filter(json!({"what": ["links"], "action": "hold"})).await.is(201);
    let author = victim.join(&victim.administrator().await, "author", "administrator", json!([])).await;
    let scopes = json!(["messages-review", "conversations-all"]);
    let made = author.post("/api/v1/tokens", json!({"name": "own", "scopes": scopes})).await.is(201);
    let token = victim.nobody.with_token(made["secret"].as_str().unwrap());
    let conversation = author.conversation().await;
    let mut answers = Vec::new();
    for way in 0..4 {
        let (writes, decides) = if way == 2 { (&token, &author) } else { (&author, &author) };
        let held = writes.outgoing(&conversation, "pay at https://evil.example").await.is(201);
        assert_eq!(held["state"], "held");
        let path = format!("/api/v1/messages/{}/review", held["id"].as_str().unwrap());
        let answer = match way {
            0 => decides.post(&path, json!({"verdict": "approve"})).await,
            1 => decides.post(&path, json!({"verdict": "approve", "text": "my card is 4111111111111111"})).await,
            2 => decides.post(&path, json!({"verdict": "approve"})).await,
            _ => token.post("/api/v1/reviews", json!({"messages": [held["id"]], "verdict": "approve"})).await,
        };
        answers.push(answer.status.as_u16());
    }
    let got = api.messages_of_client(&conversation).await.len();
    Seen::new(got == 0, format!("{got} of 4 reached the client; answers {answers:?}"))
}
