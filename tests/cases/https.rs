//! HTTPS with certificates from files, proxies, and what does not start because others could read it.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use reqwest::{Method, Version};
use serde_json::json;
use sluice_tests::{Api, Home, Server, client_builder, until};

/// Writes a new certificate for 127.0.0.1 and its key into `folder`; the certificate, for clients to trust.
fn certificate(folder: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    fs::write(folder.join("key.pem"), made.key_pair.serialize_pem()).unwrap();
    fs::write(folder.join("certificate.pem"), made.cert.pem()).unwrap();
    made.cert.pem()
}

async fn start(folder: &Path) -> Server {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (path("certificate.pem"), path("key.pem"));
    let environment = [("SLUICE_TLS_CERTIFICATE", certificate.as_str()), ("SLUICE_TLS_KEY", key.as_str())];
    Server::start_with(Home::on_sqlite(), &environment).await
}

async fn reaches(api: &Api) -> bool {
    api.request(Method::GET, "/healthz").send().await.is_ok_and(|answer| answer.status() == 200)
}

#[tokio::test]
async fn over_https_browsers_are_told_to_stay_there_and_cookies_are_for_it_only() {
    let folder = tempfile::tempdir().unwrap();
    let trusted = certificate(folder.path());
    let server = start(folder.path()).await;
    assert!(server.url().starts_with("https://127.0.0.1:"), "{}", server.url());
    let api = server.nobody.trusting(&trusted);
    assert_eq!(api.request(Method::GET, "/healthz").send().await.unwrap().version(), Version::HTTP_2);
    // Answers that nobody wrote a handler for have them too.
    for path in ["/healthz", "/nowhere"] {
        let answer = api.get(path).await;
        for (name, value) in [
            ("strict-transport-security", "max-age=63072000"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{name} of {path}");
        }
    }

    let [administrator, ..] = &server.without_plugins.members;
    let answer = api.log_in(&administrator.email, &administrator.password).await;
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-sluice_session=") && cookie.contains("; Secure"), "{cookie}");
    assert!(
        cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax") && cookie.contains("; Path=/;"),
        "{cookie}"
    );
    api.with_cookie(&cookie).get("/api/v1/me").await.is(200);
    let unprefixed = api.with_cookie(cookie.trim_start_matches("__Host-"));
    unprefixed.get("/api/v1/me").await.problem(401, "unauthenticated");

    // Over HTTP/2 there is no `Host`: the page's own origin is known all the same, and another one is refused.
    let from = async |origin: &str| {
        let request = api.with_cookie(&cookie).request(Method::DELETE, "/api/v1/me/sessions");
        api.send(request.header("Origin", origin)).await
    };
    from("https://elsewhere.example").await.problem(403, "cross-site");
    from(&server.url().replace("https:", "http:")).await.problem(403, "cross-site");
    from(server.url()).await.is(204);
}

#[tokio::test]
async fn a_new_certificate_is_shown_without_a_restart_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let first = certificate(folder.path());
    let server = start(folder.path()).await;
    let kept = server.nobody.trusting(&first);
    kept.get("/healthz").await.is(200);

    fs::write(folder.path().join("certificate.pem"), "no certificate").unwrap();
    server.hang_up();
    until(async || server.home.log().contains("the certificate stays the old one")).await;
    assert!(reaches(&server.nobody.trusting(&first)).await);

    let second = certificate(folder.path());
    server.hang_up();
    until(async || reaches(&server.nobody.trusting(&second)).await).await;
    assert!(!reaches(&server.nobody.trusting(&first)).await, "new connections get the new one");
    kept.get("/healthz").await.is(200);
}

#[tokio::test]
async fn plain_http_and_silence_do_no_harm_where_tls_is_spoken() {
    let folder = tempfile::tempdir().unwrap();
    let trusted = certificate(folder.path());
    let server = start(folder.path()).await;
    let address = server.url().trim_start_matches("https://").to_owned();
    let _silent = tokio::net::TcpStream::connect(&address).await.unwrap();
    assert!(client_builder(None, None).build().unwrap().get(format!("http://{address}/healthz")).send().await.is_err());
    assert!(reaches(&server.nobody.trusting(&trusted)).await);
}

#[test]
fn what_others_could_read_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    let path = folder.path().join("certificate.pem");
    let certificate = path.to_str().unwrap();
    let other = tempfile::tempdir().unwrap();
    self::certificate(other.path());
    let key = other.path().join("key.pem");
    let key = key.to_str().unwrap();
    for (environment, told) in [
        (&[("SLUICE_LISTEN", "0.0.0.0:0")][..], "SLUICE_TLS_CERTIFICATE"),
        (&[("SLUICE_PUBLIC_URL", "https://chat.example.com")], "SLUICE_TRUSTED_PROXIES"),
        (&[("SLUICE_TLS_CERTIFICATE", certificate)], "SLUICE_TLS_KEY"),
        (&[("SLUICE_TLS_CERTIFICATE", "/nowhere"), ("SLUICE_TLS_KEY", "/nowhere")], "/nowhere"),
        (&[("SLUICE_TLS_CERTIFICATE", certificate), ("SLUICE_TLS_KEY", certificate)], "no private key"),
        (&[("SLUICE_TLS_CERTIFICATE", certificate), ("SLUICE_TLS_KEY", key)], "do not belong together"),
        (&[("SLUICE_TRUSTED_PROXIES", "10.0.0.0/33")], "SLUICE_TRUSTED_PROXIES"),
        (&[("SLUICE_TRUSTED_PROXIES", "0.0.0.0/0")], "SLUICE_TRUSTED_PROXIES"),
    ] {
        let said = Home::on_sqlite().refuses(environment);
        assert!(said.contains(told), "{environment:?}: {said}");
    }
}

