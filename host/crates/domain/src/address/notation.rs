//! How addresses and networks are written. The one parser of both, for whatever is configured, sent or forwarded.
//!
//! Programs differ about `010.0.0.1`: to some it is 10.0.0.1, to others 8.0.0.1 (RFC 6943, section 3.1.1). Numbers with zeros
//! before them are refused, in addresses and in the length of a network, so that nobody's rule is about another network
//! than they think. Nothing here decides what an address may do.

use std::net::IpAddr;

use ipnet::IpNet;

use super::folded;

/// A text that is neither a network nor an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write 10.0.0.0/8, 2001:db8::/32 or one address; numbers have no zeros before them: 10.0.0.1, not 010.0.0.1")]
pub struct NotANetwork;

/// An address as it was written: IPv4-mapped ones stay what they are.
pub fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

/// A network, or an address as the network of one. Its host bits are zero, and those of IPv4-mapped addresses are IPv4.
///
/// # Errors
/// [`NotANetwork`] for anything else.
pub fn network(text: &str) -> Result<IpNet, NotANetwork> {
    let net = match text.split_once('/') {
        None => address(text).map(IpNet::from),
        Some((first, length)) => address(first).zip(prefix(length)).and_then(|(first, length)| {
            // Longer prefixes than the family has bits are refused here.
            IpNet::new(first, length).ok()
        }),
    };
    net.map(folded).ok_or(NotANetwork)
}

/// The length of a prefix: digits only, where `u8` would take a `+` and zeros before.
fn prefix(text: &str) -> Option<u8> {
    let is_number = text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
    is_number.then(|| text.parse().ok()).flatten()
}

/// A network as earlier versions read it, which took zeros before a number for nothing: for what they kept. New ones are read
/// by [`network`].
pub(crate) fn kept_network(text: &str) -> Option<IpNet> {
    network(text).ok().or_else(|| text.parse().ok().map(folded))
}
