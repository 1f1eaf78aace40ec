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

    #[test]
    fn a_card_is_found_however_its_digits_are_grouped(
        account in "4[0-9]{14}",
        gaps in prop::collection::vec(prop::option::of("[ .-]"), 15),
    ) {
        let mut digits = account.clone();
        let check = (b'0'..=b'9').find(|&check| {
            let whole: Vec<u8> = account.bytes().chain([check]).map(|byte| byte - b'0').collect();
            checks::is_card(&whole)
        });
        digits.push(char::from(check.unwrap()));
        let mut text = String::new();
        for (digit, gap) in digits.chars().zip(gaps.into_iter().chain([None])) {
            text.push(digit);
            text.extend(gap);
        }
        let message = message(&format!("card: {text}, thanks"));
        let expected = format!("card: [card •••• {}], thanks", &digits[12..]);
        assert_redacts_to(&message, default_plugin().check(&message), &expected);
    }
}
