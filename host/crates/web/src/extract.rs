//! From a request to the types of the use cases: who asks, and what the body, the path and the query say.
//!
//! Everything from outside is bounded here, before it is kept.

use std::time::Duration;

use axum::{
    body::HttpBody as _,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::JsonRejection},
    http::{HeaderMap, StatusCode, header, request::Parts, uri::Authority},
};
use http_body_util::BodyExt;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use sluice_app::{authenticate::Credentials, caller::Caller};
use sluice_domain::{forwarding::Scheme, public_url::PublicUrl};

use crate::{
    Transport, Web,
    arrival::Arrival,
    exchange::{COVERED, Exchange},
    problem::Problem,
};

/// The cookie that carries a session's secret on this machine.
pub(crate) const COOKIE: &str = "sluice_session";
/// The same where people come by HTTPS: with this prefix, browsers take it from nobody but this host, over HTTPS (RFC 6265bis,
/// section 4.1.3.2).
const SECURE_COOKIE: &str = "__Host-sluice_session";

/// How long a JSON body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(60);
/// The same of a stranger's, which is short.
const PATIENCE_WITH_STRANGERS: Duration = Duration::from_secs(10);
/// Room for a body that does not say how long it is, to begin with, in bytes.
const FIRST: usize = 4 << 10;
/// A body that is longer than this gets all of its room at once, in bytes.
const LONG: usize = 1 << 20;

/// Who sent the request. Put it before the body among a handler's arguments: then a stranger's body is not read.
pub(crate) struct Auth(pub(crate) Caller);

impl FromRequestParts<Web> for Auth {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Problem> {
        let caller = caller(web, parts).await?;
        if parts.method.is_safe() {
            Exchange::of(&parts.extensions)?.wait_for_its_turn(caller.account).await;
        }
        Ok(Self(caller))
    }
}

/// Who sent the request.
pub(crate) async fn caller(web: &Web, parts: &Parts) -> Result<Caller, Problem> {
    let credentials = credentials(web, parts)?;
    let request = sluice_app::authenticate::Request {
        address: address(parts),
        user_agent: user_agent(parts),
        method: parts.method.as_str(),
        path: parts.uri.path(),
    };
    let exchange = Exchange::of(&parts.extensions)?;
    match web.app.authenticate(credentials, request).await {
        Ok(caller) => exchange.is_from(caller.account).map(|()| caller),
        Err(error) => Err(exchange.is_from_stranger().err().unwrap_or_else(|| error.into())),
    }
}

/// What the request carries to show who sent it: a bearer token, or else the session's cookie.
fn credentials(web: &Web, parts: &Parts) -> Result<Credentials, Problem> {
    if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(bearer).ok_or_else(|| {
            Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", "send `Authorization: Bearer <api token>`")
        })?;
        return Ok(Credentials::Bearer(SecretString::from(token)));
    }
    let Some(secret) = cookie(&parts.headers, cookie_name(web.settings.transport)) else {
        return Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "log in with POST /api/v1/sessions, or send `Authorization: Bearer <api token>`",
        ));
    };
    if !parts.method.is_safe() {
        refuse_other_sites(web, parts)?;
    }
    Ok(Credentials::Session(SecretString::from(secret)))
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The name that the session's cookie has. The other one is not taken: a cookie without the prefix may be anybody's.
pub(crate) fn cookie_name(transport: Transport) -> &'static str {
    match transport {
        Transport::Local => COOKIE,
        Transport::Encrypted => SECURE_COOKIE,
    }
}

fn cookie<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let values = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.into_iter().find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// A browser sends the cookie with other sites' requests too: what such a request would change is refused. The browser itself says
/// where a request comes from, in `Sec-Fetch-Site` or in `Origin`; a client that sends neither is not a browser.
fn refuse_other_sites(web: &Web, parts: &Parts) -> Result<(), Problem> {
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let own = match (text(header::HeaderName::from_static("sec-fetch-site")), text(header::ORIGIN)) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        // A proxy may have put another host into the request than the one that people see.
        (None, Some(origin)) => {
            web.app.public_url().is_origin(origin) || asked(parts).is_some_and(|asked| asked.is_origin(origin))
        }
        (None, None) => true,
    };
    if own {
        Ok(())
    } else {
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "cross-site",
            "another site's page sent this with your session: it is refused",
        ))
    }
}

/// What the request was sent to, as its sender wrote it: `:authority` in HTTP/2, else `Host`.
fn asked(parts: &Parts) -> Option<PublicUrl> {
    let host = || parts.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let host = parts.uri.authority().map(Authority::as_str).or_else(host)?;
    let scheme = match parts.extensions.get::<Arrival>()?.scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    };
    format!("{scheme}://{host}").parse().ok()
}

/// Where a request comes from.
pub(crate) struct Peer {
    /// The address as text.
    pub(crate) address: String,
    /// As it was sent.
    pub(crate) user_agent: String,
}

impl FromRequestParts<Web> for Peer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, Problem> {
        Ok(Self { address: address(parts), user_agent: user_agent(parts).to_owned() })
    }
}

/// The client's address, IPv4-mapped ones as IPv4.
fn address(parts: &Parts) -> String {
    parts.extensions.get::<Arrival>().map_or_else(String::new, |arrival| arrival.client.to_string())
}

/// The `User-Agent`; empty for one that is not there, and for one that is no text.
fn user_agent(parts: &Parts) -> &str {
    parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The `Idempotency-Key`, as it was sent. Whether it can be one is not decided here.
pub(crate) struct Key(pub(crate) Option<String>);

impl FromRequestParts<Web> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, Problem> {
        let key = parts.headers.get("idempotency-key");
        Ok(Self(key.map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned())))
    }
}

