//! Trying rules out.

use std::collections::BTreeSet;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sluice_app::policy::{DraftInstallation, Trial};
use sluice_domain::{
    id::{AttachmentId, PluginId},
    installation::{Budget, FailurePolicy, HostName, Mode, Percent, Scope},
    message::{Direction, Message},
    plugin::Import,
    verdict::{Decision, State as Fate},
};
use utoipa::ToSchema;

use crate::{
    Web,
    documents::{self, BudgetDoc, DecisionDoc, MessageDoc, ScopeDoc},
    extract::{Auth, Json},
    problem::Problem,
    views,
};

/// What to try.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Evaluate {
    message: TrialMessage,
    /// Rules to ask in place of the account's chain, in this order.
    draft_installations: Option<Vec<Draft>>,
}

/// A message that is not sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrialMessage {
    /// At most 65,536 bytes of UTF-8; absent or empty only beside attachments.
    #[serde(default)]
    text: String,
    /// `incoming` when not said.
    #[schema(schema_with = documents::direction, required = false)]
    direction: Option<Direction>,
    /// Ids of files that the caller uploaded, or that messages which the caller sees went with.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    attachments: Vec<AttachmentId>,
}

/// An installation that is not made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    #[schema(value_type = String)]
    plugin_id: PluginId,
    /// Its configuration; `{}` when not said.
    #[serde(default = "views::empty")]
    #[schema(value_type = Object)]
    config: Value,
    /// Drafts that are `disabled` or `shadow` are not asked; `enforce` when not said.
    #[schema(schema_with = documents::mode, required = false)]
    mode: Option<Mode>,
    /// About what it is asked; everything when not said.
    #[serde(default)]
    #[schema(value_type = Option<ScopeDoc>)]
    scope: Scope,
    /// What its failure means; `closed` when not said.
    #[serde(default)]
    #[schema(schema_with = documents::failure)]
    failure: FailurePolicy,
    /// What it may import; nothing when not said.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    grants: BTreeSet<Import>,
    /// Whom it may ask over HTTPS. In a trial nobody is asked.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    http_hosts: BTreeSet<HostName>,
    /// What one call may use; what the server gives when not said.
    #[schema(value_type = Option<BudgetDoc>)]
    budget: Option<Budget>,
    /// For how many of a hundred conversations it is in force; all when not said. A trial belongs to no conversation, and is asked about.
    #[serde(default)]
    #[schema(value_type = Option<u8>)]
    percent: Percent,
}

impl Draft {
    /// What is asked; `None` for a draft that is disabled or in shadow.
    pub(crate) fn in_force(self) -> Option<DraftInstallation> {
        let Self { plugin_id: plugin, config, mode, scope, failure, grants, budget, percent, http_hosts } = self;
        match mode.unwrap_or(Mode::Enforce) {
            Mode::Enforce => {
                Some(DraftInstallation { plugin, config, scope, failure, grants, budget, percent, http_hosts })
            }
            Mode::Disabled | Mode::Shadow => None,
        }
    }
}

/// What would happen.
#[derive(Serialize, ToSchema)]
pub(crate) struct Evaluated {
    /// As the rules would leave it.
    text: String,
    #[schema(schema_with = documents::state)]
    state: Fate,
    #[schema(value_type = DecisionDoc)]
    decision: Decision,
    /// The message as the first rule would see it, links included.
    #[schema(value_type = MessageDoc)]
    message: Message,
}

/// Says what the rules would make of a message; nothing is stored.
#[utoipa::path(post, path = "/api/v1/policy/evaluate", tag = "policy", request_body = Evaluate, responses(
    (status = 200, description = "What would happen", body = Evaluated),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`: a draft's plugin", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`; of a draft `configuration-refused`, `configure-failed`, `grants-missing`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn evaluate(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<Evaluate>,
) -> Result<axum::Json<Evaluated>, Problem> {
    let drafts = body.draft_installations.map(|drafts| drafts.into_iter().filter_map(Draft::in_force).collect());
    let TrialMessage { text, direction, attachments } = body.message;
    let trial = Trial { text, direction, attachments };
    let evaluation = web.app.evaluate(&caller, trial, drafts).await?;
    let sluice_app::policy::Evaluation { text, state, decision, message } = evaluation;
    Ok(axum::Json(Evaluated { text, state, decision, message }))
}
