//! Letting the platform's support in, and out.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use sluice_app::support::SupportAccess;
use sluice_domain::{
    id::{PersonId, SupportSessionId},
    support::SupportScope,
    time::Timestamp,
};
use utoipa::ToSchema;

use crate::{
    Web, documents,
    extract::{Auth, Json},
    problem::Problem,
};

/// Whether support may enter.
#[derive(Serialize, ToSchema)]
pub(crate) struct SupportView {
    open: bool,
    #[serde(flatten)]
    access: Option<OpenView>,
}

/// How support may enter, and who is inside.
#[derive(Serialize, ToSchema)]
struct OpenView {
    #[schema(schema_with = documents::support_scope)]
    scope: SupportScope,
    /// Who of the account opened it.
    #[schema(value_type = String)]
    opened_by: PersonId,
    /// When it closes by itself. Milliseconds since 1970.
    #[schema(value_type = i64)]
    until: Timestamp,
    /// Who has entered and has not left.
    inside: Vec<InsideView>,
}

/// Somebody of the platform's support who has entered.
#[derive(Serialize, ToSchema)]
struct InsideView {
    /// What entries of the audit log name.
    #[schema(value_type = String)]
    session_id: SupportSessionId,
    /// As the platform knows the person.
    name: String,
    /// What the person gave as the reason.
    reason: String,
    /// Milliseconds since 1970.
    #[schema(value_type = i64)]
    since: Timestamp,
}

impl From<Option<SupportAccess>> for SupportView {
    fn from(access: Option<SupportAccess>) -> Self {
        let access = access.map(|SupportAccess { grant, inside }| OpenView {
            scope: grant.scope,
            opened_by: grant.opened_by,
            until: grant.until,
            inside: inside
                .into_iter()
                .map(|row| InsideView {
                    session_id: row.session.id,
                    name: row.name,
                    reason: row.session.reason,
                    since: row.session.created_at,
                })
                .collect(),
        });
        Self { open: access.is_some(), access }
    }
}

/// How support is let in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenSupport {
    #[schema(schema_with = documents::support_scope)]
    scope: SupportScope,
    /// For how long, in minutes: 1 to 10,080, a week.
    minutes: u32,
}

/// Whether the platform's support may enter, and who of it is inside: for everybody of the account to see. An event `support` says
/// when to look again.
#[utoipa::path(get, path = "/api/v1/support", tag = "support", responses(
    (status = 200, description = "How it is", body = SupportView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn get(State(web): State<Web>, Auth(caller): Auth) -> Result<axum::Json<SupportView>, Problem> {
    Ok(axum::Json(web.app.support_access(&caller).await?.into()))
}

/// Lets support in for some time, to look or also to configure. Who entered under what was open before is out.
#[utoipa::path(put, path = "/api/v1/support", tag = "support", request_body = OpenSupport, responses(
    (status = 200, description = "Open", body = SupportView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`: the time", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn open(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<OpenSupport>,
) -> Result<axum::Json<SupportView>, Problem> {
    let access = web.app.open_support(&caller, body.scope, body.minutes).await?;
    Ok(axum::Json(Some(access).into()))
}

/// Lets support in no longer. Who is inside is out at once.
#[utoipa::path(delete, path = "/api/v1/support", tag = "support", responses(
    (status = 204, description = "Closed"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`: support was not let in", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn close(State(web): State<Web>, Auth(caller): Auth) -> Result<StatusCode, Problem> {
    web.app.close_support(&caller).await?;
    Ok(StatusCode::NO_CONTENT)
}
