//! E-mail addresses of people, in one form, so that two ways of writing the same address are one person's. Whether mail reaches an
//! address, only mail can tell.

use sluice_text::{is_visible, nfc};
use unicode_normalization::UnicodeNormalization as _;

/// Longest address, in bytes (RFC 5321, section 4.5.3.1.3).
pub const BYTES: usize = 254;

/// The one form of an address: without what is not seen at its ends, composed (NFC), in lower case, its host as DNS has it (`xn--…`).
/// `None` for what is no address, and for one with anything inside that is not seen.
pub fn normal(typed: &str) -> Option<String> {
    let typed = trimmed(typed);
    let lower = nfc(&nfc(typed).to_lowercase());
    let (mailbox, host) = lower.split_once('@')?;
    if mailbox.is_empty() || host.is_empty() || host.contains('@') || !lower.chars().all(is_visible) {
        return None;
    }
    let host = idna::domain_to_ascii(host).ok().filter(|host| !host.is_empty())?;
    // What the DNS has no name for is none: a blank, and what is another name when it is read again.
    let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    let is_stable = idna::domain_to_ascii(&host).is_ok_and(|again| again == host);
    if !is_name || !is_stable {
        return None;
    }
    let address = format!("{mailbox}@{host}");
    (address.len() <= BYTES).then_some(address)
}

/// The forms under which the same address may be kept, the normal one last: earlier versions kept what was typed, in lower case. How
/// many there are depends on what was typed alone.
pub fn forms(typed: &str) -> Vec<String> {
    let mut forms = vec![typed.trim().to_lowercase()];
    if let Some(normal) = normal(typed) {
        let readable = match normal.split_once('@') {
            Some((mailbox, host)) => format!("{mailbox}@{}", idna::domain_to_unicode(host).0),
            None => normal.clone(),
        };
        forms.push(readable.nfd().collect());
        forms.push(readable);
        forms.push(normal);
    }
    let mut distinct: Vec<String> = Vec::with_capacity(forms.len());
    for form in forms.into_iter().rev() {
        if !distinct.contains(&form) {
            distinct.push(form);
        }
    }
    distinct.reverse();
    distinct
}

fn trimmed(typed: &str) -> &str {
    typed.trim_matches(|c| !is_visible(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_address_is_none() {
        for (typed, expected) in [
            ("ada@example.com", "ada@example.com"),
            (" Ada@Example.com ", "ada@example.com"),
            ("\u{a0}ada@example.com\u{a0}\u{feff}", "ada@example.com"),
            ("a@localhost", "a@localhost"),
            ("ünal@пример.рф", "ünal@xn--e1afmkfd.xn--p1ai"),
            ("u\u{308}nal@ПРИМЕР.рф", "ünal@xn--e1afmkfd.xn--p1ai"),
            ("a@xn--e1afmkfd.xn--p1ai", "a@xn--e1afmkfd.xn--p1ai"),
            ("a@ｅｘａｍｐｌｅ．com", "a@example.com"),
        ] {
            assert_eq!(normal(typed).as_deref(), Some(expected), "{typed}");
        }
        let long = format!("{}@example.com", "a".repeat(BYTES));
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a b@example.com",
            "a@b@c",
            "a\n@example.com",
            "a\u{200b}da@example.com",
            "a\u{3164}@example.com",
            "a\u{202e}@example.com",
            "a\u{a0}b@example.com",
            "a@\u{3164}",
            "a@xn--\u{301}",
            &long,
        ] {
            assert_eq!(normal(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn an_address_that_was_kept_in_an_earlier_form_is_among_the_forms() {
        for typed in ["Ünal@Пример.рф", "u\u{308}nal@пример.рф", "ünal@xn--e1afmkfd.xn--p1ai"] {
            let forms = forms(typed);
            for kept in ["ünal@пример.рф", "ünal@xn--e1afmkfd.xn--p1ai"] {
                assert!(forms.iter().any(|form| form == kept), "{typed}: {forms:?}");
            }
            assert_eq!(forms.last().map(String::as_str), Some("ünal@xn--e1afmkfd.xn--p1ai"));
        }
        assert_eq!(forms(" Ada@Example.com"), ["ada@example.com"]);
        assert_eq!(forms("a\u{200b}@b"), ["a\u{200b}@b"], "as it was kept");
    }

    proptest! {
        #[test]
        fn a_normal_form_is_its_own(typed in "(\\PC|[a-zé@.]){1,12}@(\\PC|[a-zé.]){1,8}") {
            if let Some(address) = normal(&typed) {
                prop_assert_eq!(normal(&address), Some(address.clone()));
                prop_assert_eq!(normal(&typed.nfd().collect::<String>()), normal(&typed.nfc().collect::<String>()));
                prop_assert!(address.chars().all(is_visible) && address.len() <= BYTES);
            }
        }
    }
}