#[tokio::test]
async fn a_forged_forwarded_header_is_believed_of_nobody_but_a_proxy() {
    let proxies = [("SLUICE_TRUSTED_PROXIES", "127.0.0.2,127.0.0.3/32")];
    let server = Server::start_with(Home::on_sqlite(), &proxies).await;
    let administrator = &server.without_plugins.administrator;
    let [_, _, operator] = &server.without_plugins.members;
    let rules = json!({"rules": [{"net": "192.0.2.0/24", "action": "deny", "comment": "a hotel"}]});
    administrator.put("/api/v1/security/addresses", rules).await.is(200);
    let enter = async |peer: [u8; 4], forwarded: &str, proto: Option<&str>| {
        let nobody = server.nobody.from(peer);
        let body = json!({"email": operator.email, "password": operator.password});
        let mut request = nobody.request(Method::POST, "/api/v1/sessions").json(&body);
        request = request.header("X-Forwarded-For", forwarded).header("Forwarded", "for=198.51.100.10");
        if let Some(proto) = proto {
            request = request.header("X-Forwarded-Proto", proto);
        }
        nobody.send(request).await
    };
    // Who is no proxy comes from where the connection comes from, whatever it says.
    enter([127, 0, 0, 9], "192.0.2.7", None).await.is(201);
    // Behind a proxy, the last address that is none of the proxies' counts: what a client wrote before it does not.
    enter([127, 0, 0, 2], "198.51.100.9, 192.0.2.7", Some("https")).await.problem(403, "address-refused");
    enter([127, 0, 0, 2], "198.51.100.9, 192.0.2.7, 127.0.0.3", None).await.problem(403, "address-refused");
    let answer = enter([127, 0, 0, 2], "192.0.2.7, 198.51.100.9", Some("https")).await;
    assert_eq!(answer.header("strict-transport-security"), "max-age=63072000");
    assert!(answer.header("set-cookie").starts_with("__Host-"), "behind a proxy, cookies are for HTTPS only");
    answer.is(201);
    enter([127, 0, 0, 3], "198.51.100.9", Some("http")).await.problem(403, "plain-http");
    let addresses = async |action: &str| {
        let entries = administrator.list(&format!("/api/v1/audit?action={action}")).await;
        entries.iter().map(|entry| entry["address"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(addresses("login.refused").await, ["192.0.2.7", "192.0.2.7"]);
    assert_eq!(addresses("login.accepted").await, ["198.51.100.9", "127.0.0.9"]);
}

#[tokio::test]
async fn what_a_proxy_says_of_nobody_comes_from_nowhere_and_never_from_the_proxy() {
    let proxies = [("SLUICE_TRUSTED_PROXIES", "127.0.0.2,127.0.0.3/32")];
    let server = Server::start_with(Home::on_sqlite(), &proxies).await;
    let administrator = &server.without_plugins.administrator;
    let [_, _, operator] = &server.without_plugins.members;
    // Only who is at the proxies' may come in, and the administrator.
    let allow = |net: &str| json!({"net": net, "action": "allow"});
    let rules = json!({"rules": [allow("127.0.0.0/30"), allow("127.0.0.1")]});
    administrator.put("/api/v1/security/addresses", rules).await.is(200);
    let enter = async |forwarded: &str| {
        let nobody = server.nobody.from([127, 0, 0, 2]);
        let body = json!({"email": operator.email, "password": operator.password});
        let request = nobody.request(Method::POST, "/api/v1/sessions").json(&body);
        nobody.send(request.header("X-Forwarded-For", forwarded)).await
    };
    for said in ["unknown", "", "_hidden", "192.0.2.7, , 127.0.0.3", "127.0.0.02", "127.0.0.3, x", "[::1"] {
        enter(said).await.problem(403, "client-address-unreadable");
    }
    enter("192.0.2.7").await.problem(403, "address-refused");
    enter("127.0.0.3").await.is(201);
    let refused = enter("unknown\"<b>").await;
    let detail = refused.problem(403, "client-address-unreadable")["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("`unknown\\\"<b>`") && detail.contains("x-forwarded-for"), "{detail}");
}

/// Whether only its owner may look into this folder.
pub(crate) fn is_private(folder: &Path) -> bool {
    fs::metadata(folder).unwrap().permissions().mode() & 0o077 == 0
}
