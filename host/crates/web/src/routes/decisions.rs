//! Decisions that were kept.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sluice_app::{
    rerun::{Missing, Rerun},
    rows::{DecisionFilter, Outcome},
};
use sluice_domain::{
    access::AccessSeverity,
    id::{ConversationId, DecisionId},
    plugin::PluginName,
    verdict::Severity,
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Web,
    documents::DecisionDoc,
    extract::{Auth, Id, Params},
    paging::Paging,
    problem::Problem,
    views::{self, KeptDecisionView, List},
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

/// What came of making a decision again.
#[derive(Serialize, ToSchema)]
pub(crate) struct RerunView {
    /// `same`; `different`, with what it is now; `impossible`, for want of what is `missing`.
    outcome: &'static str,
    /// What it would be now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DecisionDoc>)]
    decision: Option<Value>,
    /// What is gone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<MissingView>,
}

/// Something that a decision cannot be made again without.
#[derive(Serialize, ToSchema)]
pub(crate) struct MissingView {
    /// `input`: what the rules were asked about, kept for as long as `evidence_days` says; `chain`: the rules of then; `component`: a plugin that
    /// was removed; `configuration`; `attachment`.
    what: &'static str,
    /// The digest of a component or a configuration, the id of an attachment.
    #[serde(skip_serializing_if = "Option::is_none")]
    which: Option<String>,
}

impl From<Missing> for MissingView {
    fn from(missing: Missing) -> Self {
        let (what, which) = match missing {
            Missing::Input => ("input", None),
            Missing::Chain => ("chain", None),
            Missing::Component(digest) => ("component", Some(digest.to_string())),
            Missing::Configuration(digest) => ("configuration", Some(digest.to_string())),
            Missing::Attachment(id) => ("attachment", Some(id.to_string())),
        };
        Self { what, which }
    }
}

impl From<Rerun> for RerunView {
    fn from(rerun: Rerun) -> Self {
        match rerun {
            Rerun::Same => Self { outcome: "same", decision: None, missing: Vec::new() },
            Rerun::Different(now) => {
                Self { outcome: "different", decision: Some(views::json(&now)), missing: Vec::new() }
            }
            Rerun::Impossible(missing) => {
                let missing = missing.into_iter().map(MissingView::from).collect();
                Self { outcome: "impossible", decision: None, missing }
            }
        }
    }
}

/// Makes a decision again, by the rules of then, from what they were asked and told then. Nothing is changed.
#[utoipa::path(post, path = "/api/v1/decisions/{id}/rerun", tag = "decisions", params(("id" = String, Path)), responses(
    (status = 200, description = "What came of it", body = RerunView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn rerun(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<DecisionId>,
) -> Result<axum::Json<RerunView>, Problem> {
    Ok(axum::Json(web.app.rerun_decision(&caller, id).await?.into()))
}
