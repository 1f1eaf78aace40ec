//! What the plugin promises, as messages.

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;
use sluice_plugin::testing::{
    applied, assert_allows, assert_blocks, assert_flags, assert_holds, assert_redacts_to, configured, message, refused,
    schema,
};

use super::*;

fn default_plugin() -> SensitiveData {
    configured(json!({}))
}

#[derive(Deserialize)]
struct Fixture {
    text: String,
    expect: String,
}

/// Each line of `fixtures/messages.jsonl`: the text as it is delivered, or `allow`. INN are looked for too.
#[test]
fn the_fixtures_come_out_as_they_say() {
    let plugin: SensitiveData = configured(json!({ "inn": { "action": "redact" } }));
    for line in include_str!("../fixtures/messages.jsonl").lines() {
        let fixture: Fixture = serde_json::from_str(line).unwrap();
        let message = message(&fixture.text);
        match plugin.check(&message) {
            Verdict::Allow => assert_eq!(fixture.expect, "allow", "{}", fixture.text),
            verdict => assert_redacts_to(&message, verdict, &fixture.expect),
        }
    }
}

#[test]
fn a_card_shows_its_last_four_digits_only_where_that_is_wanted() {
    let card = message("4111 1111 1111 1111");
    assert_redacts_to(&card, default_plugin().check(&card), "[card •••• 1111]");
    let plugin: SensitiveData = configured(json!({ "payment_cards": { "keep_last_four": false } }));
    assert_redacts_to(&card, plugin.check(&card), "[card]");
}

#[test]
fn each_kind_has_its_own_action_and_the_strictest_wins() {
    let plugin: SensitiveData = configured(json!({
        "payment_cards": { "action": "block" },
        "ibans": { "action": "flag" },
        "snils": { "action": "hold" },
        "russian_passports": { "action": "off" },
    }));
    let iban = "DE89 3704 0044 0532 0130 00";
    assert_flags(plugin.check(&message(&format!("{iban}, {iban}"))), &["iban"]);
    assert_holds(plugin.check(&message(&format!("{iban}, 112-233-445 95"))), "snils");
    assert_blocks(plugin.check(&message(&format!("112-233-445 95, {iban}, 4111111111111111"))), "payment-card");
    assert_allows(plugin.check(&message("паспорт 4509 123456")));
    assert_allows(default_plugin().check(&message("ИНН 7707083893")));
}

#[test]
fn a_reason_never_repeats_what_was_found() {
    let plugin: SensitiveData = configured(json!({ "payment_cards": { "action": "hold" } }));
    let Verdict::Hold(reason) = plugin.check(&message("4111 1111 1111 1111")) else { panic!("holds") };
    assert!(!reason.text.contains(|c: char| c.is_ascii_digit()));
}

#[test]
fn an_unknown_setting_is_refused_where_it_stands() {
    assert_eq!(refused::<SensitiveData>(json!({ "ibans": { "action": "shred" } }))[0].path, "/ibans/action");
    assert_eq!(refused::<SensitiveData>(json!({ "cards": {} }))[0].path, "/cards");
}

#[test]
fn the_schema_names_and_describes_every_setting() {
    let schema = schema::<SensitiveData>();
    for (name, property) in schema["properties"].as_object().unwrap() {
        assert!(property["title"].is_string() && property["description"].is_string(), "{name}: {property}");
        for (name, property) in property["properties"].as_object().unwrap() {
            assert!(property["title"].is_string() && property["description"].is_string(), "{name}: {property}");
        }
    }
}

#[test]
fn a_text_full_of_cards_is_redacted_whole() {
    let text = "4111111111111111,".repeat(3_855);
    let message = message(&text);
    let Verdict::Redact(edits) = default_plugin().check(&message) else { panic!("redacts") };
    assert!(!applied(&text, &edits).unwrap().contains("411111"));
}

proptest! {
    #[test]
    fn no_text_breaks_it(text in "\\PC{0,60}|[0-9a-zA-Z０-９ .\u{200b}\u{a0}-]{0,60}|(DE|ИНН |паспорт |снилс )[0-9 -]{0,30}") {
        let plugin: SensitiveData = configured(json!({ "inn": { "action": "redact" } }));
        if let Verdict::Redact(edits) = plugin.check(&message(&text)) {
            prop_assert!(applied(&text, &edits).is_ok());
        }
    }

    /// Each separator, digits of each script, each grouping that people use, and words that touch the digits.
    #[test]
    fn a_card_is_found_however_it_is_written(
        account in "4[0-9]{14}",
        grouping in prop::sample::select(GROUPINGS),
        separator in prop::sample::select(SEPARATORS),
        zero in prop::sample::select(ZEROS),
        (before, after) in prop::sample::select(&[("card: ", ", thanks"), ("card", "thanks"), ("карта", " "), ("(", ")")][..]),
    ) {
        let digits = with_check_digit(&account);
        let dots = separator == "." && (grouping[0] == 2 || grouping == [1; 16]);
        prop_assume!(!dots);
        let message = message(&format!("{before}{}{after}", written(&digits, grouping, separator, zero)));
        let expected = format!("{before}[card •••• {}]{after}", &digits[12..]);
        assert_redacts_to(&message, default_plugin().check(&message), &expected);
    }

    #[test]
    fn digits_in_groups_that_no_card_has_are_none(
        account in "4[0-9]{14}",
        grouping in prop::sample::select(GROUPINGS_OF_NO_CARD),
        separator in prop::sample::select(SEPARATORS),
        zero in prop::sample::select(ZEROS),
    ) {
        let digits = with_check_digit(&account);
        // A part may be a shorter card of its own.
        prop_assume!(!is_part_a_card(&digits, grouping));
        let seen = !separator.chars().all(sluice_plugin::text::is_invisible);
        prop_assume!(seen);
        assert_allows(default_plugin().check(&message(&written(&digits, grouping, separator, zero))));
    }

    #[test]
    fn a_barcode_is_no_card(code in "40[0-9]{10}", zero in prop::sample::select(ZEROS)) {
        let digits = (b'0'..=b'9').map(|check| format!("{code}{}", char::from(check)));
        let barcode = digits.into_iter().find(|digits| checks::is_barcode(&values(digits))).unwrap();
        assert_allows(default_plugin().check(&message(&format!("EAN {}", written(&barcode, &[13], "", zero)))));
    }
}

