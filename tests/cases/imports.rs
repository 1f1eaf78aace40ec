//! What plugins may ask of the host: counters that all requests count together, and what else they are granted.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sluice_tests::{Api, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// A configuration of rate-limit with one limit.
fn limit(count: &str, most: u32) -> Value {
    json!({"limits": [{"name": "too-often", "count": count, "most": most, "seconds": 3_600, "per": "all"}]})
}

async fn install_limit(api: &Api, config: Value, mode: &str) -> String {
    let plugin = api.plugin("rate-limit").await;
    let installed = api.install(&plugin, json!({"config": config, "mode": mode, "grants": ["counters"]})).await;
    installed.is(201)["id"].as_str().unwrap().to_owned()
}

/// Installs the plugin that asks what it is told to.
async fn install_asking(api: &Api) {
    let plugin = api.plugin("asking-plugin").await;
    let grants = json!({"grants": ["counters", "lists", "history", "http"], "http_hosts": ["api.example.com"]});
    api.install(&plugin, grants).await.is(201);
}

async fn state(api: &Api, conversation: &str, text: &str) -> String {
    api.incoming(conversation, text).await.is(201)["state"].as_str().unwrap().to_owned()
}

/// What the plugin was told.
async fn told(api: &Api, conversation: &str, orders: &str) -> String {
    let posted = api.incoming(conversation, &format!("ask: {orders}")).await.is(201);
    posted["text"].as_str().unwrap_or_else(|| panic!("{posted:#}")).to_owned()
}

#[tokio::test]
async fn the_third_link_in_a_minute_is_held() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let config = json!({"limits": [{"name": "links", "count": "links", "most": 2, "seconds": 60, "per": "author",
        "notice": "A colleague will look at your links."}]});
    install_limit(api, config, "enforce").await;
    let (one, other) = (api.conversation().await, api.conversation().await);
    assert_eq!(state(api, &one, "see https://a.example.com/1").await, "delivered");
    assert_eq!(state(api, &one, "no link").await, "delivered");
    assert_eq!(state(api, &one, "see https://a.example.com/2").await, "delivered");
    let third = api.incoming(&one, "see https://a.example.com/3").await.is(201);
    assert_eq!((&third["state"], &third["decision"]["reason"]["code"]), (&"held".into(), &"links".into()));
    assert_eq!(third["decision"]["reason"]["text"], "A colleague will look at your links.");
    // Another client has a limit of its own, and what has no link is not counted.
    assert_eq!(state(api, &other, "see https://a.example.com/3").await, "delivered");
    assert_eq!(state(api, &one, "no link").await, "delivered");
}

#[tokio::test]
async fn requests_at_once_count_each_exactly_once() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    install_limit(api, limit("messages", 10), "enforce").await;
    let conversation = api.conversation().await;
    let senders: Vec<_> = (0..30)
        .map(|_| {
            let (api, conversation) = (api.clone(), conversation.clone());
            tokio::spawn(async move { state(&api, &conversation, "hello").await })
        })
        .collect();
    let mut delivered = 0;
    for sender in senders {
        delivered += usize::from(sender.await.unwrap() == "delivered");
    }
    assert_eq!(delivered, 10);
}

#[tokio::test]
async fn what_was_counted_outlives_the_server() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    install_limit(api, limit("messages", 1), "enforce").await;
    let conversation = api.conversation().await;
    assert_eq!(state(api, &conversation, "one").await, "delivered");
    let server = Server::start_in(server.stop().await).await;
    let api = &server.without_plugins.administrator;
    assert_eq!(state(api, &conversation, "two").await, "held");
}

#[tokio::test]
async fn an_administrator_reads_what_a_plugin_asks_for_before_granting_it() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let plugin = api.plugin("asking-plugin").await;
    let shown = api.get(&format!("/api/v1/plugins/{plugin}")).await.is(200);
    let permissions = shown["permissions"].as_array().unwrap();
    let imports: BTreeSet<_> = permissions.iter().map(|permission| permission["import"].as_str().unwrap()).collect();
    assert_eq!(imports, BTreeSet::from(["counters", "history", "http", "lists"]));
    for permission in permissions {
        assert!(permission["sentence"].as_str().unwrap().ends_with('.'), "{permission}");
    }

    let refused = api.install(&plugin, json!({"grants": ["counters", "lists", "http"]})).await;
    let refused = refused.problem(422, "invalid");
    assert_eq!(refused["field"], "http_hosts", "{refused:#}");
    let hosts = |hosts: Value| json!({"grants": ["counters", "lists", "http"], "http_hosts": hosts});
    let refused = api.install(&plugin, hosts(json!(["api.example.com"]))).await.problem(422, "grants-missing");
    let sentence = permissions.iter().find(|permission| permission["import"] == "history").unwrap();
    assert!(refused["detail"].as_str().unwrap().contains(sentence["sentence"].as_str().unwrap()), "{refused:#}");
    for bad in ["127.0.0.1", "https://example.com", "*.example.com"] {
        let answer = api.install(&plugin, hosts(json!([bad]))).await;
        assert!(answer.status.is_client_error(), "{bad}");
    }

    let all =
        json!({"grants": ["counters", "lists", "history", "http"], "http_hosts": ["API.example.com", "b.example.com"]});
    let installed = api.install(&plugin, all).await.is(201);
    assert_eq!(installed["http_hosts"], json!(["api.example.com", "b.example.com"]));
    let path = format!("/api/v1/installations/{}", installed["id"].as_str().unwrap());
    assert_eq!(api.patch(&path, json!({"http_hosts": []})).await.problem(422, "invalid")["field"], "http_hosts");
    let changed = api.patch(&path, json!({"http_hosts": ["c.example.com"]})).await.is(200);
    assert_eq!(changed["http_hosts"], json!(["c.example.com"]));
}

