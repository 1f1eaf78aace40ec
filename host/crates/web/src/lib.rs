//! Sluice over HTTP: the native API under `/api/v1`, its OpenAPI document, health and readiness.
//!
//! A handler turns a request into a call of one use case and its result into an answer. Nothing is decided here.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use sluice_app::App;
use sluice_domain::forwarding::Proxies;
use tokio_util::sync::CancellationToken;
use tower_http::{set_header::SetResponseHeaderLayer, trace::TraceLayer};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use crate::{
    arrival::Transport,
    serve::{Serving, serve},
    tls::{Certificate, Tls, TlsError},
};
use crate::{problem::Problem, routes::Security};

mod answer;
mod arrival;
mod connections;
mod document;
mod documents;
mod exchange;
mod export;
mod extract;
mod lingering;
mod pace;
mod paging;
mod problem;
mod range;
mod refusal;
mod room;
mod routes;
mod serve;
mod tls;
mod views;
mod watched;

/// Largest JSON body, in bytes: a configuration, and room for what is around it.
const JSON_BYTES: usize = (1 << 20) + (64 << 10);

/// Largest JSON body with a password or a code, in bytes.
const SHORT_JSON_BYTES: usize = 8 << 10;

/// Largest JSON body that carries many messages, in bytes.
const LONG_JSON_BYTES: usize = 8 << 20;

/// What no page of the server asks a browser for (W3C, Permissions Policy).
const NO_DEVICES: &str = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";

/// What handlers stand on.
#[derive(Clone)]
struct Web {
    app: App,
    settings: Arc<Settings>,
}

/// How the API is served.
#[derive(Debug)]
pub struct Settings {
    /// What lies between the server and the people who use it.
    pub transport: Transport,
    /// Whose word is taken for where a request comes from.
    pub proxies: Proxies,
    /// Ends live streams when the server shuts down.
    pub closing: CancellationToken,
    /// How often a live stream looks into the outbox without having been woken, and asks whether its caller may still read.
    pub look_every: Duration,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sluice",
        description = "A chat server whose accounts decide about every message with their own WebAssembly plugins. Errors are RFC 9457 problems with a stable `code`. Any request may be answered 429 `share-used-up` (as much of yours is under way as may be) or 503 `busy` (everybody's room is used up): nothing of it is done; ask again after `Retry-After` seconds.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(Problem)),
    modifiers(&Security),
    security(("token" = []), ("session" = [])),
)]
struct Document;

