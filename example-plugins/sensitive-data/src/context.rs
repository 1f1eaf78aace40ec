//! Whether the text before a number says what the number is.

/// How far before a number such a word counts, in bytes: some forty Cyrillic letters.
const REACH: usize = 80;

/// Words that announce a passport, by how they begin; in lower case.
pub(crate) const PASSPORT: &[&str] = &["паспорт", "серия", "серии", "серію", "passport", "pasport"];
/// Words that announce a SNILS.
pub(crate) const SNILS: &[&str] = &["снилс", "snils"];
/// Words that announce a payment card.
pub(crate) const CARD: &[&str] = &[
    "карт",
    "card",
    "visa",
    "виза",
    "maestro",
    "маэстро",
    "mastercard",
    "unionpay",
    "diners",
    "tarjeta",
    "karte",
    "carte",
];
/// Words that announce an INN.
pub(crate) const INN: &[&str] = &["инн", "inn"];

/// Whether one of `words` begins a word shortly before the byte offset `at`, or ends right there.
pub(crate) fn is_announced(text: &str, at: usize, words: &[&str]) -> bool {
    let from = text.floor_char_boundary(at.saturating_sub(REACH));
    let Some(before) = text.get(from..at) else { return false };
    let lower = before.to_lowercase();
    words.iter().any(|word| {
        lower
            .match_indices(word)
            .any(|(start, _)| !lower[..start].chars().next_back().is_some_and(char::is_alphanumeric))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_counts_shortly_before_the_number_only() {
        let announced = |text: &str| is_announced(text, text.len(), INN);
        assert!(announced("мой ИНН: "));
        assert!(announced("INN/KPP "));
        assert!(!announced("winner "));
        assert!(!announced(&format!("инн {}", "x".repeat(100))));
    }
}