#[tokio::test]
async fn a_plugin_reads_earlier_messages_of_its_conversation_only() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let api = &account.administrator;
    install_asking(api).await;
    let (one, other) = (api.conversation().await, api.conversation().await);
    assert_eq!(told(api, &one, "earlier 5").await, "");
    api.incoming(&one, "first").await.is(201);
    api.incoming(&other, "secret").await.is(201);
    account.operator.outgoing(&one, "second").await.is(201);
    assert_eq!(told(api, &one, "earlier 2").await, "second, first");
    assert_eq!(told(api, &other, "earlier 9").await, "secret");

    // What a message that was asked about became is history too, and what was not delivered is not.
    install_limit(api, json!({"limits": [{"name": "x", "most": 1, "seconds": 60, "per": "all"}]}), "enforce").await;
    let third = api.conversation().await;
    api.incoming(&third, "counted").await.is(201);
    assert_eq!(state(api, &third, "held back").await, "held");
    let trial = json!({"message": {"text": "ask: earlier 9"}});
    let said = api.post("/api/v1/policy/evaluate", trial).await.is(200);
    assert_eq!(said["text"], "", "a trial belongs to no conversation");
    let posted = api.incoming(&third, "ask: earlier 9").await.is(201);
    assert_eq!((&posted["text"], &posted["state"]), (&"counted".into(), &"held".into()));
}

#[tokio::test]
async fn rules_in_shadow_and_on_trial_count_apart() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let installed = install_limit(api, limit("messages", 1), "shadow").await;
    let conversation = api.conversation().await;
    for _ in 0..3 {
        assert_eq!(state(api, &conversation, "hello").await, "delivered");
    }
    // Trails of rules in shadow come after the answer; a server that ends finishes them.
    let server = Server::start_in(server.stop().await).await;
    let api = &server.without_plugins.administrator;
    assert_eq!(api.list("/api/v1/decisions?verdict=hold").await.len(), 2);

    let path = format!("/api/v1/installations/{installed}");
    api.patch(&path, json!({"mode": "enforce"})).await.is(200);
    for _ in 0..3 {
        let trial = json!({"message": {"text": "hello"}});
        assert_eq!(api.post("/api/v1/policy/evaluate", trial).await.is(200)["state"], "delivered");
    }
    assert_eq!(state(api, &conversation, "hello").await, "delivered");
    assert_eq!(state(api, &conversation, "hello").await, "held");
}

#[tokio::test]
async fn nobody_outside_is_asked_in_a_trial() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    install_asking(api).await;
    let trial = json!({"message": {"text": "ask: get https://api.example.com/; count a 2 60; count a 1 60"}});
    let said = api.post("/api/v1/policy/evaluate", trial).await.is(200);
    assert_eq!(said["text"], "not-in-preview; 2; 3");
    assert_eq!(said["decision"]["rules"][0]["asked"]["http"]["questions"], 1);
    assert_eq!(said["decision"]["rules"][0].get("exchanges"), None);
}

#[tokio::test]
async fn who_asks_too_often_or_too_much_gets_refusals_and_harms_nobody() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    install_asking(api).await;
    let conversation = api.conversation().await;
    assert_eq!(told(api, &conversation, "many 1000").await, "64 answered, 936 too-much");
    assert_eq!(told(api, &conversation, "many 1; key 257; key 0").await, "1 answered; outside-limits; outside-limits");
    let large = "header 5000; post https://api.example.com/ 70000; count a 1 9999999; find no x";
    let expected = "outside-limits; outside-limits; outside-limits; no-such-list";
    assert_eq!(told(api, &conversation, large).await, expected);
    // 100,000 questions cost more than a call has.
    let failed = api.incoming(&conversation, "ask: many 100000").await.is(201);
    assert_eq!((&failed["state"], &failed["decision"]["rules"][0]["failure"]), (&"held".into(), &"out-of-fuel".into()));
    assert_eq!(told(api, &conversation, "count many 1 60").await, "1");
}

