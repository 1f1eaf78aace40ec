//! Files: up and down in any size, for whoever may see them, named for what they are.

use std::io::{Read as _, Write as _};

use futures::{StreamExt as _, stream};
use reqwest::{Body, Method, header};
use serde_json::{Value, json};
use sluice_tests::{Api, Home, Server, until};

const MIB: usize = 1 << 20;
/// A picture of one pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xff\xff?\0\x05\xfe\x02\xfe\xdc\xccY\xe7\0\0\0\0IEND\xaeB`\x82";
/// The beginning of a film.
const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41\0\0\0\x08free\0\0\x10\0mdat";

/// What the `n`th piece is full of; the first ones are nothing that any kind of text has.
fn byte_of(n: usize) -> u8 {
    u8::try_from(n % 251).unwrap_or(0)
}

/// The beginning of a program for Windows.
fn program() -> Vec<u8> {
    let mut program = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8\0\0\0\0\0\0\0\x40\0\0\0".to_vec();
    program.resize(60, 0);
    program.extend([0x80, 0, 0, 0]);
    program.resize(0x80, 0);
    program.extend(b"PE\0\0\x64\x86\x06\0");
    program.resize(2_000, 0);
    program
}

fn pieces(count: usize) -> Body {
    // Every piece is another one.
    Body::wrap_stream(stream::iter((0..count).map(|n| Ok::<_, std::io::Error>(vec![byte_of(n); MIB]))))
}

#[tokio::test]
async fn a_gibibyte_goes_up_and_comes_down_without_taking_the_memory() {
    let server = Server::start().await;
    let api = &server.without_plugins.operator;
    let conversation = api.conversation().await;
    // What the first request of a kind takes for good.
    api.file("small", vec![7; 1_000]).await;
    let before = server.peak_memory();
    let kept = api.send_file("large", pieces(1_024), "").await.is(201);
    assert_eq!((&kept["size"], &kept["category"]), (&json!(1_u64 << 30), &json!("other")), "{kept:#}");
    let id = kept["id"].as_str().unwrap();
    api.post_with(&conversation, "outgoing", "", &[id]).await.is(201);
    let (mut got, mut place) = (0_usize, 0_usize);
    let mut content = api.download(id).await.bytes_stream();
    while let Some(piece) = content.next().await {
        let piece = piece.unwrap();
        for (n, byte) in piece.iter().enumerate().step_by(4_096) {
            assert_eq!(*byte, byte_of((place + n) / MIB));
        }
        place += piece.len();
        got += piece.len();
    }
    assert_eq!(got, 1 << 30);
    // The kernel counts memory to some pages only: the later figure may be a little smaller.
    let grown = server.peak_memory().saturating_sub(before);
    assert!(grown < 64 * MIB, "{} MiB", grown / MIB);
}

/// Sends the beginning of an upload and nothing more; the head of what the server answers to that.
fn answer_to_beginning(server: &Server, token: &str, query: &str, beginning: &[u8]) -> String {
    let address = server.url().strip_prefix("http://").unwrap();
    let mut connection = std::net::TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /api/v1/attachments?{query} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n",
        1_u64 << 30
    );
    connection.write_all(head.as_bytes()).unwrap();
    connection.write_all(beginning).unwrap();
    connection.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
    let mut answer = [0; 4_096];
    let length = connection.read(&mut answer).unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[tokio::test]
async fn a_forbidden_kind_is_refused_within_the_first_megabyte() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    account.administrator.filter(json!({"what": ["video"], "action": "block"})).await.is(201);
    let mut film = MP4.to_vec();
    film.resize(MIB, 0x55);
    let token = account.members[2].api_token.clone();
    let answer = tokio::task::spawn_blocking(move || {
        let answer = answer_to_beginning(&server, &token, "name=film.mp4", &film);
        (answer, server)
    });
    let (answer, server) = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 422") && answer.contains("attachment-refused"), "{answer}");
    assert!(answer.contains("filter.video"), "{answer}");
    // Nothing of it is left, and who sends on gets to read the answer all the same.
    let api = &server.without_plugins.operator;
    let mut whole = MP4.to_vec();
    whole.resize(40 * MIB, 0x55);
    api.send_file("film.mp4", whole, "").await.problem(422, "attachment-refused");
    assert_eq!(server.rows("attachments"), 0);
    until(async || unfinished(&server) == 0).await;
    // Another kind passes, and another direction of a rule for one.
    api.file("picture.png", PNG).await;
}

