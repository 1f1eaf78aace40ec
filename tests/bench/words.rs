//! Lists of words and texts without them, the same in every run.

/// Words that stand in no text of ours: three to five syllables by number.
pub(crate) fn blocked(count: usize) -> Vec<String> {
    const SYLLABLES: [&str; 16] =
        ["ka", "zu", "mi", "vo", "ne", "ri", "sha", "tu", "po", "le", "gha", "xi", "do", "bu", "fe", "jo"];
    (0..count)
        .map(|number| {
            let tail = (0..4).map(|place| SYLLABLES[(number >> (4 * place)) & 15]);
            std::iter::once("qua").chain(tail).collect()
        })
        .collect()
}

/// What people write, `bytes` long.
pub(crate) fn text(bytes: usize) -> String {
    const SENTENCES: &str = "Hello, I ordered a blue lamp last week and the parcel has not arrived yet. Could you \
        please tell me where it is? The number of my order is on the invoice that you sent on Monday. Thank you! ";
    SENTENCES.chars().cycle().take(bytes).collect()
}
