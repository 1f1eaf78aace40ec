//! A client's data, asked for by somebody who knows the client's outside id and reaches none of the client's conversations.

use serde_json::json;

use crate::{
    attack::{Attack, Seen, Takes},
    target::Target,
};

pub(super) const ATTACK: Attack = Attack {
    name: "clients-by-outside-id",
    what: "an operator who reaches only own conversations starts one with the outside id of a colleague's client",
    aim: "the operator sees nothing of the client and changes nothing",
    takes: Takes::Seconds,
    play: |target| Box::pin(play(target)),
};

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let api = &victim.without_plugins.administrator;
    let client = json!({"name": "Carla Secret", "external_id": "tg:12345"});
    let started = api.post("/api/v1/conversations", json!({"client": client})).await.is(201);
    let id = started["client"]["id"].as_str().unwrap();
    let path = format!("/api/v1/clients/{id}");
    api.patch(&path, json!({"phone": "+1 202 555 0123"})).await.is(200);

    let operator = victim.join(api, "curious", "operator", json!(["conversations-own"])).await;
    operator.get(&path).await.problem(404, "not-found");
    let guess = json!({"client": {"name": "x", "external_id": "tg:12345"}});
    let answer = operator.post("/api/v1/conversations", guess).await;
    let mut learnt = Vec::new();
    if answer.body.to_string().contains("Carla Secret") {
        learnt.push("the name");
    }
    let own = answer.body["client"]["id"].as_str().unwrap_or(id);
    for path in [&path, &format!("/api/v1/clients/{own}")] {
        if operator.get(path).await.body.to_string().contains("555") {
            learnt.push("the phone number");
        }
    }
    operator.patch(&path, json!({"name": "Renamed"})).await;
    if api.get(&path).await.is(200)["name"] != "Carla Secret" {
        learnt.push("how to rename the client");
    }
    Seen::new(learnt.is_empty(), format!("answered {}; learnt: {}", answer.status.as_u16(), learnt.join(", ")))
}
