//! The audit log and the connection journal: read, searched, verified, exported.

use axum::{
    extract::State,
    http::{StatusCode, request::Parts},
    response::Response,
};
use serde::{Deserialize, Serialize};
use sluice_app::rows::{AuditFilter, AuditPart};
use sluice_domain::{digest::Digest, time::Timestamp};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Web,
    export::{Export, batches, file},
    extract::{Auth, Params},
    paging::Paging,
    problem::Problem,
    views::{AuditView, List},
};

/// Longest value of a filter, in bytes.
const FILTER_BYTES: usize = 256;

/// Which entries are wanted. What is absent does not matter.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Search {
    /// Who: the id of a person or a token, or `platform`.
    #[param(required = false)]
    actor: Option<String>,
    /// What, or the beginning of it: `session.` finds all about sessions.
    #[param(required = false)]
    action: Option<String>,
    /// To what: an id.
    #[param(required = false)]
    target: Option<String>,
    /// From where.
    #[param(required = false)]
    address: Option<String>,
    /// At or after: milliseconds since 1970.
    #[param(required = false)]
    from: Option<i64>,
    /// Before: milliseconds since 1970.
    #[param(required = false)]
    to: Option<i64>,
}

impl Search {
    fn filter(self) -> Result<AuditFilter, Problem> {
        let text = |name: &str, value: Option<String>| match value {
            Some(value) if value.len() > FILTER_BYTES || value.contains('\0') => Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "malformed",
                format!("`{name}` has at most {FILTER_BYTES} bytes"),
            )),
            value => Ok(value.unwrap_or_default()),
        };
        Ok(AuditFilter {
            actor: text("actor", self.actor)?,
            action: text("action", self.action)?,
            target: text("target", self.target)?,
            address: text("address", self.address)?,
            from: self.from.map(Timestamp::from_millis),
            to: self.to.map(Timestamp::from_millis),
            among: String::new(),
        })
    }
}

/// What is no surprise to whoever asks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Accepting {
    /// How many entries from before the chain the log is known to have; 0 when it is absent. With more, it does not hold.
    #[param(required = false)]
    #[serde(default)]
    accept_unsealed: i64,
}

/// What verifying the log found.
#[derive(Serialize, ToSchema)]
pub(crate) struct VerificationView {
    /// Whether every entry is as it was written, and none is missing.
    holds: bool,
    /// Entries that hold, from the first on.
    entries: i64,
    /// How many of them were written before entries had seals of their own: nothing shows what was done to those before the server sealed
    /// them all at once.
    unsealed: i64,
    /// The MAC of the last entry that holds. Keep it elsewhere to see later whether the log was put back.
    #[schema(value_type = String)]
    head: Digest,
    /// The first thing that is wrong: `missing`, `inserted` or `changed` for an entry, `end` for what the account's row says, `earlier` for
    /// entries from before the chain, `beginning`, `sealed-again`; or `unsealed`, when there are more of those than `accept_unsealed` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// The same as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    breach: Option<String>,
}

fn list_of(part: AuditPart) -> List<AuditView> {
    let next = part.seen.map(|seen| seen.to_string());
    List { items: part.rows.into_iter().map(AuditView::from).collect(), next }
}

/// Who did what, when, from where; newest first. One request looks through 5,000 entries at most: a page may have few or no items and
/// still a `next`.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(Search, Paging), responses(
    (status = 200, description = "One page", body = List<AuditView>),
    (status = 400, description = "`malformed`", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(search): Params<Search>,
    Params(paging): Params<Paging>,
) -> Result<axum::Json<List<AuditView>>, Problem> {
    let page = paging.newest_first()?;
    let part = web.app.audit_log(&caller, search.filter()?, page.before, page.limit).await?;
    Ok(axum::Json(list_of(part)))
}

/// Who came in or was kept out, when, from which address and network; newest first.
#[utoipa::path(get, path = "/api/v1/connections", tag = "audit", params(Paging), responses(
    (status = 200, description = "One page", body = List<AuditView>),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn connections(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(paging): Params<Paging>,
) -> Result<axum::Json<List<AuditView>>, Problem> {
    let page = paging.newest_first()?;
    let part = web.app.connections(&caller, page.before, page.limit).await?;
    Ok(axum::Json(list_of(part)))
}

/// Verifies that every entry is as it was written and none is missing.
#[utoipa::path(get, path = "/api/v1/audit/verification", tag = "audit", params(Accepting), responses(
    (status = 200, description = "What was found", body = VerificationView),
    (status = 400, description = "`malformed`", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too-many-at-once`: the account has as many exports and verifications as it may", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn verify(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(Accepting { accept_unsealed }): Params<Accepting>,
) -> Result<axum::Json<VerificationView>, Problem> {
    let found = web.app.verify_own_audit(&caller, accept_unsealed).await?;
    Ok(axum::Json(VerificationView {
        holds: found.breach.is_none(),
        entries: found.entries,
        unsealed: found.unsealed,
        head: found.head,
        reason: found.breach.map(|breach| breach.code()),
        breach: found.breach.map(|breach| breach.to_string()),
    }))
}

/// The entries with their numbers and MACs, oldest first, as a file. That somebody exported them is an entry too.
#[utoipa::path(get, path = "/api/v1/audit/export", tag = "audit", params(Search, Export), responses(
    (status = 200, description = "The entries", body = String, content_type = "application/jsonl"),
    (status = 400, description = "`malformed`", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too-many-at-once`: the account has as many exports and verifications as it may", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn export(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(Export { format }): Params<Export>,
    Params(search): Params<Search>,
    parts: Parts,
) -> Result<Response, Problem> {
    let export = web.app.export_audit(&caller, search.filter()?).await?;
    Ok(file::<AuditView>(format, batches(export, web, parts)))
}
