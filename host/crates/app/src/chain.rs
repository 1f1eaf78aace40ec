//! An account's chain, ready to be asked: its installations in order, each with its sandboxed plugin.
//!
//! What the answers amount to is decided in `sluice_domain::verdict` and `sluice_domain::access`.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU32, Ordering},
    time::Instant,
};

use sluice_domain::{
    access::{self, AccessCall, AccessDecision, AccessRequest},
    digest::Digest,
    installation::{Budget, FailurePolicy, Mode, Scope},
    message::Message,
    plugin::Hook,
    verdict::{Cost, Decision, Failure, Fold, RuleCall, RuleRef},
};
use sluice_sandbox::{Call, Configured};

/// One installation, ready to be asked.
#[derive(Clone)]
pub(crate) struct Rule {
    pub(crate) rule: RuleRef,
    pub(crate) component: Digest,
    pub(crate) config: Digest,
    pub(crate) hooks: BTreeSet<Hook>,
    pub(crate) mode: Mode,
    pub(crate) scope: Scope,
    pub(crate) on_failure: FailurePolicy,
    pub(crate) budget: Budget,
    /// `None` when its artefact could not be made ready: each call then counts as a failure.
    pub(crate) ready: Option<Configured>,
}

/// Instructions of all rules together that may run at once, where the request is served: less than half a millisecond.
const AT_ONCE_FUEL: u64 = 500_000;
/// Longest text that is looked at there, in bytes.
const AT_ONCE_TEXT: usize = 4_096;
/// How many messages are not tried there after one that took too long.
const PAUSE: u32 = 255;

/// An account's rules in order, as of one version of the chain.
pub(crate) struct Chain {
    pub(crate) version: i64,
    pub(crate) rules: Vec<Rule>,
    /// How many more messages are not tried at once.
    pause: AtomicU32,
}

impl Chain {
    pub(crate) const fn new(version: i64, rules: Vec<Rule>) -> Self {
        Self { version, rules, pause: AtomicU32::new(0) }
    }

    /// Whether any rule in `mode` is asked about `message`.
    pub(crate) fn filters(&self, mode: Mode, message: &Message) -> bool {
        self.message_rules(mode).any(|rule| rule.scope.covers_message(message))
    }

    /// Like [`Chain::decide`], if that takes no longer than handing it to another thread would; else nothing has happened. A call
    /// that ends within fewer instructions than it may use ends the same with all of them, so both ways give one answer.
    pub(crate) fn decide_at_once(&self, mode: Mode, message: &Message) -> Option<(Message, Decision)> {
        let paused = self.pause.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        if paused || message.text.len() > AT_ONCE_TEXT {
            return None;
        }
        let decided = self.decide_within(mode, message.clone(), AT_ONCE_FUEL);
        if decided.is_none() {
            self.pause.store(PAUSE, Ordering::Relaxed);
        }
        decided
    }

    /// Asks the rules in `mode` about `message`, in order, until one blocks. Gives the message as they left it.
    pub(crate) fn decide(&self, mode: Mode, message: Message) -> (Message, Decision) {
        self.decide_within(mode, message, u64::MAX).expect("no rule has as many instructions")
    }

    /// `None` when a rule would need more than what is left of `fuel`, and has a budget for more.
    fn decide_within(&self, mode: Mode, mut message: Message, mut fuel: u64) -> Option<(Message, Decision)> {
        let mut fold = Fold::new(std::mem::take(&mut message.text));
        message = message.with_text(fold.text().to_owned());
        for rule in self.message_rules(mode) {
            if fold.is_settled() || !rule.scope.covers_message(&message) {
                continue;
            }
            let call = rule.ask_about_message(&message, fuel);
            if fuel < rule.budget.fuel && call.answer == Err(Failure::OutOfFuel) {
                return None;
            }
            rule.tell_of(&call.answer);
            fuel = fuel.saturating_sub(call.cost.fuel);
            fold.push(call);
            if fold.text() != message.text {
                message = message.with_text(fold.text().to_owned());
            }
        }
        Some((message, fold.finish().1))
    }

    /// Asks the rules in force about someone who wants to be let in.
    pub(crate) fn admit(&self, request: &AccessRequest) -> AccessDecision {
        let asked = self.rules.iter().filter(|rule| {
            rule.mode == Mode::Enforce
                && rule.hooks.contains(&Hook::AccessRule)
                && rule.scope.covers_access(request.who.role)
        });
        access::fold(asked.map(|rule| rule.ask_about_access(request)))
    }

    fn message_rules(&self, mode: Mode) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| rule.mode == mode && rule.hooks.contains(&Hook::MessageFilter))
    }
}

impl Rule {
    fn ask_about_message(&self, message: &Message, fuel: u64) -> RuleCall {
        let budget = Budget { fuel: self.budget.fuel.min(fuel), ..self.budget };
        let call = self.ask(|ready| ready.check_message(message, budget));
        let (rule, on_failure) = (self.rule.clone(), self.on_failure);
        RuleCall { rule, on_failure, answer: call.answer, cost: call.cost, log: call.log }
    }

    fn ask_about_access(&self, request: &AccessRequest) -> AccessCall {
        let call = self.ask(|ready| ready.check_access(request, self.budget));
        self.tell_of(&call.answer);
        let (rule, on_failure) = (self.rule.clone(), self.on_failure);
        AccessCall { rule, on_failure, answer: call.answer, cost: call.cost, log: call.log }
    }

    /// The time of a call is taken here, around everything that the sandbox does for it.
    fn ask<T>(&self, call: impl FnOnce(&Configured) -> Call<T>) -> Call<T> {
        let start = Instant::now();
        let mut call = self.ready.as_ref().map_or_else(unavailable, call);
        call.cost.micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        call
    }

    fn tell_of<T>(&self, answer: &Result<T, Failure>) {
        if let Err(failure) = answer {
            tracing::warn!(installation = %self.rule.installation, failure = failure.as_str(), "a rule failed");
        }
    }
}

fn unavailable<T>() -> Call<T> {
    Call { answer: Err(Failure::Unavailable), cost: Cost::default(), log: Vec::new(), detail: None }
}
