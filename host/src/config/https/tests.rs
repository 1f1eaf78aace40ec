//! What of HTTPS goes together, and what is said of the rest.

use super::*;

fn https(set: impl FnOnce(&mut HttpsArgs)) -> anyhow::Result<Https> {
    let mut args = HttpsArgs::default();
    set(&mut args);
    Https::new(args, Path::new("data"))
}

#[track_caller]
fn refused(set: impl FnOnce(&mut HttpsArgs), saying: &str) {
    let error = format!("{:#}", https(set).expect_err("refused"));
    assert!(error.contains(saying), "{error}");
}

fn texts(text: &str) -> Option<Vec<String>> {
    Some(text.split(',').map(str::to_owned).collect())
}

#[test]
fn what_does_not_go_together_is_refused_with_what_to_do() {
    refused(|args| args.tls_key = Some("key.pem".into()), "SLUICE_TLS_CERTIFICATE is not: set both");
    refused(|args| args.tls_certificate = Some("c.pem".into()), "SLUICE_TLS_KEY is not: set both");
    refused(|args| args.acme_contact = texts("ops@example.com"), "without SLUICE_ACME_DOMAINS");
    refused(|args| args.forwarded_header = Some("forwarded".into()), "without SLUICE_TRUSTED_PROXIES");
    let both = |args: &mut HttpsArgs| {
        args.tls_certificate = Some("c.pem".into());
        args.tls_key = Some("key.pem".into());
        args.acme_domains = texts("chat.example.com");
    };
    refused(both, "leave out SLUICE_ACME_DOMAINS");
}

#[test]
fn an_authority_is_asked_for_names_only() {
    for name in
        ["", "localhost", "192.0.2.1", "*.example.com", "a.example/chat", "a.example:8443", "[::1]", "me@a.example"]
    {
        refused(|args| args.acme_domains = texts(name), "no domain that an authority can check");
    }
    let acme = https(|args| {
        args.acme_domains = texts("Chat.Example.com, chat.example.org");
        args.acme_contact = texts("ops@example.com");
    });
    let expected = Acme {
        domains: vec!["chat.example.com".to_owned(), "chat.example.org".to_owned()],
        contact: vec!["mailto:ops@example.com".to_owned()],
        cache: PathBuf::from("data/acme"),
        directory: LETS_ENCRYPT_PRODUCTION_DIRECTORY.to_owned(),
    };
    assert_eq!(acme.expect("taken").certificates, Certificates::Acme(expected));
}

#[test]
fn proxies_are_networks_and_never_everybody() {
    for network in ["0.0.0.0/0", "::/0"] {
        refused(|args| args.trusted_proxies = texts(network), "every address");
    }
    refused(|args| args.trusted_proxies = texts("proxy.example"), "is no network");
    let taken = https(|args| args.trusted_proxies = texts("10.0.0.0/8, ::1")).expect("taken");
    for address in ["10.1.2.3", "::1"] {
        assert!(taken.proxies.contains(address.parse().expect("an address")), "{address}");
    }
}

#[test]
fn plain_http_is_for_this_machine_and_for_proxies() {
    let everywhere = SocketAddr::from(([0, 0, 0, 0], 8080));
    let here = SocketAddr::from(([127, 0, 0, 1], 8080));
    let (secure, plain) = ("https://a.example".parse().expect("a URL"), "http://a.example".parse().expect("a URL"));
    let alone = Https::default();
    let error = alone.check(everywhere, None).expect_err("refused").to_string();
    for way_out in ["SLUICE_TLS_CERTIFICATE", "SLUICE_ACME_DOMAINS", "SLUICE_TRUSTED_PROXIES", "127.0.0.1:8080"] {
        assert!(error.contains(way_out), "{error}");
    }
    assert!(alone.check(here, None).is_ok() && alone.check(here, Some(&plain)).is_ok());
    assert!(alone.check(here, Some(&secure)).is_err());
    let proxied = https(|args| args.trusted_proxies = texts("10.0.0.1")).expect("taken");
    assert!(proxied.check(everywhere, Some(&secure)).is_ok());
    assert!(proxied.check(here, Some(&plain)).is_err());
}

#[test]
fn the_public_url_is_made_of_the_address_unless_a_name_is_known() {
    let here = SocketAddr::from(([127, 0, 0, 1], 443));
    let url = |set: fn(&mut HttpsArgs)| https(set).expect("taken").url_at(here).expect("a URL").as_str().to_owned();
    assert_eq!(url(|_| {}), "http://127.0.0.1:443");
    assert_eq!(url(|args| args.trusted_proxies = texts("10.0.0.1")), "https://127.0.0.1");
    assert_eq!(url(|args| args.acme_domains = texts("chat.example.com")), "https://chat.example.com");
}
