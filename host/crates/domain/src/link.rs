//! Links in text, as a messenger would make them clickable.
//!
//! What may be linked to is policy, and not decided here.

use linkify::{LinkFinder, LinkKind};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::limits;

/// A link in a message's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// UTF-8 byte offset of its first byte.
    pub start: u32,
    /// UTF-8 byte offset after its last byte.
    pub end: u32,
    /// As an absolute URL.
    pub url: String,
    /// In lower case, international names in their `xn--` form.
    pub host: String,
    /// By the public suffix list, or the host when it has none.
    pub registrable_domain: String,
}

/// The links in `text`, in order, apart from one another, at most [`limits::LINKS`] of them. Names without a scheme
/// (`example.com/a`) count when they end in a public suffix that the list really has, so `notes.txt` and `v1.2` do not.
pub fn find(text: &str) -> Vec<Link> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]).url_must_have_scheme(false);
    finder.links(text).filter_map(|span| link(span.start(), span.as_str())).take(limits::LINKS).collect()
}

fn link(start: usize, text: &str) -> Option<Link> {
    let has_scheme = text.contains("://");
    let url = if has_scheme { Url::parse(text) } else { Url::parse(&format!("http://{text}")) }.ok()?;
    let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
    let domain = psl::domain(host.as_bytes());
    if !has_scheme && !domain.as_ref().is_some_and(|d| d.suffix().is_known()) {
        return None;
    }
    let registrable = domain.and_then(|d| std::str::from_utf8(d.as_bytes()).ok()).unwrap_or(&host).to_owned();
    Some(Link {
        start: u32::try_from(start).ok()?,
        end: u32::try_from(start + text.len()).ok()?,
        url: url.to_string(),
        registrable_domain: registrable,
        host,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hosts(text: &str) -> Vec<String> {
        find(text).into_iter().map(|l| l.host).collect()
    }

    #[test]
    fn links_are_found_with_and_without_a_scheme() {
        assert_eq!(hosts("see https://Example.COM/a?b, or shop.example.co.uk."), ["example.com", "shop.example.co.uk"]);
        assert_eq!(find("go to shop.example.co.uk/x")[0].registrable_domain, "example.co.uk");
        assert_eq!(hosts("http://пример.com/привет"), ["xn--e1afmkfd.com"]);
    }

    #[test]
    fn file_names_versions_and_abbreviations_are_not_links() {
        for text in ["notes.txt", "v1.2.3", "e.g. this", "report.docx is ready", "3.14", "a.b"] {
            assert_eq!(hosts(text), Vec::<String>::new(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn offsets_lie_on_character_boundaries_in_order_and_apart(text in "(\\PC|https://a\\.com| b\\.org/é ){0,40}") {
            let mut last = 0;
            for link in find(&text) {
                prop_assert!(last <= link.start && link.start < link.end);
                prop_assert!(text.get(link.start as usize..link.end as usize).is_some());
                last = link.end;
            }
        }
    }
}