/// How many uploads the server has begun and not kept.
fn unfinished(server: &Server) -> usize {
    let entries = std::fs::read_dir(server.home.data().join("blobs")).unwrap();
    entries.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "new")).count()
}

#[tokio::test]
async fn what_a_file_is_is_decided_by_its_content() {
    let server = Server::start().await;
    let api = &server.without_plugins.operator;
    for (name, content, category, detected, suspicious) in [
        ("a.png", PNG.to_vec(), "image", "image/png", json!(null)),
        ("a.pdf", PNG.to_vec(), "image", "image/png", json!(["name-mismatch"])),
        ("a.txt", b"plain words\n".to_vec(), "document", "text/plain", json!(null)),
        ("invoice.pdf.exe", program(), "executable", "", json!("double-extension")),
        (
            "a.svg",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>".to_vec(),
            "image",
            "image/svg+xml",
            json!(["active-content"]),
        ),
    ] {
        let kept = api.send_file(name, content, "").await.is(201);
        assert_eq!(kept["category"], category, "{kept:#}");
        assert!(detected.is_empty() || kept["detected_type"] == detected, "{kept:#}");
        match suspicious.as_str() {
            Some(one) => assert!(kept["traits"].as_array().unwrap().contains(&json!(one)), "{kept:#}"),
            None => assert_eq!(kept["traits"], suspicious, "{kept:#}"),
        }
    }
    let voice =
        b"OggS\0\x02\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0"
            .to_vec();
    assert_eq!(api.send_file("a.ogg", voice, "").await.is(201)["category"], "voice");
}

#[tokio::test]
async fn a_file_is_given_out_so_that_a_browser_runs_nothing_of_it() {
    let server = Server::start().await;
    let api = &server.without_plugins.operator;
    let picture = api.file("día\u{202e}gnp.png", PNG).await;
    let page = api.file("page.html", "<script>alert(1)</script>").await;
    let answer = api.download(&picture).await;
    let header = |name: &str| answer.headers().get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "image/png");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("content-security-policy"), "sandbox; default-src 'none'; frame-ancestors 'none'");
    assert_eq!(header("content-disposition"), "attachment; filename=\"d_agnp.png\"; filename*=UTF-8''d%C3%ADagnp.png");
    assert_eq!(answer.bytes().await.unwrap(), PNG);
    let answer = api.download(&page).await;
    assert_eq!(answer.headers()["content-type"], "application/octet-stream");
}

