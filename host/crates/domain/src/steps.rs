//! How many steps scanners of text take: tests count them, and hold them in proportion to the length of the text.
//!
//! Each look at a character of a text, and each character that is handed to a library, is a step. Nothing is counted outside of tests.

#[cfg(test)]
pub(crate) mod tests;

#[cfg(test)]
std::thread_local! {
    static TAKEN: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Says that so many steps are taken.
#[cfg(test)]
pub(crate) fn take(count: usize) {
    TAKEN.set(TAKEN.get() + count);
}

/// Says that so many steps are taken.
#[cfg(not(test))]
#[inline]
pub(crate) const fn take(_: usize) {}

/// The same items; each is a step.
pub(crate) fn each<I: Iterator>(items: I) -> impl Iterator<Item = I::Item> {
    items.inspect(|_| take(1))
}
