//! Decisions are found by any combination of filters, counted over time, and exported.

use reqwest::Method;
use serde_json::{Value, json};
use sluice_tests::{Account, Api, Server, until};

const DECISIONS: &str = "/api/v1/decisions";

/// When a decision was made, as its id says it.
fn made_at(decision: &Value) -> i64 {
    i64::from_str_radix(&decision["id"].as_str().unwrap()[4..16], 16).unwrap()
}

async fn found(api: &Api, query: &str) -> Vec<Value> {
    api.list(&format!("{DECISIONS}?limit=200&{query}")).await
}

/// Some messages of two conversations with what the rules make of them, all that they left, and the first conversation.
async fn some_decisions(account: &Account) -> (Vec<Value>, String) {
    let api = &account.administrator;
    let plugin = api.plugin("hostile-plugins").await;
    let clients = json!({"roles": ["client"]});
    let shadow = json!({"config": {"behaviour": "block"}, "scope": clients, "mode": "shadow"});
    api.install(&plugin, json!({"config": {"obey": true}, "scope": clients})).await.is(201);
    api.install(&plugin, shadow).await.is(201);
    api.filter(json!({"what": ["links"], "action": "flag"})).await.is(201);
    let (here, there) = (api.conversation().await, api.conversation().await);
    let mut incoming = 0;
    for (conversation, text) in [
        (&here, "hello"),
        (&here, "hostile: flag"),
        (&there, "hostile: flag"),
        (&here, "hostile: hold"),
        (&there, "see https://example.com"),
    ] {
        api.incoming(conversation, text).await.is(201);
        incoming += 1;
    }
    api.incoming(&here, "hostile: block").await.problem(422, "message-blocked");
    incoming += 1;
    for text in ["see https://example.com", "good day"] {
        account.operator.outgoing(&here, text).await.is(201);
    }
    // Shadow rules are asked after the answers.
    until(async || found(api, "shadow=true").await.len() == incoming).await;
    let all = found(api, "").await;
    assert_eq!(all.len(), incoming * 2 + 2);
    (all, here)
}

/// A filter's name, its value, and whether a decision passes it.
type Filter<'a> = (&'static str, String, Box<dyn Fn(&Value) -> bool + 'a>);

fn rules(decision: &Value) -> impl Iterator<Item = &Value> {
    decision["decision"]["rules"].as_array().unwrap().iter()
}

/// Every combination of one of each, or none.
fn combinations<'a, 'f>(filters: &'a [Vec<Filter<'f>>]) -> Vec<Vec<&'a Filter<'f>>> {
    filters.iter().fold(vec![Vec::new()], |combined, values| {
        let with = |value: &'a Filter<'f>| combined.iter().map(move |so_far| [so_far.as_slice(), &[value]].concat());
        combined.iter().cloned().chain(values.iter().flat_map(with)).collect()
    })
}

#[tokio::test]
async fn each_filter_and_every_combination_find_what_they_say() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let (all, here) = some_decisions(account).await;
    let messages = account.administrator.messages(&here).await;
    let author = |direction: &str| {
        let message = messages.iter().find(|message| message["direction"] == direction).unwrap();
        message["author"]["id"].as_str().unwrap().to_owned()
    };
    let middle = made_at(&all[all.len() / 2]);
    let labelled = |decision: &Value| {
        let labels = decision["decision"]["labels"].as_array().into_iter().flatten();
        labels.chain(rules(decision).map(|rule| &rule["reason"]["code"])).any(|code| code == "hostile")
    };
    let said =
        |decision: &Value, name: &str| rules(decision).any(|rule| rule["rule"] == name && rule["verdict"] != "allow");
    let person = |id: String| -> Filter<'_> {
        let wanted = id.clone();
        ("person", id, Box::new(move |decision| decision["author_id"] == wanted.as_str()))
    };
    let verdict = |word: &'static str| -> Filter<'_> {
        ("verdict", word.to_owned(), Box::new(move |decision| decision["decision"]["verdict"] == word))
    };
    let filters: Vec<Vec<Filter<'_>>> = vec![
        vec![("conversation", here.clone(), Box::new(|decision| decision["conversation_id"] == here.as_str()))],
        vec![("label", "hostile".to_owned(), Box::new(labelled))],
        vec![
            ("rule", "hostile-plugins".to_owned(), Box::new(|decision| said(decision, "hostile-plugins"))),
            ("rule", "content-filter".to_owned(), Box::new(|decision| said(decision, "content-filter"))),
        ],
        // Each of these messages has one rule at most that says something: a rule's verdict is the decision's.
        vec![verdict("flag"), verdict("block"), verdict("allow")],
        vec![person(author("incoming")), person(author("outgoing"))],
        vec![("from", middle.to_string(), Box::new(|decision| made_at(decision) >= middle))],
        vec![
            ("shadow", "true".to_owned(), Box::new(|decision| decision["shadow"] == true)),
            ("shadow", "false".to_owned(), Box::new(|decision| decision["shadow"] == false)),
        ],
    ];
    let mut found_some = 0;
    for combination in combinations(&filters) {
        let query: String = combination.iter().map(|(name, value, _)| format!("{name}={value}&")).collect();
        let passes = |decision: &&Value| combination.iter().all(|(_, _, passes)| passes(decision));
        let expected: Vec<_> = all.iter().filter(passes).cloned().collect();
        assert_eq!(found(&account.administrator, &query).await, expected, "{query}");
        found_some += usize::from(!expected.is_empty() && combination.len() > 1);
    }
    assert!(found_some > 100, "only {found_some} combinations find something");
    let before: Vec<_> = all.iter().filter(|decision| made_at(decision) < middle).cloned().collect();
    assert_eq!(found(&account.administrator, &format!("to={middle}")).await, before);

    for query in ["label=No%20label", "shadow=maybe", "from=yesterday", "rule=%C3%84"] {
        account.administrator.get(&format!("{DECISIONS}?{query}")).await.problem(400, "malformed");
    }
    let long = format!("{DECISIONS}?person={}", "x".repeat(65));
    account.administrator.get(&long).await.problem(400, "malformed");
}

