//! No scanner of a text takes more steps than in proportion to its length, whatever the text is made of.

use proptest::prelude::*;

use super::*;
use crate::{entity, limits, link, search};

/// The steps that work takes.
pub(crate) fn of<T>(work: impl FnOnce() -> T) -> usize {
    let before = TAKEN.get();
    work();
    TAKEN.get() - before
}

/// What scanners look at, and what makes them look further: beginnings of links, of names, of addresses and of numbers.
const FRAGMENTS: [&str; 92] = [
    "a",
    "a.",
    ".",
    "..",
    ".a",
    "a.a",
    "com",
    ".com",
    "a.com",
    "a.la",
    "a.com.",
    "a.com/",
    "a.com?",
    "a.com:",
    "a.com@",
    "a.com-",
    "@",
    "a@",
    "@a",
    "a@b",
    "a@b.",
    "a@b.com",
    "+",
    "a+",
    ":",
    "://",
    "/",
    "//",
    "//a",
    "///",
    "\\",
    "http:",
    "http:/",
    "http://",
    "http://a",
    "https://a.com",
    "http//",
    "x_http://",
    "http://%",
    "http://[",
    "http://a@",
    "a-",
    "_",
    "-",
    "mailto:",
    "mailto:@/",
    "mailto:a@",
    "mailto:a",
    "tg://",
    "tg://.",
    "javascript:",
    "href=\"javascript:",
    "](data:",
    "xn--",
    "xn--a.com/",
    "xn--a.a",
    "[",
    "]",
    "(",
    ")",
    "{",
    "[.]",
    "[.",
    "(dot)",
    "(at)",
    "[:]",
    "<",
    "\"",
    "'",
    " ",
    "  ",
    " dot ",
    " at ",
    " . ",
    ". com ",
    "x y z . c ",
    "собака ",
    "точка ру",
    "а.",
    "соm.",
    "日",
    "日a",
    "日.a",
    "。",
    "a。",
    "💩",
    "💩.",
    "💩.a",
    "א",
    "e\u{301}",
    "\u{336}",
    "\u{200b}",
];

/// What telephone numbers and emoji are made of.
const OTHERS: [&str; 36] = [
    "1",
    "1 ",
    "1-",
    "(1)",
    "+1",
    "8 912 ",
    "912-34 ",
    "1.1.1.1/",
    "1.1.1.1:1",
    "00",
    "+7 (912) ",
    "٣",
    "1:",
    "#\u{fe0f}\u{20e3}",
    "👍",
    "👍\u{200d}",
    "🏽",
    "🇷",
    "☝\u{200d}",
    "\u{e0067}",
    "\u{fe0f}",
    "\u{20e3}",
    "й",
    "и\u{306}",
    "ё",
    "ｈ",
    "①",
    "𝐞",
    "\u{1}",
    "1\u{1}",
    "(\u{1}",
    "1, ",
    "8_9",
    "a_at_",
    " *dot* ",
    "上",
];

fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(&FRAGMENTS[..]).prop_map(str::to_owned),
        1 => prop::sample::select(&OTHERS[..]).prop_map(str::to_owned),
        1 => "\\PC",
    ]
}

/// Makes texts of any length: something at the beginning and at the end, and a few fragments over and over between.
#[derive(Debug, Clone)]
pub(crate) struct Family {
    beginning: String,
    repeated: String,
    end: String,
}

impl Family {
    fn text(&self, bytes: usize) -> String {
        let middle = self.repeated.repeat(bytes / self.repeated.len());
        format!("{}{middle}{}", self.beginning, self.end)
    }
}

pub(crate) fn family() -> impl Strategy<Value = Family> {
    let some = |count| prop::collection::vec(fragment(), count).prop_map(|fragments| fragments.concat());
    (some(0..3), some(1..5), some(0..3)).prop_map(|(beginning, repeated, end)| Family { beginning, repeated, end })
}

