//! The account's people, what can be given to them, and templates of that.

use axum::{extract::State, http::StatusCode};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use sluice_app::{
    links::NewLink,
    people::{Invitation, PersonChange},
    rows::{PersonRow, PersonStatus},
    templates::TemplateView,
};
use sluice_domain::{
    id::PersonId,
    message::Role,
    permission::{Holders, Permission, Permissions},
    time::Timestamp,
};
use utoipa::ToSchema;

use crate::{
    Web, documents,
    extract::{Auth, Id, Json, Name},
    problem::Problem,
    views::List,
};

/// A person of the account.
#[derive(Serialize, ToSchema)]
pub(crate) struct PersonView {
    #[schema(value_type = String)]
    id: PersonId,
    email: String,
    /// What others see.
    name: String,
    #[schema(schema_with = documents::role)]
    role: Role,
    /// What was given. An administrator has every permission beside.
    #[schema(value_type = Vec<String>)]
    permissions: Permissions,
    /// `invited`: has set no password yet; `active`; `disabled`.
    #[schema(value_type = String)]
    status: PersonStatus,
    /// Milliseconds since 1970.
    #[schema(value_type = i64)]
    created_at: Timestamp,
}

impl From<PersonRow> for PersonView {
    fn from(row: PersonRow) -> Self {
        let PersonRow { id, email, name, role, permissions, status, created_at, .. } = row;
        Self { id, email, name, role, permissions, status, created_at }
    }
}

/// A link with which a person sets a password, once.
#[derive(Serialize, ToSchema)]
pub(crate) struct LinkView {
    /// What `POST /api/v1/passwords` takes as `link`. It cannot be read again.
    secret: String,
    /// Milliseconds since 1970.
    #[schema(value_type = i64)]
    expires_at: Timestamp,
}

impl From<NewLink> for LinkView {
    fn from(link: NewLink) -> Self {
        Self { secret: link.secret.expose_secret().to_owned(), expires_at: link.expires_at }
    }
}

/// Who is invited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPerson {
    /// Not yet anybody's.
    email: String,
    /// What others will see: 1 to 256 bytes.
    name: String,
    /// `operator`, `supervisor` or `administrator`.
    #[schema(schema_with = documents::role)]
    role: Role,
    /// What is given, as `GET /api/v1/permissions` names it; nothing when not said.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    permissions: Permissions,
}

/// A person who was invited.
#[derive(Serialize, ToSchema)]
pub(crate) struct Invited {
    person: PersonView,
    link: LinkView,
}

/// A person who was changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangedPersonView {
    #[serde(flatten)]
    person: PersonView,
    /// How many links that were not used are good no longer, since the e-mail address or the role is another one or the person is kept
    /// out: if the person still needs one, make another with `POST /api/v1/people/{id}/password-link`.
    links_ended: u64,
    /// How many sessions have ended, since the e-mail address is another one or the person is kept out.
    sessions_ended: u64,
    /// How many of the person's API tokens have ended, since the person is kept out.
    tokens_ended: u64,
}

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangedPerson {
    email: Option<String>,
    name: Option<String>,
    #[schema(schema_with = documents::role, required = false)]
    role: Option<Role>,
    #[schema(value_type = Option<Vec<String>>)]
    permissions: Option<Permissions>,
    /// Keeps the person out, at once and with all sessions and tokens; or lets the person in again.
    disabled: Option<bool>,
}

/// Something that one may or may not do.
#[derive(Serialize, ToSchema)]
pub(crate) struct PermissionView {
    /// As it is given.
    name: &'static str,
    /// What it lets one do.
    sentence: &'static str,
    /// `people`: can be given to supervisors and operators; `administrators`: only they have it; `programs`: for API tokens;
    /// `platform`: only in the account of whoever runs the server.
    holders: &'static str,
}

/// A set of permissions under a name.
#[derive(Serialize, ToSchema)]
pub(crate) struct TemplateDto {
    name: String,
    #[schema(value_type = Vec<String>)]
    permissions: Permissions,
    /// Whether every account has it.
    built_in: bool,
}

impl From<TemplateView> for TemplateDto {
    fn from(view: TemplateView) -> Self {
        let TemplateView { name, permissions, built_in } = view;
        Self { name, permissions, built_in }
    }
}

/// What a template gives.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTemplate {
    #[schema(value_type = Vec<String>)]
    permissions: Permissions,
}

