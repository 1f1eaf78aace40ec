//! How message and attachment filters answer, in words shorter than the generated types'.

use crate::{
    Edit, Reason, Verdict,
    limits::{REASON_TEXT_BYTES, cut},
};

impl Reason {
    /// A reason with its code for programs (1 to 64 of `a-z 0-9 . _ -`) and one sentence for a person. What is longer
    /// than a reason may be is cut. The sentence is shown to the message's author: never repeat what was found.
    ///
    /// ```
    /// let reason = sluice_plugin::Reason::new("payment-card", "Card numbers cannot be sent here.");
    /// assert_eq!(reason.code, "payment-card");
    /// ```
    pub fn new(code: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { code: code.into(), text: cut(&text, REASON_TEXT_BYTES).to_owned() }
    }
}

impl Verdict {
    /// Deliver it, marked with labels for the account's people; [`Verdict::Allow`] without any label.
    ///
    /// ```
    /// use sluice_plugin::Verdict;
    /// assert_eq!(Verdict::flag(["refund"]), Verdict::Flag(vec!["refund".to_owned()]));
    /// assert_eq!(Verdict::flag::<&str>([]), Verdict::Allow);
    /// ```
    pub fn flag<L: Into<String>>(labels: impl IntoIterator<Item = L>) -> Self {
        let labels: Vec<String> = labels.into_iter().map(Into::into).collect();
        if labels.is_empty() { Self::Allow } else { Self::Flag(labels) }
    }

    /// Deliver it with edits; [`Verdict::Allow`] without any. [`Edits`](crate::Edits) builds edits that always fit the text.
    ///
    /// ```
    /// use sluice_plugin::{Edit, Verdict};
    /// let edit = Edit { start: 0, end: 4, replacement: "[…]".to_owned() };
    /// assert_eq!(Verdict::redact([edit.clone()]), Verdict::Redact(vec![edit]));
    /// ```
    pub fn redact(edits: impl IntoIterator<Item = Edit>) -> Self {
        let edits: Vec<Edit> = edits.into_iter().collect();
        if edits.is_empty() { Self::Allow } else { Self::Redact(edits) }
    }

    /// Keep it back until a supervisor has looked.
    ///
    /// ```
    /// use sluice_plugin::Verdict;
    /// assert_eq!(Verdict::hold("too-long", "The message is too long.").code(), Some("too-long"));
    /// ```
    pub fn hold(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Hold(Reason::new(code, text))
    }

    /// Do not deliver it.
    ///
    /// ```
    /// use sluice_plugin::Verdict;
    /// assert_eq!(Verdict::block("blocked-word", "A word is not allowed here.").code(), Some("blocked-word"));
    /// ```
    pub fn block(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Block(Reason::new(code, text))
    }

    /// The reason's code, when there is a reason.
    ///
    /// ```
    /// assert_eq!(sluice_plugin::Verdict::Allow.code(), None);
    /// ```
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Allow | Self::Flag(_) | Self::Redact(_) => None,
            Self::Hold(reason) | Self::Block(reason) => Some(&reason.code),
        }
    }
}
