//! What a preview shows: which verdicts would be others, and what rules would cost. No texts of messages.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sluice_app::preview::{
    Chained, Difference, Findings, Place, PreviewResult, Progress, Quantiles, RuleFigures, Side, SlowCall, VerdictCount,
};
use sluice_domain::{
    id::{AttachmentId, ConversationId, FilterRuleId, InstallationId, MessageId},
    plugin::PluginName,
    verdict::{Code, Failure, RuleRef, Severity},
};
use utoipa::ToSchema;

use crate::documents;

/// How far a preview is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProgressView {
    /// How many messages were looked at.
    done: u64,
    /// Of how many.
    total: u64,
}

/// What a preview found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewView {
    /// How many messages both chains were asked about.
    messages: u64,
    /// How many more were wanted: those that were removed meanwhile, and what was left after ten minutes.
    skipped: u64,
    /// Whether the period has earlier messages than the newest that were wanted.
    earlier: bool,
    /// What the messages were, for a person.
    about: &'static str,
    /// How many messages each pair of verdicts has.
    verdicts: Vec<VerdictCountView>,
    /// How many messages are decided about otherwise: the verdict, the reason's code, the labels or what is left of the message differ.
    different: u64,
    /// The first 200 of those.
    differences: Vec<DifferenceView>,
    /// What each rule did, in the order of the chains; a rule of the content filter only where it had something to say.
    rules: Vec<RuleFiguresView>,
    /// The 20 slowest calls, the slowest first.
    slowest: Vec<SlowCallView>,
}

/// How many messages have these two verdicts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerdictCountView {
    /// Of the chain in force.
    #[schema(schema_with = documents::verdict)]
    current: Severity,
    /// Of the draft.
    #[schema(schema_with = documents::verdict)]
    draft: Severity,
    messages: u64,
}

/// Which message it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlaceView {
    /// One that the account kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    message_id: Option<MessageId>,
    /// Where that was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    conversation_id: Option<ConversationId>,
    /// One that the request gave: its place there, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
}

/// A message about which both chains decide otherwise.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DifferenceView {
    #[serde(flatten)]
    place: PlaceView,
    /// What is decided now.
    current: SideView,
    /// What would be.
    draft: SideView,
}

/// What one chain decides.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SideView {
    /// The strictest verdict.
    #[schema(schema_with = documents::verdict)]
    verdict: Severity,
    /// The first rule that said it.
    #[serde(flatten)]
    rule: Option<RuleView>,
    /// The code of its reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    code: Option<Code>,
    /// Of every flag.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(value_type = Option<Vec<String>>)]
    labels: BTreeSet<Code>,
}

/// Which rule.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleView {
    /// The installation, of a plugin; of a draft that is not installed, an id that names nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    installation: Option<InstallationId>,
    /// The rule of the content filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    filter: Option<FilterRuleId>,
    /// The plugin's name, or `content-filter`.
    #[schema(value_type = String)]
    rule: PluginName,
    /// The plugin's version, or the server's.
    version: String,
}

/// What one rule did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleFiguresView {
    /// `current` or `draft`.
    chain: &'static str,
    #[serde(flatten)]
    rule: RuleView,
    /// How often it was asked, about messages and attachments.
    calls: u64,
    /// How often it failed, by how: `trap`, `out-of-fuel`, `out-of-memory`, `bad-answer`, `host` or `unavailable`.
    #[schema(value_type = std::collections::HashMap<String, u64>)]
    failures: BTreeMap<Failure, u64>,
    /// Instructions of a call, as the engine counts them.
    instructions: QuantilesView,
    /// Wall-clock time of a call, in microseconds.
    micros: QuantilesView,
}

/// Of many numbers; the first two may be a thirty-second too large.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuantilesView {
    p50: u64,
    p99: u64,
    max: u64,
}

/// A call that took long.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SlowCallView {
    /// `current` or `draft`.
    chain: &'static str,
    #[serde(flatten)]
    place: PlaceView,
    /// The attachment that it was about; the message when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    attachment: Option<AttachmentId>,
    #[serde(flatten)]
    rule: RuleView,
    /// Wall-clock time in microseconds.
    micros: u64,
    /// Instructions, as the engine counts them.
    instructions: u64,
}

const ABOUT: &str = "messages as they were kept: what rules redacted stays redacted, and what was blocked on its way to a client is \
                     not among them";

impl From<Progress> for ProgressView {
    fn from(Progress { done, total }: Progress) -> Self {
        Self { done, total }
    }
}

impl From<PreviewResult> for PreviewView {
    fn from(result: PreviewResult) -> Self {
        let PreviewResult { messages, skipped, earlier, findings } = result;
        let Findings { verdicts, differences, first, rules, slowest } = findings;
        Self {
            messages,
            skipped,
            earlier,
            about: ABOUT,
            verdicts: verdicts.into_iter().map(VerdictCountView::from).collect(),
            different: differences,
            differences: first.into_iter().map(DifferenceView::from).collect(),
            rules: rules.into_iter().map(RuleFiguresView::from).collect(),
            slowest: slowest.into_iter().map(SlowCallView::from).collect(),
        }
    }
}

impl From<VerdictCount> for VerdictCountView {
    fn from(VerdictCount { current, draft, messages }: VerdictCount) -> Self {
        Self { current, draft, messages }
    }
}

impl From<Place> for PlaceView {
    fn from(place: Place) -> Self {
        match place {
            Place::Kept(message, conversation) => {
                Self { message_id: Some(message), conversation_id: Some(conversation), index: None }
            }
            Place::Given(index) => Self { message_id: None, conversation_id: None, index: Some(index) },
        }
    }
}

impl From<Difference> for DifferenceView {
    fn from(Difference { place, current, draft }: Difference) -> Self {
        Self { place: place.into(), current: current.into(), draft: draft.into() }
    }
}

impl From<Side> for SideView {
    fn from(Side { verdict, rule, code, labels }: Side) -> Self {
        Self { verdict, rule: rule.map(RuleView::from), code, labels }
    }
}

impl From<RuleRef> for RuleView {
    fn from(rule: RuleRef) -> Self {
        match rule {
            RuleRef::Plugin(one) => {
                Self { installation: Some(one.installation), filter: None, rule: one.rule, version: one.version }
            }
            RuleRef::Filter(one) => {
                Self { installation: None, filter: Some(one.filter), rule: one.rule, version: one.version }
            }
        }
    }
}

impl From<RuleFigures> for RuleFiguresView {
    fn from(RuleFigures { chain, rule, calls, failures, fuel, micros }: RuleFigures) -> Self {
        let (instructions, micros) = (fuel.into(), micros.into());
        Self { chain: name(chain), rule: rule.into(), calls, failures, instructions, micros }
    }
}

impl From<Quantiles> for QuantilesView {
    fn from(Quantiles { p50, p99, max }: Quantiles) -> Self {
        Self { p50, p99, max }
    }
}

impl From<SlowCall> for SlowCallView {
    fn from(SlowCall { chain, place, attachment, rule, cost }: SlowCall) -> Self {
        let (micros, instructions) = (cost.micros, cost.fuel);
        Self { chain: name(chain), place: place.into(), attachment, rule: rule.into(), micros, instructions }
    }
}

const fn name(chain: Chained) -> &'static str {
    match chain {
        Chained::Current => "current",
        Chained::Draft => "draft",
    }
}
