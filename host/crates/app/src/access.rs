//! The account's access rules, asked about somebody who comes in: at each log-in, and now and then about what goes on from there.
//!
//! Rules about addresses are asked before, in `addresses`. What answers amount to is decided in `sluice_domain::access`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::json;
use sluice_domain::{
    access::{Access, AccessDecision, AccessRequest, AccessSeverity, Occasion},
    audit::{Action, Refused},
    id::{AccountId, DecisionId},
    installation::Mode,
    limits,
    message::Role,
    plugin::Hook,
    time::Timestamp,
};
use sluice_storage::{DecisionRow, InstallationUpdate, Outcome};
use tokio::sync::OnceCell;

use crate::{
    App, AppError,
    audit::{Who, platform_reason},
    caller::{Caller, Means},
    chain::Chain,
    door::Door,
    imports::Asked,
    refusals::Refusal,
    seldom::MINUTE,
    store::By,
};

/// How long an answer about a session or a token counts for further requests from the same address, in milliseconds.
const GOOD_MILLIS: i64 = 5 * MINUTE;
/// Most answers that are remembered; with more, old ones are forgotten, or else all.
const MOST: usize = 16_384;

/// Somebody at the door.
pub(crate) struct Visit<'a> {
    pub(crate) caller: &'a Caller,
    /// The caller's account's.
    pub(crate) door: &'a Door,
    pub(crate) occasion: Occasion,
    /// As it was sent; what is too long is cut.
    pub(crate) user_agent: &'a str,
    pub(crate) at: Timestamp,
}

impl Visit<'_> {
    fn request(&self) -> AccessRequest {
        AccessRequest {
            occasion: self.occasion,
            who: self.caller.actor(),
            address: self.caller.address.clone(),
            user_agent: cut(self.user_agent, limits::USER_AGENT_BYTES).to_owned(),
            at: self.at,
        }
    }

    fn refusal<'a>(&self, code: &'a str) -> Refusal<'a> {
        let (caller, person) = (self.caller, self.caller.person.to_string());
        let (refused, subject) = match (self.occasion, caller.means) {
            (Occasion::LogIn, _) => (Refused::LogIn, person),
            (Occasion::SupportEntry, _) => (Refused::Support, person),
            (Occasion::NewAddress, Means::Session(id)) => (Refused::Session, id.to_string()),
            (Occasion::TokenUse, Means::Token(id)) => (Refused::Token, id.to_string()),
            (Occasion::NewAddress, Means::Token(_) | Means::Support(_)) => (Refused::Session, person),
            (Occasion::TokenUse, Means::Session(_) | Means::Support(_)) => (Refused::Token, person),
        };
        Refusal::of(caller, refused, subject, code)
    }

    fn is_guarded(&self) -> bool {
        self.door.is_guarded(self.caller.acts_as())
    }

    /// What the rules' answer means for this visit.
    fn settle(&self, answer: &Access) -> Result<(), AppError> {
        match answer {
            Access::Allow => Ok(()),
            Access::Challenge(_) if self.caller.second_factor => Ok(()),
            Access::Challenge(reason) => Err(AppError::SecondFactorRequired(reason.clone())),
            Access::Deny(reason) => Err(AppError::AccessDenied(reason.clone())),
        }
    }
}

/// Whose answer is remembered. Who gets another role is asked about anew, and so is everybody when the chain has changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Subject {
    means: Means,
    role: Role,
    address: String,
    chain_version: i64,
}

/// An answer, or one that is being waited for: who comes meanwhile waits too.
type Answer = Arc<OnceCell<Access>>;

/// What the access rules said within the last five minutes.
#[derive(Default)]
pub(crate) struct Admissions {
    known: Mutex<HashMap<Subject, (Timestamp, Answer)>>,
}

impl Admissions {
    fn answer(&self, subject: Subject, now: Timestamp) -> Answer {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_good = |since: Timestamp| now < since.plus_millis(GOOD_MILLIS);
        if let Some((since, answer)) = known.get(&subject)
            && is_good(*since)
        {
            return answer.clone();
        }
        if known.len() >= MOST {
            known.retain(|_, (since, _)| is_good(*since));
            if known.len() >= MOST {
                known.clear();
            }
        }
        let answer = Answer::default();
        known.insert(subject, (now, answer.clone()));
        answer
    }
}

impl App {
    /// Asks the account's access rules about a visit, and keeps what they said.
    pub(crate) async fn admit(&self, visit: &Visit<'_>) -> Result<(), AppError> {
        if !visit.is_guarded() {
            return Ok(());
        }
        visit.settle(&self.ask_access_rules(visit).await?)
    }

    /// Like [`App::admit`], for what happens with every request: an answer counts for five minutes.
    pub(crate) async fn admit_again(&self, visit: &Visit<'_>) -> Result<(), AppError> {
        let caller = visit.caller;
        if !visit.is_guarded() {
            return Ok(());
        }
        let subject = Subject {
            means: caller.means,
            role: caller.role,
            address: caller.address.clone(),
            chain_version: caller.chain_version,
        };
        let answer = self.inner.admissions.answer(subject, visit.at);
        visit.settle(answer.get_or_try_init(async || self.ask_access_rules(visit).await).await?)
    }

