//! Who answers what a plugin asks of the host while it decides: whoever stands behind [`Imports`], or a record of what was answered before.
//!
//! The contract's limits are held in `asking`, before anybody is asked. What a live answer is made of is not known here.

use std::time::Duration;

use sluice_domain::{
    import::{Answer, Exchange, Question},
    installation::Budget,
};

/// Why a question is not answered at all. The call ends with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// The installation was not granted the import.
    #[error("the plugin was not granted this import: grant it in the installation's `grants`")]
    NotGranted,
    /// The host cannot answer.
    #[error("the host could not answer what the plugin asked")]
    Failed,
    /// It is not what was asked when the answers were recorded.
    #[error("the plugin asked what it did not ask when its answers were recorded")]
    Diverged,
}

/// Answers the questions of one call.
pub trait Imports: Send {
    /// Answers a question, which keeps to the contract's limits. It may block, for `patience` at most: what has no answer by then is
    /// refused as `TimedOut`.
    ///
    /// # Errors
    /// [`Unanswered`] when there is not even a refusal; the call then fails.
    fn answer(&mut self, question: &Question, patience: Duration) -> Result<Answer, Unanswered>;
}

/// The answers of an earlier call, given again in their order to the same questions.
///
/// A call that asks fewer questions than then has diverged too: whoever runs it compares how many exchanges came of it.
#[derive(Debug)]
pub struct Recorded {
    left: std::vec::IntoIter<Exchange>,
}

impl Recorded {
    /// What was asked and answered, in order.
    pub fn new(exchanges: Vec<Exchange>) -> Self {
        Self { left: exchanges.into_iter() }
    }
}

impl Imports for Recorded {
    fn answer(&mut self, question: &Question, _: Duration) -> Result<Answer, Unanswered> {
        let then = self.left.next().filter(|then| then.question == *question);
        then.map(|then| then.answer).ok_or(Unanswered::Diverged)
    }
}

/// What a call may use, and who answers what it asks. A [`Budget`] alone is one of a call that may ask nothing.
pub struct Allowance {
    /// What it may use.
    pub budget: Budget,
    /// Who answers; without it, a question ends the call as one that was not granted.
    pub imports: Option<Box<dyn Imports>>,
}

impl From<Budget> for Allowance {
    fn from(budget: Budget) -> Self {
        Self { budget, imports: None }
    }
}
