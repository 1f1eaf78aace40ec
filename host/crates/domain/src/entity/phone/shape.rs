//! Whether groups of digits are one telephone number, by how many digits each group has and which the first ones are.

use std::ops::RangeInclusive;

use super::group::Group;
use crate::steps;

/// Fewest and most digits of a number with its country's code (ITU-T E.164, section 6).
pub(super) const INTERNATIONAL: RangeInclusive<usize> = 10..=15;

/// Whether other groups are beside some.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Alone {
    /// None is.
    All,
    /// There are, with a slash or another sign between that says that they are other numbers.
    Among,
    /// There are.
    No,
}

/// Whether the groups are one number.
pub(super) fn is_number(groups: &[Group], alone: Alone) -> bool {
    steps::take(groups.len());
    let count: usize = groups.iter().map(|group| group.digits.len()).sum();
    if count != 7 && !(10..=17).contains(&count) {
        return false;
    }
    // Digits that are each on their own are a number only as they are dialled in Russia, or with a `+`.
    let many = groups.len() > 6 && !(count == 11 && groups[0].digits.starts_with(['7', '8']));
    if many && !groups[0].plus {
        return false;
    }
    let digits: String = groups.iter().map(|group| group.digits.as_str()).collect();
    let shape: Vec<usize> = groups.iter().map(|group| group.digits.len()).collect();
    if shape.contains(&0) {
        return false;
    }
    if groups[0].plus {
        return is_international(&digits);
    }
    let odd = groups[1..].iter().any(Group::is_odd);
    if is_address(groups) || is_date(groups) || is_sum(groups) || is_counted(&digits) || odd && !is_dialled(&shape) {
        return false;
    }
    is_national(groups, &digits, &shape, Beside { alone, odd, named: groups.iter().any(|group| group.named) })
}

/// What is known of what stands between and beside the groups.
#[derive(Clone, Copy)]
struct Beside {
    alone: Alone,
    odd: bool,
    named: bool,
}

/// Whether they are dialled like this somewhere, without `+`.
fn is_national(groups: &[Group], digits: &str, shape: &[usize], beside: Beside) -> bool {
    let Beside { alone, odd, named } = beside;
    let dashed = groups[1..].iter().all(Group::is_dashed);
    let slash = groups[1..].iter().any(Group::has_slash);
    let first = shape[0];
    match (digits.len(), digits.as_bytes()) {
        (7, _) if named || odd => false,
        (7, [b'1'..=b'9', ..]) if shape == [3, 2, 2] => alone != Alone::No && dashed,
        // Ranges and years are written so, too: `100-6400`, `754-2008`.
        (7, [b'2'..=b'9', ..]) if shape == [3, 4] => {
            alone == Alone::All && dashed && !digits[3..].starts_with(['0', '1']) && !digits[3..].starts_with("20")
        }
        (10, [b'0', b'1'..=b'9', ..]) if shape == [2; 5] => !odd,
        (10 | 11, [b'0', b'1'..=b'9', ..]) if groups.len() == 1 => !named,
        (10..=12, [b'0', b'1'..=b'9', ..]) => groups.len() > 1 && (3..=5).contains(&first),
        (11, [b'7' | b'8', b'3' | b'4' | b'5' | b'8' | b'9', ..]) => first == 1 || first == 4 || first == 11,
        (11, [b'1', b'2'..=b'9', _, _, b'2'..=b'9', ..]) => matches!(*shape, [1, 3, 3, 4] | [11] | [4, 3, 4]),
        (10, [b'2'..=b'9', _, _, exchange, ..]) => match *shape {
            [10] => !named && (digits.starts_with('9') || (b'2'..=b'9').contains(exchange)),
            [3, 3, 4] | [3, 3, 2, 2] | [3, 7] | [3, 2, 2, 3] | [5, 5] => true,
            _ => false,
        },
        (12..=17, [b'0', b'0', ..]) => is_international(&digits[2..]),
        (11..=13, [b'1'..=b'9', ..]) => !odd && !named && !slash && is_grouped(groups, shape),
        (_, _) => false,
    }
}

/// Whether a number that begins with its country's code has as many digits as such numbers do.
fn is_international(digits: &str) -> bool {
    match digits.as_bytes() {
        [b'7' | b'1', ..] => digits.len() == 11,
        [b'1'..=b'9', ..] => INTERNATIONAL.contains(&digits.len()),
        _ => false,
    }
}

/// Whether the groups are like those of a number with its country's code but without `+`: neither thousands nor a card.
fn is_grouped(groups: &[Group], shape: &[usize]) -> bool {
    let rest = &shape[1..];
    let thousands = rest.iter().zip(&groups[1..]).all(|(length, group)| *length == 3 || group.between == ".");
    let card = shape.iter().all(|length| *length == 4);
    (3..=6).contains(&groups.len())
        && (1..=3).contains(&shape[0])
        && rest.iter().all(|length| (2..=4).contains(length))
        && !thousands
        && !card
}

/// Whether groups with commas or the like between them are those of a number rather than numbers of a list: the digits that are
/// dialled before a code have a code behind them.
fn is_dialled(shape: &[usize]) -> bool {
    match shape {
        [1, rest @ ..] => rest.iter().all(|length| *length == 1) || matches!(rest.first(), Some(3..=5 | 10)),
        [first, ..] => *first >= 3,
        [] => false,
    }
}

/// `192.168.100.200`, also with a port or the length of a network's prefix.
fn is_address(groups: &[Group]) -> bool {
    let Some((address, rest)) = groups.split_at_checked(4) else { return false };
    address[1..].iter().all(|group| group.between == ".")
        && address.iter().all(|group| group.digits.parse::<u8>().is_ok())
        && matches!(rest.iter().map(|group| group.between.as_str()).collect::<Vec<_>>()[..], [] | [":" | "/"])
}

/// Thousands with a part behind the comma: `8,912,345,678.9`.
fn is_sum(groups: &[Group]) -> bool {
    let [_, thousands @ .., part] = groups else { return false };
    let Some(between) = thousands.first().map(|group| &group.between) else { return false };
    matches!(&*part.between, "." | ",")
        && part.between != *between
        && thousands.iter().all(|group| group.digits.len() == 3 && group.between == *between)
}

/// The same digit again and again, or one after the other: nobody has such a number, and examples have.
fn is_counted(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    bytes.windows(2).all(|pair| pair[0] == pair[1]) || digits == "0123456789"
}

/// Whether a date is in it: `2024-01-15 10`, `15.01.2024`.
fn is_date(groups: &[Group]) -> bool {
    let number = |group: &Group, most: u16| {
        group.digits.len() <= 2 && group.digits.parse::<u16>().is_ok_and(|n| (1..=most).contains(&n))
    };
    let year =
        |group: &Group| group.digits.len() == 4 && (group.digits.starts_with("19") || group.digits.starts_with("20"));
    groups.windows(3).any(|three| match three {
        [a, b, c] => {
            b.between == c.between
                && (year(a) && number(b, 12) && number(c, 31) || number(a, 31) && number(b, 31) && year(c))
        }
        _ => false,
    })
}
