//! What a supervisor makes of a held message, and how long it waits for that.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{
    language::Language,
    limits,
    time::Timestamp,
    verdict::{Code, Reason, State},
};

/// How messages of an account are dealt with beside its rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MessagingSettings {
    /// In which the server's own texts are written for the account's people and clients.
    pub language: Language,
    /// What a client is told whose message was blocked, when the rule that blocked it says nothing; the server's own text when not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_notice: Option<String>,
    /// How long a held message waits for a supervisor before it is refused.
    pub hold_hours: u32,
    /// How long the server keeps, sealed, what rules were asked about, so that decisions can be made again; 0 for not at all.
    pub evidence_days: u32,
    /// Whether a reviewer may approve a message that they wrote, or a token of theirs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub own_messages: bool,
}

impl Default for MessagingSettings {
    fn default() -> Self {
        Self { language: Language::En, client_notice: None, hold_hours: 72, evidence_days: 30, own_messages: false }
    }
}

/// Settings that cannot be used: which, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct BadSetting {
    /// Its name.
    pub field: &'static str,
    /// What to write instead.
    pub problem: Cow<'static, str>,
}

impl MessagingSettings {
    /// Whether they can be used.
    ///
    /// # Errors
    /// [`BadSetting`] for the first that cannot.
    pub fn check(&self) -> Result<(), BadSetting> {
        if !(1..=720).contains(&self.hold_hours) {
            return Err(BadSetting { field: "hold_hours", problem: "1 to 720 hours".into() });
        }
        if self.evidence_days > 366 {
            return Err(BadSetting { field: "evidence_days", problem: "0 to 366 days".into() });
        }
        match &self.client_notice {
            Some(text) if !is_text(text) => {
                Err(BadSetting { field: "client_notice", problem: "1 to 1,024 bytes of text".into() })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Decisions of before then have nothing left to be made again from.
    pub fn forgotten_at(&self, now: Timestamp) -> Timestamp {
        now.plus_millis(-i64::from(self.evidence_days) * 24 * 60 * 60 * 1_000)
    }

    /// Until when a message waits that is held at `now`.
    pub fn held_until(&self, now: Timestamp) -> Timestamp {
        now.plus_millis(i64::from(self.hold_hours) * 60 * 60 * 1_000)
    }
}

/// Whether a text can be shown to people as a reason or a notice.
pub(crate) fn is_text(text: &str) -> bool {
    (1..=limits::REASON_TEXT_BYTES).contains(&text.len()) && !text.contains('\0')
}

/// What was decided about a held message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Deliver it.
    Approved,
    /// Do not.
    Rejected,
    /// Nobody decided in time: not delivered.
    Expired,
}

/// The code of the reason of a message that a supervisor rejected.
pub const REJECTED: &str = "rejected";
/// The code of the reason of a message that nobody approved in time.
pub const EXPIRED: &str = "expired";

/// Who decided about a held message, when and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// What was decided.
    pub outcome: Outcome,
    /// The person; nobody when it expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Whether the text was changed before it was delivered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub edited: bool,
    /// The text before that, for those who may read the quarantine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
}

impl Outcome {
    /// What becomes of the message.
    pub const fn state(self) -> State {
        match self {
            Self::Approved => State::Delivered,
            Self::Rejected | Self::Expired => State::Blocked,
        }
    }
}

/// Why a message was rejected; `said` is the supervisor's own text.
pub fn rejection(language: Language, said: Option<String>) -> Reason {
    let text = said.unwrap_or_else(|| {
        match language {
            Language::En => "A supervisor did not let the message be delivered.",
            Language::Ru => "Супервайзер не разрешил доставить сообщение.",
        }
        .to_owned()
    });
    Reason { code: Code::of(REJECTED), text }
}

/// Why a message that nobody approved was not delivered.
pub fn expiry(language: Language) -> Reason {
    let text = match language {
        Language::En => "Nobody approved the message in time, so it was not delivered.",
        Language::Ru => "Сообщение никто не одобрил вовремя, поэтому оно не доставлено.",
    };
    Reason { code: Code::of(EXPIRED), text: text.to_owned() }
}
