//! A sign beside a link decides where the link ends, never whether there is one.

use proptest::prelude::*;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

use super::*;

/// Texts that are one link each.
const FORMS: [&str; 44] = [
    "example.com",
    "example.la",
    "EXAMPLE.COM",
    "www.example.zip",
    "shop.example.co.uk",
    "a.io",
    "4example.org",
    "foo_bar.example.la",
    "a--b.example.com",
    "example.com:8080",
    "example.la/x",
    "example.com?x=1",
    "example.com#x",
    "пример.рф",
    "bücher.de",
    "xn--e1afmkfd.xn--p1ai",
    "xn--a.com/x",
    "例え.jp",
    "مثال.com",
    "💩.la",
    "💩.la/x",
    "a.💩.la",
    "i❤.ws",
    "1.2.3.4/x",
    "1.2.3.4:80",
    "https://example.com",
    "https://example.la",
    "https://example.la/x",
    "https://example.com:8080",
    "https://user:secret@example.la",
    "https://foo_bar.example.la",
    "https://пример.рф",
    "https://例え.jp",
    "https://💩.la",
    "http://localhost",
    "http://1.2.3.4",
    "http://[::1]",
    "ftp://example.com",
    "//example.la",
    "tg://resolve",
    "hxxp://example.la",
    "example[.]com",
    "example dot com",
    "e x a m p l e . r u",
];

const LETTERS: [&str; 17] =
    ["я", "Ж", "é", "ß", "日", "の", "한", "ไ", "א", "ש", "ا", "ي", "٣", "अ", "α", "ñ", "\u{301}"];

/// Whether `@` before it makes a mention of it.
fn is_name(form: &str) -> bool {
    !form.contains("//")
}

/// The form with the sign on each side of it and on both, alone and in a sentence.
fn signed(form: &str, sign: &str) -> Vec<String> {
    let mention = sign == "@" && is_name(form);
    let behind = format!("{form}{sign}");
    let texts =
        if mention { vec![behind] } else { vec![format!("{sign}{form}"), behind, format!("{sign}{form}{sign}")] };
    texts.iter().flat_map(|text| [text.clone(), format!("see {text} now")]).collect()
}

/// The texts with this sign in which there is no link.
fn lost(sign: &str) -> Vec<String> {
    FORMS.iter().flat_map(|form| signed(form, sign)).filter(|text| find(text).is_empty()).collect()
}

/// The forms whose host changes with what stands behind them.
fn other_hosts(sign: &str) -> Vec<String> {
    let is_other = |text: &&&str| hosts(&format!("{text}{sign}")).first() != hosts(text).first();
    FORMS.iter().filter(is_other).map(|form| format!("{form}{sign}: {:?}", hosts(&format!("{form}{sign}")))).collect()
}

#[test]
fn each_form_is_one_link() {
    let wrong: Vec<_> = FORMS.iter().filter(|form| find(form).len() != 1).collect();
    assert_eq!(wrong, Vec::<&&str>::new());
}

#[test]
fn a_sign_of_ascii_beside_a_link_leaves_a_link() {
    for sign in (' '..='~').filter(|ch| !ch.is_ascii_alphanumeric()).map(String::from) {
        assert_eq!(lost(&sign), Vec::<String>::new(), "{sign}");
        assert_eq!(other_hosts(&sign), Vec::<String>::new(), "{sign}");
    }
}

#[test]
fn signs_that_mean_something_leave_a_link() {
    for sign in [
        "(at)", " (at) ", "[.]", "...", "--", "@@", "://", "**", "__", "</a>", ":-)", "\">", "👍🏽", "🇷🇺", "。", "｡",
        "．", "＠", "：", "／",
    ] {
        let lost: Vec<_> =
            FORMS.iter().map(|form| format!("{form}{sign}")).filter(|text| find(text).is_empty()).collect();
        assert_eq!(lost, Vec::<String>::new(), "{sign}");
    }
    let texts = [
        "https://spam-site.com@",
        "spam-site.com (at) 5 pm",
        "(at)spam-site.com",
        "spam-site.la(at)",
        "💩.la/x",
        "spam-site.com()",
        "spam-site.la()",
        "spam-site.com[.]x",
        "spam-site.com。then",
        "spam-site.com·next",
        "spam-site.com™",
        "spam-site.la①",
        "/spam-site.la",
        "spam-site.la1️⃣",
        "1️⃣spam-site.la",
        "｜💩.la",
        "1.2.3.4:80№",
        "spam-site.com://x.y",
        "https://!spam-site.la",
        "https:///spam-site.la",
        "my_https://spam-site.la",
        "https://[spam-site.la",
        "'spam-site dot com'",
        "_spam-site dot com_",
        "\"e x . r u\"",
    ];
    let lost: Vec<_> = texts.into_iter().filter(|text| find(text).is_empty()).collect();
    assert_eq!(lost, [""; 0]);
}

