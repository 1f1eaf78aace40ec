//! Making a decision again, from what was kept with it: the rules of then, what they were asked about, and what they were told.
//!
//! How long that is kept is in `evidence`. Nothing is stored here, and nobody is told what the message said.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};
use sluice_domain::{
    access::{self, AccessCall, AccessDecision, AccessRequest, AccessTrail},
    digest::Digest,
    id::{AccountId, AttachmentId, DecisionId, InstallationId},
    installation::{FailurePolicy, Mode},
    message::Message,
    verdict::{Cost, Decision, Failure, Fold, PluginRef, RuleCall, RuleRef, RuleTrail},
};
use sluice_sandbox::Use;
use sluice_storage::{Blobs, DecisionReader, DecisionRow, Evidence, Outcome};

use crate::{
    App, AppError,
    caller::Caller,
    chain::{BuiltIn, Chain, Rule},
    chain_versions::{ChainState, PastFilter, PastInstallation},
    decisions,
    evaluators::Share,
    imports::Granted,
    installations,
};

/// What came of making a decision again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rerun {
    /// The same in every verdict, label, edit, reason and log line.
    Same,
    /// Something else: a message's decision as JSON, as it would be now.
    Different(String),
    /// It cannot be made again, for want of these.
    Impossible(BTreeSet<Missing>),
}

/// What came of it, and what is known of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reran {
    /// What came of making a decision again.
    pub outcome: Rerun,
    /// Whether what the rules were asked about was compared with the decision's digest of it. Decisions from before digests had a key
    /// have none; their input was sealed for them and opens for no other.
    pub compared: bool,
}

/// What a decision cannot be made again without.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// What the rules were asked about: it was not kept, or not for so long.
    Input,
    /// What was kept as the input is not what the rules were asked about.
    AnotherInput,
    /// The rules of then: the decision was made before chains were kept.
    Chain,
    /// A plugin that was removed since: its component's digest.
    Component(Digest),
    /// A configuration: its digest.
    Configuration(Digest),
    /// The content of an attachment.
    Attachment(AttachmentId),
}

/// What was kept of a decision.
struct Kept {
    row: DecisionRow,
    evidence: Evidence,
    state: Option<ChainState>,
}

impl App {
    /// Makes a decision again. What failed for reasons that were not the plugin's is taken as it was.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`]; that something is gone is no error.
    pub async fn rerun_decision(&self, caller: &Caller, id: DecisionId) -> Result<Reran, AppError> {
        let (account, reader) = (caller.account, caller.decision_reader()?);
        let kept = self.kept_decision(account, id, reader).await?;
        let compared = kept.row.input.is_some();
        Ok(Reran { outcome: self.make_again(account, kept).await?, compared })
    }

    async fn make_again(&self, account: AccountId, kept: Kept) -> Result<Rerun, AppError> {
        let (id, digest) = (kept.row.id, kept.row.input);
        let mut missing = BTreeSet::new();
        let input = self.open_input(account, id, &kept.evidence)?;
        match &input {
            None => _ = missing.insert(Missing::Input),
            Some(input) if digest.is_some_and(|digest| digest != self.input_digest(account, id, input)) => {
                missing.insert(Missing::AnotherInput);
                return Ok(Rerun::Impossible(missing));
            }
            Some(_) => {}
        }
        if kept.state.is_none() {
            missing.insert(Missing::Chain);
        }
        let (Some(input), Some(state)) = (input, kept.state) else { return Ok(Rerun::Impossible(missing)) };
        match kept.row.outcome {
            Outcome::Message(_) => {
                let before: Decision = read(kept.row.body.as_bytes(), "reading a decision")?;
                let lines = before.rules.iter().filter_map(|line| Some((plugin(&line.rule)?, line.failure)));
                let rules = self.rules_of_then(account, &state, lines, &mut missing).await?;
                let attachments = before.rules.iter().filter_map(|line| line.attachment);
                self.missing_attachments(account, attachments, &mut missing);
                let forgotten = state.filters.iter().filter_map(PastFilter::forgotten);
                missing.extend(forgotten.map(Missing::Configuration));
                if !missing.is_empty() {
                    return Ok(Rerun::Impossible(missing));
                }
                let message: Message = read(&input, "reading a message")?;
                let mode = if kept.row.shadow { Mode::Shadow } else { Mode::Enforce };
                let (blobs, was) = (self.inner.blobs.clone(), before.clone());
                let again = self
                    .inner
                    .evaluators
                    .run(account, Share::USUAL, move || {
                        decide_again(message, &was, state, mode, &rules, account, &blobs)
                    })
                    .await?;
                outcome(&comparable(before), &comparable(again.clone()), &again)
            }
            Outcome::Access(_) => {
                let before: AccessDecision = read(kept.row.body.as_bytes(), "reading a decision")?;
                let lines = before.rules.iter().map(|line| (&line.rule, line.failure));
                let rules = self.rules_of_then(account, &state, lines, &mut missing).await?;
                if !missing.is_empty() {
                    return Ok(Rerun::Impossible(missing));
                }
                let request: AccessRequest = read(&input, "reading a request")?;
                let was = before.clone();
                let again = self
                    .inner
                    .evaluators
                    .run(account, Share::USUAL, move || admit_again(&request, &was, &state.installations, &rules))
                    .await?;
                outcome(&comparable_access(before), &comparable_access(again.clone()), &again)
            }
        }
    }

