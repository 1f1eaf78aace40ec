//! The main job, on both databases: an account's own plugins decide about its messages, and about nobody else's.

use serde_json::Value;
use sluice_storage::test_support::{Durability, PostgresCluster};
use sluice_tests::{Home, Server};

#[tokio::test]
async fn an_accounts_plugins_decide_about_its_messages_on_sqlite() {
    the_story(Home::on_sqlite()).await;
}

#[tokio::test]
async fn an_accounts_plugins_decide_about_its_messages_on_postgresql() {
    let postgres = PostgresCluster::start(Durability::Fast);
    the_story(Home::on_postgres(postgres.database())).await;
}

/// What clients write, and what becomes of it in the account with plugins.
const INCOMING: [(&str, &str, &str); 5] = [
    ("Is my parcel on its way?", "allow", "delivered"),
    ("I want a refund", "flag", "delivered"),
    ("My card is 4111 1111 1111 1111, thanks", "redact", "delivered"),
    ("I pay with a gift card", "hold", "held"),
    ("You idiot", "block", "blocked"),
];

async fn the_story(home: Home) {
    let server = Server::start_in(home).await;
    let account = &server.with_plugins;
    let conversation = account.operator.conversation().await;
    for (text, verdict, state) in INCOMING {
        let answer = account.administrator.incoming(&conversation, text).await;
        let decision = if state == "blocked" {
            answer.problem(422, "message-blocked")["decision"].clone()
        } else {
            let posted = answer.is(201);
            assert_eq!(posted["state"], state, "{posted:#}");
            posted["decision"].clone()
        };
        assert_eq!(decision["verdict"], verdict, "{text}: {decision:#}");
        let names: Vec<_> = decision["rules"].as_array().unwrap().iter().map(|rule| &rule["rule"]).collect();
        assert_eq!(names[0], "blocked-words", "{text}");
    }

    // Each sees what is for them: the operator neither what waits nor what was blocked, the supervisor what waits.
    let card = "My card is [card •••• 1111], thanks";
    let seen = |texts: Vec<Value>| texts.iter().map(|message| message["text"].clone()).collect::<Vec<_>>();
    let operator = account.operator.messages(&conversation).await;
    assert_eq!(operator[3]["reason"]["code"], "blocked-word");
    assert_eq!(seen(operator)[1..], [INCOMING[1].0.into(), card.into(), Value::Null, Value::Null]);
    let supervisor = seen(account.supervisor.messages(&conversation).await);
    assert_eq!(supervisor[2..], [card.into(), INCOMING[3].0.into(), Value::Null]);
    let administrator = seen(account.administrator.messages(&conversation).await);
    assert_eq!(administrator[2..], [card, INCOMING[3].0, INCOMING[4].0]);

    // What an operator may not send comes back with the reason that the account set, and is not kept.
    let refused = account.operator.outgoing(&conversation, "what an idiot").await.problem(422, "message-blocked");
    assert_eq!(refused["reason"]["text"], "Please write it without the insult.");
    assert_eq!(account.administrator.messages(&conversation).await.len(), INCOMING.len());

    // Every decision left its trail.
    let decisions = account.supervisor.list(&format!("/api/v1/decisions?conversation={conversation}")).await;
    assert_eq!(decisions.len(), INCOMING.len() + 1);
    let by_rule = account.supervisor.list("/api/v1/decisions?rule=sensitive-data").await;
    assert_eq!(by_rule.len(), 1);
    assert_eq!(by_rule[0]["decision"]["verdict"], "redact");
    let one = format!("/api/v1/decisions/{}", by_rule[0]["id"].as_str().unwrap());
    assert_eq!(account.supervisor.get(&one).await.is(200), by_rule[0]);
    let audit = account.administrator.list("/api/v1/audit").await;
    for action in ["plugin.taken", "installation.created"] {
        assert_eq!(audit.iter().filter(|entry| entry["action"] == action).count(), 3, "{action}: {audit:#?}");
    }

    // The other account has no plugins, and nothing happens to the same messages.
    let account = &server.without_plugins;
    let conversation = account.operator.conversation().await;
    for (text, _, _) in INCOMING {
        let posted = account.administrator.incoming(&conversation, text).await.is(201);
        assert_eq!((&posted["state"], &posted["text"]), (&"delivered".into(), &text.into()));
        assert_eq!(posted["decision"]["rules"], Value::Array(Vec::new()));
    }
    assert_eq!(account.administrator.list("/api/v1/plugins").await, [Value::Null; 0]);

    let home = server.stop().await;
    let server = Server::start_in(home).await;
    let kept = server.without_plugins.operator.messages(&conversation).await;
    assert_eq!(kept.len(), INCOMING.len());
}
