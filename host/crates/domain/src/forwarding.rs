//! From where a request came when it passed proxies: what `X-Forwarded-For` or `Forwarded` (RFC 7239) says, as far as it can be
//! believed.
//!
//! Anybody can send these headers. Each proxy adds to the right of what it was sent, so they are read from the right, and only
//! as far as those who wrote are trusted. Connections and headers themselves are not read here.

use std::{net::IpAddr, str::FromStr};

use ipnet::IpNet;

use crate::address::folded;

mod element;
#[cfg(test)]
mod tests;

use element::{Element, address};

/// How much of what a proxy sent is told, in bytes: the longest address with its port, and a little.
const SHOWN: usize = 64;

/// Which header the proxies write. The other one is passed on by them as it was sent, so nothing in it can be believed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, with `X-Forwarded-Proto`: what most proxies write.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239), with its `proto`.
    Forwarded,
}

/// No such header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write `x-forwarded-for` or `forwarded`")]
pub struct UnknownHeader;

impl FromStr for ForwardedHeader {
    type Err = UnknownHeader;

    fn from_str(text: &str) -> Result<Self, UnknownHeader> {
        match text.to_ascii_lowercase().as_str() {
            "x-forwarded-for" => Ok(Self::XForwardedFor),
            "forwarded" => Ok(Self::Forwarded),
            _ => Err(UnknownHeader),
        }
    }
}

/// The proxies whose word is taken.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    trusted: Vec<IpNet>,
    header: ForwardedHeader,
}

/// The headers of a request that say how it came, each with its values in the order in which they were sent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Said<'a> {
    /// `Forwarded`.
    pub forwarded: &'a [&'a [u8]],
    /// `X-Forwarded-For`.
    pub x_forwarded_for: &'a [&'a [u8]],
    /// `X-Forwarded-Proto`.
    pub x_forwarded_proto: &'a [&'a [u8]],
}

/// How a request left its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Readable by everybody in between.
    Http,
    /// Encrypted.
    Https,
}

/// What a trusted proxy wrote where the client's address belongs, and is none: in ASCII with escapes, and cut to what a person
/// reads. Empty when it wrote nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a proxy that this server trusts sent `{said}` in `{header}` where the client's address belongs, so nobody can tell who asks: let the proxy write the address that it sees"
)]
pub struct UnreadableClient {
    /// Which header it is, in lower case.
    pub header: &'static str,
    /// What stands there.
    pub said: String,
}

/// Where a request came from, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The client's address, IPv4-mapped ones as IPv4.
    pub client: IpAddr,
    /// What the proxies say of the scheme; `None` when no trusted proxy says anything.
    pub scheme: Option<Scheme>,
}

impl Proxies {
    /// Those whose addresses are in one of these networks, all of which write this header.
    pub fn new(trusted: impl IntoIterator<Item = IpNet>, header: ForwardedHeader) -> Self {
        Self { trusted: trusted.into_iter().map(folded).collect(), header }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.trusted.is_empty()
    }

    /// Whether this address is one of theirs.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted.iter().any(|net| net.contains(&address))
    }

    /// Where a request that `peer` sent came from: the peer itself, unless it is one of the proxies; then the first address, from
    /// the right, that is not one of theirs. When all of them are, the first of them began the request: one without the header is
    /// a proxy's own, such as a look at whether the server is well.
    ///
    /// # Errors
    /// [`UnreadableClient`] when a proxy said of its client what is no address: the request is nobody's then, and in particular
    /// not the proxy's, whom rules may let in.
    pub fn source(&self, peer: IpAddr, said: Said<'_>) -> Result<Source, UnreadableClient> {
        let mut source = Source { client: peer.to_canonical(), scheme: None };
        match self.header {
            ForwardedHeader::XForwardedFor => {
                let mut schemes = from_right(said.x_forwarded_proto).map(Scheme::said);
                let mut hops = from_right(said.x_forwarded_for);
                while self.contains(source.client) {
                    // A proxy that writes the scheme anew instead of adding to it writes one value for all hops.
                    source.scheme = schemes.next().or(source.scheme);
                    let Some(hop) = hops.next() else { break };
                    source.client = address(hop).ok_or_else(|| self.unreadable(hop))?;
                }
                // A request that was passed on for somebody, and nothing says for whom.
                if said.x_forwarded_for.is_empty() && source.scheme.is_some() {
                    return Err(self.unreadable(b""));
                }
            }
            ForwardedHeader::Forwarded => {
                let mut hops = Element::from_right(said.forwarded);
                while self.contains(source.client) {
                    let Some(element) = hops.next() else { break };
                    let element = element.map_err(|text| self.unreadable(text))?;
                    source.scheme = element.proto.map(Scheme::said).or(source.scheme);
                    source.client = element.client().map_err(|text| self.unreadable(text))?;
                }
            }
        }
        Ok(source)
    }

    fn unreadable(&self, said: &[u8]) -> UnreadableClient {
        let header = match self.header {
            ForwardedHeader::XForwardedFor => "x-forwarded-for",
            ForwardedHeader::Forwarded => "forwarded",
        };
        let shown = said[..said.len().min(SHOWN)].escape_ascii().to_string();
        let said = if said.len() > SHOWN { shown + "…" } else { shown };
        UnreadableClient { header, said }
    }
}

impl Scheme {
    /// What is not known to be encrypted is not.
    fn said(value: &[u8]) -> Self {
        if value.eq_ignore_ascii_case(b"https") || value.eq_ignore_ascii_case(b"wss") {
            Self::Https
        } else {
            Self::Http
        }
    }
}

/// The members of a header that is a list, from the right, without the blanks around them.
fn from_right<'a>(lines: &'a [&'a [u8]]) -> impl Iterator<Item = &'a [u8]> {
    lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
}
