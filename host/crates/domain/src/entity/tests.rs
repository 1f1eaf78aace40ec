use proptest::prelude::*;

use super::*;
use crate::limits;

type Find = fn(&str) -> Vec<Range<usize>>;

fn found(find: Find, text: &str) -> Vec<&str> {
    find(text).into_iter().map(|range| &text[range]).collect()
}

/// The texts in which not just what is wanted is found.
fn wrong(find: Find, cases: &[(&'static str, &'static str)]) -> Vec<String> {
    let is_wrong = |(text, span): &&(&str, &str)| found(find, text) != [*span];
    cases.iter().filter(is_wrong).map(|(text, _)| format!("{text}: {:?}", found(find, text))).collect()
}

fn not_empty(find: Find, cases: &[&'static str]) -> Vec<String> {
    let is_wrong = |text: &&&str| !find(text).is_empty();
    cases.iter().filter(is_wrong).map(|text| format!("{text}: {:?}", found(find, text))).collect()
}

#[test]
fn an_emoji_is_one_range_whatever_it_is_made_of() {
    let cases = [
        ("a 😀 b", "😀"),
        ("👍🏽", "👍🏽"),
        ("☝🏽", "☝🏽"),
        ("👨‍👩‍👧‍👦!", "👨‍👩‍👧‍👦"),
        ("👩🏽‍💻", "👩🏽‍💻"),
        ("🏳️‍🌈", "🏳️‍🌈"),
        ("🏳‍🌈", "🏳‍🌈"),
        ("🇷🇺", "🇷🇺"),
        (
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        ),
        ("1️⃣", "1️⃣"),
        ("#⃣", "#⃣"),
        ("❤️", "❤️"),
        ("❤️‍🔥", "❤️‍🔥"),
        ("©️", "©️"),
        ("☺️", "☺️"),
        ("⌚", "⌚"),
        ("🀄", "🀄"),
        ("🫠", "🫠"),
        ("😀\u{200d}", "😀"),
        ("Привет🙂", "🙂"),
    ];
    assert_eq!(wrong(emoji, &cases), Vec::<String>::new());
    assert_eq!(found(emoji, "🇷🇺🇺🇸😀😀"), ["🇷🇺", "🇺🇸", "😀", "😀"]);
}

#[test]
fn signs_that_are_drawn_as_text_are_no_emoji() {
    let cases = [
        "",
        "abc",
        "123",
        "#*",
        "©",
        "®",
        "™",
        "☺",
        "❤",
        "☝",
        "↔",
        "✔",
        "⌚\u{fe0e}",
        "😀\u{fe0e}",
        "🇷",
        "\u{200d}",
        "\u{fe0f}",
        "привет",
        "日本語",
        "№ 5",
        "→",
        "a\u{20e3}",
    ];
    assert_eq!(not_empty(emoji, &cases), Vec::<String>::new());
}

#[test]
fn telephone_numbers_are_found_as_people_group_them() {
    let cases = [
        ("+79123456789", "+79123456789"),
        ("+7 912 345-67-89", "+7 912 345-67-89"),
        ("звоните +7 (912) 345-67-89!", "+7 (912) 345-67-89"),
        ("8 (912) 345-67-89", "8 (912) 345-67-89"),
        ("8-912-345-67-89", "8-912-345-67-89"),
        ("8 912 345 67 89", "8 912 345 67 89"),
        ("89123456789", "89123456789"),
        ("8(495)123-45-67", "8(495)123-45-67"),
        ("8 800 555 35 35", "8 800 555 35 35"),
        ("8.912.345.67.89", "8.912.345.67.89"),
        ("8 9 1 2 3 4 5 6 7 8 9", "8 9 1 2 3 4 5 6 7 8 9"),
        ("тел.: 9123456789", "9123456789"),
        ("912 345-67-89", "912 345-67-89"),
        ("US (415) 555-2671", "(415) 555-2671"),
        ("415-555-2671", "415-555-2671"),
        ("415.555.2671", "415.555.2671"),
        ("1-415-555-2671", "1-415-555-2671"),
        ("+1 (415) 555-2671", "+1 (415) 555-2671"),
        ("+44 20 7946 0958", "+44 20 7946 0958"),
        ("020 7946 0958", "020 7946 0958"),
        ("+49 (0) 30 123456", "+49 (0) 30 123456"),
        ("+380 67 123 45 67", "+380 67 123 45 67"),
        ("380 67 123 45 67", "380 67 123 45 67"),
        ("00 44 20 7946 0958", "00 44 20 7946 0958"),
        ("06 12 34 56 78", "06 12 34 56 78"),
        ("123-45-67", "123-45-67"),
        ("call 555-2671", "555-2671"),
        ("＋７９１２３４５６７８９", "＋７９１２３４５６７８９"),
        ("8912\u{200b}345\u{200b}6789", "8912\u{200b}345\u{200b}6789"),
        ("+7–912–345–67–89", "+7–912–345–67–89"),
        ("tel:+79123456789", "+79123456789"),
        ("89123456789звоните", "89123456789"),
    ];
    assert_eq!(wrong(phone_numbers, &cases), Vec::<String>::new());
    assert_eq!(found(phone_numbers, "+79123456789, +7 912 345-67-80 8 912 345 67 81").len(), 3);
    assert_eq!(found(phone_numbers, "+79123456789+79123456780").len(), 2);
}

#[test]
fn telephone_numbers_are_found_in_all_digits_and_with_all_separators() {
    let cases = [
        ("8_912_345_67_89", "8_912_345_67_89"),
        ("٠٥٠١٢٣٤٥٦٧", "٠٥٠١٢٣٤٥٦٧"),
        ("тел ८ ९१२ ३४५ ६७ ८९", "८ ९१२ ३४५ ६७ ८९"),
        ("⑧⑨①②③④⑤⑥⑦⑧⑨", "⑧⑨①②③④⑤⑥⑦⑧⑨"),
        ("8\t912\t345\t67\t89", "8\t912\t345\t67\t89"),
        ("8\n912\n345\n67\n89", "8\n912\n345\n67\n89"),
        ("8     912     345-67-89", "8     912     345-67-89"),
        ("8*912*345*67*89", "8*912*345*67*89"),
        ("8★912★345★67★89", "8★912★345★67★89"),
        ("8•912•345•67•89", "8•912•345•67•89"),
        ("8, 912, 345, 67, 89", "8, 912, 345, 67, 89"),
        ("8\u{2800}912\u{3164}345\u{1}6789", "8\u{2800}912\u{3164}345\u{1}6789"),
        ("030/1234567", "030/1234567"),
        ("010ㅡ1234ㅡ5678", "010ㅡ1234ㅡ5678"),
        ("090ー1234ー5678", "090ー1234ー5678"),
        ("call89123456789now", "89123456789"),
        ("tel_89123456789", "89123456789"),
        ("_89123456789_", "89123456789"),
        ("tel-89123456789", "89123456789"),
        ("#89123456789", "89123456789"),
        ("tel=89123456789", "89123456789"),
        ("заказ 89123456789", "89123456789"),
        ("тел/89123456789", "89123456789"),
        ("мой тел./8 912 345-67-89", "8 912 345-67-89"),
        ("call/89123456789", "89123456789"),
        ("89123456789/", "89123456789"),
        ("89123456789:", "89123456789"),
    ];
    assert_eq!(wrong(phone_numbers, &cases), Vec::<String>::new());
    for two in [
        "+79123456789/+79123456780",
        "89123456789/89123456780",
        "8 912 345-67-89 / 8 912 345-67-80",
        "89123456789,89123456780",
        "89123456789;89123456780",
        "123-45-67/123-45-68",
        "+7 912 345-67-89/345-67-80, 123-45-67",
    ] {
        assert_eq!(found(phone_numbers, two).len(), 2 + usize::from(two.contains(", 1")), "{two}");
    }
}

#[test]
fn numbers_of_documents_lists_and_sums_are_no_telephone_numbers() {
    let cases = [
        "ИНН 7707083893",
        "ИНН: 500100732259",
        "INN 7707083893",
        "СНИЛС 112-233-445 95",
        "ОГРН 1027700132195",
        "order no. 2345678901",
        "invoice: 4155552671",
        "счёт № 4155552671",
        "id 9123456789",
        "sha1 2345678901a",
        "7, 9, 12, 33, 4512, 5",
        "8, 9, 10, 11, 12, 13, 14",
        "05, 12, 23, 34, 45",
        "8,912,345,678.9",
        "12,345,678,901",
        "10.10.10.10:8080",
        "192.168.100.200/24",
        "01/02/2024 03/04/2024",
        "2024_01_15 10_30",
        "0123456789",
        "5123 0123 4567 8901",
        "http://example.com/8-912-345-67-89",
        "100-6400, 200-7400",
    ];
    assert_eq!(not_empty(phone_numbers, &cases), Vec::<String>::new());
}

#[test]
fn e_mail_addresses_are_found_whatever_stands_around_their_signs() {
    let cases = [
        ("name\tat\texample\tdot\tcom", "name\tat\texample\tdot\tcom"),
        ("name  (at)  example.com", "name  (at)  example.com"),
        ("name *at* example *dot* com", "name *at* example *dot* com"),
        ("name_at_example_dot_com", "name_at_example_dot_com"),
        ("name -at- example -dot- com", "name -at- example -dot- com"),
        ("name /собака/ mail /точка/ ru", "name /собака/ mail /точка/ ru"),
        ("name\u{2800}@\u{2800}example.com", "name\u{2800}@\u{2800}example.com"),
        ("name﹫example.com", "name﹫example.com"),
        ("name\n@\nexample.com", "name\n@\nexample.com"),
        ("write to x@a-at-b.com now", "x@a-at-b.com"),
        ("٤٢@example.com", "٤٢@example.com"),
        ("name@ example.com", "name@ example.com"),
        ("name@@example.com", "name@@example.com"),
        ("name@@ example.com", "name@@ example.com"),
        ("name@\u{2800}example.com", "name@\u{2800}example.com"),
    ];
    assert_eq!(wrong(email_addresses, &cases), Vec::<String>::new());
}

#[test]
fn dates_sums_cards_and_numbers_of_orders_are_no_telephone_numbers() {
    let cases = [
        "",
        "12345",
        "2024-01-15",
        "15.01.2024",
        "15.01.2024 10:30",
        "2024-01-15 10:30:00",
        "2024-01-15T10:30:00Z",
        "10:30",
        "10.30-11.30",
        "5.50",
        "1 234 567.89",
        "123 456 789.00 руб.",
        "12 345 678 900",
        "$1234567890",
        "order 1234567",
        "заказ 123456789",
        "№ 12345678",
        "#9123456789",
        "192.168.100.200",
        "10.0.19045.3693",
        "4111 1111 1111 1111",
        "4111111111111111",
        "5500-0000-0000-0004",
        "1700000000",
        "1700000000000",
        "20240115103000",
        "a89123456789",
        "89123456789@mail.ru",
        "http://example.com/89123456789",
        "vk.com/89123456789",
        "see items/list/89123456789",
        "12-34-56",
        "2020-2024",
        "1.2.3.4.5.6.7.8",
        "0000000000",
        "01.02.2024 - 05.02.2024",
        "ISBN 978-5-699-12014-7",
        "2+2=4",
        "from 100-6400 to",
        "IEEE 754-2008",
        "0.4.0+25.0.8775105",
    ];
    assert_eq!(not_empty(phone_numbers, &cases), Vec::<String>::new());
}

#[test]
fn e_mail_addresses_are_found_with_signs_and_with_words_for_them() {
    let cases = [
        ("name@example.com", "name@example.com"),
        ("write to Name.Last+tag@mail.example.co.uk.", "Name.Last+tag@mail.example.co.uk"),
        ("<user@domain.com>", "user@domain.com"),
        ("mailto:a@b.com", "a@b.com"),
        ("почта:a@b.ru", "a@b.ru"),
        ("имя@пример.рф", "имя@пример.рф"),
        ("192.168.1.1@gmail.com", "192.168.1.1@gmail.com"),
        ("name＠example.com", "name＠example.com"),
        ("name@example．com", "name@example．com"),
        ("na\u{200b}me@exam\u{200b}ple.com", "na\u{200b}me@exam\u{200b}ple.com"),
        ("name(at)example.com", "name(at)example.com"),
        ("name (at) example.com", "name (at) example.com"),
        ("name[at]example[dot]com", "name[at]example[dot]com"),
        ("name [at] example [dot] com", "name [at] example [dot] com"),
        ("name{at}example{dot}com", "name{at}example{dot}com"),
        ("name[@]example.com", "name[@]example.com"),
        ("name(собака)mail(точка)ru", "name(собака)mail(точка)ru"),
        ("name at example dot com", "name at example dot com"),
        ("john at example dot co dot uk", "john at example dot co dot uk"),
        ("name собака mail точка ру", "name собака mail точка ру"),
        ("пишите: name собака mail.ru", "name собака mail.ru"),
        ("имя собака пример точка рф", "имя собака пример точка рф"),
        ("name @ example.com", "name @ example.com"),
        ("name @ example . com", "name @ example . com"),
        ("name@example dot com", "name@example dot com"),
        ("a_b-c@x-y.org, please", "a_b-c@x-y.org"),
        ("ｎａｍｅ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ｎａｍｅ＠ｅｘａｍｐｌｅ．ｃｏｍ"),
    ];
    assert_eq!(wrong(email_addresses, &cases), Vec::<String>::new());
    assert_eq!(found(email_addresses, "a@b.com,c@d.org; e@f.ru").len(), 3);
}

#[test]
fn mentions_links_and_prose_are_no_e_mail_addresses() {
    let cases = [
        "",
        "@mention",
        "hello @user.name",
        "hello @@user.name",
        "@@ -1,3 +1,4 @@ main.rs",
        "user@host",
        "user@localhost",
        "root@server1",
        "a@b",
        "@",
        "a@",
        "@b.com",
        "name@.com",
        "example.com",
        "http://user:secret@example.com/",
        "https://user@example.com",
        "look at example.com",
        "look at example dot com",
        "meet me at example dot com",
        "meet at noon",
        "собака лает",
        "у меня собака, mail.ru",
        "look. at example dot com",
        "моя собака точка",
        "at dot com",
        "5 @ 10.50",
        "name@example.txt",
        "name@example",
        "@name@example",
        "a @ b",
        "the price is at most 5.com",
        "we are at example dot com",
    ];
    assert_eq!(not_empty(email_addresses, &cases), Vec::<String>::new());
}

/// With work in the square of the length, each of these would take minutes.
#[test]
fn texts_made_to_be_slow_are_not() {
    let pieces = [
        "1",
        "1 ",
        "1-",
        "+",
        "(",
        "+1",
        "8 912 ",
        "@",
        "a@",
        "a@b",
        "a@b.",
        "a at ",
        "at ",
        "dot ",
        " ",
        "a",
        "[at]",
        "a@a dot ",
        "\u{200d}",
        "👍",
        "👍\u{200d}",
        "☝\u{200d}",
        "🇷",
        "🏽",
        "#\u{fe0f}",
        "\u{e0067}",
        "日",
        "http://a@",
    ];
    for piece in pieces {
        let text = piece.repeat(limits::TEXT_BYTES / piece.len());
        for find in [emoji as Find, phone_numbers, email_addresses] {
            assert!(find(&text).len() <= limits::LINKS, "{piece}");
        }
    }
}

/// Of Latin, Arabic, Persian, Hindi, Bengali, Thai, Myanmar, full width, mathematics.
const ZEROS: [char; 9] = ['0', '٠', '۰', '०', '০', '๐', '၀', '０', '𝟎'];
const SEPARATORS: [&str; 28] = [
    " ", "  ", "\t", "\n", "-", "_", ".", "/", "\\", "·", "•", "—", "−", "|", "*", "~", ":", ";", ",", "\u{a0}",
    "\u{2009}", "\u{3000}", "\u{2800}", "\u{3164}", "★", "📞", " - ", "ー",
];

fn written(groups: &[&str], separator: &str, zero: char) -> String {
    let digit = |digit: u8| char::from_u32(u32::from(zero) + u32::from(digit - b'0'));
    let groups: Vec<String> = groups.iter().map(|group| group.bytes().filter_map(digit).collect()).collect();
    groups.join(separator)
}

proptest! {
    /// Each separator, digits of each script, each grouping, and what may stand beside.
    #[test]
    fn a_telephone_number_is_found_however_it_is_spelled(
        groups in prop::sample::select(vec![
            vec!["8", "912", "345", "67", "89"], vec!["8", "912", "3456789"], vec!["8", "9123456789"], vec!["89123456789"],
            vec!["8912", "345", "67", "89"], vec!["8", "9", "1", "2", "3", "4", "5", "6", "7", "8", "9"], vec!["415", "555", "2671"],
            vec!["020", "7946", "0958"], vec!["1", "415", "555", "2671"],
        ]),
        separator in prop::sample::select(&SEPARATORS[..]),
        zero in prop::sample::select(&ZEROS[..]),
        (before, after) in prop::sample::select(vec![("", ""), ("тел. ", "!"), ("call", "now"), ("(", ")"), ("*", "*"), ("_", "_"), ("«", "»")]),
    ) {
        let number = written(&groups, separator, zero);
        // Ten digits in a word may be anything; eleven, as they are dialled in Russia, not.
        prop_assume!(before != "call" || separator != "\u{3164}" || groups[0].starts_with('8'));
        let text = format!("{before}{number}{after}");
        let found = found(phone_numbers, &text);
        prop_assert_eq!(found.len(), 1, "{} {:?}", text, found);
        prop_assert!(found[0].contains(&number), "{} {:?}", text, found);
    }

    #[test]
    fn two_numbers_are_two(
        separator in prop::sample::select(vec!["/", ", ", ",", ";", " ", " / ", "\n", "|", " и "]),
        zero in prop::sample::select(&ZEROS[..]),
    ) {
        let text = ["89123456789", "89123456780"].map(|number| written(&[number], "", zero)).join(separator);
        prop_assert_eq!(found(phone_numbers, &text).len(), 2, "{}", text);
    }

    #[test]
    fn what_a_number_is_called_says_that_it_is_none(
        name in prop::sample::select(vec!["ИНН", "инн", "INN", "ОГРН", "order", "заказ", "invoice", "ID", "tax id", "SKU"]),
        sign in prop::sample::select(vec![" ", ": ", " № ", ":", " no. ", " #"]),
        number in "[2-9][0-9]{9}",
        zero in prop::sample::select(&ZEROS[..]),
    ) {
        let text = format!("{name}{sign}{}", written(&[&number], "", zero));
        prop_assert_eq!(found(phone_numbers, &text), Vec::<&str>::new());
    }

    #[test]
    fn ranges_lie_on_character_boundaries_in_order_and_apart(
        text in "([0-9 +().\\-@a-cа-в０-９＠\u{200b}\u{200d}\u{fe0f}\u{fe0e}\u{20e3}\u{301}👍🏽🇷🇺☝©]|\\PC| at | dot |com|\\[at\\]|8912345|a@b\\.ru){0,40}",
    ) {
        for find in [emoji as Find, phone_numbers, email_addresses] {
            let mut last = 0;
            for range in find(&text) {
                prop_assert!(last <= range.start && range.start < range.end);
                prop_assert!(text.get(range.clone()).is_some());
                last = range.end;
            }
        }
    }
}
