//! People: invited, changed, disabled, deleted; their passwords and their sessions.

use serde_json::{Value, json};
use sluice_tests::{Api, Server};

const GOOD: &str = "unrelated saucer Tuesday frost";

async fn audited(administrator: &Api, action: &str) -> Vec<Value> {
    let entries = administrator.list("/api/v1/audit?limit=200").await;
    entries.into_iter().filter(|entry| entry["action"] == action).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

#[tokio::test]
async fn an_invitation_is_used_once_and_leads_to_a_log_in() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let invited = api.invite("ben", "operator", json!(["conversations-own"])).await.is(201);
    let (email, link) = (text(&invited["person"]["email"]), text(&invited["link"]["secret"]));
    assert_eq!(invited["person"]["status"], "invited");
    server.nobody.log_in(&email, "").await.problem(401, "wrong-credentials");

    let choose = async |password: &str| {
        server.nobody.post("/api/v1/passwords", json!({"link": link, "password": password})).await
    };
    let weak = choose("passwordpassword").await.problem(422, "weak-password");
    assert!(!weak["suggestions"].as_array().unwrap().is_empty(), "{weak}");
    choose("short").await.problem(422, "weak-password");
    choose(GOOD).await.is(204);
    let session = server.nobody.log_in(&email, GOOD).await.is(201);
    assert_eq!((&session["role"], &session["permissions"]), (&json!("operator"), &json!(["conversations-own"])));
    choose("another unrelated saucer of frost").await.problem(410, "link-used");
    assert_eq!(audited(api, "link.refused").await.len(), 1);
    server.nobody.log_in(&email, GOOD).await.is(201);
}

#[tokio::test]
async fn a_newer_link_ends_the_one_before_it() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let invited = api.invite("ben", "operator", json!([])).await.is(201);
    let path = format!("/api/v1/people/{}/password-link", text(&invited["person"]["id"]));
    let newer = api.post(&path, json!({})).await.is(201);
    let choose = |link: &Value| server.nobody.post("/api/v1/passwords", json!({"link": link, "password": GOOD}));
    let (old, new) = (invited["link"]["secret"].clone(), newer["secret"].clone());
    choose(&old).await.problem(404, "not-found");
    choose(&new).await.is(204);
    choose(&json!("sll_made-up")).await.problem(404, "not-found");
}

#[tokio::test]
async fn a_person_who_is_disabled_is_out_at_once_and_comes_back_with_a_new_log_in() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let member = server.invited(api, "ben", "operator", json!(["conversations-all"])).await;
    let session = server.nobody.session_of(&member).await;
    let id = text(&session.get("/api/v1/me").await.is(200)["person_id"]);
    let mut stream = session.events(None).await;
    let path = format!("/api/v1/people/{id}");
    assert_eq!(api.patch(&path, json!({"disabled": true})).await.is(200)["status"], "disabled");

    session.get("/api/v1/me").await.problem(401, "person-disabled");
    assert!(stream.next_or_end().await.is_none(), "the live stream ends");
    server.nobody.log_in(&member.email, &member.password).await.problem(401, "person-disabled");
    server.nobody.log_in(&member.email, "wrong").await.problem(401, "wrong-credentials");
    let refused = audited(api, "session.refused").await;
    assert_eq!(refused[0]["details"]["code"], "person-disabled");
    api.post(&format!("{path}/password-link"), json!({})).await.problem(409, "conflict");

    assert_eq!(api.patch(&path, json!({"disabled": false})).await.is(200)["status"], "active");
    session.get("/api/v1/me").await.problem(401, "person-disabled");
    server.nobody.session_of(&member).await.get("/api/v1/me").await.is(200);
}

