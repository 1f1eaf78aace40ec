//! Look-ups against a plain look at every entry.

use std::{net::IpAddr, sync::Arc};

use ipnet::IpNet;
use proptest::prelude::*;

use super::*;
use crate::{id::ListId, import::Refusal, time::Timestamp};

fn list(kind: ListKind, entries: &[&str]) -> List {
    let id = ListId::new(Timestamp::from_millis(1), [7; 10]);
    List::compile(id, 1, kind, entries.iter().map(|entry| (*entry).to_owned()))
}

/// The longest entry that fits by `fits(key, value)`; of those that are compared alike, the last.
fn plainly(
    kind: ListKind,
    entries: &[String],
    fits: impl Fn(&str) -> bool,
    long: impl Fn(&str) -> usize,
) -> Option<String> {
    let entries = entries.iter().filter_map(|written| kind.entry(written).ok());
    entries.filter(|entry| fits(&entry.key)).max_by_key(|entry| long(&entry.key)).map(|entry| entry.value)
}

/// Short texts of few letters, so that they begin with one another.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[aAbBäÄｂς Σ]{1,6}", "[ab]{1,3}", "\\PC{0,5}"]
}

fn domain() -> impl Strategy<Value = String> {
    "([aAb]|bü|x)(\\.([abA]|ü)){0,3}\\.?"
}

fn net() -> impl Strategy<Value = String> {
    prop_oneof![
        (any::<[u8; 2]>(), 8..=32_u8).prop_map(|([a, b], length)| format!("10.{}.0.{b}/{length}", a & 3)),
        (any::<[u8; 2]>(), 30..=128_u8).prop_map(|([a, b], length)| format!("2001:db8:{}::{b}/{length}", a & 3)),
        any::<[u8; 2]>().prop_map(|[a, b]| format!("::ffff:10.{}.0.{b}", a & 3)),
    ]
}

fn address() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<[u8; 2]>().prop_map(|[a, b]| format!("10.{}.0.{b}", a & 3)),
        any::<[u8; 2]>().prop_map(|[a, b]| format!("2001:db8:{}::{b}", a & 3)),
        any::<[u8; 2]>().prop_map(|[a, b]| format!("::ffff:10.{}.0.{b}", a & 3)),
    ]
}

