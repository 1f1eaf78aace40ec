//! What the chain in force and a chain of drafts say of the same messages, compared and counted.

use std::collections::{BTreeMap, BTreeSet};

use sluice_domain::{
    histogram::Histogram,
    id::{AttachmentId, ConversationId, MessageId},
    installation::Mode,
    message::Message,
    verdict::{Code, Cost, Decision, Failure, RuleRef, Severity},
};

use crate::{chain::Chain, imports::Answers};

/// How many messages are named that are decided about otherwise.
const DIFFERENCES: usize = 200;
/// How many of the slowest calls are named.
const SLOWEST: usize = 20;

/// Which message it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// One that the account kept.
    Kept(MessageId, ConversationId),
    /// One that somebody gave: its place among those, from 0.
    Given(usize),
}

/// Which of the two chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chained {
    /// The one in force.
    Current,
    /// The one that is tried.
    Draft,
}

/// What both chains said.
#[derive(Debug)]
pub struct Findings {
    /// How many messages each pair of verdicts has.
    pub verdicts: Vec<VerdictCount>,
    /// How many messages are decided about otherwise: the verdict, the reason's code, the labels or what is left of the message differ.
    pub differences: u64,
    /// The first 200 of those.
    pub first: Vec<Difference>,
    /// What each rule did, in the order of the chains; a rule of the content filter only where it had something to say.
    pub rules: Vec<RuleFigures>,
    /// The 20 slowest calls, the slowest first.
    pub slowest: Vec<SlowCall>,
}

/// How many messages have these two verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerdictCount {
    /// Of the chain in force.
    pub current: Severity,
    /// Of the chain that is tried.
    pub draft: Severity,
    /// At least one.
    pub messages: u64,
}

/// A message about which both chains decide otherwise.
#[derive(Debug)]
pub struct Difference {
    /// Which.
    pub place: Place,
    /// What is decided now.
    pub current: Side,
    /// What would be.
    pub draft: Side,
}

/// What one chain decides.
#[derive(Debug, PartialEq, Eq)]
pub struct Side {
    /// The strictest verdict.
    pub verdict: Severity,
    /// The first rule that said it; `None` for `allow`.
    pub rule: Option<RuleRef>,
    /// Of its reason.
    pub code: Option<Code>,
    /// Of every flag.
    pub labels: BTreeSet<Code>,
}

/// What one rule did.
#[derive(Debug)]
pub struct RuleFigures {
    /// In which chain.
    pub chain: Chained,
    /// Which.
    pub rule: RuleRef,
    /// How often it was asked, about messages and attachments.
    pub calls: u64,
    /// How often it failed, and how.
    pub failures: BTreeMap<Failure, u64>,
    /// Instructions of its calls.
    pub fuel: Quantiles,
    /// Wall-clock time of its calls, in microseconds.
    pub micros: Quantiles,
}

/// Of many numbers: 50 and 99 of a hundred do not exceed the first two, which may be a thirty-second too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantiles {
    /// The median.
    pub p50: u64,
    /// What one of a hundred exceeds.
    pub p99: u64,
    /// The largest, exactly.
    pub max: u64,
}

/// A call that took long.
#[derive(Debug)]
pub struct SlowCall {
    /// In which chain.
    pub chain: Chained,
    /// About which message.
    pub place: Place,
    /// The attachment that it was about; the message when not said.
    pub attachment: Option<AttachmentId>,
    /// Which rule was asked.
    pub rule: RuleRef,
    /// What it cost.
    pub cost: Cost,
}

/// Counts as messages are decided about, one after the other.
pub(super) struct Tally {
    current: Chain,
    draft: Chain,
    /// Of both: what one counts, the other does not see.
    answers: [Answers; 2],
    replayed: usize,
    verdicts: BTreeMap<(Severity, Severity), u64>,
    differences: u64,
    first: Vec<Difference>,
    rules: Vec<Counted>,
    slowest: Vec<SlowCall>,
}

/// What is counted of one rule.
struct Counted {
    chain: Chained,
    rule: RuleRef,
    calls: u64,
    failures: BTreeMap<Failure, u64>,
    fuel: Histogram,
    micros: Histogram,
}

impl Tally {
    pub(super) fn new(current: Chain, draft: Chain, answers: [Answers; 2]) -> Self {
        let of = |chained, chain: &Chain| {
            let asked = chain.message_rules(Mode::Enforce).map(|rule| RuleRef::Plugin(rule.rule.clone()));
            asked.map(|rule| Counted::new(chained, rule)).collect::<Vec<_>>()
        };
        let mut rules = of(Chained::Current, &current);
        rules.extend(of(Chained::Draft, &draft));
        Self {
            current,
            draft,
            answers,
            replayed: 0,
            verdicts: BTreeMap::new(),
            differences: 0,
            first: Vec::new(),
            rules,
            slowest: Vec::new(),
        }
    }

