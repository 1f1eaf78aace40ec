//! Passkeys: set up, asked for, answered once, removed.

use reqwest::Method;
use serde_json::{Value, json};
use sluice_tests::{Answer, Api, Authenticator, Home, Member, Server};

const ORIGIN: &str = "http://localhost:1";
const PASSKEYS: &str = "/api/v1/me/second-factors/passkeys";

async fn start() -> Server {
    Server::start_with(Home::on_sqlite(), &[("SLUICE_PUBLIC_URL", ORIGIN)]).await
}

async fn begin(session: &Api, member: &Member) -> Value {
    session.post(PASSKEYS, json!({"password": member.password})).await.is(201)
}

/// Another one, of somebody who has one and shows a recovery code.
async fn begin_another(session: &Api, member: &Member, code: &Value) -> Value {
    session.post(PASSKEYS, json!({"password": member.password, "code": code})).await.is(201)
}

async fn confirm(session: &Api, challenge: &Value, credential: Value) -> Answer {
    let body = json!({"name": "My key", "challenge_id": challenge["challenge_id"], "credential": credential});
    session.post(&format!("{PASSKEYS}/confirmation"), body).await
}

/// A session of the person, with a passkey that was just made; the recovery codes.
async fn set_up(server: &Server, member: &Member) -> (Api, Authenticator, Vec<Value>) {
    let session = server.nobody.session_of(member).await;
    let mut authenticator = Authenticator::new(ORIGIN);
    let challenge = begin(&session, member).await;
    let confirmed = confirm(&session, &challenge, authenticator.create(&challenge["options"])).await.is(200);
    let codes = confirmed["recovery_codes"].as_array().unwrap().clone();
    (session, authenticator, codes)
}

/// What a log-in with the password alone is asked for.
async fn asked(server: &Server, member: &Member) -> Value {
    let answer = server.nobody.log_in(&member.email, &member.password).await;
    answer.problem(401, "code-required")["passkey"].clone()
}

async fn log_in(server: &Server, member: &Member, challenge: &Value, credential: &Value) -> Answer {
    let passkey = json!({"challenge_id": challenge["challenge_id"], "credential": credential});
    let body = json!({"email": member.email, "password": member.password, "passkey": passkey});
    server.nobody.post("/api/v1/sessions", body).await
}

#[tokio::test]
async fn a_log_in_asks_for_a_passkey_whose_answer_is_good_once() {
    let server = start().await;
    let api = &server.without_plugins.administrator;
    let member = server.invited(api, "ben", "operator", json!([])).await;
    let elsewhere = server.nobody.session_of(&member).await;
    let (session, mut authenticator, codes) = set_up(&server, &member).await;
    assert_eq!(codes.len(), 10);
    elsewhere.get("/api/v1/me").await.problem(401, "session-ended");
    let own = session.get("/api/v1/me/second-factors").await.is(200);
    assert_eq!((&own["totp"], &own["passkeys"][0]["name"]), (&json!(false), &json!("My key")));
    assert_eq!(own["passkeys"][0]["last_used_at"], Value::Null);

    let challenge = asked(&server, &member).await;
    let credential = authenticator.get(&challenge["options"]);
    log_in(&server, &member, &challenge, &credential).await.is(201);
    log_in(&server, &member, &challenge, &credential).await.problem(401, "wrong-passkey");
    // An answer to another challenge.
    let challenge = asked(&server, &member).await;
    log_in(&server, &member, &challenge, &credential).await.problem(401, "wrong-passkey");
    let own = session.get("/api/v1/me/second-factors").await.is(200);
    assert!(own["passkeys"][0]["last_used_at"].is_i64(), "{own}");
    let refused = api.list("/api/v1/audit?action=login.refused").await;
    assert!(refused.iter().any(|entry| entry["details"]["code"] == "wrong-passkey"), "{refused:?}");

    // A recovery code stands in for it.
    let body = json!({"email": member.email, "password": member.password, "code": codes[0]});
    server.nobody.post("/api/v1/sessions", body).await.is(201);
}

#[tokio::test]
async fn a_passkey_of_another_site_or_key_or_person_is_none() {
    let server = start().await;
    let api = &server.without_plugins.administrator;
    let (ben, eve) = (
        server.invited(api, "ben", "operator", json!([])).await,
        server.invited(api, "eve", "operator", json!([])).await,
    );
    let (session, _, codes) = set_up(&server, &ben).await;
    let (_, mut of_eve, _) = set_up(&server, &eve).await;
    let challenge = asked(&server, &ben).await;
    let answer = of_eve.get(&challenge["options"]);
    log_in(&server, &ben, &challenge, &answer).await.problem(401, "wrong-passkey");
    let challenge = asked(&server, &eve).await;
    let answer = of_eve.get(&challenge["options"]);
    log_in(&server, &ben, &challenge, &answer).await.problem(401, "wrong-passkey");
    log_in(&server, &ben, &challenge, &json!({"id": "x"})).await.problem(401, "wrong-passkey");
    log_in(&server, &ben, &json!({"challenge_id": "x"}), &answer).await.problem(422, "invalid");

    let mut phished = Authenticator::new("https://locaIhost.example");
    let challenge = begin_another(&session, &ben, &codes[0]).await;
    let credential = phished.create(&challenge["options"]);
    confirm(&session, &challenge, credential).await.problem(401, "wrong-passkey");
}

