//! What the plugin promises, as messages.

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;
use sluice_plugin::testing::{
    applied, assert_allows, assert_blocks, assert_flags, assert_holds, assert_redacts_to, configured, message, refused,
    schema,
};

use super::*;

fn blocking(words: &[&str]) -> BlockedWords {
    configured(json!({ "lists": [{ "name": "words", "words": words }] }))
}

fn blocks(plugin: &BlockedWords, text: &str) -> bool {
    plugin.check(&message(text)) != Verdict::Allow
}

#[derive(Deserialize)]
struct Fixture {
    text: String,
    expect: String,
}

/// Each line of `fixtures/messages.jsonl`, checked under the configuration of `fixtures/config.json`.
#[test]
fn the_fixtures_come_out_as_they_say() {
    let plugin: BlockedWords = configured(serde_json::from_str(include_str!("../fixtures/config.json")).unwrap());
    for line in include_str!("../fixtures/messages.jsonl").lines() {
        let fixture: Fixture = serde_json::from_str(line).unwrap();
        let message = message(&fixture.text);
        let outcome = match plugin.check(&message) {
            Verdict::Allow => "allow".to_owned(),
            Verdict::Flag(labels) => format!("flag {}", labels.join(" ")),
            Verdict::Redact(edits) => format!("redact {}", applied(&message.text, &edits).unwrap()),
            Verdict::Hold(reason) => format!("hold {}", reason.code),
            Verdict::Block(reason) => format!("block {}", reason.code),
        };
        assert_eq!(outcome, fixture.expect, "{}", fixture.text);
    }
}

#[test]
fn without_lists_everything_passes() {
    assert_allows(configured::<BlockedWords>(json!({})).check(&message("anything")));
}

#[test]
fn a_word_counts_only_by_itself_unless_it_counts_anywhere() {
    let plugin = blocking(&["bad"]);
    assert!(blocks(&plugin, "a BAD word"));
    assert!(blocks(&plugin, "bad"));
    assert!(blocks(&plugin, "(bad)"));
    assert!(!blocks(&plugin, "a badge"));
    let plugin: BlockedWords =
        configured(json!({ "lists": [{ "name": "words", "words": ["bad", "x", "of them"], "matching": "anywhere" }] }));
    assert!(blocks(&plugin, "a badge"));
    assert!(blocks(&plugin, "tuxedo"));
    assert!(blocks(&plugin, "hoof,  themes"));
    assert!(!blocks(&plugin, "of the m"));
}

#[test]
fn disguises_are_seen_through() {
    let plugin = blocking(&["loan", "shit", "cash", "ass", "сука"]);
    for text in [
        "l0an",
        "LOАN",
        "ｌｏａｎ",
        "lóàn",
        "l\u{200b}o\u{301}an",
        "𝐥𝐨𝐚𝐧",
        "1oan",
        "sh!t",
        "$hit",
        "$h1t!",
        "sh!t!!",
        "c@$h",
        "a$$",
        "cyka",
        "СУКА",
        "cука",
        "l.o.a.n",
        "l o a n",
        "l-o-a-n!",
        "x l o a n y",
        "@loan",
        "loan$",
    ] {
        assert!(blocks(&plugin, text), "{text}");
    }
    for text in ["load", "shift", "lot an", "a s sentence", "l... o... a... n", "a l d o n"] {
        assert!(!blocks(&plugin, text), "{text}");
    }
}

#[test]
fn a_word_is_found_within_what_is_written_without_spaces() {
    for (word, text) in [
        ("傻逼", "你是傻逼吗"),
        ("傻逼", "傻\u{200b}逼！"),
        ("ควาย", "ไอ้ควายเอ๊ย"),
        ("ໂງ່", "ເຈົ້າໂງ່ຫຼາຍ"),
        ("ឆ្កែ", "អ្នកឆ្កែនេះ"),
        ("ခွေး", "မင်းခွေးကောင်"),
        ("ばか", "おまえはばかだ"),
        ("バカ", "お前はバカだ"),
        ("loan", "我要loan吗"),
        ("loan", "我要ＬＯＡＮ吗"),
        ("send money", "请send money吧"),
        ("vip会员", "加vip会员吧"),
        ("会员vip", "加会员vip"),
    ] {
        assert!(blocks(&blocking(&[word]), text), "{word} in {text}");
    }
    for (word, text) in [
        ("傻逼", "你是傻吗"),
        ("ass", "class"),
        ("ass", "我的class吗"),
        ("vip会员", "加svip会员吧"),
        ("会员vip", "加会员vips"),
        ("바보", "바보야"),
        ("bad", "badж"),
    ] {
        assert!(!blocks(&blocking(&[word]), text), "{word} in {text}");
    }
    let masked: BlockedWords = configured(json!({ "lists": [{ "name": "w", "words": ["傻逼"], "action": "redact" }] }));
    let text = message("你是傻逼吗");
    assert_redacts_to(&text, masked.check(&text), "你是**吗");
}

