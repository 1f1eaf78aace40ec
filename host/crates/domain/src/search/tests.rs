use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn of(text: &str) -> Vec<String> {
    indexed(text).split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// What both databases do with the words.
fn finds(query: &str, text: &str) -> bool {
    let words: BTreeSet<String> = of(text).into_iter().collect();
    let has = |word: &Word| {
        if word.is_beginning {
            words.range(word.text.clone()..).next().is_some_and(|found| found.starts_with(&word.text))
        } else {
            words.contains(&word.text)
        }
    };
    let query = Query::new(query);
    !query.is_empty() && query.parts.iter().all(|choices| choices.iter().any(|choice| choice.iter().all(has)))
}

#[test]
fn words_are_runs_of_letters_and_digits_in_lower_case() {
    assert_eq!(of("Where's my PARCEL, nr. 42-a?"), ["where", "s", "my", "parcel", "nr", "42", "a"]);
    assert_eq!(of("Ещё ёлка"), ["еще", "елка"]);
    assert_eq!(of("\" OR * NEAR(\0)"), ["or", "near"]);
    assert_eq!(of(" \u{1f6b0} _ \0"), [""; 0]);
}

#[test]
fn a_letter_that_was_written_in_two_parts_is_one() {
    assert_eq!(of("и\u{306}од cafe\u{301}"), ["йод", "cafe"]);
    assert_eq!(of("йод café"), ["йод", "cafe"]);
}

#[test]
fn a_long_word_is_cut_at_a_character() {
    assert_eq!(of(&"я".repeat(1_000)), ["я".repeat(WORD_CHARS)]);
}

#[test]
fn a_text_is_found_whatever_form_it_was_written_in() {
    for (query, text) in [
        ("Café", "Cafe\u{301}"),
        ("Cafe\u{301}", "Café"),
        ("cafe", "Café"),
        ("STRASSE", "Straße"),
        ("straße", "STRASSE"),
        ("istanbul", "İstanbul"),
        ("σισυφος", "ΣΊΣΥΦΟΣ"),
        ("ＡＢＣ", "abc"),
        ("ﬁsh", "fish"),
        ("ещё", "ЕЩЕ"),
        ("parcel", "par\u{ad}cel"),
        ("parcel", "p\u{200b}arcel"),
        ("नमस्", "नमस्ते"),
        ("שלום", "שָׁלוֹם"),
        ("١٢", "12"),
    ] {
        assert!(finds(query, text), "{query} in {text}: {:?}", of(text));
    }
    assert!(!finds("gruße", "grüße"), "another letter");
    assert!(!finds("ano", "año"), "another letter");
    assert!(!finds("и", "й"), "another letter");
}

#[test]
fn words_are_found_within_sentences_without_spaces() {
    for (query, text) in [
        ("上海", "我住在上海市中心"),
        ("海", "我住在上海"),
        ("上", "我住在上海"),
        ("上海 hello", "hello 我在上海。"),
        ("海 hello", "hello 我在上海。"),
        ("東京", "昨日東京に行きました"),
        ("ラーメン", "おいしいラーメンを食べた"),
        ("ﾗｰﾒﾝ", "おいしいラーメンを食べた"),
        ("กรุงเทพ", "ฉันอยู่ที่กรุงเทพมหานคร"),
        ("ສະບາຍ", "ສະບາຍດີ"),
        ("ភ្នំពេញ", "ខ្ញុំនៅភ្នំពេញ"),
        ("ရန်ကုန်", "ကျွန်တော်ရန်ကုန်မှာနေတယ်"),
        ("iphone 手机", "我买了iPhone手机"),
        ("2024", "2024年"),
        ("年", "2024年"),
    ] {
        assert!(finds(query, text), "{query} in {text}: {:?}", of(text));
    }
    assert!(!finds("海上", "我住在上海"));
    assert!(!finds("京都", "東京の都"));
}

#[test]
fn numbers_are_found_however_their_digits_are_grouped() {
    let ways =
        ["89123456789", "8 912 345-67-89", "8 (912) 345 67 89", "8.912.345.67.89", "٨٩١٢٣٤٥٦٧٨٩", "8_912_345_67_89"];
    for text in ways {
        for query in ways {
            assert!(finds(query, &format!("tel: {text}, Ada")), "{query} in {text}: {:?}", of(text));
            assert!(finds(&format!("{query} ada"), &format!("tel: {text}, Ada")), "{query} in {text}: {:?}", of(text));
        }
    }
    assert!(finds("9123456789", "+7 912 345-67-89"));
    assert!(finds("4111 1111 1111", "4111111111111111"));
    assert!(finds("1234.56", "1,234.56"));
    assert!(!finds("427", "42 of 7"), "letters part numbers");
    assert!(finds("345 912", "8 912 345"), "groups are words");
    assert!(!finds("8912345", "8 912 and 345"));
}

#[test]
fn a_query_stays_small() {
    assert_eq!(Query::new("").len(), 0);
    assert_eq!(Query::new("a b 12 34 上海市中心").len(), 4);
    let long: String = (0..QUERY_BYTES / 3).filter_map(|at| char::from_u32(0x4e00 + at as u32)).collect();
    let words: usize = Query::new(&long).parts.iter().flatten().map(Vec::len).sum();
    assert!((1..=128).contains(&words), "{words}");
    let figures = indexed(&"12 ".repeat(20_000));
    assert!(figures.len() < 200_000, "{}", figures.len());
}

proptest! {
    #[test]
    fn words_are_nothing_but_letters_digits_and_marks(text: String) {
        let words = indexed(&text);
        prop_assert!(words.chars().all(|c| c == ' ' || c.is_ascii_alphanumeric() || !c.is_ascii()));
        prop_assert!(!words.contains("  ") && !words.starts_with(' ') && !words.ends_with(' '));
    }

    #[test]
    fn words_of_words_are_the_same_words(text in "([a-zA-Zа-яёß]|[ .,!]|\\p{Latin}|\\p{Cyrillic}){0,40}") {
        let folded = indexed(&text);
        prop_assert_eq!(of(&folded), of(&text));
    }

    /// Where no sign stands within a word, words are Unicode's.
    #[test]
    fn words_are_those_of_unicode(text in "([a-zA-Zа-яёé]{1,8}[ ,!?;()\\-]{1,3}){0,8}") {
        let unicode: Vec<String> = sluice_text::words(&text).map(sluice_text::fold).collect();
        prop_assert_eq!(of(&text), unicode);
    }

    #[test]
    fn a_text_is_found_by_itself_in_any_form(text in "([a-zA-Zé上海京東ラกรุ한하नमस्०-९0-9][ .,_-]?|\\PC){1,30}") {
        use unicode_normalization::UnicodeNormalization as _;
        if !Query::new(&text).is_empty() && Query::new(&text).len() <= QUERY_WORDS {
            prop_assert!(finds(&text, &text), "{:?}", of(&text));
            prop_assert!(finds(&text.nfd().collect::<String>(), &text.nfc().collect::<String>()));
            prop_assert!(finds(&text.nfc().collect::<String>(), &text.nfd().collect::<String>()));
        }
    }

    #[test]
    fn any_part_of_what_is_written_without_spaces_is_found(
        text in "[\u{4e00}-\u{4e40}\u{3041}-\u{3060}\u{e01}-\u{e30}]{2,20}",
        range in (0usize..20, 1usize..10),
    ) {
        let letters: Vec<char> = text.chars().collect();
        let from = range.0 % letters.len();
        let part: String = letters[from..].iter().take(range.1).collect();
        prop_assert!(finds(&part, &format!("see {text}, please")), "{} {:?}", part, of(&text));
    }

    #[test]
    fn any_number_is_found_without_its_separators(
        groups in prop::collection::vec("[0-9]{1,4}", 1..5),
        signs in prop::collection::vec("[ .,/_\u{2014}\u{a0}-]{1,2}", 5),
        zero in prop::sample::select(vec!['0', '٠', '०', '０', '𝟎']),
    ) {
        let mut text = String::new();
        for (group, sign) in groups.iter().zip(&signs) {
            text.extend(group.bytes().filter_map(|digit| char::from_u32(zero as u32 + u32::from(digit - b'0'))));
            text.push_str(sign);
        }
        prop_assert!(finds(&groups.concat(), &text), "{:?}", of(&text));
        prop_assert!(finds(&text, &groups.concat()));
    }
}
