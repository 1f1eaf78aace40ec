//! Rows as they come from either database: columns are taken in the order of the statement, and turned into checked types.

use std::str::FromStr;

use serde::{
    Deserialize,
    de::{DeserializeOwned, IntoDeserializer, value::Error as WordError},
};
use sluice_domain::time::Timestamp;

use crate::error::StorageError;

/// One row. Each method takes the next column; `what` names it in errors.
pub(crate) struct Row<'a> {
    columns: Columns<'a>,
    next: usize,
}

enum Columns<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a postgres::Row),
}

type Read<T> = Result<T, StorageError>;

impl<'a> Row<'a> {
    pub(crate) const fn sqlite(row: &'a rusqlite::Row<'a>) -> Self {
        Self { columns: Columns::Sqlite(row), next: 0 }
    }

    pub(crate) const fn postgres(row: &'a postgres::Row) -> Self {
        Self { columns: Columns::Postgres(row), next: 0 }
    }

    pub(crate) fn int(&mut self, what: &'static str) -> Read<i64> {
        let at = self.take();
        match &self.columns {
            Columns::Sqlite(row) => row.get(at).ok(),
            Columns::Postgres(row) => row.try_get(at).ok(),
        }
        .ok_or(StorageError::Corrupt { what })
    }

    pub(crate) fn maybe_int(&mut self, what: &'static str) -> Read<Option<i64>> {
        let at = self.take();
        match &self.columns {
            Columns::Sqlite(row) => row.get(at).ok(),
            Columns::Postgres(row) => row.try_get(at).ok(),
        }
        .ok_or(StorageError::Corrupt { what })
    }

    /// A number that is never negative.
    pub(crate) fn size(&mut self, what: &'static str) -> Read<u64> {
        u64::try_from(self.int(what)?).map_err(|_| StorageError::Corrupt { what })
    }

    pub(crate) fn time(&mut self, what: &'static str) -> Read<Timestamp> {
        self.int(what).map(Timestamp::from_millis)
    }

    pub(crate) fn maybe_time(&mut self, what: &'static str) -> Read<Option<Timestamp>> {
        Ok(self.maybe_int(what)?.map(Timestamp::from_millis))
    }

    pub(crate) fn text(&mut self, what: &'static str) -> Read<String> {
        self.with_text(what, |text| Some(text.to_owned()))
    }

    pub(crate) fn maybe_text(&mut self, what: &'static str) -> Read<Option<String>> {
        self.with_maybe_text(what, |text| Some(text.to_owned()))
    }

    /// An identifier, a digest, a version.
    pub(crate) fn parsed<T: FromStr>(&mut self, what: &'static str) -> Read<T> {
        self.with_text(what, |text| text.parse().ok())
    }

    /// What is written as an empty text where there is none.
    pub(crate) fn unless_empty<T: FromStr>(&mut self, what: &'static str) -> Read<Option<T>> {
        self.with_text(what, |text| if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) })
    }

    pub(crate) fn maybe_parsed<T: FromStr>(&mut self, what: &'static str) -> Read<Option<T>> {
        self.with_maybe_text(what, |text| text.parse().ok())
    }

    /// A case of an enum, or another type that serde reads from one string.
    pub(crate) fn word<T: for<'de> Deserialize<'de>>(&mut self, what: &'static str) -> Read<T> {
        self.with_text(what, |text| T::deserialize(IntoDeserializer::<WordError>::into_deserializer(text)).ok())
    }

    pub(crate) fn maybe_word<T: for<'de> Deserialize<'de>>(&mut self, what: &'static str) -> Read<Option<T>> {
        self.with_maybe_text(what, |text| T::deserialize(IntoDeserializer::<WordError>::into_deserializer(text)).ok())
    }

    pub(crate) fn json<T: DeserializeOwned>(&mut self, what: &'static str) -> Read<T> {
        self.with_text(what, |text| serde_json::from_str(text).ok())
    }

    pub(crate) fn maybe_json<T: DeserializeOwned>(&mut self, what: &'static str) -> Read<Option<T>> {
        self.with_maybe_text(what, |text| serde_json::from_str(text).ok())
    }

    fn with_text<T>(&mut self, what: &'static str, read: impl FnOnce(&str) -> Option<T>) -> Read<T> {
        self.with_maybe_text(what, read)?.ok_or(StorageError::Corrupt { what })
    }

    /// Lends the text, so that what is parsed is not copied first.
    fn with_maybe_text<T>(&mut self, what: &'static str, read: impl FnOnce(&str) -> Option<T>) -> Read<Option<T>> {
        let at = self.take();
        let text = match &self.columns {
            Columns::Sqlite(row) => row.get_ref(at).ok().map(|value| value.as_str_or_null()).and_then(Result::ok),
            Columns::Postgres(row) => row.try_get::<_, Option<&str>>(at).ok(),
        };
        match text {
            None => Err(StorageError::Corrupt { what }),
            Some(None) => Ok(None),
            Some(Some(text)) => read(text).map(Some).ok_or(StorageError::Corrupt { what }),
        }
    }

    const fn take(&mut self) -> usize {
        let at = self.next;
        self.next += 1;
        at
    }
}
