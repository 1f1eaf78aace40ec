//! Finding messages.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    Web,
    extract::{Auth, Params},
    paging::Paging,
    problem::Problem,
    views::{List, MessageDto},
};

/// What is searched for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Query {
    /// 1 to 16 words of letters and digits, in at most 1,024 bytes; the last may be the beginning of one. Case makes no difference, nor
    /// does anything between words.
    q: String,
}

/// The messages that have all words of `q`, newest first: those in conversations that the caller reaches, and of those the ones that the
/// caller sees in full. A page that is not full may still have a `next` one.
#[utoipa::path(get, path = "/api/v1/search", tag = "messages", params(Query, Paging), responses(
    (status = 200, description = "One page", body = List<MessageDto>),
    (status = 400, description = "`malformed`: the cursor, the limit or a filter", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn search(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(query): Params<Query>,
    Params(paging): Params<Paging>,
) -> Result<axum::Json<List<MessageDto>>, Problem> {
    let found = web.app.search(&caller, &query.q, paging.newest_first()?).await?;
    let items = found.messages.into_iter().map(MessageDto::from).collect();
    Ok(axum::Json(List { items, next: found.next.map(|doc| doc.to_string()) }))
}
