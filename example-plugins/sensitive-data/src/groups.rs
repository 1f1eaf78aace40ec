//! How digits are grouped where people write cards and accounts.

/// Groups of cards that are not all of one length: American Express, Diners Club, the first digits apart, the last ones apart.
const OF_CARDS: [&[usize]; 8] =
    [&[4, 6, 5], &[4, 6, 4], &[6, 10], &[6, 13], &[4, 12], &[12, 4], &[4, 8, 4], &[4, 5, 6]];

/// Whether a card's digits are grouped so. Small groups are a disguise only with the same between all of them, and with dots they are
/// addresses of hosts, versions and sums.
pub(crate) fn of_card(lengths: &[usize], uniform: bool, dotted: bool) -> bool {
    match lengths {
        [] => false,
        [_] => true,
        [1, ..] if is_even(lengths, 1) => uniform,
        [2, ..] if is_even(lengths, 2) => uniform && !dotted,
        // The thirteen digits of old.
        [4, 3, 3, 3] => uniform && !dotted,
        [4 | 8, ..] if is_even(lengths, lengths[0]) => uniform || !dotted,
        _ => OF_CARDS.contains(&lengths) && (uniform || !dotted),
    }
}

/// Whether the groups are those of an IBAN: of one length, or with the country and the check digits apart.
pub(crate) fn of_iban(lengths: &[usize]) -> bool {
    let rest = match lengths {
        [2, 2, rest @ ..] | [4, rest @ ..] | [2, rest @ ..] => rest,
        _ => lengths,
    };
    is_even(lengths, lengths.first().copied().unwrap_or(0)) || rest.first().is_some_and(|first| is_even(rest, *first))
}

/// Whether all groups have the same length, but for the last, which may be shorter.
fn is_even(lengths: &[usize], length: usize) -> bool {
    lengths.split_last().is_some_and(|(last, rest)| rest.iter().all(|other| *other == length) && *last <= length)
}
