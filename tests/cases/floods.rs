//! Floods of log-ins, links and estimates: who sends them fills their own share, and the others get in.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sluice_tests::{Answer, Api, Home, Server};

const GOOD: &str = "unrelated saucer Tuesday frost";

/// A server behind a proxy at 127.0.0.2, with these limits.
async fn server(limits: &str) -> Server {
    let more = [("SLUICE_TRUSTED_PROXIES", "127.0.0.2"), ("SLUICE_LIMITS", limits)];
    Server::start_with(Home::on_sqlite(), &more).await
}

/// Somebody's request that comes over the proxy.
async fn over_proxy(proxy: &Api, address: &str, path: &str, body: Value) -> Answer {
    let request = proxy.request(Method::POST, path).header("X-Forwarded-For", address);
    proxy.send(request.header("X-Forwarded-Proto", "https").json(&body)).await
}

async fn guess(proxy: &Api, email: &str, address: &str) -> Answer {
    over_proxy(proxy, address, "/api/v1/sessions", json!({"email": email, "password": "guess"})).await
}

async fn estimate(api: &Api, password: &str) -> Answer {
    api.post("/api/v1/passwords/strength", json!({"password": password})).await
}

#[tokio::test]
async fn strangers_of_one_network_fill_their_share_and_people_still_get_in() {
    let server = server("hashes_waiting=8,hashes_per_network=4,hashes_per_address=2").await;
    let [_, _, operator] = &server.without_plugins.members;
    let proxy = server.nobody.from([127, 0, 0, 2]);
    server.nobody.session_of(operator).await;
    let flood = join_all((0..60).map(|number| {
        let (email, address) = (format!("{number}@flood.example"), format!("2001:db8:1:{number}::1"));
        let proxy = proxy.clone();
        async move { guess(&proxy, &email, &address).await }
    }));
    let people = async {
        for _ in 0..10 {
            server.nobody.session_of(operator).await;
            // From another network, too.
            let answer = over_proxy(
                &proxy,
                "198.51.100.7",
                "/api/v1/sessions",
                json!({"email": operator.email, "password": operator.password}),
            )
            .await;
            answer.is(201);
        }
    };
    let (answers, ()) = tokio::join!(flood, people);
    let refused = answers.into_iter().filter(|answer| answer.status == 429).map(|answer| {
        assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
        answer.problem(429, "too-many-at-once")
    });
    assert!(refused.count() > 0);
}

#[tokio::test]
async fn a_site_of_ipv6_is_slowed_down_as_one_and_people_who_are_known_there_are_not() {
    let server = server("free_failures_per_network=3").await;
    let proxy = server.nobody.from([127, 0, 0, 2]);
    let administrator = &server.without_plugins.administrator;
    let invited = administrator.invite("ben", "operator", json!([])).await.is(201);
    let chosen = json!({"link": invited["link"]["secret"], "password": GOOD});
    over_proxy(&proxy, "2001:db8:2:1::1", "/api/v1/passwords", chosen).await.is(204);
    let mut answers = Vec::new();
    for number in 0..8 {
        let (email, address) = (format!("{number}@flood.example"), format!("2001:db8:2:{number}::2"));
        answers.push(guess(&proxy, &email, &address).await.status.as_u16());
    }
    // The third begins a pause.
    assert_eq!(answers[..4], [401, 401, 401, 429]);
    let body = json!({"email": invited["person"]["email"], "password": GOOD});
    over_proxy(&proxy, "2001:db8:2:9::1", "/api/v1/sessions", body).await.is(201);
}

#[tokio::test]
async fn links_that_were_used_are_written_down_seldom_and_slowed_down_and_good_ones_are_not() {
    let server = server("free_failures_per_address=3").await;
    let administrator = &server.without_plugins.administrator;
    let invited = administrator.invite("ben", "operator", json!([])).await.is(201);
    let chosen = json!({"link": invited["link"]["secret"], "password": GOOD});
    server.nobody.post("/api/v1/passwords", chosen.clone()).await.is(204);
    let mut answers = Vec::new();
    for _ in 0..10 {
        answers.push(server.nobody.post("/api/v1/passwords", chosen.clone()).await.status.as_u16());
    }
    assert_eq!(answers[..4], [410; 4]);
    assert!(answers.contains(&429), "{answers:?}");
    let written = administrator.list("/api/v1/audit?action=link.refused").await;
    assert_eq!(written.len(), 1, "{written:?}");
    assert_eq!(written[0]["details"]["code"], "link-used");
    server.invited(administrator, "eve", "operator", json!([])).await;
}

#[tokio::test]
async fn estimates_of_strength_are_shared_and_keep_nobody_from_logging_in() {
    let server = server("strength_checks_per_person=1").await;
    let [_, supervisor, operator] = &server.without_plugins.members;
    let (flooding, other) = (server.nobody.session_of(operator).await, server.nobody.session_of(supervisor).await);
    let crafted = "4@8({[<369&#!1|/7$5+%2".repeat(4);
    let flood = join_all((0..40).map(|_| estimate(&flooding, &crafted)));
    let people = async {
        for _ in 0..5 {
            assert_eq!(estimate(&other, "unrelated saucer Tuesday frost").await.is(200)["score"], 4);
            server.nobody.session_of(operator).await;
        }
    };
    let (answers, ()) = tokio::join!(flood, people);
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert!(!done.is_empty());
    refused.into_iter().for_each(|answer| drop(answer.problem(429, "too-many-at-once")));
}