#[tokio::test]
async fn a_person_who_is_deleted_is_forgotten_and_the_address_is_free() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let member = server.invited(api, "ben", "operator", json!(["conversations-own"])).await;
    let session = server.nobody.session_of(&member).await;
    let id = text(&session.get("/api/v1/me").await.is(200)["person_id"]);
    let conversation = session.conversation().await;
    session.outgoing(&conversation, "hi").await.is(201);
    api.delete(&format!("/api/v1/people/{id}")).await.is(204);

    session.get("/api/v1/me").await.problem(401, "person-disabled");
    server.nobody.log_in(&member.email, &member.password).await.problem(401, "wrong-credentials");
    api.get(&format!("/api/v1/people/{id}")).await.problem(404, "not-found");
    let people = api.list("/api/v1/people").await;
    assert!(people.iter().all(|person| person["id"] != id.as_str()), "{people:?}");
    let messages = api.messages(&conversation).await;
    assert_eq!(messages[0]["author"]["id"], id.as_str(), "what the person wrote stays");
    let row = api.list("/api/v1/conversations").await.into_iter().find(|row| row["id"] == conversation.as_str());
    assert_eq!(row.unwrap()["assignee_id"], Value::Null);
    let again = json!({"email": member.email, "name": "Ben", "role": "operator"});
    api.post("/api/v1/people", again).await.is(201);
}

#[tokio::test]
async fn the_last_administrator_stays_one() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let id = text(&api.get("/api/v1/me").await.is(200)["person_id"]);
    let path = format!("/api/v1/people/{id}");
    let session = server.nobody.session_of(&server.without_plugins.members[0]).await;
    for change in [json!({"disabled": true}), json!({"role": "supervisor"})] {
        session.patch(&path, change).await.problem(409, "last-administrator");
    }
    api.delete(&path).await.problem(409, "last-administrator");
    // Somebody who was invited cannot log in yet.
    session.invite("other", "administrator", json!([])).await.is(201);
    api.patch(&path, json!({"disabled": true})).await.problem(409, "last-administrator");
    let other = server.join(&session, "second", "administrator", json!([])).await;
    other.patch(&path, json!({"role": "supervisor"})).await.is(200);
    api.get("/api/v1/people").await.problem(403, "forbidden");
}

#[tokio::test]
async fn what_can_be_given_to_nobody_is_refused_and_a_change_is_in_force_at_once() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let member = server.invited(api, "ben", "supervisor", json!([])).await;
    let session = server.nobody.session_of(&member).await;
    let id = text(&session.get("/api/v1/me").await.is(200)["person_id"]);
    let path = format!("/api/v1/people/{id}");
    for permissions in [json!(["plugins-manage"]), json!(["messages-write-as-client"])] {
        api.patch(&path, json!({"permissions": permissions})).await.problem(422, "invalid");
    }
    api.patch(&path, json!({"permissions": ["root"]})).await.problem(422, "invalid");
    api.patch(&path, json!({"role": "support"})).await.problem(422, "invalid");
    api.patch(&path, json!({"email": "no address"})).await.problem(422, "invalid");
    let [_, supervisor, _] = &server.with_plugins.members;
    api.patch(&path, json!({"email": supervisor.email})).await.problem(409, "conflict");

    let refused = session.get("/api/v1/decisions").await.problem(403, "forbidden");
    assert!(text(&refused["detail"]).contains("messages-review"), "{refused}");
    api.patch(&path, json!({"permissions": ["messages-review"]})).await.is(200);
    session.get("/api/v1/decisions").await.is(200);
    let entry = audited(api, "person.changed").await.remove(0);
    assert_eq!(entry["details"]["after"]["permissions"], json!(["messages-review"]));
    assert_eq!(entry["details"]["before"]["permissions"], json!([]));
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions_and_is_not_an_earlier_one() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let member = server.invited(api, "ben", "operator", json!([])).await;
    let (here, elsewhere) = (server.nobody.session_of(&member).await, server.nobody.session_of(&member).await);
    let change = |current: &str, new: &str| here.put("/api/v1/me/password", json!({"current": current, "new": new}));
    change("wrong", GOOD).await.problem(401, "wrong-credentials");
    change(&member.password, &member.password).await.problem(422, "weak-password");
    change(&member.password, &member.email).await.problem(422, "weak-password");
    change(&member.password, GOOD).await.is(204);
    here.get("/api/v1/me").await.is(200);
    elsewhere.get("/api/v1/me").await.problem(401, "session-ended");
    server.nobody.log_in(&member.email, &member.password).await.problem(401, "wrong-credentials");
    server.nobody.log_in(&member.email, GOOD).await.is(201);
    change(GOOD, &member.password).await.problem(422, "weak-password");
    api.put("/api/v1/me/password", json!({"current": "x", "new": "y"})).await.problem(403, "session-required");
}

