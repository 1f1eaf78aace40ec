//! Which digits are what: issuers, countries and check digits. Where they stand in a text is not looked at here.

/// Whether these digits are a payment card's: ISO/IEC 7812 check digit, and a range and length that an issuer uses.
pub(crate) fn is_card(digits: &[u8]) -> bool {
    is_issued(digits) && luhn(digits)
}

/// Ranges of the first four digits, and the lengths that are in use there.
fn is_issued(digits: &[u8]) -> bool {
    let length = digits.len();
    let Some(first) = digits.get(..4) else { return false };
    let first = first.iter().fold(0_u16, |number, &digit| number * 10 + u16::from(digit));
    match first {
        // Visa.
        4000..=4999 => matches!(length, 13 | 16 | 19),
        // Mastercard.
        5100..=5599 | 2221..=2720 => length == 16,
        // American Express.
        3400..=3499 | 3700..=3799 => length == 15,
        // Mir.
        2200..=2204 => matches!(length, 16..=19),
        // UnionPay.
        6200..=6299 | 8100..=8171 => matches!(length, 16..=19),
        // Discover.
        6011 | 6440..=6599 => matches!(length, 16..=19),
        // JCB.
        3528..=3589 => matches!(length, 16..=19),
        // Diners Club.
        3000..=3059 | 3095 | 3600..=3699 | 3800..=3999 => matches!(length, 14..=19),
        // Maestro.
        5018 | 5020 | 5038 | 5612 | 5893 | 6304 | 6759 | 6761..=6763 => matches!(length, 13..=19),
        _ => false,
    }
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match (place % 2, u32::from(digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether these are the digits of a barcode with the check digit of one: GTIN-13, GTIN-14 or SSCC (GS1 General Specifications,
/// section 7.9).
pub(crate) fn is_barcode(digits: &[u8]) -> bool {
    let weighted = digits.iter().rev().enumerate().map(|(place, &digit)| u32::from(digit) * [1, 3][place % 2]);
    matches!(digits.len(), 13 | 14 | 18) && weighted.sum::<u32>().is_multiple_of(10)
}

/// The length of an IBAN of this country (ISO 13616, the register's edition of 2025), when it has them.
pub(crate) fn iban_length(country: [u8; 2]) -> Option<usize> {
    const LENGTHS: &[(usize, &str)] = &[
        (15, "NO"),
        (16, "BE"),
        (18, "DK FK FO FI GL NL SD"),
        (19, "MK SI"),
        (20, "AT BA EE KZ LT LU MN XK"),
        (21, "CH CR HR LI LV"),
        (22, "BG BH DE GB GE IE ME RS"),
        (23, "AE GI IL IQ OM SO TL"),
        (24, "AD CZ ES MD PK RO SA SE SK TN VG"),
        (25, "LY PT ST"),
        (26, "IS TR"),
        (27, "BI DJ FR GR IT MC MR SM"),
        (28, "AL AZ BY CY DO GT HU LB NI PL SV"),
        (29, "BR EG PS QA UA"),
        (30, "JO KW MU YE"),
        (31, "MT SC"),
        (32, "LC"),
        (33, "RU"),
    ];
    let country = std::str::from_utf8(&country).ok()?;
    LENGTHS.iter().find(|(_, countries)| countries.split(' ').any(|other| other == country)).map(|&(length, _)| length)
}

/// Whether an IBAN's check digits are right: ISO 7064 MOD 97-10. Takes upper-case letters and digits only.
pub(crate) fn is_iban(characters: &[u8]) -> bool {
    let Some((country, account)) = characters.split_at_checked(4) else { return false };
    let mut remainder = 0_u32;
    for &character in account.iter().chain(country) {
        remainder = match character {
            b'0'..=b'9' => remainder * 10 + u32::from(character - b'0'),
            b'A'..=b'Z' => remainder * 100 + u32::from(character - b'A') + 10,
            _ => return false,
        } % 97;
    }
    remainder == 1
}

/// Whether these are a SNILS: nine digits and two check digits. Numbers up to 001-001-998 have none and are not issued.
pub(crate) fn is_snils(digits: &[u8]) -> bool {
    let [number @ .., tens, ones] = digits else { return false };
    if number.len() != 9 || number.iter().fold(0, |whole, &digit| whole * 10 + u32::from(digit)) <= 1_001_998 {
        return false;
    }
    let sum: u32 = number.iter().zip((1..=9).rev()).map(|(&digit, weight)| u32::from(digit) * weight).sum();
    sum % 101 % 100 == u32::from(tens * 10 + ones)
}

/// Whether these are an INN: ten digits of a company, or twelve of a person, the last one or two of them check digits.
pub(crate) fn is_inn(digits: &[u8]) -> bool {
    const WEIGHTS: [u32; 11] = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8];
    // The last weights are those of the digits before the check digit.
    let checks = |length: usize| {
        let weights = &WEIGHTS[WEIGHTS.len() - (length - 1)..];
        let sum: u32 = digits.iter().zip(weights).map(|(&digit, weight)| u32::from(digit) * weight).sum();
        sum % 11 % 10 == u32::from(digits[length - 1])
    };
    let is_possible = digits.iter().any(|&digit| digit != 0);
    match digits.len() {
        10 => is_possible && checks(10),
        12 => is_possible && checks(11) && checks(12),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().map(|byte| byte - b'0').collect()
    }

    #[test]
    fn cards_are_told_from_other_numbers() {
        // The networks' own numbers for tests.
        for card in [
            "4111111111111111",
            "4222222222222",
            "5555555555554444",
            "2223003122003222",
            "378282246310005",
            "2200000000000004",
            "6011111111111117",
            "3530111333300000",
            "30569309025904",
            "6200000000000005",
        ] {
            assert!(is_card(&digits(card)), "{card}");
        }
        for other in ["4111111111111112", "1111111111111117", "0000000000000000", "41111111111111", "7999999999999999"]
        {
            assert!(!is_card(&digits(other)), "{other}");
        }
    }

    #[test]
    fn barcodes_are_told_by_their_check_digit() {
        for code in ["4006381333931", "10012345678902", "106141412345678908"] {
            assert!(is_barcode(&digits(code)), "{code}");
        }
        for other in ["4222222222222", "30569309025904", "4111111111111111"] {
            assert!(!is_barcode(&digits(other)), "{other}");
        }
    }

    #[test]
    fn ibans_are_checked() {
        for iban in
            ["DE89370400440532013000", "GB82WEST12345698765432", "NO9386011117947", "MT84MALT011000012345MTLCAST001S"]
        {
            assert_eq!(iban_length([iban.as_bytes()[0], iban.as_bytes()[1]]), Some(iban.len()));
            assert!(is_iban(iban.as_bytes()), "{iban}");
        }
        assert!(!is_iban(b"DE89370400440532013001"));
        assert_eq!(iban_length(*b"US"), None);
    }

    #[test]
    fn russian_numbers_are_checked() {
        assert!(is_snils(&digits("11223344595")));
        assert!(!is_snils(&digits("11223344596")));
        assert!(!is_snils(&digits("00000000000")));
        assert!(is_inn(&digits("7707083893")));
        assert!(is_inn(&digits("500100732259")));
        assert!(!is_inn(&digits("7707083894")));
        assert!(!is_inn(&digits("500100732258")));
        assert!(!is_inn(&digits("0000000000")));
    }
}
