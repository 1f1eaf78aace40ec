//! Who may use which route, and what a permission opens.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sluice_tests::{Account, Api, Server};

use crate::{
    routes::{Needs, Route, Things, assert_complete, routes},
    support::{colleague, inside, platform},
};

/// What someone has to show.
struct Person {
    name: String,
    api: Api,
    /// For requests that look.
    permissions: BTreeSet<String>,
    /// For those that change something.
    changing: BTreeSet<String>,
    means: String,
}

impl Person {
    async fn of(name: &str, api: Api) -> Self {
        let me = api.get("/api/v1/me").await.is(200);
        let permissions = me["permissions"].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned());
        let permissions: BTreeSet<String> = permissions.collect();
        let means = me["means"].as_str().unwrap().to_owned();
        Self { name: name.to_owned(), changing: permissions.clone(), permissions, means, api }
    }

    /// Support, which does less than it sees.
    async fn of_support(name: &str, api: Api, changing: &[&str]) -> Self {
        let changing = changing.iter().map(|word| (*word).to_owned()).collect();
        Self { changing, ..Self::of(name, api).await }
    }

    fn may(&self, route: &Route) -> bool {
        let is_support = self.means == "support";
        self.has(route.needs, if route.looks() { &self.permissions } else { &self.changing })
            && !(is_support && route.is_not_for_support())
    }

    fn has(&self, needs: Needs, permissions: &BTreeSet<String>) -> bool {
        let has = |word: &str| permissions.contains(word);
        match needs {
            Needs::Nothing | Needs::Somebody => true,
            Needs::Session => self.means == "session",
            Needs::AnySession => self.means != "token",
            Needs::ReachOrBring => self.has(Needs::Reach, permissions) || has("messages-write-as-client"),
            Needs::Reach => ["conversations-own", "conversations-group", "conversations-all"].into_iter().any(has),
            Needs::ReachAnd(word) => self.has(Needs::Reach, permissions) && has(word),
            Needs::Either(one, other) => has(one) || has(other),
            Needs::Permission(word) | Needs::Platform(word) => has(word),
            Needs::Permissions(words) => words.iter().copied().all(has),
        }
    }
}

/// One with each permission that can be given and nothing else, one with nothing, and a token with each scope.
async fn people_with_one_permission_each(server: &Server, account: &Account) -> Vec<Person> {
    let api = &account.administrator;
    let mut people = Vec::new();
    let nothing = server.join(api, "nothing", "operator", json!([])).await;
    people.push(Person::of("an operator without permissions", nothing).await);
    for permission in api.list("/api/v1/permissions").await {
        let word = permission["name"].as_str().unwrap();
        if permission["holders"] == "people" {
            let role = if people.len() % 2 == 0 { "operator" } else { "supervisor" };
            let session = server.join(api, word, role, json!([word])).await;
            people.push(Person::of(&format!("{role} with {word}"), session).await);
        }
        if permission["holders"] == "platform" {
            continue;
        }
        let token = api.post("/api/v1/tokens", json!({"name": word, "scopes": [word]})).await.is(201);
        let token = server.nobody.with_token(token["secret"].as_str().unwrap());
        people.push(Person::of(&format!("a token with {word}"), token).await);
    }
    people
}

#[tokio::test]
async fn every_route_is_open_to_those_who_may_use_it_and_to_nobody_else() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let things = Things::of(account).await;
    let mut people = Vec::new();
    let root = platform(&server).await;
    let changing = ["plugins-manage", "templates-edit", "lists-edit"];
    let support = inside(&server, account, &root, "configure").await;
    people.push(Person::of_support("support that may configure", support, &changing).await);
    // In the other account: in this one, another grant would end what was begun under the first.
    let support = inside(&server, &server.with_plugins, &root, "look").await;
    people.push(Person::of_support("support that may look", support, &[]).await);
    for permission in ["accounts-manage", "support-enter", "catalogue-publish"] {
        let api = colleague(&server, &root, permission, json!([permission])).await;
        people.push(Person::of(&format!("somebody of the platform with {permission}"), api).await);
    }
    people.push(Person::of("an administrator of the platform", root).await);
    // After support, which some of them put out.
    people.extend(people_with_one_permission_each(&server, account).await);
    for (name, api) in [("an operator", &account.operator), ("a supervisor", &account.supervisor)] {
        people.push(Person::of(name, api.clone()).await);
    }
    let routes = routes(&things);
    assert_complete(&server.nobody, &routes).await;
    for route in &routes {
        if !matches!(route.needs, Needs::Nothing) {
            assert_eq!(route.knock(&server.nobody).await.status(), 401, "{route} as nobody");
        }
    }
    // Who may not is refused by everything; that comes first, so that the things are still there.
    for person in &people {
        for route in routes.iter().filter(|route| !person.may(route)) {
            assert_eq!(route.knock(&person.api).await.status(), 403, "{route} as {}", person.name);
        }
    }
    // Who may gets through: a route that takes a thing away says to the next one that it is not there.
    for person in &people {
        let ends = |route: &Route| matches!(route.needs, Needs::Session | Needs::AnySession);
        for route in routes.iter().filter(|route| person.may(route) && !ends(route)) {
            let status = route.send(&person.api).await.status().as_u16();
            // A token renews itself and what it made, and this one is neither.
            if person.name.starts_with("a token") && route.to_string() == "POST /api/v1/tokens/{id}/renewal" {
                assert_eq!(status, 403, "{route} as {}", person.name);
                continue;
            }
            let fits = match route.needs {
                // Nobody's credentials are wrong, once too often at last, and no such link was ever made.
                Needs::Nothing => [200, 401, 404, 429].contains(&status),
                Needs::Session
                | Needs::AnySession
                | Needs::Platform(_)
                | Needs::Somebody
                | Needs::Reach
                | Needs::ReachOrBring
                | Needs::ReachAnd(_)
                | Needs::Either(..)
                | Needs::Permission(_)
                | Needs::Permissions(_) => status < 500 && ![401, 403].contains(&status),
            };
            assert!(fits, "{route} as {}: {status}", person.name);
        }
    }
}

