//! Where a request says that it comes from, in every way that the header can be written.

use reqwest::Method;
use serde_json::json;

use crate::{
    attack::{Attack, Seen, Takes},
    target::Target,
};

pub(super) const ATTACK: Attack = Attack {
    name: "forged-addresses",
    what: "from a network that the account denies, behind a proxy or as one, 43 log-ins say that they come from elsewhere",
    aim: "none gets in",
    takes: Takes::Seconds,
    play: |target| Box::pin(play(target)),
};

/// The proxy, and somebody who is none.
const PROXY: [u8; 4] = [127, 0, 0, 2];
const DENIED: [u8; 4] = [127, 66, 0, 9];

/// What the client wrote before the proxy wrote the client's own address behind it.
const PREFIXES: [&str; 14] = [
    "198.51.100.9",
    "198.51.100.9, 198.51.100.10",
    "127.0.0.2",
    "127.0.0.1, 127.0.0.2",
    "unknown",
    "_hidden",
    "",
    ",",
    "for=198.51.100.9",
    "[::1]:80",
    "\"198.51.100.9\"",
    "198.51.100.9;",
    "%31%39%38",
    "localhost",
];

/// Ways to write the denied address 192.0.2.7.
const FORMS: [&str; 9] = [
    "192.0.2.7",
    " 192.0.2.7 ",
    "192.0.2.7:1234",
    "::ffff:192.0.2.7",
    "[::ffff:192.0.2.7]",
    "[::ffff:192.0.2.7]:80",
    "::ffff:c000:207",
    "0:0:0:0:0:ffff:c000:0207",
    "::FFFF:192.0.2.7",
];

/// What a proxy may write when it does not know, and what is no address: what the client wrote before it must not count.
const UNKNOWN: [&str; 8] =
    ["unknown", "_hidden", "[192.0.2.7]:1234", "::ffff:192.0.2.7%lo", "192.0.2.007", "0xc0.0.2.7", "3221225991", "-"];

/// Other headers by which servers are told of an address.
const HEADERS: [&str; 6] =
    ["Forwarded", "X-Real-IP", "X-Client-IP", "CF-Connecting-IP", "True-Client-IP", "X-Forwarded-Host"];

async fn play(target: &Target) -> Seen {
    let victim = target.start_with(&[("SLUICE_TRUSTED_PROXIES", "127.0.0.2,127.0.0.3/32")]).await;
    let api = &victim.without_plugins.administrator;
    let rules = json!({"rules": [
        {"net": "192.0.2.0/24", "action": "deny", "comment": "a hotel"},
        {"net": "127.66.0.0/16", "action": "deny", "comment": "another"},
    ]});
    api.put("/api/v1/security/addresses", rules).await.is(200);
    let [_, _, operator] = &victim.without_plugins.members;
    let enter = async |peer: [u8; 4], headers: &[(&str, &str)]| {
        let nobody = victim.nobody.from(peer);
        let body = json!({"email": operator.email, "password": operator.password});
        let mut request = nobody.request(Method::POST, "/api/v1/sessions").json(&body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        nobody.send(request).await.status.as_u16()
    };
    let https = ("X-Forwarded-Proto", "https");
    let mut inside = Vec::new();
    let mut tried = 0;
    let mut count = |name: String, status: u16| {
        tried += 1;
        if !matches!(status, 400 | 403) {
            inside.push(format!("{name}: {status}"));
        }
    };
    for prefix in PREFIXES {
        let value = format!("{prefix}, 192.0.2.7");
        count(value.clone(), enter(PROXY, &[("X-Forwarded-For", &value), https]).await);
    }
    for form in FORMS {
        count(form.to_owned(), enter(PROXY, &[("X-Forwarded-For", form), https]).await);
    }
    for word in UNKNOWN {
        let value = format!("198.51.100.9, {word}");
        let status = enter(PROXY, &[("X-Forwarded-For", &value), https]).await;
        let newest = api.list("/api/v1/audit?action=login.accepted&limit=1").await;
        // Let in as the proxy, whose address is known, or not at all.
        let is_believed = status == 201 && newest[0]["address"] != "127.0.0.2";
        count(value, if is_believed { status } else { 403 });
    }
    let two = [("X-Forwarded-For", "198.51.100.9"), ("X-Forwarded-For", "192.0.2.7"), https];
    count("two headers".to_owned(), enter(PROXY, &two).await);
    for name in HEADERS {
        let headers = [("X-Forwarded-For", "192.0.2.7"), (name, "198.51.100.9"), https];
        count(format!("{name} of a proxy"), enter(PROXY, &headers).await);
    }
    for name in ["X-Forwarded-For", "Forwarded", "X-Real-IP"] {
        count(format!("{name} of nobody"), enter(DENIED, &[(name, "198.51.100.9"), https]).await);
    }
    count("plain HTTP before the proxy".to_owned(), {
        enter(PROXY, &[("X-Forwarded-For", "198.51.100.9"), ("X-Forwarded-Proto", "http")]).await
    });
    let good = enter(PROXY, &[("X-Forwarded-For", "192.0.2.7, 198.51.100.9"), https]).await;
    assert_eq!(good, 201, "who comes from an allowed network gets in");
    Seen::new(inside.is_empty(), format!("{} of {tried} not refused: {}", inside.len(), inside.join("; ")))
}
