//! Lists by cursor: the last item's id names where the next page begins.

use std::str::FromStr;

use axum::http::StatusCode;
use serde::Deserialize;
use sluice_app::rows::{Before, Cursor, Page};
use utoipa::IntoParams;

use crate::{problem::Problem, views::List};

const DEFAULT: u32 = 50;
const MOST: u32 = 200;

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// `next` of the page before; absent for the first page.
    #[param(required = false)]
    cursor: Option<String>,
    /// How many at most: 1 to 200, 50 when not said.
    #[param(required = false, minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

impl Paging {
    /// Of a list that is read from the newest to the oldest.
    pub(crate) fn newest_first<C: FromStr>(&self) -> Result<Before<C>, Problem> {
        Ok(Before { before: self.cursor()?, limit: self.limit()? })
    }

    /// Of a list that is read from the oldest to the newest.
    pub(crate) fn oldest_first<C: FromStr>(&self) -> Result<Page<C>, Problem> {
        Ok(Page { cursor: self.cursor()?.map_or(Cursor::First, Cursor::After), limit: self.limit()? })
    }

    fn limit(&self) -> Result<u32, Problem> {
        let limit = self.limit.unwrap_or(DEFAULT);
        if (1..=MOST).contains(&limit) {
            Ok(limit)
        } else {
            Err(Problem::new(StatusCode::BAD_REQUEST, "malformed", format!("`limit` is 1 to {MOST}")))
        }
    }

    fn cursor<C: FromStr>(&self) -> Result<Option<C>, Problem> {
        self.cursor.as_deref().map(str::parse).transpose().map_err(|_| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "malformed",
                "`cursor` is not one that this list gave: start without it",
            )
        })
    }
}

impl<T> List<T> {
    /// All that there are, on one page.
    pub(crate) fn whole<U: Into<T>>(items: impl IntoIterator<Item = U>) -> Self {
        Self { items: items.into_iter().map(Into::into).collect(), next: None }
    }

    /// A page of what `items` became; a full page has a next one.
    pub(crate) fn of<C: ToString>(items: Vec<T>, paging: &Paging, cursor: impl Fn(&T) -> C) -> Self {
        let full = items.len() >= paging.limit.unwrap_or(DEFAULT) as usize;
        let next = items.last().filter(|_| full).map(|last| cursor(last).to_string());
        Self { items, next }
    }
}
