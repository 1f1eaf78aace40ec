//! Trying a chain of drafts on many messages, as a stream of server-sent events (WHATWG HTML, section 9.2).

use std::{collections::BTreeSet, convert::Infallible};

use axum::{
    extract::State,
    response::sse::{Event as SseEvent, KeepAlive, Sse},
};
use futures::{Stream, StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sluice_app::{
    AppError,
    preview::{DraftChange, GivenMessage, Preview, PreviewDraft, PreviewSource, Step},
};
use sluice_domain::{
    id::{InstallationId, PluginId},
    installation::{Budget, FailurePolicy, HostName, Mode, Percent, Scope},
    message::{Actor, Direction},
    plugin::Import,
    time::Timestamp,
};
use utoipa::ToSchema;

use crate::{
    Web,
    documents::{self, ActorDoc, BudgetDoc, ScopeDoc},
    extract::{Auth, LongJson},
    problem::Problem,
    routes::policy::Draft,
    views::{PreviewView, ProgressView},
};

/// What to try, and on which messages.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewRequest {
    draft: Drafted,
    source: Source,
}

/// The chain that is tried. The account's content filter is part of it as it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Drafted {
    /// These in place of all installations, in this order.
    Installations(Vec<Draft>),
    /// The account's installations, and this one last.
    Add(Box<Draft>),
    /// The account's installations, one of them as it would be after a change.
    Change(Box<Changed>),
}

/// An installation as it would be; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Changed {
    #[schema(value_type = String)]
    installation: InstallationId,
    /// `enforce` when not said, whatever it is in now; in another mode it is not asked.
    #[schema(schema_with = documents::mode, required = false)]
    mode: Option<Mode>,
    /// Another version of the plugin, or another plugin.
    #[schema(value_type = Option<String>)]
    plugin_id: Option<PluginId>,
    /// Its configuration, whole.
    #[schema(value_type = Option<Object>)]
    config: Option<Value>,
    /// About what it is asked, whole.
    #[schema(value_type = Option<ScopeDoc>)]
    scope: Option<Scope>,
    /// What its failure means.
    #[schema(schema_with = documents::failure, required = false)]
    failure: Option<FailurePolicy>,
    /// What it may import, whole.
    #[schema(value_type = Option<Vec<String>>)]
    grants: Option<BTreeSet<Import>>,
    /// What one call may use.
    #[schema(value_type = Option<BudgetDoc>)]
    budget: Option<Budget>,
    /// For how many of a hundred conversations it is in force.
    #[schema(value_type = Option<u8>)]
    percent: Option<Percent>,
    /// Whom it may ask over HTTPS, whole. In a preview nobody is asked.
    #[schema(value_type = Option<Vec<String>>)]
    http_hosts: Option<BTreeSet<HostName>>,
}

/// On which messages it is tried: the newest `last` of those that the account kept, `from` then and before `to`; or `messages`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    /// How many: at most 100,000, which it is when not said.
    last: Option<u32>,
    /// At or after: milliseconds since 1970.
    #[schema(value_type = Option<i64>)]
    from: Option<Timestamp>,
    /// Before: milliseconds since 1970.
    #[schema(value_type = Option<i64>)]
    to: Option<Timestamp>,
    /// At most 10,000; the whole request has at most 8 MiB.
    messages: Option<Vec<Given>>,
}

/// A message that was not sent here.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Given {
    /// 1 to 65,536 bytes of UTF-8.
    text: String,
    /// `incoming` when not said.
    #[schema(schema_with = documents::direction, required = false)]
    direction: Option<Direction>,
    /// Who wrote it; a client, or an operator for what is outgoing, when not said.
    #[schema(value_type = Option<ActorDoc>)]
    author: Option<Actor>,
    /// The account's channel; `api` when not said.
    channel: Option<String>,
    /// Milliseconds since 1970; now when not said.
    #[schema(value_type = Option<i64>)]
    sent_at: Option<Timestamp>,
}

/// One event of a preview: the kind names the member.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes the stream in the OpenAPI document, which is written event by event")]
pub(crate) enum PreviewEvent {
    /// `event: progress`, about every thousand messages.
    Progress(ProgressView),
    /// `event: result`, at the end.
    Result(Box<PreviewView>),
    /// `event: failed`, at the end, when the server failed on the way.
    Failed(Problem),
}

