//! Others, who use the server as they should, from an address of their own: what they notice of an attack.

use std::{
    net::Ipv4Addr,
    thread,
    time::{Duration, Instant},
};

use reqwest::{Client, RequestBuilder};
use serde_json::json;
use sluice_tests::{Account, Member, client_builder};

use crate::figures::{millis, quantile};

/// Where others come from.
const HOME: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Longest that others wait for one answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest that they go on when they are not answered in time.
const LONGEST: Duration = Duration::from_secs(40);

/// Somebody who asks for one thing again and again.
#[derive(Debug, Clone)]
pub(crate) struct Bystander {
    url: String,
    errand: Errand,
    /// The address that a proxy in front of the server saw.
    forwarded: Option<&'static str>,
}

#[derive(Debug, Clone)]
enum Errand {
    /// On a new connection each time.
    Health,
    LogIn(Member),
    Post {
        token: String,
        path: String,
    },
}

/// How it went.
#[derive(Debug, Default)]
pub(crate) struct Errands {
    pub(crate) tried: usize,
    pub(crate) answered: Vec<Duration>,
    refused: Option<String>,
}

impl Bystander {
    /// Asks whether the server is there, on a new connection each time.
    pub(crate) fn of_health(url: &str) -> Self {
        Self { url: url.to_owned(), errand: Errand::Health, forwarded: None }
    }

    /// Logs in.
    pub(crate) fn of_log_ins(url: &str, member: &Member) -> Self {
        Self { url: url.to_owned(), errand: Errand::LogIn(member.clone()), forwarded: None }
    }

    /// Posts messages in a conversation of the account.
    pub(crate) async fn of_posts(url: &str, account: &Account) -> Self {
        let path = format!("/api/v1/conversations/{}/messages", account.administrator.conversation().await);
        let errand = Errand::Post { token: account.members[0].api_token.clone(), path };
        Self { url: url.to_owned(), errand, forwarded: None }
    }

    /// The same, from an address that a proxy in front of the server tells it.
    pub(crate) fn behind(self, forwarded: &'static str) -> Self {
        Self { forwarded: Some(forwarded), ..self }
    }

    /// Does it this often with a pause after each, on a thread of its own, so that only the server can be late.
    pub(crate) async fn goes(&self, times: usize, pause: Duration) -> Errands {
        let own = self.clone();
        on_own_thread(async move || own.run(times, pause).await).await
    }

    async fn run(&self, times: usize, pause: Duration) -> Errands {
        let client = client_builder(Some(HOME.into()), None).timeout(PATIENCE);
        let client = if matches!(self.errand, Errand::Health) { client.pool_max_idle_per_host(0) } else { client };
        let client = client.build().expect("a client");
        let (begin, mut errands) = (Instant::now(), Errands::default());
        for _ in 0..times {
            if begin.elapsed() > LONGEST {
                break;
            }
            errands.tried += 1;
            let asked = Instant::now();
            match self.ask(&client).await {
                Ok(()) => errands.answered.push(asked.elapsed()),
                Err(refusal) => errands.refused = Some(refusal),
            }
            tokio::time::sleep(pause).await;
        }
        errands
    }

    async fn ask(&self, client: &Client) -> Result<(), String> {
        let (mut request, success) = self.request(client);
        if let Some(forwarded) = self.forwarded {
            request = request.header("X-Forwarded-For", forwarded).header("X-Forwarded-Proto", "https");
        }
        let answer =
            request.send().await.map_err(|error| if error.is_timeout() { "no answer" } else { "no connection" })?;
        let status = answer.status().as_u16();
        answer.bytes().await.map_err(|_| "half an answer")?;
        if status == success { Ok(()) } else { Err(status.to_string()) }
    }

    fn request(&self, client: &Client) -> (RequestBuilder, u16) {
        let url = &self.url;
        match &self.errand {
            Errand::Health => (client.get(format!("{url}/healthz")), 200),
            Errand::LogIn(member) => {
                let body = json!({"email": member.email, "password": member.password});
                (client.post(format!("{url}/api/v1/sessions")).json(&body), 201)
            }
            Errand::Post { token, path } => {
                let body = json!({"text": "a message of somebody else", "direction": "incoming"});
                (client.post(format!("{url}{path}")).bearer_auth(token).json(&body), 201)
            }
        }
    }
}

impl Errands {
    pub(crate) fn all_answered(&self) -> bool {
        self.answered.len() == self.tried
    }

    pub(crate) fn quantile(&self, part: f64) -> Option<Duration> {
        quantile(&self.answered, part)
    }

    /// Whether all were answered, and this part of them at most so many times as late as alone.
    pub(crate) fn keeps_within(&self, times: f64, alone: &Self, part: f64) -> bool {
        let slower = self.quantile(part).zip(alone.quantile(part));
        self.all_answered() && slower.is_some_and(|(now, alone)| now <= alone.mul_f64(times))
    }

    /// In words, with this part of them beside what it was alone.
    pub(crate) fn beside(&self, alone: &Self, part: f64) -> String {
        let show = |errands: &Self| errands.quantile(part).map_or_else(|| "never".to_owned(), millis);
        format!("{self}, p{:.0} {} (alone {})", part * 100.0, show(self), show(alone))
    }
}

impl std::fmt::Display for Errands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} answered", self.answered.len(), self.tried)?;
        self.refused.as_ref().map_or(Ok(()), |refusal| write!(f, " (else {refusal})"))
    }
}

/// Runs on a thread of its own, with its own clock and clients.
pub(crate) async fn on_own_thread<T: Send + 'static, F: AsyncFnOnce() -> T + Send + 'static>(work: F) -> T {
    let (done, waits) = tokio::sync::oneshot::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        // Nobody waits any more when the attack is over.
        let _ = done.send(runtime.block_on(work()));
    });
    waits.await.expect("a thread that does not panic")
}