#[tokio::test]
async fn a_password_that_is_too_old_must_be_changed_first() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let member = server.invited(api, "ben", "operator", json!(["conversations-own"])).await;
    let session = server.nobody.session_of(&member).await;
    api.put("/api/v1/security", json!({"password": {"max_age_days": 1}})).await.is(200);
    session.get("/api/v1/conversations").await.is(200);
    // The password was set longer ago than a clock can be turned back here.
    server.tamper("UPDATE people SET password_changed_at = password_changed_at - 86400000");
    assert_eq!(session.get("/api/v1/me").await.is(200)["duty"], "change-password");
    session.get("/api/v1/conversations").await.problem(403, "password-change-required");
    let change = json!({"current": member.password, "new": GOOD});
    session.put("/api/v1/me/password", change).await.is(204);
    session.get("/api/v1/conversations").await.is(200);
}

#[tokio::test]
async fn the_accounts_settings_say_what_a_password_must_be() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    api.put("/api/v1/security", json!({"password": {"min_length": 40}})).await.is(200);
    let invited = api.invite("ben", "operator", json!([])).await.is(201);
    let choose = |password: &str| {
        server.nobody.post("/api/v1/passwords", json!({"link": invited["link"]["secret"], "password": password}))
    };
    let weak = choose(GOOD).await.problem(422, "weak-password");
    assert!(text(&weak["detail"]).contains("40"), "{weak}");
    choose(&format!("{GOOD} {GOOD}")).await.is(204);
    api.put("/api/v1/security", json!({"password": {"min_length": 4}})).await.problem(422, "invalid");
    api.put("/api/v1/security", json!({"pasword": {}})).await.problem(422, "invalid");
    assert_eq!(api.get("/api/v1/security").await.is(200)["password"]["min_length"], 40);
}

#[tokio::test]
async fn a_proposed_password_is_strong_and_another_one_each_time() {
    let server = Server::start().await;
    let api = &server.without_plugins.operator;
    let propose = async || text(&api.post("/api/v1/passwords/suggestion", json!({})).await.is(200)["password"]);
    let (one, other) = (propose().await, propose().await);
    assert_ne!(one, other);
    let strength =
        async |password: &str| api.post("/api/v1/passwords/strength", json!({"password": password})).await.is(200);
    assert_eq!(strength(&one).await["score"], 4);
    let weak = strength("qwerty").await;
    assert!(weak["score"].as_u64().unwrap() < 2 && weak["warning"].is_string(), "{weak}");
}

#[tokio::test]
async fn people_see_their_sessions_and_end_them() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let member = server.invited(api, "ben", "operator", json!([])).await;
    let [one, two, three] = [
        server.nobody.session_of(&member).await,
        server.nobody.session_of(&member).await,
        server.nobody.session_of(&member).await,
    ];
    let sessions = one.list("/api/v1/me/sessions").await;
    assert_eq!(sessions.len(), 3);
    assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);
    assert_eq!((&sessions[0]["address"], &sessions[2]["current"]), (&json!("127.0.0.1"), &json!(true)));
    let path = format!("/api/v1/me/sessions/{}", text(&sessions[1]["id"]));
    // Somebody else's session is not theirs to end.
    let stranger = server.join(api, "eve", "operator", json!([])).await;
    stranger.delete(&path).await.problem(404, "not-found");
    one.delete(&path).await.is(204);
    one.delete(&path).await.problem(404, "not-found");
    two.get("/api/v1/me").await.problem(401, "session-ended");
    one.delete("/api/v1/me/sessions").await.is(204);
    three.get("/api/v1/me").await.problem(401, "session-ended");
    assert_eq!(one.list("/api/v1/me/sessions").await.len(), 1);
}

#[tokio::test]
async fn a_session_that_nobody_uses_ends() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let session = server.join(api, "ben", "operator", json!([])).await;
    api.put("/api/v1/security", json!({"session": {"idle_minutes": 5}})).await.is(200);
    session.get("/api/v1/me").await.is(200);
    server.tamper("UPDATE sessions SET last_seen_at = last_seen_at - 7 * 60000");
    session.get("/api/v1/me").await.problem(401, "session-idle");
    let session = server.join(api, "eve", "operator", json!([])).await;
    api.put("/api/v1/security", json!({"session": {"absolute_hours": 1}})).await.is(200);
    server.tamper("UPDATE sessions SET created_at = created_at - 3600000");
    session.get("/api/v1/me").await.problem(401, "session-ended");
}