#[test]
fn letters_of_other_scripts_beside_a_link_leave_a_link() {
    for letter in LETTERS {
        let forms = || FORMS.iter().filter(|form| form.is_ascii() && !form.contains(' '));
        let texts = forms()
            .flat_map(|form| [format!("{letter}{form}"), format!("{form}{letter}"), format!("{letter}{form}{letter}")]);
        let lost: Vec<_> = texts.filter(|text| find(text).is_empty()).collect();
        assert_eq!(lost, Vec::<String>::new(), "{letter}");
    }
}

#[test]
fn the_host_of_a_url_ends_where_a_sign_stands() {
    let cases = [
        ("_https://example.com_", "example.com"),
        ("https://example.com—see", "example.com"),
        ("https://example.com…", "example.com"),
        ("https://example.com™", "example.com"),
        ("https://example.com€", "example.com"),
        ("https://example.com👍 yes", "example.com"),
        ("https://example.com→see", "example.com"),
        ("https://example.com+", "example.com"),
        ("https://example.com_x", "example.com"),
        ("https://example.com%20x", "example.com"),
        ("https://example.com:x", "example.com"),
        ("https://example.com:99999", "example.com"),
        ("https://example.com@!", "example.com"),
        ("https://example.com (at) 5 pm", "example.com"),
        ("https://example.com1️⃣", "example.com"),
        ("https://пример.рфé", "xn--e1afmkfd.xn--p1ai"),
        ("https://example.com..x", "example.com"),
        ("https://localhost—see", "localhost"),
        ("https://foo_bar.example.com", "foo_bar.example.com"),
        ("https://a+b.example.com", "a+b.example.com"),
        ("https://known.com,x@example.org", "example.org"),
        ("mailto:me@example.com—see", "example.com"),
    ];
    let wrong: Vec<_> =
        cases.into_iter().filter(|(text, host)| hosts(text) != [*host]).map(|(text, _)| (text, hosts(text))).collect();
    assert_eq!(wrong, []);
}

#[test]
fn an_at_is_an_e_mail_address_only_before_a_host() {
    for text in [
        "a@b.com",
        "user.name+tag@example.com",
        "john.doe.gov@mail.com",
        "spam-site.com@gmail.com",
        "me [at] example.com",
        "@name.la",
    ] {
        assert_eq!(hosts(text), [""; 0], "{text}");
    }
    for text in ["spam-site.com@", "spam-site.com@5", "spam-site.com@gmail", "spam-site.com+@", "spam-site.com@https"] {
        assert_eq!(hosts(text), ["spam-site.com"], "{text}");
    }
}

/// Punctuation and symbols that are not read as letters.
fn sign() -> impl Strategy<Value = String> {
    let is_sign = |ch: &char| {
        matches!(ch.general_category_group(), GeneralCategoryGroup::Punctuation | GeneralCategoryGroup::Symbol)
            && folded::fold(&ch.to_string()).part(0, 1).iter().all(|unit| !unit.ch.is_alphanumeric())
    };
    prop::sample::select(('!'..='\u{1faff}').filter(is_sign).map(String::from).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_sign_beside_a_link_leaves_a_link(sign in sign()) {
        prop_assert_eq!(lost(&sign), Vec::<String>::new());
        prop_assert_eq!(other_hosts(&sign), Vec::<String>::new());
    }

    #[test]
    fn every_host_that_is_found_can_be_put_on_a_list(
        text in "(https?://|//|mailto:a@|)(user@|)([a-zé日א0-9_+~=$%€💩.-]|\\.com|\\.рф|xn--|%61){1,20}(:80|/x|)",
    ) {
        for link in find(&text) {
            let named = crate::filter::DomainName::try_from(link.host.clone()).map(String::from);
            prop_assert_eq!(named, Ok(link.host));
        }
    }
}
