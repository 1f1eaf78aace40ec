//! What is believed of forwarded headers, by example and for any bytes.

use proptest::prelude::*;

use super::*;

fn proxies(header: ForwardedHeader) -> Proxies {
    Proxies::new(["10.0.0.0/8", "2001:db8:f::/48"].map(|net| net.parse().expect("a network")), header)
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn x_forwarded(peer: &str, lines: &[&str], protos: &[&str]) -> Result<Source, UnreadableClient> {
    let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
    let protos: Vec<_> = protos.iter().map(|line| line.as_bytes()).collect();
    let said = Said { x_forwarded_for: &lines, x_forwarded_proto: &protos, forwarded: &[b"for=6.6.6.6;proto=http"] };
    proxies(ForwardedHeader::XForwardedFor).source(ip(peer), said)
}

fn forwarded(peer: &str, lines: &[&str]) -> Result<Source, UnreadableClient> {
    let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
    let said = Said { forwarded: &lines, x_forwarded_for: &[b"6.6.6.6"], x_forwarded_proto: &[b"http"] };
    proxies(ForwardedHeader::Forwarded).source(ip(peer), said)
}

#[test]
fn the_first_address_from_the_right_that_is_no_proxys_is_the_clients() {
    for (lines, client) in [
        (&["192.0.2.7"][..], "192.0.2.7"),
        (&["192.0.2.7:4711"], "192.0.2.7"),
        (&["::ffff:192.0.2.7"], "192.0.2.7"),
        (&["[2001:db8::7]:4711"], "2001:db8::7"),
        (&["[2001:db8::7]"], "2001:db8::7"),
        (&["2001:db8::7"], "2001:db8::7"),
        (&["6.6.6.6, 192.0.2.7"], "192.0.2.7"),
        (&["6.6.6.6, 192.0.2.7 , 10.0.0.2"], "192.0.2.7"),
        (&["6.6.6.6", "192.0.2.7, ::ffff:10.0.0.2", "2001:db8:f::1"], "192.0.2.7"),
        // All are proxies: the first of them began it.
        (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
    ] {
        assert_eq!(x_forwarded("10.0.0.1", lines, &[]).expect("a client").client, ip(client), "{lines:?}");
    }
}

#[test]
fn what_is_no_address_is_nobodys_request() {
    for (line, said) in [
        ("", ""),
        ("unknown", "unknown"),
        ("6.6.6.6, unknown", "unknown"),
        ("6.6.6.6, , 10.0.0.2", ""),
        ("6.6.6.6,10.0.0.2.3,10.0.0.2", "10.0.0.2.3"),
        ("_hidden, 10.0.0.2", "_hidden"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("192.0.2.07", "192.0.2.07"),
        ("010.0.0.9", "010.0.0.9"),
        ("0x0a000001", "0x0a000001"),
    ] {
        let unreadable = UnreadableClient { header: "x-forwarded-for", said: said.to_owned() };
        assert_eq!(x_forwarded("10.0.0.1", &[line], &[]), Err(unreadable.clone()), "{line}");
        assert_eq!(x_forwarded("10.0.0.1", &["192.0.2.7", line], &["https"]), Err(unreadable), "{line}");
    }
}

#[test]
fn what_was_passed_on_for_somebody_says_for_whom() {
    let unreadable = UnreadableClient { header: "x-forwarded-for", said: String::new() };
    assert_eq!(x_forwarded("10.0.0.1", &[], &["https"]), Err(unreadable));
}

#[test]
fn what_a_proxy_sent_is_told_in_few_letters_that_do_nothing() {
    let long = format!("\u{1b}[2J\u{202e}{}", "x".repeat(5_000));
    for refused in [x_forwarded("10.0.0.1", &[&long], &[]), forwarded("10.0.0.1", &[&long])] {
        let told = refused.expect_err("no address").to_string();
        assert!(told.len() < 600 && told.contains("\\x1b[2J") && !told.contains(char::is_control), "{told}");
    }
}

#[test]
fn only_proxies_are_listened_to_and_only_to_their_own_header() {
    let direct = Source { client: ip("192.0.2.1"), scheme: None };
    assert_eq!(x_forwarded("192.0.2.1", &["192.0.2.7"], &["https"]), Ok(direct));
    assert_eq!(forwarded("::ffff:192.0.2.1", &["for=192.0.2.7;proto=https"]), Ok(direct));
    let silent = Source { client: ip("10.0.0.1"), scheme: None };
    assert_eq!(x_forwarded("10.0.0.1", &[], &[]), Ok(silent));
    assert_eq!(forwarded("10.0.0.1", &[]), Ok(silent));
}

#[test]
fn the_scheme_is_the_one_that_the_client_used() {
    let scheme = |lines: &[&str], protos: &[&str]| x_forwarded("10.0.0.1", lines, protos).expect("a client").scheme;
    assert_eq!(scheme(&["192.0.2.7"], &["https"]), Some(Scheme::Https));
    assert_eq!(scheme(&["192.0.2.7"], &["HTTP"]), Some(Scheme::Http));
    assert_eq!(scheme(&["192.0.2.7"], &["gopher"]), Some(Scheme::Http));
    assert_eq!(scheme(&["192.0.2.7, 10.0.0.2"], &["https"]), Some(Scheme::Https));
    // Encrypted to the outer proxy, plain between the two.
    assert_eq!(scheme(&["192.0.2.7, 10.0.0.2"], &["https, http"]), Some(Scheme::Https));
    // What the client claims stands left of what the proxy saw.
    assert_eq!(scheme(&["192.0.2.7"], &["https, http"]), Some(Scheme::Http));
    assert_eq!(
        forwarded("10.0.0.1", &["for=192.0.2.7;proto=https, for=10.0.0.2;proto=http"]).expect("a client").scheme,
        Some(Scheme::Https)
    );
}

#[test]
fn elements_are_read_as_the_standard_writes_them() {
    for (lines, client) in [
        (&["for=192.0.2.7"][..], "192.0.2.7"),
        (&["For=\"[2001:db8::7]:4711\""], "2001:db8::7"),
        (&["for=[2001:db8::7]:4711"], "2001:db8::7"),
        (&["by=203.0.113.43; For=192.0.2.7;proto=http;host=\"a,b\\\"c\""], "192.0.2.7"),
        (&["for=6.6.6.6, for=192.0.2.7;host=\"a, for=6.6.6.6\", for=10.0.0.2"], "192.0.2.7"),
        (&["for=6.6.6.6", "for=192.0.2.7", "for=\"10.0.0.2:80\""], "192.0.2.7"),
    ] {
        assert_eq!(forwarded("10.0.0.1", lines).expect("a client").client, ip(client), "{lines:?}");
    }
    for (line, said) in [
        // Obfuscated on purpose: nobody knows.
        ("for=_hidden, for=10.0.0.2", "_hidden"),
        ("for=6.6.6.6, for=unknown", "unknown"),
        ("for=6.6.6.6, proto=https", ""),
        ("for=6.6.6.6, nonsense", "for=6.6.6.6, nonsense"),
        ("for=010.0.0.9", "010.0.0.9"),
        ("", ""),
    ] {
        let unreadable = UnreadableClient { header: "forwarded", said: said.to_owned() };
        assert_eq!(forwarded("10.0.0.1", &[line]), Err(unreadable), "{line}");
    }
}

#[test]
fn a_quotation_mark_of_the_clients_swallows_nothing() {
    for forged in ["for=\"6.6.6.6", "\"", "for=\"x\\", "for=6.6.6.6;host=\"", &"\"".repeat(5_000), &",".repeat(5_000)] {
        let line = format!("{forged}, for=192.0.2.7");
        assert_eq!(forwarded("10.0.0.1", &[&line]).expect("a client").client, ip("192.0.2.7"), "{forged:.20}");
    }
}

#[test]
fn an_element_without_an_end_is_given_up() {
    let line = "for=192.0.2.7, ".to_owned() + &"x".repeat(2_000);
    assert!(forwarded("10.0.0.1", &[&line]).is_err());
}

/// Bytes of which headers are made, and any others.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let parts = ["for=", "10.0.0.2", "6.6.6.6", "\"", ", ", ";", "proto=http", "[2001:db8:f::2]", "\\", "unknown", "x"];
    let part = prop_oneof![
        4 => prop::sample::select(parts.to_vec()).prop_map(|part| part.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(line(), 0..4)
}

fn source(header: ForwardedHeader, peer: IpAddr, lines: &[Vec<u8>]) -> Result<Source, UnreadableClient> {
    let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
    let said = Said { forwarded: &lines, x_forwarded_for: &lines, x_forwarded_proto: &lines };
    proxies(header).source(peer, said)
}

/// An address with or without a port, as it stands between separators.
fn element_address(word: &str) -> Option<IpAddr> {
    address(word.as_bytes()).or_else(|| word.rsplit_once(':').and_then(|(host, _)| address(host.as_bytes())))
}

fn header() -> impl Strategy<Value = ForwardedHeader> {
    prop::sample::select(vec![ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded])
}

proptest! {
    #[test]
    fn a_peer_that_is_no_proxy_is_the_client_whatever_it_sends(header in header(), lines in lines(), peer: [u8; 16]) {
        let peer = IpAddr::from(peer);
        prop_assume!(!proxies(header).contains(peer));
        let direct = Source { client: peer.to_canonical(), scheme: None };
        prop_assert_eq!(source(header, peer, &lines), Ok(direct));
    }

    #[test]
    fn nothing_that_a_client_sends_changes_what_the_proxy_added(
        header in header(), sent in lines(), client: [u8; 16], on_a_line_of_its_own: bool,
    ) {
        let client = IpAddr::from(client).to_canonical();
        prop_assume!(!proxies(header).contains(client));
        let added = match header {
            ForwardedHeader::XForwardedFor => client.to_string(),
            ForwardedHeader::Forwarded => format!("for=\"{}\"", std::net::SocketAddr::new(client, 1)),
        };
        let mut lines = sent;
        match lines.last_mut() {
            Some(last) if !on_a_line_of_its_own => last.extend(format!(", {added}").bytes()),
            _ => lines.push(added.into_bytes()),
        }
        prop_assert_eq!(source(header, ip("10.0.0.1"), &lines).expect("a client").client, client);
    }

    #[test]
    fn the_client_is_never_written_as_a_mapped_address(header in header(), lines in lines(), peer: [u8; 4]) {
        let peer = std::net::Ipv4Addr::from(peer).to_ipv6_mapped();
        if let Ok(Source { client, .. }) = source(header, peer.into(), &lines) {
            prop_assert_eq!(client, client.to_canonical());
        }
    }

    #[test]
    fn who_is_let_in_is_the_peer_without_a_header_or_an_address_that_a_proxy_wrote(lines in lines(), x_for: bool) {
        let header = if x_for { ForwardedHeader::XForwardedFor } else { ForwardedHeader::Forwarded };
        let peer = ip("10.0.0.1");
        let Ok(Source { client, .. }) = source(header, peer, &lines) else { return Ok(()) };
        let written = |line: &[u8]| {
            let words = line.split(|byte| b",;=\" \t[]".contains(byte)).filter_map(|word| std::str::from_utf8(word).ok());
            words.filter_map(element_address).any(|address| address == client)
        };
        let vouched = if lines.is_empty() { client == peer } else { lines.iter().any(|line| written(line)) };
        prop_assert!(vouched, "{}", client);
    }

    #[test]
    fn what_stands_where_the_last_client_belongs_is_an_address_or_refused(
        sent in lines(), garbage in "[ -+\\--~]{0,40}", trusted in 0..3_usize,
    ) {
        prop_assume!(address(garbage.trim().as_bytes()).is_none());
        let behind = ", 10.0.0.2".repeat(trusted);
        let mut lines = sent;
        lines.push(format!("{garbage}{behind}").into_bytes());
        prop_assert!(source(ForwardedHeader::XForwardedFor, ip("10.0.0.1"), &lines).is_err());
        let last = lines.len() - 1;
        lines[last] = format!("for={garbage}{}", behind.replace("10.", "for=10.")).into_bytes();
        prop_assert!(source(ForwardedHeader::Forwarded, ip("10.0.0.1"), &lines).is_err());
    }
}
