//! What people of the platform do: make accounts, and enter those that let support in.

use axum::{extract::State, http::StatusCode};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use sluice_app::{
    people::Invitation,
    rows::AccountRow,
    support::{NewSupportSession, OpenAccount},
};
use sluice_domain::{id::AccountId, message::Role, permission::Permissions, support::SupportScope, time::Timestamp};
use utoipa::ToSchema;

use crate::{
    Web, documents,
    extract::{Auth, Id, Json, Peer},
    problem::Problem,
    routes::people::LinkView,
    views::List,
};

/// An account of a customer.
#[derive(Serialize, ToSchema)]
pub(crate) struct AccountView {
    #[schema(value_type = String)]
    id: AccountId,
    name: String,
    /// Milliseconds since 1970.
    #[schema(value_type = i64)]
    created_at: Timestamp,
}

impl From<AccountRow> for AccountView {
    fn from(row: AccountRow) -> Self {
        Self { id: row.id, name: row.name, created_at: row.created_at }
    }
}

/// An account to be made, and who is its first administrator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAccount {
    /// As people call it: 1 to 256 bytes.
    name: String,
    /// The first administrator's, not yet anybody's.
    email: String,
    /// What others will see of the first administrator.
    administrator: String,
}

/// An account that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeAccount {
    #[schema(value_type = String)]
    account_id: AccountId,
    /// With which the first administrator sets a password.
    link: LinkView,
}

/// An account that lets support in.
#[derive(Serialize, ToSchema)]
pub(crate) struct OpenAccountView {
    #[schema(value_type = String)]
    id: AccountId,
    name: String,
    #[schema(schema_with = documents::support_scope)]
    scope: SupportScope,
    /// When it closes by itself. Milliseconds since 1970.
    #[schema(value_type = i64)]
    until: Timestamp,
}

impl From<OpenAccount> for OpenAccountView {
    fn from(account: OpenAccount) -> Self {
        let OpenAccount { id, name, grant } = account;
        Self { id, name, scope: grant.scope, until: grant.until }
    }
}

/// Why support enters.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// For the account's people to read: 1 to 1,024 bytes.
    reason: String,
}

/// Somebody has entered.
#[derive(Serialize, ToSchema)]
pub(crate) struct Entered {
    /// For `Authorization: Bearer`. It cannot be read again.
    secret: String,
    #[schema(schema_with = documents::support_scope)]
    scope: SupportScope,
    /// When the account closes by itself. Milliseconds since 1970.
    #[schema(value_type = i64)]
    until: Timestamp,
}

impl From<NewSupportSession> for Entered {
    fn from(session: NewSupportSession) -> Self {
        let NewSupportSession { secret, scope, until } = session;
        Self { secret: secret.expose_secret().to_owned(), scope, until }
    }
}

/// All accounts of customers, oldest first.
#[utoipa::path(get, path = "/api/v1/platform/accounts", tag = "platform", responses(
    (status = 200, description = "All of them", body = List<AccountView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn accounts(
    State(web): State<Web>,
    Auth(caller): Auth,
) -> Result<axum::Json<List<AccountView>>, Problem> {
    Ok(axum::Json(List::whole(web.app.customers(&caller).await?)))
}

/// Makes an account and a link for its first administrator.
#[utoipa::path(post, path = "/api/v1/platform/accounts", tag = "platform", request_body = NewAccount, responses(
    (status = 201, description = "Made", body = MadeAccount),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`conflict`: somebody has the e-mail address", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn make_account(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<NewAccount>,
) -> Result<(StatusCode, axum::Json<MadeAccount>), Problem> {
    let NewAccount { name, email, administrator } = body;
    let first = Invitation { email, name: administrator, role: Role::Administrator, permissions: Permissions::NONE };
    let (account_id, link) = web.app.open_account_for(&caller, &name, first).await?;
    Ok((StatusCode::CREATED, axum::Json(MadeAccount { account_id, link: link.into() })))
}

/// The accounts that let support in.
#[utoipa::path(get, path = "/api/v1/platform/support", tag = "platform", responses(
    (status = 200, description = "All of them", body = List<OpenAccountView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn open_accounts(
    State(web): State<Web>,
    Auth(caller): Auth,
) -> Result<axum::Json<List<OpenAccountView>>, Problem> {
    Ok(axum::Json(List::whole(web.app.accounts_open_to_support(&caller).await?)))
}

/// Enters an account that lets support in. Everybody there sees it, with the reason; every request is in the account's audit log.
#[utoipa::path(post, path = "/api/v1/platform/accounts/{id}/support-sessions", tag = "platform", params(("id" = String, Path)), request_body = Entry, responses(
    (status = 201, description = "Entered", body = Entered),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`, `session-required`, `support-not-open`, `address-refused`; `access-denied` or `second-factor-required`: a rule of the account says so", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`: the reason", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn enter(
    State(web): State<Web>,
    Auth(caller): Auth,
    peer: Peer,
    Id(account): Id<AccountId>,
    Json(body): Json<Entry>,
) -> Result<(StatusCode, axum::Json<Entered>), Problem> {
    let entered = web.app.enter_for_support(&caller, account, &body.reason, &peer.user_agent).await?;
    Ok((StatusCode::CREATED, axum::Json(entered.into())))
}
