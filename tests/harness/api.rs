//! The native API, as one of its users sends it.

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::{Method, RequestBuilder, header};
use serde_json::{Value, json};

use crate::{Answer, Events, Member, clients::client, files};

static NEXT: AtomicU64 = AtomicU64::new(1);

/// Someone who talks to the server: nobody, a token or a session.
#[derive(Debug, Clone)]
pub struct Api {
    http: reqwest::Client,
    url: String,
    shows: Option<(header::HeaderName, String)>,
    user_agent: Option<&'static str>,
}

impl Api {
    pub(crate) fn nobody(http: reqwest::Client, url: String) -> Self {
        Self { http, url, shows: None, user_agent: None }
    }

    /// Where the server is, as `http://HOST:PORT` or `https`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The same, coming from another address of this machine.
    ///
    /// # Panics
    /// When no client can be made.
    #[must_use]
    pub fn from(&self, address: [u8; 4]) -> Self {
        Self { http: client(Some(address.into()), None), ..self.clone() }
    }

    /// The same, trusting servers with this certificate (PEM), or with one that it has signed, and no others.
    ///
    /// # Panics
    /// When it is no certificate.
    #[must_use]
    pub fn trusting(&self, certificate: &str) -> Self {
        Self { http: client(None, Some(certificate)), ..self.clone() }
    }

    /// The same, talking to another server, or to one that was started again.
    #[must_use]
    pub fn on(&self, server: &crate::Server) -> Self {
        Self { url: server.url().to_owned(), ..self.clone() }
    }

    /// The same, showing an API token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { shows: Some((header::AUTHORIZATION, format!("Bearer {token}"))), ..self.clone() }
    }

    /// The same, showing a session's cookie as `Set-Cookie` gave it.
    #[must_use]
    pub fn with_cookie(&self, set_cookie: &str) -> Self {
        let pair = set_cookie.split(';').next().unwrap_or_default();
        Self { shows: Some((header::COOKIE, pair.to_owned())), ..self.clone() }
    }

    /// The same, with a `User-Agent`.
    #[must_use]
    pub fn saying(&self, user_agent: &'static str) -> Self {
        Self { user_agent: Some(user_agent), ..self.clone() }
    }

    /// A request, for what the verbs below cannot say.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(user_agent) = self.user_agent {
            request = request.header(header::USER_AGENT, user_agent);
        }
        match &self.shows {
            Some((name, value)) => request.header(name, value),
            None => request,
        }
    }

    /// Sends a request.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::read(request.send().await.expect("an answer")).await
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// `POST` of JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// `PUT` of JSON.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    /// `PATCH` of JSON.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// The items of a list.
    ///
    /// # Panics
    /// When the answer is no list.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let body = self.get(path).await.is(200);
        body["items"].as_array().unwrap_or_else(|| panic!("no list: {body:#}")).clone()
    }

    /// Logs in with a password.
    pub async fn log_in(&self, email: &str, password: &str) -> Answer {
        self.post("/api/v1/sessions", json!({"email": email, "password": password})).await
    }

    /// Uploads a component.
    pub async fn upload(&self, component: Vec<u8>) -> Answer {
        let request = self.request(Method::POST, "/api/v1/plugins").header(header::CONTENT_TYPE, "application/wasm");
        self.send(request.body(component)).await
    }

    /// `POST` of a component with these parameters in the query.
    pub async fn post_component(&self, path: &str, about: &[(&str, &str)], component: Vec<u8>) -> Answer {
        let about: Vec<String> = about.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let request = self.request(Method::POST, &format!("{path}?{}", about.join("&")));
        self.send(request.header(header::CONTENT_TYPE, "application/wasm").body(component)).await
    }

    /// Uploads one of the built plugins; its id.
    ///
    /// # Panics
    /// When the server does not take it.
    pub async fn plugin(&self, name: &str) -> String {
        id(&self.upload(files::component(name)).await.is(201))
    }

    /// Installs a plugin by its id with the members of `more`, in `enforce` unless they say otherwise.
    pub async fn install(&self, plugin: &str, more: Value) -> Answer {
        let mut body = json!({"plugin_id": plugin, "mode": "enforce", "grants": ["log"]});
        merge(&mut body, more);
        self.post("/api/v1/installations", body).await
    }

    /// Uploads and installs the plugin that misbehaves as `config` says; the installation's id.
    ///
    /// # Panics
    /// When the server does not take it.
    pub async fn install_hostile(&self, config: Value, more: Value) -> String {
        let plugin = self.plugin("hostile-plugins").await;
        let mut body = json!({"config": config});
        merge(&mut body, more);
        id(&self.install(&plugin, body).await.is(201))
    }

    /// Invites somebody whose e-mail address is made of `name`.
    pub async fn invite(&self, name: &str, role: &str, permissions: Value) -> Answer {
        let email = format!("{name}-{}@people.example", NEXT.fetch_add(1, Ordering::Relaxed));
        let body = json!({"email": email, "name": name, "role": role, "permissions": permissions});
        self.post("/api/v1/people", body).await
    }

    /// A session of a person, begun with the password.
    ///
    /// # Panics
    /// When the server does not let the person in.
    pub async fn session_of(&self, member: &Member) -> Self {
        let answer = self.log_in(&member.email, &member.password).await;
        let cookie = answer.header("set-cookie").to_owned();
        answer.is(201);
        self.with_cookie(&cookie)
    }

    /// Starts a conversation; its id.
    ///
    /// # Panics
    /// When the server does not start one.
    pub async fn conversation(&self) -> String {
        id(&self.post("/api/v1/conversations", json!({"client": {"name": "Carla"}})).await.is(201))
    }

    /// Sends a message that the client wrote.
    pub async fn incoming(&self, conversation: &str, text: &str) -> Answer {
        let path = format!("/api/v1/conversations/{conversation}/messages");
        self.post(&path, json!({"text": text, "direction": "incoming"})).await
    }

    /// Sends a message to the client.
    pub async fn outgoing(&self, conversation: &str, text: &str) -> Answer {
        self.post(&format!("/api/v1/conversations/{conversation}/messages"), json!({"text": text})).await
    }

    /// The messages of a conversation, from the first.
    pub async fn messages(&self, conversation: &str) -> Vec<Value> {
        self.list(&format!("/api/v1/conversations/{conversation}/messages?limit=200")).await
    }

    /// The account's events after one of them, or from now on.
    ///
    /// # Panics
    /// When the server gives no stream.
    pub async fn events(&self, after: Option<i64>) -> Events {
        let mut request = self.request(Method::GET, "/api/v1/events");
        if let Some(after) = after {
            request = request.header("Last-Event-ID", after);
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        Events::of(response)
    }
}

/// A text as it stands in a query.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The `id` of what was made.
fn id(made: &Value) -> String {
    made["id"].as_str().unwrap_or_else(|| panic!("no id: {made:#}")).to_owned()
}

fn merge(body: &mut Value, more: Value) {
    let Value::Object(more) = more else { panic!("an object: {more}") };
    body.as_object_mut().expect("an object").extend(more);
}
