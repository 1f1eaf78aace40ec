//! What rules say about a message, and what the chain makes of it.
//!
//! Calling rules is not done here: [`Fold`] is told what each one answered, and says what the next one sees.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use self::{
    code::{Code, NotACode, Reason},
    record::{Cost, LogLevel, LogLine},
    redaction::{BadEdits, Edit, Redaction},
};
use crate::{
    digest::Digest,
    id::{AttachmentId, FilterRuleId, InstallationId, PluginId},
    import::{Asked, Exchange},
    installation::FailurePolicy,
    link,
    message::Message,
    plugin::{Import, PluginName},
};

mod code;
mod record;
mod redaction;

/// What a rule says about a message. Its parts were checked: labels and codes are codes, edits fit the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing to say.
    Allow,
    /// Deliver and mark; never empty.
    Flag(BTreeSet<Code>),
    /// Deliver with edits.
    Redact(Redaction),
    /// Keep back until a supervisor has looked.
    Hold(Reason),
    /// Do not deliver.
    Block(Reason),
}

/// A verdict without its parts, from the mildest to the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// See [`Verdict::Allow`].
    Allow,
    /// See [`Verdict::Flag`].
    Flag,
    /// See [`Verdict::Redact`].
    Redact,
    /// See [`Verdict::Hold`].
    Hold,
    /// See [`Verdict::Block`].
    Block,
}

impl Severity {
    /// As it is written in answers and rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Flag => "flag",
            Self::Redact => "redact",
            Self::Hold => "hold",
            Self::Block => "block",
        }
    }
}

impl Verdict {
    /// How strict it is.
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Allow => Severity::Allow,
            Self::Flag(_) => Severity::Flag,
            Self::Redact(_) => Severity::Redact,
            Self::Hold(_) => Severity::Hold,
            Self::Block(_) => Severity::Block,
        }
    }
}

/// How a rule failed to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// The plugin stopped itself: a panic, an access out of bounds, a division by zero.
    Trap,
    /// It used up its instructions.
    OutOfFuel,
    /// It wanted more memory than it may have.
    OutOfMemory,
    /// It answered what the contract does not allow: broken edits, a label outside the alphabet.
    BadAnswer,
    /// The host failed while it served the call.
    Host,
    /// The installation's artefact could not be made ready.
    Unavailable,
    /// It failed too often, and was not asked.
    Suspended,
    /// It was run again, and asked what it had not asked before.
    Diverged,
}

impl Failure {
    /// As it is written in answers and rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::OutOfFuel => "out-of-fuel",
            Self::OutOfMemory => "out-of-memory",
            Self::BadAnswer => "bad-answer",
            Self::Host => "host",
            Self::Unavailable => "unavailable",
            Self::Suspended => "suspended",
            Self::Diverged => "diverged",
        }
    }
}

/// Which rule spoke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RuleRef {
    /// One that the account installed.
    Plugin(PluginRef),
    /// One of the built-in content filter.
    Filter(FilterRef),
}

/// An installed plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginRef {
    /// The installation.
    pub installation: InstallationId,
    /// The plugin's version that is installed.
    pub plugin: PluginId,
    /// The plugin's name.
    pub rule: PluginName,
    /// The plugin's version.
    pub version: String,
    /// Of the component that answered; not known of decisions from before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<Digest>,
    /// Of the configuration that it answered with; likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Digest>,
}

/// A rule of the built-in content filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterRef {
    /// The rule.
    pub filter: FilterRuleId,
    /// [`PluginName::CONTENT_FILTER`].
    pub rule: PluginName,
    /// The server's version.
    pub version: String,
}

impl RuleRef {
    /// The name under which decisions are looked up.
    pub const fn name(&self) -> &PluginName {
        match self {
            Self::Plugin(plugin) => &plugin.rule,
            Self::Filter(filter) => &filter.rule,
        }
    }
}

/// One call of a rule, as the chain sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCall {
    /// Who answered.
    pub rule: RuleRef,
    /// The attachment that it was asked about; the message when not said.
    pub attachment: Option<AttachmentId>,
    /// What a failure of this rule means.
    pub on_failure: FailurePolicy,
    /// What it said, or how it failed.
    pub answer: Result<Verdict, Failure>,
    /// What it cost.
    pub cost: Cost,
    /// What it wrote to its log.
    pub log: Vec<LogLine>,
    /// What it asked the host, and was told.
    pub exchanges: Vec<Exchange>,
}

/// One line of a decision's trail: what a rule said, in the form that is kept and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleTrail {
    /// Who answered.
    #[serde(flatten)]
    pub rule: RuleRef,
    /// The attachment that it was asked about; the message when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<AttachmentId>,
    /// What counted: for a failure, what the installation's policy made of it.
    pub verdict: Severity,
    /// Of a flag.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub labels: BTreeSet<Code>,
    /// Of a redaction.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Edit>,
    /// Of a redaction: the attachments that it took away.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub removed: BTreeSet<AttachmentId>,
    /// Of a hold or a block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// How it failed, when it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// What it cost.
    #[serde(flatten)]
    pub cost: Cost,
    /// What it wrote to its log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<LogLine>,
    /// How much it asked of each import.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub asked: BTreeMap<Import, Asked>,
    /// What it asked the host, and was told: kept, to make the decision again, and shown to nobody, since it may hold texts of other
    /// messages and what other servers said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<Exchange>,
}