/// A JSON body of at most the router's limit.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Web> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Web) -> Result<Self, Problem> {
        read_json(request, crate::JSON_BYTES).await.map(Self)
    }
}

/// Like [`Json`], for bodies that hold no more than a password or a code: strangers send them.
pub(crate) struct ShortJson<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Web> for ShortJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Web) -> Result<Self, Problem> {
        read_json(request, crate::SHORT_JSON_BYTES).await.map(Self)
    }
}

/// Like [`Json`], for bodies that carry many messages.
pub(crate) struct LongJson<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Web> for LongJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Web) -> Result<Self, Problem> {
        read_json(request, crate::LONG_JSON_BYTES).await.map(Self)
    }
}

async fn read_json<T: DeserializeOwned>(request: Request, limit: usize) -> Result<T, Problem> {
    if !is_json(request.headers()) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "send the body with `Content-Type: application/json`",
        ));
    }
    let is_strangers = Exchange::of(request.extensions())?.is_strangers();
    let patience = if is_strangers { PATIENCE_WITH_STRANGERS } else { PATIENCE };
    let body = tokio::time::timeout(patience, bounded(request, limit)).await.map_err(|_| {
        let seconds = patience.as_secs();
        let detail = format!("the body took more than {seconds} seconds to arrive: send it again over a faster line");
        Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", detail)
    })??;
    let parsed = axum::Json::<T>::from_bytes(&body);
    parsed.map(|axum::Json(value)| value).map_err(|rejection| match rejection {
        JsonRejection::JsonDataError(error) => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", plain(&error.body_text()))
        }
        JsonRejection::JsonSyntaxError(error) => {
            Problem::new(StatusCode::BAD_REQUEST, "malformed", plain(&error.body_text()))
        }
        other => Problem::new(other.status(), "malformed", plain(&other.body_text())),
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn plain(text: &str) -> String {
    text.trim_start_matches("Failed to deserialize the JSON body into the target type: ")
        .trim_start_matches("Failed to parse the request body as JSON: ")
        .to_owned()
}

/// An id in the path. A text that is no id of this kind names nothing: 404, like an id of another account.
pub(crate) struct Id<T>(pub(crate) T);

impl<T> FromRequestParts<Web> for Id<T>
where
    T: std::str::FromStr + Send,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Problem> {
        let nothing =
            || Problem::new(StatusCode::NOT_FOUND, "not-found", "there is nothing with this id in this account");
        let Path(text) = Path::<String>::from_request_parts(parts, web).await.map_err(|_| nothing())?;
        text.parse().map(Self).map_err(|_| nothing())
    }
}

/// A name in the path.
pub(crate) struct Name(pub(crate) String);

impl FromRequestParts<Web> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Problem> {
        let Path(name) = Path::<String>::from_request_parts(parts, web).await.map_err(|_| {
            Problem::new(StatusCode::NOT_FOUND, "not-found", "there is nothing with this name in this account")
        })?;
        Ok(Self(name))
    }
}

/// The query's parameters.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Web> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Problem> {
        let parsed = Query::<T>::from_request_parts(parts, web).await;
        parsed
            .map(|Query(value)| Self(value))
            .map_err(|rejection| Problem::new(StatusCode::BAD_REQUEST, "malformed", plain(&rejection.body_text())))
    }
}

/// Reads a body of at most `limit` bytes. What is longer is refused; the rest of it is `lingering`'s.
pub(crate) async fn bounded(request: Request, limit: usize) -> Result<Vec<u8>, Problem> {
    let too_large = || {
        let detail = format!("the body is larger than {limit} bytes: send less");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
    };
    let exchange = Exchange::of(request.extensions())?;
    exchange.is_from_stranger()?;
    let is_strangers = exchange.is_strangers();
    let mut body = request.into_body();
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(too_large());
    }
    let mut kept = Vec::new();
    while let Some(frame) = body.frame().await {
        let broken = |_| Problem::new(StatusCode::BAD_REQUEST, "malformed", "the body broke off: send it again");
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        let seen = kept.len().saturating_add(data.len());
        if seen > limit {
            return Err(too_large());
        }
        let room = kept.capacity();
        if room < seen {
            let wanted = room_for(seen, room, announced, limit);
            if is_strangers || wanted > COVERED {
                exchange.hold(wanted - room)?;
            }
            kept.reserve_exact(wanted - kept.len());
        }
        kept.extend_from_slice(&data);
    }
    Ok(kept)
}

/// How much room a body gets of which `seen` bytes have come, and which has `room` so far: twice as much, but no more than was announced,
/// so that what is only announced takes nothing. A long body is not copied from room to room: memory is not taken before it is written to.
fn room_for(seen: usize, room: usize, announced: usize, limit: usize) -> usize {
    let end = if announced < seen { limit } else { announced };
    if seen > LONG {
        return end;
    }
    room.saturating_mul(2).max(FIRST).max(seen).min(end).max(seen)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_body_takes_room_as_it_comes_and_grows_seldom(
            frames in prop::collection::vec(1..40_000_usize, 1..200), announces in any::<bool>(),
        ) {
            let limit = 8 << 20;
            let announced = if announces { frames.iter().sum() } else { 0 };
            let (mut seen, mut room, mut grown) = (0, 0, 0);
            for frame in frames {
                seen += frame;
                if room < seen {
                    room = room_for(seen, room, announced, limit);
                    grown += 1;
                }
                prop_assert!(seen <= room && room <= limit);
                prop_assert!(seen > LONG || room <= (2 * seen).max(FIRST));
            }
            prop_assert!(grown <= 11, "{grown}");
        }
    }
}
