//! What one account has is invisible from the other, on every route.

use serde_json::json;
use sluice_tests::Server;

use crate::routes::{Needs, Things, assert_complete, routes};

#[tokio::test]
async fn no_route_shows_or_changes_anything_of_another_account() {
    let server = Server::start().await;
    let (theirs, ours) = (&server.without_plugins, &server.with_plugins);
    let things = Things::of(theirs).await;
    let state = async || {
        let api = &theirs.administrator;
        let mut state = Vec::new();
        for path in [
            "people",
            "groups",
            "tokens",
            "permission-templates",
            "security/addresses",
            "plugins",
            "library",
            "publishers",
            "installations",
            "conversations",
            "clients",
            "tags",
            "answer-templates",
            "lists",
            "search?q=message",
            "decisions",
            "audit",
        ] {
            state.push(api.list(&format!("/api/v1/{path}")).await);
        }
        state.push(api.list(&format!("/api/v1/lists/{}/entries", things.list)).await);
        state.push(api.messages(&things.conversation).await);
        state.push(api.list(&format!("/api/v1/conversations/{}/comments", things.conversation)).await);
        state
    };
    let before = state().await;
    let routes = routes(&things);
    assert_complete(&server.nobody, &routes).await;
    for route in &routes {
        let answer = route.send(&ours.administrator).await;
        if route.names_a_thing() {
            // A token is no session, and a customer's is none of the platform's: it is not even asked which thing.
            let refused = if matches!(route.needs, Needs::Session | Needs::Platform(_)) { 403 } else { 404 };
            assert_eq!(answer.status(), refused, "{route}");
        }
        // A stream has no end; that it carries nothing of the other account is a case of its own.
        if route.to_string() != "GET /api/v1/events" {
            let body = answer.text().await.unwrap();
            for thing in things.all() {
                assert!(!body.contains(thing), "{route} shows {thing}: {body}");
            }
            assert!(!body.contains("of the other account"), "{route}: {body}");
        }
    }
    assert_eq!(state().await, before);
}

#[tokio::test]
async fn an_id_of_another_account_and_one_of_nothing_get_the_same_answer() {
    let server = Server::start().await;
    let things = Things::of(&server.without_plugins).await;
    let nothing = |id: &str| format!("{}_{:032x}", id.split('_').next().unwrap(), 7);
    let none = Things {
        plugin: nothing(&things.plugin),
        installation: nothing(&things.installation),
        conversation: nothing(&things.conversation),
        decision: nothing(&things.decision),
        person: nothing(&things.person),
        group: nothing(&things.group),
        token: nothing(&things.token),
        session: nothing(&things.session),
        account: nothing(&things.account),
        address_rule: nothing(&things.address_rule),
        message: nothing(&things.message),
        attachment: nothing(&things.attachment),
        filter: nothing(&things.filter),
        client: nothing(&things.client),
        comment: nothing(&things.comment),
        tag: nothing(&things.tag),
        template: nothing(&things.template),
        list: nothing(&things.list),
    };
    let ours = &server.with_plugins.administrator;
    for (theirs, none) in routes(&things).iter().zip(routes(&none)) {
        if theirs.names_a_thing() && theirs.needs != Needs::Nothing {
            let (theirs, none) = (theirs.send(ours).await, none.send(ours).await);
            assert_eq!(theirs.status(), none.status());
            assert_eq!(theirs.text().await.unwrap(), none.text().await.unwrap());
        }
    }
}

#[tokio::test]
async fn filters_and_keys_do_not_reach_into_another_account() {
    let server = Server::start().await;
    let (theirs, ours) = (&server.without_plugins.administrator, &server.with_plugins.administrator);
    let things = Things::of(&server.without_plugins).await;
    let by_conversation = format!("/api/v1/decisions?conversation={}", things.conversation);
    assert_eq!(theirs.list(&by_conversation).await.len(), 2);
    assert_eq!(ours.list(&by_conversation).await.len(), 0);
    assert_eq!(ours.list("/api/v1/decisions?rule=hostile-plugins").await.len(), 0);

    // The same key in two accounts is two keys.
    let conversation = ours.conversation().await;
    let post = async |api: &sluice_tests::Api, conversation: &str, text: &str| {
        let path = format!("/api/v1/conversations/{conversation}/messages");
        let request = api.request(reqwest::Method::POST, &path).header("Idempotency-Key", "one");
        api.send(request.json(&json!({"text": text}))).await.is(201)
    };
    let first = post(theirs, &things.conversation, "theirs").await;
    let second = post(ours, &conversation, "ours").await;
    assert_ne!(first["id"], second["id"]);

    // A cursor of the other account's list opens nothing.
    let page = theirs.get("/api/v1/conversations?limit=1").await.is(200);
    let listed = ours.list(&format!("/api/v1/conversations?cursor={}", page["next"].as_str().unwrap())).await;
    assert!(listed.iter().all(|row| row["id"] != things.conversation.as_str()), "{listed:?}");

    // The same component uploaded in both is a plugin of each.
    let again = ours.plugin("hostile-plugins").await;
    assert_ne!(again, things.plugin);
}
