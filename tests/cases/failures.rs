//! A plugin that fails follows its installation's failure policy, and nobody else notices.

use serde_json::{Value, json};
use sluice_tests::{Api, Server};

/// What a plugin can do wrong about a message, and how its failure is called.
const FAILURES: [(&str, &str); 18] = [
    ("trap", "trap"),
    ("recurse", "trap"),
    ("loop", "out-of-fuel"),
    ("eat-memory", "out-of-memory"),
    ("eat-memory-at-once", "out-of-memory"),
    ("edits-out-of-order", "bad-answer"),
    ("edits-overlapping", "bad-answer"),
    ("edits-inside-a-character", "bad-answer"),
    ("edits-past-the-end", "bad-answer"),
    ("edits-backwards", "bad-answer"),
    ("edits-too-many", "bad-answer"),
    ("edits-none", "bad-answer"),
    ("edits-too-long", "bad-answer"),
    ("label-bad", "bad-answer"),
    ("labels-none", "bad-answer"),
    ("labels-many", "bad-answer"),
    ("reason-too-long", "bad-answer"),
    ("reason-bad-code", "bad-answer"),
];

/// Changes an installation to what it is, so that its earlier failures do not count.
async fn begin_anew(api: &Api, installation: &str) {
    api.patch(&format!("/api/v1/installations/{installation}"), json!({})).await.is(200);
}

fn check(posted: &Value, state: &str, verdict: &str, failure: &str) {
    let rule = &posted["decision"]["rules"][0];
    assert_eq!(
        (&posted["state"], &rule["verdict"], &rule["failure"]),
        (&state.into(), &verdict.into(), &failure.into()),
        "{posted:#}"
    );
}

#[tokio::test]
async fn a_failure_under_the_closed_policy_holds_the_message() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let id = account.administrator.install_hostile(json!({"obey": true}), json!({"failure": "closed"})).await;
    let conversation = account.operator.conversation().await;
    for (behaviour, failure) in FAILURES {
        begin_anew(&account.administrator, &id).await;
        // Of several bytes a character, for the edit that cuts one.
        let text = format!("hostile: {behaviour}\u{2003}");
        let posted = account.administrator.incoming(&conversation, &text).await.is(201);
        check(&posted, "held", "hold", failure);
        assert_eq!(posted["decision"]["reason"]["code"], "rule-failed");
        assert_eq!(posted["text"], text, "a failed rule changes nothing");
    }
    // An operator is not told what waits for the supervisor.
    let seen = account.operator.messages(&conversation).await;
    assert!(seen.iter().all(|message| message["text"].is_null()), "{seen:#?}");
}

#[tokio::test]
async fn a_failure_under_the_open_policy_passes_flagged() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let id = api.install_hostile(json!({"obey": true}), json!({"failure": "open"})).await;
    let conversation = api.conversation().await;
    for (behaviour, failure) in FAILURES {
        begin_anew(api, &id).await;
        let text = format!("hostile: {behaviour}\u{2003}");
        let posted = api.incoming(&conversation, &text).await.is(201);
        check(&posted, "delivered", "flag", failure);
        assert_eq!(posted["decision"]["labels"], json!(["rule-failed"]));
    }
}

#[tokio::test]
async fn an_answer_or_a_log_without_end_is_cut() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    api.install_hostile(json!({"obey": true}), json!({})).await;
    let conversation = api.conversation().await;
    let huge = api.incoming(&conversation, "hostile: answer-huge").await.is(201);
    assert_eq!(huge["state"], "held");
    for behaviour in ["log-flood", "log-long-line"] {
        let posted = api.incoming(&conversation, &format!("hostile: {behaviour}")).await.is(201);
        let rule = &posted["decision"]["rules"][0];
        let log = rule["log"].as_array().unwrap();
        assert!((1..=64).contains(&log.len()), "{behaviour}: {} lines", log.len());
        assert!(log.iter().all(|line| line["line"].as_str().unwrap().len() <= 1_024), "{behaviour}");
    }
}