    async fn kept_decision(
        &self,
        account: AccountId,
        id: DecisionId,
        reader: DecisionReader,
    ) -> Result<Kept, AppError> {
        let kept = self
            .inner
            .database
            .read(move |tx| {
                let mut rows = tx.account(account);
                let Some(row) = rows.decision(id, reader)? else { return Ok(None) };
                let evidence = rows.evidence(id)?.unwrap_or_default();
                let state = match evidence.chain_version {
                    None => None,
                    Some(version) => ChainState::at(&mut rows, version)?,
                };
                Ok::<_, AppError>(Some(Kept { row, evidence, state }))
            })
            .await?;
        kept.ok_or(AppError::NotFound("decision"))
    }

    /// The plugins that had a say, ready to be asked.
    async fn rules_of_then(
        &self,
        account: AccountId,
        state: &ChainState,
        lines: impl Iterator<Item = (&PluginRef, Option<Failure>)>,
        missing: &mut BTreeSet<Missing>,
    ) -> Result<Vec<Rule>, AppError> {
        let asked: BTreeSet<InstallationId> =
            lines.filter(|(_, failure)| !is_taken_as_it_was(*failure)).map(|(rule, _)| rule.installation).collect();
        let mut rules = Vec::with_capacity(asked.len());
        for id in asked {
            let Some(past) = state.installations.iter().find(|past| past.id == id) else {
                missing.insert(Missing::Chain);
                continue;
            };
            match self.rule_of_then(account, past.clone()).await? {
                Ok(rule) => rules.push(rule),
                Err(gone) => {
                    missing.insert(gone);
                }
            }
        }
        Ok(rules)
    }

    async fn rule_of_then(
        &self,
        account: AccountId,
        past: PastInstallation,
    ) -> Result<Result<Rule, Missing>, AppError> {
        let digest = past.config;
        let config =
            self.inner.database.read(move |tx| Ok::<_, AppError>(tx.account(account).chain_part(digest)?)).await?;
        let Some(config) = config else { return Ok(Err(Missing::Configuration(digest))) };
        let (sandbox, blobs, sha256) = (self.inner.sandbox.clone(), self.inner.blobs.clone(), past.component);
        let place = self.configuration_place(account)?;
        let ready = self.with_worker(account, move || {
            let _place = place;
            if blobs.get(sha256).map_err(|_| AppError::Internal("reading a component"))?.is_none() {
                return Ok(None);
            }
            let made = installations::ready(&sandbox, &blobs, sha256, &config, Use::Trial);
            made.map(Some).map_err(|error| {
                tracing::error!(%error, "a rule of a past decision cannot be made ready");
                AppError::Internal("making a rule of a past decision ready")
            })
        });
        let Some(ready) = ready.await?? else {
            return Ok(Err(Missing::Component(sha256)));
        };
        Ok(Ok(Rule {
            granted: Granted::new(past.name.clone(), &past.grants, &past.grants, past.http_hosts),
            rule: PluginRef {
                installation: past.id,
                plugin: past.plugin,
                rule: past.name,
                version: past.version,
                component: Some(past.component),
                config: Some(past.config),
            },
            component: past.component,
            config: past.config,
            hooks: past.hooks,
            mode: past.mode,
            scope: past.scope,
            on_failure: past.failure,
            budget: past.budget.min(self.inner.budget_ceiling),
            percent: past.percent,
            changed_at: past.created_at,
            health: Arc::default(),
            ready: Some(ready),
        }))
    }

    fn missing_attachments(
        &self,
        account: AccountId,
        attachments: impl Iterator<Item = AttachmentId>,
        missing: &mut BTreeSet<Missing>,
    ) {
        let gone = attachments.filter(|id| !matches!(self.inner.blobs.attachment(account, *id), Ok(Some(_))));
        missing.extend(gone.map(Missing::Attachment));
    }
}

