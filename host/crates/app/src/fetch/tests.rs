//! Requests to a real server with HTTPS on this machine, and to what must never be reached.

use std::{
    collections::HashMap,
    future,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use sluice_domain::time::Timestamp;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer},
    },
};

use super::*;

const LONG: Duration = Duration::from_secs(60);
/// For what is to run out of time.
const SHORT: Duration = Duration::from_millis(100);
const NAMES: [&str; 2] = ["hooks.example", "other.example"];

/// What a name is found at, look-up by look-up; the last answer stays. Without one, the look-up never ends.
pub(super) struct Table {
    answers: HashMap<&'static str, Vec<&'static [&'static str]>>,
    asked: AtomicUsize,
    last: Mutex<HashMap<String, usize>>,
}

impl Table {
    fn of(answers: &[(&'static str, &[&'static [&'static str]])]) -> Resolver {
        let answers = answers.iter().map(|(name, answers)| (*name, answers.to_vec())).collect();
        Resolver::Table(Self { answers, asked: AtomicUsize::new(0), last: Mutex::default() })
    }

    pub(super) async fn look_up(&self, name: &str) -> Result<Vec<IpAddr>, Refusal> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let answers = self.answers.get(name).ok_or(Refusal::Unreachable)?;
        let at = {
            let mut last = self.last.lock().expect("a lock");
            let at = last.entry(name.to_owned()).or_default();
            *at += 1;
            *at - 1
        };
        match answers.get(at).or(answers.last()) {
            Some(found) => Ok(found.iter().map(|address| address.parse().expect("an address")).collect()),
            None => future::pending().await,
        }
    }
}

/// A server with HTTPS on a free port of this machine. What a request gets is said by its path.
struct Server {
    port: u16,
    certificate: CertificateDer<'static>,
    /// The head of each request, as it came.
    requests: mpsc::UnboundedReceiver<String>,
}

impl Server {
    async fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(NAMES.map(str::to_owned)).expect("a certificate");
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::Pkcs8(made.key_pair.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .expect("a certificate");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (sender, requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(acceptor.clone(), stream, port, sender.clone()));
            }
        });
        Self { port, certificate, requests }
    }

    fn trusted(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).expect("a certificate");
        trusting(roots)
    }

    /// One that may reach this machine, where it finds the server's names.
    fn fetcher(&self, resolver: Resolver) -> Fetcher {
        let networks = vec!["127.0.0.1/32".parse().expect("a network")];
        Fetcher { resolver, ..Fetcher::new(FetchSettings { networks, tls: self.trusted() }) }
    }

    fn get(&self, path: &str) -> HttpRequest {
        get(&format!("https://hooks.example:{}{path}", self.port))
    }

    fn hosts(&self) -> BTreeSet<String> {
        hosts(&[&format!("hooks.example:{}", self.port), &format!("inside.example:{}", self.port)])
    }
}

