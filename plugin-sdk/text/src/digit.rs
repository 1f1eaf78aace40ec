//! Digits of all scripts and styles, and their values.

/// The zero of each row of ten decimal digits (Unicode's general category Nd), which follow one another.
const ZEROS: [u32; 77] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620,
    0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x10d40, 0x11066, 0x110f0, 0x11136,
    0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x116d0, 0x116da, 0x11730, 0x118e0, 0x11950, 0x11bf0,
    0x11c50, 0x11d50, 0x11da0, 0x11de0, 0x11f50, 0x16130, 0x16a60, 0x16ac0, 0x16b50, 0x16d70, 0x1ccf0, 0x1d7ce,
    0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e5f1, 0x1e950, 0x1fbf0,
];

/// Digits that are raised, lowered, circled or the like: first and last of a row, and the value of the first.
const STYLED: [(u32, u32, u8); 24] = [
    (0xb2, 0xb3, 2),
    (0xb9, 0xb9, 1),
    (0x2070, 0x2070, 0),
    (0x2074, 0x2079, 4),
    (0x2080, 0x2089, 0),
    (0x2460, 0x2468, 1),
    (0x2474, 0x247c, 1),
    (0x2488, 0x2490, 1),
    (0x24ea, 0x24ea, 0),
    (0x24f5, 0x24fd, 1),
    (0x24ff, 0x24ff, 0),
    (0x2776, 0x277e, 1),
    (0x2780, 0x2788, 1),
    (0x278a, 0x2792, 1),
    (0x3007, 0x3007, 0),
    (0x3220, 0x3228, 1),
    (0x3280, 0x3288, 1),
    (0x10a40, 0x10a43, 1),
    (0x10e60, 0x10e68, 1),
    (0x11052, 0x1105a, 1),
    (0x1f100, 0x1f100, 0),
    (0x1f101, 0x1f10a, 0),
    (0x1f10b, 0x1f10b, 0),
    (0x1f10c, 0x1f10c, 0),
];

/// The value of a decimal digit of any script: `7`, `٧`, `७`, `７`, `𝟕`.
///
/// ```
/// assert_eq!(sluice_text::decimal('७'), Some(7));
/// assert_eq!(sluice_text::decimal('⑦'), None);
/// ```
#[must_use]
pub fn decimal(c: char) -> Option<u8> {
    if c < '\u{660}' {
        return c.is_ascii_digit().then(|| c as u8 - b'0');
    }
    let code = c as u32;
    let zero = ZEROS.get(ZEROS.partition_point(|zero| *zero <= code).checked_sub(1)?)?;
    u8::try_from(code - zero).ok().filter(|value| *value < 10)
}

/// The value of what a reader takes for a digit: a decimal digit of any script, or one that is raised, circled or the like
/// (`⑦`, `⁷`, `❼`).
///
/// ```
/// assert_eq!("٠⑤𝟓".chars().filter_map(sluice_text::digit).collect::<Vec<u8>>(), [0, 5, 5]);
/// ```
#[must_use]
pub fn digit(c: char) -> Option<u8> {
    // Most letters of most texts, without a look into the tables.
    match c {
        '\0'..='\u{7f}' => return decimal(c),
        '\u{ba}'..='\u{65f}' | '\u{3290}'..='\u{a61f}' | '\u{ac00}'..='\u{feff}' => return None,
        _ => {}
    }
    let code = c as u32;
    let at = STYLED.partition_point(|(_, last, _)| *last < code);
    match STYLED.get(at) {
        Some((first, _, value)) if *first <= code => u8::try_from(code - first).ok().map(|offset| value + offset),
        Some(_) | None => decimal(c),
    }
}

#[cfg(test)]
mod tests {
    use icu_properties::props::{EnumeratedProperty as _, GeneralCategory};
    use unicode_normalization::UnicodeNormalization as _;

    use super::*;

    #[test]
    fn every_decimal_digit_of_unicode_has_its_value() {
        let mut expected = 0;
        for c in '\0'..=char::MAX {
            // Rows of digits follow one another without a gap (Unicode, section 4.6).
            let is_digit = GeneralCategory::for_char(c) == GeneralCategory::DecimalNumber;
            assert_eq!(decimal(c), is_digit.then_some(expected), "{c} {:x}", c as u32);
            expected = if is_digit { (expected + 1) % 10 } else { expected };
        }
    }

    #[test]
    fn a_digit_is_worth_what_its_plain_form_is() {
        assert!(STYLED.is_sorted() && ZEROS.is_sorted());
        for c in ('\0'..=char::MAX).filter(|c| !c.is_ascii_digit()) {
            let plain: Vec<u32> = c.nfkc().filter_map(|part| part.to_digit(10)).collect();
            if let ([value], Some(digit)) = (&plain[..], digit(c)) {
                assert_eq!(u32::from(digit), *value, "{c}");
            }
        }
        for (digits, values) in [("❶➀➊", 1), ("⑨⑼⒐⁹₉", 9), ("⓪⓿🄀🄋🄌〇", 0)] {
            assert!(digits.chars().all(|c| digit(c) == Some(values)), "{digits}");
        }
        for c in '\0'..=char::MAX {
            let styled = STYLED.iter().any(|(first, last, _)| (*first..=*last).contains(&(c as u32)));
            assert_eq!(digit(c).is_some(), styled || decimal(c).is_some(), "{c}");
        }
        assert!("a½Ⅷ一⑩Ⅰ ".chars().all(|c| digit(c).is_none()));
    }
}
