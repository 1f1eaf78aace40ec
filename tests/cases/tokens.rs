//! API tokens: scopes, expiry, renewal, revocation.

use serde_json::{Value, json};
use sluice_tests::{Api, Server};

async fn make(api: &Api, body: Value) -> (String, String) {
    let made = api.post("/api/v1/tokens", body).await.is(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["token"]["id"]), text(&made["secret"]))
}

async fn listed(api: &Api, id: &str) -> Option<Value> {
    api.list("/api/v1/tokens").await.into_iter().find(|token| token["id"] == id)
}

#[tokio::test]
async fn a_token_does_what_its_scopes_say_and_shows_its_secret_once() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let scopes = json!(["conversations-all", "messages-write-as-client"]);
    let (id, secret) = make(api, json!({"name": "messenger", "scopes": scopes})).await;
    assert!(secret.starts_with("slc_"));
    let token = server.nobody.with_token(&secret);
    let conversation = token.conversation().await;
    token.incoming(&conversation, "hi").await.is(201);
    token.get("/api/v1/people").await.problem(403, "forbidden");
    token.get("/api/v1/decisions").await.problem(403, "forbidden");

    let row = listed(api, &id).await.unwrap();
    assert_eq!((&row["scopes"], &row["last_used_from"]), (&scopes, &json!("127.0.0.1")));
    assert!(!api.get("/api/v1/tokens").await.is(200).to_string().contains(&secret), "the secret is shown once");
    assert!(!api.get("/api/v1/audit?limit=200").await.is(200).to_string().contains(&secret));
}

#[tokio::test]
async fn a_token_makes_none_that_may_more_than_itself() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let (_, secret) = make(api, json!({"name": "maker", "scopes": ["tokens-manage"]})).await;
    let (other, _) = make(api, json!({"name": "strong", "scopes": ["plugins-manage"]})).await;
    let maker = server.nobody.with_token(&secret);
    let stronger = json!({"name": "x", "scopes": ["plugins-manage"]});
    maker.post("/api/v1/tokens", stronger).await.problem(422, "invalid");
    let renewal = format!("/api/v1/tokens/{other}/renewal");
    maker.post(&renewal, json!({"overlap_seconds": 0})).await.problem(403, "forbidden");
    maker.post("/api/v1/tokens", json!({"name": "x", "scopes": ["tokens-manage"]})).await.is(201);
}

#[tokio::test]
async fn a_token_loses_what_its_person_loses() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let session = server.nobody.session_of(&server.without_plugins.members[0]).await;
    let second = server.join(&session, "second", "administrator", json!([])).await;
    let (_, secret) = make(&second, json!({"name": "theirs", "scopes": ["people-manage", "conversations-all"]})).await;
    let token = server.nobody.with_token(&secret);
    token.get("/api/v1/people").await.is(200);
    let id = second.get("/api/v1/me").await.is(200)["person_id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/people/{id}");
    session.patch(&path, json!({"role": "operator", "permissions": ["conversations-all"]})).await.is(200);
    token.get("/api/v1/people").await.problem(403, "forbidden");
    token.get("/api/v1/conversations").await.is(200);
    let disabled = api.patch(&path, json!({"disabled": true})).await.is(200);
    assert_eq!(disabled["tokens_ended"], 1);
    token.get("/api/v1/conversations").await.problem(401, "token-revoked");
    // Who made it may have been somebody else in the person's session: it does not come back with the person.
    api.patch(&path, json!({"disabled": false})).await.is(200);
    token.get("/api/v1/conversations").await.problem(401, "token-revoked");
}