const GROUPINGS: &[&[usize]] =
    &[&[16], &[4, 4, 4, 4], &[8, 8], &[2; 8], &[1; 16], &[6, 10], &[4, 12], &[12, 4], &[4, 8, 4]];
const GROUPINGS_OF_NO_CARD: &[&[usize]] = &[
    &[5, 5, 6],
    &[3, 3, 3, 3, 4],
    &[7, 9],
    &[4, 3, 3, 3, 3],
    &[1, 3, 3, 3, 3, 3],
    &[2, 4, 4, 6],
    &[10, 6],
    &[4, 4, 8],
    &[3, 4, 4, 5],
    &[2, 2, 12],
    &[5, 5, 5, 1],
];
const SEPARATORS: &[&str] = &[
    " ", "\t", "-", "_", "/", ".", ",", "·", "•", "—", "−", "|", "*", "~", ":", ";", "\u{a0}", "\u{2009}", "\u{3000}",
    "\u{2800}", "\u{3164}", "\u{200b}", "\n", "★", "💳", " - ", "ー", "、", "\\", "'",
];
/// Of Latin, Arabic, Persian, Hindi, Bengali, Thai, full width, mathematics.
const ZEROS: &[char] = &['0', '٠', '۰', '०', '০', '๐', '０', '𝟎', '𝟶'];

fn values(digits: &str) -> Vec<u8> {
    digits.bytes().map(|byte| byte - b'0').collect()
}

fn with_check_digit(account: &str) -> String {
    let whole = (b'0'..=b'9').map(|check| format!("{account}{}", char::from(check)));
    whole.into_iter().find(|whole| checks::is_card(&values(whole))).unwrap()
}

fn written(digits: &str, grouping: &[usize], separator: &str, zero: char) -> String {
    let mut digits = digits.bytes().map(|byte| char::from_u32(zero as u32 + u32::from(byte - b'0')).unwrap());
    let groups: Vec<String> = grouping.iter().map(|&length| digits.by_ref().take(length).collect()).collect();
    groups.join(separator)
}

fn is_part_a_card(digits: &str, grouping: &[usize]) -> bool {
    let mut ends = vec![0];
    for length in grouping {
        ends.push(ends[ends.len() - 1] + length);
    }
    let whole = (0, ends.len() - 1);
    (0..ends.len())
        .flat_map(|from| (from + 1..ends.len()).map(move |to| (from, to)))
        .filter(|part| *part != whole)
        .any(|(from, to)| checks::is_card(&values(&digits[ends[from]..ends[to]])))
}

#[test]
fn what_only_looks_like_a_card_is_left_alone() {
    for text in [
        "ping 4111 111.111.111.111",
        "0.4111111111111111",
        "x4111111111111111",
        "4111111111111111b",
        "id a4b4111111111111111",
        "4111 11 1111111111",
        "411.111.111.111.111.1",
        "EAN 4006381333931",
        "+4915112345678",
    ] {
        assert_allows(default_plugin().check(&message(text)));
    }
}

#[test]
fn an_iban_is_found_however_it_is_written() {
    for text in [
        "DE89\t3704\t0044\t0532\t0130\t00",
        "DE89_3704_0044_0532_0130_00",
        "DE 89 3704 0044 0532 0130 00",
        "ＤＥ８９３７０４００４４０５３２０１３０００",
        "DE٨٩٣٧٠٤٠٠٤٤٠٥٣٢٠١٣٠٠٠",
        "DE\u{200b}89370400440532013000",
        "DE89/3704/0044/0532/0130/00",
        "D E 8 9 3 7 0 4 0 0 4 4 0 5 3 2 0 1 3 0 0 0",
    ] {
        let message = message(&format!("to {text}, please"));
        assert_redacts_to(&message, default_plugin().check(&message), "to [iban], please");
    }
}

#[test]
fn russian_numbers_are_found_however_they_are_written() {
    for (text, expected) in [
        ("112_233_445_95", "[snils]"),
        ("١١٢-٢٣٣-٤٤٥ ٩٥", "[snils]"),
        ("паспорт\t4509\t123456", "паспорт\t[passport]"),
        ("паспорт: серия 45/09 — номер: १२३४५६", "паспорт: серия [passport]"),
    ] {
        let message = message(text);
        assert_redacts_to(&message, default_plugin().check(&message), expected);
    }
}
