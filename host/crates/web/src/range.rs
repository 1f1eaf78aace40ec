//! The `Range` header (RFC 9110, section 14.2): one range of bytes. Several at once are answered with everything, as the standard allows.

/// What of a file a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// All of it.
    Whole,
    /// A part.
    Part(Range),
    /// Nothing that is there.
    Outside,
}

/// Bytes in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    /// The first.
    pub(crate) start: u64,
    /// How many; at least one.
    pub(crate) length: u64,
}

impl Asked {
    /// What `header` asks for of a file of `size` bytes. What cannot be understood asks for everything.
    pub(crate) fn of(header: Option<&str>, size: u64) -> Self {
        let Some((unit, set)) = header.and_then(|header| header.trim().split_once('=')) else { return Self::Whole };
        if !unit.eq_ignore_ascii_case("bytes") {
            return Self::Whole;
        }
        let Some((first, last)) = set.split_once('-').filter(|_| !set.contains(',')) else { return Self::Whole };
        // More digits than a number has are past every end.
        let number = |text: &str| {
            let digits = text.trim();
            let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| digits.parse::<u64>().unwrap_or(u64::MAX))
        };
        match (first.trim().is_empty(), last.trim().is_empty()) {
            // The last bytes of it.
            (true, false) => number(last).map_or(Self::Whole, |length| {
                let length = length.min(size);
                Self::part(size - length, length)
            }),
            (false, true) => number(first).map_or(Self::Whole, |start| Self::part(start, size.saturating_sub(start))),
            (false, false) => match (number(first), number(last)) {
                (Some(start), Some(last)) if start <= last => {
                    Self::part(start, last.saturating_add(1).min(size).saturating_sub(start))
                }
                (Some(_) | None, Some(_) | None) => Self::Whole,
            },
            (true, true) => Self::Whole,
        }
    }

    const fn part(start: u64, length: u64) -> Self {
        if length == 0 { Self::Outside } else { Self::Part(Range { start, length }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_found_and_cut_to_the_file() {
        let part = |start, length| Asked::Part(Range { start, length });
        for (header, asked) in [
            ("bytes=0-0", part(0, 1)),
            ("bytes=2-5", part(2, 4)),
            ("bytes=8-", part(8, 2)),
            ("bytes=8-99", part(8, 2)),
            ("bytes=-3", part(7, 3)),
            ("bytes=-99", part(0, 10)),
            ("bytes=10-", Asked::Outside),
            ("bytes=-0", Asked::Outside),
            ("bytes=99-100", Asked::Outside),
            ("bytes=0-18446744073709551615", part(0, 10)),
            ("Bytes=0-99999999999999999999999", part(0, 10)),
            ("bytes=99999999999999999999999-", Asked::Outside),
        ] {
            assert_eq!(Asked::of(Some(header), 10), asked, "{header}");
        }
    }

    #[test]
    fn what_is_no_single_range_asks_for_everything() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-2",
            "bytes=0-1,3-4",
            "lines=1-2",
            "bytes=a-b",
            "bytes=1-x",
            "bytes=+1-5",
        ] {
            assert_eq!(Asked::of(Some(header), 10), Asked::Whole, "{header}");
        }
        assert_eq!(Asked::of(None, 10), Asked::Whole);
        assert_eq!(Asked::of(Some("bytes=0-0"), 0), Asked::Outside);
    }
}