#[tokio::test]
async fn a_filtered_list_is_read_page_by_page() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let (all, here) = some_decisions(account).await;
    let api = &account.administrator;
    for filter in ["", "label=hostile", "rule=hostile-plugins&shadow=false", "verdict=block", "shadow=true"] {
        let whole = found(api, filter).await;
        assert!(whole.len() > 1, "{filter}");
        let mut read = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = api.get(&format!("{DECISIONS}?limit=1&{filter}{cursor}")).await.is(200);
            read.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(read, whole, "{filter}");
    }
    // A cursor of one list is one of every other.
    let middle = &all[all.len() / 2];
    let path = format!("conversation={here}&cursor={}", middle["id"].as_str().unwrap());
    assert!(found(api, &path).await.iter().all(|decision| made_at(decision) <= made_at(middle)));
}

#[tokio::test]
async fn decisions_are_counted_by_hour_and_by_day() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let (all, _) = some_decisions(account).await;
    let api = &account.administrator;
    let span = format!("from={}&to={}", made_at(all.last().unwrap()), made_at(&all[0]) + 1);
    let count = async |query: &str| {
        let buckets = api.list(&format!("{DECISIONS}/counts?{span}&{query}")).await;
        // The clock may strike while the case runs.
        assert!((1..=2).contains(&buckets.len()), "{buckets:#?}");
        let sum =
            |verdict: &str| buckets.iter().map(|bucket| bucket["verdicts"][verdict].as_u64().unwrap_or(0)).sum::<u64>();
        ["allow", "flag", "redact", "hold", "block"].map(sum)
    };
    for by in ["hour", "day"] {
        // In force: hello, good day; twice `flag` and two links; `hold`; `block`. In shadow all six are blocked.
        assert_eq!(count(&format!("by={by}")).await, [2, 4, 0, 1, 7], "{by}");
        assert_eq!(count(&format!("by={by}&shadow=false")).await, [2, 4, 0, 1, 1], "{by}");
        assert_eq!(count(&format!("by={by}&shadow=true")).await, [0, 0, 0, 0, 6], "{by}");
        assert_eq!(count(&format!("by={by}&rule=content-filter")).await, [0, 2, 0, 0, 0], "{by}");
        assert_eq!(count(&format!("by={by}&label=hostile&shadow=false")).await, [0, 2, 0, 1, 1], "{by}");
        assert_eq!(count(&format!("by={by}&label=hostile&rule=content-filter")).await, [0; 5], "{by}");
    }
    let at = made_at(&all[0]);
    let hours = api.list(&format!("{DECISIONS}/counts?by=hour&from={}&to={at}", at - 50 * 3_600_000)).await;
    assert_eq!(hours.len(), 51);
    assert!(hours.iter().all(|bucket| bucket["at"].as_i64().unwrap() % 3_600_000 == 0));
    assert_eq!(hours[0]["verdicts"], json!({}));

    api.get(&format!("{DECISIONS}/counts?by=day&from=0&to={}", 92 * 86_400_000i64)).await.is(200);
    let long = format!("{DECISIONS}/counts?by=day&from=0&to={}", 92 * 86_400_000i64 + 1);
    assert_eq!(api.get(&long).await.problem(422, "invalid")["field"], "to");
    api.get(&format!("{DECISIONS}/counts?by=day&from=5&to=5")).await.problem(422, "invalid");
    api.get(&format!("{DECISIONS}/counts?by=year&from=0&to=5")).await.problem(400, "malformed");
}

