//! Templates of answers.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use sluice_app::{
    answer_templates::{TemplateChange, TemplateDraft},
    rows::AnswerTemplateRow,
};
use sluice_domain::{id::AnswerTemplateId, time::Timestamp};
use utoipa::ToSchema;

use crate::{
    Web,
    extract::{Auth, Id, Json, Key, Params},
    paging::Paging,
    problem::Problem,
    views::List,
};

/// What operators send often.
#[derive(Serialize, ToSchema)]
pub(crate) struct AnswerTemplateView {
    #[schema(value_type = String)]
    id: AnswerTemplateId,
    /// Unique in the account.
    name: String,
    text: String,
    /// What an operator types instead; unique in the account.
    command: Option<String>,
    #[schema(value_type = i64)]
    created_at: Timestamp,
}

impl From<AnswerTemplateRow> for AnswerTemplateView {
    fn from(row: AnswerTemplateRow) -> Self {
        let AnswerTemplateRow { id, name, text, command, created_at } = row;
        Self { id, name, text, command, created_at }
    }
}

/// A template to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAnswerTemplate {
    /// 1 to 256 bytes.
    name: String,
    /// 1 to 65,536 bytes.
    text: String,
    /// A word of 1 to 32 bytes.
    command: Option<String>,
}

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangedAnswerTemplate {
    name: Option<String>,
    text: Option<String>,
    /// An empty one takes it away.
    command: Option<String>,
}

/// The account's templates of answers, newest first.
#[utoipa::path(get, path = "/api/v1/answer-templates", tag = "answer-templates", params(Paging), responses(
    (status = 200, description = "One page", body = List<AnswerTemplateView>),
    (status = 400, description = "`malformed`: the cursor, the limit or a filter", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(paging): Params<Paging>,
) -> Result<axum::Json<List<AnswerTemplateView>>, Problem> {
    let rows = web.app.answer_templates(&caller, paging.newest_first()?).await?;
    Ok(axum::Json(List::of(rows.into_iter().map(AnswerTemplateView::from).collect(), &paging, |row| row.id)))
}

/// Makes a template of answers. An account has at most 1,000.
#[utoipa::path(post, path = "/api/v1/answer-templates", tag = "answer-templates", params(("Idempotency-Key" = Option<String>, Header, description = "The same key again, within a day, gives what was made and makes nothing")), request_body = NewAnswerTemplate, responses(
    (status = 201, description = "Made", body = AnswerTemplateView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`conflict`: another template has this name or this command; `quota-exceeded`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn create(
    State(web): State<Web>,
    Auth(caller): Auth,
    Key(key): Key,
    Json(body): Json<NewAnswerTemplate>,
) -> Result<(StatusCode, axum::Json<AnswerTemplateView>), Problem> {
    let NewAnswerTemplate { name, text, command } = body;
    let row = web.app.make_answer_template(&caller, TemplateDraft { name, text, command }, key).await?;
    Ok((StatusCode::CREATED, axum::Json(row.into())))
}

/// Changes a template of answers.
#[utoipa::path(patch, path = "/api/v1/answer-templates/{id}", tag = "answer-templates", params(("id" = String, Path)), request_body = ChangedAnswerTemplate, responses(
    (status = 200, description = "The template as it is now", body = AnswerTemplateView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`conflict`: another template has this name or this command", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn change(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<AnswerTemplateId>,
    Json(body): Json<ChangedAnswerTemplate>,
) -> Result<axum::Json<AnswerTemplateView>, Problem> {
    let ChangedAnswerTemplate { name, text, command } = body;
    Ok(axum::Json(web.app.change_answer_template(&caller, id, TemplateChange { name, text, command }).await?.into()))
}

/// Removes a template of answers.
#[utoipa::path(delete, path = "/api/v1/answer-templates/{id}", tag = "answer-templates", params(("id" = String, Path)), responses(
    (status = 204, description = "Removed"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn remove(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<AnswerTemplateId>,
) -> Result<StatusCode, Problem> {
    web.app.remove_answer_template(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
