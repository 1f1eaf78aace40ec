//! Logging in and out, and the access rules at the door.

use reqwest::Method;
use serde_json::{Value, json};
use sluice_tests::{Server, component};

#[tokio::test]
async fn a_session_begins_with_a_password_and_ends_with_a_log_out() {
    let server = Server::start().await;
    let [administrator, _, _] = &server.without_plugins.members;
    let answer = server.nobody.log_in(&administrator.email.to_uppercase(), &administrator.password).await;
    let cookie = answer.header("set-cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(answer.is(201)["role"], "administrator");

    let session = server.nobody.with_cookie(&cookie);
    let me = session.get("/api/v1/me").await.is(200);
    assert_eq!((&me["means"], &me["name"]), (&"session".into(), &"Ada".into()));
    let ended = session.delete("/api/v1/sessions/current").await;
    assert!(ended.header("set-cookie").contains("Max-Age=0"));
    ended.is(204);
    session.get("/api/v1/me").await.problem(401, "unauthenticated");

    let actions: Vec<_> = server.without_plugins.administrator.list("/api/v1/audit").await;
    let newest: Vec<_> = actions.iter().take(2).map(|entry| (&entry["action"], &entry["address"])).collect();
    let here = json!("127.0.0.1");
    assert_eq!(newest, [(&"session.logged-out".into(), &here), (&"login.accepted".into(), &here)]);
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_get_the_same_answer() {
    let server = Server::start().await;
    let [_, _, operator] = &server.without_plugins.members;
    let wrong = server.nobody.log_in(&operator.email, "not the password").await;
    let unknown = server.nobody.log_in("nobody@plain.example", "not the password").await;
    assert_eq!(wrong.headers.get("set-cookie"), None);
    assert_eq!(wrong.problem(401, "wrong-credentials"), unknown.problem(401, "wrong-credentials"));
    let too_long = "x".repeat(100_000);
    server.nobody.log_in(&operator.email, &too_long).await.problem(413, "too-large");
    let long = "x".repeat(4_000);
    server.nobody.log_in(&operator.email, &long).await.problem(401, "wrong-credentials");
    server.nobody.log_in(&long, &long).await.problem(401, "wrong-credentials");
    let audit = server.without_plugins.administrator.list("/api/v1/audit").await;
    assert_eq!(audit.iter().filter(|entry| entry["action"] == "login.refused").count(), 2);
}

#[tokio::test]
async fn what_shows_no_good_secret_is_nobody() {
    let server = Server::start().await;
    let [operator, ..] = &server.without_plugins.members;
    let mut forged = operator.api_token.clone();
    let last = if forged.pop() == Some('a') { 'b' } else { 'a' };
    forged.push(last);
    let nobody = &server.nobody;
    for stranger in [
        nobody.clone(),
        nobody.with_token(""),
        nobody.with_token("x"),
        nobody.with_token(&forged),
        nobody.with_token(&operator.api_token.to_uppercase()),
        nobody.with_token(&"x".repeat(5_000)),
        nobody.with_cookie("sluice_session="),
        // A token is no session.
        nobody.with_cookie(&format!("sluice_session={}", operator.api_token)),
    ] {
        let answer = stranger.get("/api/v1/me").await;
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        answer.problem(401, "unauthenticated");
    }
    let basic = nobody.request(Method::GET, "/api/v1/me").header("Authorization", "Basic YTpi");
    nobody.send(basic).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn another_sites_page_cannot_use_a_session() {
    let server = Server::start().await;
    let [administrator, ..] = &server.without_plugins.members;
    let answer = server.nobody.log_in(&administrator.email, &administrator.password).await;
    let session = server.nobody.with_cookie(answer.header("set-cookie"));
    let start = |name: &'static str, value: &'static str| {
        let body = json!({"client": {"name": "Carla"}});
        session.request(Method::POST, "/api/v1/conversations").header(name, value).json(&body)
    };
    session.send(start("Origin", "https://evil.example")).await.problem(403, "cross-site");
    session.send(start("Origin", "null")).await.problem(403, "cross-site");
    session.send(start("Sec-Fetch-Site", "cross-site")).await.problem(403, "cross-site");
    session.send(start("Sec-Fetch-Site", "same-site")).await.problem(403, "cross-site");
    session.send(start("Sec-Fetch-Site", "same-origin")).await.is(201);
    session.post("/api/v1/conversations", json!({"client": {"name": "Carla"}})).await.is(201);
}

#[tokio::test]
async fn office_hours_keep_operators_out_and_nobody_else() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let [administrator, supervisor, operator] = &account.members;
    let plugin = account.administrator.plugin("office-hours").await;
    let never = json!({"hours": [], "roles": ["operator"], "notice": "Come back tomorrow."});
    let installed = account.administrator.install(&plugin, json!({"config": never, "grants": []})).await.is(201);
    let before = server.nobody.log_in(&supervisor.email, &supervisor.password).await;
    before.is(201);
    server.nobody.log_in(&administrator.email, &administrator.password).await.is(201);

    let refused = server.nobody.log_in(&operator.email, &operator.password).await;
    assert_eq!(refused.headers.get("set-cookie"), None);
    let refused = refused.problem(403, "access-denied");
    assert_eq!(refused["reason"], json!({"code": "outside-office-hours", "text": "Come back tomorrow."}));
    // A wrong password learns nothing of the rules.
    server.nobody.log_in(&operator.email, "not the password").await.problem(401, "wrong-credentials");

    let trail = account.administrator.list("/api/v1/decisions?verdict=deny").await;
    assert_eq!((trail.len(), &trail[0]["subject"]), (1, &"access".into()));
    assert_eq!(trail[0]["decision"]["rules"][0]["rule"], "office-hours");

    // What decides about people has no say about messages.
    let conversation = account.operator.conversation().await;
    assert_eq!(account.operator.outgoing(&conversation, "hi").await.is(201)["decision"]["rules"], json!([]));

    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let always = json!({"hours": [{"days": days, "from": "00:00", "to": "24:00"}], "roles": ["operator"]});
    let path = format!("/api/v1/installations/{}", installed["id"].as_str().unwrap());
    account.administrator.patch(&path, json!({"config": always})).await.is(200);
    server.nobody.log_in(&operator.email, &operator.password).await.is(201);
}

#[tokio::test]
async fn a_rule_may_ask_for_a_second_factor() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let [_, _, operator] = &account.members;
    account.administrator.install_hostile(json!({"behaviour": "hold"}), json!({})).await;
    let refused = server.nobody.log_in(&operator.email, &operator.password).await;
    assert_eq!(refused.problem(403, "second-factor-required")["reason"]["code"], "hostile");
}

#[tokio::test]
async fn no_secret_and_no_message_is_in_the_log() {
    let server = Server::start().await;
    let account = server.with_plugins.clone();
    let [administrator, ..] = account.members.clone();
    let answer = server.nobody.log_in(&administrator.email, &administrator.password).await;
    let cookie = answer.header("set-cookie").split(['=', ';']).nth(1).unwrap().to_owned();
    server.nobody.log_in(&administrator.email, "unmistakably-wrong").await.problem(401, "wrong-credentials");
    let conversation = account.operator.conversation().await;
    account.administrator.incoming(&conversation, "unmistakable-text idiot").await.problem(422, "message-blocked");
    let clients = json!({"scope": {"roles": ["client"]}});
    account.administrator.install_hostile(json!({"behaviour": "trap"}), clients).await;
    account.administrator.incoming(&conversation, "unmistakable-text").await.is(201);
    account.administrator.upload(component("office-hours")).await.is(201);
    account.administrator.get("/api/v1/decisions?rule=unmistakable-text").await.is(200);

    let log = server.stop().await.log();
    assert!(log.contains("a rule failed"), "the log says what happened");
    for secret in [
        "unmistakable-text",
        "unmistakably-wrong",
        &cookie,
        &administrator.password,
        &administrator.api_token,
        &administrator.email,
    ] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn two_hundred_log_ins_at_once_stay_within_the_memory_for_hashing() {
    let server = Server::start().await;
    let [_, _, operator] = &server.without_plugins.members;
    let before = server.peak_memory();
    let log_ins: Vec<_> = (0..200)
        .map(|_| {
            let (nobody, operator) = (server.nobody.clone(), operator.clone());
            tokio::spawn(async move { nobody.log_in(&operator.email, &operator.password).await.is(201) })
        })
        .collect();
    for log_in in log_ins {
        let me: Value = log_in.await.unwrap();
        assert_eq!(me["role"], "operator");
    }
    // Each hash takes 19 MiB, and at most two are computed at once.
    let grown = server.peak_memory().saturating_sub(before);
    assert!(grown < 64 << 20, "{} MiB", grown >> 20);
}

#[tokio::test]
async fn a_log_in_says_what_has_to_be_done_first() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    account.administrator.put("/api/v1/security", json!({"second_factor_for": ["operator"]})).await.is(200);
    let [administrator, _, operator] = &account.members;
    let duty = async |member: &sluice_tests::Member| {
        server.nobody.log_in(&member.email, &member.password).await.is(201).get("duty").cloned()
    };
    assert_eq!(duty(operator).await, Some(json!("enrol-second-factor")));
    assert_eq!(duty(administrator).await, None);
}