#[tokio::test]
async fn an_administrator_gets_through_everywhere() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let [administrator, ..] = &account.members;
    let session = server.nobody.session_of(administrator).await;
    for route in &routes(&Things::of(account).await) {
        let status = route.send(&session).await.status().as_u16();
        if matches!(route.needs, Needs::Platform(_)) {
            assert_eq!(status, 403, "{route}");
            continue;
        }
        match route.to_string().as_str() {
            "POST /api/v1/sessions" | "PUT /api/v1/me/password" | "POST /api/v1/me/second-factors/totp" => {
                assert_eq!(status, 401, "{route}");
            }
            // The server is reached by an address.
            "POST /api/v1/me/second-factors/passkeys" | "POST /api/v1/me/second-factors/passkeys/confirmation" => {
                assert_eq!(status, 409, "{route}");
            }
            // It is installed.
            "DELETE /api/v1/plugins/{id}" => assert_eq!(status, 409, "{route}"),
            "POST /api/v1/plugins/{id}/signatures" => assert_eq!(status, 422, "{route}"),
            "POST /api/v1/catalogue/{id}/take" => assert_eq!(status, 404, "{route}"),
            // It was delivered long ago.
            "POST /api/v1/messages/{id}/review" => assert_eq!(status, 409, "{route}"),
            "DELETE /api/v1/me/second-factors/passkeys/{id}" => assert_eq!(status, 401, "{route}"),
            "POST /api/v1/me/second-factors/totp/confirmation"
            | "POST /api/v1/me/second-factors/recovery-codes"
            | "DELETE /api/v1/me/second-factors"
            | "DELETE /api/v1/people/{id}/second-factors" => assert_eq!(status, 404, "{route}"),
            "POST /api/v1/passwords" | "DELETE /api/v1/me/sessions/{id}" => assert_eq!(status, 404, "{route}"),
            _ => assert!((200..300).contains(&status), "{route}: {status}"),
        }
    }
}

#[tokio::test]
async fn a_person_reads_their_own_conversations_those_of_their_groups_or_all() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let api = &account.administrator;
    let own = server.join(api, "own", "operator", json!(["conversations-own"])).await;
    let grouped = server.join(api, "grouped", "operator", json!(["conversations-group"])).await;
    let id = async |api: &Api| api.get("/api/v1/me").await.is(200)["person_id"].as_str().unwrap().to_owned();
    let (own_id, grouped_id) = (id(&own).await, id(&grouped).await);
    let conversation = api.conversation().await;
    let read = format!("/api/v1/conversations/{conversation}/messages");
    let assignment = format!("/api/v1/conversations/{conversation}/assignment");
    let group = api.post("/api/v1/groups", json!({"name": "Sales", "members": [grouped_id]})).await.is(201);

    let mut events = own.events(None).await;
    for person in [&own, &grouped] {
        person.get(&read).await.problem(404, "not-found");
        person.outgoing(&conversation, "hi").await.problem(404, "not-found");
        assert_eq!(person.list("/api/v1/conversations").await.len(), 0);
    }
    api.incoming(&conversation, "nobody reads this yet").await.is(201);
    api.put(&assignment, json!({"group_id": group["id"]})).await.is(200);
    grouped.outgoing(&conversation, "hi").await.is(201);
    own.get(&read).await.problem(404, "not-found");

    let assigned = api.put(&assignment, json!({"assignee_id": own_id})).await.is(200);
    assert_eq!((&assigned["assignee_id"], &assigned["group_id"]), (&json!(own_id), &Value::Null));
    grouped.get(&read).await.problem(404, "not-found");
    assert_eq!(own.list("/api/v1/conversations").await.len(), 1);
    own.outgoing(&conversation, "for me").await.is(201);
    // What was written while the conversation was the group's may be in the stream or not: it is looked at when it is read.
    let mut texts = Vec::new();
    while texts.last() != Some(&json!("for me")) {
        texts.push(events.next().await.data["message"]["text"].clone());
    }

    // Whoever starts a conversation answers it.
    let started = grouped.conversation().await;
    grouped.outgoing(&started, "hi").await.is(201);
    own.outgoing(&started, "hi").await.problem(404, "not-found");
}

#[tokio::test]
async fn only_programs_and_administrators_bring_in_what_clients_wrote() {
    let server = Server::start().await;
    let account = &server.without_plugins;
    let conversation = account.operator.conversation().await;
    // A token of the operator's is a program.
    account.operator.incoming(&conversation, "hi").await.is(201);
    let [_, _, operator] = &account.members;
    let answer = server.nobody.log_in(&operator.email, &operator.password).await;
    let session = server.nobody.with_cookie(answer.header("set-cookie"));
    session.incoming(&conversation, "hi").await.problem(403, "forbidden");
    session.outgoing(&conversation, "hi").await.is(201);
}
