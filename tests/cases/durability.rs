//! What was answered stays, whatever happens to the server; what was accepted is finished.

use std::{collections::BTreeSet, io::Write as _};

use serde_json::json;
use sluice_tests::{Api, Server, until};

/// Sends messages until the server does not answer any more; those that were answered.
async fn send_until_the_end(api: Api, conversation: String, sender: usize) -> Vec<String> {
    let mut answered = Vec::new();
    for n in 0.. {
        let text = format!("{sender} {n}");
        let path = format!("/api/v1/conversations/{conversation}/messages");
        let request = api.request(reqwest::Method::POST, &path).json(&json!({"text": text}));
        match request.send().await {
            Ok(response) if response.status() == 201 => answered.push(text),
            Ok(_) | Err(_) => break,
        }
    }
    answered
}

async fn start_sending(api: &Api, conversation: &str) -> Vec<tokio::task::JoinHandle<Vec<String>>> {
    let mut events = api.events(None).await;
    let sending = (0..8).map(|n| tokio::spawn(send_until_the_end(api.clone(), conversation.to_owned(), n))).collect();
    // In full swing.
    for _ in 0..100 {
        events.next().await;
    }
    sending
}

async fn kept(api: &Api, conversation: &str) -> Vec<String> {
    let mut kept = Vec::new();
    let mut path = format!("/api/v1/conversations/{conversation}/messages?limit=200");
    loop {
        let page = api.get(&path).await.is(200);
        kept.extend(page["items"].as_array().unwrap().iter().map(|m| m["text"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { return kept };
        path = format!("/api/v1/conversations/{conversation}/messages?limit=200&cursor={next}");
    }
}

#[tokio::test]
async fn every_message_that_was_answered_survives_a_crash() {
    let server = Server::start().await;
    let api = &server.without_plugins.operator;
    let conversation = api.conversation().await;
    let sending = start_sending(api, &conversation).await;
    let home = server.kill().await;
    let mut answered = BTreeSet::new();
    for sender in sending {
        answered.extend(sender.await.unwrap());
    }
    assert!(answered.len() >= 90, "{}", answered.len());

    let server = Server::start_in(home).await;
    let messages = kept(&server.without_plugins.operator, &conversation).await;
    let unique: BTreeSet<_> = messages.iter().cloned().collect();
    assert_eq!(unique.len(), messages.len(), "no message is there twice");
    assert!(unique.is_superset(&answered), "{:?}", answered.difference(&unique));
}

#[tokio::test]
async fn a_server_that_is_asked_to_end_answers_what_it_accepted() {
    let server = Server::start().await;
    let api = &server.without_plugins.operator;
    let conversation = api.conversation().await;
    let sending = start_sending(api, &conversation).await;
    let home = server.stop().await;
    let mut answered = BTreeSet::new();
    for sender in sending {
        answered.extend(sender.await.unwrap());
    }
    let server = Server::start_in(home).await;
    let messages: BTreeSet<_> = kept(&server.without_plugins.operator, &conversation).await.into_iter().collect();
    assert_eq!(messages, answered);
}

#[tokio::test]
async fn a_server_that_starts_again_keeps_people_plugins_and_verdicts() {
    let server = Server::start().await;
    let api = &server.with_plugins.administrator;
    let conversation = api.conversation().await;
    let before = api.list("/api/v1/installations").await;
    let server = Server::start_in(server.kill().await).await;
    let api = &server.with_plugins.administrator;
    assert_eq!(api.list("/api/v1/installations").await, before);
    assert_eq!(api.list("/api/v1/plugins").await.len(), 3);
    let posted = api.incoming(&conversation, "My card is 4111 1111 1111 1111").await.is(201);
    assert_eq!(posted["text"], "My card is [card •••• 1111]");
}

#[tokio::test]
async fn compiled_artefacts_that_are_lost_or_changed_are_made_anew() {
    let server = Server::start().await;
    let api = &server.with_plugins.administrator;
    let conversation = api.conversation().await;
    let home = server.stop().await;
    let artefacts = home.data().join("artefacts");
    // What was only tried has a folder of its own.
    let folders = [artefacts.clone(), artefacts.join("trials")];
    let files = folders.into_iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let files: Vec<_> = files.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    assert!(files.len() >= 6, "{files:?}");
    for (n, file) in files.iter().enumerate() {
        let mut bytes = std::fs::read(file).unwrap();
        let middle = bytes.len() / 2;
        match n % 3 {
            0 => std::fs::remove_file(file).unwrap(),
            1 => std::fs::write(file, &bytes[..middle]).unwrap(),
            _ => {
                bytes[middle] ^= 1;
                std::fs::write(file, bytes).unwrap();
            }
        }
    }
    let server = Server::start_in(home).await;
    let api = &server.with_plugins.administrator;
    for (text, verdict) in [("hello", "allow"), ("gift card", "hold"), ("4111 1111 1111 1111", "redact")] {
        let posted = api.incoming(&conversation, text).await.is(201);
        assert_eq!(posted["decision"]["verdict"], verdict);
        let failures: Vec<_> = posted["decision"]["rules"].as_array().unwrap().iter().map(|r| &r["failure"]).collect();
        assert!(failures.iter().all(|failure| failure.is_null()), "{posted:#}");
    }
}

#[tokio::test]
async fn the_data_folder_is_its_owners_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start().await;
    let data = server.home.data();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("demo.json")), 0o600);
    assert_eq!(mode(&data.join("server.key")), 0o600);
}

