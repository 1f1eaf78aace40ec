//! Rules of the built-in content filter, and how messages are dealt with beside rules.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use sluice_app::{filters::Forecast, rows::FilterRuleRow};
use sluice_domain::{
    filter::FilterRule,
    id::{FilterRuleId, MessageId},
    installation::Mode,
    review::MessagingSettings,
    time::Timestamp,
};
use utoipa::ToSchema;

use crate::{
    Web,
    documents::{self, FilterRuleDoc, MessagingDoc},
    extract::{Auth, Id, Json},
    problem::Problem,
    views::List,
};

/// A rule of the content filter.
#[derive(Serialize, ToSchema)]
pub(crate) struct FilterRuleView {
    #[schema(value_type = String)]
    id: FilterRuleId,
    #[schema(schema_with = documents::mode)]
    mode: Mode,
    #[schema(value_type = FilterRuleDoc)]
    rule: FilterRule,
    #[schema(value_type = i64)]
    created_at: Timestamp,
    #[schema(value_type = i64)]
    updated_at: Timestamp,
}

impl From<FilterRuleRow> for FilterRuleView {
    fn from(row: FilterRuleRow) -> Self {
        Self { id: row.id, mode: row.mode, rule: row.rule, created_at: row.created_at, updated_at: row.updated_at }
    }
}

/// What a rule would have done to the account's newest messages, as they were kept.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastView {
    /// How many were looked at: the newest, at most 1,000, fewer of long ones.
    messages: usize,
    /// How many of them it hits.
    hits: usize,
    /// The newest of those, at most 20.
    #[schema(value_type = Vec<String>)]
    newest: Vec<MessageId>,
}

impl From<Forecast> for ForecastView {
    fn from(Forecast { messages, hits, newest }: Forecast) -> Self {
        Self { messages, hits, newest }
    }
}

/// A rule, and what it would have done.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeptFilterRule {
    #[serde(flatten)]
    rule: FilterRuleView,
    /// Absent when the rule was turned off.
    #[serde(skip_serializing_if = "Option::is_none")]
    would_have_hit: Option<ForecastView>,
}

impl From<(FilterRuleRow, Option<Forecast>)> for KeptFilterRule {
    fn from((row, forecast): (FilterRuleRow, Option<Forecast>)) -> Self {
        Self { rule: row.into(), would_have_hit: forecast.map(ForecastView::from) }
    }
}

/// A new rule.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewFilterRule {
    /// `enforce` when not said.
    #[schema(schema_with = documents::mode, required = false)]
    mode: Option<Mode>,
    #[schema(value_type = FilterRuleDoc)]
    rule: FilterRule,
}

/// What to change of a rule; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilterRuleChange {
    #[schema(schema_with = documents::mode, required = false)]
    mode: Option<Mode>,
    /// The whole rule.
    #[schema(value_type = Option<FilterRuleDoc>)]
    rule: Option<FilterRule>,
}

/// A rule to be tried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TriedRule {
    #[schema(value_type = FilterRuleDoc)]
    rule: FilterRule,
}

/// The rules of the content filter, in the order in which they are asked. They come before plugins.
#[utoipa::path(get, path = "/api/v1/filters", tag = "filters", responses(
    (status = 200, description = "All of them", body = List<FilterRuleView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
) -> Result<axum::Json<List<FilterRuleView>>, Problem> {
    Ok(axum::Json(List::whole(web.app.filter_rules(&caller).await?)))
}

/// Makes a rule, in force at once, and says how many of the newest messages it would have hit.
#[utoipa::path(post, path = "/api/v1/filters", tag = "filters", request_body = NewFilterRule, responses(
    (status = 201, description = "Made", body = KeptFilterRule),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`quota-exceeded`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`busy`: another rule is being tried", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn create(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<NewFilterRule>,
) -> Result<(StatusCode, axum::Json<KeptFilterRule>), Problem> {
    let (row, forecast) = web.app.make_filter_rule(&caller, body.mode.unwrap_or(Mode::Enforce), body.rule).await?;
    Ok((StatusCode::CREATED, axum::Json((row, Some(forecast)).into())))
}

/// One rule.
#[utoipa::path(get, path = "/api/v1/filters/{id}", tag = "filters", params(("id" = String, Path)), responses(
    (status = 200, description = "The rule", body = FilterRuleView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn get(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<FilterRuleId>,
) -> Result<axum::Json<FilterRuleView>, Problem> {
    Ok(axum::Json(web.app.filter_rule(&caller, id).await?.into()))
}

/// Changes a rule, in force at once, and says how many of the newest messages it would have hit.
#[utoipa::path(patch, path = "/api/v1/filters/{id}", tag = "filters", params(("id" = String, Path)), request_body = FilterRuleChange, responses(
    (status = 200, description = "Changed", body = KeptFilterRule),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`busy`: another rule is being tried", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn change(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<FilterRuleId>,
    Json(body): Json<FilterRuleChange>,
) -> Result<axum::Json<KeptFilterRule>, Problem> {
    Ok(axum::Json(web.app.change_filter_rule(&caller, id, body.mode, body.rule).await?.into()))
}

/// Removes a rule.
#[utoipa::path(delete, path = "/api/v1/filters/{id}", tag = "filters", params(("id" = String, Path)), responses(
    (status = 204, description = "Removed"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn remove(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<FilterRuleId>,
) -> Result<StatusCode, Problem> {
    web.app.remove_filter_rule(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says how many of the newest messages a rule would have hit; nothing is changed.
#[utoipa::path(post, path = "/api/v1/filters/preview", tag = "filters", request_body = TriedRule, responses(
    (status = 200, description = "What it would have hit", body = ForecastView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`busy`: another rule is being tried", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn preview(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<TriedRule>,
) -> Result<axum::Json<ForecastView>, Problem> {
    Ok(axum::Json(web.app.forecast_filter_rule(&caller, body.rule).await?.into()))
}

/// The account's language, what clients are told, how long messages are held.
#[utoipa::path(get, path = "/api/v1/messaging", tag = "filters", responses(
    (status = 200, description = "The settings", body = MessagingDoc),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn get_messaging(
    State(web): State<Web>,
    Auth(caller): Auth,
) -> Result<axum::Json<MessagingSettings>, Problem> {
    Ok(axum::Json(web.app.messaging(&caller).await?))
}

/// Replaces these settings, in force at once. What is absent gets its default.
#[utoipa::path(put, path = "/api/v1/messaging", tag = "filters", request_body = MessagingDoc, responses(
    (status = 200, description = "The settings", body = MessagingDoc),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn put_messaging(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(settings): Json<MessagingSettings>,
) -> Result<axum::Json<MessagingSettings>, Problem> {
    web.app.set_messaging(&caller, settings.clone()).await?;
    Ok(axum::Json(settings))
}
