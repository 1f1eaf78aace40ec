//! Files: up as a stream, down as a stream or in ranges.

use std::{fs::File, io::SeekFrom, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{Extension, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use serde::Deserialize;
use sluice_app::attachments::{AttachmentUpload, NewAttachment};
use sluice_domain::{
    content,
    id::{AttachmentId, ConversationId},
    message::{Attachment, Direction},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncSeekExt as _},
    time::Instant,
};
use tokio_util::io::ReaderStream;
use utoipa::IntoParams;

use crate::{
    Web, documents,
    documents::AttachmentDoc,
    exchange::Exchange,
    extract::{Auth, Id, Params},
    problem::Problem,
    range::{Asked, Range},
};

/// How long an upload may stand still, and how much longer it may take than its bytes need at the slowest.
const PATIENCE: Duration = Duration::from_secs(60);
/// The slowest that an upload may be, in bytes a second: it keeps a place that another could have.
const SLOWEST: u64 = 16 << 10;
/// What is read from the disk at once, in bytes.
const READ_BYTES: usize = 64 << 10;
/// Whatever a file is, a browser that is led to it runs nothing of it and loads nothing for it (W3C, Content Security Policy 3).
const SANDBOX: &str = "sandbox; default-src 'none'; frame-ancestors 'none'";

/// What the file is called, and what it is for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct About {
    /// 1 to 255 characters (UTF-16 units), without slashes; `file` when not said.
    #[param(required = false)]
    name: Option<String>,
    /// Where it is to be sent. Then the account's filter can refuse it before all of it has arrived.
    #[param(required = false, value_type = Option<String>)]
    conversation: Option<ConversationId>,
    /// `outgoing` when not said. `incoming` is for programs that bring in what clients sent.
    #[param(required = false, schema_with = documents::direction)]
    direction: Option<Direction>,
    /// Whether it is a voice message.
    #[param(required = false)]
    voice: Option<bool>,
}

