//! Groups of people, and who answers which conversation.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use sluice_app::{groups::GroupView, rows::Assignment};
use sluice_domain::id::{ConversationId, GroupId, PersonId};
use utoipa::ToSchema;

use crate::{
    Web,
    extract::{Auth, Id, Json},
    problem::Problem,
    views::{ConversationView, List},
};

/// A group of people who answer clients.
#[derive(Serialize, ToSchema)]
pub(crate) struct GroupDto {
    #[schema(value_type = String)]
    id: GroupId,
    /// Unique in the account.
    name: String,
    /// Who is in it.
    #[schema(value_type = Vec<String>)]
    members: Vec<PersonId>,
}

impl From<GroupView> for GroupDto {
    fn from(view: GroupView) -> Self {
        Self { id: view.group.id, name: view.group.name, members: view.members }
    }
}

/// A group to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGroup {
    /// 1 to 256 bytes.
    name: String,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    members: Vec<PersonId>,
}

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangedGroup {
    name: Option<String>,
    #[schema(value_type = Option<Vec<String>>)]
    members: Option<Vec<PersonId>>,
}

/// Who answers a conversation; what is left out is nobody.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAssignment {
    #[schema(value_type = Option<String>)]
    assignee_id: Option<PersonId>,
    #[schema(value_type = Option<String>)]
    group_id: Option<GroupId>,
}

/// The account's groups.
#[utoipa::path(get, path = "/api/v1/groups", tag = "groups", responses(
    (status = 200, description = "All of them", body = List<GroupDto>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(State(web): State<Web>, Auth(caller): Auth) -> Result<axum::Json<List<GroupDto>>, Problem> {
    Ok(axum::Json(List::whole(web.app.groups(&caller).await?)))
}

/// Makes a group.
#[utoipa::path(post, path = "/api/v1/groups", tag = "groups", request_body = NewGroup, responses(
    (status = 201, description = "Made", body = GroupDto),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`: a member", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`conflict`: another group has this name; `quota-exceeded`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn create(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<NewGroup>,
) -> Result<(StatusCode, axum::Json<GroupDto>), Problem> {
    let group = web.app.make_group(&caller, body.name, body.members).await?;
    Ok((StatusCode::CREATED, axum::Json(group.into())))
}

/// Renames a group, or says who is in it.
#[utoipa::path(patch, path = "/api/v1/groups/{id}", tag = "groups", params(("id" = String, Path)), request_body = ChangedGroup, responses(
    (status = 200, description = "The group as it is now", body = GroupDto),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`: the group, or a member", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`conflict`: another group has this name", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn change(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<GroupId>,
    Json(body): Json<ChangedGroup>,
) -> Result<axum::Json<GroupDto>, Problem> {
    Ok(axum::Json(web.app.change_group(&caller, id, body.name, body.members).await?.into()))
}

/// Removes a group. Its conversations are in none then.
#[utoipa::path(delete, path = "/api/v1/groups/{id}", tag = "groups", params(("id" = String, Path)), responses(
    (status = 204, description = "Removed"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn remove(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<GroupId>,
) -> Result<StatusCode, Problem> {
    web.app.remove_group(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says who answers a conversation.
#[utoipa::path(put, path = "/api/v1/conversations/{id}/assignment", tag = "groups", params(("id" = String, Path)), request_body = NewAssignment, responses(
    (status = 200, description = "The conversation as it is now", body = ConversationView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`: the conversation, the person or the group", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn assign(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(conversation): Id<ConversationId>,
    Json(body): Json<NewAssignment>,
) -> Result<axum::Json<ConversationView>, Problem> {
    let assignment = Assignment { person: body.assignee_id, group: body.group_id };
    Ok(axum::Json(web.app.assign(&caller, conversation, assignment).await?.into()))
}
