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
    ];
    server
        .tamper("CREATE TABLE kept_audit AS SELECT * FROM audit; CREATE TABLE kept_accounts AS SELECT * FROM accounts");
    for (harm, told) in harms {
        server.tamper(&harm);
        let (holds, printed) = verify(&server, &["--account", &id]);
        assert!(!holds && printed.contains("BROKEN") && printed.contains(told), "{harm}: {printed}");
        server.tamper(
            "DELETE FROM audit; INSERT INTO audit SELECT * FROM kept_audit;
             UPDATE accounts SET (audit_seq, audit_head, audit_unsealed) =
               (SELECT audit_seq, audit_head, audit_unsealed FROM kept_accounts WHERE kept_accounts.id = accounts.id)",
        );
        assert!(verify(&server, &["--account", &id]).0, "{harm}: put back");
    }

    // The whole log put back to an earlier state holds by itself, and not against a head that was kept elsewhere.
    let expected = format!("{last}:{head}");
    assert!(verify(&server, &["--account", &id, "--expect", &expected]).0);
    let earlier = format!("(SELECT mac FROM audit WHERE {of} AND seq = {})", last - 1);
    server.tamper(&format!(
        "UPDATE accounts SET audit_seq = {}, audit_head = {earlier} WHERE id = '{id}'; DELETE FROM audit WHERE {of} AND seq = {last}",
        last - 1
    ));
    assert!(verify(&server, &["--account", &id]).0);
    let (holds, printed) = verify(&server, &["--account", &id, "--expect", &expected]);
    assert!(!holds && printed.contains("BROKEN"), "{printed}");
}

#[tokio::test]
async fn a_log_that_another_server_wrote_does_not_hold() {
    let server = Server::start().await;
    let key = server.home.data().join("server.key");
    std::fs::write(&key, [7; 32]).unwrap();
    let (holds, printed) = verify(&server, &[]);
    assert!(!holds && printed.contains("entry 1 is not what was written"), "{printed}");
}
