//! Types in lists: each that is taken can match, and each that cannot is refused with one that can.

use proptest::prelude::*;

use super::*;

fn taken(written: &str) -> Result<FileType, FileTypeError> {
    let parsed: FileType = written.parse()?;
    parsed.check().map(|()| parsed)
}

#[test]
fn a_type_that_nothing_turns_out_to_be_is_refused_with_the_nearest_that_is() {
    for (written, nearest) in [
        ("text/x-python", "text/plain"),
        ("text/markdown", "text/plain"),
        ("image/pgn", "image/png"),
        ("application/pdff", "application/pdf"),
        ("adio/mpeg", "audio/mpeg"),
        ("imag/*", "image/*"),
        ("video/mp5", "video/mp4"),
        ("jpge", "jpeg"),
        ("dokx", "docx"),
    ] {
        let refused = taken(written).expect_err(written).to_string();
        assert!(
            refused.contains(&format!("`{written}`")) && refused.ends_with(&format!("is `{nearest}`")),
            "{refused}"
        );
    }
    for written in ["bogus/type", "x/y", "font/x-none", "application/x-quite-new"] {
        let refused = taken(written).expect_err(written).to_string();
        let nearest = refused.rsplit('`').nth(1).expect("a type");
        assert!(taken(nearest).is_ok(), "{refused}");
    }
}

#[test]
fn other_names_of_types_match_what_they_name() {
    for (written, found) in [
        ("audio/ogg", "audio/opus"),
        ("application/ogg", "audio/opus"),
        ("application/ogg", "video/ogg"),
        ("application/json", "application/json"),
        ("text/json", "application/json"),
        ("application/x-pdf", "application/pdf"),
        ("video/x-matroska", "video/matroska"),
        ("application/x-sh", "text/x-shellscript"),
        ("py", "text/plain"),
        ("py", "text/x-shellscript"),
        ("eml", "message/rfc822"),
        ("pages", "application/vnd.apple.pages"),
    ] {
        assert!(taken(written).expect(written).covers(found), "{written} {found}");
    }
    assert!(!taken("audio/opus").unwrap().covers("audio/ogg"));
    for json in ["[1, 2]", "{\"type\": \"Feature\"}", "{\"a\":1}\n{\"a\":2}\n", "[[\"a\"]]", "[]", "\n\n {\"a\" : [] }"]
    {
        assert!(taken("application/json").unwrap().covers(&look_at(json.as_bytes(), "").detected_type), "{json}");
    }
}

#[test]
fn what_samples_are_can_be_named() {
    for sample in samples::all() {
        let named = taken(sample.media_type).unwrap();
        assert!(
            named.covers(sample.media_type) && named.categories().contains(&sample.category),
            "{}",
            sample.media_type
        );
    }
}

#[test]
fn what_was_kept_before_is_still_read() {
    for kept in ["text/x-python", "bogus/type", "image/*", "pdf"] {
        assert!(serde_json::from_value::<FileType>(kept.into()).is_ok(), "{kept}");
    }
}

proptest! {
    #[test]
    fn content_is_never_of_a_type_that_no_list_can_name(
        index in 0..samples::all().len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        before in "[ -~\n]{0,12}",
    ) {
        let mut content = samples::all().swap_remove(index).content;
        for (at, byte) in changes.into_iter().filter(|_| !content.is_empty()).collect::<Vec<_>>() {
            let at = at.index(content.len());
            content[at] = byte;
        }
        for content in [content.clone(), [before.as_bytes(), &content].concat()] {
            let found = look_at(&content, "").detected_type;
            prop_assert!(taken(&found).is_ok_and(|named| named.covers(&found)), "{}", found);
        }
    }

    #[test]
    fn what_is_taken_can_match(written in "(image|audio|video|text|application|font)/[a-z.+-]{1,12}|[a-z0-9]{2,5}") {
        match taken(&written) {
            Ok(named) => prop_assert!(!named.categories().is_empty()),
            Err(refused) => {
                let told = refused.to_string();
                let nearest = told.rsplit('`').nth(1).expect("a type");
                prop_assert!(taken(nearest).is_ok(), "{}", told);
            }
        }
    }
}
