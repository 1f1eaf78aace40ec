//! What can be wrong with a log.

/// What is wrong with a log, or cannot be shown of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// There is no entry where one must be.
    #[error("entry {0} is missing")]
    Missing(i64),
    /// There is an entry where none can be.
    #[error("entry {0} was inserted")]
    Inserted(i64),
    /// An entry is not what was written.
    #[error("entry {0} is not what was written")]
    Changed(i64),
    /// What the account's row says of the log's beginning and end is not what the server wrote there.
    #[error("the account's row is not what was written: it names {named} as the last entry")]
    End {
        /// The one that it names.
        named: i64,
    },
    /// One of the entries from before the chain is not what it was when the chain began.
    #[error("one of the {unsealed} entries from before the chain is not what it was when they were sealed")]
    Earlier {
        /// How many there are.
        unsealed: i64,
    },
    /// The log does not begin with the account.
    #[error("the log does not begin with the entry about the account's creation")]
    Beginning,
    /// A log is sealed as it was found at most once: here it happened again.
    #[error("entry {0} says that the log was sealed as it was found, which had happened before")]
    SealedAgain(i64),
    /// More entries have no seal of their own than whoever asks says there are.
    #[error(
        "{unsealed} entries were written before the chain, and {accepted} are accepted: nothing shows what was done to them before they were sealed"
    )]
    Unsealed {
        /// How many there are.
        unsealed: i64,
        /// How many are expected.
        accepted: i64,
    },
}

impl Breach {
    /// What programs tell it by.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "missing",
            Self::Inserted(_) => "inserted",
            Self::Changed(_) => "changed",
            Self::End { .. } => "end",
            Self::Earlier { .. } => "earlier",
            Self::Beginning => "beginning",
            Self::SealedAgain(_) => "sealed-again",
            Self::Unsealed { .. } => "unsealed",
        }
    }
}
