//! Every route of the API with who may use it. A route that is not here fails the cases that walk over all of them.

use std::collections::BTreeSet;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use sluice_tests::{Account, Api, component};

/// A publisher's key (RFC 8032, section 7.1, test 1).
const PUBLISHER: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
/// An entry of the catalogue that is not there: it is the platform's.
const NO_ENTRY: &str = "cat_00000000000000000000000000000007";

/// What a caller needs to use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing: strangers use it too.
    Nothing,
    /// To be somebody of the account, or a token.
    Somebody,
    /// To be somebody who has logged in: no token does.
    Session,
    /// To have come with a session: one's own, or one of support.
    AnySession,
    /// One permission that nobody has in a customer's account.
    Platform(&'static str),
    /// To read some conversations, whichever.
    Reach,
    /// To read some conversations, or to bring in what clients wrote.
    ReachOrBring,
    /// To read some conversations, and one permission.
    ReachAnd(&'static str),
    /// One permission.
    Permission(&'static str),
    /// Each of these.
    Permissions(&'static [&'static str]),
    /// One of two permissions.
    Either(&'static str, &'static str),
}

/// One route, with a request for it that says nothing wrong.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// As the OpenAPI document has it.
    template: &'static str,
    path: String,
    body: Body,
    pub(crate) needs: Needs,
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
    pub(crate) person: String,
    pub(crate) group: String,
    pub(crate) token: String,
    pub(crate) session: String,
    pub(crate) account: String,
    pub(crate) address_rule: String,
    pub(crate) message: String,
    pub(crate) attachment: String,
    pub(crate) filter: String,
    pub(crate) client: String,
    pub(crate) comment: String,
    pub(crate) tag: String,
    pub(crate) template: String,
    pub(crate) list: String,
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
        let invited = api.invite("thing", "operator", json!([])).await.is(201);
        let group = api.post("/api/v1/groups", json!({"name": "Of the other account"})).await.is(201);
        let token = json!({"name": "of the other account", "scopes": ["tokens-manage"]});
        let token = api.post("/api/v1/tokens", token).await.is(201);
        api.put("/api/v1/permission-templates/theirs", json!({"permissions": []})).await.is(200);
        api.put("/api/v1/publishers/of the other account", json!({"key": PUBLISHER})).await.is(200);
        let rule = json!({"rule": {"net": "198.51.100.0/24", "action": "deny", "comment": "of the other account"}});
        let rule = api.post("/api/v1/security/addresses", rule).await.is(201);
        let path = format!("/api/v1/conversations/{conversation}");
        let client = api.get(&path).await.is(200)["client"]["id"].clone();
        let comment = api.post(&format!("{path}/comments"), json!({"text": "of the other account"})).await.is(201);
        let tag = api.post("/api/v1/tags", json!({"label": "of the other account", "color": "#00ff00"})).await.is(201);
        api.put(&format!("{path}/tags"), json!({"tags": [tag["id"]]})).await.is(200);
        let template = json!({"name": "of the other account", "text": "of the other account"});
        let template = api.post("/api/v1/answer-templates", template).await.is(201);
        let list = json!({"name": "theirs", "kind": "exact", "description": "of the other account"});
        let list = text(&api.post("/api/v1/lists", list).await.is(201)["id"]);
        let entries = json!({"entries": [{"value": "of the other account"}]});
        api.post(&format!("/api/v1/lists/{list}/entries"), entries).await.is(200);
        let [_, _, operator] = &account.members;
        let operator = api.session_of(operator).await;
        let sessions = operator.list("/api/v1/me/sessions").await;
        let filter = api.filter(json!({"what": ["archive-bombs"], "action": "flag"})).await.is(201);
        let attachment = api.file("of the other account", "x").await;
        api.post_with(&conversation, "outgoing", "", &[&attachment]).await.is(201);
        Self {
            message: text(&posted["id"]),
            attachment,
            filter: text(&filter["id"]),
            plugin,
            installation: text(&installed["id"]),
            conversation,
            decision: text(&posted["decision_id"]),
            person: text(&invited["person"]["id"]),
            group: text(&group["id"]),
            token: text(&token["token"]["id"]),
            session: text(&sessions[0]["id"]),
            account: text(&api.get("/api/v1/me").await.is(200)["account_id"]),
            address_rule: text(&rule["id"]),
            client: text(&client),
            comment: text(&comment["id"]),
            tag: text(&tag["id"]),
            template: text(&template["id"]),
            list,
        }
    }

    pub(crate) fn all(&self) -> [&str; 17] {
        let Self {
            plugin,
            installation,
            conversation,
            decision,
            person,
            group,
            token,
            session,
            address_rule,
            message,
            attachment,
            filter,
            client,
            comment,
            tag,
            template,
            list,
            account: _,
        } = self;
        [
            plugin,
            installation,
            conversation,
            decision,
            person,
            group,
            token,
            session,
            address_rule,
            message,
            attachment,
            filter,
            client,
            comment,
            tag,
            template,
            list,
        ]
    }
}