/// The people of the account, in the order in which they were added.
#[utoipa::path(get, path = "/api/v1/people", tag = "people", responses(
    (status = 200, description = "All of them", body = List<PersonView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(State(web): State<Web>, Auth(caller): Auth) -> Result<axum::Json<List<PersonView>>, Problem> {
    Ok(axum::Json(List::whole(web.app.people(&caller).await?)))
}

/// Invites a person. Send the link over a way that you trust: whoever opens it sets the password.
#[utoipa::path(post, path = "/api/v1/people", tag = "people", request_body = NewPerson, responses(
    (status = 201, description = "Invited", body = Invited),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`, also for a token that would give what it has not; `session-required` for a token, about an administrator", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`conflict`: somebody has the e-mail address; `quota-exceeded`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn invite(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<NewPerson>,
) -> Result<(StatusCode, axum::Json<Invited>), Problem> {
    let NewPerson { email, name, role, permissions } = body;
    let (person, link) = web.app.invite(&caller, Invitation { email, name, role, permissions }).await?;
    Ok((StatusCode::CREATED, axum::Json(Invited { person: person.into(), link: link.into() })))
}

/// One person.
#[utoipa::path(get, path = "/api/v1/people/{id}", tag = "people", params(("id" = String, Path)), responses(
    (status = 200, description = "The person", body = PersonView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn get(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<PersonId>,
) -> Result<axum::Json<PersonView>, Problem> {
    Ok(axum::Json(web.app.person(&caller, id).await?.into()))
}

/// Changes a person, in force from the person's next request on. Another e-mail address or role ends links that were sent; another e-mail
/// address ends sessions.
#[utoipa::path(patch, path = "/api/v1/people/{id}", tag = "people", params(("id" = String, Path)), request_body = ChangedPerson, responses(
    (status = 200, description = "The person as it is now", body = ChangedPersonView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`, also for a token that would give what it has not; `session-required` for a token, about an administrator", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`conflict`: somebody has the e-mail address; `last-administrator`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn change(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<PersonId>,
    Json(body): Json<ChangedPerson>,
) -> Result<axum::Json<ChangedPersonView>, Problem> {
    let ChangedPerson { email, name, role, permissions, disabled } = body;
    let change = PersonChange { email, name, role, permissions, disabled };
    let changed = web.app.change_person(&caller, id, change).await?;
    let (links_ended, sessions_ended) = (changed.links_ended, changed.sessions_ended);
    let tokens_ended = changed.tokens_ended;
    Ok(axum::Json(ChangedPersonView { person: changed.person.into(), links_ended, sessions_ended, tokens_ended }))
}

/// Deletes a person: name, e-mail address and password are gone, sessions and tokens end. What the person did stays, under the id.
#[utoipa::path(delete, path = "/api/v1/people/{id}", tag = "people", params(("id" = String, Path)), responses(
    (status = 204, description = "Deleted"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`last-administrator`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn delete(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<PersonId>,
) -> Result<StatusCode, Problem> {
    web.app.delete_person(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a link with which a person sets a new password. Earlier links end; the password of now stays until it is used.
#[utoipa::path(post, path = "/api/v1/people/{id}/password-link", tag = "people", params(("id" = String, Path)), responses(
    (status = 201, description = "Made", body = LinkView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`, also for a token that would give what it has not; `session-required` for a token, about an administrator", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`conflict`: the person is disabled", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn password_link(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<PersonId>,
) -> Result<(StatusCode, axum::Json<LinkView>), Problem> {
    Ok((StatusCode::CREATED, axum::Json(web.app.make_password_link(&caller, id).await?.into())))
}

/// Every permission, with a sentence on what it lets one do.
#[utoipa::path(get, path = "/api/v1/permissions", tag = "people", responses(
    (status = 200, description = "The catalogue", body = List<PermissionView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn catalogue(Auth(_): Auth) -> axum::Json<List<PermissionView>> {
    axum::Json(List::whole(Permission::ALL.map(|permission| PermissionView {
        name: permission.as_str(),
        sentence: permission.sentence(),
        holders: match permission.holders() {
            Holders::People => "people",
            Holders::Administrators => "administrators",
            Holders::Programs => "programs",
            Holders::Platform => "platform",
        },
    })))
}

/// Templates of permissions: those that every account has, then the account's own.
#[utoipa::path(get, path = "/api/v1/permission-templates", tag = "people", responses(
    (status = 200, description = "All of them", body = List<TemplateDto>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn templates(
    State(web): State<Web>,
    Auth(caller): Auth,
) -> Result<axum::Json<List<TemplateDto>>, Problem> {
    Ok(axum::Json(List::whole(web.app.templates(&caller).await?)))
}

/// Keeps a template of the account's own, in place of one with the same name.
#[utoipa::path(put, path = "/api/v1/permission-templates/{name}", tag = "people", params(("name" = String, Path)), request_body = NewTemplate, responses(
    (status = 200, description = "Kept", body = TemplateDto),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`, also for a token that would give what it has not", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`conflict`: every account has a template with this name; `quota-exceeded`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn keep_template(
    State(web): State<Web>,
    Auth(caller): Auth,
    Name(name): Name,
    Json(body): Json<NewTemplate>,
) -> Result<axum::Json<TemplateDto>, Problem> {
    Ok(axum::Json(web.app.keep_template(&caller, name, body.permissions).await?.into()))
}

/// Removes a template of the account's own. Those to whom its permissions were given keep them.
#[utoipa::path(delete, path = "/api/v1/permission-templates/{name}", tag = "people", params(("name" = String, Path)), responses(
    (status = 204, description = "Removed"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn remove_template(
    State(web): State<Web>,
    Auth(caller): Auth,
    Name(name): Name,
) -> Result<StatusCode, Problem> {
    web.app.remove_template(&caller, name).await?;
    Ok(StatusCode::NO_CONTENT)
}
