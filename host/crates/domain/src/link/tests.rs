use proptest::prelude::*;

use super::*;

mod cases;
mod signs;

use cases::{DISGUISED, NOT_LINKS, WRITTEN};

fn hosts(text: &str) -> Vec<String> {
    find(text).into_iter().map(|l| l.host).collect()
}

#[test]
fn links_are_found_with_and_without_a_scheme() {
    assert_eq!(hosts("see https://Example.COM/a?b, or shop.example.co.uk."), ["example.com", "shop.example.co.uk"]);
    assert_eq!(find("go to shop.example.co.uk/x")[0].registrable_domain, "example.co.uk");
    assert_eq!(hosts("http://пример.com/привет"), ["xn--e1afmkfd.com"]);
}

#[test]
fn file_names_versions_and_abbreviations_are_not_links() {
    for text in ["notes.txt", "v1.2.3", "e.g. this", "report.docx is ready", "3.14", "a.b"] {
        assert_eq!(hosts(text), Vec::<String>::new(), "{text}");
    }
}

proptest! {
    #[test]
    fn offsets_lie_on_character_boundaries_in_order_and_apart(text in "(\\PC|https://a\\.com| b\\.org/é ){0,40}") {
        let mut last = 0;
        for link in find(&text) {
            prop_assert!(last <= link.start && link.start < link.end);
            prop_assert!(text.get(link.start as usize..link.end as usize).is_some());
            last = link.end;
        }
    }
}

fn one(text: &str) -> Link {
    let mut links = find(text);
    assert_eq!(links.len(), 1, "{text}: {links:?}");
    links.remove(0)
}

/// The texts that do not have just the link that they should.
fn wrong(cases: &[(&str, &str)], disguised: bool) -> Vec<String> {
    let is_wrong = |(text, host): &&(&str, &str)| {
        let links = find(text);
        !matches!(links.as_slice(), [link] if link.host == *host && link.disguised == disguised)
    };
    cases.iter().filter(is_wrong).map(|(text, host)| format!("{text}: not {host} but {:?}", find(text))).collect()
}

#[test]
fn what_messengers_make_clickable_is_a_link() {
    assert_eq!(wrong(&WRITTEN, false), Vec::<String>::new());
}

#[test]
fn what_is_written_to_be_missed_is_a_link_in_disguise() {
    assert_eq!(wrong(&DISGUISED, true), Vec::<String>::new());
}

#[test]
fn prose_names_of_files_numbers_and_addresses_of_people_are_no_links() {
    let wrong: Vec<_> =
        NOT_LINKS.iter().map(|text| (text, hosts(text))).filter(|(_, hosts)| !hosts.is_empty()).collect();
    assert_eq!(wrong, []);
}

#[test]
fn a_link_spans_what_is_written_for_it_and_no_more() {
    let cases = [
        ("see (http://example.com/a_(b)).", "http://example.com/a_(b)"),
        ("\"example.com/a\"", "example.com/a"),
        ("go: hxxps[:]//example[.]com/x, now", "hxxps[:]//example[.]com/x"),
        ("at example dot com slash a ok", "example dot com slash a"),
        ("x e x a m . c o m y", "x e x a m . c o m"),
        ("to ｅｘ．ｃｏｍ/é!", "ｅｘ．ｃｏｍ/é"),
        ("example.com? yes", "example.com"),
        ("example.com:", "example.com"),
        ("*example.com*", "example.com"),
        ("http://example.com/someone-you-നിന്നെ-പോലൊരാള്‍.html", "http://example.com/someone-you-നിന്നെ-പോലൊരാള്‍.html"),
    ];
    for (text, span) in cases {
        let link = one(text);
        assert_eq!(&text[link.start as usize..link.end as usize], span, "{text}");
    }
}