    /// Asks both chains about one message, whose links were not looked for.
    pub(super) fn replay(&mut self, mut message: Message) {
        let place = message.conversation.map_or(Place::Given(self.replayed), |place| Place::Kept(message.id, place));
        self.replayed += 1;
        let asked = [&self.current, &self.draft].map(|chain| chain.filters(Mode::Enforce, &message));
        if asked.contains(&true) {
            let text = std::mem::take(&mut message.text);
            message = message.with_text(text);
        }
        let decide =
            |chain: &Chain, which: usize| asked[which].then(|| chain.rehearse(message.clone(), &self.answers[which]));
        let (current, draft) = (decide(&self.current, 0), decide(&self.draft, 1));
        let [one, other] = [&current, &draft].map(|decided| decided.as_ref().map_or(&message, |(left, _)| left));
        let same = one.text == other.text && one.attachments == other.attachments;
        let decision = |decided: Option<(Message, Decision)>| decided.map_or_else(Decision::unopposed, |(_, one)| one);
        self.compare(place, same, decision(current), decision(draft));
    }

    fn compare(&mut self, place: Place, same_message: bool, current: Decision, draft: Decision) {
        *self.verdicts.entry((current.verdict, draft.verdict)).or_default() += 1;
        for (chain, decision) in [(Chained::Current, &current), (Chained::Draft, &draft)] {
            self.count(chain, place, decision);
        }
        let code = |decision: &Decision| decision.reason.as_ref().map(|reason| reason.code.clone());
        let same_decision =
            current.verdict == draft.verdict && code(&current) == code(&draft) && current.labels == draft.labels;
        if same_message && same_decision {
            return;
        }
        self.differences += 1;
        if self.first.len() < DIFFERENCES {
            self.first.push(Difference { place, current: Side::of(current), draft: Side::of(draft) });
        }
    }

    fn count(&mut self, chain: Chained, place: Place, decision: &Decision) {
        for trail in &decision.rules {
            let known = self.rules.iter().position(|one| one.chain == chain && one.is_of(&trail.rule));
            let known = known.unwrap_or_else(|| {
                self.rules.push(Counted::new(chain, trail.rule.clone()));
                self.rules.len() - 1
            });
            let counted = &mut self.rules[known];
            counted.calls += 1;
            counted.fuel.add(trail.cost.fuel);
            counted.micros.add(trail.cost.micros);
            if let Some(failure) = trail.failure {
                *counted.failures.entry(failure).or_default() += 1;
            }
            let full = self.slowest.len() == SLOWEST;
            if full && self.slowest.last().is_some_and(|least| least.cost.micros >= trail.cost.micros) {
                continue;
            }
            let at = self.slowest.partition_point(|one| one.cost.micros >= trail.cost.micros);
            let (attachment, rule, cost) = (trail.attachment, trail.rule.clone(), trail.cost);
            self.slowest.insert(at, SlowCall { chain, place, attachment, rule, cost });
            self.slowest.truncate(SLOWEST);
        }
    }

    pub(super) fn findings(self) -> Findings {
        let verdicts = self.verdicts.into_iter();
        let figures = self.rules.into_iter().map(|counted| RuleFigures {
            chain: counted.chain,
            rule: counted.rule,
            calls: counted.calls,
            failures: counted.failures,
            fuel: Quantiles::of(&counted.fuel),
            micros: Quantiles::of(&counted.micros),
        });
        Findings {
            verdicts: verdicts.map(|((current, draft), messages)| VerdictCount { current, draft, messages }).collect(),
            differences: self.differences,
            first: self.first,
            rules: figures.collect(),
            slowest: self.slowest,
        }
    }
}

impl Counted {
    fn new(chain: Chained, rule: RuleRef) -> Self {
        let (fuel, micros) = (Histogram::default(), Histogram::default());
        Self { chain, rule, calls: 0, failures: BTreeMap::new(), fuel, micros }
    }

    /// By what names it: this is asked at every call.
    fn is_of(&self, rule: &RuleRef) -> bool {
        match (&self.rule, rule) {
            (RuleRef::Plugin(one), RuleRef::Plugin(other)) => one.installation == other.installation,
            (RuleRef::Filter(one), RuleRef::Filter(other)) => one.filter == other.filter,
            (RuleRef::Plugin(_), RuleRef::Filter(_)) | (RuleRef::Filter(_), RuleRef::Plugin(_)) => false,
        }
    }
}

impl Side {
    fn of(decision: Decision) -> Self {
        let Decision { verdict, reason, labels, rules } = decision;
        let spoke = rules.into_iter().find(|trail| trail.verdict == verdict && verdict != Severity::Allow);
        Self { verdict, rule: spoke.map(|trail| trail.rule), code: reason.map(|reason| reason.code), labels }
    }
}

impl Quantiles {
    fn of(histogram: &Histogram) -> Self {
        Self { p50: histogram.percentile(50), p99: histogram.percentile(99), max: histogram.max() }
    }
}