#[tokio::test]
async fn who_was_kept_out_is_found_and_counted_apart() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let api = &account.administrator;
    let [_, _, operator] = &account.members;
    let id = server.nobody.session_of(operator).await.get("/api/v1/me").await.is(200)["person_id"].clone();
    let closed = json!({"failure": "closed", "scope": {"roles": ["operator"]}});
    api.install_hostile(json!({"behaviour": "trap"}), closed).await;
    server.nobody.log_in(&operator.email, &operator.password).await.problem(403, "access-denied");

    let query = format!("verdict=deny&label=rule-failed&rule=hostile-plugins&person={}", id.as_str().unwrap());
    let denied = found(api, &query).await;
    assert_eq!((denied.len(), &denied[0]["subject"]), (1, &json!("access")));
    let at = made_at(&denied[0]);
    let buckets = api.list(&format!("{DECISIONS}/counts?by=hour&from={at}&to={}", at + 1)).await;
    assert_eq!((&buckets[0]["access"], &buckets[0]["verdicts"]), (&json!({"deny": 1}), &json!({})));
}

async fn export(api: &Api, query: &str) -> String {
    let answer = api.request(Method::GET, &format!("{DECISIONS}/export?{query}")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["content-disposition"].to_str().unwrap().contains("decisions."));
    answer.text().await.unwrap()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn an_export_agrees_with_the_list_and_is_written_down_first() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let (all, here) = some_decisions(account).await;
    let api = &account.administrator;
    for filter in ["", "label=hostile&shadow=false", &format!("conversation={here}&verdict=flag")] {
        let mut listed = found(api, filter).await;
        listed.reverse();
        assert_eq!(lines(&export(api, &format!("format=jsonl&{filter}")).await), listed, "{filter}");
    }
    let csv = export(api, "format=csv").await;
    assert_eq!(csv.lines().count(), all.len() + 1);
    let names = "id,at,subject,verdict,shadow,message,conversation,author,reason_code,reason,labels,rules";
    assert_eq!(csv.lines().next(), Some(names));
    assert!(csv.contains("\"hostile-plugins:hold\"") && csv.contains("\"hostile\""), "{csv}");

    let entries = api.list("/api/v1/audit?action=decisions.exported").await;
    assert_eq!(entries.len(), 4);
    assert_eq!(entries[1]["details"]["conversation"], here.as_str());
    assert_eq!((&entries[2]["details"]["label"], &entries[2]["details"]["shadow"]), (&json!("hostile"), &json!(false)));

    // Who sees decisions does not export them yet.
    found(&account.supervisor, "").await;
    account.supervisor.get(&format!("{DECISIONS}/export?format=jsonl")).await.problem(403, "forbidden");
    api.get(&format!("{DECISIONS}/export?format=pdf")).await.problem(400, "malformed");
    assert_eq!(api.list("/api/v1/audit?action=decisions.exported").await.len(), 4);
}

#[tokio::test]
async fn another_account_finds_counts_and_exports_nothing() {
    let server = Server::start().await;
    let (all, here) = some_decisions(&server.without_plugins).await;
    let ours = &server.with_plugins.administrator;
    let before = found(ours, "").await.len();
    let person = all[0]["author_id"].as_str().unwrap();
    for query in [
        "label=hostile",
        "rule=hostile-plugins",
        "verdict=block",
        "shadow=true",
        &format!("person={person}"),
        &format!("conversation={here}"),
    ] {
        assert_eq!(found(ours, query).await, [Value::Null; 0], "{query}");
        assert_eq!(export(ours, &format!("format=jsonl&{query}")).await, "", "{query}");
    }
    assert_eq!(lines(&export(ours, "format=jsonl").await).len(), before);
    let span = format!("by=day&from={}&to={}", made_at(all.last().unwrap()), made_at(&all[0]) + 1);
    for query in ["label=hostile", "rule=hostile-plugins", "shadow=true"] {
        for bucket in ours.list(&format!("{DECISIONS}/counts?{span}&{query}")).await {
            assert_eq!(bucket["verdicts"], json!({}), "{query}");
        }
    }
}
