//! Goes over folded text once and reads the links in it.

use std::cell::Cell;

use url::Url;

use super::{
    Link, bare,
    cuts::words_touch,
    host::{self, Host},
    tail,
};
use crate::{
    folded::{Units, is_name, is_symbol},
    limits,
};

/// Folded text, and the text that it was.
pub(super) struct Scan<'a> {
    pub(super) text: &'a str,
    pub(super) units: &'a Units,
    /// The last `@` behind which there is no host: many names before one sign are told so once.
    hostless: Cell<usize>,
}

/// A link, and the index behind its last unit.
pub(super) type Found = Option<(Link, usize)>;

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str, units: &'a Units) -> Self {
        Self { text, units, hostless: Cell::new(usize::MAX) }
    }
}

impl Scan<'_> {
    /// The links in order and apart, at most [`limits::LINKS`] of them.
    pub(super) fn links(&self) -> Vec<Link> {
        let (mut links, mut at) = (Vec::new(), 0);
        // Up to where names with symbols were looked for: each is looked for once.
        let mut symbols_until = 0;
        while at < self.units.len() && links.len() < limits::LINKS {
            let (mut found, next) = self.step(at);
            if found.is_none() && at >= symbols_until && (self.is_symbol(at) || self.is_symbol(next)) {
                let name;
                (name, symbols_until) = self.name_with_symbols(at);
                found = name.and_then(|end| self.bare(at, end));
            }
            let end = found.as_ref().map_or(next, |(_, end)| *end);
            links.extend(found.map(|(link, _)| link));
            at = end;
        }
        links
    }

    /// What begins at `at`, and where to go on when nothing does.
    fn step(&self, at: usize) -> (Found, usize) {
        match self.ch(at) {
            Some('/')
                if self.slashes(at) == 2
                    && self.before(at).is_none_or(|ch| !ch.is_ascii_alphanumeric() && ch != ':' && ch != '/') =>
            {
                (self.protocol_relative(at), at + 2)
            }
            Some(ch) if is_name(ch) => self.name(at),
            Some(_) | None => (None, at + 1),
        }
    }

    /// What begins with the name at `at`, and where to go on when nothing does.
    fn name(&self, at: usize) -> (Found, usize) {
        let end = self.name_end(at);
        let found = match self.ch(end) {
            Some(':') => self.before_colon(at, end),
            Some('@' | '+') => match self.mailbox_end(end) {
                // Neither half of an e-mail address is a link.
                Some(behind) => return (None, behind),
                None => self.bare(at, end),
            },
            // `http//example.com`: the colon is missing.
            Some('/') if self.slashes(end) == 2 => {
                self.url(at, end, end + 2).filter(|(link, _)| link.disguised).or_else(|| self.bare(at, end))
            }
            Some(_) | None => self.bare(at, end),
        };
        (found, end)
    }

    /// What begins with the name from `start` to the colon at `colon`: a link with a scheme, or a host without one.
    fn before_colon(&self, start: usize, colon: usize) -> Found {
        // `example.com://` is a host before a colon, unless it ends in what is a scheme.
        let has_dot = (start..colon).any(|at| self.ch(at) == Some('.'));
        let bare = if has_dot { self.bare(start, colon) } else { None };
        bare.or_else(|| self.with_scheme(start, colon))
    }

    /// The index behind the e-mail address whose name goes on with the `@` or `+` at `at`: `name+tag@example.com`. `None` when
    /// no host of a suffix on the list stands behind, so that the sign is only a sign.
    fn mailbox_end(&self, at: usize) -> Option<usize> {
        const LONGEST: usize = 64;
        let part = |ch: char| is_name(ch) || matches!(ch, '.' | '+');
        let sign = (at..at + LONGEST).find(|at| !self.ch(*at).is_some_and(part))?;
        if self.ch(sign) != Some('@') || !self.ch(sign + 1).is_some_and(is_name) || self.hostless.get() == sign {
            return None;
        }
        let end = self.name_end_within(sign + 1, host::LONGEST + 1);
        let host = bare::host(self, sign + 1, end);
        if host.is_none() {
            self.hostless.set(sign);
        }
        host.map(|host| host.end)
    }

    pub(super) fn ch(&self, at: usize) -> Option<char> {
        self.units.get(at).map(|unit| unit.ch)
    }

    pub(super) fn before(&self, at: usize) -> Option<char> {
        self.ch(at.checked_sub(1)?)
    }

    fn is_symbol(&self, at: usize) -> bool {
        self.ch(at).is_some_and(is_symbol)
    }

    /// How many `/` (or `\`) there are from `at`, at most three.
    pub(super) fn slashes(&self, at: usize) -> usize {
        (at..at + 3).take_while(|at| self.is_slash(*at)).count()
    }

    pub(super) fn is_slash(&self, at: usize) -> bool {
        matches!(self.ch(at), Some('/' | '\\'))
    }

    /// The index behind the name with its dots that begins at `at`. Scripts without spaces end names of other scripts.
    fn name_end(&self, at: usize) -> usize {
        self.name_end_within(at, usize::MAX)
    }

    fn name_end_within(&self, at: usize, longest: usize) -> usize {
        let mut end = at + 1;
        while let Some(ch) = self.ch(end).filter(|_| end - at < longest) {
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

    /// The index behind the name from `at` that has a symbol before one of its dots (`💩.la`, `i❤.ws`), and the index up to
    /// where there is no other.
    fn name_with_symbols(&self, at: usize) -> (Option<usize>, usize) {
        let (mut end, mut found) = (at, None);
        while let Some(ch) = self.ch(end) {
            let next = self.ch(end + 1);
            if ch == '.' && self.before(end).is_some_and(is_symbol) && end > at && next.is_some_and(is_name) {
                end = self.name_end(end + 1);
                found = Some(end);
            } else if is_symbol(ch) && found.is_some() && !self.joins(end) {
                break;
            } else if is_name(ch) || is_symbol(ch) || ch == '.' && next.is_some_and(|ch| is_name(ch) || is_symbol(ch)) {
                end += 1;
            } else {
                break;
            }
        }
        (found, end)
    }

    /// Whether a dot of a name follows the symbols from `at`.
    fn joins(&self, at: usize) -> bool {
        const MANY: usize = 64;
        let end = (at..at + MANY).find(|at| !self.is_symbol(*at));
        end.is_some_and(|end| self.ch(end) == Some('.') && self.ch(end + 1).is_some_and(is_name))
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
    pub(super) fn with_tail(&self, start: usize, before: &str, from: usize, host: Host) -> Found {
        let end = tail::end(self.units, from);
        let url = format!("{before}{}", self.tail_text(from, end));
        // What a browser refuses is given as it is written.
        let url = Url::parse(&url).map_or(url, Into::into);
        self.link(start, end, url, host).map(|link| (link, end))
    }

    /// The index behind `:8080` at `at`, or `at` when there is no port.
    pub(super) fn port_end(&self, at: usize) -> usize {
        if self.ch(at) != Some(':') {
            return at;
        }
        let end = (at + 1..at + 7).find(|at| !self.ch(*at).is_some_and(|ch| ch.is_ascii_digit())).unwrap_or(at);
        let port = self.read((at + 1).min(end), end);
        if port.parse::<u16>().is_ok()
            && !self.units.get(end).is_some_and(|unit| unit.ch.is_ascii_alphabetic() && !unit.changed)
        {
            end
        } else {
            at
        }
    }

    /// The units from `start` to `end` as they are read.
    pub(super) fn read(&self, start: usize, end: usize) -> String {
        self.units.part(start, end).iter().map(|unit| unit.ch).collect()
    }

    /// Whether the original has something else there, or something invisible between.
    pub(super) fn is_changed(&self, start: usize, end: usize) -> bool {
        let units = self.units.part(start, end);
        units.iter().any(|unit| unit.changed) || units.windows(2).any(|pair| pair[0].end < pair[1].start)
    }

    /// The original text of a tail, because paths may hold joiners that mean something; or as it is read when it is spelled.
    pub(super) fn tail_text(&self, start: usize, end: usize) -> String {
        match self.units.part(start, end) {
            units @ [first, .., last] if !units.iter().any(|unit| unit.changed) => {
                self.text.get(first.start as usize..last.end as usize).unwrap_or_default().to_owned()
            }
            _ => self.read(start, end),
        }
    }

    pub(super) fn link(&self, start: usize, end: usize, url: String, host: Host) -> Option<Link> {
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
