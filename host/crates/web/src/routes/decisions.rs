//! Decisions that were kept.

use axum::extract::State;
use serde::Deserialize;
use sluice_app::rows::{DecisionFilter, Outcome};
use sluice_domain::{
    access::AccessSeverity,
    id::{ConversationId, DecisionId},
    plugin::PluginName,
    verdict::Severity,
};
use utoipa::IntoParams;

use crate::{
    Web,
    extract::{Auth, Id, Params},
    paging::Paging,
    problem::Problem,
    views::{KeptDecisionView, List},
};

/// Which decisions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Those in which this plugin said anything but allow.
    #[param(value_type = Option<String>)]
    rule: Option<PluginName>,
    /// Those that came out so: `allow`, `flag`, `redact`, `hold` or `block` of messages, `challenge` or `deny` of log-ins.
    #[param(value_type = Option<String>)]
    verdict: Option<Wanted>,
    /// Those about messages of this conversation.
    #[param(value_type = Option<String>)]
    conversation: Option<ConversationId>,
}

/// A message's verdict, or else a log-in's.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Wanted {
    Message(Severity),
    Access(AccessSeverity),
}

impl From<Wanted> for Outcome {
    fn from(wanted: Wanted) -> Self {
        match wanted {
            Wanted::Message(severity) => Self::Message(severity),
            Wanted::Access(severity) => Self::Access(severity),
        }
    }
}

/// The account's decisions, newest first.
#[utoipa::path(get, path = "/api/v1/decisions", tag = "decisions", params(Filter, Paging), responses(
    (status = 200, description = "One page", body = List<KeptDecisionView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(filter): Params<Filter>,
    Params(paging): Params<Paging>,
) -> Result<axum::Json<List<KeptDecisionView>>, Problem> {
    let filter = DecisionFilter {
        rule: filter.rule,
        outcome: filter.verdict.map(Outcome::from),
        conversation: filter.conversation,
    };
    let rows = web.app.decisions(&caller, filter, paging.newest_first()?).await?;
    Ok(axum::Json(List::of(rows.into_iter().map(KeptDecisionView::from).collect(), &paging, |row| row.id)))
}

/// One decision.
#[utoipa::path(get, path = "/api/v1/decisions/{id}", tag = "decisions", params(("id" = String, Path)), responses(
    (status = 200, description = "The decision", body = KeptDecisionView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn get(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<DecisionId>,
) -> Result<axum::Json<KeptDecisionView>, Problem> {
    Ok(axum::Json(web.app.decision(&caller, id).await?.into()))
}
