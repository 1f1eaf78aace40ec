//! What one address, one account or strangers together cannot take from everybody else: connections, memory, the log.

use std::{collections::VecDeque, net::Ipv4Addr};

use futures::future::{join_all, select_all};
use reqwest::Method;
use serde_json::json;
use sluice_tests::{Home, Server, until};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

/// Types of frames (RFC 9113, section 6).
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;

async fn start(limits: &str) -> Server {
    Server::start_with(Home::on_sqlite(), &[("SLUICE_LIMITS", limits)]).await
}

/// A connection that comes from an address of this machine.
async fn connect(server: &Server, from: [u8; 4]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::from(from), 0).into()).unwrap();
    let address = server.url().trim_start_matches("http://").parse().unwrap();
    socket.connect(address).await.unwrap()
}

/// What comes up to `end`, or up to the end of the connection.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(end) {
        match stream.read_u8().await {
            Ok(byte) => read.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(read).unwrap()
}

async fn ask(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    read_until(stream, "\r\n\r\n").await
}

/// A connection on which something was asked and answered.
async fn used(server: &Server, from: [u8; 4]) -> TcpStream {
    let mut stream = connect(server, from).await;
    let head = ask(&mut stream, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!([stream.read_u8().await.unwrap(), stream.read_u8().await.unwrap()], *b"ok");
    stream
}

/// A live stream of events.
async fn listening(server: &Server, from: [u8; 4], token: &str) -> TcpStream {
    let mut stream = connect(server, from).await;
    let request = format!("GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    let head = ask(&mut stream, &request).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    stream
}

/// An HTTP/2 connection that takes heads of answers, and nothing of their bodies.
struct Unreading(TcpStream);

impl Unreading {
    async fn connect(server: &Server, from: [u8; 4]) -> Self {
        let mut stream = connect(server, from).await;
        // SETTINGS_INITIAL_WINDOW_SIZE is 0.
        let settings = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0";
        stream.write_all(settings).await.unwrap();
        Self(stream)
    }

    async fn get(&mut self, stream: u8, path: &str, token: Option<&str>) {
        // Of HPACK's static table (RFC 7541, appendix A): GET, http; path and authorization by their names, without Huffman's code.
        let mut block = vec![0x82, 0x86, 0x04, u8::try_from(path.len()).unwrap()];
        block.extend_from_slice(path.as_bytes());
        block.extend_from_slice(b"\x01\x01x");
        if let Some(token) = token {
            let value = format!("Bearer {token}");
            block.extend_from_slice(&[0x0f, 23 - 15, u8::try_from(value.len()).unwrap()]);
            block.extend_from_slice(value.as_bytes());
        }
        let mut frame = vec![0, 0, u8::try_from(block.len()).unwrap(), HEADERS, 0x05, 0, 0, 0, stream];
        frame.extend_from_slice(&block);
        self.0.write_all(&frame).await.unwrap();
    }

    /// The next frame of this type; its stream.
    async fn next(&mut self, wanted: u8) -> u32 {
        loop {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).await.unwrap();
            let [a, b, c, kind, _, stream @ ..] = head;
            let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
            self.0.read_exact(&mut payload).await.unwrap();
            if kind == wanted {
                return u32::from_be_bytes(stream);
            }
        }
    }
}

#[tokio::test]
async fn connections_that_nobody_uses_make_room_for_the_next_of_the_same_address() {
    let server = start("connections_per_address=8").await;
    let mut elsewhere = used(&server, [127, 0, 0, 3]).await;
    let mut own = VecDeque::new();
    for _ in 0..8 {
        own.push_back(used(&server, [127, 0, 0, 2]).await);
    }
    let _next = used(&server, [127, 0, 0, 2]).await;
    let mut oldest = own.pop_front().unwrap();
    assert_eq!(read_until(&mut oldest, "anything").await, "", "the oldest is closed");
    for stream in own.iter_mut().chain([&mut elsewhere]) {
        let head = ask(stream, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    }
}

#[tokio::test]
async fn an_address_that_uses_all_its_connections_hears_so_and_others_are_served() {
    let server = start("connections_per_address=8").await;
    let token = &server.without_plugins.members[2].api_token;
    let streams = join_all((0..8).map(|_| listening(&server, [127, 0, 0, 2], token))).await;
    let mut ninth = connect(&server, [127, 0, 0, 2]).await;
    let answer = read_until(&mut ninth, "}").await;
    assert!(answer.starts_with("HTTP/1.1 429") && answer.contains("retry-after: 5\r\n"), "{answer}");
    assert!(answer.contains("\"code\":\"share-used-up\""), "{answer}");
    used(&server, [127, 0, 0, 3]).await;
    drop(streams);
    until(async || {
        let mut again = connect(&server, [127, 0, 0, 2]).await;
        // One that is refused may be closed before it has said anything.
        let _ = again.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
        read_until(&mut again, "\r\n").await.starts_with("HTTP/1.1 200")
    })
    .await;
}

#[tokio::test]
async fn a_server_whose_connections_are_all_taken_serves_the_next_all_the_same() {
    let server = start("connections=64").await;
    let mut taken = Vec::new();
    for number in 0..64 {
        taken.push(used(&server, [127, 0, 0, 10 + number / 8]).await);
    }
    for _ in 0..8 {
        taken.push(used(&server, [127, 0, 0, 2]).await);
    }
    server.without_plugins.operator.get("/api/v1/me").await.is(200);
}

#[tokio::test]
async fn a_connection_without_requests_is_closed() {
    let server = start("idle_seconds=1").await;
    let mut silent = connect(&server, [127, 0, 0, 2]).await;
    let mut served = used(&server, [127, 0, 0, 2]).await;
    let mut multiplexed = Unreading::connect(&server, [127, 0, 0, 2]).await;
    multiplexed.get(1, "/api/v1/nothing", None).await;
    multiplexed.next(HEADERS).await;
    // Its answer's body waits; taken back, nothing is under way.
    multiplexed.0.write_all(b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x08").await.unwrap();
    for stream in [&mut silent, &mut served, &mut multiplexed.0] {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_that_nobody_reads_ends_alone() {
    let server = start("stall_seconds=1").await;
    let mut client = Unreading::connect(&server, [127, 0, 0, 2]).await;
    client.get(1, "/api/openapi.json", None).await;
    assert_eq!(client.next(RST_STREAM).await, 1);
    client.get(3, "/healthz", None).await;
    assert_eq!(client.next(HEADERS).await, 3, "the connection goes on");
}

#[tokio::test]
async fn a_connection_that_reads_nothing_is_closed() {
    let server = start("stall_seconds=1").await;
    let mut client = connect(&server, [127, 0, 0, 2]).await;
    // Answers fill what the system keeps of them; then requests fill what it keeps of those.
    while client.write_all(b"GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n").await.is_ok() {}
    used(&server, [127, 0, 0, 2]).await;
}

#[tokio::test]
async fn the_document_is_not_sent_to_who_has_it() {
    let server = Server::start().await;
    let answer = server.nobody.get("/api/openapi.json").await;
    let request =
        server.nobody.request(Method::GET, "/api/openapi.json").header("If-None-Match", answer.header("etag"));
    assert_eq!(server.nobody.send(request).await.status, 304);
    assert!(answer.is(200)["paths"].is_object());
}

#[tokio::test]
async fn what_strangers_send_is_short_and_they_have_a_share_of_memory() {
    let server = start("stranger_bytes_per_address=16384").await;
    let begun = "POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ";
    let mut long = connect(&server, [127, 0, 0, 2]).await;
    let answer = ask(&mut long, &format!("{begun}1100000\r\n\r\n{{")).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    drop(long);

    // Each lacks its last byte. There is room for two.
    let mut unfinished = Vec::new();
    for _ in 0..3 {
        let mut stream = connect(&server, [127, 0, 0, 2]).await;
        stream.write_all(format!("{begun}8192\r\n\r\n{}", "x".repeat(8191)).as_bytes()).await.unwrap();
        unfinished.push(stream);
    }
    let answers = unfinished.iter_mut().map(|stream| Box::pin(read_until(stream, "}")));
    let (first, _, _) = select_all(answers).await;
    assert!(first.starts_with("HTTP/1.1 429") && first.contains("\"code\":\"share-used-up\""), "{first}");
    assert!(first.contains("retry-after: 1\r\n"), "{first}");

    let [_, _, operator] = &server.without_plugins.members;
    server.nobody.from([127, 0, 0, 3]).log_in(&operator.email, &operator.password).await.is(201);
    server.without_plugins.operator.from([127, 0, 0, 2]).get("/api/v1/me").await.is(200);
}

#[tokio::test]
async fn an_account_has_so_many_requests_under_way_and_is_told_of_it_once() {
    let server = start("requests_per_account=8").await;
    let token = &server.without_plugins.members[2].api_token;
    let mut streams = join_all((0..8).map(|_| listening(&server, [127, 0, 0, 2], token))).await;
    for _ in 0..20 {
        let refused = server.without_plugins.administrator.get("/api/v1/me").await;
        assert_eq!(refused.header("retry-after"), "1");
        refused.problem(429, "share-used-up");
    }
    server.with_plugins.administrator.get("/api/v1/me").await.is(200);
    let told = server.home.log().matches("a request was refused: a limit is reached").count();
    assert_eq!(told, 1, "the log does not grow with refusals");
    assert_eq!(server.home.log().matches("ERROR").count(), 0);
    streams.clear();
    until(async || server.without_plugins.administrator.get("/api/v1/me").await.status == 200).await;
}

#[tokio::test]
async fn long_answers_that_nobody_reads_are_an_accounts_own_trouble() {
    let server = start("request_bytes_per_account=1048576").await;
    let api = &server.without_plugins.administrator;
    let conversation = api.conversation().await;
    for _ in 0..10 {
        api.incoming(&conversation, &"x".repeat(65_000)).await.is(201);
    }
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let mut client = Unreading::connect(&server, [127, 0, 0, 2]).await;
    client.get(1, &path, Some(&server.without_plugins.members[0].api_token)).await;
    client.next(HEADERS).await;
    api.get(&path).await.problem(429, "share-used-up");
    api.post(&path, json!({"text": "short ones go on"})).await.is(201);
    drop(client);
    until(async || api.get(&path).await.status == 200).await;
}
