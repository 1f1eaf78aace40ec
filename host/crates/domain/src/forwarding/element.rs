//! One element of `Forwarded` (RFC 7239, section 4), and the addresses in it and in `X-Forwarded-For`.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::address;

/// Longest element that is read, in bytes: four parameters with the longest names that hosts have.
const ELEMENT_BYTES: usize = 1_024;

/// What one proxy wrote about who sent it the request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Element<'a> {
    /// `for`, which need not be an address.
    client: Option<&'a [u8]>,
    /// `proto`.
    pub(super) proto: Option<&'a [u8]>,
}

impl<'a> Element<'a> {
    /// Whose request it was.
    ///
    /// # Errors
    /// What stands there instead of an address; nothing when there is no `for`.
    pub(super) fn client(&self) -> Result<IpAddr, &'a [u8]> {
        let said = self.client.unwrap_or_default();
        address(said).ok_or(said)
    }

    /// The elements from the right; what is none as it stands, after which there are no more.
    ///
    /// Read from the left, a quotation mark that a client sent would swallow what the proxy added. So an element is the shortest
    /// text behind a comma that is one as a whole.
    pub(super) fn from_right(lines: &'a [&'a [u8]]) -> impl Iterator<Item = Result<Self, &'a [u8]>> {
        let mut lines = lines.iter().rev();
        let mut line: Option<&[u8]> = lines.next().copied();
        std::iter::from_fn(move || {
            let rest = line?;
            let bound = rest.len().saturating_sub(ELEMENT_BYTES);
            let commas = (bound..rest.len()).rev().filter(|at| rest[*at] == b',').map(Some);
            let starts = commas.chain((bound == 0).then_some(None));
            for comma in starts {
                if let Some(element) = Self::parse(&rest[comma.map_or(0, |at| at + 1)..]) {
                    line = comma.map(|at| &rest[..at]).or_else(|| lines.next().copied());
                    return Some(Ok(element));
                }
            }
            line = None;
            Some(Err(rest))
        })
    }

    /// `name=value` pairs with `;` between them. A pair that is not understood makes no element of the whole.
    fn parse(text: &'a [u8]) -> Option<Self> {
        let mut element = Self::default();
        let mut rest = text.trim_ascii();
        loop {
            let (name, after) = token(rest)?;
            let after = after.strip_prefix(b"=")?;
            let (value, after) = match after.strip_prefix(b"\"") {
                Some(quoted) => until_quote(quoted)?,
                None => token(after)?,
            };
            if name.eq_ignore_ascii_case(b"for") {
                element.client = Some(value);
            } else if name.eq_ignore_ascii_case(b"proto") {
                element.proto = Some(value);
            }
            rest = after.trim_ascii_start();
            match rest.strip_prefix(b";") {
                Some(more) => rest = more.trim_ascii_start(),
                None if rest.is_empty() => return Some(element),
                None => return None,
            }
        }
    }
}

/// A token (RFC 9110, section 5.6.2) and what follows it. Colons and brackets, which belong between quotation marks, are taken
/// too: proxies forget the marks.
fn token(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:[]".contains(byte);
    let end = text.iter().position(|byte| !fits(byte)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// A quoted text up to its closing mark, and what follows. One with an escaped character in it is taken as it stands: no address
/// and no scheme has one.
fn until_quote(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut escaped = false;
    let end = text.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    })?;
    Some((&text[..end], &text[end + 1..]))
}

/// An address, with or without a port, IPv6 ones with or without brackets; IPv4-mapped ones as IPv4. One with a zone is none: it says
/// something on the machine that wrote it only.
pub(super) fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    let bare = || address::address(text);
    let with_port = || text.parse::<SocketAddr>().ok().filter(|_| !text.contains('%')).map(|address| address.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::from);
    bare().or_else(with_port).or_else(bracketed).map(|address| address.to_canonical())
}
