//! Rules about the addresses from which one may come in.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use sluice_app::addresses::AddressDraft;
use sluice_domain::{
    address::{AddressAction, AddressRule, Door, Entry},
    id::AddressRuleId,
    message::Role,
    time::Timestamp,
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Web,
    extract::{Auth, Id, Json, Params},
    problem::Problem,
    views::List,
};

/// A rule about addresses.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleView {
    #[schema(value_type = String)]
    id: AddressRuleId,
    /// A network in CIDR form, IPv4-mapped ones as IPv4.
    net: String,
    /// `allow` or `deny`.
    #[schema(value_type = String)]
    action: AddressAction,
    /// About whom; everybody when empty.
    #[schema(value_type = Vec<String>)]
    roles: Vec<Role>,
    /// About what: `log-in`, `session`, `token`, `support`; everything when empty.
    #[schema(value_type = Vec<String>)]
    doors: Vec<Door>,
    comment: String,
    #[schema(value_type = Option<i64>)]
    expires_at: Option<Timestamp>,
}

impl From<AddressRule> for RuleView {
    fn from(rule: AddressRule) -> Self {
        Self {
            id: rule.id,
            net: rule.net.to_string(),
            action: rule.action,
            roles: rule.roles.into_iter().collect(),
            doors: rule.doors.into_iter().collect(),
            comment: rule.comment,
            expires_at: rule.expires_at,
        }
    }
}

/// A rule to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleDraft {
    /// A network such as `192.0.2.0/24`, or one address.
    net: String,
    /// `allow`: these may come in, and those of no allowed network may not. `deny`: these may not, whatever allows them.
    #[schema(value_type = String)]
    action: AddressAction,
    /// `operator`, `supervisor`, `administrator`, `support`; everybody when empty.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    roles: Vec<Role>,
    /// `log-in`, `session`, `token`, `support`; everything when empty.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    doors: Vec<Door>,
    /// Why it is there: at most 256 bytes.
    #[serde(default)]
    comment: String,
    /// Milliseconds since 1970; for good when absent.
    #[schema(value_type = Option<i64>)]
    expires_at: Option<Timestamp>,
}

impl From<RuleDraft> for AddressDraft {
    fn from(draft: RuleDraft) -> Self {
        let RuleDraft { net, action, roles, doors, comment, expires_at } = draft;
        Self { net, action, roles, doors, comment, expires_at }
    }
}

/// All rules, to replace those that there are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleDrafts {
    /// At most 10,000.
    rules: Vec<RuleDraft>,
    /// That the rules are meant although they keep their own author out.
    #[serde(default)]
    confirm: bool,
}

/// One rule, to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OneRuleDraft {
    rule: RuleDraft,
    /// That the rule is meant although it keeps its own author out.
    #[serde(default)]
    confirm: bool,
}

/// Whether a change is meant.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Confirmation {
    /// That the change is meant although it keeps its own author out.
    #[serde(default)]
    #[param(required = false)]
    confirm: bool,
}

/// Somebody who might come in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Visitor {
    address: String,
    /// `operator` when not said.
    #[schema(value_type = Option<String>)]
    role: Option<Role>,
    /// `log-in` when not said.
    #[schema(value_type = Option<String>)]
    door: Option<Door>,
}

/// What would happen.
#[derive(Serialize, ToSchema)]
pub(crate) struct Verdict {
    /// `allowed`; `denied` by a rule; `not-allowed`: there are rules that allow, and none allows this.
    entry: &'static str,
    /// The rule that decides, if it is one.
    #[schema(value_type = Option<String>)]
    rule: Option<AddressRuleId>,
}

/// The rules, in the order in which they were made.
#[utoipa::path(get, path = "/api/v1/security/addresses", tag = "security", responses(
    (status = 200, description = "All of them", body = List<RuleView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(State(web): State<Web>, Auth(caller): Auth) -> Result<axum::Json<List<RuleView>>, Problem> {
    Ok(axum::Json(List::whole(web.app.address_rules(&caller).await?)))
}

/// Replaces all rules. In force from the next request on, for open sessions too.
#[utoipa::path(put, path = "/api/v1/security/addresses", tag = "security", request_body = RuleDrafts, responses(
    (status = 200, description = "The rules as they are now", body = List<RuleView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`would-lock-you-out`: send `confirm` if that is meant", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn replace(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<RuleDrafts>,
) -> Result<axum::Json<List<RuleView>>, Problem> {
    let drafts = body.rules.into_iter().map(AddressDraft::from).collect();
    Ok(axum::Json(List::whole(web.app.replace_address_rules(&caller, drafts, body.confirm).await?)))
}

/// Adds a rule.
#[utoipa::path(post, path = "/api/v1/security/addresses", tag = "security", request_body = OneRuleDraft, responses(
    (status = 201, description = "Added", body = RuleView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`would-lock-you-out`: send `confirm` if that is meant; `quota-exceeded`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn add(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<OneRuleDraft>,
) -> Result<(StatusCode, axum::Json<RuleView>), Problem> {
    let rule = web.app.add_address_rule(&caller, body.rule.into(), body.confirm).await?;
    Ok((StatusCode::CREATED, axum::Json(rule.into())))
}

/// Removes a rule.
#[utoipa::path(delete, path = "/api/v1/security/addresses/{id}", tag = "security", params(("id" = String, Path), Confirmation), responses(
    (status = 204, description = "Removed"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`would-lock-you-out`: send `confirm` if that is meant", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn remove(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<AddressRuleId>,
    Params(confirmation): Params<Confirmation>,
) -> Result<StatusCode, Problem> {
    web.app.remove_address_rule(&caller, id, confirmation.confirm).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says what the rules would make of somebody who comes in.
#[utoipa::path(post, path = "/api/v1/security/addresses/check", tag = "security", request_body = Visitor, responses(
    (status = 200, description = "What would happen", body = Verdict),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn check(
    State(web): State<Web>,
    Auth(caller): Auth,
    Json(body): Json<Visitor>,
) -> Result<axum::Json<Verdict>, Problem> {
    let (role, door) = (body.role.unwrap_or(Role::Operator), body.door.unwrap_or(Door::LogIn));
    let answer = web.app.try_address(&caller, &body.address, role, door).await?;
    let entry = match answer.entry {
        Entry::Allowed => "allowed",
        Entry::Denied => "denied",
        Entry::NotAllowed => "not-allowed",
    };
    Ok(axum::Json(Verdict { entry, rule: answer.rule }))
}
