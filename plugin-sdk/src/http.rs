//! Requests to hosts that the administrator named when the plugin was enabled.
//!
//! A plugin that calls [`send`] asks for a permission: the account's administrator grants it, and names the hosts, when the plugin is
//! enabled. A plugin that does not call it does not import the interface. [`Plugin::configure`](crate::Plugin::configure) may not send.
//!
//! Natively, a test says what is answered with [`testing::answers`](crate::testing::answers); without it, nobody can be reached.

pub use crate::bindings::base::sluice::policy::http::{Error, Header, Method, Request, Response};

impl Request {
    /// A request for what is at `url`, which begins with `https://`.
    ///
    /// ```
    /// use sluice_plugin::http::{Method, Request};
    /// let request = Request::get("https://api.example.com/words").header("accept", "application/json");
    /// assert_eq!((request.method, request.headers.len()), (Method::Get, 1));
    /// ```
    pub fn get(url: impl Into<String>) -> Self {
        Self { method: Method::Get, url: url.into(), headers: Vec::new(), body: Vec::new() }
    }

    /// A request that sends `body` to `url`, which begins with `https://`.
    ///
    /// ```
    /// use sluice_plugin::http::Request;
    /// let request = Request::post("https://api.example.com/look", "text").header("content-type", "text/plain");
    /// assert_eq!(request.body, b"text");
    /// ```
    pub fn post(url: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { method: Method::Post, url: url.into(), headers: Vec::new(), body: body.into() }
    }

    /// With this header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(Header { name: name.into(), value: value.into() });
        self
    }
}

/// Sends a request and waits for the whole answer; all requests of a call wait for two seconds together. At most 3 redirects are followed,
/// each to a host that was named.
///
/// ```
/// use sluice_plugin::{http::{self, Request, Response}, testing};
/// testing::answers("https://api.example.com/look", Ok(Response { status: 200, headers: vec![], body: b"fine".to_vec() }));
/// let answer = http::send(&Request::post("https://api.example.com/look", "text"));
/// assert_eq!(answer.map(|answer| answer.body), Ok(b"fine".to_vec()));
/// assert_eq!(http::send(&Request::get("https://other.example.com/")), Err(http::Error::Unreachable));
/// ```
///
/// # Errors
/// [`Error`]: each of its cases says what it means. [`Error::NotInPreview`] comes whenever the plugin is tried out.
pub fn send(request: &Request) -> Result<Response, Error> {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::base::sluice::policy::http::send(request);
    #[cfg(not(target_arch = "wasm32"))]
    return crate::testing::host::send(request);
}
