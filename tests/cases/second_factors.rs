//! Second factors: set up, asked for, used once, lost.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use sluice_tests::{Answer, Api, Member, Server};
use totp_rs::{Builder, Secret, Totp};

/// An authenticator that holds the person's secret.
pub(crate) struct Authenticator(Totp);

impl Authenticator {
    fn new(secret: &Value) -> Self {
        let secret = Secret::try_from_base32(secret.as_str().unwrap()).unwrap();
        Self(Builder::new().with_secret(secret).build().unwrap())
    }

    /// The code of half a minute's steps from now on. The server grants one step to both sides.
    fn code(&self, steps: i64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        self.0.generate(now.checked_add_signed(steps * 30).unwrap()).to_string()
    }
}

pub(crate) async fn set_up(session: &Api, member: &Member) -> (Authenticator, Vec<String>) {
    let made = session.post("/api/v1/me/second-factors/totp", json!({"password": member.password})).await.is(201);
    let authenticator = Authenticator::new(&made["secret"]);
    assert!(made["url"].as_str().unwrap().starts_with("otpauth://totp/Sluice"));
    // A step may pass before it arrives: the server grants one to both sides.
    let code = json!({"code": authenticator.code(0)});
    let confirmed = session.post("/api/v1/me/second-factors/totp/confirmation", code).await.is(200);
    let codes = confirmed["recovery_codes"].as_array().unwrap();
    (authenticator, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

async fn log_in(server: &Server, member: &Member, code: &str) -> Answer {
    let body = json!({"email": member.email, "password": member.password, "code": code});
    server.nobody.post("/api/v1/sessions", body).await
}

#[tokio::test]
async fn a_log_in_asks_for_a_code_that_is_good_once() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let member = server.invited(api, "ben", "operator", json!([])).await;
    let (session, elsewhere) = (server.nobody.session_of(&member).await, server.nobody.session_of(&member).await);
    let (authenticator, _) = set_up(&session, &member).await;
    session.get("/api/v1/me").await.is(200);
    elsewhere.get("/api/v1/me").await.problem(401, "session-ended");

    server.nobody.log_in(&member.email, &member.password).await.problem(401, "code-required");
    server.nobody.log_in(&member.email, "wrong").await.problem(401, "wrong-credentials");
    log_in(&server, &member, "000000").await.problem(401, "wrong-code");
    log_in(&server, &member, "not a code").await.problem(401, "wrong-code");
    let code = authenticator.code(1);
    log_in(&server, &member, &code).await.is(201);
    log_in(&server, &member, &code).await.problem(401, "wrong-code");
    // The step before it is used up with it.
    log_in(&server, &member, &authenticator.code(0)).await.problem(401, "wrong-code");
    let refused = api.list("/api/v1/audit?action=login.refused").await;
    assert!(refused.iter().any(|entry| entry["details"]["code"] == "wrong-code"), "{refused:?}");
}

#[tokio::test]
async fn two_who_show_one_code_at_once_are_not_both_let_in() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let member = server.invited(api, "ben", "operator", json!([])).await;
    let (authenticator, _) = set_up(&server.nobody.session_of(&member).await, &member).await;
    let code = authenticator.code(1);
    let (one, other) = tokio::join!(log_in(&server, &member, &code), log_in(&server, &member, &code));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 401]);
}

#[tokio::test]
async fn a_recovery_code_is_good_once_and_new_ones_replace_the_old() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let member = server.invited(api, "ben", "operator", json!([])).await;
    let session = server.nobody.session_of(&member).await;
    let (_, codes) = set_up(&session, &member).await;
    assert_eq!(codes.len(), 10);
    log_in(&server, &member, &codes[0].to_uppercase()).await.is(201);
    log_in(&server, &member, &codes[0]).await.problem(401, "wrong-code");
    assert_eq!(
        session.get("/api/v1/me/second-factors").await.is(200),
        json!({"totp": true, "recovery_codes": 9, "passkeys": []})
    );

    let renewed = session.post("/api/v1/me/second-factors/recovery-codes", json!({"code": codes[1]})).await.is(200);
    log_in(&server, &member, &codes[2]).await.problem(401, "wrong-code");
    log_in(&server, &member, renewed["recovery_codes"][0].as_str().unwrap()).await.is(201);
}

