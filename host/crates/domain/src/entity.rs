//! Things in text besides links: emoji, telephone numbers and e-mail addresses, however they are written.
//!
//! Each function gives UTF-8 byte ranges that lie on character boundaries, in order and apart, at most
//! [`limits::LINKS`](crate::limits::LINKS) of them. What may be written is policy, and not decided here.

mod email;
mod emoji;
mod phone;

#[cfg(test)]
mod tests;

pub use email::email_addresses;
pub use emoji::emoji;
pub use phone::phone_numbers;

use std::ops::Range;

use crate::folded::Units;

/// The bytes of the original from the unit `start` up to the one before `end`.
fn bytes(units: &Units, start: usize, end: usize) -> Option<Range<usize>> {
    let (first, last) = (units.get(start)?, units.get(end.checked_sub(1)?)?);
    Some(first.start as usize..last.end as usize)
}
