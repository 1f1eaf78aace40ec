//! Links in text, as a messenger would make them clickable.
//!
//! What may be linked to is policy, and not decided here.

mod authority;
mod bare;
mod cuts;
mod glance;
mod host;
mod scan;
mod scheme;
mod spaced;
mod tail;
mod words;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub(crate) use self::words::{DOTS, PROSE_BEFORE, SPOKEN};
use crate::{folded, limits};

/// A link in a message's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// UTF-8 byte offset of its first byte.
    pub start: u32,
    /// UTF-8 byte offset after its last byte.
    pub end: u32,
    /// As an absolute URL.
    pub url: String,
    /// In lower case, international names in their `xn--` form. The messenger's own for links into one (`tg://`). Empty
    /// for what leads to no host: `javascript:` and `data:` in `href="…"` and in Markdown.
    pub host: String,
    /// By the public suffix list, or the host when it has none.
    pub registrable_domain: String,
    /// Whether it was written so that a filter would miss it: what a person reads as a link and no messenger makes
    /// clickable (`hxxp`, `example dot com`, spaces, invisible characters, letters of full width), or what leads
    /// elsewhere than it seems to (look-alike letters, `http://known.com@other.com`, addresses as one number).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disguised: bool,
}

/// The links in `text`, in order, apart from one another, at most [`limits::LINKS`] of them. Names without a scheme
/// (`example.com/a`) count when they end in a public suffix that the list really has, so `notes.txt` and `v1.2` do not.
/// E-mail addresses are no links, unless with `mailto:`, and mentions (`@name`) are none.
///
/// Takes time in proportion to the length of the text, whatever is in it.
pub fn find(text: &str) -> Vec<Link> {
    if glance::may_hold_one(text) { read(text) } else { Vec::new() }
}

/// Whether the public suffix list really has the suffix of this name, and something is registered below it.
pub(crate) fn is_host(name: &str) -> bool {
    host::read(name).is_some_and(|host| host.known)
}

/// A name of a host in the form that [`Link::host`] has. `None` when no host can have it.
pub(crate) fn host_name(name: &str) -> Option<String> {
    host::normal(name)
}

fn read(text: &str) -> Vec<Link> {
    let units = folded::fold(text);
    let links = scan::Scan::new(text, &units).links();
    match spaced::put_together(&units) {
        Some(units) => merge(links, scan::Scan::new(text, &units).links()),
        None => links,
    }
}

/// The links as they are written, and the spelled ones. Of those that overlap, the spelled one counts when it is the longer: what it is
/// written over is a part of it (`evil dot com/example.com`).
fn merge(written: Vec<Link>, spelled: Vec<Link>) -> Vec<Link> {
    let mut links = Vec::with_capacity(written.len());
    let mut written = written.into_iter().peekable();
    for link in spelled {
        while let Some(before) = written.next_if(|before| before.end <= link.start) {
            links.push(before);
        }
        let mut within = Vec::new();
        while let Some(one) = written.next_if(|one| one.start < link.end) {
            within.push(one);
        }
        let covers = |one: &Link| link.start <= one.start && one.end <= link.end;
        let longer = within.iter().all(|one| covers(one) && (one.start, one.end) != (link.start, link.end));
        if longer && links.last().is_none_or(|last: &Link| last.end <= link.start) {
            links.push(link);
        } else {
            links.append(&mut within);
        }
    }
    links.extend(written);
    links.truncate(limits::LINKS);
    links
}
