//! Names of hosts in lists of domains.

use std::{borrow::Borrow, collections::BTreeSet};

use serde::{Deserialize, Serialize};

use crate::link;

/// A domain, in lower case, international names in their `xn--` form. It stands for itself and everything under it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(String);

/// A text that is no domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a domain is written as `example.com`: without a scheme, a path or a port")]
pub struct NotADomain;

/// Whether `host`, in the form that [`crate::link::Link::host`] has, is one of these domains or lies under one. Takes time by the labels of
/// the host, not by the domains.
pub(super) fn covers(domains: &BTreeSet<DomainName>, host: &str) -> bool {
    let mut rest = Some(host);
    std::iter::from_fn(|| {
        let name = rest?;
        rest = name.split_once('.').map(|(_, above)| above);
        Some(name)
    })
    .any(|name| domains.contains(name))
}

impl DomainName {
    /// Whether a link can lead there: a host whose last part is a number is an address (WHATWG URL, section 3.5), and links have all of
    /// it, in one form. A name that is none of both is refused when it is read.
    pub(super) fn can_be_a_host(&self) -> bool {
        let last = self.0.rsplit('.').next().unwrap_or_default();
        let hex = last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let is_number = hex || last.bytes().all(|byte| byte.is_ascii_digit());
        !is_number || crate::address::address(&self.0).is_some()
    }
}

impl Borrow<str> for DomainName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DomainName {
    type Error = NotADomain;

    fn try_from(text: String) -> Result<Self, NotADomain> {
        let name = text.trim().trim_start_matches("*.").trim_end_matches('.');
        link::host_name(name).map(Self).ok_or(NotADomain)
    }
}

impl From<DomainName> for String {
    fn from(domain: DomainName) -> Self {
        domain.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(text: &str) -> DomainName {
        text.to_owned().try_into().expect("a domain")
    }

    #[test]
    fn a_domain_covers_itself_and_what_is_under_it_and_nothing_that_only_ends_alike() {
        let domains = BTreeSet::from([domain("Example.COM."), domain("other.org")]);
        assert!(covers(&domains, "example.com") && covers(&domains, "a.b.example.com"));
        for host in ["badexample.com", "example.com.evil.org", "com", ""] {
            assert!(!covers(&domains, host), "{host}");
        }
    }

    #[test]
    fn international_names_are_one_with_their_other_form() {
        assert_eq!(domain("пример.рф"), domain("xn--e1afmkfd.xn--p1ai"));
    }

    #[test]
    fn hosts_that_no_registry_gives_out_can_be_named_too() {
        for name in
            ["a_b.example.com", "_dmarc.example.com", "localhost", "192.0.2.7", "[2001:db8::1]", "-a.com", "xn--a.com"]
        {
            assert_eq!(String::from(domain(name)), name);
        }
    }

    #[test]
    fn what_is_no_domain_is_refused() {
        for text in [
            "",
            ".",
            "https://example.com",
            "example.com/path",
            "example.com:80",
            "a b.com",
            "a..b",
            "a,b.com",
            "[x]",
            "[::1]/a",
        ] {
            assert_eq!(DomainName::try_from(text.to_owned()), Err(NotADomain), "{text}");
        }
    }
}
