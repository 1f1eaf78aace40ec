//! Installations in shadow beside the rules in force, on live messages: counted as their trails are left, read here.
//!
//! Trying a chain on earlier messages is in `preview`.

use sluice_domain::{
    digest::Digest,
    id::{DecisionId, InstallationId},
    message::Message,
    time::{Period, Timestamp},
    verdict::{Decision, RuleRef, Severity},
};
use sluice_storage::{InstallationRow, ShadowCount, ShadowDifference, ShadowVerdict};

use crate::{App, AppError, caller::Caller, chain::Chain};

/// How many messages are named about which both said something else.
const NAMED: u32 = 100;

/// What an installation in shadow said beside the rules in force, since it has this version and configuration.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The installation as it is.
    pub installation: InstallationRow,
    /// By day and by what both said.
    pub counts: Vec<ShadowCount>,
    /// The newest 100 messages that the caller reaches and about which both said something else, newest first.
    pub differences: Vec<ShadowDifference>,
}

impl App {
    /// What an installation in shadow said of live messages beside the rules in force, on days that begin from `from` on and before `to`.
    /// Another version or configuration of it begins anew; one that it had before goes on.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]; [`AppError::NotFound`] for the installation; [`AppError::Invalid`] for the period.
    pub async fn comparison(
        &self,
        caller: &Caller,
        id: InstallationId,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Comparison, AppError> {
        let installation = self.installation(caller, id).await?;
        let period = Period {
            from: from.unwrap_or(Timestamp::from_millis(0)),
            to: to.unwrap_or(Timestamp::from_millis(i64::MAX)),
        };
        if period.from >= period.to {
            return Err(AppError::invalid("from", "it is before `to`, both in milliseconds since 1970"));
        }
        let (account, variant) = (caller.account, variant(installation.sha256, installation.config_sha256));
        let reader = caller.maybe_reader();
        self.read(account, move |tx| {
            let mut rows = tx.account(account);
            let counts = rows.shadow_counts(id, variant, period)?;
            let differences = rows.shadow_differences(reader, id, variant, period, NAMED)?;
            Ok(Comparison { installation, counts, differences })
        })
        .await
    }
}

/// What each installation in shadow said of a message: the strictest, if it was asked about attachments too. One that was not asked,
/// because one before it in shadow blocked, said nothing.
pub(crate) fn shadow_verdicts(
    chain: &Chain,
    message: &Message,
    decision_id: DecisionId,
    enforced: Severity,
    decision: &Decision,
) -> Vec<ShadowVerdict> {
    let mut said: Vec<ShadowVerdict> = Vec::new();
    for trail in &decision.rules {
        let RuleRef::Plugin(plugin) = &trail.rule else { continue };
        if let Some(earlier) = said.iter_mut().find(|earlier| earlier.installation == plugin.installation) {
            earlier.shadow = earlier.shadow.max(trail.verdict);
            earlier.failed |= trail.failure.is_some();
            continue;
        }
        let Some(rule) = chain.rules.iter().find(|rule| rule.rule.installation == plugin.installation) else {
            continue;
        };
        said.push(ShadowVerdict {
            installation: plugin.installation,
            variant: variant(rule.component, rule.config),
            decision: decision_id,
            message: message.id,
            conversation: message.conversation,
            enforced,
            shadow: trail.verdict,
            failed: trail.failure.is_some(),
        });
    }
    said
}

/// One version of a plugin with one configuration.
fn variant(component: Digest, config: Digest) -> Digest {
    Digest::of([component.as_bytes().as_slice(), config.as_bytes()].concat().as_slice())
}