#[tokio::test]
async fn a_file_comes_down_in_ranges() {
    let server = Server::start().await;
    let api = &server.without_plugins.operator;
    let content: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    let id = api.file("numbers", content.clone()).await;
    let get = |name: &'static str, value: String| {
        let request = api.request(Method::GET, &format!("/api/v1/attachments/{id}")).header(name, value);
        async move { request.send().await.unwrap() }
    };
    let whole = api.download(&id).await;
    let tag = whole.headers()["etag"].to_str().unwrap().to_owned();
    for (asked, range) in [
        ("bytes=0-0", 0..1),
        ("bytes=100-199", 100..200),
        ("bytes=199990-", 199_990..200_000),
        ("bytes=-7", 199_993..200_000),
        ("bytes=150000-999999", 150_000..200_000),
    ] {
        let answer = get("range", asked.to_owned()).await;
        assert_eq!(answer.status(), 206);
        let named = format!("bytes {}-{}/200000", range.start, range.end - 1);
        assert_eq!(answer.headers()["content-range"].to_str().unwrap(), named);
        assert_eq!(answer.bytes().await.unwrap(), content[range]);
    }
    let outside = get("range", "bytes=200000-".to_owned()).await;
    assert_eq!(
        (outside.status().as_u16(), outside.headers()["content-range"].to_str().unwrap()),
        (416, "bytes */200000")
    );
    assert_eq!(get("range", "bytes=0-1,5-6".to_owned()).await.status(), 200);
    assert_eq!(get("if-none-match", tag.clone()).await.status(), 304);
    let resumed = api.request(Method::GET, &format!("/api/v1/attachments/{id}")).header("range", "bytes=5-9");
    let (same, other) =
        (resumed.try_clone().unwrap().header("if-range", &tag), resumed.header("if-range", "\"other\""));
    assert_eq!(
        (same.send().await.unwrap().status(), other.send().await.unwrap().status()),
        (206.try_into().unwrap(), 200.try_into().unwrap())
    );
    let head = api.request(Method::HEAD, &format!("/api/v1/attachments/{id}")).send().await.unwrap();
    assert_eq!((head.status().as_u16(), head.headers()[header::CONTENT_LENGTH].to_str().unwrap()), (200, "200000"));
}

#[tokio::test]
async fn a_file_is_sent_once_by_its_uploader_in_its_direction() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let (operator, supervisor) = (&account.operator, &account.supervisor);
    let (here, there) = (operator.conversation().await, operator.conversation().await);
    let file = operator.file("a.png", PNG).await;
    supervisor.post_with(&here, "outgoing", "", &[&file]).await.problem(404, "not-found");
    operator.post_with(&here, "incoming", "", &[&file]).await.problem(404, "not-found");
    operator.post_with(&here, "outgoing", "", &[&file, &file]).await.problem(422, "invalid");
    operator.post_with(&here, "outgoing", "", &[]).await.problem(422, "invalid");
    let elsewhere = operator.send_file("a.png", PNG, &format!("&conversation={there}")).await.is(201);
    let elsewhere = elsewhere["id"].as_str().unwrap();
    operator.post_with(&here, "outgoing", "", &[elsewhere]).await.problem(404, "not-found");
    let posted = operator.post_with(&here, "outgoing", "", &[&file]).await.is(201);
    assert_eq!((&posted["text"], &posted["attachments"][0]["id"]), (&json!(""), &json!(file)), "{posted:#}");
    operator.post_with(&here, "outgoing", "again", &[&file]).await.problem(409, "conflict");
    assert_eq!(operator.messages(&here).await[0]["attachments"][0]["name"], "a.png");
    let theirs = &server.with_plugins.operator;
    let their_conversation = theirs.conversation().await;
    theirs.post_with(&their_conversation, "outgoing", "", &[elsewhere]).await.problem(404, "not-found");
}

#[tokio::test]
async fn a_message_with_a_file_that_is_sent_again_with_its_key_is_sent_once() {
    let server = Server::start().await;
    let api = &server.without_plugins.operator;
    let conversation = api.conversation().await;
    let file = api.file("a.png", PNG).await;
    let send = async |attachments: Value| {
        let path = format!("/api/v1/conversations/{conversation}/messages");
        let request = api.request(Method::POST, &path).header("Idempotency-Key", "one");
        api.send(request.json(&json!({"text": "see", "attachments": attachments}))).await
    };
    let first = send(json!([file])).await.is(201);
    assert_eq!(send(json!([file])).await.is(201), first);
    send(json!([])).await.problem(409, "conflict");
    assert_eq!(api.messages(&conversation).await.len(), 1);
}

async fn gets(api: &Api, id: &str) -> u16 {
    api.download(id).await.status().as_u16()
}

