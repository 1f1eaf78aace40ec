//! Which part of a list is wanted. How many rows a caller may ask for at once is not decided here.

use std::fmt;

/// A part of a list that is read from the newest row to the oldest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before<C> {
    /// Only rows older than this one, which need not exist; `None` for the newest.
    pub before: Option<C>,
    /// At most this many rows.
    pub limit: u32,
}

impl<C: fmt::Display> Before<C> {
    /// What every row of this part is below: the cursor, or what is above every identifier.
    pub(crate) fn bound(&self) -> String {
        self.before.as_ref().map_or_else(|| "~".to_owned(), C::to_string)
    }
}

impl Before<i64> {
    /// What every row of this part is below.
    pub(crate) fn below(&self) -> i64 {
        self.before.unwrap_or(i64::MAX)
    }
}

impl<C> Before<C> {
    /// The newest `limit` rows.
    pub const fn newest(limit: u32) -> Self {
        Self { before: None, limit }
    }

    /// The `limit` rows next older than `cursor`.
    pub const fn older_than(cursor: C, limit: u32) -> Self {
        Self { before: Some(cursor), limit }
    }
}

/// A part of a list that is in the order of acceptance. Whatever its cursor, it is given oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<C> {
    /// From where.
    pub cursor: Cursor<C>,
    /// At most this many rows.
    pub limit: u32,
}

/// Where a [`Page`] lies. The row that a cursor names is never part of it, and need not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor<C> {
    /// At the oldest row.
    First,
    /// Right after this row.
    After(C),
    /// Right before this row: the newest rows of those that are older.
    Before(C),
    /// At the newest row.
    Last,
}

impl<C> Page<C> {
    /// The oldest `limit` rows.
    pub const fn first(limit: u32) -> Self {
        Self { cursor: Cursor::First, limit }
    }

    /// The oldest `limit` rows of those after `cursor`.
    pub const fn after(cursor: C, limit: u32) -> Self {
        Self { cursor: Cursor::After(cursor), limit }
    }

    /// The newest `limit` rows of those before `cursor`.
    pub const fn before(cursor: C, limit: u32) -> Self {
        Self { cursor: Cursor::Before(cursor), limit }
    }

    /// The newest `limit` rows.
    pub const fn last(limit: u32) -> Self {
        Self { cursor: Cursor::Last, limit }
    }
}