fn trusting(roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

async fn answer(acceptor: TlsAcceptor, stream: TcpStream, port: u16, requests: mpsc::UnboundedSender<String>) {
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        read.push(byte);
    }
    let head = String::from_utf8(read).expect("text");
    let path = head.split(' ').nth(1).expect("a path").to_owned();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().expect("a number"));
    if stream.read_exact(&mut vec![0; length]).await.is_err() {
        return;
    }
    requests.send(head).expect("somebody listens");
    let to = |status: &str, location: &str| {
        format!("HTTP/1.1 {status} X\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")
    };
    let said = match path.split('?').next().unwrap_or_default() {
        "/slow" => future::pending().await,
        "/large" => format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", limits::HTTP_RESPONSE_BYTES + 1),
        "/endless" => "HTTP/1.1 200 OK\r\n\r\n".to_owned() + &"x".repeat(limits::HTTP_RESPONSE_BYTES + 1),
        "/broken" => "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".to_owned(),
        "/near" => to("302", "/fine?near"),
        "/kept" => to("307", &format!("https://other.example:{port}/fine")),
        "/plain" => to("302", &format!("http://hooks.example:{port}/fine")),
        "/unnamed" => to("302", &format!("https://third.example:{port}/fine")),
        "/inside" => to("302", &format!("https://inside.example:{port}/fine")),
        "/metadata" => to("302", "https://169.254.169.254/fine"),
        "/again" => to("302", "/again"),
        _ => "HTTP/1.1 503 X\r\ncontent-type: text/plain\r\nretry-after: 7\r\nset-cookie: a=b\r\ncontent-length: 4\r\n\r\nfine".to_owned(),
    };
    // Who has heard enough hangs up.
    let _ = stream.write_all(said.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn get(url: &str) -> HttpRequest {
    HttpRequest { method: HttpMethod::Get, url: url.to_owned(), headers: Vec::new(), body: Vec::new() }
}

fn hosts(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn account(number: u8) -> AccountId {
    AccountId::new(Timestamp::from_millis(i64::from(number)), [number; 10])
}

fn here() -> Resolver {
    let here: &[&[&str]] = &[&["127.0.0.1"]];
    Table::of(&[("hooks.example", here), ("other.example", here), ("inside.example", &[&["10.0.0.1"]])])
}

/// As it is without anything configured.
fn usual() -> Fetcher {
    Fetcher::new(FetchSettings { networks: Vec::new(), tls: trusting(RootCertStore::empty()) })
}

#[tokio::test]
async fn an_answer_comes_with_what_plugins_are_told_of_it() {
    let mut server = Server::start().await;
    let fetcher = server.fetcher(here());
    let mut request = server.get("/fine");
    request.method = HttpMethod::Post;
    request.body = b"{}".to_vec();
    let headers = [
        ("content-type", "application/json"),
        ("host", "evil.example"),
        ("user-agent", "x"),
        ("Proxy-Authorization", "x"),
        ("x-key", "k"),
    ];
    request.headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let response = fetcher.fetch(account(1), &server.hosts(), &request, LONG).await.expect("an answer");
    assert_eq!((response.status, &response.body[..]), (503, &b"fine"[..]));
    let told = [("content-type", "text/plain"), ("retry-after", "7")];
    assert_eq!(response.headers, told.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let head = server.requests.recv().await.expect("a request").to_lowercase();
    assert!(head.starts_with("post /fine "), "{head}");
    for (header, is_there) in [
        ("content-type: application/json", true),
        ("content-length: 2", true),
        ("x-key: k", true),
        (USER_AGENT, true),
        ("hooks.example", true),
        ("evil.example", false),
        ("proxy-authorization", false),
    ] {
        assert_eq!(head.contains(header), is_there, "{header} in {head}");
    }
}

#[tokio::test]
async fn what_is_not_named_exactly_is_not_asked() {
    let server = Server::start().await;
    let fetcher = server.fetcher(here());
    let port = server.port;
    for (url, named) in [
        (format!("http://hooks.example:{port}/"), format!("hooks.example:{port}")),
        (format!("https://hooks.example:{port}/"), "hooks.example".to_owned()),
        ("https://hooks.example/".to_owned(), format!("hooks.example:{port}")),
        (format!("https://a.hooks.example:{port}/"), format!("hooks.example:{port}")),
        (format!("https://hooks.example.:{port}/"), format!("hooks.example:{port}")),
        (format!("https://user@hooks.example:{port}/"), format!("hooks.example:{port}")),
        (format!("https://hooks.example:{port}@third.example/"), format!("hooks.example:{port}")),
        ("ftp://hooks.example/".to_owned(), "hooks.example".to_owned()),
        ("hooks.example".to_owned(), "hooks.example".to_owned()),
        ("https://127.0.0.1/".to_owned(), "hooks.example".to_owned()),
    ] {
        let refused = fetcher.fetch(account(1), &hosts(&[&named]), &get(&url), LONG).await;
        assert_eq!(refused, Err(Refusal::HostNotAllowed), "{url}");
    }
    let Resolver::Table(table) = &fetcher.resolver else { panic!("a table") };
    assert_eq!(table.asked.load(Ordering::Relaxed), 0, "names are not even looked up");
}

#[tokio::test]
async fn no_spelling_of_an_inner_address_is_reached() {
    for url in [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://１２７.0.0.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://0/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:a9fe:a9fe]/",
        "https://[64:ff9b::7f00:1]/",
        // A public one too: without a name, nothing says whose it is.
        "https://1.1.1.1/",
        "https://localhost/",
    ] {
        let named = Url::parse(url).expect("a URL");
        let named = hosts(&[named.host_str().expect("a host")]);
        assert_eq!(usual().fetch(account(1), &named, &get(url), LONG).await, Err(Refusal::AddressNotAllowed), "{url}");
    }
}

#[tokio::test]
async fn no_name_leads_to_an_inner_address() {
    let inner: [&[&[&str]]; 8] = [
        &[&["127.0.0.1"]],
        &[&["::1"]],
        &[&["10.255.255.255"]],
        &[&["169.254.169.254"]],
        &[&["::ffff:192.168.0.1"]],
        &[&["fd00::1"]],
        // One of several is enough.
        &[&["1.1.1.1", "10.0.0.1"]],
        &[&["2606:4700:4700::1111", "fe80::1"]],
    ];
    for answers in inner {
        let fetcher = Fetcher { resolver: Table::of(&[("hooks.example", answers)]), ..usual() };
        let refused = fetcher.fetch(account(1), &hosts(&["hooks.example"]), &get("https://hooks.example/"), LONG).await;
        assert_eq!(refused, Err(Refusal::AddressNotAllowed), "{answers:?}");
    }
}

#[tokio::test]
async fn a_name_that_turns_inward_is_not_followed_there() {
    let mut server = Server::start().await;
    let turning = Table::of(&[("hooks.example", &[&["127.0.0.1"], &["127.0.0.2"]])]);
    let fetcher = server.fetcher(turning);
    // The connection goes to what was looked at: there is one look-up.
    let answered = fetcher.fetch(account(1), &server.hosts(), &server.get("/fine"), LONG).await;
    assert_eq!(answered.map(|response| response.status), Ok(503));
    let Resolver::Table(table) = &fetcher.resolver else { panic!("a table") };
    assert_eq!(table.asked.load(Ordering::Relaxed), 1);
    let refused = fetcher.fetch(account(1), &server.hosts(), &server.get("/fine"), LONG).await;
    assert_eq!(refused, Err(Refusal::AddressNotAllowed));

    // A redirect is a connection of its own.
    let fetcher = server.fetcher(Table::of(&[("hooks.example", &[&["127.0.0.1"], &["127.0.0.2"]])]));
    let refused = fetcher.fetch(account(1), &server.hosts(), &server.get("/near"), LONG).await;
    assert_eq!(refused, Err(Refusal::AddressNotAllowed));
    let mut seen = Vec::new();
    while let Ok(head) = server.requests.try_recv() {
        seen.push(head.split(' ').nth(1).map(str::to_owned));
    }
    assert_eq!(seen, [Some("/fine".to_owned()), Some("/near".to_owned())]);
}

#[tokio::test]
async fn redirects_are_followed_to_named_hosts_only() {
    let mut server = Server::start().await;
    let fetcher = server.fetcher(here());
    let fetch = async |path: &str| fetcher.fetch(account(1), &server.hosts(), &server.get(path), LONG).await;
    assert_eq!(fetch("/near").await.map(|response| response.status), Ok(503));
    for (path, refusal) in [
        ("/plain", Refusal::HostNotAllowed),
        ("/unnamed", Refusal::HostNotAllowed),
        ("/metadata", Refusal::HostNotAllowed),
        ("/inside", Refusal::AddressNotAllowed),
    ] {
        assert_eq!(fetch(path).await, Err(refusal), "{path}");
    }
    let mut with_metadata = server.hosts();
    with_metadata.insert("169.254.169.254".to_owned());
    let refused = fetcher.fetch(account(1), &with_metadata, &server.get("/metadata"), LONG).await;
    assert_eq!(refused, Err(Refusal::AddressNotAllowed));
    // The fourth is the answer.
    while server.requests.try_recv().is_ok() {}
    let response = fetcher.fetch(account(1), &server.hosts(), &server.get("/again"), LONG).await;
    assert_eq!(response.map(|response| (response.status, response.headers)), Ok((302, Vec::new())));
    let mut sent = 0;
    while server.requests.try_recv().is_ok() {
        sent += 1;
    }
    assert_eq!(sent, 4);
}

#[tokio::test]
async fn what_may_be_a_secret_is_not_told_to_another_host() {
    let mut server = Server::start().await;
    let fetcher = server.fetcher(here());
    let mut request = server.get("/kept");
    request.method = HttpMethod::Post;
    request.headers =
        vec![("authorization".to_owned(), "Bearer x".to_owned()), ("accept".to_owned(), "text/plain".to_owned())];
    let both = hosts(&NAMES.map(|name| format!("{name}:{}", server.port)).each_ref().map(String::as_str));
    assert_eq!(fetcher.fetch(account(1), &both, &request, LONG).await.map(|response| response.status), Ok(503));
    let heads = [server.requests.recv().await, server.requests.recv().await]
        .map(|head| head.expect("a request").to_lowercase());
    assert!(heads[0].contains("bearer x") && heads[0].contains("text/plain"), "{heads:?}");
    assert!(
        heads[1].starts_with("post ") && !heads[1].contains("bearer x") && heads[1].contains("text/plain"),
        "{heads:?}"
    );
    assert!(!heads[1].contains("referer"), "{heads:?}");
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let server = Server::start().await;
    let fetcher = server.fetcher(here());
    let fetch = async |request: HttpRequest| fetcher.fetch(account(1), &server.hosts(), &request, LONG).await;
    assert_eq!(fetch(server.get("/large")).await, Err(Refusal::TooLarge));
    assert_eq!(fetch(server.get("/endless")).await, Err(Refusal::TooLarge));
    assert_eq!(fetch(server.get("/broken")).await, Err(Refusal::Unreachable));
    let header = |value: &str| ("x".to_owned(), value.to_owned());
    let fine = server.get("/fine");
    for request in [
        server.get(&format!("/{}", "x".repeat(limits::HTTP_URL_BYTES))),
        HttpRequest { headers: vec![header("y"); limits::HTTP_HEADERS + 1], ..fine.clone() },
        HttpRequest { headers: vec![header(&"y".repeat(limits::HTTP_HEADER_BYTES))], ..fine.clone() },
        HttpRequest { headers: vec![header("a\r\nhost: evil.example")], ..fine.clone() },
        HttpRequest { body: vec![0; limits::HTTP_REQUEST_BYTES + 1], ..fine.clone() },
    ] {
        assert_eq!(fetch(request).await, Err(Refusal::TooLarge));
    }
}

#[tokio::test]
async fn what_takes_too_long_runs_out_of_time() {
    let server = Server::start().await;
    let fetcher = server.fetcher(Table::of(&[("hooks.example", &[&["127.0.0.1"]]), ("lost.example", &[])]));
    let refused = fetcher.fetch(account(1), &server.hosts(), &server.get("/slow"), SHORT).await;
    assert_eq!(refused, Err(Refusal::TimedOut));
    // Looking up the name counts.
    let refused = fetcher.fetch(account(1), &hosts(&["lost.example"]), &get("https://lost.example/"), SHORT).await;
    assert_eq!(refused, Err(Refusal::TimedOut));
}

#[tokio::test]
async fn a_certificate_of_somebody_else_is_refused() {
    let server = Server::start().await;
    let elsewhere = Server::start().await;
    // Trusts another server's certificate.
    let fetcher = elsewhere.fetcher(here());
    let refused = fetcher.fetch(account(1), &server.hosts(), &server.get("/fine"), LONG).await;
    assert_eq!(refused, Err(Refusal::Unreachable));
    // The right server, which is not of this name.
    let fetcher = server.fetcher(Table::of(&[("third.example", &[&["127.0.0.1"]])]));
    let third = format!("third.example:{}", server.port);
    let refused = fetcher.fetch(account(1), &hosts(&[&third]), &get(&format!("https://{third}/")), LONG).await;
    assert_eq!(refused, Err(Refusal::Unreachable));
}

#[tokio::test]
async fn an_account_has_eight_requests_at_once_and_leaves_places_to_others() {
    let mut server = Server::start().await;
    let fetcher = Arc::new(server.fetcher(here()));
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (fetcher, hosts, request) = (fetcher.clone(), server.hosts(), server.get("/slow"));
        running.spawn(async move { fetcher.fetch(account(1), &hosts, &request, LONG).await });
        server.requests.recv().await.expect("a request");
    }
    let fine = server.get("/fine");
    assert_eq!(fetcher.fetch(account(1), &server.hosts(), &fine, LONG).await, Err(Refusal::Busy));
    assert!(fetcher.fetch(account(2), &server.hosts(), &fine, LONG).await.is_ok());
    running.shutdown().await;
    assert!(fetcher.fetch(account(1), &server.hosts(), &fine, LONG).await.is_ok());
}
