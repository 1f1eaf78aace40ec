//! The audit log and the connection journal: searched, exported, and verified against those who can write to the database.

use reqwest::header;
use serde_json::{Value, json};
use sluice_tests::{Api, Server};

async fn audit(api: &Api, query: &str) -> Vec<Value> {
    api.list(&format!("/api/v1/audit?limit=200&{query}")).await
}

/// Whether `sluice audit verify` says that all is as it was written, and what it prints.
fn verify(server: &Server, more: &[&str]) -> (bool, String) {
    let verified = server.command(&[&["audit", "verify"], more].concat());
    (verified.status.success(), String::from_utf8(verified.stdout).unwrap())
}

#[tokio::test]
async fn entries_are_found_by_who_what_where_and_when() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let [_, _, operator] = &server.without_plugins.members;
    server.nobody.from([127, 0, 0, 5]).log_in(&operator.email, "wrong").await.problem(401, "wrong-credentials");
    let session = server.nobody.session_of(operator).await;
    let me = session.get("/api/v1/me").await.is(200);
    session.delete("/api/v1/sessions/current").await.is(204);

    let all = audit(api, "").await;
    assert!(
        all.windows(2).all(|pair| pair[0]["seq"].as_i64() == pair[1]["seq"].as_i64().map(|seq| seq + 1)),
        "{all:#?}"
    );
    let refused = audit(api, "action=login.refused&address=127.0.0.5").await;
    assert_eq!(refused.len(), 1);
    assert_eq!(
        (&refused[0]["network"], &refused[0]["details"]["code"]),
        (&json!("127.0.0.0/24"), &json!("wrong-credentials"))
    );
    let person = me["person_id"].as_str().unwrap();
    let actions: Vec<_> = audit(api, &format!("actor={person}")).await.iter().map(|e| e["action"].clone()).collect();
    assert_eq!(actions, ["session.logged-out", "login.accepted", "login.refused"]);
    assert_eq!(audit(api, "action=session.").await.len(), 1);
    let accepted = &audit(api, "action=login.accepted").await[0];
    let target = accepted["target"].as_str().unwrap();
    assert_eq!(audit(api, &format!("target={target}")).await.len(), 2, "begun and ended");
    let at = accepted["at"].as_i64().unwrap();
    let since = audit(api, &format!("from={at}")).await;
    let before = audit(api, &format!("to={at}")).await;
    // That a token is used is written down beside its request, and may come later.
    let found = since.len() + before.len();
    assert!((all.len()..=audit(api, "").await.len()).contains(&found), "{found} of {}", all.len());
    assert!(before.iter().all(|entry| entry["at"].as_i64() < Some(at)));
    assert!(since.iter().all(|entry| entry["at"].as_i64() >= Some(at)));
    api.get("/api/v1/audit?from=yesterday").await.problem(400, "malformed");
    api.get(&format!("/api/v1/audit?actor={}", "x".repeat(257))).await.problem(400, "malformed");
}

#[tokio::test]
async fn the_connection_journal_says_who_came_in_and_with_what() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let [_, _, operator] = &account.members;
    account.operator.get("/api/v1/me").await.is(200);
    account.operator.get("/api/v1/me").await.is(200);
    server.nobody.log_in(&operator.email, "wrong").await.problem(401, "wrong-credentials");
    let request =
        server.nobody.request(reqwest::Method::POST, "/api/v1/sessions").header(header::USER_AGENT, "browser/1");
    let body = json!({"email": operator.email, "password": operator.password});
    server.nobody.send(request.json(&body)).await.is(201);
    account.administrator.post("/api/v1/groups", json!({"name": "Sales"})).await.is(201);

    let journal = account.administrator.list("/api/v1/connections").await;
    let of = |action: &str| journal.iter().filter(|entry| entry["action"] == action).collect::<Vec<_>>();
    assert_eq!(of("login.accepted")[0]["details"]["user_agent"], "browser/1");
    assert_eq!((of("login.refused").len(), of("group.created").len()), (1, 0));
    let tokens: Vec<_> = of("token.used").iter().map(|entry| entry["actor"].clone()).collect();
    let mut once = tokens.clone();
    once.dedup();
    assert!(!tokens.is_empty() && once == tokens, "once a day for each token and address: {tokens:?}");
}