fn api() -> OpenApiRouter<Web> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(routes::sessions::log_in))
        .routes(routes!(routes::sessions::log_out))
        .routes(routes!(routes::sessions::me))
        .routes(routes!(routes::own::set_by_link))
        .routes(routes!(routes::own::strength))
        .routes(routes!(routes::own::suggest))
        .routes(routes!(routes::own::change_password))
        .routes(routes!(routes::own::sessions, routes::own::end_other_sessions))
        .routes(routes!(routes::own::end_session))
        .routes(routes!(routes::second_factors::get, routes::second_factors::remove))
        .routes(routes!(routes::second_factors::begin))
        .routes(routes!(routes::second_factors::confirm))
        .routes(routes!(routes::second_factors::begin_passkey))
        .routes(routes!(routes::second_factors::confirm_passkey))
        .routes(routes!(routes::second_factors::remove_passkey))
        .routes(routes!(routes::second_factors::renew))
        .routes(routes!(routes::second_factors::reset))
        .routes(routes!(routes::people::list, routes::people::invite))
        .routes(routes!(routes::people::get, routes::people::change, routes::people::delete))
        .routes(routes!(routes::people::password_link))
        .routes(routes!(routes::people::catalogue))
        .routes(routes!(routes::people::templates))
        .routes(routes!(routes::people::keep_template, routes::people::remove_template))
        .routes(routes!(routes::groups::list, routes::groups::create))
        .routes(routes!(routes::groups::change, routes::groups::remove))
        .routes(routes!(routes::groups::assign))
        .routes(routes!(routes::tokens::list, routes::tokens::create))
        .routes(routes!(routes::tokens::renew))
        .routes(routes!(routes::tokens::revoke))
        .routes(routes!(routes::plugins::upload, routes::plugins::list))
        .routes(routes!(routes::plugins::get, routes::plugins::remove))
        .routes(routes!(routes::plugins::sign))
        .routes(routes!(routes::library::usage))
        .routes(routes!(routes::library::list))
        .routes(routes!(routes::catalogue::offers))
        .routes(routes!(routes::catalogue::take))
        .routes(routes!(routes::publishers::list, routes::publishers::set_policy))
        .routes(routes!(routes::publishers::put, routes::publishers::remove))
        .routes(routes!(routes::installations::create, routes::installations::list))
        .routes(routes!(routes::installations::get, routes::installations::change, routes::installations::remove))
        .routes(routes!(routes::chain::get))
        .routes(routes!(routes::chain::switch))
        .routes(routes!(routes::chain::order))
        .routes(routes!(routes::chain::versions))
        .routes(routes!(routes::chain::version))
        .routes(routes!(routes::chain::roll_back))
        .routes(routes!(routes::conversations::start, routes::conversations::list))
        .routes(routes!(routes::conversations::get, routes::conversations::change))
        .routes(routes!(routes::conversations::requests))
        .routes(routes!(routes::reading::mark))
        .routes(routes!(routes::reading::mark_by_client))
        .routes(routes!(routes::reading::typing))
        .routes(routes!(routes::messages::post, routes::messages::list))
        .routes(routes!(routes::attachments::upload))
        .routes(routes!(routes::attachments::download))
        .routes(routes!(routes::filters::list, routes::filters::create))
        .routes(routes!(routes::filters::get, routes::filters::change, routes::filters::remove))
        .routes(routes!(routes::filters::preview))
        .routes(routes!(routes::filters::get_messaging, routes::filters::put_messaging))
        .routes(routes!(routes::reviews::list, routes::reviews::bulk))
        .routes(routes!(routes::reviews::one))
        .routes(routes!(routes::reviews::quarantine))
        .routes(routes!(routes::comments::write, routes::comments::list))
        .routes(routes!(routes::comments::remove))
        .routes(routes!(routes::search::search))
        .routes(routes!(routes::clients::list))
        .routes(routes!(routes::clients::get, routes::clients::change))
        .routes(routes!(routes::tags::list, routes::tags::create))
        .routes(routes!(routes::tags::change, routes::tags::remove))
        .routes(routes!(routes::tags::of_conversation))
        .routes(routes!(routes::tags::of_client))
        .routes(routes!(routes::answer_templates::list, routes::answer_templates::create))
        .routes(routes!(routes::answer_templates::change, routes::answer_templates::remove))
        .routes(routes!(routes::lists::list, routes::lists::create))
        .routes(routes!(routes::lists::get, routes::lists::change, routes::lists::remove))
        .routes(routes!(routes::lists::entries, routes::lists::add, routes::lists::remove_entries))
        .routes(routes!(routes::lists::find))
        .routes(routes!(routes::policy::evaluate))
        .routes(routes!(routes::preview::preview))
        .routes(routes!(routes::comparison::get))
        .routes(routes!(routes::decisions::list))
        .routes(routes!(routes::decisions::counts))
        .routes(routes!(routes::decisions::export))
        .routes(routes!(routes::decisions::get))
        .routes(routes!(routes::decisions::rerun))
        .routes(routes!(routes::audit::list))
        .routes(routes!(routes::audit::connections))
        .routes(routes!(routes::audit::verify))
        .routes(routes!(routes::audit::export))
        .routes(routes!(routes::security::get, routes::security::put))
        .routes(routes!(routes::addresses::list, routes::addresses::replace, routes::addresses::add))
        .routes(routes!(routes::addresses::remove))
        .routes(routes!(routes::addresses::check))
        .routes(routes!(routes::support::get, routes::support::open, routes::support::close))
        .routes(routes!(routes::platform::accounts, routes::platform::make_account))
        .routes(routes!(routes::platform::open_accounts))
        .routes(routes!(routes::platform::enter))
        .routes(routes!(routes::chain::switched_off))
        .routes(routes!(routes::chain::switch_off, routes::chain::switch_on))
        .routes(routes!(routes::quotas::get, routes::quotas::put))
        .routes(routes!(routes::catalogue::list, routes::catalogue::publish))
        .routes(routes!(routes::catalogue::withdraw))
        .routes(routes!(routes::catalogue::sign))
        .routes(routes!(routes::events::stream))
        .routes(routes!(routes::health::alive))
        .routes(routes!(routes::health::ready))
}

/// The server's routes.
pub fn router(app: App, settings: Settings) -> Router {
    let web = Web { app, settings: Arc::new(settings) };
    let (router, document) = api().split_for_parts();
    router
        .route("/api/openapi.json", document::route(&document))
        .fallback(async || {
            Problem::new(StatusCode::NOT_FOUND, "no-such-route", "there is nothing at this path: see /api/openapi.json")
        })
        .method_not_allowed_fallback(async || {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "this path does not take this method: see /api/openapi.json",
            )
        })
        .layer(DefaultBodyLimit::max(JSON_BYTES))
        .layer(axum::middleware::from_fn(exchange::count))
        .layer(axum::middleware::from_fn_with_state(web.clone(), arrival::note))
        .layer(axum::middleware::from_fn(lingering::drain))
        .layer(header_layer(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header_layer(header::CACHE_CONTROL, "no-store"))
        .layer(header_layer(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"))
        .layer(header_layer(header::REFERRER_POLICY, "no-referrer"))
        .layer(header_layer(header::X_FRAME_OPTIONS, "DENY"))
        .layer(header_layer(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(header_layer(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .layer(header_layer(HeaderName::from_static("permissions-policy"), NO_DEVICES))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(|request: &Request| {
                    // The path names ids, never texts; the query may hold more, so it stays out of the log.
                    tracing::debug_span!("request", method = %request.method(), path = request.uri().path())
                })
                // What fails is told where it is handled, and what is refused seldom: never once for each answer.
                .on_failure(()),
        )
        .with_state(web)
}

fn header_layer(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_document_says_what_it_does_and_how_it_fails() {
        let (_, document) = api().split_for_parts();
        let json = serde_json::to_value(&document).expect("a document");
        for (path, operations) in json["paths"].as_object().expect("paths") {
            for (method, operation) in operations.as_object().expect("operations") {
                assert!(operation["summary"].is_string(), "{method} {path} has no summary");
                let codes: Vec<_> = operation["responses"].as_object().expect("responses").keys().cloned().collect();
                assert!(codes.iter().any(|code| code.starts_with('2')), "{method} {path}: {codes:?}");
                let open = ["/healthz", "/readyz"].contains(&path.as_str());
                assert!(open || codes.iter().any(|code| code.starts_with('4')), "{method} {path}: {codes:?}");
            }
        }
    }
}
