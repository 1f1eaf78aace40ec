//! Decisions that were kept: found, read, counted, exported.

use std::collections::BTreeMap;

use axum::{
    extract::State,
    http::{StatusCode, request::Parts},
    response::Response,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sluice_app::{
    decisions::Bucket,
    rerun::{Missing, Reran, Rerun},
    rows::{CountFilter, DecisionFilter, Outcome},
};
use sluice_domain::{
    access::AccessSeverity,
    id::{ConversationId, DecisionId},
    plugin::PluginName,
    tally::Width,
    time::Timestamp,
    verdict::{Code, Severity},
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Web,
    documents::DecisionDoc,
    export::{Export, batches, file},
    extract::{Auth, Id, Params},
    paging::Paging,
    problem::Problem,
    views::{self, KeptDecisionView, List},
};

/// Longest id of an actor, in bytes.
const PERSON_BYTES: usize = 64;

/// Which decisions; all conditions count together.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Those in which this rule said anything but allow: a plugin's name, or `content-filter`.
    #[param(value_type = Option<String>)]
    rule: Option<PluginName>,
    /// Those that came out so: `allow`, `flag`, `redact`, `hold` or `block` of messages, `challenge` or `deny` of log-ins. With `rule`,
    /// those in which that rule said so.
    #[param(value_type = Option<String>)]
    verdict: Option<Wanted>,
    /// Those about messages of this conversation.
    #[param(value_type = Option<String>)]
    conversation: Option<ConversationId>,
    /// Those with this label of a flag, or with a reason with this code.
    #[param(value_type = Option<String>)]
    label: Option<Code>,
    /// Those about what this person, token or client wrote (`author.id` of a message), or about their coming in.
    #[param(required = false)]
    person: Option<String>,
    /// Those made at or after: milliseconds since 1970.
    #[param(required = false)]
    from: Option<i64>,
    /// Those made before: milliseconds since 1970.
    #[param(required = false)]
    to: Option<i64>,
    /// `true` for those of shadow rules, which changed nothing; `false` for those that counted.
    #[param(required = false)]
    shadow: Option<bool>,
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

impl Filter {
    fn filter(self) -> Result<DecisionFilter, Problem> {
        if self.person.as_ref().is_some_and(|id| id.len() > PERSON_BYTES || id.contains('\0')) {
            let detail = format!("`person` is the id of an author, of at most {PERSON_BYTES} bytes");
            return Err(Problem::new(StatusCode::BAD_REQUEST, "malformed", detail));
        }
        Ok(DecisionFilter {
            rule: self.rule,
            outcome: self.verdict.map(Outcome::from),
            conversation: self.conversation,
            label: self.label,
            person: self.person,
            from: self.from.map(Timestamp::from_millis),
            to: self.to.map(Timestamp::from_millis),
            shadow: self.shadow,
        })
    }
}

/// What is counted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Count {
    /// From the hour or day in which this lies: milliseconds since 1970.
    from: i64,
    /// To the end of the hour or day that ends here, or in which this lies; at most 92 days later.
    to: i64,
    /// `hour` or `day`, of UTC.
    #[param(value_type = String)]
    by: Width,
    /// What this rule said, where it said anything but allow, in place of what decisions came to.
    #[param(value_type = Option<String>)]
    rule: Option<PluginName>,
    /// Decisions with this label of a flag, or with a reason with this code.
    #[param(value_type = Option<String>)]
    label: Option<Code>,
    /// `true` for those of shadow rules, which changed nothing; `false` for those that counted.
    #[param(required = false)]
    shadow: Option<bool>,
}

/// Decisions of one hour or day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BucketView {
    /// Where it begins: milliseconds since 1970.
    #[schema(value_type = i64)]
    at: Timestamp,
    /// How many decisions about messages came out how; what there was none of is absent.
    verdicts: BTreeMap<&'static str, u64>,
    /// The same of decisions about who asked to be let in.
    access: BTreeMap<&'static str, u64>,
}

