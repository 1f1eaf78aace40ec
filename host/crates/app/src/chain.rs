//! An account's chain, ready to be asked: its installations in order, each with its sandboxed plugin.
//!
//! What the answers amount to is decided in `sluice_domain::verdict` and `sluice_domain::access`.

use std::{collections::BTreeSet, time::Instant};

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

/// An account's rules in order, as of one version of the chain.
pub(crate) struct Chain {
    pub(crate) version: i64,
    pub(crate) rules: Vec<Rule>,
}

impl Chain {
    /// Whether any rule in `mode` is asked about `message`.
    pub(crate) fn filters(&self, mode: Mode, message: &Message) -> bool {
        self.message_rules(mode).any(|rule| rule.scope.covers_message(message))
    }

    /// Asks the rules in `mode` about `message`, in order, until one blocks. Gives the message as they left it.
    pub(crate) fn decide(&self, mode: Mode, mut message: Message) -> (Message, Decision) {
        let mut fold = Fold::new(std::mem::take(&mut message.text));
        message = message.with_text(fold.text().to_owned());
        for rule in self.message_rules(mode) {
            if fold.is_settled() || !rule.scope.covers_message(&message) {
                continue;
            }
            fold.push(rule.ask_about_message(&message));
            if fold.text() != message.text {
                message = message.with_text(fold.text().to_owned());
            }
        }
        (message, fold.finish().1)
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

    /// Whether any rule is asked about people at the door.
    pub(crate) fn guards_the_door(&self) -> bool {
        self.rules.iter().any(|rule| rule.mode == Mode::Enforce && rule.hooks.contains(&Hook::AccessRule))
    }

    fn message_rules(&self, mode: Mode) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| rule.mode == mode && rule.hooks.contains(&Hook::MessageFilter))
    }
}

impl Rule {
    fn ask_about_message(&self, message: &Message) -> RuleCall {
        let call = self.ask(|ready| ready.check_message(message, self.budget));
        let (rule, on_failure) = (self.rule.clone(), self.on_failure);
        RuleCall { rule, on_failure, answer: call.answer, cost: call.cost, log: call.log }
    }

    fn ask_about_access(&self, request: &AccessRequest) -> AccessCall {
        let call = self.ask(|ready| ready.check_access(request, self.budget));
        let (rule, on_failure) = (self.rule.clone(), self.on_failure);
        AccessCall { rule, on_failure, answer: call.answer, cost: call.cost, log: call.log }
    }

    /// The time of a call is taken here, around everything that the sandbox does for it.
    fn ask<T>(&self, call: impl FnOnce(&Configured) -> Call<T>) -> Call<T> {
        let start = Instant::now();
        let mut call = self.ready.as_ref().map_or_else(unavailable, call);
        call.cost.micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        if let Err(failure) = call.answer {
            tracing::warn!(installation = %self.rule.installation, failure = failure.as_str(), "a rule failed");
        }
        call
    }
}

fn unavailable<T>() -> Call<T> {
    Call { answer: Err(Failure::Unavailable), cost: Cost::default(), log: Vec::new(), detail: None }
}
