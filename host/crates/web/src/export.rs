//! Lists as files: a JSON object a line, or comma-separated values that are safe to open in a spreadsheet, sent as they are read.

use axum::{
    body::{Body, Bytes},
    http::{header, request::Parts},
    response::{IntoResponse, Response},
};
use futures::{Stream, StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use sluice_app::exports::Batches;
use utoipa::IntoParams;

use crate::{Web, extract::caller, problem::Problem};

/// What a list is exported as.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    Jsonl,
    Csv,
}

/// How a list is exported.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Export {
    /// `jsonl`: a JSON object a line; `csv`: with a line of names, and safe to open in a spreadsheet.
    #[param(value_type = String)]
    pub(crate) format: Format,
}

/// Something that an export has a line for.
pub(crate) trait Line: Serialize {
    /// What exports of it are called.
    const NAME: &str;
    /// The names of its columns, separated by commas.
    const COLUMNS: &str;

    /// What stands in its columns.
    fn cells(&self) -> Vec<String>;
}

/// Batch after batch of an export, until one is empty. Before each is given, its reader is asked about again: nothing is given after a
/// session has ended or a right has gone.
pub(crate) fn batches<E: Batches, T: From<E::Row> + Send + 'static>(
    export: E,
    web: Web,
    parts: Parts,
) -> impl Stream<Item = Result<Vec<T>, Problem>> + Send + 'static {
    stream::try_unfold((export, web, parts), async |(mut export, web, parts)| {
        let batch = export.next().await?;
        export.read_as(&caller(&web, &parts).await?)?;
        Ok((!batch.is_empty()).then(|| (batch.into_iter().map(T::from).collect(), (export, web, parts))))
    })
}

/// The answer that sends batch after batch. After an error the body breaks off, so that nobody takes what came for the whole.
pub(crate) fn file<T: Line>(
    format: Format,
    batches: impl Stream<Item = Result<Vec<T>, Problem>> + Send + 'static,
) -> Response {
    let (head, kind, ending) = match format {
        Format::Jsonl => (String::new(), "application/jsonl", "jsonl"),
        Format::Csv => (format!("{}\r\n", T::COLUMNS), "text/csv; charset=utf-8", "csv"),
    };
    let batches = batches.map(move |batch| match batch {
        Ok(batch) => Ok(lines(format, &batch)),
        Err(problem) => {
            tracing::warn!(code = problem.code(), "an export breaks off");
            Err(std::io::Error::other(problem.code()))
        }
    });
    let body = Body::from_stream(stream::iter([Ok(Bytes::from(head))]).chain(batches));
    let disposition = format!("attachment; filename=\"{}.{ending}\"", T::NAME);
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, &disposition)], body).into_response()
}

fn lines<T: Line>(format: Format, batch: &[T]) -> Bytes {
    let mut text = String::new();
    for line in batch {
        match format {
            Format::Jsonl => text += &serde_json::to_string(line).unwrap_or_default(),
            Format::Csv => text += &line.cells().iter().map(|value| cell(value)).collect::<Vec<_>>().join(","),
        }
        text += match format {
            Format::Jsonl => "\n",
            Format::Csv => "\r\n",
        };
    }
    text.into()
}

/// One cell (RFC 4180). A spreadsheet takes what begins with these characters for a formula, so an apostrophe goes before it.
fn cell(value: &str) -> String {
    let formula = value.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let value = if formula { format!("'{value}") } else { value.to_owned() };
    format!("\"{}\"", value.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_or_ends_too_early() {
        for (value, written) in [
            ("plain", "\"plain\""),
            ("=1+1", "\"'=1+1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("a \"b\", c", "\"a \"\"b\"\", c\""),
            ("", "\"\""),
        ] {
            assert_eq!(cell(value), written);
        }
    }
}