#[tokio::test]
async fn a_file_is_seen_by_those_who_see_its_message() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    // People: a program that carries messages sees what its client sees, too.
    let administrator = &account.administrator;
    let operator = &server.nobody.session_of(&account.members[2]).await;
    let supervisor = &server.nobody.session_of(&account.members[1]).await;
    let conversation = operator.conversation().await;
    let unsent = operator.file("a.png", PNG).await;
    assert_eq!((gets(operator, &unsent).await, gets(administrator, &unsent).await), (200, 404));
    assert_eq!(gets(&server.with_plugins.administrator, &unsent).await, 404);
    assert_eq!(gets(&server.nobody, &unsent).await, 401);
    operator.post_with(&conversation, "outgoing", "", &[&unsent]).await.is(201);
    assert_eq!(gets(supervisor, &unsent).await, 200);

    for (action, what, operators, supervisors, administrators) in
        [("hold", "images", 404, 200, 200), ("block", "documents", 404, 404, 200)]
    {
        administrator.filter(json!({"what": [what], "action": action})).await.is(201);
        let content = if what == "images" { PNG.to_vec() } else { b"some words\n".to_vec() };
        // Uploaded before the rule could know where it goes, by a program that carries messages.
        let scope = json!({"rule": {"what": [what], "action": action, "scope": {"channels": ["elsewhere"]}}});
        let rules = administrator.list("/api/v1/filters").await;
        let rule = format!("/api/v1/filters/{}", rules.last().unwrap()["id"].as_str().unwrap());
        administrator.patch(&rule, scope).await.is(200);
        let file = administrator.incoming_file("a", content).await;
        administrator.patch(&rule, json!({"rule": {"what": [what], "action": action}})).await.is(200);
        let posted = administrator.post_with(&conversation, "incoming", "", &[&file]).await;
        assert_eq!(posted.status.as_u16(), if action == "hold" { 201 } else { 422 });
        // In person: not as the program that uploaded it.
        let person = server.nobody.session_of(&account.members[0]).await;
        let seen = (gets(operator, &file).await, gets(supervisor, &file).await, gets(&person, &file).await);
        assert_eq!(seen, (operators, supervisors, administrators), "{action}");
    }
    let listed = operator.messages(&conversation).await;
    assert_eq!(listed[1]["attachments"], json!([]), "{:#}", listed[1]);
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let server = Server::start().await;
    let api = &server.without_plugins.operator;
    let half = stream::iter([Ok(vec![1; 3 * MIB]), Err(std::io::Error::other("the line is cut"))]);
    let request = api.request(Method::POST, "/api/v1/attachments?name=half").body(Body::wrap_stream(half));
    assert!(request.send().await.is_err());
    until(async || unfinished(&server) == 0).await;
    assert_eq!(server.rows("attachments"), 0);
    // The same again, whole, is one file.
    api.file("half", vec![1; 3 * MIB]).await;
    assert_eq!(server.rows("attachments"), 1);
}

#[tokio::test]
async fn an_upload_that_a_crash_cuts_off_leaves_nothing_that_counts_and_what_was_answered_is_there() {
    let server = Server::start().await;
    let api = server.without_plugins.operator.clone();
    let conversation = api.conversation().await;
    let kept = api.file("kept", vec![1; 2 * MIB]).await;
    let going_on = tokio::spawn({
        let api = api.clone();
        async move {
            let endless = stream::iter(std::iter::repeat_with(|| Ok::<_, std::io::Error>(vec![2; MIB])));
            api.request(Method::POST, "/api/v1/attachments?name=cut").body(Body::wrap_stream(endless)).send().await
        }
    });
    until(async || unfinished(&server) == 1).await;
    let home = server.kill().await;
    assert!(going_on.await.unwrap().is_err());
    let server = Server::start_in(home).await;
    let api = api.on(&server);
    assert_eq!(server.rows("attachments"), 1);
    assert_eq!(api.download(&kept).await.bytes().await.unwrap(), vec![1; 2 * MIB]);
    api.post_with(&conversation, "outgoing", "", &[&kept]).await.is(201);
    assert_eq!(api.messages(&conversation).await.len(), 1);
}