#[tokio::test]
async fn a_stolen_cookie_is_of_no_use_in_another_network() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let member = server.invited(api, "ben", "operator", json!([])).await;
    let session = server.nobody.session_of(&member).await;
    let (neighbour, stranger) = (session.from([127, 0, 0, 9]), session.from([127, 0, 9, 1]));
    neighbour.get("/api/v1/me").await.is(200);
    stranger.get("/api/v1/me").await.problem(401, "session-from-another-network");
    stranger.get("/api/v1/me").await.problem(401, "session-from-another-network");
    let refused = audited(api, "session.refused").await;
    assert_eq!(refused.len(), 1, "once a minute: {refused:?}");
    let code = &refused[0]["details"]["code"];
    assert_eq!((&refused[0]["address"], code), (&json!("127.0.9.1"), &json!("session-from-another-network")));
    session.get("/api/v1/me").await.is(200);

    // Where the person has logged in, the person's sessions may come from.
    server.nobody.from([127, 0, 9, 2]).session_of(&member).await;
    stranger.get("/api/v1/me").await.is(200);
    session.from([127, 0, 8, 1]).get("/api/v1/me").await.problem(401, "session-from-another-network");
    api.put("/api/v1/security", json!({"session": {"roaming": "anywhere"}})).await.is(200);
    session.from([127, 0, 8, 1]).get("/api/v1/me").await.is(200);
}

#[tokio::test]
async fn guessing_is_slowed_down_and_the_owner_still_gets_in_from_where_they_were_before() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let member = server.invited(api, "ben", "operator", json!([])).await;
    let attacker = server.nobody.from([127, 0, 66, 1]);
    let mut answers = Vec::new();
    for _ in 0..8 {
        let answer = attacker.log_in(&member.email, "guess").await;
        answers.push(answer.status.as_u16());
        if answer.status == 429 {
            assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
            answer.problem(429, "too-many-attempts");
        }
    }
    assert_eq!(answers[..5], [401; 5]);
    assert!(answers.contains(&429), "{answers:?}");
    // From another unknown network too: it is the person who is guarded.
    let other = server.nobody.from([127, 0, 67, 1]);
    other.log_in(&member.email, &member.password).await.problem(429, "too-many-attempts");
    // The person set the password from here.
    server.nobody.log_in(&member.email, &member.password).await.is(201);
    // An address that nobody has is guarded the same way.
    let mut unknown = Vec::new();
    for _ in 0..8 {
        unknown
            .push(server.nobody.from([127, 0, 68, 1]).log_in("nobody@people.example", "guess").await.status.as_u16());
    }
    assert_eq!(unknown[..5], [401; 5]);
    assert!(unknown.contains(&429), "{unknown:?}");
}

#[tokio::test]
async fn the_platform_makes_an_account_whose_first_administrator_comes_by_link() {
    let server = Server::start().await;
    let made = server.command(&["account", "create", "--name", "Bakery", "--email", "boss@bakery.example"]);
    assert!(made.status.success(), "{made:?}");
    let printed = String::from_utf8(made.stdout).unwrap();
    let link = printed.lines().find_map(|line| line.strip_prefix("link    ")).unwrap();
    server.nobody.post("/api/v1/passwords", json!({"link": link, "password": GOOD})).await.is(204);
    let me = server.nobody.log_in("boss@bakery.example", GOOD).await.is(201);
    assert_eq!(me["role"], "administrator");
    let again = server.command(&["account", "create", "--name", "Other", "--email", "boss@bakery.example"]);
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("e-mail address"), "{again:?}");
    let listed = server.command(&["account", "list"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains("Bakery") && !listed.contains("Other"), "{listed}");
}

