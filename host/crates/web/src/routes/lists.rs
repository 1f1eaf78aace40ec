//! Named lists, into which plugins look.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use sluice_app::{
    lists::{Changed, EntryDraft, ListChange, ListDraft},
    rows::{ListEntryRow, ListRow},
};
use sluice_domain::{
    id::ListId,
    list::{ListKind, ListName},
    time::Timestamp,
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Web,
    extract::{Auth, Id, Json, Key, Params},
    paging::Paging,
    problem::Problem,
    views::List,
};

/// A named list.
#[derive(Serialize, ToSchema)]
pub(crate) struct NamedListView {
    #[schema(value_type = String)]
    id: ListId,
    /// What plugins call it by; unique in the account.
    #[schema(value_type = String)]
    name: ListName,
    /// `exact`, `prefix`, `network` or `domain`.
    #[schema(value_type = String)]
    kind: ListKind,
    /// What it is for; may be empty.
    description: String,
    /// Another one after each change of its entries.
    version: i64,
    /// How many entries it has.
    entries: u64,
    #[schema(value_type = i64)]
    created_at: Timestamp,
    /// When it or its entries were last changed.
    #[schema(value_type = i64)]
    updated_at: Timestamp,
}

impl From<ListRow> for NamedListView {
    fn from(row: ListRow) -> Self {
        let ListRow { id, name, kind, description, version, entries, created_at, updated_at } = row;
        Self { id, name, kind, description, version, entries, created_at, updated_at }
    }
}

/// A list to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewNamedList {
    /// 1 to 64 of `a` to `z`, `0` to `9` and `-`.
    #[schema(value_type = String)]
    name: ListName,
    /// `exact`: texts, whatever the case and width of their letters; `prefix`: beginnings of texts; `network`: addresses and networks in
    /// CIDR form; `domain`: domains with all below them. It stays so.
    #[schema(value_type = String)]
    kind: ListKind,
    /// At most 1,024 bytes.
    #[serde(default)]
    #[schema(required = false)]
    description: String,
}

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangedNamedList {
    /// What plugins call it by from now on.
    #[schema(value_type = Option<String>)]
    name: Option<ListName>,
    description: Option<String>,
}

/// An entry of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListEntryView {
    /// As it was written, which is what plugins are given.
    value: String,
    /// Why it is there; may be empty.
    note: String,
    /// Who added it: a person's id, or a token's.
    created_by: String,
    #[schema(value_type = i64)]
    created_at: Timestamp,
}

impl From<ListEntryRow> for ListEntryView {
    fn from(row: ListEntryRow) -> Self {
        let ListEntryRow { key: _, value, note, created_by, created_at } = row;
        Self { value, note, created_by, created_at }
    }
}

/// Entries to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewListEntries {
    /// At most 10,000.
    entries: Vec<NewListEntryDoc>,
}

/// An entry to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewListEntryDoc {
    /// At most 512 bytes.
    value: String,
    /// Why it is there: at most 256 bytes.
    #[serde(default)]
    #[schema(required = false)]
    note: String,
}

/// Entries to be removed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OldListEntries {
    /// At most 10,000, compared as the list compares them.
    values: Vec<String>,
}

/// What became of entries that were sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct AddedEntries {
    /// How many are new.
    added: u64,
    /// How many were there already, or were sent twice.
    present: u64,
}

/// What became of entries that were to be removed.
#[derive(Serialize, ToSchema)]
pub(crate) struct RemovedEntries {
    /// How many are gone.
    removed: u64,
    /// How many were not there, or were sent twice.
    absent: u64,
}

/// What is looked up.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// At most 512 bytes.
    value: String,
}

/// What a plugin would be told.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundEntry {
    /// The entry as it was written, the longest when several fit; `null` when nothing does.
    entry: Option<String>,
}

/// The account's lists, newest first; needs `lists-edit` or `plugins-manage`.
#[utoipa::path(get, path = "/api/v1/lists", tag = "lists", params(Paging), responses(
    (status = 200, description = "One page", body = List<NamedListView>),
    (status = 400, description = "`malformed`: the cursor or the limit", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(paging): Params<Paging>,
) -> Result<axum::Json<List<NamedListView>>, Problem> {
    let rows = web.app.lists(&caller, paging.newest_first()?).await?;
    Ok(axum::Json(List::of(rows.into_iter().map(NamedListView::from).collect(), &paging, |row| row.id)))
}

