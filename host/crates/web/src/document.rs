//! The OpenAPI document: written once, and the same for everybody.

use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use sluice_domain::digest::Digest;
use utoipa::openapi::OpenApi;

use crate::{answer::Shared, problem::Problem};

/// Answers with the document, or that it is the one that the client has.
pub(crate) fn route<S: Clone + Send + Sync + 'static>(document: &OpenApi) -> MethodRouter<S> {
    let text = document.to_json().map(Bytes::from).ok();
    let tag = format!("\"{}\"", Digest::of(text.as_deref().unwrap_or_default()));
    get(async move |headers: HeaderMap| match text {
        Some(text) => answer(text, &tag, &headers),
        None => Problem::from(sluice_app::AppError::Internal("writing the OpenAPI document")).into_response(),
    })
}

fn answer(text: Bytes, tag: &str, headers: &HeaderMap) -> Response {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Compared weakly (RFC 9110, section 13.1.2).
    let is_known = known.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag);
    let tag = [(header::ETAG, tag.to_owned())];
    if is_known {
        return (StatusCode::NOT_MODIFIED, tag).into_response();
    }
    let mut response = (tag, [(header::CONTENT_TYPE, "application/json")], text).into_response();
    response.extensions_mut().insert(Shared);
    response
}
