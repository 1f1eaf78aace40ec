//! The URL under which people reach the server.

use std::str::FromStr;

use url::{Host, Url};

/// Scheme, host and port; no path, so a path can be put behind its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    url: Url,
    /// Without the slash that the URL ends with.
    text: String,
}

/// Why a text is no such URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicUrlError {
    /// No URL, or one of another kind.
    #[error("write it as https://HOST or https://HOST:PORT")]
    Malformed,
    /// Something stands behind the host and port.
    #[error("it has a path, a query, a fragment or a user name: write only https://HOST or https://HOST:PORT")]
    MoreThanAnOrigin,
}

impl PublicUrl {
    /// As it is written before a path: `https://chat.example.com`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// As a URL, which ends with a slash.
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// A name or an address, IPv6 addresses in brackets.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether the host is an address.
    pub fn is_address(&self) -> bool {
        !matches!(self.url.host(), Some(Host::Domain(_)))
    }

    /// Whether it begins with `https`.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether a page of this origin (RFC 6454, as a browser writes it in `Origin`) is one of this server.
    pub fn is_origin(&self, origin: &str) -> bool {
        origin.parse::<Self>().is_ok_and(|origin| origin.url.origin() == self.url.origin())
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let url = Url::parse(text).map_err(|_| PublicUrlError::Malformed)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(PublicUrlError::Malformed);
        }
        let nothing_more = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !nothing_more || !url.username().is_empty() || url.password().is_some() {
            return Err(PublicUrlError::MoreThanAnOrigin);
        }
        let text = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { url, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_a_scheme_a_host_and_a_port() {
        for (text, written) in [
            ("https://chat.example.com", "https://chat.example.com"),
            ("HTTPS://Chat.Example.com:443/", "https://chat.example.com"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ] {
            assert_eq!(text.parse::<PublicUrl>().expect(text).as_str(), written);
        }
        for text in ["", "chat.example.com", "ftp://chat.example.com", "https://", "chat.example.com:443"] {
            assert_eq!(text.parse::<PublicUrl>(), Err(PublicUrlError::Malformed), "{text}");
        }
        for text in ["https://a.example/chat", "https://a.example/?x", "https://a.example/#x", "https://me@a.example"] {
            assert_eq!(text.parse::<PublicUrl>(), Err(PublicUrlError::MoreThanAnOrigin), "{text}");
        }
    }

    #[test]
    fn an_origin_is_the_servers_own_with_the_same_scheme_host_and_port() {
        let own: PublicUrl = "https://chat.example.com".parse().expect("a URL");
        assert!(own.is_origin("https://chat.example.com") && own.is_origin("https://chat.example.com:443"));
        for other in ["http://chat.example.com", "https://chat.example.com:8443", "https://example.com", "null", ""] {
            assert!(!own.is_origin(other), "{other}");
        }
    }
}
