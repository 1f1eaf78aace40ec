//! How a request arrived: from which address, and whether nobody could read it on its way. The one place that says so.
//!
//! What forwarded headers are worth is decided in `sluice_domain::forwarding`.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sluice_app::AppError;
use sluice_domain::forwarding::{Proxies, Said, Scheme, UnreadableClient};

use crate::{Web, problem::Problem};

/// For two years, as the list that browsers come with recommends (hstspreload.org); subdomains are not ours to promise.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// What lies between the server and the people who use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Plain HTTP that cannot leave the machine.
    Local,
    /// HTTPS: the server's own, or that of proxies in front of it. Plain HTTP is taken from proxies and from this machine only.
    Encrypted,
}

/// A connection, as it was accepted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connection {
    pub(crate) peer: SocketAddr,
    pub(crate) encrypted: bool,
}

/// What is known of a request's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// Whose request it is, IPv4-mapped addresses as IPv4.
    pub(crate) client: IpAddr,
    /// How it left there.
    pub(crate) scheme: Scheme,
}

/// Why a request is not heard because of how it came.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    /// Others could have read it on its way.
    Plain,
    /// A proxy does not say whose it is.
    Client(UnreadableClient),
}

impl Arrival {
    fn of(
        transport: Transport,
        proxies: &Proxies,
        connection: Connection,
        headers: &HeaderMap,
    ) -> Result<Self, Refusal> {
        let peer = connection.peer.ip().to_canonical();
        let (forwarded, x_for) = (values(headers, "forwarded"), values(headers, "x-forwarded-for"));
        let x_proto = values(headers, "x-forwarded-proto");
        let said = Said { forwarded: &forwarded, x_forwarded_for: &x_for, x_forwarded_proto: &x_proto };
        let source = proxies.source(peer, said).map_err(Refusal::Client)?;
        let by_proxy = proxies.contains(peer);
        let scheme = match source.scheme {
            Some(scheme) => scheme,
            // A proxy that says nothing of it has HTTPS in front: that is what it was named for.
            None if connection.encrypted || by_proxy => Scheme::Https,
            None => Scheme::Http,
        };
        let private = match transport {
            Transport::Local => true,
            Transport::Encrypted => scheme == Scheme::Https || (peer.is_loopback() && !by_proxy),
        };
        if private { Ok(Self { client: source.client, scheme }) } else { Err(Refusal::Plain) }
    }
}

fn values<'a>(headers: &'a HeaderMap, name: &'static str) -> Vec<&'a [u8]> {
    headers.get_all(HeaderName::from_static(name)).into_iter().map(HeaderValue::as_bytes).collect()
}

/// Notes a request's arrival for what handles it, or refuses it; over HTTPS, tells browsers to stay with it.
pub(crate) async fn note(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let Some(connection) = request.extensions().get::<Connection>().copied() else {
        return Problem::from(AppError::Internal("finding out where a request comes from")).into_response();
    };
    let settings = &web.settings;
    let arrival = match Arrival::of(settings.transport, &settings.proxies, connection, request.headers()) {
        Ok(arrival) => arrival,
        Err(Refusal::Plain) => {
            let url = web.app.public_url();
            let detail = format!("this came over plain HTTP, which others can read: use {}", url.as_str());
            return Problem::new(StatusCode::FORBIDDEN, "plain-http", detail).into_response();
        }
        Err(Refusal::Client(unreadable)) => {
            let detail = unreadable.to_string();
            return Problem::new(StatusCode::FORBIDDEN, "client-address-unreadable", detail).into_response();
        }
    };
    request.extensions_mut().insert(arrival);
    let mut response = next.run(request).await;
    match arrival.scheme {
        Scheme::Https => drop(response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HSTS)),
        Scheme::Http => {}
    }
    response
}

#[cfg(test)]
mod tests {
    use sluice_domain::forwarding::ForwardedHeader;

    use super::*;

    fn arrive(
        transport: Transport,
        peer: &str,
        encrypted: bool,
        headers: &[(&'static str, &str)],
    ) -> Result<Arrival, Refusal> {
        let proxies = ["10.0.0.0/8".parse().expect("a network")];
        let proxies = Proxies::new(proxies, ForwardedHeader::XForwardedFor);
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("a value")));
        let peer = SocketAddr::new(peer.parse().expect("an address"), 4711);
        Arrival::of(transport, &proxies, Connection { peer, encrypted }, &headers.collect())
    }

    fn from(client: &str, scheme: Scheme) -> Result<Arrival, Refusal> {
        Ok(Arrival { client: client.parse().expect("an address"), scheme })
    }

    #[test]
    fn plain_http_is_taken_from_proxies_and_from_this_machine_only() {
        let plain = |peer, headers: &[_]| arrive(Transport::Encrypted, peer, false, headers);
        assert_eq!(plain("192.0.2.1", &[]), Err(Refusal::Plain));
        assert_eq!(plain("192.0.2.1", &[("x-forwarded-proto", "https")]), Err(Refusal::Plain));
        assert_eq!(plain("127.0.0.1", &[]), from("127.0.0.1", Scheme::Http));
        assert_eq!(plain("::ffff:127.0.0.1", &[]), from("127.0.0.1", Scheme::Http));
        assert_eq!(plain("10.0.0.1", &[]), from("10.0.0.1", Scheme::Https));
        assert_eq!(plain("10.0.0.1", &[("x-forwarded-for", "192.0.2.1")]), from("192.0.2.1", Scheme::Https));
    }

    #[test]
    fn what_a_proxy_took_over_plain_http_is_refused_even_over_tls() {
        let plain = [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-proto", "http")];
        assert_eq!(arrive(Transport::Encrypted, "10.0.0.1", false, &plain), Err(Refusal::Plain));
        assert_eq!(arrive(Transport::Encrypted, "10.0.0.1", true, &plain), Err(Refusal::Plain));
    }

    #[test]
    fn what_a_proxy_says_of_nobody_is_refused_on_every_way() {
        for transport in [Transport::Local, Transport::Encrypted] {
            for said in ["unknown", "", "_hidden", "192.0.2.1, ", "192.0.2.07"] {
                let refused = arrive(transport, "10.0.0.1", true, &[("x-forwarded-for", said)]);
                assert!(matches!(refused, Err(Refusal::Client(_))), "{said}: {refused:?}");
            }
        }
    }

    #[test]
    fn over_tls_everybody_is_heard_and_only_proxies_are_believed() {
        let forged = [("x-forwarded-for", "10.0.0.1"), ("x-forwarded-proto", "http")];
        assert_eq!(arrive(Transport::Encrypted, "192.0.2.1", true, &forged), from("192.0.2.1", Scheme::Https));
    }

    #[test]
    fn on_this_machine_alone_plain_http_is_plain_http() {
        assert_eq!(arrive(Transport::Local, "127.0.0.1", false, &[]), from("127.0.0.1", Scheme::Http));
    }
}
