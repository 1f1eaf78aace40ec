//! The ways to misbehave, by name.

use schemars::JsonSchema;
use serde::{
    Deserialize,
    de::{IntoDeserializer, value::Error},
};
use sluice_plugin::{Access, ConfigErrors, Edit, Reason, Verdict};

use crate::harm;

/// A behaviour of calls, or one of `configure`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Behaviour {
    /// Every call misbehaves.
    Call(OnCall),
    /// `configure` misbehaves, and calls allow.
    Configure(OnConfigure),
}

/// What a call does. The names in configurations and texts are in kebab case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnCall {
    /// Allows, at once.
    #[default]
    Allow,
    /// Blocks, or denies.
    Block,
    /// Holds, or challenges.
    Hold,
    /// Flags with the label `hostile`.
    Flag,
    /// Replaces the first character by `*`.
    Redact,
    /// Panics.
    Trap,
    /// Never ends.
    Loop,
    /// Calls itself without end.
    Recurse,
    /// Takes memory without end.
    EatMemory,
    /// Takes 64 MiB in one piece.
    EatMemoryAtOnce,
    /// Computes for a few million instructions, then allows.
    Slow,
    /// Uses most of the budget, and answers.
    Burn,
    /// Edits sorted the wrong way.
    EditsOutOfOrder,
    /// Edits that overlap.
    EditsOverlapping,
    /// An edit that begins inside a character; the text must hold one of several bytes.
    EditsInsideACharacter,
    /// An edit past the end of the text.
    EditsPastTheEnd,
    /// An edit that ends before it starts.
    EditsBackwards,
    /// 1,025 edits.
    EditsTooMany,
    /// A redaction without edits.
    EditsNone,
    /// One edit that makes the text longer than a text may be.
    EditsTooLong,
    /// A label outside the alphabet.
    LabelBad,
    /// A flag without labels.
    LabelsNone,
    /// A thousand labels.
    LabelsMany,
    /// A reason whose text is too long.
    ReasonTooLong,
    /// A reason whose code is outside the alphabet.
    ReasonBadCode,
    /// Answers with 8 MiB.
    AnswerHuge,
    /// Logs ten thousand lines, then allows.
    LogFlood,
    /// Logs one line of a million bytes, then allows.
    LogLongLine,
    /// Blocks when memory shows that there was an earlier call; in a fresh sandbox there never was one.
    Remember,
    /// Reads an attachment's content over and over; elsewhere like `loop`.
    ReadTooMuch,
}

/// What `configure` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[expect(clippy::enum_variant_names, reason = "a configuration's one word tells these from what calls do")]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnConfigure {
    /// It panics.
    ConfigureTrap,
    /// It never ends.
    ConfigureLoop,
    /// It takes memory without end.
    ConfigureEatMemory,
    /// It calls itself without end.
    ConfigureRecurse,
    /// It writes to the log, which no import may do there.
    ConfigureLog,
    /// It refuses, with as many errors as there may be, each as long as it may be.
    ConfigureRefuse,
    /// It leaves 8 MiB of bytes that do not compress.
    ConfigureHuge,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self::Call(OnCall::default())
    }
}

