//! Goes over folded text once and reads the links in it.

use url::Url;

use super::{
    Link, bare,
    host::{self, Host},
    tail, words,
};
use crate::{
    folded::{Unit, is_name, is_unspaced},
    limits,
};

/// Folded text, and the text that it was.
pub(super) struct Scan<'a> {
    pub(super) text: &'a str,
    pub(super) units: &'a [Unit],
}

/// A link, and the index behind its last unit.
type Found = Option<(Link, usize)>;

impl Scan<'_> {
    /// The links in order and apart, at most [`limits::LINKS`] of them.
    pub(super) fn links(&self) -> Vec<Link> {
        let (mut links, mut at) = (Vec::new(), 0);
        while at < self.units.len() && links.len() < limits::LINKS {
            let (found, next) = self.step(at);
            links.extend(found);
            at = next;
        }
        links
    }

    /// What begins at `at`, and where to go on.
    fn step(&self, at: usize) -> (Option<Link>, usize) {
        let found = |found: Found, otherwise: usize| found.map_or((None, otherwise), |(link, end)| (Some(link), end));
        match self.ch(at) {
            Some('/')
                if self.slashes(at) == 2 && self.before(at).is_none_or(|ch| !is_name(ch) && ch != ':' && ch != '/') =>
            {
                found(self.protocol_relative(at), at + 2)
            }
            Some(ch) if is_name(ch) => {
                let end = self.name_end(at);
                match self.ch(end) {
                    Some(':') => found(self.with_scheme(at, end).or_else(|| self.bare(at, end)), end),
                    // Half an e-mail address; the other half is no link either, unless it is a whole URL.
                    Some('@') => (None, end + 1),
                    Some('+') if self.is_mailbox(end) => (None, end + 1),
                    Some('/') if self.slashes(end) == 2 => {
                        // `http//example.com`: the colon is missing.
                        found(
                            self.url(at, end, end + 2)
                                .filter(|(link, _)| link.disguised)
                                .or_else(|| self.bare(at, end)),
                            end,
                        )
                    }
                    Some(_) | None => found(self.bare(at, end), end),
                }
            }
            Some(_) | None => (None, at + 1),
        }
    }

    /// Whether a `+` at `at` is in an e-mail address: `name+tag@example.com`.
    fn is_mailbox(&self, at: usize) -> bool {
        const LONGEST: usize = 64;
        let part = |ch: char| is_name(ch) || matches!(ch, '.' | '+');
        let end = (at..at + LONGEST).find(|at| !self.ch(*at).is_some_and(part));
        end.is_some_and(|end| self.ch(end) == Some('@'))
    }

    pub(super) fn ch(&self, at: usize) -> Option<char> {
        self.units.get(at).map(|unit| unit.ch)
    }

    pub(super) fn before(&self, at: usize) -> Option<char> {
        self.ch(at.checked_sub(1)?)
    }

    /// How many `/` (or `\`) there are from `at`, at most three.
    fn slashes(&self, at: usize) -> usize {
        (at..at + 3).take_while(|at| matches!(self.ch(*at), Some('/' | '\\'))).count()
    }

    /// The index behind the name with its dots that begins at `at`. Scripts without spaces end names of other scripts.
    fn name_end(&self, at: usize) -> usize {
        let mut end = at + 1;
        while let Some(ch) = self.ch(end) {
            let goes_on = match ch {
                '.' => self.ch(end + 1).is_some_and(is_name),
                _ => is_name(ch) && !self.before(end).is_some_and(|before| words_touch(before, ch)),
            };
            if !goes_on {
                break;
            }
            end += 1;
        }
        end
    }

    /// A link that begins with a scheme, whose colon is at `colon`.
    fn with_scheme(&self, start: usize, colon: usize) -> Found {
        let (start, scheme) = self.scheme(start, colon)?;
        match scheme.as_str() {
            "mailto" => return self.mail(start, colon),
            "javascript" | "data" | "vbscript" => return self.script(start, colon),
            _ => {}
        }
        // `http:/example.com` and `http:\\example.com` are what a browser would open, and no messenger shows.
        let is_web =
            matches!(scheme.as_str(), "http" | "https") || words::MISSPELLED.iter().any(|(wrong, _)| *wrong == scheme);
        match (self.ch(colon + 1)?, self.ch(colon + 2)?) {
            ('/', '/') => self.url(start, colon, colon + 3),
            ('/' | '\\', '/' | '\\') if is_web => self.url(start, colon, colon + 3),
            ('/', _) if is_web => self.url(start, colon, colon + 2),
            (_, _) => None,
        }
    }

    /// The scheme before the colon, in lower case, and where it begins.
    fn scheme(&self, start: usize, colon: usize) -> Option<(usize, String)> {
        const LONGEST: usize = 32;
        let from = start.max(colon.saturating_sub(LONGEST));
        let part = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '.' | '_');
        let mut begin = colon;
        while begin > from && self.ch(begin - 1).is_some_and(part) {
            begin -= 1;
        }
        while begin < colon && !self.ch(begin).is_some_and(|ch| ch.is_ascii_alphabetic()) {
            begin += 1;
        }
        (begin < colon).then(|| (begin, self.read(begin, colon).to_ascii_lowercase()))
    }

    /// A URL whose scheme is from `start` to `colon` and whose host begins at `authority`.
    fn url(&self, start: usize, colon: usize, authority: usize) -> Found {
        let (start, written) = self.scheme(start, colon)?;
        let misspelled = words::MISSPELLED.iter().find(|(wrong, _)| *wrong == written);
        let scheme = misspelled.map_or(written.as_str(), |(_, right)| right);
        if misspelled.is_none() && self.ch(colon) != Some(':') && !matches!(scheme, "http" | "https") {
            return None;
        }
        if let Some((_, host)) = words::MESSENGERS.iter().find(|(name, _)| *name == scheme) {
            return self.messenger(start, authority, host);
        }
        let end_of_host = self.host_that_is_known(authority, self.authority_end(authority)?);
        let name = self.read(authority, end_of_host);
        let host = Url::parse(&format!("{scheme}://{name}")).ok()?.host_str()?.to_ascii_lowercase();
        let after_user = name.rfind('@').map_or(0, |at| at + 1);
        // The library leaves hosts of schemes that it does not know as they are.
        let host = if host.is_ascii() { host } else { host::read(&name[after_user..])?.ascii };
        let mut host = self.host(&host, &name[after_user..])?;
        let usual = written == scheme && authority == colon + 3 && self.read(colon, authority) == "://";
        host.disguised |= !usual || self.is_changed(start, end_of_host) || name[..after_user].contains('.');
        self.with_tail(start, &format!("{scheme}://{name}"), end_of_host, host)
    }

    /// What the list says of `ascii`, as the URL has it; it looks like another when it is written in a way that only a
    /// browser reads: numbers of addresses, escapes.
    fn host(&self, ascii: &str, written: &str) -> Option<Host> {
        let name = written.split(':').next().unwrap_or_default();
        let alike = host::read(name).is_some_and(|host| host.disguised);
        let escaped =
            name.contains('%') || (ascii.parse::<std::net::Ipv4Addr>().is_ok() && !name.eq_ignore_ascii_case(ascii));
        if ascii.parse::<std::net::Ipv4Addr>().is_ok() || ascii.starts_with('[') {
            return Some(Host { ascii: ascii.into(), registrable: ascii.into(), known: true, disguised: escaped });
        }
        host::registered(ascii.to_owned(), alike || escaped)
    }

    /// `tg://resolve?domain=x` and its like: a link to the messenger's own host.
    fn messenger(&self, start: usize, from: usize, host: &str) -> Found {
        let end = self.word_end(from, usize::MAX);
        let host = host::registered(host.to_owned(), self.is_changed(start, from))?;
        let url = self.units.get(start..end).filter(|_| end > from)?.iter().map(|unit| unit.ch).collect();
        self.link(start, end, url, host).map(|link| (link, end))
    }

    /// `mailto:name@example.com`, a link to the host of the mailbox.
    fn mail(&self, start: usize, colon: usize) -> Found {
        // Longest name of a mailbox and its host (RFC 3696, erratum 1690).
        const MAILBOX: usize = 320;
        let end = self.word_end(colon + 1, 2 * MAILBOX);
        let at = (colon + 1..end).take(MAILBOX).find(|at| self.ch(*at) == Some('@'))?;
        let end_of_host =
            (at + 1..end).find(|at| !self.ch(*at).is_some_and(|ch| is_name(ch) || ch == '.')).unwrap_or(end);
        let end = tail::end(self.units, end_of_host);
        let mut host = host::read(&self.read(at + 1, end_of_host))?;
        host.disguised |= self.is_changed(start, end_of_host);
        let url = format!("mailto:{}{}", self.read(colon + 1, end_of_host), self.tail_text(end_of_host, end));
        self.link(start, end, url, host).map(|link| (link, end))
    }

    /// `javascript:` and `data:`, which are links only where they are said to be: in `href="…"` and in Markdown.
    fn script(&self, start: usize, colon: usize) -> Found {
        let quoted = |quote| matches!(quote, Some('"' | '\'' | '='));
        let attribute = quoted(self.before(start)) && {
            let opening = self.read(start.saturating_sub(10), start).to_ascii_lowercase().replace(' ', "");
            opening.trim_end_matches(['"', '\'']).ends_with("href=")
        };
        let markdown = self.before(start) == Some('(') && self.before(start - 1) == Some(']');
        if !attribute && !markdown {
            return None;
        }
        let close = match self.before(start) {
            Some('(') => ')',
            Some(quote @ ('"' | '\'')) => quote,
            Some(_) | None => '>',
        };
        let end = (colon..self.units.len()).find(|at| self.ch(*at) == Some(close)).unwrap_or(self.units.len());
        let host = Host { ascii: String::new(), registrable: String::new(), known: false, disguised: false };
        self.link(start, end, self.read(start, end), host).map(|link| (link, end))
    }

    /// `//example.com/a`, which takes the scheme of the page that it is on.
    fn protocol_relative(&self, at: usize) -> Found {
        let end_of_host = self.authority_end(at + 2)?;
        let name = self.read(at + 2, end_of_host);
        let url = Url::parse(&format!("http://{name}")).ok()?;
        let mut host = self.host(url.host_str()?, &name)?;
        if !host.known || host.ascii.parse::<std::net::IpAddr>().is_ok() && !name.contains('.') {
            return None;
        }
        host.disguised |= self.is_changed(at, end_of_host);
        self.with_tail(at, &format!("http://{name}"), end_of_host, host)
    }

    /// A name without a scheme.
    fn bare(&self, start: usize, end: usize) -> Found {
        let name = bare::read(self, start, end)?;
        let port = self.port_end(name.end);
        if !name.holds(self, port) {
            return None;
        }
        let mut host = name.host;
        host.disguised |= self.is_changed(name.start, name.end);
        let before = format!("http://{}{}", host.ascii, self.read(name.end, port));
        self.with_tail(name.start, &before, port, host)
    }

    /// The link from `start` whose path, if it has one, begins at `from`, and that is `before` up to there.
    ///
    /// Tails are read only once nothing can refuse the link any more: each is read once, however many links fail.
    fn with_tail(&self, start: usize, before: &str, from: usize, host: Host) -> Found {
        let end = tail::end(self.units, from);
        let url = Url::parse(&format!("{before}{}", self.tail_text(from, end))).ok()?;
        self.link(start, end, url.into(), host).map(|link| (link, end))
    }

    /// The index behind `:8080` at `at`, or `at` when there is no port.
    fn port_end(&self, at: usize) -> usize {
        if self.ch(at) != Some(':') {
            return at;
        }
        let end = (at + 1..at + 7).find(|at| !self.ch(*at).is_some_and(|ch| ch.is_ascii_digit())).unwrap_or(at);
        let port = self.read((at + 1).min(end), end);
        if port.parse::<u16>().is_ok() && !self.ch(end).is_some_and(char::is_alphabetic) { end } else { at }
    }

    /// Where the authority from `from` ends.
    fn authority_end(&self, from: usize) -> Option<usize> {
        // Users and passwords may be long, but no one reads them.
        const LONGEST: usize = 1_024;
        let part = |ch: char| {
            !tail::stops(ch) && !matches!(ch, '/' | '?' | '#' | ',' | ';' | '(' | ')' | '{' | '}' | '\'' | '|')
        };
        let mut end = from;
        let mut square = false;
        while let Some(ch) = self.ch(end).filter(|ch| part(*ch)) {
            match ch {
                '[' => square = true,
                ']' if !square => break,
                _ => {}
            }
            if end - from >= LONGEST {
                return None;
            }
            end += 1;
        }
        while end > from && matches!(self.ch(end - 1), Some('.' | ':' | '!' | '*' | '~' | '[' | '&' | '=')) {
            end -= 1;
        }
        (end > from).then_some(end)
    }

    /// The end of the authority from `start` to `end`, cut to where words of another script touch it when only that makes
    /// it a host of a suffix on the list: `http://example.comだよね`.
    fn host_that_is_known(&self, start: usize, end: usize) -> usize {
        let touches =
            |at: &usize| self.before(*at).zip(self.ch(*at)).is_some_and(|(before, ch)| words_touch(before, ch));
        let Some(cut) = (start + 1..end).find(touches) else { return end };
        let is_known = |end| host::read(&self.read(start, end)).is_some_and(|host| host.known);
        if !is_known(end) && is_known(cut) { cut } else { end }
    }

    /// The index behind the last unit of the word that begins at `from`, without a sentence's punctuation.
    fn word_end(&self, from: usize, longest: usize) -> usize {
        let part = |ch: char| !tail::stops(ch) && !matches!(ch, ')' | ']' | '}' | '\'');
        let mut end = from;
        while end - from < longest && self.ch(end).is_some_and(part) {
            end += 1;
        }
        while end > from && matches!(self.ch(end - 1), Some('.' | ',' | ';' | ':' | '!' | '?' | '*')) {
            end -= 1;
        }
        end
    }

    /// The units from `start` to `end` as they are read.
    pub(super) fn read(&self, start: usize, end: usize) -> String {
        self.units.get(start..end).unwrap_or_default().iter().map(|unit| unit.ch).collect()
    }

    /// Whether the original has something else there, or something invisible between.
    fn is_changed(&self, start: usize, end: usize) -> bool {
        let units = self.units.get(start..end).unwrap_or_default();
        units.iter().any(|unit| unit.changed) || units.windows(2).any(|pair| pair[0].end < pair[1].start)
    }

    /// The original text of a tail, because paths may hold joiners that mean something; or as it is read when it is spelled.
    fn tail_text(&self, start: usize, end: usize) -> String {
        match self.units.get(start..end) {
            Some(units @ [first, .., last]) if !units.iter().any(|unit| unit.changed) => {
                self.text.get(first.start as usize..last.end as usize).unwrap_or_default().to_owned()
            }
            Some(_) | None => self.read(start, end),
        }
    }

    fn link(&self, start: usize, end: usize, url: String, host: Host) -> Option<Link> {
        let (first, last) = (self.units.get(start)?, self.units.get(end.checked_sub(1)?)?);
        Some(Link {
            start: first.start,
            end: last.end,
            url,
            host: host.ascii,
            registrable_domain: host.registrable,
            disguised: host.disguised,
        })
    }
}

/// Whether one of two characters is of a script without spaces, and the other plain: two words that touch.
pub(super) const fn words_touch(before: char, ch: char) -> bool {
    before.is_ascii_alphanumeric() && is_unspaced(ch) || is_unspaced(before) && ch.is_ascii_alphanumeric()
}
