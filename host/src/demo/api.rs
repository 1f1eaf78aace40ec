//! The few calls of the native API that the demo makes.

use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use reqwest::{RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use sluice_domain::{id::ConversationId, message::Direction, verdict::Decision};

/// One who writes in an account: an API token, and the direction in which it writes.
#[derive(Debug, Clone)]
pub(super) struct Account {
    http: reqwest::Client,
    url: String,
    token: SecretString,
    direction: Direction,
}

/// What became of a message.
#[derive(Debug)]
pub(super) struct Played {
    /// As the rules left it; `None` when they blocked it.
    pub(super) text: Option<String>,
    pub(super) decision: Decision,
    /// From the request to the whole answer.
    pub(super) latency: Duration,
}

/// What the server made of a request to send a message.
#[derive(Debug)]
pub(super) enum Answer {
    /// The rules decided.
    Decided(Box<Played>),
    /// The server refused the request itself: the problem's code and detail.
    Refused { code: String, detail: String },
}

#[derive(Deserialize)]
struct Started {
    id: ConversationId,
}

#[derive(Deserialize)]
struct Posted {
    text: String,
    decision: Decision,
}

#[derive(Deserialize)]
struct Problem {
    code: String,
    #[serde(default)]
    detail: String,
    decision: Option<Decision>,
}

impl Account {
    pub(super) fn new(http: reqwest::Client, url: String, token: SecretString, direction: Direction) -> Self {
        Self { http, url, token, direction }
    }

    /// Starts a conversation with a client.
    pub(super) async fn start_conversation(&self, name: &str) -> anyhow::Result<ConversationId> {
        let request = self.http.post(format!("{}/api/v1/conversations", self.url));
        let response = self.send(request.json(&json!({"client": {"name": name}}))).await?;
        if response.status() == StatusCode::CREATED {
            return Ok(self.read::<Started>(response).await?.id);
        }
        if response.status() == StatusCode::UNAUTHORIZED {
            bail!("the server at {} does not know the token in demo.json: name its data folder with --data", self.url);
        }
        let problem: Problem = self.read(response).await?;
        bail!("the server did not start a conversation: {} ({})", problem.detail, problem.code)
    }

    /// Sends one message. What its rules decide about it is an answer, not an error.
    pub(super) async fn post(&self, conversation: ConversationId, text: &str) -> anyhow::Result<Answer> {
        let start = Instant::now();
        let request = self.http.post(format!("{}/api/v1/conversations/{conversation}/messages", self.url));
        let response = self.send(request.json(&json!({"text": text, "direction": self.direction}))).await?;
        if response.status() == StatusCode::CREATED {
            let Posted { text, decision } = self.read(response).await?;
            return Ok(Answer::Decided(Box::new(Played { text: Some(text), decision, latency: start.elapsed() })));
        }
        let Problem { code, detail, decision } = self.read(response).await?;
        Ok(match decision {
            Some(decision) => Answer::Decided(Box::new(Played { text: None, decision, latency: start.elapsed() })),
            None => Answer::Refused { code, detail },
        })
    }

    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let sent = request.bearer_auth(self.token.expose_secret()).send().await;
        sent.map_err(|error| {
            if error.is_connect() {
                anyhow!("no server answers at {}: start it with `make run`", self.url)
            } else {
                anyhow!(error).context(format!("talking to the server at {}", self.url))
            }
        })
    }

    async fn read<T: DeserializeOwned>(&self, response: Response) -> anyhow::Result<T> {
        let status = response.status();
        let read = response.json().await;
        read.with_context(|| {
            format!("{} answered {status}, and not as Sluice does: is another server there?", self.url)
        })
    }
}
