//! What an installation in shadow would have decided, beside what was decided.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sluice_app::{
    comparison::Comparison,
    rows::{ShadowCount, ShadowDifference},
};
use sluice_domain::{
    digest::Digest,
    id::{ConversationId, DecisionId, InstallationId, MessageId},
    time::Timestamp,
    verdict::Severity,
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Web, documents,
    extract::{Auth, Id, Params},
    problem::Problem,
};

/// Of which days.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Days {
    /// Days that begin then or later, in UTC: milliseconds since 1970. All when absent.
    #[param(required = false, value_type = i64)]
    from: Option<Timestamp>,
    /// Days that begin before then: milliseconds since 1970. All when absent.
    #[param(required = false, value_type = i64)]
    to: Option<Timestamp>,
}

/// What an installation in shadow said of live messages, beside what the rules in force made of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComparisonView {
    #[schema(value_type = String)]
    installation_id: InstallationId,
    /// The plugin's version that is compared.
    version: String,
    /// Of the configuration that is compared.
    #[schema(value_type = String)]
    config_sha256: Digest,
    /// Of all days together.
    total: Vec<PairView>,
    /// Day by day, oldest first; days without messages are left out.
    days: Vec<DayView>,
    /// The newest 100 messages about which both said something else, newest first.
    differences: Vec<ShadowDifferenceView>,
}

/// One day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DayView {
    /// When it begins, in UTC: milliseconds since 1970.
    #[schema(value_type = i64)]
    day: Timestamp,
    counts: Vec<PairView>,
}

/// How many messages have these two verdicts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PairView {
    /// Of the rules in force, all together.
    #[schema(schema_with = documents::verdict)]
    enforced: Severity,
    /// Of this installation alone.
    #[schema(schema_with = documents::verdict)]
    shadow: Severity,
    messages: u64,
    /// At how many of them it failed, so that its failure policy spoke for it.
    failures: u64,
}

/// A message about which both said something else.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShadowDifferenceView {
    /// The decision in shadow.
    #[schema(value_type = String)]
    decision_id: DecisionId,
    /// The message; one that was blocked on its way to a client was not kept.
    #[schema(value_type = String)]
    message_id: MessageId,
    #[schema(value_type = Option<String>)]
    conversation_id: Option<ConversationId>,
    #[schema(schema_with = documents::verdict)]
    enforced: Severity,
    #[schema(schema_with = documents::verdict)]
    shadow: Severity,
}

/// What an installation in shadow would have decided, beside what was decided, since it has this version and configuration.
///
/// Messages count about which it was asked: those that its scope and share cover, and that no installation in shadow before it blocked.
#[utoipa::path(get, path = "/api/v1/installations/{id}/comparison", tag = "installations",
    params(("id" = String, Path), Days), responses(
    (status = 200, description = "The comparison", body = ComparisonView),
    (status = 400, description = "`malformed`", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`: `from` is not before `to`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn get(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<InstallationId>,
    Params(Days { from, to }): Params<Days>,
) -> Result<axum::Json<ComparisonView>, Problem> {
    Ok(axum::Json(web.app.comparison(&caller, id, from, to).await?.into()))
}

impl From<Comparison> for ComparisonView {
    fn from(Comparison { installation, counts, differences }: Comparison) -> Self {
        let mut total = BTreeMap::<_, (u64, u64)>::new();
        let mut days: Vec<DayView> = Vec::new();
        for count in counts {
            let (messages, failures) = total.entry((count.enforced, count.shadow)).or_default();
            *messages += count.messages;
            *failures += count.failures;
            match days.last_mut().filter(|last| last.day == count.day) {
                Some(last) => last.counts.push(count.into()),
                None => days.push(DayView { day: count.day, counts: vec![count.into()] }),
            }
        }
        let total = total.into_iter();
        Self {
            installation_id: installation.id,
            version: installation.version.to_string(),
            config_sha256: installation.config_sha256,
            total: total
                .map(|((enforced, shadow), (messages, failures))| PairView { enforced, shadow, messages, failures })
                .collect(),
            days,
            differences: differences.into_iter().map(ShadowDifferenceView::from).collect(),
        }
    }
}

impl From<ShadowCount> for PairView {
    fn from(ShadowCount { day: _, enforced, shadow, messages, failures }: ShadowCount) -> Self {
        Self { enforced, shadow, messages, failures }
    }
}

impl From<ShadowDifference> for ShadowDifferenceView {
    fn from(row: ShadowDifference) -> Self {
        let ShadowDifference { decision, message, conversation, enforced, shadow } = row;
        Self { decision_id: decision, message_id: message, conversation_id: conversation, enforced, shadow }
    }
}
