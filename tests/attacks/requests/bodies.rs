//! Bodies that are not the JSON that a route takes.

use reqwest::{Method, header};

use crate::{
    attack::{Attack, Seen, Takes},
    memory::Watch,
    target::Target,
};

pub(super) const ATTACK: Attack = Attack {
    name: "hostile-json",
    what: "bodies that nest 200,000 deep, are too long, not UTF-8, not JSON, name things twice, or hold numbers that are none",
    aim: "each is refused with 4xx, and nothing grows by 64 MiB",
    takes: Takes::Seconds,
    play: |target| Box::pin(play(target)),
};

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let api = &victim.without_plugins.administrator;
    let watch = Watch::over(&victim);
    let path = format!("/api/v1/conversations/{}/messages", api.conversation().await);
    let inside = |text: &[u8]| [b"{\"text\": \"x\", \"more\": ", text, b"}"].concat();
    let bodies: Vec<Vec<u8>> = vec![
        b"[".repeat(200_000),
        [b"{\"a\":".repeat(200_000), b"1".to_vec(), b"}".repeat(200_000)].concat(),
        inside(&b"[".repeat(100_000)),
        format!("{{\"text\": \"{}\"}}", "x".repeat(1_200_000)).into_bytes(),
        b"{\"text\": \"a\", \"text\": \"b\"}".to_vec(),
        [&b"\xef\xbb\xbf"[..], b"{\"text\": \"x\"}"].concat(),
        "{\"text\": \"x\"}".encode_utf16().flat_map(u16::to_le_bytes).collect(),
        b"{\"text\": \"\\ud800\"}".to_vec(),
        b"{\"text\": \"\\udc00\\ud800\"}".to_vec(),
        b"{\"text\": \"\xff\xfe\"}".to_vec(),
        b"{\"text\": 1e999999}".to_vec(),
        b"{\"text\": NaN}".to_vec(),
        b"{\"text\": null}".to_vec(),
        b"{\"text\": {\"$ref\": \"#\"}}".to_vec(),
        b"{\"text\": \"x\", \"attachments\": 18446744073709551616}".to_vec(),
        b"{\"text\": \"x\"".to_vec(),
        b"{\"text\": \"x\"} {}".to_vec(),
        inside(b"1"),
        b"".to_vec(),
        b"null".to_vec(),
        b"\0".to_vec(),
    ];
    let number = bodies.len();
    let mut taken = Vec::new();
    for (index, body) in bodies.into_iter().enumerate() {
        let request = api.request(Method::POST, &path).header(header::CONTENT_TYPE, "application/json").body(body);
        let status = api.send(request).await.status;
        if !status.is_client_error() {
            taken.push(format!("the {}.: {}", index + 1, status.as_u16()));
        }
    }
    let growth = watch.growth();
    let holds = taken.is_empty() && growth.bytes < 64 << 20;
    Seen::new(holds, format!("{} of {number} not refused {}; {growth}", taken.len(), taken.join(", ")))
}