#[test]
fn one_letter_that_is_several_is_found_as_several() {
    for (word, text) in [
        ("strasse", "Straße"),
        ("straße", "STRASSE"),
        ("scheiße", "SCHEIẞE"),
        ("fish", "ﬁsh"),
        ("ﬁsh", "fish"),
        ("istanbul", "İSTANBUL"),
        ("σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("ΣΊΣΥΦΟΣ", "σισυφος"),
    ] {
        assert!(blocks(&blocking(&[word]), text), "{word} in {text}");
        let plugin: BlockedWords =
            configured(json!({ "lists": [{ "name": "w", "words": [word], "matching": "anywhere" }] }));
        assert!(blocks(&plugin, &format!("x{text}x")), "{word} anywhere in {text}");
    }
    let masked: BlockedWords =
        configured(json!({ "lists": [{ "name": "w", "words": ["strasse"], "action": "redact" }] }));
    let text = message("die Straße da");
    assert_redacts_to(&text, masked.check(&text), "die ****** da");
}

#[test]
fn letters_that_share_a_class_are_not_taken_for_each_other() {
    let plugin = blocking(&["bail"]);
    assert!(!blocks(&plugin, "ball"));
    assert!(blocks(&plugin, "ba1l"));
    assert!(!blocks(&blocking(&["ill"]), "iii"));
}

#[test]
fn look_alikes_can_be_switched_off() {
    let plugin: BlockedWords =
        configured(json!({ "lists": [{ "name": "words", "words": ["cop"] }], "look_alikes": false }));
    assert!(blocks(&plugin, "CÓP"));
    assert!(!blocks(&plugin, "c0p"));
    assert!(!blocks(&plugin, "сор"));
}

#[test]
fn letters_that_stand_apart_can_be_switched_off() {
    let plugin: BlockedWords =
        configured(json!({ "lists": [{ "name": "words", "words": ["bad"] }], "spaced_letters": false }));
    assert!(!blocks(&plugin, "b.a.d"));
}

#[test]
fn a_phrase_is_found_whatever_stands_between_its_words() {
    let plugin = blocking(&["send money", "send me cash now", "send"]);
    assert!(blocks(&blocking(&["send money"]), "please SEND,\n money!"));
    assert!(!blocks(&blocking(&["send money"]), "send moneybags"));
    assert!(!blocks(&blocking(&["send money"]), "sendmoney"));
    assert!(blocks(&plugin, "send me"));
}

#[test]
fn the_strictest_action_wins() {
    let plugin: BlockedWords = configured(json!({ "lists": [
        { "name": "mild", "words": ["one", "two"], "action": "flag" },
        { "name": "masked", "words": ["two", "three"], "action": "redact" },
        { "name": "odd", "words": ["three"], "action": "hold", "notice": "Wait, please." },
        { "name": "never", "words": ["four"], "action": "block" },
    ] }));
    assert_flags(plugin.check(&message("one")), &["mild"]);
    let masked = message("one two");
    assert_redacts_to(&masked, plugin.check(&masked), "one ***");
    assert_holds(plugin.check(&message("two three")), CODE);
    assert_blocks(plugin.check(&message("one two three four")), CODE);
    assert!(matches!(plugin.check(&message("three")), Verdict::Hold(reason) if reason.text == "Wait, please."));
}

#[test]
fn masks_cover_marks_and_never_grow_the_text() {
    let plugin: BlockedWords = configured(
        json!({ "lists": [{ "name": "w", "words": ["bad", "a"], "action": "redact", "matching": "anywhere" }] }),
    );
    let disguised = message("so b\u{301}a\u{200b}d!");
    assert_redacts_to(&disguised, plugin.check(&disguised), "so *****!");
    let long = message(&"a ".repeat(32_768));
    let Verdict::Redact(edits) = plugin.check(&long) else { panic!("redacts") };
    assert!(!applied(&long.text, &edits).unwrap().contains('a'));
}

#[test]
fn an_unusable_word_is_refused_where_it_stands() {
    let errors = refused::<BlockedWords>(json!({ "lists": [
        { "name": "Bad Name", "words": ["fine", " - ", "x".repeat(200)] },
    ] }));
    let paths: Vec<&str> = errors.iter().map(|error| error.path.as_str()).collect();
    assert_eq!(paths, ["/lists/0/name", "/lists/0/words/1", "/lists/0/words/2"]);
}

#[test]
fn the_schema_names_and_describes_every_setting() {
    let schema = schema::<BlockedWords>();
    let list = &schema["properties"]["lists"]["items"];
    for part in [&schema["properties"], &list["properties"]] {
        for (name, property) in part.as_object().unwrap() {
            assert!(property["title"].is_string() && property["description"].is_string(), "{name}: {property}");
        }
    }
}

#[test]
fn every_one_of_many_words_is_found() {
    let words: Vec<String> = (0..10_000).map(|index| format!("w{}x{index}", index % 97)).collect();
    for matching in ["whole-word", "anywhere"] {
        let plugin: BlockedWords =
            configured(json!({ "lists": [{ "name": "many", "words": words, "matching": matching }] }));
        assert!(words.iter().all(|word| blocks(&plugin, &format!("and {word}, too"))));
        assert!(!blocks(&plugin, "none of these words is on the list"));
    }
}

proptest! {
    #[test]
    fn no_text_and_no_list_breaks_it(
        words in prop::collection::vec("\\PC{0,6}|[ab1! ]{1,4}", 0..8),
        text in "\\PC{0,60}|[ab1!@$ .\u{301}]{0,40}",
        anywhere: bool,
        look_alikes: bool,
    ) {
        let letters = Letters::new(look_alikes);
        let words: Vec<String> =
            words.into_iter().filter(|word| patterns::Pattern::new(&letters, word, 0).is_ok()).collect();
        let plugin: BlockedWords = configured(json!({
            "lists": [{ "name": "w", "words": words, "action": "redact", "matching": if anywhere { "anywhere" } else { "whole-word" } }],
            "look_alikes": look_alikes,
        }));
        let message = message(&text);
        if let Verdict::Redact(edits) = plugin.check(&message) {
            prop_assert!(applied(&text, &edits).is_ok());
        }
    }

    #[test]
    fn a_word_of_a_script_without_spaces_is_found_between_its_letters(
        word in "[\u{4e00}-\u{9fff}]{1,4}|[\u{e01}-\u{e2e}]{2,6}|[\u{3041}-\u{3096}]{2,6}|[\u{1780}-\u{17a2}]{2,5}|[\u{1000}-\u{1020}]{2,5}",
        before in "[\u{4e00}-\u{9fff}\u{e01}-\u{e2e}a-z ]{0,5}",
        after in "[\u{4e00}-\u{9fff}\u{e01}-\u{e2e}a-z ]{0,5}",
    ) {
        let text = format!("{before}{word}{after}");
        prop_assert!(blocks(&blocking(&[&word]), &text), "{:?}", text);
    }

    #[test]
    fn a_word_of_a_script_with_spaces_is_not_found_in_a_longer_one(
        (word, letter) in prop_oneof![
            ("[a-z]{3,6}", "[a-z]"), ("[а-я]{3,6}", "[а-я]"), ("[가-힣]{2,4}", "[가-힣]"), ("[α-ρ]{3,6}", "[α-ρ]"),
        ],
        at_end: bool,
    ) {
        let text = if at_end { format!("{word}{letter}") } else { format!("{letter}{word}") };
        let plugin: BlockedWords = configured(json!({ "lists": [{ "name": "w", "words": [word] }], "look_alikes": false }));
        prop_assert!(!blocks(&plugin, &text), "{:?}", text);
    }

    #[test]
    fn a_word_is_always_found_in_itself(word in "\\PC{1,20}", before in "\\PC{0,5}", after in "\\PC{0,5}") {
        if patterns::Pattern::new(&Letters::new(true), &word, 0).is_ok() {
            let text = format!("{before} {word} {after}");
            prop_assert!(blocks(&blocking(&[&word]), &text), "{:?}", text);
            let plugin: BlockedWords =
                configured(json!({ "lists": [{ "name": "w", "words": [word], "matching": "anywhere" }] }));
            prop_assert!(blocks(&plugin, &text), "anywhere {:?}", text);
        }
    }
}
