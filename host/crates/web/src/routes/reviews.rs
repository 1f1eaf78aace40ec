//! Held messages and the quarantine.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sluice_app::reviews::{Judgement, Quarantined};
use sluice_domain::id::MessageId;
use utoipa::ToSchema;

use crate::{
    Web,
    extract::{Auth, Id, Json, Params},
    paging::Paging,
    problem::Problem,
    views::{KeptDecisionView, List, MessageDto},
};

/// Most messages that are decided about at once.
const AT_ONCE: usize = 100;

/// What somebody decides about a held message.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Word {
    /// Deliver it.
    Approve,
    /// Do not.
    Reject,
}

/// What to do with a held message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewBody {
    verdict: Word,
    /// With `approve`: what to deliver in place of the message's text.
    text: Option<String>,
    /// With `reject`: why, for its author; a sentence of the server's when not said.
    reason: Option<String>,
}

/// What to do with several held messages.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewsBody {
    /// 1 to 100.
    #[schema(value_type = Vec<String>)]
    messages: Vec<MessageId>,
    verdict: Word,
    /// With `reject`: why, for their authors.
    reason: Option<String>,
}

/// What became of one of several messages.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reviewed {
    /// As it is now; absent when nothing was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<MessageDto>,
    /// Why nothing was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

/// A blocked message of a client.
#[derive(Serialize, ToSchema)]
pub(crate) struct QuarantinedView {
    message: MessageDto,
    /// What the rules made of it.
    decision: Option<KeptDecisionView>,
}

impl From<Quarantined> for QuarantinedView {
    fn from(Quarantined { message, decision }: Quarantined) -> Self {
        Self { message: message.into(), decision: decision.map(KeptDecisionView::from) }
    }
}

impl Word {
    fn judgement(self, text: Option<String>, reason: Option<String>) -> Result<Judgement, Problem> {
        match (self, text, reason) {
            (Self::Approve, text, None) => Ok(Judgement::Approve(text)),
            (Self::Reject, None, reason) => Ok(Judgement::Reject(reason)),
            (Self::Approve, _, Some(_)) => Err(Problem::invalid("reason", "a reason goes with `reject`")),
            (Self::Reject, Some(_), _) => Err(Problem::invalid("text", "a text goes with `approve`")),
        }
    }
}

/// Messages that wait for somebody to decide, in conversations that the caller reaches, oldest first.
#[utoipa::path(get, path = "/api/v1/reviews", tag = "reviews", params(Paging), responses(
    (status = 200, description = "One page", body = List<MessageDto>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(paging): Params<Paging>,
) -> Result<axum::Json<List<MessageDto>>, Problem> {
    let held = web.app.held_messages(&caller, paging.oldest_first()?).await?;
    Ok(axum::Json(List::of(held.into_iter().map(MessageDto::from).collect(), &paging, |message| message.seq)))
}

/// Decides about several held messages, one after the other; each result says whether it was done.
#[utoipa::path(post, path = "/api/v1/reviews", tag = "reviews", request_body = ReviewsBody, responses(
    (status = 200, description = "What became of each, in the order in which they were named", body = List<Reviewed>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`; `not-for-support`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn bulk(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<ReviewsBody>,
) -> Result<axum::Json<List<Reviewed>>, Problem> {
    if !(1..=AT_ONCE).contains(&body.messages.len()) {
        return Err(Problem::invalid("messages", "1 to 100 messages at once"));
    }
    let judgement = body.verdict.judgement(None, body.reason)?;
    web.app.may_review(&caller)?;
    let mut reviewed = Vec::with_capacity(body.messages.len());
    for id in body.messages {
        reviewed.push(match web.app.review(&caller, id, judgement.clone()).await {
            Ok(view) => Reviewed { message: Some(view.into()), problem: None },
            Err(error) => Reviewed { message: None, problem: Some(error.into()) },
        });
    }
    Ok(axum::Json(List { items: reviewed, next: None }))
}

/// Decides about a held message. Its author, and everybody who sees its conversation, learns that at once.
#[utoipa::path(post, path = "/api/v1/messages/{id}/review", tag = "reviews", params(("id" = String, Path)), request_body = ReviewBody, responses(
    (status = 200, description = "The message as it is now", body = MessageDto),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`; `not-for-support`; `own-message`: you wrote it, or a token of yours did", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`not-held`: somebody was faster, or it has expired", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`; `edit-refused`: a rule blocks or redacts the text, see `reason`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn one(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<MessageId>,
    Json(body): Json<ReviewBody>,
) -> Result<axum::Json<MessageDto>, Problem> {
    let judgement = body.verdict.judgement(body.text, body.reason)?;
    Ok(axum::Json(web.app.review(&caller, id, judgement).await?.into()))
}

/// Blocked messages of clients with their trails, newest first. That somebody looked is in the audit log.
#[utoipa::path(get, path = "/api/v1/quarantine", tag = "reviews", params(Paging), responses(
    (status = 200, description = "One page", body = List<QuarantinedView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn quarantine(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(paging): Params<Paging>,
) -> Result<axum::Json<List<QuarantinedView>>, Problem> {
    let found = web.app.quarantine(&caller, paging.newest_first()?).await?;
    let items = found.into_iter().map(QuarantinedView::from).collect();
    Ok(axum::Json(List::of(items, &paging, |one: &QuarantinedView| one.message.id)))
}
