//! A plugin's request as it goes out: within the contract's limits, without headers that are the connection's.

use reqwest::{
    StatusCode,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use sluice_domain::{
    import::{HttpMethod, HttpRequest, Refusal},
    limits,
};
use url::Url;

/// What is the host's to say, with all that begins with `proxy-`.
const OF_THE_CONNECTION: [HeaderName; 9] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::TE,
    header::UPGRADE,
    header::EXPECT,
    header::TRAILER,
    header::USER_AGENT,
];
const KEEP_ALIVE: &str = "keep-alive";
/// What another host is told too after a redirect: nothing that may be a secret.
const FOR_EVERYBODY: [HeaderName; 3] = [header::ACCEPT, header::ACCEPT_LANGUAGE, header::CONTENT_TYPE];

/// A request that can be sent.
pub(super) struct Outgoing {
    pub(super) method: HttpMethod,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Outgoing {
    /// # Errors
    /// [`Refusal::TooLarge`] for what is beyond the contract's limits or no header, [`Refusal::HostNotAllowed`] for what is no URL.
    pub(super) fn of(request: &HttpRequest) -> Result<Self, Refusal> {
        let HttpRequest { method, url, headers, body } = request;
        let fits = url.len() <= limits::HTTP_URL_BYTES
            && headers.len() <= limits::HTTP_HEADERS
            && headers.iter().all(|(name, value)| name.len().saturating_add(value.len()) <= limits::HTTP_HEADER_BYTES)
            && body.len() <= limits::HTTP_REQUEST_BYTES;
        if !fits {
            return Err(Refusal::TooLarge);
        }
        let url = Url::parse(url).map_err(|_| Refusal::HostNotAllowed)?;
        let mut kept = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Refusal::TooLarge)?;
            let value = HeaderValue::from_str(value).map_err(|_| Refusal::TooLarge)?;
            if !is_of_the_connection(&name) {
                kept.append(name, value);
            }
        }
        Ok(Self { method: *method, url, headers: kept, body: body.clone() })
    }

    /// Makes it the request that a redirect asks for (RFC 9110, section 15.4).
    ///
    /// # Errors
    /// [`Refusal::TooLarge`] for the URL.
    pub(super) fn redirect(&mut self, status: StatusCode, url: Url) -> Result<(), Refusal> {
        if url.as_str().len() > limits::HTTP_URL_BYTES {
            return Err(Refusal::TooLarge);
        }
        if ![StatusCode::TEMPORARY_REDIRECT, StatusCode::PERMANENT_REDIRECT].contains(&status) {
            self.method = HttpMethod::Get;
            self.body.clear();
            self.headers.remove(header::CONTENT_TYPE);
        }
        if url.origin() != self.url.origin() {
            let mut kept = HeaderMap::new();
            for name in FOR_EVERYBODY {
                for value in self.headers.get_all(&name) {
                    kept.append(name.clone(), value.clone());
                }
            }
            self.headers = kept;
        }
        self.url = url;
        Ok(())
    }
}

fn is_of_the_connection(name: &HeaderName) -> bool {
    OF_THE_CONNECTION.contains(name) || name == KEEP_ALIVE || name.as_str().starts_with("proxy-")
}
