//! Signatures of publishers: made by the command line, taken or refused, and asked for where an account wants them.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};
use sluice_tests::{Server, component};

const PUBLISHERS: &str = "/api/v1/publishers";

/// A publisher at its own desk.
struct Publisher<'s> {
    server: &'s Server,
    folder: tempfile::TempDir,
    public: String,
}

impl<'s> Publisher<'s> {
    fn new(server: &'s Server) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("publisher.key").display().to_string();
        let made = server.command(&["plugin", "keygen", &key]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self { server, folder, public: String::from_utf8(made.stdout).unwrap().trim().to_owned() }
    }

    fn key(&self) -> String {
        self.folder.path().join("publisher.key").display().to_string()
    }

    /// What `sluice plugin sign` prints.
    fn sign(&self, component: &[u8]) -> Value {
        let file = self.folder.path().join("plugin.wasm");
        std::fs::write(&file, component).unwrap();
        let signed = self.server.command(&["plugin", "sign", file.to_str().unwrap(), &self.key()]);
        assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
        serde_json::from_slice(&signed.stdout).unwrap()
    }
}

#[tokio::test]
async fn a_key_is_made_once_for_its_owner_only() {
    let server = Server::start().await;
    let publisher = Publisher::new(&server);
    assert_eq!(std::fs::metadata(publisher.key()).unwrap().permissions().mode() & 0o777, 0o600);
    let again = server.command(&["plugin", "keygen", &publisher.key()]);
    assert!(!again.status.success());
    assert_eq!(publisher.sign(b"x")["publisher_key"], publisher.public.as_str());
    let wrong = server.command(&["plugin", "sign", &publisher.key(), "/dev/null"]);
    assert!(!wrong.status.success() && String::from_utf8_lossy(&wrong.stderr).contains("keygen"), "{wrong:?}");
}

#[tokio::test]
async fn a_signature_counts_for_its_component_and_for_who_trusts_its_publisher() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let (ours, theirs) = (Publisher::new(&server), Publisher::new(&server));
    let whole = component("blocked-words");
    let plugin = api.plugin("blocked-words").await;
    let path = format!("/api/v1/plugins/{plugin}/signatures");

    let mut forged = ours.sign(&whole);
    forged["publisher_key"] = json!(theirs.public);
    api.post(&path, forged).await.problem(422, "signature-invalid");
    api.post(&path, ours.sign(b"other bytes")).await.problem(422, "signature-invalid");
    api.post(&path, json!({"publisher_key": "x", "signature": "y"})).await.problem(422, "invalid");
    let signed = api.post(&path, ours.sign(&whole)).await.is(200);
    let by = json!([{"publisher_key": ours.public, "publisher": null}]);
    assert_eq!((&signed["signature"], &signed["signatures"]), (&json!("untrusted"), &by));
    assert_eq!(api.post(&path, ours.sign(&whole)).await.is(200), signed);

    api.put(&format!("{PUBLISHERS}/us"), json!({"key": "AAAA"})).await.problem(422, "invalid");
    // Of small order: its owner is everybody.
    let weak = format!("AQ{}=", "A".repeat(41));
    api.put(&format!("{PUBLISHERS}/us"), json!({"key": weak})).await.problem(422, "invalid");
    let trusted = api.put(&format!("{PUBLISHERS}/us"), json!({"key": ours.public})).await.is(200);
    let expected = json!({"require_signature": "off", "items": [{"name": "us", "key": ours.public}]});
    assert_eq!((&trusted, &api.get(PUBLISHERS).await.is(200)), (&expected, &expected));
    let shown = api.get(&format!("/api/v1/plugins/{plugin}")).await.is(200);
    let by = json!([{"publisher_key": ours.public, "publisher": "us"}]);
    assert_eq!((&shown["signature"], &shown["signatures"]), (&json!("trusted"), &by));
    // Another account trusts whom it wants.
    let other = &server.with_plugins.administrator;
    assert_eq!(other.list(PUBLISHERS).await, [Value::Null; 0]);
    assert_eq!(api.list("/api/v1/audit?action=plugin.signed").await.len(), 1);

    for _ in 0..7 {
        api.post(&path, Publisher::new(&server).sign(&whole)).await.is(200);
    }
    api.post(&path, theirs.sign(&whole)).await.problem(409, "quota-exceeded");
    api.delete(&format!("{PUBLISHERS}/us")).await.is(204);
    api.delete(&format!("{PUBLISHERS}/us")).await.problem(404, "not-found");
}

#[tokio::test]
async fn an_account_that_wants_signatures_lets_nothing_else_come_into_force() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let publisher = Publisher::new(&server);
    let config = json!({"config": {"lists": [{"name": "insults", "words": ["idiot"], "action": "flag"}]}});
    let (words, data) = (api.plugin("blocked-words").await, api.plugin("sensitive-data").await);
    let earlier = api.install(&words, config.clone()).await.is(201);
    let earlier = format!("/api/v1/installations/{}", earlier["id"].as_str().unwrap());
    let waiting = api.install(&words, json!({"mode": "disabled"})).await.is(201);
    let waiting = format!("/api/v1/installations/{}", waiting["id"].as_str().unwrap());
    let policy = json!({"require_signature": "trusted"});

    // A token that brings plugins does not say whose are trusted.
    let token = api.post("/api/v1/tokens", json!({"name": "ci", "scopes": ["plugins-manage"]})).await.is(201);
    let ci = server.nobody.with_token(token["secret"].as_str().unwrap());
    ci.put(&format!("{PUBLISHERS}/ci"), json!({"key": publisher.public})).await.problem(403, "forbidden");
    ci.put(PUBLISHERS, policy.clone()).await.problem(403, "forbidden");
    api.put(PUBLISHERS, policy).await.is(200);

    let refused = ci.install(&data, json!({})).await.problem(409, "signature-required");
    assert!(refused["detail"].as_str().unwrap().contains("/signatures"), "{refused:#}");
    api.install(&data, json!({"mode": "disabled"})).await.problem(409, "signature-required");
    for mode in ["shadow", "enforce"] {
        api.patch(&waiting, json!({"mode": mode})).await.problem(409, "signature-required");
    }
    // What was in force is, and may change; once disabled, it needs a signature.
    let conversation = api.conversation().await;
    assert_eq!(api.incoming(&conversation, "you idiot").await.is(201)["decision"]["verdict"], "flag");
    api.patch(&earlier, json!({"failure": "open"})).await.is(200);
    api.patch(&earlier, json!({"mode": "disabled"})).await.is(200);
    api.patch(&earlier, json!({"mode": "enforce"})).await.problem(409, "signature-required");

    // A signature of somebody is not enough; one of a trusted publisher is.
    let path = format!("/api/v1/plugins/{words}/signatures");
    api.post(&path, publisher.sign(&component("blocked-words"))).await.is(200);
    api.patch(&earlier, json!({"mode": "enforce"})).await.problem(409, "signature-required");
    api.put(&format!("{PUBLISHERS}/us"), json!({"key": publisher.public})).await.is(200);
    api.patch(&earlier, json!({"mode": "enforce"})).await.is(200);
    ci.install(&words, config).await.is(201);
    api.put(PUBLISHERS, json!({"require_signature": "off"})).await.is(200);
    ci.install(&data, json!({})).await.is(201);
    assert_eq!(api.list("/api/v1/audit?action=publisher.policy-changed").await.len(), 2);
}