/// Uploads a file, to be sent with a message by whoever uploaded it. What is not sent within a day is removed.
///
/// The body is the file. What it is, is decided by its content: `category` says what it is, `traits` what is suspicious about it.
#[utoipa::path(post, path = "/api/v1/attachments", tag = "attachments", params(About),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file; `Content-Type` is what its sender says that it is"),
    responses(
        (status = 201, description = "Kept", body = AttachmentDoc),
        (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: the conversation", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "`too-slow`: nothing came for a minute, or less than 16 KiB a second", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`quota-exceeded`", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`too-large`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`attachment-refused` with `reason`: the account's filter blocks it; `invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`busy`: the account has eight uploads running, or the server 64", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn upload(
    State(web): State<Web>,
    Auth(caller): Auth,
    Params(about): Params<About>,
    request: Request,
) -> Result<(StatusCode, axum::Json<Attachment>), Problem> {
    let headers = request.headers();
    let text =
        |name| headers.get(name).map(|value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let new = NewAttachment {
        name: about.name.unwrap_or_else(|| "file".to_owned()),
        declared_type: text(header::CONTENT_TYPE).unwrap_or_default(),
        direction: about.direction,
        conversation: about.conversation,
        voice: about.voice.unwrap_or(false),
        announced: text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok()),
    };
    let upload = web.app.begin_attachment(&caller, new).await?;
    let row = receive(upload, request.into_body()).await?;
    Ok((StatusCode::CREATED, axum::Json(row)))
}

async fn receive(mut upload: AttachmentUpload, mut body: Body) -> Result<Attachment, Problem> {
    let broken = |_| Problem::new(StatusCode::BAD_REQUEST, "malformed", "the body broke off: send it again");
    let slow = |_| {
        let detail = "the file comes too slowly: send it again over a faster line";
        Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", detail)
    };
    let (begun, mut seen) = (Instant::now(), 0_u64);
    loop {
        let end = begun + PATIENCE + Duration::from_secs(seen / SLOWEST);
        let next = tokio::time::timeout_at(end.min(Instant::now() + PATIENCE), body.frame()).await;
        let Some(frame) = next.map_err(slow)? else { break };
        if let Ok(data) = frame.map_err(broken)?.into_data() {
            seen = seen.saturating_add(data.len() as u64);
            upload.push(&data).await?;
        }
    }
    Ok(upload.finish().await?.attachment)
}

/// A file, for whoever may see the message that it went with; before it is sent, for who uploaded it. Takes `Range` (RFC 9110, section 14).
///
/// It is always given as an attachment, with a policy under which a browser runs nothing of it; pictures, sound and video have their
/// media type, so that a page can show them, everything else is `application/octet-stream`.
#[utoipa::path(get, path = "/api/v1/attachments/{id}", tag = "attachments",
    params(("id" = String, Path), ("Range" = Option<String>, Header, description = "One range of bytes")),
    responses(
        (status = 200, description = "All of it", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "The range", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 304, description = "It is the one that `If-None-Match` names"),
        (status = 401, description = "`unauthenticated`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 416, description = "`range-not-satisfiable`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`share-used-up`: as many of the account's attachments are being sent as may be", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`busy`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn download(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<AttachmentId>,
    Extension(exchange): Extension<Arc<Exchange>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    exchange.hold_file(caller.account)?;
    let (attachment, file) = web.app.attachment(&caller, id).await?;
    let tag = format!("\"{}\"", attachment.sha256);
    let asks = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // Compared weakly (RFC 9110, section 13.1.2).
    let is_known = |one: &str| one == "*" || one.trim_start_matches("W/") == tag;
    if asks(header::IF_NONE_MATCH).is_some_and(|known| known.split(',').any(|one| is_known(one.trim()))) {
        return Ok((StatusCode::NOT_MODIFIED, about(&attachment, &tag)).into_response());
    }
    // A range of something that has changed would not fit what the client has: it gets all of it then.
    let same = asks(header::IF_RANGE).is_none_or(|known| known.trim() == tag);
    let asked = Asked::of(asks(header::RANGE).filter(|_| same), attachment.size);
    match asked {
        Asked::Whole => {
            let range = Range { start: 0, length: attachment.size };
            let length = [(header::CONTENT_LENGTH, HeaderValue::from(attachment.size))];
            Ok((StatusCode::OK, about(&attachment, &tag), length, part(file, range).await?).into_response())
        }
        Asked::Part(range) => {
            let named = format!("bytes {}-{}/{}", range.start, range.start + range.length - 1, attachment.size);
            let headers = [(header::CONTENT_RANGE, text(&named)), (header::CONTENT_LENGTH, range.length.into())];
            let body = part(file, range).await?;
            Ok((StatusCode::PARTIAL_CONTENT, about(&attachment, &tag), headers, body).into_response())
        }
        Asked::Outside => {
            let detail = format!("the file has {} bytes: ask for some of them", attachment.size);
            let problem = Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range-not-satisfiable", detail);
            Ok(([(header::CONTENT_RANGE, text(&format!("bytes */{}", attachment.size)))], problem).into_response())
        }
    }
}

async fn part(file: File, range: Range) -> Result<Body, Problem> {
    let mut file = tokio::fs::File::from_std(file);
    file.seek(SeekFrom::Start(range.start)).await.map_err(|error| {
        tracing::error!(%error, "an attachment cannot be read");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the server failed: try again")
    })?;
    Ok(Body::from_stream(ReaderStream::with_capacity(file.take(range.length), READ_BYTES)))
}

fn about(attachment: &Attachment, tag: &str) -> [(header::HeaderName, HeaderValue); 6] {
    let kind = content::inline_type(&attachment.detected_type).unwrap_or("application/octet-stream");
    [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, text(&disposition(&attachment.name))),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX)),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        // What is shown again and again is asked for again, with its tag: rights may have changed.
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
        (header::ETAG, text(tag)),
    ]
}

/// `attachment` with the name as it was sent (RFC 6266, with RFC 8187 for what is not ASCII), without what would let it lie about its end.
fn disposition(name: &str) -> String {
    let plain: String = name.chars().filter(|c| !is_invisible(*c)).collect();
    let ascii: String =
        plain.chars().map(|c| if c.is_ascii_graphic() && !"\"\\%".contains(c) { c } else { '_' }).collect();
    let encoded: String = plain.bytes().map(encoded).collect();
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

fn encoded(byte: u8) -> String {
    let is_plain = byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte);
    if is_plain { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

/// Characters that turn the order of a name around, or are not seen.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Our own words: ASCII without control characters.
fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_header_or_turn_around() {
        assert_eq!(disposition("a b.pdf"), "attachment; filename=\"a_b.pdf\"; filename*=UTF-8''a%20b.pdf");
        assert_eq!(disposition("x\"; y"), "attachment; filename=\"x_;_y\"; filename*=UTF-8''x%22%3B%20y");
        assert_eq!(disposition("й"), "attachment; filename=\"_\"; filename*=UTF-8''%D0%B9");
        assert_eq!(disposition("p\u{202e}gpj.exe"), "attachment; filename=\"pgpj.exe\"; filename*=UTF-8''pgpj.exe");
    }
}
