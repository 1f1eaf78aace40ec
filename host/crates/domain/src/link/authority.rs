//! The part of a URL behind its slashes: a user, a host, a port. What stands behind the host only decides where it ends.

use url::Url;

use super::{
    cuts,
    host::{self, Host},
    scan::Scan,
    tail,
};

/// A user, a host and a port.
pub(super) struct Authority {
    /// Index of the host's first unit, behind the user and password.
    pub(super) host_start: usize,
    /// Index behind the host's last unit.
    pub(super) host_end: usize,
    /// Index behind the port, or behind the host when there is none.
    pub(super) end: usize,
    pub(super) host: Host,
}

/// The authority that begins at `from`.
pub(super) fn read(scan: &Scan<'_>, from: usize) -> Option<Authority> {
    let host_start = host_start(scan, from);
    let (host_end, host) = host_at(scan, host_start)?;
    Some(Authority { host_start, host_end, end: scan.port_end(host_end), host })
}

/// The host that begins at `start`, and the index behind its last unit.
pub(super) fn host_at(scan: &Scan<'_>, start: usize) -> Option<(usize, Host)> {
    if scan.ch(start) == Some('[') {
        return address(scan, start);
    }
    let end = trimmed(scan, start, host_end(scan, start));
    let whole = host_of(&scan.read(start, end));
    if whole.as_ref().is_some_and(|host| host.known) {
        return whole.map(|host| (end, host));
    }
    let turn = cuts::first_turn(scan, start, end);
    let underscore = (start..end).rev().find(|at| scan.ch(*at) == Some('_'));
    let cut = |end: usize| {
        let end = trimmed(scan, start, end);
        host_of(&scan.read(start, end)).map(|host| (end, host))
    };
    let known = cuts::ends(scan, start, end).chain(underscore).chain(turn).filter_map(cut).find(|(_, host)| host.known);
    if known.is_some() {
        return known;
    }
    // A host of no suffix, such as `localhost`: it ends before a sign, and before letters that no host mixes with it. What begins
    // with `xn--` is ASCII to its end, or no host.
    let is_sign = |at: &usize| scan.ch(*at).is_some_and(|ch| !ch.is_alphanumeric() && ch != '_');
    let parts = |at: &usize| is_sign(at) || whole.is_none() && scan.before(*at) != Some('-');
    turn.filter(parts).and_then(cut).or_else(|| whole.map(|host| (end, host)))
}

/// Where the host begins, behind the last `@` that a host stands behind.
fn host_start(scan: &Scan<'_>, from: usize) -> usize {
    let stops = |ch: char| tail::stops(ch) || matches!(ch, '/' | '?' | '#' | '(' | ')' | '[' | ']' | '{' | '}');
    let begins = |at: usize| scan.ch(at).is_some_and(|ch| cuts::is_of_host(ch) || matches!(ch, '[' | '%'));
    let (mut start, mut at) = (from, from);
    while let Some(ch) = scan.ch(at).filter(|ch| !stops(*ch)) {
        at += 1;
        // One that is written otherwise is a sign: `https://example.com (at) 5 pm`.
        if ch == '@' && begins(at) && !scan.units[at - 1].changed {
            start = at;
        }
    }
    start
}

/// Where the longest name that may be a host ends.
fn host_end(scan: &Scan<'_>, start: usize) -> usize {
    let hex = |at: usize| scan.ch(at).is_some_and(|ch| ch.is_ascii_hexdigit());
    let mut end = start;
    while end - start < host::LONGEST_WRITTEN {
        match scan.ch(end) {
            Some('%') if hex(end + 1) && hex(end + 2) => end += 3,
            // Two dots end it.
            Some('.') if end > start && scan.ch(end - 1) != Some('.') => end += 1,
            Some(ch) if cuts::is_of_host(ch) => end += 1,
            Some(_) | None => break,
        }
    }
    end
}

/// The end of the host without what no host ends with.
fn trimmed(scan: &Scan<'_>, start: usize, end: usize) -> usize {
    let mut end = end;
    while end > start && scan.ch(end - 1).is_some_and(|ch| matches!(ch, '-' | '_' | '.')) {
        end -= 1;
    }
    end
}

/// An address of IPv6 in its brackets.
fn address(scan: &Scan<'_>, start: usize) -> Option<(usize, Host)> {
    // Eight groups of four digits, the last two perhaps as an address of IPv4.
    const LONGEST: usize = 48;
    let close = (start..start + LONGEST).find(|at| scan.ch(*at) == Some(']'))?;
    let url = Url::parse(&format!("http://{}", scan.read(start, close + 1))).ok()?;
    let ascii = url.host_str()?.to_owned();
    Some((close + 1, Host { registrable: ascii.clone(), ascii, known: true, disguised: false }))
}

/// The host that a browser would go to, as it is written in a URL.
fn host_of(written: &str) -> Option<Host> {
    if !host::fits(written) {
        return None;
    }
    let url = Url::parse(&format!("http://{written}")).ok();
    let ascii = url.as_ref().and_then(|url| url.host_str()).map(str::to_ascii_lowercase);
    // What only a browser refuses is still a link: to nowhere, but clickable.
    let ascii = ascii.or_else(|| written.is_ascii().then(|| written.to_ascii_lowercase()))?;
    // It looks like another when it is written in a way that only a browser reads: numbers of addresses, escapes.
    let is_address = ascii.parse::<std::net::Ipv4Addr>().is_ok();
    let escaped = written.contains('%') || is_address && !written.eq_ignore_ascii_case(&ascii);
    if is_address {
        return Some(Host { registrable: ascii.clone(), ascii, known: true, disguised: escaped });
    }
    let alike = host::read(written).is_some_and(|host| host.disguised);
    host::registered(ascii, alike || escaped)
}