#[tokio::test]
async fn what_is_of_no_use_any_more_is_removed() {
    let server = Server::start().await;
    let [_, supervisor, operator] = &server.without_plugins.members;
    server.nobody.session_of(supervisor).await;
    server.tamper("UPDATE sessions SET expires_at = 1");
    let session = server.nobody.session_of(operator).await;
    server.nobody.log_in(&operator.email, "wrong").await.problem(401, "wrong-credentials");
    server.tamper("UPDATE throttles SET updated_at = 1 WHERE failures > 0");
    // The failure counts for the person, the address and the network.
    assert_eq!((server.rows("sessions"), server.rows("throttles")), (2, 3));
    let server = Server::start_in(server.stop().await).await;
    until(async || (server.rows("sessions"), server.rows("throttles")) == (1, 0)).await;
    session.on(&server).get("/api/v1/me").await.is(200);
}

/// Sends a request for a message without its last `cut` bytes, and hangs up without reading an answer.
fn hang_up_while_sending(server: &Server, conversation: &str, key: &str, text: &str, cut: Option<usize>) {
    let address = server.url().strip_prefix("http://").unwrap();
    let body = json!({"text": text}).to_string();
    let request = format!(
        "POST /api/v1/conversations/{conversation}/messages HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nIdempotency-Key: {key}\r\nContent-Length: {}\r\n\r\n{body}",
        server.without_plugins.members[2].api_token,
        body.len(),
    );
    let mut connection = std::net::TcpStream::connect(address).unwrap();
    connection.write_all(&request.as_bytes()[..cut.map_or(request.len(), |cut| request.len() - cut)]).unwrap();
}

#[tokio::test]
async fn a_send_that_breaks_off_loses_and_doubles_nothing() {
    let server = Server::start().await;
    let api = &server.without_plugins.operator;
    let conversation = api.conversation().await;
    // Cut in the head, in the body, and after all of it but before the answer.
    for (n, cut) in [Some(200), Some(20), None].into_iter().enumerate() {
        let text = format!("message {n}, which is long enough to be cut in its middle");
        let key = format!("key-{n}");
        for _ in 0..3 {
            hang_up_while_sending(&server, &conversation, &key, &text, cut);
        }
        // Who got no answer sends the same again.
        let path = format!("/api/v1/conversations/{conversation}/messages");
        let request = api.request(reqwest::Method::POST, &path).header("Idempotency-Key", &key);
        let posted = api.send(request.json(&json!({"text": text}))).await.is(201);
        let kept = api.messages(&conversation).await;
        assert_eq!((kept.len(), &kept[n]["id"]), (n + 1, &posted["id"]));
    }
}