#[tokio::test]
async fn what_a_token_makes_ends_with_it_and_acts_for_nobody_else() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let in_days = |days: u64| u64::try_from(now).unwrap() + days * 86_400_000;
    let scopes = json!(["tokens-manage", "audit-read"]);
    let (own, secret) = make(api, json!({"name": "builds", "scopes": scopes, "expires_at": in_days(1)})).await;
    let token = server.nobody.with_token(&secret);
    for expires_at in [json!(null), json!(in_days(2))] {
        let body = json!({"name": "later", "scopes": ["audit-read"], "expires_at": expires_at});
        assert_eq!(token.post("/api/v1/tokens", body).await.problem(422, "invalid")["field"], "expires_at");
        let body = json!({"overlap_seconds": 0, "expires_at": expires_at});
        token.post(&format!("/api/v1/tokens/{own}/renewal"), body).await.problem(422, "invalid");
    }
    let (_, short) = make(&token, json!({"name": "short", "scopes": ["audit-read"], "expires_at": in_days(1)})).await;
    server.nobody.with_token(&short).get("/api/v1/audit").await.is(200);

    // It does not come from the token.
    let (beside, _) = make(api, json!({"name": "beside", "scopes": ["audit-read"]})).await;
    let body = json!({"overlap_seconds": 0, "expires_at": in_days(1)});
    token.post(&format!("/api/v1/tokens/{beside}/renewal"), body).await.problem(403, "session-required");
    // While the secret before a renewal is still good, nothing lasting comes of it.
    let renewed = json!({"overlap_seconds": 3_600, "expires_at": in_days(1)});
    let renewed = api.post(&format!("/api/v1/tokens/{own}/renewal"), renewed).await.is(201);
    token.get("/api/v1/audit").await.is(200);
    let body = json!({"name": "later", "scopes": ["audit-read"], "expires_at": in_days(1)});
    token.post("/api/v1/tokens", body.clone()).await.problem(409, "conflict");
    let renewal = json!({"overlap_seconds": 0, "expires_at": in_days(1)});
    token.post(&format!("/api/v1/tokens/{own}/renewal"), renewal).await.problem(409, "conflict");
    // What it made ends with it, and what that made.
    let newer = server.nobody.with_token(renewed["secret"].as_str().unwrap());
    let scopes = json!(["tokens-manage", "audit-read"]);
    let (_, child) = make(&newer, json!({"name": "child", "scopes": scopes, "expires_at": in_days(1)})).await;
    let child = server.nobody.with_token(&child);
    let (_, grandchild) = make(&child, body).await;
    let grandchild = server.nobody.with_token(&grandchild);
    grandchild.get("/api/v1/audit").await.is(200);
    api.delete(&format!("/api/v1/tokens/{own}")).await.is(204);
    for ended in [&newer, &child, &grandchild] {
        ended.get("/api/v1/audit").await.problem(401, "token-revoked");
    }

    let (_, secret) = make(api, json!({"name": "builds", "scopes": scopes, "expires_at": in_days(1)})).await;
    let token = server.nobody.with_token(&secret);
    let session = server.nobody.session_of(&server.without_plugins.members[0]).await;
    let second = server.join(&session, "second", "administrator", json!([])).await;
    let (theirs, _) = make(&second, json!({"name": "theirs", "scopes": ["audit-read"]})).await;
    let body = json!({"overlap_seconds": 3_600, "expires_at": in_days(1)});
    token.post(&format!("/api/v1/tokens/{theirs}/renewal"), body).await.problem(403, "session-required");
}

#[tokio::test]
async fn a_renewal_brings_no_secret_back() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let (id, first) = make(api, json!({"name": "import", "scopes": ["conversations-all"]})).await;
    server.tamper("UPDATE api_tokens SET expires_at = 1 WHERE name = 'import'");
    let renewed = api.post(&format!("/api/v1/tokens/{id}/renewal"), json!({"overlap_seconds": 3_600})).await.is(201);
    server.nobody.with_token(&first).get("/api/v1/me").await.problem(401, "unauthenticated");
    server.nobody.with_token(renewed["secret"].as_str().unwrap()).get("/api/v1/me").await.is(200);
}

#[tokio::test]
async fn a_token_that_has_expired_is_refused_and_that_is_written_down() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    api.post("/api/v1/tokens", json!({"name": "x", "scopes": ["data-export"], "expires_at": 1}))
        .await
        .problem(422, "invalid");
    let in_a_day = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() + 86_400_000;
    let body = json!({"name": "short", "scopes": ["data-export"], "expires_at": u64::try_from(in_a_day).unwrap()});
    let (id, secret) = make(api, body).await;
    let token = server.nobody.with_token(&secret);
    token.get("/api/v1/me").await.is(200);
    server.tamper("UPDATE api_tokens SET expires_at = 1 WHERE expires_at IS NOT NULL");
    token.get("/api/v1/me").await.problem(401, "token-expired");
    let entries = api.list("/api/v1/audit").await;
    let entry = entries.iter().find(|entry| entry["action"] == "token.refused").unwrap();
    assert_eq!((&entry["actor"], &entry["details"]["code"]), (&json!(id), &json!("token-expired")));
}

#[tokio::test]
async fn a_renewed_token_overlaps_as_long_as_was_said() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let (id, first) = make(api, json!({"name": "import", "scopes": ["conversations-all"]})).await;
    let renew = async |seconds: u32| {
        let path = format!("/api/v1/tokens/{id}/renewal");
        let renewed = api.post(&path, json!({"overlap_seconds": seconds})).await.is(201);
        renewed["secret"].as_str().unwrap().to_owned()
    };
    let works = async |secret: &str| server.nobody.with_token(secret).get("/api/v1/me").await.status == 200;
    let second = renew(3_600).await;
    assert!(works(&first).await && works(&second).await);
    let third = renew(0).await;
    assert!(!works(&first).await && !works(&second).await && works(&third).await);
    let fourth = renew(3_600).await;
    server.tamper("UPDATE api_tokens SET previous_until = 1 WHERE previous_until IS NOT NULL");
    assert!(!works(&third).await && works(&fourth).await);
    let path = format!("/api/v1/tokens/{id}/renewal");
    api.post(&path, json!({"overlap_seconds": 7_776_001})).await.problem(422, "invalid");
}

