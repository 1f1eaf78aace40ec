//! Every route of the API with who may use it. A route that is not here fails the cases that walk over all of them.

use std::collections::BTreeSet;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use sluice_tests::{Account, Api, component};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    Nobody,
    Operator,
    Supervisor,
    Administrator,
}

/// One route, with a request for it that says nothing wrong.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// As the OpenAPI document has it.
    template: &'static str,
    path: String,
    body: Body,
    /// The least of those who may.
    pub(crate) least: Who,
}

enum Body {
    None,
    Json(Value),
    Component,
}

/// What there is in an account.
#[derive(Debug, Clone)]
pub(crate) struct Things {
    pub(crate) plugin: String,
    pub(crate) installation: String,
    pub(crate) conversation: String,
    pub(crate) decision: String,
}

impl Things {
    /// Makes some.
    pub(crate) async fn of(account: &Account) -> Self {
        let api = &account.administrator;
        let plugin = api.plugin("hostile-plugins").await;
        let installed = api.install(&plugin, json!({"config": {"behaviour": "flag"}})).await.is(201);
        let conversation = api.conversation().await;
        let posted = api.incoming(&conversation, "a message of the other account").await.is(201);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self { plugin, installation: text(&installed["id"]), conversation, decision: text(&posted["decision_id"]) }
    }

    pub(crate) fn all(&self) -> [&str; 4] {
        [&self.plugin, &self.installation, &self.conversation, &self.decision]
    }
}

impl Route {
    pub(crate) fn names_a_thing(&self) -> bool {
        self.template.contains('{') || matches!(&self.body, Body::Json(body) if body.to_string().contains("plg_"))
    }

    pub(crate) async fn send(&self, api: &Api) -> Response {
        let request = api.request(self.method.clone(), &self.path);
        let request = match &self.body {
            Body::None => request,
            Body::Json(body) => request.json(body),
            Body::Component => request.body(component("office-hours")),
        };
        request.send().await.unwrap()
    }
}

impl std::fmt::Display for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.template)
    }
}

/// All of them, naming `things`.
pub(crate) fn routes(things: &Things) -> Vec<Route> {
    use Who::{Administrator, Nobody, Operator, Supervisor};
    let Things { plugin, installation, conversation, decision } = things;
    let install = json!({"plugin_id": plugin, "mode": "disabled", "grants": ["log"]});
    let draft = json!({"plugin_id": plugin, "grants": ["log"]});
    let trial = json!({"message": {"text": "hi"}, "draft_installations": [draft]});
    let client = json!({"client": {"name": "Carla"}});
    let nobody = json!({"email": "nobody@nowhere.example", "password": "wrong"});
    let table = [
        ("GET", "/healthz", "", Body::None, Nobody),
        ("GET", "/readyz", "", Body::None, Nobody),
        ("POST", "/api/v1/sessions", "", Body::Json(nobody), Nobody),
        ("DELETE", "/api/v1/sessions/current", "", Body::None, Operator),
        ("GET", "/api/v1/me", "", Body::None, Operator),
        ("POST", "/api/v1/plugins", "", Body::Component, Administrator),
        ("GET", "/api/v1/plugins", "", Body::None, Administrator),
        ("GET", "/api/v1/plugins/{id}", plugin, Body::None, Administrator),
        ("POST", "/api/v1/installations", "", Body::Json(install), Administrator),
        ("GET", "/api/v1/installations", "", Body::None, Administrator),
        ("GET", "/api/v1/installations/{id}", installation, Body::None, Administrator),
        ("PATCH", "/api/v1/installations/{id}", installation, Body::Json(json!({"mode": "shadow"})), Administrator),
        ("DELETE", "/api/v1/installations/{id}", installation, Body::None, Administrator),
        ("POST", "/api/v1/conversations", "", Body::Json(client), Operator),
        ("GET", "/api/v1/conversations", "", Body::None, Operator),
        ("POST", "/api/v1/conversations/{id}/messages", conversation, Body::Json(json!({"text": "hi"})), Operator),
        ("GET", "/api/v1/conversations/{id}/messages", conversation, Body::None, Operator),
        ("POST", "/api/v1/policy/evaluate", "", Body::Json(trial), Administrator),
        ("GET", "/api/v1/decisions", "", Body::None, Supervisor),
        ("GET", "/api/v1/decisions/{id}", decision, Body::None, Supervisor),
        ("GET", "/api/v1/audit", "", Body::None, Administrator),
        ("GET", "/api/v1/security", "", Body::None, Administrator),
        ("PUT", "/api/v1/security", "", Body::Json(json!({})), Administrator),
        ("GET", "/api/v1/events", "", Body::None, Operator),
    ];
    let route = |(method, template, id, body, least): (&str, &'static str, &str, Body, Who)| Route {
        method: method.parse().unwrap(),
        template,
        path: template.replace("{id}", id),
        body,
        least,
    };
    table.map(route).into()
}

/// Fails when the OpenAPI document has a route that is not in the table, or the other way round.
pub(crate) async fn assert_complete(nobody: &Api, routes: &[Route]) {
    let document = nobody.get("/api/openapi.json").await.is(200);
    let paths = document["paths"].as_object().unwrap();
    let documented: BTreeSet<String> = paths
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    assert_eq!(documented, routes.iter().map(Route::to_string).collect());
}