impl OnCall {
    /// The behaviour of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::deserialize(IntoDeserializer::<Error>::into_deserializer(name.trim())).ok()
    }

    /// What a filter's call answers, if it answers.
    pub(crate) fn verdict(self, text: &str) -> Verdict {
        match self {
            Self::Allow => Verdict::Allow,
            Self::Block => Verdict::block("hostile", "This plugin blocks what it is asked to block."),
            Self::Hold => Verdict::hold("hostile", "This plugin holds what it is asked to hold."),
            Self::Flag => Verdict::flag(["hostile"]),
            Self::Redact => redact([edit(0, text.chars().next().map_or(0, char::len_utf8), "*")]),
            Self::Trap => harm::trap(),
            Self::Loop | Self::ReadTooMuch => harm::spin(),
            Self::Recurse => harm::recurse(),
            Self::EatMemory => harm::eat_memory(),
            Self::EatMemoryAtOnce => after(|| harm::fill_memory(64 << 20)),
            Self::Slow => after(|| harm::compute(250_000)),
            Self::Burn => after(|| harm::compute(800_000)),
            Self::EditsOutOfOrder => redact([edit(4, 5, "*"), edit(0, 1, "*")]),
            Self::EditsOverlapping => redact([edit(0, 2, "*"), edit(1, 4, "*")]),
            Self::EditsInsideACharacter => {
                let inside = text.char_indices().find(|(_, c)| c.len_utf8() > 1).map_or(0, |(at, _)| at + 1);
                redact([edit(inside, inside, "*")])
            }
            Self::EditsPastTheEnd => redact([edit(0, text.len() + 1, "*")]),
            Self::EditsBackwards => redact([edit(1, 0, "*")]),
            Self::EditsTooMany => redact((0..1_025).map(|_| edit(0, 0, ""))),
            Self::EditsNone => redact([]),
            Self::EditsTooLong => redact([edit(0, 0, &"*".repeat(65_537))]),
            Self::LabelBad => Verdict::flag(["Not A Label"]),
            Self::LabelsNone => Verdict::Flag(Vec::new()),
            Self::LabelsMany => Verdict::flag((0..1_000).map(|index| format!("label-{index}"))),
            Self::ReasonTooLong => Verdict::Block(Reason { code: "hostile".to_owned(), text: "no ".repeat(1_000) }),
            Self::ReasonBadCode => {
                Verdict::block("Not A Code", "This plugin answers with a code outside the alphabet.")
            }
            Self::AnswerHuge => Verdict::Block(Reason { code: "hostile".to_owned(), text: "hostile ".repeat(1 << 20) }),
            Self::LogFlood => after(|| (0..10_000).for_each(|index| sluice_plugin::log::info(format!("line {index}")))),
            Self::LogLongLine => after(|| sluice_plugin::log::info("long ".repeat(200_000))),
            Self::Remember if harm::remember() => {
                Verdict::block("remembered", "This plugin remembers an earlier call.")
            }
            Self::Remember => Verdict::Allow,
        }
    }

    /// What an access rule's call answers, if it answers.
    pub(crate) fn access(self) -> Access {
        match self.verdict("") {
            Verdict::Allow | Verdict::Flag(_) | Verdict::Redact(_) => Access::Allow,
            Verdict::Hold(reason) => Access::Challenge(reason),
            Verdict::Block(reason) => Access::Deny(reason),
        }
    }
}

impl OnConfigure {
    /// What `configure` answers, if it answers.
    pub(crate) fn configure(self) -> Result<(), ConfigErrors> {
        match self {
            Self::ConfigureTrap => harm::trap(),
            Self::ConfigureLoop => harm::spin(),
            Self::ConfigureEatMemory => harm::eat_memory(),
            Self::ConfigureRecurse => harm::recurse(),
            Self::ConfigureLog => sluice_plugin::log::info("configured"),
            Self::ConfigureHuge => harm::fill_memory(8 << 20),
            Self::ConfigureRefuse => {
                let mut errors = ConfigErrors::default();
                for _ in 0..1_000 {
                    errors.push("/behaviour", "no".repeat(10_000));
                }
                return errors.into_result();
            }
        }
        Ok(())
    }
}

/// Allows, after some harm was done.
fn after(harm: impl FnOnce()) -> Verdict {
    harm();
    Verdict::Allow
}

fn redact(edits: impl IntoIterator<Item = Edit>) -> Verdict {
    Verdict::Redact(edits.into_iter().collect())
}

fn edit(start: usize, end: usize, replacement: &str) -> Edit {
    let offset = |at| u32::try_from(at).unwrap_or(u32::MAX);
    Edit { start: offset(start), end: offset(end), replacement: replacement.to_owned() }
}