/// The lengths at which texts that are twice as long took much more than twice the steps.
pub(crate) fn out_of_proportion(family: &Family, scan: impl Fn(&str)) -> Vec<String> {
    // Steps that a text takes whatever its length, and that windows of a fixed length take at its ends.
    const ONCE: usize = 40_000;
    const BYTES: usize = 5_000;
    let steps = |bytes| of(|| scan(&family.text(bytes)));
    let counts = [BYTES, 2 * BYTES, 4 * BYTES].map(|bytes| (bytes, steps(bytes)));
    let too_many = |pair: &&[(usize, usize)]| matches!(pair, [(_, once), (_, twice)] if *twice > once * 22 / 10 + ONCE);
    counts.windows(2).filter(too_many).map(|pair| format!("(bytes, steps) {pair:?}")).collect()
}

type Scanner = (&'static str, fn(&str));

const SCANNERS: [Scanner; 5] = [
    ("links", |text| drop(link::find(text))),
    ("e-mail addresses", |text| drop(entity::email_addresses(text))),
    ("telephone numbers", |text| drop(entity::phone_numbers(text))),
    ("emoji", |text| drop(entity::emoji(text))),
    ("words", |text| drop(search::indexed(text))),
];

fn wrong(family: &Family) -> Vec<String> {
    let of =
        |(name, scan): Scanner| out_of_proportion(family, scan).into_iter().map(move |what| format!("{name}: {what}"));
    SCANNERS.into_iter().flat_map(of).collect()
}

#[test]
fn every_fragment_over_and_over_takes_steps_in_proportion() {
    for repeated in FRAGMENTS.into_iter().chain(OTHERS) {
        for [beginning, end] in [["", ""], ["x", ".com"], ["http://", "/"], ["a.com/", " a.com"]] {
            let [beginning, end, repeated] = [beginning, end, repeated].map(str::to_owned);
            let family = Family { beginning, repeated, end };
            assert_eq!(wrong(&family), Vec::<String>::new(), "{family:?}");
        }
    }
}

#[test]
fn a_text_of_the_longest_takes_a_bounded_number_of_steps_for_each_byte() {
    for repeated in FRAGMENTS.into_iter().chain(OTHERS) {
        let text = repeated.repeat(limits::TEXT_BYTES / repeated.len());
        for (name, scan) in SCANNERS {
            let steps = of(|| scan(&text));
            assert!(steps < 400 * text.len(), "{name}: {steps} steps in {} bytes of {repeated}", text.len());
        }
    }
}

#[test]
fn whoever_reads_to_the_end_at_each_character_is_found_out() {
    let family = Family { beginning: String::new(), repeated: "mailto:@/".to_owned(), end: String::new() };
    let reads_on = |text: &str| text.match_indices("mailto:").for_each(|(at, _)| take(text.len() - at));
    assert_eq!(out_of_proportion(&family, reads_on).len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn fragments_over_and_over_take_steps_in_proportion(family in family()) {
        prop_assert_eq!(wrong(&family), Vec::<String>::new());
    }
}

/// Not only in proportion, but few: names before one sign, a name of letters that are all different, and dots that are only read as dots.
#[test]
fn no_text_takes_many_steps_for_each_of_its_bytes() {
    let letters: String =
        ('\u{101}'..'\u{24f}').chain('\u{430}'..'\u{44f}').filter(|c| c.is_lowercase()).take(238).collect();
    let names = "a+".repeat(32);
    for piece in [
        format!("{names}@a{letters}。жж。зз。ии。кк "),
        format!("{names}@a.{}. ", "б".repeat(60)),
        format!("a{letters}。жж。зз。ии。кк "),
        format!("{}@a.b.c.d.e.f ", "a.".repeat(31)),
    ] {
        let text = piece.repeat(limits::TEXT_BYTES / piece.len());
        let taken = of(|| link::find(&text));
        println!("{} steps a byte: {piece}", taken / text.len());
        assert!(taken < 100 * text.len(), "{} steps a byte: {piece}", taken / text.len());
    }
}