/// The code of the reason, and the label, that a failed rule leaves.
pub const RULE_FAILED: &str = "rule-failed";

impl FailurePolicy {
    /// What a failure counts as: `closed` holds the message, `open` lets it pass, flagged.
    fn verdict(self) -> Verdict {
        match self {
            Self::Closed => Verdict::Hold(Reason {
                code: Code::of(RULE_FAILED),
                text: "A rule of this account could not check the message, so it waits for a supervisor.".to_owned(),
            }),
            Self::Open => Verdict::Flag(BTreeSet::from([Code::of(RULE_FAILED)])),
        }
    }
}

impl RuleCall {
    fn settle(self) -> (RuleTrail, Verdict) {
        let (verdict, failure) = match self.answer {
            Ok(verdict) => (verdict, None),
            Err(failure) => (self.on_failure.verdict(), Some(failure)),
        };
        let trail = RuleTrail {
            rule: self.rule,
            attachment: self.attachment,
            verdict: verdict.severity(),
            labels: if let Verdict::Flag(labels) = &verdict { labels.clone() } else { BTreeSet::new() },
            edits: if let Verdict::Redact(redaction) = &verdict { redaction.edits().to_vec() } else { Vec::new() },
            removed: if let Verdict::Redact(redaction) = &verdict {
                redaction.removed().clone()
            } else {
                BTreeSet::new()
            },
            reason: if let Verdict::Hold(reason) | Verdict::Block(reason) = &verdict {
                Some(reason.clone())
            } else {
                None
            },
            failure,
            cost: self.cost,
            log: self.log,
            asked: Asked::of(&self.exchanges),
            exchanges: self.exchanges,
        };
        (trail, verdict)
    }
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It reaches the other side.
    Delivered,
    /// It waits for a supervisor.
    Held,
    /// It does not reach the other side.
    Blocked,
}

impl State {
    /// As it is written in answers and rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Held => "held",
            Self::Blocked => "blocked",
        }
    }
}

/// What the chain made of all verdicts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The strictest.
    pub verdict: Severity,
    /// Of the first rule that said the strictest, when that is a hold or a block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Of every flag.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub labels: BTreeSet<Code>,
    /// Every rule that was asked, in order.
    pub rules: Vec<RuleTrail>,
}

impl Decision {
    /// What a chain without a rule decides.
    pub const fn unopposed() -> Self {
        Self { verdict: Severity::Allow, reason: None, labels: BTreeSet::new(), rules: Vec::new() }
    }

    /// Leaves out of the trail what is kept and shown to nobody.
    pub fn forget_exchanges(&mut self) {
        self.rules.iter_mut().for_each(|rule| rule.exchanges = Vec::new());
    }

    /// What becomes of the message.
    pub const fn state(&self) -> State {
        match self.verdict {
            Severity::Allow | Severity::Flag | Severity::Redact => State::Delivered,
            Severity::Hold => State::Held,
            Severity::Block => State::Blocked,
        }
    }
}

/// The chain of one message, rule by rule: give each answer to [`Fold::push`], ask [`Fold::message`] what the next rule sees.
#[derive(Debug)]
pub struct Fold {
    message: Message,
    decision: Decision,
}

impl Fold {
    /// A chain at its start. The message's links are found anew.
    pub fn new(mut message: Message) -> Self {
        let text = std::mem::take(&mut message.text);
        Self::with_links_found(message.with_text(text))
    }

    /// A chain at the start of a message whose links are those of its text, for a text that several chains are asked about.
    pub const fn with_links_found(message: Message) -> Self {
        Self { message, decision: Decision::unopposed() }
    }

    /// The message as the rules so far left it.
    pub const fn message(&self) -> &Message {
        &self.message
    }

    /// Whether no further rule is to be asked, because one blocked.
    pub fn is_settled(&self) -> bool {
        self.decision.verdict == Severity::Block
    }

    /// Takes one rule's answer. After a block it changes nothing.
    pub fn push(&mut self, call: RuleCall) {
        if self.is_settled() {
            return;
        }
        let (trail, verdict) = call.settle();
        if verdict.severity() > self.decision.verdict {
            self.decision.verdict = verdict.severity();
            self.decision.reason.clone_from(&trail.reason);
        }
        if let Verdict::Redact(redaction) = verdict {
            self.message.attachments.retain(|attachment| !redaction.removed().contains(&attachment.id));
            self.message.text = redaction.into_text();
            self.message.links = link::find(&self.message.text);
        }
        self.decision.labels.extend(trail.labels.iter().cloned());
        self.decision.rules.push(trail);
    }

    /// The message as all rules left it, and the decision.
    pub fn finish(self) -> (Message, Decision) {
        (self.message, self.decision)
    }
}

/// Folds the answers of a whole chain, for rules that were asked already.
pub fn fold(message: Message, calls: impl IntoIterator<Item = RuleCall>) -> (Message, Decision) {
    let mut fold = Fold::new(message);
    calls.into_iter().for_each(|call| fold.push(call));
    fold.finish()
}

#[cfg(test)]
mod tests;