/// Asks the chain in force and a chain of drafts about the same messages, and says what would be decided otherwise. Nothing is stored,
/// changed or announced.
///
/// The answer is a stream: `event: progress` about every thousand messages, with `done` and `total`, and `event: result` at the end;
/// `event: failed` with a problem when the server fails on the way. Whoever hangs up ends the preview. An account has one at a time.
///
/// Messages of the account are tried as they were kept, oldest first: what was redacted stays redacted, what was blocked on its way to a
/// client was not kept, and scopes see the conversation's group of now. The answer names messages by their ids, and holds no texts.
#[utoipa::path(post, path = "/api/v1/policy/preview", tag = "policy", request_body = PreviewRequest, responses(
    (status = 200, description = "What would happen, as a stream of events", body = PreviewEvent, content_type = "text/event-stream"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`: a draft's plugin, or the installation to change", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`quota-exceeded`: the chain would be too long", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "`too-large`: the request has more than 8 MiB", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`; of a draft `configuration-refused`, `configure-failed`, `grants-missing`", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`busy`: the account has a preview running, or the server four", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn preview(
    State(web): State<Web>,
    Auth(caller): Auth,
    LongJson(body): LongJson<PreviewRequest>,
) -> Result<Sse<impl Stream<Item = Result<SseEvent, Infallible>>>, Problem> {
    let preview = web.app.preview(&caller, body.draft.checked()?, body.source.checked()?).await?;
    let events = stream::unfold(preview, async |mut preview: Preview| {
        let step = preview.next().await;
        Some((Ok(sse(step.transpose()?)), preview))
    });
    let until_closing = events.take_until(web.settings.closing.clone().cancelled_owned());
    Ok(Sse::new(until_closing).keep_alive(KeepAlive::default()))
}

fn sse(step: Result<Step, AppError>) -> SseEvent {
    let (kind, data) = match step {
        Ok(Step::Progress(progress)) => ("progress", serde_json::to_string(&ProgressView::from(progress))),
        Ok(Step::Done(result)) => ("result", serde_json::to_string(&PreviewView::from(*result))),
        Err(error) => ("failed", serde_json::to_string(&Problem::from(error))),
    };
    // What is told has string keys only, and writes itself.
    SseEvent::default().event(kind).data(data.unwrap_or_default())
}

impl Drafted {
    fn checked(self) -> Result<PreviewDraft, Problem> {
        match self {
            Self::Installations(drafts) => {
                Ok(PreviewDraft::Whole(drafts.into_iter().filter_map(Draft::in_force).collect()))
            }
            Self::Add(draft) => {
                let added = draft.in_force().ok_or_else(|| {
                    Problem::invalid(
                        "draft",
                        "what is added is tried in `enforce`: in another mode it would decide nothing",
                    )
                })?;
                Ok(PreviewDraft::Added(Box::new(added)))
            }
            Self::Change(change) => {
                let Changed {
                    installation,
                    mode,
                    plugin_id,
                    config,
                    scope,
                    failure,
                    grants,
                    budget,
                    percent,
                    http_hosts,
                } = *change;
                Ok(PreviewDraft::Changed(Box::new(DraftChange {
                    installation,
                    mode: mode.unwrap_or(Mode::Enforce),
                    plugin: plugin_id,
                    config,
                    scope,
                    failure,
                    grants,
                    budget,
                    percent,
                    http_hosts,
                })))
            }
        }
    }
}

impl Source {
    fn checked(self) -> Result<PreviewSource, Problem> {
        match self {
            Self { last, from, to, messages: None } => Ok(PreviewSource::Kept { from, to, last }),
            Self { last: None, from: None, to: None, messages: Some(messages) } => {
                Ok(PreviewSource::Given(messages.into_iter().map(GivenMessage::from).collect()))
            }
            Self { messages: Some(_), .. } => {
                Err(Problem::invalid("source", "`messages` stand alone: leave `last`, `from` and `to` out"))
            }
        }
    }
}

impl From<Given> for GivenMessage {
    fn from(Given { text, direction, author, channel, sent_at }: Given) -> Self {
        Self { text, direction, author, channel, sent_at }
    }
}
