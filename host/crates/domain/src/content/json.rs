//! Whether a text is JSON (RFC 8259), or several values of it one after the other.

/// Whether it is objects and lists as JSON writes them, to its end. `cut`: there may be more of it, which is taken for right.
pub(super) fn is_value(start: &str, cut: bool) -> bool {
    if !start.starts_with(['{', '[']) {
        return false;
    }
    let mut rest = start.as_bytes();
    // What closes the lists and objects that are open: as many as there are letters, at most.
    let mut open: Vec<u8> = Vec::new();
    let mut wanted = Wanted::Value;
    loop {
        rest = rest.trim_ascii_start();
        let Some((first, after)) = rest.split_first() else {
            return cut || (open.is_empty() && wanted == Wanted::More);
        };
        // Between values, as lines of JSON are written.
        if open.is_empty() && wanted == Wanted::More {
            wanted = Wanted::Value;
        }
        (rest, wanted) = match (*first, wanted) {
            (b'{', Wanted::Value | Wanted::ValueOrEnd) => {
                open.push(b'}');
                (after, Wanted::NameOrEnd)
            }
            (b'[', Wanted::Value | Wanted::ValueOrEnd) => {
                open.push(b']');
                (after, Wanted::ValueOrEnd)
            }
            (close @ (b'}' | b']'), Wanted::More | Wanted::NameOrEnd | Wanted::ValueOrEnd) => {
                if open.pop() != Some(close) {
                    return false;
                }
                (after, Wanted::More)
            }
            (b',', Wanted::More) => (after, if open.last() == Some(&b'}') { Wanted::Name } else { Wanted::Value }),
            (b':', Wanted::Colon) => (after, Wanted::Value),
            (b'"', _) => {
                let Some(after) = after_string(after) else { return cut };
                match wanted {
                    Wanted::Name | Wanted::NameOrEnd => (after, Wanted::Colon),
                    Wanted::Value | Wanted::ValueOrEnd => (after, Wanted::More),
                    Wanted::Colon | Wanted::More => return false,
                }
            }
            (_, Wanted::Value | Wanted::ValueOrEnd) if !open.is_empty() => match scalar(rest) {
                Some(after) => (after, Wanted::More),
                // A word that goes on behind the end.
                None => return cut && !rest.iter().any(|byte| ends_scalar(*byte)),
            },
            _ => return false,
        };
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Value,
    ValueOrEnd,
    Name,
    NameOrEnd,
    Colon,
    /// A comma, or the end of a list or object.
    More,
}

fn after_string(text: &[u8]) -> Option<&[u8]> {
    let mut escaped = false;
    let end = text.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    })?;
    Some(&text[end + 1..])
}

/// A number or a word, which ends before a blank, a comma or the end of what it is in.
fn scalar(text: &[u8]) -> Option<&[u8]> {
    let end = text.iter().position(|byte| ends_scalar(*byte));
    let (word, after) = text.split_at(end.unwrap_or(text.len()));
    let number = || {
        let digits = word.strip_prefix(b"-").unwrap_or(word);
        digits.first().is_some_and(u8::is_ascii_digit)
            && digits.iter().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(byte))
            && !(digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit())
    };
    (matches!(word, b"true" | b"false" | b"null") || number()).then_some(after)
}

const fn ends_scalar(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b',' | b']' | b'}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(|number| json!(number)),
            "\\PC{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::hash_map("\\PC{0,6}", inner, 0..6).prop_map(Value::from_iter),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_list_and_object_is_one_however_it_is_written(value in value(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let text = text.expect("JSON");
            prop_assert_eq!(is_value(&text, false), value.is_array() || value.is_object(), "{}", text);
            if is_value(&text, false) {
                for (at, _) in text.char_indices().skip(1) {
                    prop_assert!(is_value(&text[..at], true), "{}", &text[..at]);
                }
            }
        }

        #[test]
        fn what_is_no_json_to_others_is_none_here(text in "[\\[{][\\[\\]{}\",: 0-9a-z]{0,12}") {
            if is_value(&text, false) {
                let values = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
                // Numbers are looked at less closely.
                prop_assert!(values.into_iter().all(|value| value.is_ok()) || text.contains('e'), "{}", text);
            }
        }
    }

    #[test]
    fn marks_of_notes_and_of_wikis_are_no_json() {
        for text in
            ["[1] The first note", "[[Page]] and more", "{name}, hello", "[a]", "12", "\"x\"", "{\"a\"}", "[1,]"]
        {
            assert!(!is_value(text, false), "{text}");
        }
    }
}