#[tokio::test]
async fn a_revoked_token_is_refused_with_its_overlap() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let (id, first) = make(api, json!({"name": "import", "scopes": ["conversations-all"]})).await;
    let renewed = api.post(&format!("/api/v1/tokens/{id}/renewal"), json!({"overlap_seconds": 3_600})).await.is(201);
    let second = renewed["secret"].as_str().unwrap().to_owned();
    api.delete(&format!("/api/v1/tokens/{id}")).await.is(204);
    api.delete(&format!("/api/v1/tokens/{id}")).await.problem(404, "not-found");
    server.nobody.with_token(&second).get("/api/v1/me").await.problem(401, "token-revoked");
    server.nobody.with_token(&first).get("/api/v1/me").await.problem(401, "unauthenticated");
    assert_eq!(listed(api, &id).await, None);
}

#[tokio::test]
async fn a_token_gives_nobody_more_than_it_has_and_makes_no_administrators() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let (_, secret) = make(api, json!({"name": "few", "scopes": ["people-manage", "conversations-own"]})).await;
    let token = server.nobody.with_token(&secret);
    let id = |invited: &Value| invited["person"]["id"].as_str().unwrap().to_owned();

    for maker in [&token, api] {
        maker.invite("boss", "administrator", json!([])).await.problem(403, "session-required");
    }
    token.invite("eve", "operator", json!(["conversations-all"])).await.problem(403, "forbidden");
    let weak = id(&token.invite("ben", "operator", json!(["conversations-own"])).await.is(201));
    let path = format!("/api/v1/people/{weak}");
    token.patch(&path, json!({"permissions": ["data-export"]})).await.problem(403, "forbidden");
    token.patch(&path, json!({"role": "administrator"})).await.problem(403, "session-required");
    token.patch(&path, json!({"email": "ben-again@people.example"})).await.is(200);
    token.post(&format!("{path}/password-link"), json!({})).await.is(201);
    let templates = "/api/v1/permission-templates/exporters";
    token.put(templates, json!({"permissions": ["data-export"]})).await.problem(403, "forbidden");

    // Who may do more than the token is not reset by it, nor let in again; to keep them out needs no more than the permission.
    let strong = id(&api.invite("max", "supervisor", json!(["data-export"])).await.is(201));
    let path = format!("/api/v1/people/{strong}");
    token.post(&format!("{path}/password-link"), json!({})).await.problem(403, "forbidden");
    token.delete(&format!("{path}/second-factors")).await.problem(403, "forbidden");
    token.patch(&path, json!({"email": "max-again@people.example"})).await.problem(403, "forbidden");
    token.patch(&path, json!({"disabled": true})).await.is(200);
    token.patch(&path, json!({"disabled": false})).await.problem(403, "forbidden");

    let me = api.get("/api/v1/me").await.is(200)["person_id"].as_str().unwrap().to_owned();
    for maker in [&token, api] {
        maker.post(&format!("/api/v1/people/{me}/password-link"), json!({})).await.problem(403, "session-required");
        maker.delete(&format!("/api/v1/people/{me}/second-factors")).await.problem(403, "session-required");
        maker
            .patch(&format!("/api/v1/people/{me}"), json!({"email": "x@people.example"}))
            .await
            .problem(403, "session-required");
    }
    // Who comes into a group reads its conversations, which this token could not have given.
    let group = api.post("/api/v1/groups", json!({"name": "desk"})).await.is(201)["id"].as_str().unwrap().to_owned();
    let members = json!({"members": [weak]});
    token.patch(&format!("/api/v1/groups/{group}"), members.clone()).await.problem(403, "forbidden");
    api.patch(&format!("/api/v1/groups/{group}"), members).await.is(200);
    // Whoever has logged in as an administrator may all of it.
    let session = server.nobody.session_of(&server.without_plugins.members[0]).await;
    session.invite("boss", "administrator", json!([])).await.is(201);
    session.post(&format!("/api/v1/people/{strong}/password-link"), json!({})).await.problem(409, "conflict");
    session.patch(&path, json!({"disabled": false})).await.is(200);
}

#[tokio::test]
async fn the_first_tokens_of_an_account_are_renewed_like_others() {
    let server = Server::start().await;
    let api = server.nobody.session_of(&server.without_plugins.members[0]).await;
    for token in api.list("/api/v1/tokens").await {
        let path = format!("/api/v1/tokens/{}/renewal", token["id"].as_str().unwrap());
        api.post(&path, json!({"overlap_seconds": 3600})).await.is(201);
        assert!(!token["scopes"].as_array().unwrap().contains(&json!("support-enter")), "{token}");
    }
}