#[tokio::test]
async fn an_invitation_tells_nothing_of_other_accounts_and_takes_no_address_from_anybody() {
    let server = Server::start().await;
    let (ours, theirs) = (&server.without_plugins.administrator, &server.with_plugins.administrator);
    let [_, supervisor, _] = &server.with_plugins.members;
    let invite = |email: &str| json!({"email": email, "name": "New", "role": "operator"});
    // Somebody of another account has it, and nobody learns that.
    let first = ours.post("/api/v1/people", invite(&supervisor.email)).await.is(201);
    ours.post("/api/v1/people", invite(&supervisor.email)).await.problem(409, "conflict");
    let set = async |made: &Value| {
        let chosen = json!({"link": made["link"]["secret"], "password": GOOD});
        server.nobody.post("/api/v1/passwords", chosen).await
    };
    set(&first).await.problem(409, "email-taken");
    set(&first).await.problem(409, "email-taken");
    server.nobody.log_in(&supervisor.email, GOOD).await.problem(401, "wrong-credentials");
    server.nobody.log_in(&supervisor.email, &supervisor.password).await.is(201);

    // An invitation that nobody took keeps the address from nobody.
    let (one, other) = (
        ours.post("/api/v1/people", invite("new.hire@victim.example")).await.is(201),
        theirs.post("/api/v1/people", invite("New.Hire@victim.example")).await.is(201),
    );
    assert_eq!(one["person"]["email"], "new.hire@victim.example");
    set(&other).await.is(204);
    let me = server.nobody.log_in("new.hire@victim.example", GOOD).await.is(201);
    assert_eq!(me["person_id"], other["person"]["id"]);
    set(&one).await.problem(409, "email-taken");
    // With another address, the same person comes in.
    let path = format!("/api/v1/people/{}", one["person"]["id"].as_str().unwrap());
    ours.patch(&path, json!({"email": "hire@victim.example"})).await.is(200);
    let link = ours.post(&format!("{path}/password-link"), json!({})).await.is(201);
    let chosen = json!({"link": link["secret"], "password": GOOD});
    server.nobody.post("/api/v1/passwords", chosen).await.is(204);
    server.nobody.log_in("hire@victim.example", GOOD).await.is(201);
}

/// The statuses of log-ins at once, each with a password that is wrong.
async fn guesses_at_once(from: &Api, emails: impl Iterator<Item = String>) -> Vec<u16> {
    let guess = async |email: String| from.log_in(&email, "guess").await.status.as_u16();
    let mut statuses = futures::future::join_all(emails.map(guess)).await;
    statuses.sort_unstable();
    statuses
}

#[tokio::test]
async fn of_many_guesses_at_once_no_more_are_looked_at_than_one_after_the_other() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let member = server.invited(api, "ben", "operator", json!([])).await;
    let known = |statuses: &[u16]| statuses.iter().filter(|status| **status == 401).count();
    // One person, known and unknown.
    for (network, email) in [(66, member.email.clone()), (67, "nobody@people.example".to_owned())] {
        let attacker = server.nobody.from([127, 0, network, 1]);
        let statuses = guesses_at_once(&attacker, std::iter::repeat_n(email, 40)).await;
        assert_eq!((known(&statuses), statuses.last()), (5, Some(&429)), "{statuses:?}");
    }
    // Many persons from one address.
    let attacker = server.nobody.from([127, 0, 68, 1]);
    let statuses = guesses_at_once(&attacker, (0..60).map(|number| format!("{number}@people.example"))).await;
    assert_eq!((known(&statuses), statuses.last()), (20, Some(&429)), "{statuses:?}");
    // Who is asked for the password once more.
    let session = server.nobody.session_of(&member).await;
    let change = async |_| {
        let body = json!({"current": "guess", "new": GOOD});
        session.put("/api/v1/me/password", body).await.status.as_u16()
    };
    let statuses = futures::future::join_all((0..40).map(change)).await;
    assert_eq!(known(&statuses), 5, "{statuses:?}");
}

#[tokio::test]
async fn many_who_know_their_passwords_log_in_at_once_from_one_address() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let office = server.nobody.from([127, 0, 69, 1]);
    let member = server.invited(api, "ben", "operator", json!([])).await;
    // More than an address has attempts: what succeeds is taken back.
    for _ in 0..30 {
        office.log_in(&member.email, &member.password).await.is(201);
    }
}

