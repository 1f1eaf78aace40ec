//! Links with a scheme, and those that take the scheme of the page that they are on.

use super::{
    authority, cuts,
    host::{self, Host},
    scan::{Found, Scan},
    tail, words,
};

/// Most slashes behind a scheme that are skipped, as browsers skip all.
const MOST_SLASHES: usize = 8;

/// Schemes that are read behind a word that is joined to them: `text_https://`.
const JOINED: [&str; 4] = ["http", "https", "ftp", "mailto"];

impl Scan<'_> {
    /// A link that begins with a scheme, whose colon is at `colon`.
    pub(super) fn with_scheme(&self, start: usize, colon: usize) -> Found {
        let (start, scheme) = self.scheme(start, colon)?;
        match scheme.as_str() {
            "mailto" => return self.mail(start, colon),
            "javascript" | "data" | "vbscript" => return self.script(start, colon),
            _ => {}
        }
        // `http:/example.com`, `http:\\example.com` and `http:///example.com` are what a browser would open, and no messenger shows.
        let is_web =
            matches!(scheme.as_str(), "http" | "https") || words::MISSPELLED.iter().any(|(wrong, _)| *wrong == scheme);
        let slashes = (colon + 1..).take(MOST_SLASHES).take_while(|at| self.is_slash(*at)).count();
        match slashes {
            1.. if is_web => self.url(start, colon, colon + 1 + slashes),
            2.. if self.read(colon, colon + 3) == "://" => self.url(start, colon, colon + 3),
            _ => None,
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
        // Letters in circles and the like before it are signs: `™https://`.
        let joined = cuts::last_turn(self, begin, colon)
            .filter(|at| JOINED.contains(&&*self.read(*at, colon).to_ascii_lowercase()));
        let begin = joined.unwrap_or(begin);
        let scheme = self.read(begin, colon).to_ascii_lowercase();
        if words::MISSPELLED.iter().any(|(wrong, _)| *wrong == scheme) {
            return Some((begin, scheme));
        }
        // No scheme holds a `_`.
        let word = scheme.rfind('_').or_else(|| scheme.rfind('-').filter(|at| JOINED.contains(&&scheme[at + 1..])));
        let last = word.map_or(0, |at| at + 1);
        (last < scheme.len()).then(|| (begin + last, scheme[last..].to_owned()))
    }

    /// A URL whose scheme is from `start` to `colon` and whose host begins at `authority`.
    pub(super) fn url(&self, start: usize, colon: usize, authority: usize) -> Found {
        let (start, written) = self.scheme(start, colon)?;
        let misspelled = words::MISSPELLED.iter().find(|(wrong, _)| *wrong == written);
        let scheme = misspelled.map_or(written.as_str(), |(_, right)| right);
        if misspelled.is_none() && self.ch(colon) != Some(':') && !matches!(scheme, "http" | "https") {
            return None;
        }
        if let Some((_, host)) = words::MESSENGERS.iter().find(|(name, _)| *name == scheme) {
            return self.messenger(start, authority, host);
        }
        let found = authority::read(self, authority)?;
        let (user, mut host) = (self.read(authority, found.host_start), found.host);
        let usual = written == scheme && authority == colon + 3 && self.read(colon, authority) == "://";
        host.disguised |= !usual || self.is_changed(start, found.host_end) || user.contains('.');
        let before = format!("{scheme}://{}", self.read(authority, found.end));
        self.with_tail(start, &before, found.end, host)
    }

    /// `tg://resolve?domain=x` and its like: a link to the messenger's own host.
    fn messenger(&self, start: usize, from: usize, host: &str) -> Found {
        let end = self.word_end(from, usize::MAX);
        let host = host::registered(host.to_owned(), self.is_changed(start, from))?;
        if end == from {
            return None;
        }
        self.link(start, end, self.read(start, end), host).map(|link| (link, end))
    }

    /// `mailto:name@example.com`, a link to the host of the mailbox.
    fn mail(&self, start: usize, colon: usize) -> Found {
        // Longest name of a mailbox, in characters that may each be escaped (RFC 5321, section 4.5.3.1.1).
        const MAILBOX: usize = 3 * 64;
        let part =
            |ch: char| !tail::stops(ch) && !matches!(ch, ':' | '/' | '?' | '#' | '(' | ')' | '[' | ']' | '{' | '}');
        let at = (colon + 1..).take(MAILBOX).take_while(|at| self.ch(*at).is_some_and(part));
        let at = { at }.find(|at| self.ch(*at) == Some('@'))?;
        let (end_of_host, mut host) = authority::host_at(self, at + 1)?;
        // The tail is read only once nothing can refuse the link any more.
        let end = tail::end(self.units, end_of_host);
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
    pub(super) fn protocol_relative(&self, at: usize) -> Found {
        let found = authority::read(self, at + 2)?;
        let mut host = found.host;
        // A number alone is an address to browsers only, and `//word` may be anything.
        if !host.known && host.ascii != "localhost"
            || host.ascii.parse::<std::net::Ipv4Addr>().is_ok() && host.disguised
        {
            return None;
        }
        host.disguised |= self.is_changed(at, found.host_end);
        self.with_tail(at, &format!("http://{}", self.read(at + 2, found.end)), found.end, host)
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
}