#[tokio::test]
async fn passkeys_are_added_by_who_knows_the_password_and_removed_by_who_shows_a_second_factor_too() {
    let server = start().await;
    let api = &server.without_plugins.administrator;
    let member = server.invited(api, "ben", "operator", json!([])).await;
    let (session, _, codes) = set_up(&server, &member).await;
    session.post(PASSKEYS, json!({"password": "wrong"})).await.problem(401, "wrong-credentials");
    // Whoever has stolen a session and the password adds no factor of their own.
    let stolen = json!({"password": member.password});
    for path in [PASSKEYS, "/api/v1/me/second-factors/totp"] {
        let asked_for = session.post(path, stolen.clone()).await.problem(401, "code-required");
        assert!(asked_for["passkey"]["challenge_id"].is_string(), "{asked_for}");
        let guess = json!({"password": member.password, "code": "aaaaa-aaaaa-aaaaa-aaaaa"});
        session.post(path, guess).await.problem(401, "wrong-code");
    }
    // Another one gives no new recovery codes, and ends no session.
    let mut second = Authenticator::new(ORIGIN);
    let challenge = begin_another(&session, &member, &codes[5]).await;
    session.post(PASSKEYS, json!({"password": member.password, "code": codes[5]})).await.problem(401, "wrong-code");
    let credential = second.create(&challenge["options"]);
    let added = confirm(&session, &challenge, credential.clone()).await.is(200);
    assert_eq!(added["recovery_codes"], json!([]));
    confirm(&session, &challenge, credential).await.problem(401, "wrong-passkey");

    let own = session.get("/api/v1/me/second-factors").await.is(200);
    let remove = async |passkey: &Value, shown: Value| {
        let request = session.request(Method::DELETE, &format!("{PASSKEYS}/{}", passkey["id"].as_str().unwrap()));
        session.send(request.json(&shown)).await
    };
    let password = &member.password;
    let [first, other] = &own["passkeys"].as_array().unwrap()[..] else { panic!("two: {own}") };
    remove(first, json!({"password": "wrong"})).await.problem(401, "wrong-credentials");
    // Whoever has stolen a session and the password has no second factor.
    remove(first, json!({"password": password, "code": "aaaaa-aaaaa-aaaaa-aaaaa"})).await.problem(401, "wrong-code");
    let asked_for = remove(first, json!({"password": password})).await.problem(401, "code-required");
    remove(first, json!({"password": password, "code": codes[0]})).await.is(204);
    remove(first, json!({"password": password, "code": codes[1]})).await.problem(404, "not-found");
    let late = json!({"challenge_id": asked_for["passkey"]["challenge_id"], "credential": {}});
    remove(other, json!({"password": password, "passkey": late})).await.problem(401, "wrong-passkey");
    let challenge = asked(&server, &member).await;
    let answer = second.get(&challenge["options"]);
    log_in(&server, &member, &challenge, &answer).await.is(201);
    let asked_for = remove(other, json!({"password": password})).await.problem(401, "code-required");
    let challenge = &asked_for["passkey"];
    let answer = second.get(&challenge["options"]);
    let passkey = json!({"challenge_id": challenge["challenge_id"], "credential": answer});
    remove(other, json!({"password": password, "passkey": passkey})).await.is(204);
    server.nobody.session_of(&member).await;
    let own = session.get("/api/v1/me/second-factors").await.is(200);
    assert_eq!(own, json!({"totp": false, "recovery_codes": 0, "passkeys": []}));
    assert_eq!(api.list("/api/v1/audit?action=second-factor.").await.len(), 4);
}

#[tokio::test]
async fn a_passkey_does_where_an_account_wants_a_second_factor_and_an_administrator_helps_who_lost_it() {
    let server = start().await;
    let api = &server.without_plugins.administrator;
    api.put("/api/v1/security", json!({"second_factor_for": ["operator"]})).await.is(200);
    let member = server.invited(api, "ben", "operator", json!(["conversations-own"])).await;
    let (session, ..) = set_up(&server, &member).await;
    session.get("/api/v1/conversations").await.is(200);
    let me = session.get("/api/v1/me").await.is(200);
    let path = format!("/api/v1/people/{}/second-factors", me["person_id"].as_str().unwrap());
    api.delete(&path).await.is(204);
    api.delete(&path).await.problem(404, "not-found");
    let session = server.nobody.session_of(&member).await;
    session.get("/api/v1/conversations").await.problem(403, "second-factor-enrolment-required");
}

#[tokio::test]
async fn where_browsers_give_no_passkeys_the_server_says_so() {
    let server = Server::start().await;
    let [administrator, ..] = &server.without_plugins.members;
    let session = server.nobody.session_of(administrator).await;
    let answer = session.post(PASSKEYS, json!({"password": administrator.password})).await;
    let problem = answer.problem(409, "passkeys-unavailable");
    assert!(problem["detail"].as_str().unwrap().contains("SLUICE_PUBLIC_URL"), "{problem}");
}