#[tokio::test]
async fn what_is_not_sent_within_a_day_is_removed() {
    let server = Server::start().await;
    let api = server.without_plugins.operator.clone();
    let conversation = api.conversation().await;
    let (sent, unsent) = (api.file("a.png", PNG).await, api.file("b.png", PNG).await);
    api.post_with(&conversation, "outgoing", "", &[&sent]).await.is(201);
    server.tamper("UPDATE attachments SET created_at = 1");
    // A content without a row, as a crash between the two leaves it.
    let account = api.get("/api/v1/me").await.is(200)["account_id"].as_str().unwrap().to_owned();
    let folder = server.home.data().join("blobs/attachments").join(account).join("07");
    std::fs::create_dir_all(&folder).unwrap();
    let left_over = folder.join(format!("att_{:032x}", 7));
    let file = std::fs::File::create(&left_over).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let server = Server::start_in(server.stop().await).await;
    let api = api.on(&server);
    until(async || gets(&api, &unsent).await == 404).await;
    until(async || !left_over.exists()).await;
    assert_eq!(gets(&api, &sent).await, 200);
}

#[tokio::test]
async fn an_account_uploads_no_more_than_it_may() {
    let limits = [("SLUICE_ATTACHMENT_BYTES", "1000"), ("SLUICE_ACCOUNT_ATTACHMENT_BYTES", "1500")];
    let server = Server::start_with(Home::on_sqlite(), &limits).await;
    let api = &server.without_plugins.operator;
    api.send_file("a", vec![1; 1_001], "").await.problem(413, "too-large");
    let stream = Body::wrap_stream(stream::iter([Ok::<_, std::io::Error>(vec![1; 700]), Ok(vec![1; 700])]));
    api.send_file("a", stream, "").await.problem(413, "too-large");
    api.file("a", vec![1; 1_000]).await;
    api.send_file("b", vec![1; 501], "").await.problem(409, "quota-exceeded");
    api.file("b", vec![1; 500]).await;
    server.with_plugins.operator.file("a", vec![1; 1_000]).await;
    for (name, field) in [("", "name"), ("a/b", "name"), ("a\nb", "name"), (&"a".repeat(256)[..], "name")] {
        assert_eq!(api.send_file(name, "x", "").await.problem(422, "invalid")["field"], field);
    }
    assert_eq!(api.send_file("a", "", "").await.problem(422, "invalid")["field"], "body");
    api.send_file("a", "x", "&direction=sideways").await.problem(400, "malformed");
    let stranger = server.with_plugins.operator.conversation().await;
    api.send_file("a", "x", &format!("&conversation={stranger}")).await.problem(404, "not-found");
}

#[tokio::test]
async fn a_plugin_reads_attachments_and_decides_about_their_message() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let scope = json!({"scope": {"directions": ["incoming"], "roles": ["client"]}});
    api.install_hostile(json!({"obey": true}), scope).await;
    let conversation = api.conversation().await;
    let post = async |name: &str| {
        let file = api.incoming_file(name, vec![7; 100_000]).await;
        api.post_with(&conversation, "incoming", "see", &[&file]).await
    };
    let allowed = post("a.bin").await.is(201);
    let rules = allowed["decision"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 2, "the message, then its attachment: {allowed:#}");
    assert_eq!(rules[1]["attachment"], allowed["attachments"][0]["id"]);
    post("hostile: block").await.problem(422, "message-blocked");
    let held = post("hostile: hold").await.is(201);
    assert_eq!((&held["state"], &held["decision"]["rules"][1]["reason"]["code"]), (&json!("held"), &json!("hostile")));
    for failing in ["hostile: trap", "hostile: read-too-much", "hostile: redact", "hostile: loop"] {
        let held = post(failing).await.is(201);
        assert_eq!(held["state"], "held", "{failing}");
        assert!(held["decision"]["rules"][1]["failure"].is_string(), "{failing}: {held:#}");
    }
}