/// Asks the rules of then, in their order, about a message of then.
fn decide_again(
    message: Message,
    before: &Decision,
    state: ChainState,
    mode: Mode,
    rules: &[Rule],
    account: AccountId,
    blobs: &Blobs,
) -> Decision {
    let at = message.sent_at;
    let built_in = state.filters.into_iter().filter_map(PastFilter::into_row).map(BuiltIn::of);
    let chain = Chain::new(account, 0, built_in.collect(), Vec::new(), state.messaging, blobs.clone());
    let mut fold = Fold::new(message);
    chain.ask_built_in(mode, &mut fold);
    for line in &before.rules {
        let Some(plugin) = plugin(&line.rule) else { continue };
        if is_taken_as_it_was(line.failure) {
            let was = state.installations.iter().find(|past| past.id == plugin.installation);
            fold.push(as_it_was(line, was.map_or(FailurePolicy::default(), |past| past.failure)));
            continue;
        }
        let Some(rule) = rules.iter().find(|rule| rule.rule.installation == plugin.installation) else { continue };
        let call = match line.attachment {
            None => rule.ask_about_message(fold.message(), rule.as_recorded(line.exchanges.clone())),
            Some(id) => {
                let attachment = fold.message().attachments.iter().find(|one| one.id == id).cloned();
                let Some(attachment) = attachment else { continue };
                rule.ask_about_attachment(&attachment, at, account, blobs, rule.as_recorded(line.exchanges.clone()))
            }
        };
        fold.push(call);
    }
    fold.finish().1
}

/// Asks the access rules of then about a request of then.
fn admit_again(
    request: &AccessRequest,
    before: &AccessDecision,
    installations: &[PastInstallation],
    rules: &[Rule],
) -> AccessDecision {
    access::fold(before.rules.iter().filter_map(|line| {
        if is_taken_as_it_was(line.failure) {
            let was = installations.iter().find(|past| past.id == line.rule.installation);
            return Some(access_as_it_was(line, was.map_or(FailurePolicy::default(), |past| past.failure)));
        }
        let rule = rules.iter().find(|rule| rule.rule.installation == line.rule.installation)?;
        Some(rule.ask_about_access(request, rule.as_recorded(line.exchanges.clone())))
    }))
}

const fn plugin(rule: &RuleRef) -> Option<&PluginRef> {
    match rule {
        RuleRef::Plugin(plugin) => Some(plugin),
        RuleRef::Filter(_) => None,
    }
}

/// Whether a failure would not come again by itself.
const fn is_taken_as_it_was(failure: Option<Failure>) -> bool {
    match failure {
        Some(Failure::Host | Failure::Unavailable | Failure::Suspended) => true,
        Some(Failure::Trap | Failure::OutOfFuel | Failure::OutOfMemory | Failure::BadAnswer | Failure::Diverged)
        | None => false,
    }
}

fn as_it_was(line: &RuleTrail, on_failure: FailurePolicy) -> RuleCall {
    let failure = line.failure.unwrap_or(Failure::Host);
    let (rule, attachment, log) = (line.rule.clone(), line.attachment, line.log.clone());
    let exchanges = line.exchanges.clone();
    RuleCall { rule, attachment, on_failure, answer: Err(failure), cost: Cost::default(), log, exchanges }
}

fn access_as_it_was(line: &AccessTrail, on_failure: FailurePolicy) -> AccessCall {
    let failure = line.failure.unwrap_or(Failure::Host);
    let (rule, log) = (line.rule.clone(), line.log.clone());
    let exchanges = line.exchanges.clone();
    AccessCall { rule, on_failure, answer: Err(failure), cost: Cost::default(), log, exchanges }
}

/// What must be the same: everything but what it cost, and which version of the server the content filter was of.
fn comparable(mut decision: Decision) -> Decision {
    for line in &mut decision.rules {
        line.cost = Cost::default();
        line.asked = Default::default();
        line.exchanges.iter_mut().for_each(|exchange| exchange.micros = 0);
        if let RuleRef::Filter(filter) = &mut line.rule {
            filter.version.clear();
        }
    }
    decision
}

fn comparable_access(mut decision: AccessDecision) -> AccessDecision {
    for line in &mut decision.rules {
        line.cost = Cost::default();
        line.asked = Default::default();
        line.exchanges.iter_mut().for_each(|exchange| exchange.micros = 0);
    }
    decision
}

fn outcome<T: PartialEq + Serialize>(before: &T, again: &T, shown: &T) -> Result<Rerun, AppError> {
    if before == again {
        return Ok(Rerun::Same);
    }
    let shown = serde_json::to_string(shown).map_err(|_| AppError::Internal("writing a decision as JSON"))?;
    Ok(Rerun::Different(decisions::strip(&shown)))
}

fn read<T: DeserializeOwned>(json: &[u8], what: &'static str) -> Result<T, AppError> {
    serde_json::from_slice(json).map_err(|_| AppError::Internal(what))
}
