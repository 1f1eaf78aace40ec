//! Components that cannot be plugins: each is refused with its own code and with advice, and nobody else notices.

use futures::future::join_all;
use reqwest::{Body, Method, StatusCode};
use serde_json::Value;
use sluice_tests::{Api, Server, component};

/// Uploads something that is refused; the problem.
async fn refused(api: &Api, bytes: Vec<u8>, status: u16, code: &str) -> Value {
    let problem = api.upload(bytes).await.problem(status, code);
    assert!(problem["detail"].as_str().unwrap().contains(':'), "the detail says what to do: {problem:#}");
    problem
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// Replaces every occurrence of `from` in a component by `to`, which is as long.
fn patched(name: &str, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = component(name);
    let places: Vec<usize> =
        bytes.windows(from.len()).enumerate().filter(|(_, w)| *w == from.as_bytes()).map(|(at, _)| at).collect();
    assert!(!places.is_empty(), "{name} does not hold {from}");
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    bytes
}

#[tokio::test]
async fn each_bad_upload_gets_its_own_code_and_advice() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    refused(api, Vec::new(), 422, "component-empty").await;
    refused(api, b"PK\x03\x04 this is a zip file".to_vec(), 422, "not-wasm").await;
    let core = refused(api, wat("(module (memory 1))"), 422, "core-module").await;
    assert!(core["detail"].as_str().unwrap().contains("sluice plugin componentize"), "{core:#}");
    let import = r#"(component (import "wasi:cli/environment@0.2.3" (instance)))"#;
    let import = refused(api, wat(import), 422, "unknown-import").await;
    assert!(import["detail"].as_str().unwrap().contains("wasi:cli/environment@0.2.3"), "{import:#}");
    refused(api, wat("(component)"), 422, "plugin-not-exported").await;
    let hookless = patched("office-hours", "sluice:policy/access-rule@1.1.0", "sluice:policy/access-rumor@1.0.");
    refused(api, hookless, 422, "no-hook").await;
    let memory = "(component (core module (memory 65536)) (core instance (instantiate 0)))";
    refused(api, wat(memory), 422, "memory-too-large").await;
    // The word is in the data that the schema is made of when the plugin describes itself.
    let schema = patched("sensitive-data", "boolean", "boolyan");
    refused(api, schema, 422, "schema-invalid").await;
    assert_eq!(api.list("/api/v1/plugins").await, [Value::Null; 0]);
}

#[tokio::test]
async fn an_upload_of_100_mib_is_refused_without_taking_the_memory() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let before = server.peak_memory();
    api.upload(vec![0; 100 << 20]).await.problem(413, "too-large");
    // The same without saying how long it is.
    let pieces = futures::stream::iter((0..100).map(|_| Ok::<_, std::io::Error>(vec![0; 1 << 20])));
    let request = api.request(Method::POST, "/api/v1/plugins").body(Body::wrap_stream(pieces));
    api.send(request).await.problem(413, "too-large");
    // What might have been a component was kept until it was too long: 32 MiB.
    let grown = server.peak_memory().saturating_sub(before);
    assert!(grown < 48 << 20, "{} MiB", grown >> 20);
    // Whoever may not upload is refused before the body is read.
    let stranger = server.without_plugins.operator.upload(vec![0; 1 << 20]).await;
    stranger.problem(403, "forbidden");
}

#[tokio::test]
async fn a_component_that_is_cut_anywhere_is_refused() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let whole = component("hostile-plugins");
    let cut_everywhere = async || {
        for length in (4_096..whole.len()).step_by(4_096) {
            let problem = api.upload(whole[..length].to_vec()).await.problem(422, "component-invalid");
            assert!(problem["detail"].as_str().unwrap().contains("cut short"), "{problem:#}");
        }
        server.peak_memory()
    };
    let peaks = [cut_everywhere().await, cut_everywhere().await, cut_everywhere().await];
    let grown = peaks[2].saturating_sub(peaks[1]);
    assert!(grown < 8 << 20, "{peaks:?}");
    api.upload(whole).await.is(201);
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    use futures::stream;
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let half = component("hostile-plugins")[..100_000].to_vec();
    let pieces = stream::iter([Ok(half), Err(std::io::Error::other("the line is cut"))]);
    let request = api.request(Method::POST, "/api/v1/plugins").body(Body::wrap_stream(pieces));
    assert!(request.send().await.is_err());
    assert_eq!(api.list("/api/v1/plugins").await, [Value::Null; 0]);
}

#[tokio::test]
async fn other_accounts_are_served_while_somebody_uploads_rubbish() {
    let server = Server::start().await;
    let (busy, quiet) = (server.without_plugins.administrator.clone(), &server.with_plugins.administrator);
    let rubbish = tokio::spawn(async move {
        let mut cut = component("blocked-words");
        cut.truncate(300_000);
        let uploads = (0..12).map(|_| busy.upload(cut.clone()));
        join_all(uploads).await
    });
    let conversation = quiet.conversation().await;
    for _ in 0..30 {
        let posted = quiet.incoming(&conversation, "I pay with a gift card").await.is(201);
        assert_eq!(posted["decision"]["verdict"], "hold");
    }
    let (refused, busy): (Vec<_>, Vec<_>) =
        rubbish.await.unwrap().into_iter().partition(|answer| answer.status == StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!refused.is_empty());
    refused.into_iter().for_each(|answer| drop(answer.problem(422, "component-invalid")));
    busy.into_iter().for_each(|answer| drop(answer.problem(503, "busy")));
}