#[tokio::test]
async fn a_second_factor_is_set_up_and_removed_by_who_knows_enough() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let member = server.invited(api, "ben", "operator", json!([])).await;
    let session = server.nobody.session_of(&member).await;
    let begin = |password: &str| session.post("/api/v1/me/second-factors/totp", json!({"password": password}));
    begin("wrong").await.problem(401, "wrong-credentials");
    api.post("/api/v1/me/second-factors/totp", json!({"password": "x"})).await.problem(403, "session-required");
    // One that was begun and never confirmed keeps nobody out.
    begin(&member.password).await.is(201);
    server.nobody.session_of(&member).await;
    let (_, codes) = set_up(&session, &member).await;
    begin(&member.password).await.problem(409, "conflict");

    let remove = async |code: &str| {
        let request = session.request(reqwest::Method::DELETE, "/api/v1/me/second-factors");
        session.send(request.json(&json!({"code": code}))).await
    };
    remove("000000").await.problem(401, "wrong-code");
    remove(&codes[0]).await.is(204);
    server.nobody.session_of(&member).await;
    let actions = api.list("/api/v1/audit?action=second-factor.").await;
    assert_eq!(actions.len(), 2, "{actions:?}");
}

#[tokio::test]
async fn an_account_may_want_a_second_factor_of_a_role_before_anything_else() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let member = server.invited(api, "ben", "operator", json!(["conversations-own"])).await;
    let session = server.nobody.session_of(&member).await;
    api.put("/api/v1/security", json!({"second_factor_for": ["operator"]})).await.is(200);
    assert_eq!(session.get("/api/v1/me").await.is(200)["duty"], "enrol-second-factor");
    session.get("/api/v1/conversations").await.problem(403, "second-factor-enrolment-required");
    set_up(&session, &member).await;
    assert_eq!(session.get("/api/v1/me").await.is(200)["duty"], Value::Null);
    session.get("/api/v1/conversations").await.is(200);
}

#[tokio::test]
async fn an_administrator_helps_who_has_lost_the_device() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let member = server.invited(api, "ben", "operator", json!([])).await;
    let session = server.nobody.session_of(&member).await;
    let id = session.get("/api/v1/me").await.is(200)["person_id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/people/{id}/second-factors");
    api.delete(&path).await.problem(404, "not-found");
    set_up(&session, &member).await;
    api.delete(&path).await.is(204);
    session.get("/api/v1/me").await.problem(401, "session-ended");
    server.nobody.session_of(&member).await;
    assert_eq!(api.list("/api/v1/audit?action=second-factor.reset").await[0]["target"], id.as_str());
}

#[tokio::test]
async fn a_rule_that_asks_for_a_second_factor_lets_in_who_shows_one() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let member = server.invited(&account.administrator, "ben", "operator", json!([])).await;
    let (authenticator, _) = set_up(&server.nobody.session_of(&member).await, &member).await;
    account.administrator.install_hostile(json!({"behaviour": "hold"}), json!({})).await;
    let [_, _, operator] = &account.members;
    server.nobody.log_in(&operator.email, &operator.password).await.problem(403, "second-factor-required");
    log_in(&server, &member, &authenticator.code(1)).await.is(201);
}

#[tokio::test]
async fn codes_are_not_guessed() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let member = server.invited(api, "ben", "operator", json!([])).await;
    set_up(&server.nobody.session_of(&member).await, &member).await;
    let mut statuses = Vec::new();
    for guess in 0..8 {
        statuses.push(log_in(&server, &member, &format!("{guess:06}")).await.status.as_u16());
    }
    assert!(statuses.contains(&429), "{statuses:?}");

    // Neither are recovery codes.
    let other = server.invited(api, "eve", "operator", json!([])).await;
    set_up(&server.nobody.session_of(&other).await, &other).await;
    let mut codes = Vec::new();
    for guess in 0..8 {
        let answer = log_in(&server, &other, &format!("aaaaa-aaaaa-aaaaa-aaaa{guess}")).await;
        codes.push(answer.body["code"].as_str().unwrap().to_owned());
    }
    assert!(codes.iter().any(|code| code == "wrong-code") && codes.iter().any(|code| code == "too-many-attempts"));
    let refused = api.list("/api/v1/audit?action=login.refused").await;
    assert!(refused.iter().filter(|entry| entry["details"]["code"] == "wrong-code").count() > 5, "{refused:?}");
}
