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

/// What one subscriber has: an address of IPv4, or the first 64 bits of IPv6, within which whoever has them takes any address.
/// IPv4-mapped addresses as IPv4. The text itself when it is no address.
pub fn subscriber_of(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.to_string(),
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        Err(_) => address.to_owned(),
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

    #[test]
    fn a_subscriber_of_ipv6_has_many_addresses() {
        for (address, subscriber) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2::3", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::3", "2001:db8:1:3::/64"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(subscriber_of(address), subscriber, "{address}");
        }
    }
}