#[tokio::test]
async fn a_plugin_that_burns_its_whole_budget_holds_up_nobody_elses_messages() {
    let server = Server::start().await;
    let (hostile, quiet) = (&server.without_plugins.administrator, &server.with_plugins.administrator);
    let clients = json!({"scope": {"roles": ["client"]}});
    hostile.install_hostile(json!({"behaviour": "loop"}), clients).await;
    let (theirs, ours) = (hostile.conversation().await, quiet.conversation().await);
    let busy: Vec<_> = (0..16)
        .map(|_| {
            let (api, conversation) = (hostile.clone(), theirs.clone());
            tokio::spawn(async move { api.incoming(&conversation, "spin").await.is(201) })
        })
        .collect();
    for _ in 0..20 {
        let posted = quiet.incoming(&ours, "My card is 4111 1111 1111 1111").await.is(201);
        assert_eq!(posted["decision"]["verdict"], "redact");
    }
    for message in busy {
        let posted = message.await.unwrap();
        // After the tenth, it is suspended.
        assert_eq!(posted["state"], "held");
        let failure = posted["decision"]["rules"][0]["failure"].as_str().unwrap();
        assert!(["out-of-fuel", "suspended"].contains(&failure), "{failure}");
    }
}

#[tokio::test]
async fn a_slow_plugin_is_not_a_failing_one() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    api.install_hostile(json!({"behaviour": "slow"}), json!({})).await;
    let conversation = api.conversation().await;
    for _ in 0..3 {
        let posted = api.incoming(&conversation, "take your time").await.is(201);
        assert_eq!(posted["decision"]["verdict"], "allow");
        let fuel = posted["decision"]["rules"][0]["fuel"].as_u64().unwrap();
        assert!((1_000_000..10_000_000).contains(&fuel), "{fuel}");
    }
}

#[tokio::test]
async fn no_call_knows_of_an_earlier_one() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    api.install_hostile(json!({"behaviour": "remember"}), json!({})).await;
    let conversation = api.conversation().await;
    let calls: Vec<_> = (0..200)
        .map(|_| {
            let (api, conversation) = (api.clone(), conversation.clone());
            tokio::spawn(async move { api.incoming(&conversation, "do you remember?").await.is(201) })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap()["decision"]["verdict"], "allow");
    }
}

#[tokio::test]
async fn a_failing_access_rule_keeps_out_when_closed_and_lets_in_when_open() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let [_, _, operator] = &account.members;
    let closed = json!({"failure": "closed", "scope": {"roles": ["operator"]}});
    let id = account.administrator.install_hostile(json!({"behaviour": "trap"}), closed).await;
    let refused = server.nobody.log_in(&operator.email, &operator.password).await;
    assert_eq!(refused.problem(403, "access-denied")["reason"]["code"], "rule-failed");
    let open = json!({"failure": "open"});
    account.administrator.patch(&format!("/api/v1/installations/{id}"), open).await.is(200);
    server.nobody.log_in(&operator.email, &operator.password).await.is(201);
}

#[tokio::test]
async fn a_configuration_that_breaks_its_plugin_is_refused_and_changes_nothing() {
    let server = Server::start().await;
    let api = &server.without_plugins.administrator;
    let plugin = api.plugin("hostile-plugins").await;
    for behaviour in ["configure-trap", "configure-loop", "configure-eat-memory", "configure-recurse", "configure-log"]
    {
        let answer = api.install(&plugin, json!({"config": {"behaviour": behaviour}})).await;
        answer.problem(422, "configure-failed");
    }
    let answer = api.install(&plugin, json!({"config": {"behaviour": "configure-refuse"}})).await;
    let errors = answer.problem(422, "configuration-refused")["errors"].as_array().unwrap().clone();
    assert!((1..=64).contains(&errors.len()), "{}", errors.len());
    assert!(errors.iter().all(|error| error["message"].as_str().unwrap().len() <= 1_024));
    assert_eq!(api.list("/api/v1/installations").await, [Value::Null; 0]);
    api.install(&plugin, json!({"config": {}})).await.is(201);
}