#[tokio::test]
async fn a_decision_says_how_much_was_asked_and_not_what() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    install_asking(api).await;
    let conversation = api.conversation().await;
    api.incoming(&conversation, "a secret of the client").await.is(201);
    let posted =
        api.incoming(&conversation, "ask: count my-own-key 1 60; count my-own-key 1 60; earlier 1").await.is(201);
    let path = format!("/api/v1/decisions/{}", posted["decision_id"].as_str().unwrap());
    let kept = api.get(&path).await.is(200);
    let listed = api.list("/api/v1/decisions").await.remove(0);
    for decision in [&posted["decision"], &kept["decision"], &listed["decision"]] {
        let rule = &decision["rules"][0];
        assert_eq!(rule["asked"]["counters"]["questions"], 2);
        assert_eq!(rule["asked"]["history"]["questions"], 1);
        assert!(rule["asked"]["history"]["bytes"].as_u64().unwrap() > 22, "{rule:#}");
        assert!(rule["asked"]["counters"]["micros"].is_u64());
        assert_eq!((rule["component"].as_str().unwrap().len(), rule["config"].as_str().unwrap().len()), (64, 64));
        assert!(!rule.to_string().contains("my-own-key") && rule.get("exchanges").is_none(), "{rule:#}");
    }
}

#[tokio::test]
async fn an_access_rule_counts_too() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    install_asking(api).await;
    // Asked once for the token and the address: the answer counts for five minutes.
    let refused = api.saying("ask: count door 1 60; count door 1 60; earlier 9").get("/api/v1/me").await;
    let refused = refused.problem(403, "access-denied");
    assert!(refused["detail"].as_str().unwrap().ends_with("1; 2; "), "{refused:#}");
}

/// A server with HTTPS on this machine that greets; its port, and the certificate to trust.
async fn greeter(folder: &std::path::Path) -> (u16, std::path::PathBuf) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = folder.join("greeter.pem");
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    let key = tokio_rustls::rustls::pki_types::PrivateKeyDer::Pkcs8(made.key_pair.serialize_der().into());
    let provider = tokio_rustls::rustls::crypto::ring::default_provider();
    let config = tokio_rustls::rustls::ServerConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let tls = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (connection, _) = listener.accept().await.unwrap();
            let tls = tls.clone();
            tokio::spawn(async move {
                let mut connection = tls.accept(connection).await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(connection.read_u8().await.unwrap());
                }
                let answer = if head.starts_with(b"GET /away ") {
                    "HTTP/1.1 302 Found\r\nlocation: https://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"
                } else {
                    "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
                };
                connection.write_all(answer.as_bytes()).await.unwrap();
                connection.shutdown().await.unwrap();
            });
        }
    });
    (port, certificate)
}

#[tokio::test]
async fn a_plugin_asks_the_hosts_that_it_was_granted_and_never_the_machine_or_its_network() {
    let folder = tempfile::tempdir().unwrap();
    let (port, certificate) = greeter(folder.path()).await;
    let install = async |api: &Api| {
        let plugin = api.plugin("asking-plugin").await;
        let hosts = json!([format!("localhost:{port}"), "metadata.example"]);
        let grants = json!({"grants": ["counters", "lists", "history", "http"], "http_hosts": hosts,
            "scope": {"roles": ["client"]}});
        api.install(&plugin, grants).await.is(201);
        api.conversation().await
    };
    let here = format!("get https://localhost:{port}/");
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let conversation = install(api).await;
    assert_eq!(told(api, &conversation, &here).await, "address-not-allowed");
    for other in [
        format!("https://127.0.0.1:{port}/"),
        format!("https://[::1]:{port}/"),
        "https://10.0.0.1/".to_owned(),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
        format!("http://localhost:{port}/"),
        "https://localhost/".to_owned(),
        "https://example.com/".to_owned(),
    ] {
        assert_eq!(told(api, &conversation, &format!("get {other}")).await, "host-not-allowed", "{other}");
    }

    // Whoever runs the server may let plugins reach a network of its own.
    let more = [
        ("SLUICE_PLUGIN_HTTP_NETWORKS", "127.0.0.0/8,::1/128"),
        ("SLUICE_PLUGIN_HTTP_CA", certificate.to_str().unwrap()),
    ];
    let server = Server::start_with(server.stop().await, &more).await;
    let api = &server.without_plugins.administrator;
    assert_eq!(told(api, &conversation, &here).await, "(200, 5)");
    assert_eq!(told(api, &conversation, &format!("{here}away")).await, "host-not-allowed");
    // A trial asks nobody.
    let trial = json!({"message": {"text": format!("ask: {here}")}});
    let said = api.post("/api/v1/policy/evaluate", trial).await.is(200);
    assert_eq!(said["text"], "not-in-preview");
}