#[test]
fn a_link_is_given_as_an_absolute_url() {
    assert_eq!(one("hxxp://example[.]com/A?b").url, "http://example.com/A?b");
    assert_eq!(one("//example.com").url, "http://example.com/");
    assert_eq!(one("example dot com slash a").url, "http://example.com/a");
    assert_eq!(one("mailto:a@b.com").url, "mailto:a@b.com");
    assert_eq!(one("tg://resolve?domain=x").url, "tg://resolve?domain=x");
}

#[test]
fn links_beside_one_another_are_each_found() {
    assert_eq!(
        hosts("example.com, example [.] org and example dot net"),
        ["example.com", "example.org", "example.net"]
    );
    assert_eq!(hosts("test.example@http://vk.com"), ["vk.com"]);
    assert_eq!(hosts("[https](https://www.ibm.com)[mailto](mailto:someone@ibm.com)"), ["www.ibm.com", "ibm.com"]);
    assert_eq!(find(&"a.com ".repeat(1_000)).len(), limits::LINKS);
}

#[test]
fn whoever_knew_no_disguises_reads_and_writes_links_as_before() {
    let link = one("example.com");
    let json = serde_json::to_value(&link).unwrap();
    assert!(json.get("disguised").is_none());
    assert_eq!(serde_json::from_value::<Link>(json).unwrap(), link);
}

/// With work in the square of the length, each of these would take minutes.
#[test]
fn texts_made_to_be_slow_are_not() {
    let pieces = [
        "a.",
        "a.a.a.a. ",
        "a.b ",
        "\u{200b}",
        "[",
        "[.]",
        "[.",
        "(dot)",
        "dot ",
        "dot dot com ",
        "a ",
        "a . ",
        ". ",
        "/",
        "//",
        "//a",
        "://",
        "http://",
        "http://%/",
        "http://[",
        "http:",
        "/\\x.zone",
        "/x.zone",
        "a.rs?",
        "@",
        "a@",
        "mailto:",
        "mailto:a",
        "tg://",
        "javascript:",
        "href=\"javascript:",
        "](data:",
        "1.1.1.1/24/",
        "-1.1.1.1/a",
        "а.",
        "соm.",
        "。",
        "a。",
        "e\u{336}",
        "\u{336}",
        "x x x . c",
        "a .com ",
        "xn--",
        "a.xn--a ",
        "%",
        "a:1",
        ":",
        "(",
        "http://a.b(",
        "#",
        "_",
        "-.",
        "точка ",
        "ｈ",
        "𝐞.",
        "日a",
        "日.a",
    ];
    for piece in pieces {
        let text = piece.repeat(limits::TEXT_BYTES / piece.len());
        for text in [format!("{text}.com"), format!("x{text} a.com")] {
            assert!(find(&text).len() <= limits::LINKS, "{piece}");
        }
    }
}

proptest! {
    #[test]
    fn a_text_that_is_not_read_further_holds_no_link(
        text in "([a-zA-Zа-яА-Я0-9.:/\\\\ \n\\-—…é@\\[\\]\u{200b}]|dot|DOT|punkt|точка|Тчк|ДоТ|\\. com|: |\\.\\.\\.|ⓓⓞⓣ|com|ру|[💩€@\"'_]|\\.la| ){0,30}",
    ) {
        prop_assert!(glance::may_hold_one(&text) || read(&text).is_empty());
    }

    #[test]
    fn offsets_hold_whatever_is_between_the_letters(
        text in "([a-cа-я０-９ａ-ｃ.。．:/@ ()\\[\\]\u{200b}\u{200d}\u{feff}\u{301}\u{336}🅰é]|dot|точка|\\[\\.\\]|com|ру|http|hxxp|www\\.|mailto:|tg:|href=\"javascript:){0,60}",
    ) {
        let mut last = 0;
        for link in find(&text) {
            prop_assert!(last <= link.start && link.start < link.end);
            prop_assert!(text.get(link.start as usize..link.end as usize).is_some());
            last = link.end;
        }
    }
}