/// Makes a list without entries; needs `lists-edit`. An account has at most 64.
#[utoipa::path(post, path = "/api/v1/lists", tag = "lists", params(("Idempotency-Key" = Option<String>, Header, description = "The same key again, within a day, gives what was made and makes nothing")), request_body = NewNamedList, responses(
    (status = 201, description = "Made", body = NamedListView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`conflict`: another list has this name; `quota-exceeded`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn create(
    State(web): State<Web>,
    Auth(caller): Auth,
    Key(key): Key,
    Json(body): Json<NewNamedList>,
) -> Result<(StatusCode, axum::Json<NamedListView>), Problem> {
    let NewNamedList { name, kind, description } = body;
    let row = web.app.make_list(&caller, ListDraft { name, kind, description }, key).await?;
    Ok((StatusCode::CREATED, axum::Json(row.into())))
}

/// One list; needs `lists-edit` or `plugins-manage`.
#[utoipa::path(get, path = "/api/v1/lists/{id}", tag = "lists", params(("id" = String, Path)), responses(
    (status = 200, description = "The list, without its entries", body = NamedListView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn get(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ListId>,
) -> Result<axum::Json<NamedListView>, Problem> {
    Ok(axum::Json(web.app.list(&caller, id).await?.into()))
}

/// Changes a list's name or description; needs `lists-edit`.
#[utoipa::path(patch, path = "/api/v1/lists/{id}", tag = "lists", params(("id" = String, Path)), request_body = ChangedNamedList, responses(
    (status = 200, description = "The list as it is now", body = NamedListView),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`conflict`: another list has this name", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn change(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ListId>,
    Json(body): Json<ChangedNamedList>,
) -> Result<axum::Json<NamedListView>, Problem> {
    let ChangedNamedList { name, description } = body;
    Ok(axum::Json(web.app.change_list(&caller, id, ListChange { name, description }).await?.into()))
}

/// Removes a list with its entries; needs `lists-edit`. Plugins that look into it are told from then on that there is no such list.
#[utoipa::path(delete, path = "/api/v1/lists/{id}", tag = "lists", params(("id" = String, Path)), responses(
    (status = 204, description = "Removed"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn remove(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ListId>,
) -> Result<StatusCode, Problem> {
    web.app.remove_list(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The entries of a list in the order in which they are compared; needs `lists-edit` or `plugins-manage`.
#[utoipa::path(get, path = "/api/v1/lists/{id}/entries", tag = "lists", params(("id" = String, Path), Paging), responses(
    (status = 200, description = "One page", body = List<ListEntryView>),
    (status = 400, description = "`malformed`: the cursor or the limit", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`: the cursor is no entry of this list", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn entries(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ListId>,
    Params(paging): Params<Paging>,
) -> Result<axum::Json<List<ListEntryView>>, Problem> {
    // The last entry of the page before is its cursor: any text that could be one.
    let page = paging.newest_first::<String>()?;
    let rows = web.app.list_entries(&caller, id, page.before.as_deref(), page.limit).await?;
    Ok(axum::Json(List::of(rows.into_iter().map(ListEntryView::from).collect(), &paging, |row| row.value.clone())))
}

/// Adds entries to a list; needs `lists-edit`. Those that are there stay as they are, so a request that broke off can be sent again.
#[utoipa::path(post, path = "/api/v1/lists/{id}/entries", tag = "lists", params(("id" = String, Path)), request_body = NewListEntries, responses(
    (status = 200, description = "How many are new", body = AddedEntries),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`quota-exceeded`: a list has at most 100,000 entries, an account 250,000", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`: says which entry, and what to write instead; none is added then", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn add(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ListId>,
    Json(body): Json<NewListEntries>,
) -> Result<axum::Json<AddedEntries>, Problem> {
    let drafts = body.entries.into_iter().map(|NewListEntryDoc { value, note }| EntryDraft { value, note });
    let Changed { changed, unchanged } = web.app.add_list_entries(&caller, id, drafts.collect()).await?;
    Ok(axum::Json(AddedEntries { added: changed, present: unchanged }))
}

/// Removes entries from a list; needs `lists-edit`. What is not there is no error.
#[utoipa::path(delete, path = "/api/v1/lists/{id}/entries", tag = "lists", params(("id" = String, Path)), request_body = OldListEntries, responses(
    (status = 200, description = "How many are gone", body = RemovedEntries),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn remove_entries(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ListId>,
    Json(body): Json<OldListEntries>,
) -> Result<axum::Json<RemovedEntries>, Problem> {
    let Changed { changed, unchanged } = web.app.remove_list_entries(&caller, id, body.values).await?;
    Ok(axum::Json(RemovedEntries { removed: changed, absent: unchanged }))
}

/// Looks a value up as plugins do; needs `lists-edit` or `plugins-manage`.
#[utoipa::path(get, path = "/api/v1/lists/{id}/find", tag = "lists", params(("id" = String, Path), Wanted), responses(
    (status = 200, description = "What a plugin would be told", body = FoundEntry),
    (status = 400, description = "`malformed`: no `value`", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid`: the value is too long", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn find(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ListId>,
    Params(wanted): Params<Wanted>,
) -> Result<axum::Json<FoundEntry>, Problem> {
    Ok(axum::Json(FoundEntry { entry: web.app.find_in_list(&caller, id, &wanted.value).await? }))
}