#[tokio::test]
async fn exports_agree_with_the_list_and_are_written_down() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    // A name that a spreadsheet would take for a formula, in details.
    api.put("/api/v1/permission-templates/=1+1", json!({"permissions": []})).await.is(200);
    let export = async |format: &str| {
        let path = format!("/api/v1/audit/export?format={format}");
        let answer = api.request(reqwest::Method::GET, &path).send().await.unwrap();
        assert!(answer.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
        answer.text().await.unwrap()
    };
    let jsonl = export("jsonl").await;
    let lines: Vec<Value> = jsonl.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut listed = audit(api, "").await;
    listed.reverse();
    assert_eq!(lines, listed);
    assert_eq!(lines.last().unwrap()["action"], "audit.exported");

    let csv = export("csv").await;
    assert_eq!(csv.lines().count(), lines.len() + 2, "names, and the entry of this export");
    assert!(csv.contains("\"'=1+1\"") && !csv.contains(",\"=1+1\""), "{csv}");
    api.get("/api/v1/audit/export?format=pdf").await.problem(400, "malformed");
}

#[tokio::test]
async fn a_changed_a_removed_and_an_inserted_entry_are_found() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    for n in 0..4 {
        api.post("/api/v1/groups", json!({"name": format!("Group {n}")})).await.is(201);
    }
    let id = api.get("/api/v1/me").await.is(200)["account_id"].as_str().unwrap().to_owned();
    let (holds, printed) = verify(&server, &[]);
    assert!(holds, "{printed}");
    assert_eq!(printed.lines().filter(|line| line.contains("holds")).count(), 2, "{printed}");
    let end = api.get("/api/v1/audit/verification").await.is(200);
    assert_eq!(end["holds"], true);
    let (last, head) = (end["entries"].as_i64().unwrap(), end["head"].as_str().unwrap().to_owned());
    assert!(printed.contains(&format!("{last}:{head}")), "{printed}");

    let of = format!("account_id = '{id}'");
    let harms = [
        (format!("UPDATE audit SET address = '192.0.2.1' WHERE {of} AND seq = 3"), "entry 3 is not what was written"),
        (format!("DELETE FROM audit WHERE {of} AND seq = 3"), "entry 3 is missing"),
        (format!("DELETE FROM audit WHERE {of} AND seq = 1"), "entry 1 is missing"),
        (format!("DELETE FROM audit WHERE {of} AND seq = {last}"), &format!("entry {last} is missing")),
        (
            format!("DELETE FROM audit WHERE {of} AND seq = 3; UPDATE audit SET seq = -seq WHERE {of} AND seq > 3;
                     UPDATE audit SET seq = -seq - 1 WHERE {of} AND seq < -3"),
            "entry 3 is not what was written",
        ),
        (
            format!("INSERT INTO audit (account_id, id, at, actor_id, actor_role, action, target, address, details, seq, mac)
                     SELECT account_id, 'aud_{:032x}', at, actor_id, actor_role, action, target, address, details, 0, mac
                     FROM audit WHERE {of} AND seq = 3", 1),
            "entry 0 was inserted",
        ),
        (format!("UPDATE accounts SET audit_seq = audit_seq - 1 WHERE id = '{id}'"), "names"),
        (format!("UPDATE audit SET mac = '' WHERE {of} AND seq = 2"), "entry 2 is not what was written"),
        (format!("UPDATE accounts SET audit_unsealed = 2 WHERE id = '{id}'"), "is not what was written"),
        // All of it is said to be from before there were seals, and something is changed in it.
        (
            format!("UPDATE audit SET address = '192.0.2.1' WHERE {of} AND seq = 3;
                     UPDATE accounts SET audit_unsealed = audit_seq, audit_head = '' WHERE id = '{id}'"),
            "the account's row is not what was written",
        ),
        // An end that was cut off, with a row that names the entry before it.
        (
            format!("UPDATE accounts SET audit_seq = {before}, audit_head = (SELECT mac FROM audit WHERE {of} AND seq = {before})
                     WHERE id = '{id}'; DELETE FROM audit WHERE {of} AND seq = {last}", before = last - 1),
            "the account's row is not what was written",
        ),
    ];
    server
        .tamper("CREATE TABLE kept_audit AS SELECT * FROM audit; CREATE TABLE kept_accounts AS SELECT * FROM accounts");
    for (harm, told) in harms {
        server.tamper(&harm);
        let (holds, printed) = verify(&server, &["--account", &id]);
        assert!(!holds && printed.contains("BROKEN") && printed.contains(told), "{harm}: {printed}");
        server.tamper(PUT_BACK);
        assert!(verify(&server, &["--account", &id]).0, "{harm}: put back");
    }

    // The whole log put back to an earlier state, with what stood in the account's row then, holds by itself, and not against a head that
    // was kept elsewhere.
    api.post("/api/v1/groups", json!({"name": "Another"})).await.is(201);
    let end = api.get("/api/v1/audit/verification").await.is(200);
    let expected = format!("{}:{}", end["entries"], end["head"].as_str().unwrap());
    assert!(verify(&server, &["--account", &id, "--expect", &expected]).0);
    server.tamper(PUT_BACK);
    assert!(verify(&server, &["--account", &id]).0);
    let (holds, printed) = verify(&server, &["--account", &id, "--expect", &expected]);
    assert!(!holds && printed.contains("BROKEN"), "{printed}");
}

/// What was kept before.
const PUT_BACK: &str = "DELETE FROM audit; INSERT INTO audit SELECT * FROM kept_audit;
     UPDATE accounts SET (audit_seq, audit_head, audit_unsealed, audit_seal) =
       (SELECT audit_seq, audit_head, audit_unsealed, audit_seal FROM kept_accounts WHERE kept_accounts.id = accounts.id)";

#[tokio::test]
async fn nothing_is_added_to_a_log_that_was_touched_until_the_platform_takes_it_as_it_is() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    api.post("/api/v1/groups", json!({"name": "Group"})).await.is(201);
    let id = api.get("/api/v1/me").await.is(200)["account_id"].as_str().unwrap().to_owned();
    server.tamper(&format!("UPDATE audit SET address = '192.0.2.1' WHERE account_id = '{id}' AND seq = 2"));
    server.tamper(&format!("UPDATE accounts SET audit_unsealed = audit_seq, audit_head = '' WHERE id = '{id}'"));
    api.post("/api/v1/groups", json!({"name": "Refused"})).await.problem(500, "audit-broken");
    assert_eq!(api.list("/api/v1/groups").await.len(), 1, "nothing was done");
    let found = api.get("/api/v1/audit/verification").await.is(200);
    assert_eq!((&found["holds"], &found["reason"]), (&json!(false), &json!("end")));

    // To start again seals nothing on top of it.
    let server = Server::start_in(server.stop().await).await;
    let api = &server.without_plugins.administrator;
    api.post("/api/v1/groups", json!({"name": "Refused"})).await.problem(500, "audit-broken");
    assert!(!verify(&server, &["--account", &id]).0);
    let accepted = server.command(&["audit", "accept", "--account", &id, "--reason", "The database was repaired."]);
    assert!(accepted.status.success());
    api.post("/api/v1/groups", json!({"name": "Again"})).await.is(201);
    let marks = api.list("/api/v1/audit?action=audit.accepted").await;
    let unsealed = marks[0]["details"]["unsealed"].as_i64().unwrap();
    assert_eq!((marks.len(), &marks[0]["details"]["reason"]), (1, &json!("The database was repaired.")));

    let (holds, printed) = verify(&server, &["--account", &id]);
    assert!(!holds && printed.contains("NOT SHOWN"), "{printed}");
    assert!(verify(&server, &["--account", &id, "--accept-unsealed", &unsealed.to_string()]).0);
    let found = api.get("/api/v1/audit/verification").await.is(200);
    assert_eq!(
        (&found["holds"], &found["reason"], &found["unsealed"]),
        (&json!(false), &json!("unsealed"), &json!(unsealed))
    );
    let found = api.get(&format!("/api/v1/audit/verification?accept_unsealed={unsealed}")).await.is(200);
    assert_eq!(found["holds"], true);
}

#[tokio::test]
async fn a_log_from_before_ends_were_sealed_is_sealed_once_and_says_so() {
    let server = Server::start().await;
    let id =
        server.without_plugins.administrator.get("/api/v1/me").await.is(200)["account_id"].as_str().unwrap().to_owned();
    // As the version before left it.
    server.tamper(
        "UPDATE audit SET mac = '', details = '{}';
         UPDATE accounts SET audit_unsealed = audit_seq, audit_head = '', audit_earlier = '', audit_seal = 'unsealed'",
    );
    let server = Server::start_in(server.stop().await).await;
    let api = &server.without_plugins.administrator;
    let marks = api.list("/api/v1/audit?action=audit.sealed").await;
    let unsealed = marks[0]["details"]["unsealed"].as_i64().unwrap();
    assert!(marks.len() == 1 && unsealed > 1, "{marks:#?}");
    let (holds, printed) = verify(&server, &["--account", &id, "--accept-unsealed", &unsealed.to_string()]);
    assert!(holds, "{printed}");
    // Whoever makes the server do it again is found by the second mark.
    server.tamper("UPDATE accounts SET audit_seal = 'unsealed'");
    let server = Server::start_in(server.stop().await).await;
    let (holds, printed) = verify(&server, &["--account", &id, "--accept-unsealed", &unsealed.to_string()]);
    assert!(!holds && printed.contains("was sealed as it was found, which had happened before"), "{printed}");
}

#[tokio::test]
async fn a_log_that_another_server_wrote_does_not_hold() {
    let server = Server::start().await;
    let key = server.home.data().join("server.key");
    std::fs::write(&key, [7; 32]).unwrap();
    let (holds, printed) = verify(&server, &[]);
    assert!(!holds && printed.contains("entry 1 is not what was written"), "{printed}");
}
