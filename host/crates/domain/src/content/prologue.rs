//! Where markup begins: behind blanks, comments, instructions and declarations, of which there may be more than a head.
//!
//! Readers of XML and of HTML end these at other places, so both are asked. What the first element means is not said here.

/// How a text begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Start {
    /// With this element: its name without a prefix, in lower case.
    Element(String),
    /// With what may stand before an element, and then the text ends.
    Open,
    /// With something else, perhaps behind a comment.
    Other,
}

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    Xml,
    /// HTML, section 13.2.5: what is wrong is a comment up to the next `>`.
    Html,
}

/// How it begins, for whichever reader finds an element.
pub(super) fn start(text: &str) -> Start {
    match (read(text, Reader::Xml), read(text, Reader::Html)) {
        (xml @ Start::Element(_), Start::Element(html)) if html != "svg" => xml,
        (_, html @ Start::Element(_)) => html,
        (xml @ Start::Element(_), _) => xml,
        (Start::Open, _) | (_, Start::Open) => Start::Open,
        (Start::Other, Start::Other) => Start::Other,
    }
}

fn read(text: &str, reader: Reader) -> Start {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(is_blank);
        if rest.is_empty() {
            return Start::Open;
        }
        let Some(inner) = rest.strip_prefix('<') else { return Start::Other };
        let after = if let Some(comment) = inner.strip_prefix("!--") {
            after_comment(comment, reader)
        } else if inner.starts_with('?') {
            inner.split_once(if reader == Reader::Xml { "?>" } else { ">" }).map(|(_, after)| after)
        } else if let Some(declaration) = inner.strip_prefix('!') {
            if is_of_pages(declaration) {
                return Start::Element("html".to_owned());
            }
            after_declaration(declaration)
        } else if inner.starts_with('/') && reader == Reader::Html {
            inner.split_once('>').map(|(_, after)| after)
        } else {
            return element(inner);
        };
        let Some(after) = after else { return Start::Open };
        rest = after;
    }
}

/// Blanks, and marks of the byte order that were joined in from other files.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

fn element(inner: &str) -> Start {
    let ends = |c: char| c.is_whitespace() || matches!(c, '>' | '/');
    let Some(end) = inner.find(ends) else {
        // Its name goes on behind the text's end.
        return if inner.starts_with(char::is_alphabetic) { Start::Open } else { Start::Other };
    };
    let local = inner[..end].rsplit(':').next().unwrap_or_default();
    let is_name = local.starts_with(|c: char| c.is_alphabetic() || c == '_');
    if is_name { Start::Element(local.to_ascii_lowercase()) } else { Start::Other }
}

/// What follows a comment. To HTML, `<!-->` and `<!--->` are whole ones, and `--!>` ends one too.
fn after_comment(comment: &str, reader: Reader) -> Option<&str> {
    let xml = comment.find("-->").map(|at| at + 3);
    let end = match reader {
        Reader::Xml => xml,
        Reader::Html if comment.starts_with('>') => Some(1),
        Reader::Html if comment.starts_with("->") => Some(2),
        Reader::Html => xml.into_iter().chain(comment.find("--!>").map(|at| at + 4)).min(),
    }?;
    Some(&comment[end..])
}

/// Of HTML, the declaration says enough.
fn is_of_pages(declaration: &str) -> bool {
    let is = |text: &str, word: &str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    is(declaration, "doctype") && is(declaration[7..].trim_start(), "html")
}

/// What follows a declaration, whose internal subset has declarations of its own; `>` in quotes and in comments ends none.
fn after_declaration(declaration: &str) -> Option<&str> {
    let (mut depth, mut rest) = (1_usize, declaration);
    loop {
        let at = rest.find(['<', '>', '"', '\''])?;
        let found = &rest[at..];
        rest = &found[1..];
        match found.as_bytes()[0] {
            b'<' if found.starts_with("<!--") => rest = found[4..].split_once("-->")?.1,
            b'<' => depth += 1,
            b'>' if depth == 1 => return Some(rest),
            b'>' => depth -= 1,
            quote => rest = rest.split_once(char::from(quote))?.1,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What may stand before an element, to readers of XML and of HTML alike.
    fn before() -> impl Strategy<Value = String> {
        let parts = [
            " ",
            "\r\n",
            "\t",
            "\u{a0}",
            "\u{feff}",
            "<!-- a > b -->",
            "<!---->",
            "<!-- <script> -->",
            "<?x a?>",
            "<!DOCTYPE svg>",
            "<!DOCTYPE svg PUBLIC \"a>b\" 'c\"d' [ <!ENTITY x \"]>\"> <!-- > ' --> ]>",
        ];
        prop::collection::vec(prop::sample::select(parts.to_vec()), 0..12).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn an_element_is_found_behind_all_that_may_stand_before(before in before(), name in "[a-z][a-z0-9]{0,9}") {
            for element in [format!("<{name}>"), format!("<x:{name} y='z'/>"), format!("<{name}\n/>")] {
                prop_assert_eq!(start(&format!("{before}{element}")), Start::Element(name.clone()));
            }
            prop_assert_eq!(start(&before), Start::Open);
            prop_assert_eq!(start(&format!("{before}<{name}")), Start::Open);
            prop_assert_eq!(start(&format!("{before}, {name}")), Start::Other);
        }

        #[test]
        fn any_text_begins_somehow(text in "[<>!?/\\-\"'a \\PC]{0,60}") {
            start(&text);
        }
    }

    #[test]
    fn what_only_a_browser_takes_for_a_comment_hides_nothing() {
        for before in ["<!-->", "<!--->", "<!-- a --!>", "<?php a>", "</p>", "<!x>", "<!-- --!><?a>"] {
            assert_eq!(
                start(&format!("{before}<script>x()</script>")),
                Start::Element("script".to_owned()),
                "{before}"
            );
        }
        assert_eq!(start("<!--><script>--><svg>"), Start::Element("svg".to_owned()));
    }
}