impl From<Bucket> for BucketView {
    fn from(Bucket { at, tally }: Bucket) -> Self {
        let mut view = Self { at, verdicts: BTreeMap::new(), access: BTreeMap::new() };
        for (outcome, count) in tally {
            let counts = match outcome {
                Outcome::Message(_) => &mut view.verdicts,
                Outcome::Access(_) => &mut view.access,
            };
            counts.insert(outcome.as_str(), count);
        }
        view
    }
}

/// The account's decisions, newest first, without what plugins' imports answered. A page that is not full may still have a `next` one.
#[utoipa::path(get, path = "/api/v1/decisions", tag = "decisions", params(Filter, Paging), responses(
    (status = 200, description = "One page", body = List<KeptDecisionView>),
    (status = 400, description = "`malformed`: the cursor, the limit or a filter", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(filter): Params<Filter>,
    Params(paging): Params<Paging>,
) -> Result<axum::Json<List<KeptDecisionView>>, Problem> {
    let part = web.app.decisions(&caller, filter.filter()?, paging.newest_first()?).await?;
    let items = part.rows.into_iter().map(KeptDecisionView::from).collect();
    Ok(axum::Json(List { items, next: part.seen.map(|id| id.to_string()) }))
}

/// How many decisions came out how, hour by hour or day by day: every one of them from `from` to `to`, also those without any.
#[utoipa::path(get, path = "/api/v1/decisions/counts", tag = "decisions", params(Count), responses(
    (status = 200, description = "All of them", body = List<BucketView>),
    (status = 400, description = "`malformed`", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`: nothing lies between `from` and `to`, or more than 92 days", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn counts(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(count): Params<Count>,
) -> Result<axum::Json<List<BucketView>>, Problem> {
    let filter = CountFilter { rule: count.rule, label: count.label, shadow: count.shadow };
    let span = [count.from, count.to].map(Timestamp::from_millis);
    Ok(axum::Json(List::whole(web.app.decision_counts(&caller, filter, span, count.by).await?)))
}

/// The decisions, oldest first, as a file, without what plugins' imports answered. That somebody exports them is written down first. It
/// needs the permission to export beside the one to see decisions.
#[utoipa::path(get, path = "/api/v1/decisions/export", tag = "decisions", params(Filter, Export), responses(
    (status = 200, description = "The decisions", body = String, content_type = "application/jsonl"),
    (status = 400, description = "`malformed`", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too-many-at-once`: the account has as many exports and verifications as it may", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn export(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(Export { format }): Params<Export>,
    Params(filter): Params<Filter>,
    parts: Parts,
) -> Result<Response, Problem> {
    let export = web.app.export_decisions(&caller, filter.filter()?).await?;
    Ok(file::<KeptDecisionView>(format, batches(export, web, parts)))
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
    /// `not-comparable` of decisions from before digests had a key: nothing shows that the input is the one of then but that it was sealed
    /// for this decision. Absent otherwise: the input was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<&'static str>,
}

/// Something that a decision cannot be made again without.
#[derive(Serialize, ToSchema)]
pub(crate) struct MissingView {
    /// `input`: what the rules were asked about, kept for as long as `evidence_days` says; `another-input`: what was kept is not what they
    /// were asked about; `chain`: the rules of then; `component`: a plugin that
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
            Missing::AnotherInput => ("another-input", None),
            Missing::Chain => ("chain", None),
            Missing::Component(digest) => ("component", Some(digest.to_string())),
            Missing::Configuration(digest) => ("configuration", Some(digest.to_string())),
            Missing::Attachment(id) => ("attachment", Some(id.to_string())),
        };
        Self { what, which }
    }
}

impl From<Reran> for RerunView {
    fn from(Reran { outcome, compared }: Reran) -> Self {
        let input = (!compared).then_some("not-comparable");
        match outcome {
            Rerun::Same => Self { outcome: "same", decision: None, missing: Vec::new(), input },
            Rerun::Different(now) => {
                Self { outcome: "different", decision: Some(views::json(&now)), missing: Vec::new(), input }
            }
            Rerun::Impossible(missing) => {
                let missing = missing.into_iter().map(MissingView::from).collect();
                Self { outcome: "impossible", decision: None, missing, input }
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