fn compiled(kind: ListKind, entries: &[String]) -> List {
    list(kind, &entries.iter().map(String::as_str).collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn an_exact_list_finds_what_is_in_it(entries in prop::collection::vec(text(), 0..30), value in text()) {
        let expected = plainly(ListKind::Exact, &entries, |key| key == folded(&value), str::len);
        let list = compiled(ListKind::Exact, &entries);
        prop_assert_eq!(list.find(&value), expected.as_deref());
    }

    #[test]
    fn a_list_of_beginnings_finds_the_longest(entries in prop::collection::vec(text(), 0..30), value in text()) {
        let expected = plainly(ListKind::Prefix, &entries, |key| folded(&value).starts_with(key), str::len);
        let list = compiled(ListKind::Prefix, &entries);
        prop_assert_eq!(list.find(&value), expected.as_deref());
    }

    #[test]
    fn a_list_of_networks_finds_the_smallest(entries in prop::collection::vec(net(), 0..30), value in address()) {
        let address = value.parse::<IpAddr>().expect("an address").to_canonical();
        let net = |key: &str| key.parse::<IpNet>().expect("a network");
        let fits = |key: &str| net(key).contains(&address);
        let expected = plainly(ListKind::Network, &entries, fits, |key| net(key).prefix_len().into());
        let list = compiled(ListKind::Network, &entries);
        prop_assert_eq!(list.find(&value), expected.as_deref());
    }

    #[test]
    fn a_list_of_domains_finds_the_nearest_above(entries in prop::collection::vec(domain(), 0..30), value in domain()) {
        let name = host(&value).expect("a name");
        let fits = |key: &str| name == key || name.ends_with(&format!(".{key}"));
        let expected = plainly(ListKind::Domain, &entries, fits, str::len);
        let list = compiled(ListKind::Domain, &entries);
        prop_assert_eq!(list.find(&value), expected.as_deref());
    }

    #[test]
    fn a_key_is_its_own_key(written in text(), kind in prop::sample::select(&[ListKind::Exact, ListKind::Prefix][..])) {
        if let Ok(entry) = kind.entry(&written)
            && let Ok(again) = kind.entry(&entry.key)
        {
            prop_assert_eq!(again.key, entry.key);
        }
    }

    #[test]
    fn nothing_that_is_looked_up_panics(value in ".{0,600}") {
        for (kind, entry) in [
            (ListKind::Exact, "a"),
            (ListKind::Prefix, "a"),
            (ListKind::Network, "10.0.0.0/8"),
            (ListKind::Domain, "example.com"),
        ] {
            list(kind, &[entry]).find(&value);
        }
    }
}

#[test]
fn a_network_with_zeros_before_its_numbers_is_refused_and_one_that_was_kept_stays_in_force() {
    for text in ["010.0.0.0/8", "10.0.0.01", "10.0.0.0/08"] {
        assert_eq!(ListKind::Network.entry(text), Err(BadEntry::NotANetwork), "{text}");
    }
    let kept = list(ListKind::Network, &["010.0.0.0/8"]);
    assert_eq!(kept.find("10.1.2.3"), Some("010.0.0.0/8"));
    assert_eq!(kept.find("010.1.2.3"), None);
}

#[test]
fn letters_are_compared_whatever_their_case_and_width() {
    let words = list(ListKind::Exact, &["Straße", "ＦＲＥＥ money", "ΟΔΟΣ", "  Café "]);
    for (value, entry) in [
        ("STRAßE", Some("Straße")),
        ("free MONEY", Some("ＦＲＥＥ money")),
        ("οδος", Some("ΟΔΟΣ")),
        ("cafe\u{301}", Some("Café")),
        ("cafe", None),
        ("free  money", None),
        ("", None),
    ] {
        assert_eq!(words.find(value), entry, "{value}");
    }
}

#[test]
fn a_beginning_is_found_in_the_middle_of_no_letter() {
    let numbers = list(ListKind::Prefix, &["+49", "+4930", "e"]);
    assert_eq!(numbers.find("+49 30 1"), Some("+49"));
    assert_eq!(numbers.find("+49301"), Some("+4930"));
    assert_eq!(numbers.find("+4"), None);
    assert_eq!(numbers.find("e\u{301}tude"), None);
}

#[test]
fn a_domain_is_found_with_what_is_below_it_in_each_of_its_forms() {
    let domains = list(ListKind::Domain, &["Example.com", "sub.example.com", "*.пример.рф"]);
    for (value, entry) in [
        ("EXAMPLE.com.", Some("Example.com")),
        ("a_b.example.com", Some("Example.com")),
        ("x.sub.example.com", Some("sub.example.com")),
        ("www.xn--e1afmkfd.xn--p1ai", Some("*.пример.рф")),
        ("badexample.com", None),
        ("com", None),
        ("https://example.com", None),
        ("", None),
    ] {
        assert_eq!(domains.find(value), entry, "{value}");
    }
}

#[test]
fn what_is_no_entry_of_a_kind_is_refused_with_what_to_write() {
    let long = "x".repeat(513);
    // One letter that comes apart into 18.
    let wide = "\u{fdfa}".repeat(100);
    for (kind, written, bad) in [
        (ListKind::Exact, " \t", BadEntry::Empty),
        (ListKind::Exact, &*long, BadEntry::TooLong),
        (ListKind::Prefix, &*wide, BadEntry::TooLong),
        (ListKind::Exact, "two\nlines", BadEntry::ControlCharacter),
        (ListKind::Network, "10.0.0.0/33", BadEntry::NotANetwork),
        (ListKind::Network, "example.com", BadEntry::NotANetwork),
        (ListKind::Domain, "https://example.com", BadEntry::NotADomain),
        (ListKind::Domain, "a b", BadEntry::NotADomain),
    ] {
        assert_eq!(kind.entry(written), Err(bad), "{written}");
    }
    let entry = ListKind::Network.entry("192.0.2.7/24").expect("a network");
    assert_eq!((&*entry.key, &*entry.value), ("192.0.2.0/24", "192.0.2.7/24"));
}

#[test]
fn lists_are_asked_by_name() {
    let name = |text: &str| text.parse::<ListName>();
    let one = Arc::new(list(ListKind::Exact, &["Spam"]));
    let lists: Lists = [(name("words").expect("a name"), one.clone())].into_iter().collect();
    assert_eq!(lists.find("words", "spam"), Ok(Some("Spam")));
    assert_eq!(lists.find("words", "ham"), Ok(None));
    assert_eq!(lists.find("others", "spam"), Err(Refusal::NoSuchList));
    assert_eq!(lists.find("words", &"x".repeat(513)), Err(Refusal::TooLarge));
    assert!(lists.get(one.id()).is_some_and(|list| list.version() == 1));
    for bad in ["", "Words", "a b", "a_b", &"x".repeat(65)] {
        assert_eq!(name(bad), Err(NotAListName), "{bad}");
    }
}