#[tokio::test]
async fn a_link_that_went_to_another_address_or_for_another_role_is_good_no_longer() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    for change in [json!({"email": "right@people.example"}), json!({"role": "supervisor"})] {
        let invited = api.invite("ben", "operator", json!([])).await.is(201);
        let path = format!("/api/v1/people/{}", text(&invited["person"]["id"]));
        let choose =
            async |link: &Value| server.nobody.post("/api/v1/passwords", json!({"link": link, "password": GOOD})).await;
        assert_eq!(api.patch(&path, json!({"name": "Benjamin"})).await.is(200)["links_ended"], 0);
        let changed = api.patch(&path, change).await.is(200);
        assert_eq!((&changed["links_ended"], &changed["sessions_ended"]), (&json!(1), &json!(0)));
        choose(&invited["link"]["secret"]).await.problem(404, "not-found");
        let newer = api.post(&format!("{path}/password-link"), json!({})).await.is(201);
        choose(&newer["secret"]).await.is(204);
    }
    // Sessions are somebody's who had the other address.
    let member = server.invited(api, "eve", "operator", json!([])).await;
    let session = server.nobody.session_of(&member).await;
    let path = format!("/api/v1/people/{}", text(&session.get("/api/v1/me").await.is(200)["person_id"]));
    // Or who had another role, which access rules were asked about.
    assert_eq!(api.patch(&path, json!({"role": "supervisor"})).await.is(200)["sessions_ended"], 1);
    session.get("/api/v1/me").await.problem(401, "session-ended");
    let session = server.nobody.session_of(&member).await;
    assert_eq!(api.patch(&path, json!({"email": "other@people.example"})).await.is(200)["sessions_ended"], 1);
    session.get("/api/v1/me").await.problem(401, "session-ended");
    // But who changes their own goes on.
    let session = server.nobody.session_of(&server.without_plugins.members[0]).await;
    let path = format!("/api/v1/people/{}", text(&session.get("/api/v1/me").await.is(200)["person_id"]));
    session.patch(&path, json!({"email": "ada-again@people.example"})).await.is(200);
    session.get("/api/v1/me").await.is(200);
}

#[tokio::test]
async fn a_link_that_an_administrator_made_outlives_a_change_of_the_password() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let member = server.invited(api, "ben", "operator", json!([])).await;
    let thief = server.nobody.session_of(&member).await;
    let path = format!("/api/v1/people/{}", text(&thief.get("/api/v1/me").await.is(200)["person_id"]));
    let link = api.post(&format!("{path}/password-link"), json!({})).await.is(201);
    let change = json!({"current": member.password, "new": "another unrelated saucer of frost"});
    thief.put("/api/v1/me/password", change).await.is(204);
    let choose = json!({"link": link["secret"], "password": GOOD});
    server.nobody.post("/api/v1/passwords", choose).await.is(204);
    thief.get("/api/v1/me").await.problem(401, "session-ended");
    server.nobody.log_in(&member.email, GOOD).await.is(201);
}

#[tokio::test]
async fn who_is_deleted_is_nothing_any_more() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let session = server.nobody.session_of(&account.members[0]).await;
    let member = server.invited(&session, "second", "administrator", json!([])).await;
    let own = server.nobody.session_of(&member).await;
    let token = own.post("/api/v1/tokens", json!({"name": "t", "scopes": ["audit-read"]})).await.is(201);
    let token = server.nobody.with_token(token["secret"].as_str().unwrap());
    token.get("/api/v1/audit").await.is(200);
    let id = text(&own.get("/api/v1/me").await.is(200)["person_id"]);
    session.delete(&format!("/api/v1/people/{id}")).await.is(204);
    own.get("/api/v1/me").await.problem(401, "person-disabled");
    token.get("/api/v1/audit").await.problem(401, "token-revoked");
    let gone = format!("{id}@deleted.invalid");
    server.nobody.log_in(&gone, &member.password).await.problem(401, "wrong-credentials");
    // Nobody takes that address, so nobody stands in the way of a deletion.
    let taken = json!({"email": gone, "name": "X", "role": "operator"});
    assert_eq!(session.post("/api/v1/people", taken).await.problem(422, "invalid")["field"], "email");
}
