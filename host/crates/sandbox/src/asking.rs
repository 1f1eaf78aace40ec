//! A guest's questions to the host: held to the contract's limits, put to whoever answers, and written down with their answers.
//!
//! How the contract writes questions and answers is in `questions`.

use std::time::{Duration, Instant};

use sluice_domain::{
    import::{Answer, Exchange, Question, Refusal},
    limits,
};

use crate::{
    guest::Stopped,
    imports::{Imports, Unanswered},
};

/// What a question costs beside its bytes, in instructions: about as long as it takes the host to put it to somebody. The engine does not
/// let a host function take from its store's fuel, so that this is counted beside it, and added when the call has ended.
const QUESTION_FUEL: u64 = 20_000;
/// What a question costs that is refused unasked, in instructions.
const REFUSAL_FUEL: u64 = 1_000;
/// What each header costs, in instructions.
const HEADER_FUEL: u64 = 100;

/// The questions of one call.
pub(crate) struct Asking {
    imports: Option<Box<dyn Imports>>,
    questions: usize,
    bytes: usize,
    waited: Duration,
    /// Instructions that questions cost so far, and may cost.
    pub(crate) fuel: u64,
    most_fuel: u64,
    /// What was asked and answered. What is refused by the contract's limits alone is not among it: it is so each time.
    pub(crate) exchanges: Vec<Exchange>,
}

impl Asking {
    pub(crate) const fn new(imports: Option<Box<dyn Imports>>, most_fuel: u64) -> Self {
        Self { imports, questions: 0, bytes: 0, waited: Duration::ZERO, fuel: 0, most_fuel, exchanges: Vec::new() }
    }

    /// Answers a question, if only by a refusal.
    pub(crate) fn ask(&mut self, question: Question) -> Result<Answer, Stopped> {
        let Some(imports) = &mut self.imports else { return Err(Stopped::Unanswered(Unanswered::NotGranted)) };
        self.questions = self.questions.saturating_add(1);
        let size = question.bytes();
        let refusal = if self.questions > limits::IMPORT_CALLS || self.bytes.saturating_add(size) > limits::IMPORT_BYTES
        {
            Some(Refusal::TooMuch)
        } else {
            (!question.is_within_limits()).then_some(Refusal::TooLarge)
        };
        let fuel = if refusal.is_some() { REFUSAL_FUEL } else { QUESTION_FUEL };
        spend(&mut self.fuel, fuel + size as u64 + HEADER_FUEL * headers(&question), self.most_fuel)?;
        if let Some(refusal) = refusal {
            return Ok(Answer::Refused(refusal));
        }
        self.bytes += size;

        let is_waited_for = question.import().is_waited_for();
        let patience = Duration::from_millis(limits::IMPORT_MILLIS).saturating_sub(self.waited);
        let start = Instant::now();
        let mut answer = if is_waited_for && patience.is_zero() {
            Answer::Refused(Refusal::TimedOut)
        } else {
            imports.answer(&question, patience).map_err(Stopped::Unanswered)?
        };
        let took = start.elapsed();
        if is_waited_for {
            self.waited = self.waited.saturating_add(took);
        }
        if self.bytes.saturating_add(answer.bytes()) > limits::IMPORT_BYTES {
            answer = Answer::Refused(Refusal::TooMuch);
        }
        self.bytes += answer.bytes();
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.exchanges.push(Exchange { question, answer: answer.clone(), micros });
        spend(&mut self.fuel, answer.bytes() as u64, self.most_fuel)?;
        Ok(answer)
    }
}

/// Questions that would cost more than the whole budget end the call.
fn spend(spent: &mut u64, fuel: u64, most: u64) -> Result<(), Stopped> {
    *spent = spent.saturating_add(fuel);
    if *spent > most { Err(Stopped::AskedTooMuch) } else { Ok(()) }
}

fn headers(question: &Question) -> u64 {
    match question {
        Question::Fetch(request) => request.headers.len() as u64,
        Question::AddToCounter { .. } | Question::FindInList { .. } | Question::EarlierMessages { .. } => 0,
    }
}

#[cfg(test)]
mod tests {
    use sluice_domain::import::Question;

    use super::*;

    /// Answers everything with the patience that it was given, in milliseconds.
    struct Patience;

    impl Imports for Patience {
        fn answer(&mut self, _: &Question, patience: Duration) -> Result<Answer, Unanswered> {
            Ok(Answer::Counter { value: u64::try_from(patience.as_millis()).expect("milliseconds") })
        }
    }

    #[test]
    fn all_questions_of_a_call_wait_for_two_seconds_together() {
        let after =
            |waited| Asking { waited: Duration::from_millis(waited), ..Asking::new(Some(Box::new(Patience)), 1 << 20) };
        let count = || Question::AddToCounter { key: "key".to_owned(), by: 1, lives: 1 };
        assert_eq!(after(0).ask(count()), Ok(Answer::Counter { value: 2_000 }));
        assert_eq!(after(1_500).ask(count()), Ok(Answer::Counter { value: 500 }));
        let mut late = after(2_000);
        assert_eq!(late.ask(count()), Ok(Answer::Refused(Refusal::TimedOut)));
        // So that it is answered so when the call is run again.
        assert_eq!(late.exchanges.len(), 1);
        // Nobody waits for a list.
        let find = Question::FindInList { list: "a".to_owned(), value: "b".to_owned() };
        assert_eq!(late.ask(find), Ok(Answer::Counter { value: 0 }));
    }
}