impl Route {
    pub(crate) fn names_a_thing(&self) -> bool {
        (self.template.contains("{id}") && !self.template.starts_with("/api/v1/permission-templates"))
            || matches!(&self.body, Body::Json(body) if body.to_string().contains("plg_"))
    }

    /// Whether it only looks.
    pub(crate) fn looks(&self) -> bool {
        self.method == Method::GET
    }

    /// Whether support does not do it, whatever it may: who brought a plugin is somebody of the account, and the plugin of `Things`
    /// is an access rule too.
    pub(crate) fn is_not_for_support(&self) -> bool {
        matches!(self.body, Body::Component)
            || ((self.template.starts_with("/api/v1/installations") || self.template.starts_with("/api/v1/chain"))
                && !self.looks())
            || (self.template == "/api/v1/plugins/{id}" && !self.looks())
            || self.template.ends_with("/take")
    }

    /// Like [`Route::send`] for one who is refused before a component is read: it may break off while it is sent.
    pub(crate) async fn knock(&self, api: &Api) -> Response {
        match self.body {
            Body::Component => api.request(self.method.clone(), &self.path).body("x").send().await.unwrap(),
            Body::None | Body::Json(_) => self.send(api).await,
        }
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
    use Needs::{
        AnySession, Either, Nothing, Permission, Permissions, Platform, Reach, ReachAnd, ReachOrBring, Session,
        Somebody,
    };
    let Things {
        plugin,
        installation,
        conversation,
        decision,
        person,
        group,
        token,
        session,
        address_rule,
        account,
        message,
        attachment,
        filter,
        client: their_client,
        comment,
        tag,
        template,
        list,
    } = things;
    let rule = json!({"rule": {"what": ["archive-bombs"], "action": "flag"}});
    let reviewed = json!({"messages": [message], "verdict": "approve"});
    let tag_draft = json!({"label": format!("New {}", &person[20..]), "color": "#0000ff"});
    let template_draft = json!({"name": format!("New {}", &person[20..]), "text": "Good day!"});
    let install = json!({"plugin_id": plugin, "mode": "disabled", "grants": ["log"]});
    let draft = json!({"plugin_id": plugin, "grants": ["log"]});
    let preview = json!({"draft": {"add": draft}, "source": {"last": 9}});
    let trial = json!({"message": {"text": "hi"}, "draft_installations": [draft]});
    let client = json!({"client": {"name": "Carla"}});
    let nobody = json!({"email": "nobody@nowhere.example", "password": "wrong"});
    let invitation = json!({"email": format!("new{}@example.com", &person[20..]), "name": "New", "role": "operator"});
    let passwords = json!({"link": "sll_none", "password": "x"});
    let code = json!({"code": "000000"});
    let passkey = json!({"name": "Key", "challenge_id": "chl_00000000000000000000000000000007", "credential": {}});
    let change = json!({"current": "x", "new": "y"});
    let (people, security) = (Permission("people-manage"), Permission("security-manage"));
    let (plugins, tokens) = (Permission("plugins-manage"), Permission("tokens-manage"));
    let templates = Permission("templates-edit");
    let (edit_lists, see_lists) = (Permission("lists-edit"), Either("lists-edit", "plugins-manage"));
    let list_draft = json!({"name": format!("new-{}", &person[20..]), "kind": "exact"});
    let list_entries = json!({"entries": [{"value": "x"}]});
    let publish = Platform("catalogue-publish");
    let signature = json!({"publisher_key": PUBLISHER, "signature": format!("{}==", "A".repeat(86))});
    let (review, support) = (Permission("messages-review"), Permission("support-manage"));
    let customer = json!({"name": "New", "email": nobody["email"], "administrator": "New"});
    let table = [
        ("GET", "/healthz", "", Body::None, Nothing),
        ("GET", "/readyz", "", Body::None, Nothing),
        ("POST", "/api/v1/sessions", "", Body::Json(nobody), Nothing),
        ("POST", "/api/v1/passwords", "", Body::Json(passwords), Nothing),
        ("GET", "/api/v1/me", "", Body::None, Somebody),
        ("GET", "/api/v1/permissions", "", Body::None, Somebody),
        ("POST", "/api/v1/passwords/strength", "", Body::Json(json!({"password": "x"})), Somebody),
        ("POST", "/api/v1/passwords/suggestion", "", Body::None, Somebody),
        ("PUT", "/api/v1/me/password", "", Body::Json(change), Session),
        ("GET", "/api/v1/me/sessions", "", Body::None, Session),
        ("DELETE", "/api/v1/me/sessions/{id}", session, Body::None, Session),
        ("DELETE", "/api/v1/me/sessions", "", Body::None, Session),
        ("GET", "/api/v1/people", "", Body::None, people),
        ("POST", "/api/v1/people", "", Body::Json(invitation), people),
        ("GET", "/api/v1/people/{id}", person, Body::None, people),
        ("PATCH", "/api/v1/people/{id}", person, Body::Json(json!({"name": "Changed"})), people),
        ("POST", "/api/v1/people/{id}/password-link", person, Body::None, people),
        ("GET", "/api/v1/permission-templates", "", Body::None, people),
        ("PUT", "/api/v1/permission-templates/{name}", "", Body::Json(json!({"permissions": []})), people),
        ("DELETE", "/api/v1/permission-templates/{name}", "", Body::None, people),
        ("GET", "/api/v1/groups", "", Body::None, Reach),
        ("POST", "/api/v1/groups", "", Body::Json(json!({"name": format!("New {}", &person[20..])})), people),
        ("PATCH", "/api/v1/groups/{id}", group, Body::Json(json!({"members": []})), people),
        (
            "PUT",
            "/api/v1/conversations/{id}/assignment",
            conversation,
            Body::Json(json!({})),
            ReachAnd("conversations-assign"),
        ),
        ("DELETE", "/api/v1/groups/{id}", group, Body::None, people),
        ("DELETE", "/api/v1/people/{id}/second-factors", person, Body::None, people),
        ("DELETE", "/api/v1/people/{id}", person, Body::None, people),
        ("GET", "/api/v1/me/second-factors", "", Body::None, Session),
        ("POST", "/api/v1/me/second-factors/totp", "", Body::Json(json!({"password": "x"})), Session),
        ("POST", "/api/v1/me/second-factors/totp/confirmation", "", Body::Json(code.clone()), Session),
        ("POST", "/api/v1/me/second-factors/recovery-codes", "", Body::Json(code.clone()), Session),
        ("POST", "/api/v1/me/second-factors/passkeys", "", Body::Json(json!({"password": "x"})), Session),
        ("POST", "/api/v1/me/second-factors/passkeys/confirmation", "", Body::Json(passkey), Session),
        (
            "DELETE",
            "/api/v1/me/second-factors/passkeys/{id}",
            "pky_00000000000000000000000000000007",
            Body::Json(json!({"password": "x"})),
            Session,
        ),
        ("DELETE", "/api/v1/me/second-factors", "", Body::Json(code), Session),
        ("GET", "/api/v1/tokens", "", Body::None, tokens),
        ("POST", "/api/v1/tokens", "", Body::Json(json!({"name": "new", "scopes": ["data-export"]})), tokens),
        ("POST", "/api/v1/tokens/{id}/renewal", token, Body::Json(json!({"overlap_seconds": 0})), tokens),
        ("DELETE", "/api/v1/tokens/{id}", token, Body::None, tokens),
        ("POST", "/api/v1/plugins", "", Body::Component, plugins),
        ("GET", "/api/v1/plugins", "", Body::None, plugins),
        ("GET", "/api/v1/plugins/{id}", plugin, Body::None, plugins),
        ("DELETE", "/api/v1/plugins/{id}", plugin, Body::None, plugins),
        ("POST", "/api/v1/plugins/{id}/signatures", plugin, Body::Json(signature.clone()), plugins),
        ("GET", "/api/v1/plugins/usage", "", Body::None, plugins),
        ("GET", "/api/v1/library", "", Body::None, plugins),
        ("GET", "/api/v1/catalogue", "", Body::None, plugins),
        ("POST", "/api/v1/catalogue/{id}/take", NO_ENTRY, Body::None, plugins),
        ("GET", "/api/v1/publishers", "", Body::None, plugins),
        ("PUT", "/api/v1/publishers", "", Body::Json(json!({"require_signature": "off"})), security),
        ("PUT", "/api/v1/publishers/{name}", "", Body::Json(json!({"key": PUBLISHER})), security),
        ("DELETE", "/api/v1/publishers/{name}", "", Body::None, security),
        // Before there is another one.
        ("PUT", "/api/v1/chain/order", "", Body::Json(json!({"installations": [installation]})), plugins),
        ("POST", "/api/v1/installations", "", Body::Json(install), plugins),
        ("GET", "/api/v1/installations", "", Body::None, plugins),
        ("GET", "/api/v1/installations/{id}", installation, Body::None, plugins),
        ("GET", "/api/v1/installations/{id}/comparison", installation, Body::None, plugins),
        ("PATCH", "/api/v1/installations/{id}", installation, Body::Json(json!({"mode": "shadow"})), plugins),
        ("DELETE", "/api/v1/installations/{id}", installation, Body::None, plugins),
        ("GET", "/api/v1/chain", "", Body::None, plugins),
        ("PUT", "/api/v1/chain/plugins", "", Body::Json(json!({"on": true})), plugins),
        ("GET", "/api/v1/chain/versions", "", Body::None, plugins),
        ("GET", "/api/v1/chain/versions/{version}", "", Body::None, plugins),
        ("POST", "/api/v1/chain/rollback", "", Body::Json(json!({"version": 1_000_000})), plugins),
        ("POST", "/api/v1/conversations", "", Body::Json(client), ReachOrBring),
        ("GET", "/api/v1/conversations", "", Body::None, Reach),
        ("GET", "/api/v1/conversations/{id}", conversation, Body::None, Reach),
        ("PATCH", "/api/v1/conversations/{id}", conversation, Body::Json(json!({"state": "open"})), Reach),
        ("GET", "/api/v1/conversations/{id}/requests", conversation, Body::None, Reach),
        ("PUT", "/api/v1/conversations/{id}/read", conversation, Body::Json(json!({"seq": 1})), Reach),
        (
            "PUT",
            "/api/v1/conversations/{id}/client-read",
            conversation,
            Body::Json(json!({"seq": 1})),
            Permission("messages-write-as-client"),
        ),
        ("POST", "/api/v1/conversations/{id}/typing", conversation, Body::Json(json!({})), Reach),
        ("PUT", "/api/v1/conversations/{id}/tags", conversation, Body::Json(json!({"tags": []})), Reach),
        ("POST", "/api/v1/conversations/{id}/comments", conversation, Body::Json(json!({"text": "psst"})), Reach),
        ("GET", "/api/v1/conversations/{id}/comments", conversation, Body::None, Reach),
        ("DELETE", "/api/v1/comments/{id}", comment, Body::None, Reach),
        ("GET", "/api/v1/search", "?q=message", Body::None, Reach),
        ("GET", "/api/v1/clients", "", Body::None, Reach),
        ("GET", "/api/v1/clients/{id}", their_client, Body::None, Reach),
        ("PATCH", "/api/v1/clients/{id}", their_client, Body::Json(json!({"phone": "+1"})), Reach),
        ("PUT", "/api/v1/clients/{id}/tags", their_client, Body::Json(json!({"tags": []})), Reach),
        ("GET", "/api/v1/tags", "", Body::None, Reach),
        ("POST", "/api/v1/tags", "", Body::Json(tag_draft), templates),
        ("PATCH", "/api/v1/tags/{id}", tag, Body::Json(json!({"description": "x"})), templates),
        ("DELETE", "/api/v1/tags/{id}", tag, Body::None, templates),
        ("GET", "/api/v1/answer-templates", "", Body::None, Reach),
        ("POST", "/api/v1/answer-templates", "", Body::Json(template_draft), templates),
        ("PATCH", "/api/v1/answer-templates/{id}", template, Body::Json(json!({"command": "x"})), templates),
        ("DELETE", "/api/v1/answer-templates/{id}", template, Body::None, templates),
        ("POST", "/api/v1/conversations/{id}/messages", conversation, Body::Json(json!({"text": "hi"})), Reach),
        ("GET", "/api/v1/conversations/{id}/messages", conversation, Body::None, Reach),
        ("POST", "/api/v1/attachments", "?name=new", Body::Component, Reach),
        ("GET", "/api/v1/attachments/{id}", attachment, Body::None, ReachOrBring),
        ("GET", "/api/v1/filters", "", Body::None, plugins),
        ("POST", "/api/v1/filters", "", Body::Json(rule.clone()), plugins),
        ("GET", "/api/v1/filters/{id}", filter, Body::None, plugins),
        ("PATCH", "/api/v1/filters/{id}", filter, Body::Json(json!({"mode": "shadow"})), plugins),
        ("POST", "/api/v1/filters/preview", "", Body::Json(rule), plugins),
        ("DELETE", "/api/v1/filters/{id}", filter, Body::None, plugins),
        ("GET", "/api/v1/messaging", "", Body::None, plugins),
        ("PUT", "/api/v1/messaging", "", Body::Json(json!({})), plugins),
        ("GET", "/api/v1/reviews", "", Body::None, ReachAnd("messages-review")),
        ("POST", "/api/v1/reviews", "", Body::Json(reviewed), ReachAnd("messages-review")),
        (
            "POST",
            "/api/v1/messages/{id}/review",
            message,
            Body::Json(json!({"verdict": "approve"})),
            ReachAnd("messages-review"),
        ),
        ("GET", "/api/v1/quarantine", "", Body::None, Permission("quarantine-read")),
        ("GET", "/api/v1/lists", "", Body::None, see_lists),
        ("POST", "/api/v1/lists", "", Body::Json(list_draft), edit_lists),
        ("GET", "/api/v1/lists/{id}", list, Body::None, see_lists),
        ("PATCH", "/api/v1/lists/{id}", list, Body::Json(json!({"description": "x"})), edit_lists),
        ("GET", "/api/v1/lists/{id}/entries", list, Body::None, see_lists),
        ("POST", "/api/v1/lists/{id}/entries", list, Body::Json(list_entries), edit_lists),
        ("DELETE", "/api/v1/lists/{id}/entries", list, Body::Json(json!({"values": ["x"]})), edit_lists),
        ("GET", "/api/v1/lists/{id}/find", list, Body::None, see_lists),
        ("DELETE", "/api/v1/lists/{id}", list, Body::None, edit_lists),
        ("POST", "/api/v1/policy/evaluate", "", Body::Json(trial), plugins),
        ("POST", "/api/v1/policy/preview", "", Body::Json(preview), plugins),
        ("GET", "/api/v1/decisions", "", Body::None, review),
        ("GET", "/api/v1/decisions/counts", "?from=0&to=1&by=hour", Body::None, review),
        (
            "GET",
            "/api/v1/decisions/export",
            "?format=jsonl",
            Body::None,
            Permissions(&["messages-review", "data-export"]),
        ),
        ("GET", "/api/v1/decisions/{id}", decision, Body::None, review),
        ("POST", "/api/v1/decisions/{id}/rerun", decision, Body::None, review),
        ("GET", "/api/v1/audit", "", Body::None, Permission("audit-read")),
        ("GET", "/api/v1/audit/verification", "", Body::None, Permission("audit-read")),
        ("GET", "/api/v1/audit/export", "?format=jsonl", Body::None, Permission("audit-read")),
        ("GET", "/api/v1/connections", "", Body::None, Permission("audit-read")),
        ("GET", "/api/v1/security", "", Body::None, security),
        ("PUT", "/api/v1/security", "", Body::Json(json!({})), security),
        ("GET", "/api/v1/security/addresses", "", Body::None, security),
        ("DELETE", "/api/v1/security/addresses/{id}", address_rule, Body::None, security),
        ("PUT", "/api/v1/security/addresses", "", Body::Json(json!({"rules": []})), security),
        (
            "POST",
            "/api/v1/security/addresses",
            "",
            Body::Json(json!({"rule": {"net": "192.0.2.0/24", "action": "deny"}})),
            security,
        ),
        ("POST", "/api/v1/security/addresses/check", "", Body::Json(json!({"address": "192.0.2.1"})), security),
        ("GET", "/api/v1/support", "", Body::None, Somebody),
        ("PUT", "/api/v1/support", "", Body::Json(json!({"scope": "look", "minutes": 1})), support),
        ("DELETE", "/api/v1/support", "", Body::None, support),
        ("GET", "/api/v1/platform/accounts", "", Body::None, Platform("accounts-manage")),
        ("POST", "/api/v1/platform/accounts", "", Body::Json(customer), Platform("accounts-manage")),
        ("GET", "/api/v1/platform/accounts/{id}/quota", account, Body::None, Platform("accounts-manage")),
        ("PUT", "/api/v1/platform/accounts/{id}/quota", account, Body::Json(json!({})), Platform("accounts-manage")),
        ("GET", "/api/v1/platform/catalogue", "", Body::None, publish),
        ("POST", "/api/v1/platform/catalogue", "", Body::Component, publish),
        ("POST", "/api/v1/platform/catalogue/{id}/signatures", NO_ENTRY, Body::Json(signature), publish),
        ("DELETE", "/api/v1/platform/catalogue/{id}", NO_ENTRY, Body::None, publish),
        ("GET", "/api/v1/platform/support", "", Body::None, Platform("support-enter")),
        (
            "POST",
            "/api/v1/platform/accounts/{id}/support-sessions",
            account,
            Body::Json(json!({"reason": "to look"})),
            Platform("support-enter"),
        ),
        ("GET", "/api/v1/platform/switched-off", "", Body::None, Platform("plugins-switch")),
        (
            "PUT",
            "/api/v1/platform/switched-off/{sha256}",
            "",
            Body::Json(json!({"reason": "a test"})),
            Platform("plugins-switch"),
        ),
        ("DELETE", "/api/v1/platform/switched-off/{sha256}", "", Body::None, Platform("plugins-switch")),
        ("GET", "/api/v1/events", "", Body::None, Reach),
        // Last: it ends the session that the others were sent with.
        ("DELETE", "/api/v1/sessions/current", "", Body::None, AnySession),
    ];
    let route = |(method, template, id, body, needs): (&str, &'static str, &str, Body, Needs)| Route {
        method: method.parse().unwrap(),
        template,
        path: template
            .replace("{id}", id)
            .replace("{name}", "theirs")
            .replace("{version}", "1")
            .replace("{sha256}", &"0".repeat(64))
            + query(template, id),
        body,
        needs,
    };
    table.map(route).into()
}

/// What goes after the path: it stands for the id where there is none.
fn query<'q>(template: &str, id: &'q str) -> &'q str {
    if template.ends_with("/find") {
        "?value=x"
    } else if id.starts_with('?') {
        id
    } else {
        ""
    }
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