    /// Disables what an account has installed as access rules, for the platform: whoever they kept out can come in again.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for the account, [`AppError::Invalid`] for the reason.
    pub async fn break_access_rules(&self, account: AccountId, reason: &str) -> Result<usize, AppError> {
        let reason = platform_reason(reason)?.to_owned();
        let entry = self.audit_row_of(Who::platform(), Action::AccessRulesDisabled, account, json!({}));
        let now = self.now();
        self.change_chain(By::server(account), entry, move |rows, entry| {
            let mut guards = rows.installations()?;
            guards.retain(|row| row.mode == Mode::Enforce && row.hooks.contains(&Hook::AccessRule));
            for row in &guards {
                let disabled = InstallationUpdate { mode: Mode::Disabled, ..row.unchanged(now) };
                rows.update_installation(row.id, &disabled)?;
            }
            let ids: Vec<_> = guards.iter().map(|row| row.id).collect();
            entry.row.details = json!({"reason": reason, "installations": ids}).to_string();
            Ok(guards.len())
        })
        .await
    }

    async fn ask_access_rules(&self, visit: &Visit<'_>) -> Result<Access, AppError> {
        let chain = self.chain(visit.caller.account, visit.caller.chain_version).await?;
        let request = visit.request();
        let (asked, answers) = (chain.clone(), self.answers(chain.account, Asked::InForce));
        let asks = move || asked.admit(&request, &answers);
        let decision = self.inner.evaluators.run(chain.account, chain.share, asks).await?;
        self.tell_of_health(visit.caller.account, &chain);
        let answer = answer(&decision)?;
        if is_worth_keeping(visit.occasion, &decision) {
            self.keep_access_decision(visit, &chain, &decision, visit.settle(&answer).is_err()).await?;
        }
        Ok(answer)
    }

    async fn keep_access_decision(
        &self,
        visit: &Visit<'_>,
        chain: &Chain,
        decision: &AccessDecision,
        refused: bool,
    ) -> Result<(), AppError> {
        let caller = visit.caller;
        let id = DecisionId::new(visit.at, self.random());
        let entry = if refused {
            let code = decision.reason.as_ref().map_or("", |reason| reason.code.as_str());
            let refusal = Refusal { target: id.to_string(), ..visit.refusal(code) };
            // Whoever is refused again and again leaves no more decisions than entries.
            let Some(entry) = self.refusal_entry(caller.account, refusal, visit.at) else { return Ok(()) };
            Some(entry)
        } else {
            None
        };
        let input =
            serde_json::to_vec(&visit.request()).map_err(|_| AppError::Internal("writing a request as JSON"))?;
        let row = DecisionRow {
            id,
            outcome: Outcome::Access(decision.verdict),
            shadow: false,
            message_id: None,
            conversation_id: None,
            rules: decision.rules.iter().map(|rule| (rule.rule.rule.clone(), Outcome::Access(rule.verdict))).collect(),
            codes: decision.codes(),
            author_id: Some(caller.actor().id),
            input: Some(self.input_digest(chain.account, id, &input)),
            body: serde_json::to_string(decision).map_err(|_| AppError::Internal("writing a decision as JSON"))?,
            evidence: self.evidence(chain, id, true, &input)?,
            created_at: visit.at,
        };
        let account = caller.account;
        self.inner
            .database
            .write(By::server(account), move |tx| {
                let mut rows = tx.account(account);
                rows.insert_decision(&row)?;
                entry.map_or(Ok(()), |entry| Ok(rows.insert_audit(&entry)?))
            })
            .await
    }
}

/// Whether a decision leaves a trail. Of what only lets somebody go on, there would be one every five minutes.
fn is_worth_keeping(occasion: Occasion, decision: &AccessDecision) -> bool {
    match occasion {
        Occasion::LogIn | Occasion::SupportEntry => !decision.rules.is_empty(),
        Occasion::NewAddress | Occasion::TokenUse => {
            decision.rules.iter().any(|rule| rule.verdict != AccessSeverity::Allow || rule.failure.is_some())
        }
    }
}

fn answer(decision: &AccessDecision) -> Result<Access, AppError> {
    match (decision.verdict, decision.reason.clone()) {
        (AccessSeverity::Allow, _) => Ok(Access::Allow),
        (AccessSeverity::Challenge, Some(reason)) => Ok(Access::Challenge(reason)),
        (AccessSeverity::Deny, Some(reason)) => Ok(Access::Deny(reason)),
        (AccessSeverity::Challenge | AccessSeverity::Deny, None) => Err(AppError::Internal("an access decision")),
    }
}

/// The longest beginning of `text` that has at most `bytes` bytes.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use sluice_domain::id::SessionId;

    use super::*;

    fn subject(number: i64) -> Subject {
        Subject {
            means: Means::Session(SessionId::new(Timestamp::from_millis(1), [0; 10])),
            role: Role::Operator,
            address: "192.0.2.1".to_owned(),
            chain_version: number,
        }
    }

    #[test]
    fn an_answer_counts_for_five_minutes_and_for_one_version_of_the_chain() {
        let admissions = Admissions::default();
        let at = Timestamp::from_millis;
        let first = admissions.answer(subject(1), at(0));
        assert!(Arc::ptr_eq(&first, &admissions.answer(subject(1), at(GOOD_MILLIS - 1))));
        assert!(!Arc::ptr_eq(&first, &admissions.answer(subject(2), at(0))));
        assert!(!Arc::ptr_eq(&first, &admissions.answer(subject(1), at(GOOD_MILLIS))));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let admissions = Admissions::default();
        for number in 0..MOST as i64 + 10 {
            admissions.answer(subject(number), Timestamp::from_millis(0));
        }
        assert!(admissions.known.lock().is_ok_and(|known| known.len() <= MOST));
    }
}
