//! Letters that look like others.

/// A text with each letter as the one that it looks like (Unicode Technical Standard 39, section 4): two texts with the same one
/// are taken for each other.
///
/// ```
/// use sluice_text::skeleton;
///
/// assert!(skeleton("раураl").eq(skeleton("paypal")), "the first is in Cyrillic");
/// ```
pub fn skeleton(text: &str) -> impl Iterator<Item = char> + '_ {
    unicode_security::skeleton(text)
}
