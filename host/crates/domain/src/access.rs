//! What rules say about someone who asks to be let in, and what the chain makes of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    import::{Asked, Exchange},
    installation::FailurePolicy,
    message::Actor,
    plugin::Import,
    time::Timestamp,
    verdict::{Code, Cost, Failure, LogLine, PluginRef, RULE_FAILED, Reason},
};

/// What someone wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// To log in, with a password that was right.
    LogIn,
    /// To go on with a session from an address that it was not seen at before.
    NewAddress,
    /// To use an API token.
    TokenUse,
    /// To enter as the platform's support.
    SupportEntry,
}

/// Someone at the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRequest {
    /// What they want.
    pub occasion: Occasion,
    /// Who they are.
    pub who: Actor,
    /// Where they come from, as text.
    pub address: String,
    /// The `User-Agent` as it was sent, bounded.
    pub user_agent: String,
    /// When they came.
    pub at: Timestamp,
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Let in.
    Allow,
    /// Let in only with a second factor.
    Challenge(Reason),
    /// Keep out.
    Deny(Reason),
}

/// An answer without its reason, from the mildest to the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessSeverity {
    /// See [`Access::Allow`].
    Allow,
    /// See [`Access::Challenge`].
    Challenge,
    /// See [`Access::Deny`].
    Deny,
}

impl AccessSeverity {
    /// As it is written in answers and rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Challenge => "challenge",
            Self::Deny => "deny",
        }
    }
}

/// One call of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessCall {
    /// Who answered.
    pub rule: PluginRef,
    /// What a failure of this rule means.
    pub on_failure: FailurePolicy,
    /// What it said, or how it failed.
    pub answer: Result<Access, Failure>,
    /// What it cost.
    pub cost: Cost,
    /// What it wrote to its log.
    pub log: Vec<LogLine>,
    /// What it asked the host, and was told.
    pub exchanges: Vec<Exchange>,
}

/// One line of the trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTrail {
    /// Who answered.
    #[serde(flatten)]
    pub rule: PluginRef,
    /// What counted.
    pub verdict: AccessSeverity,
    /// Of a challenge or a denial.
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
    /// What it asked the host, and was told: kept, to make the decision again, and shown to nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<Exchange>,
}

/// What the chain made of all answers: the strictest, with the reason of the first rule that gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessDecision {
    /// The strictest.
    pub verdict: AccessSeverity,
    /// Of the first rule that said the strictest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Every rule that was asked, in order.
    pub rules: Vec<AccessTrail>,
}

impl AccessDecision {
    /// The codes under which it is found: that of every reason that a rule gave.
    pub fn codes(&self) -> BTreeSet<Code> {
        self.rules.iter().filter_map(|rule| rule.reason.as_ref()).map(|reason| reason.code.clone()).collect()
    }
}

/// Folds the answers of a chain. Rules after the first denial do not count and need not be asked.
pub fn fold(calls: impl IntoIterator<Item = AccessCall>) -> AccessDecision {
    let mut decision = AccessDecision { verdict: AccessSeverity::Allow, reason: None, rules: Vec::new() };
    for call in calls {
        let trail = settle(call);
        if trail.verdict > decision.verdict {
            decision.verdict = trail.verdict;
            decision.reason.clone_from(&trail.reason);
        }
        decision.rules.push(trail);
        if decision.verdict == AccessSeverity::Deny {
            break;
        }
    }
    decision
}

fn settle(call: AccessCall) -> AccessTrail {
    let (verdict, reason) = match (&call.answer, call.on_failure) {
        (Ok(Access::Allow), _) | (Err(_), FailurePolicy::Open) => (AccessSeverity::Allow, None),
        (Ok(Access::Challenge(reason)), _) => (AccessSeverity::Challenge, Some(reason.clone())),
        (Ok(Access::Deny(reason)), _) => (AccessSeverity::Deny, Some(reason.clone())),
        (Err(_), FailurePolicy::Closed) => (
            AccessSeverity::Deny,
            Some(Reason {
                code: Code::of(RULE_FAILED),
                text: "A rule of this account could not check the request, so it is refused.".to_owned(),
            }),
        ),
    };
    AccessTrail {
        rule: call.rule,
        verdict,
        reason,
        failure: call.answer.err(),
        cost: call.cost,
        log: call.log,
        asked: Asked::of(&call.exchanges),
        exchanges: call.exchanges,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        id::{InstallationId, PluginId},
        plugin::PluginName,
    };

    fn answer() -> impl Strategy<Value = (Result<Access, Failure>, FailurePolicy)> {
        let reason = |code| Reason { code: Code::of(code), text: "because".to_owned() };
        let answer = prop_oneof![
            Just(Ok(Access::Allow)),
            Just(Ok(Access::Challenge(reason("second-factor")))),
            Just(Ok(Access::Deny(reason("closed")))),
            Just(Err(Failure::Trap)),
        ];
        (answer, prop_oneof![Just(FailurePolicy::Closed), Just(FailurePolicy::Open)])
    }

    fn call((answer, on_failure): (Result<Access, Failure>, FailurePolicy)) -> AccessCall {
        let now = Timestamp::from_millis(1);
        let rule = PluginRef {
            installation: InstallationId::new(now, [1; 10]),
            plugin: PluginId::new(now, [2; 10]),
            rule: PluginName::try_from("rule".to_owned()).expect("a name"),
            version: "1.0.0".to_owned(),
            component: None,
            config: None,
        };
        AccessCall { rule, on_failure, answer, cost: Cost::default(), log: Vec::new(), exchanges: Vec::new() }
    }

    proptest! {
        #[test]
        fn nobody_is_let_in_against_a_rule(answers in prop::collection::vec(answer(), 0..8)) {
            let refused = answers.iter().any(|(a, policy)| match a {
                Ok(Access::Deny(_)) => true,
                Err(_) => *policy == FailurePolicy::Closed,
                Ok(Access::Allow | Access::Challenge(_)) => false,
            });
            let decision = fold(answers.into_iter().map(call));
            prop_assert_eq!(decision.verdict == AccessSeverity::Deny, refused);
            prop_assert_eq!(decision.reason.is_some(), decision.verdict != AccessSeverity::Allow);
            prop_assert_eq!(decision.rules.iter().map(|r| r.verdict).max().unwrap_or(AccessSeverity::Allow), decision.verdict);
        }
    }
}
