//! Whether a text may hold a link at all, by its bytes: most messages hold none, and are not read any further.

use crate::steps;

/// Whether any of what every link has is in the text: a dot that joins, a scheme, slashes, a word for a dot, or characters
/// that may be read as those. What ends sentences (`. `, `...`) and times (`10:30`) is not enough.
pub(super) fn may_hold_one(text: &str) -> bool {
    let bytes = text.as_bytes();
    steps::each(bytes.iter().enumerate()).any(|(at, byte)| match byte {
        b'.' => dot(bytes, at),
        b':' => bytes.get(at + 1).is_some_and(|next| !next.is_ascii_whitespace() && !next.is_ascii_digit()),
        b'/' | b'\\' => bytes.get(at + 1) == Some(byte),
        b'd' | b'D' => begins(bytes, at, &[b"dot", b"d0t"]),
        b'p' | b'P' => begins(bytes, at, &[b"punkt"]),
        // т and д, in both cases: точка, тчк, дот.
        0xd0 | 0xd1 if matches!(bytes.get(at + 1), Some(0x82 | 0xa2 | 0xb4 | 0x94)) => {
            let mut word = [' '; 3];
            let letters = text.get(at..).unwrap_or_default().chars().flat_map(char::to_lowercase);
            word.iter_mut().zip(letters).for_each(|(place, letter)| *place = letter);
            matches!(word, ['т', 'о', 'ч'] | ['т', 'ч', 'к'] | ['д', 'о', 'т'])
        }
        // What may be invisible, or read as a letter, a dot or a colon. A dash and quotes (E2 80 90 to 9F) are not.
        0xe2 => !matches!(bytes.get(at + 1..at + 3), Some([0x80, 0x90..=0x9f] | [0x80, 0xa6])),
        0xc2 => matches!(bytes.get(at + 1), Some(0xad | 0xb7)),
        0xf0 => !matches!(bytes.get(at + 1..at + 3), Some([0x9f, 0x8c..=0xbf])),
        0xc6..=0xcd | 0xd8 | 0xe1 | 0xe3 | 0xef | 0xf1..=0xf4 => true,
        _ => false,
    })
}

/// Whether a dot at `at` may join two labels.
fn dot(bytes: &[u8], at: usize) -> bool {
    const NO_BREAK: &[u8] = "\u{a0}".as_bytes();
    let before = at.checked_sub(1).and_then(|at| bytes.get(at));
    let mut rest = bytes.get(at + 1..).unwrap_or_default();
    match rest.first() {
        None | Some(b'.') => false,
        Some(next) if !next.is_ascii_whitespace() => true,
        Some(_) if before.is_none_or(|before| before.is_ascii_whitespace()) || bytes[..at].ends_with(NO_BREAK) => true,
        // `example. com`, with a suffix that is never a word
        Some(_) => {
            while let [b' ', behind @ ..] = rest {
                steps::take(1);
                rest = behind;
            }
            [&b"com"[..], b"org", b"ru"].iter().any(|suffix| rest.starts_with(suffix))
        }
    }
}

fn begins(bytes: &[u8], at: usize, words: &[&[u8]]) -> bool {
    words.iter().any(|word| bytes.get(at..at + word.len()).is_some_and(|there| there.eq_ignore_ascii_case(word)))
}
