//! Files, up and down, as one of the API's users sends and gets them.

use reqwest::{Body, Method, header};
use serde_json::{Value, json};

use crate::{Answer, Api};

impl Api {
    /// Uploads a file with the query's other parameters in `more`, such as `&direction=incoming`.
    pub async fn send_file(&self, name: &str, content: impl Into<Body>, more: &str) -> Answer {
        let path = format!("/api/v1/attachments?name={}{more}", encoded(name));
        let request = self.request(Method::POST, &path).header(header::CONTENT_TYPE, "application/octet-stream");
        self.send(request.body(content)).await
    }

    /// Uploads a file to be sent to a client; its id.
    ///
    /// # Panics
    /// When the server does not take it.
    pub async fn file(&self, name: &str, content: impl Into<Body>) -> String {
        id(&self.send_file(name, content, "").await.is(201))
    }

    /// Uploads a file that a client sent; its id.
    ///
    /// # Panics
    /// When the server does not take it.
    pub async fn incoming_file(&self, name: &str, content: impl Into<Body>) -> String {
        id(&self.send_file(name, content, "&direction=incoming").await.is(201))
    }

    /// Sends a message with attachments in a direction.
    pub async fn post_with(&self, conversation: &str, direction: &str, text: &str, attachments: &[&str]) -> Answer {
        let body = json!({"text": text, "direction": direction, "attachments": attachments});
        self.post(&format!("/api/v1/conversations/{conversation}/messages"), body).await
    }

    /// A file's content as it comes down.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn download(&self, id: &str) -> reqwest::Response {
        self.request(Method::GET, &format!("/api/v1/attachments/{id}")).send().await.expect("an answer")
    }

    /// What the client of a conversation sees of it.
    pub async fn messages_of_client(&self, conversation: &str) -> Vec<Value> {
        self.list(&format!("/api/v1/conversations/{conversation}/messages?limit=200&as=client")).await
    }

    /// Makes a rule of the content filter.
    pub async fn filter(&self, rule: Value) -> Answer {
        self.post("/api/v1/filters", json!({"rule": rule})).await
    }
}

fn id(made: &Value) -> String {
    made["id"].as_str().unwrap_or_else(|| panic!("no id: {made:#}")).to_owned()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
