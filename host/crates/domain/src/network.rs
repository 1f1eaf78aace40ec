//! The network that an address is in, as far as people's whereabouts go.

use std::net::IpAddr;

/// The address's network: the first 24 bits of IPv4, the first 48 of IPv6 (what a site is given, RFC 6177), IPv4-mapped addresses
/// as IPv4. Empty for a text that is no address.
pub fn network_of(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, ..] = address.segments();
            format!("{}/48", std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_site_are_in_one_network() {
        for (address, network) in [
            ("192.0.2.7", "192.0.2.0/24"),
            ("::ffff:192.0.2.7", "192.0.2.0/24"),
            ("2001:db8:1:2::3", "2001:db8:1::/48"),
            ("::1", "::/48"),
            ("", ""),
            ("localhost", ""),
        ] {
            assert_eq!(network_of(address), network, "{address}");
        }
    }
}
