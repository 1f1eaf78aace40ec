//! Trying rules out: what would happen to a message, with nothing stored.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;
use sluice_domain::{
    digest::Digest,
    id::{AttachmentId, InstallationId, MessageId, PluginId},
    installation::{Budget, FailurePolicy, HostName, Mode, Percent, Scope},
    message::{Actor, Direction, Message, Role},
    permission::Permission,
    plugin::Import,
    verdict::{Decision, PluginRef, State},
};

use crate::{
    App, AppError,
    caller::Caller,
    chain::{Chain, Rule},
    evaluators::Share,
    imports::{Asked, Granted},
    installations::check_hosts,
    messages::check_text,
};

/// A message that is not sent.
#[derive(Debug, Clone)]
pub struct Trial {
    /// At most 65,536 bytes; empty only beside attachments.
    pub text: String,
    /// From the client, when not said.
    pub direction: Option<Direction>,
    /// Files that were uploaded.
    pub attachments: Vec<AttachmentId>,
}

/// An installation that is not made.
#[derive(Debug, Clone)]
pub struct DraftInstallation {
    /// Which plugin.
    pub plugin: PluginId,
    /// With which configuration.
    pub config: Value,
    /// About what it is asked.
    pub scope: Scope,
    /// What its failure means.
    pub failure: FailurePolicy,
    /// What it may import.
    pub grants: BTreeSet<Import>,
    /// What one call may use; what the server gives when not said.
    pub budget: Option<Budget>,
    /// For how many conversations it is in force.
    pub percent: Percent,
    /// Whom it may ask over HTTPS.
    pub http_hosts: BTreeSet<HostName>,
}

/// What would happen.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// As the rules would leave it.
    pub text: String,
    /// Whether it would reach the other side.
    pub state: State,
    /// What the chain would make of it.
    pub decision: Decision,
    /// The message as the first rule would see it.
    pub message: Message,
}

impl App {
    /// Says what the account's chain, or a chain of drafts in its place, would make of a message. Nothing is stored: counters begin at 0,
    /// and no other server is asked.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]; [`AppError::NotFound`], [`AppError::Configuration`], [`AppError::ConfigureFailed`] and
    /// [`AppError::MissingGrants`] for a draft, [`AppError::Invalid`] for its budget and its hosts.
    pub async fn evaluate(
        &self,
        caller: &Caller,
        trial: Trial,
        drafts: Option<Vec<DraftInstallation>>,
    ) -> Result<Evaluation, AppError> {
        caller.require(Permission::ManagePlugins)?;
        check_text(&trial.text, &trial.attachments)?;
        let _place = match drafts {
            None => Some(self.configuration_place(caller.account)?),
            // Each of them takes one.
            Some(_) => None,
        };
        let chain = match drafts {
            None => Arc::new(self.chain(caller.account, caller.chain_version).await?.apart()),
            Some(drafts) => self.draft_chain(caller, drafts).await?,
        };
        let now = self.now();
        let message = Message {
            id: MessageId::new(now, self.random()),
            direction: trial.direction.unwrap_or(Direction::Incoming),
            transport: "api".to_owned(),
            channel: "api".to_owned(),
            conversation: None,
            author: match trial.direction.unwrap_or(Direction::Incoming) {
                Direction::Incoming => Actor { id: "trial".to_owned(), role: Role::Client, name: "Trial".to_owned() },
                Direction::Outgoing => caller.actor(),
            },
            text: String::new(),
            links: Vec::new(),
            group: None,
            attachments: self.uploaded(caller, trial.attachments).await?,
            sent_at: now,
        };
        // Links are found in this; a long text takes its time.
        let read = move || message.with_text(trial.text);
        let message = self.inner.evaluators.run(caller.account, Share::USUAL, read).await?;
        let (decided, mut decision) = self.decide(&chain, Asked::OnTrial, message.clone()).await?;
        decision.forget_exchanges();
        Ok(Evaluation { text: decided.text, state: decision.state(), decision, message })
    }

    async fn draft_chain(&self, caller: &Caller, drafts: Vec<DraftInstallation>) -> Result<Arc<Chain>, AppError> {
        let mut rules = Vec::with_capacity(drafts.len());
        for draft in drafts {
            rules.push(self.draft_rule(caller, InstallationId::new(self.now(), self.random()), draft).await?);
        }
        let messaging = self.messaging(caller).await?;
        let lists = self.chain(caller.account, caller.chain_version).await?.lists.clone();
        let chain = Chain::new(caller.account, 0, Vec::new(), rules, messaging, self.inner.blobs.clone());
        Ok(Arc::new(chain.with_lists(lists)))
    }

    /// A rule that is not installed, ready to be asked as `installation`.
    pub(crate) async fn draft_rule(
        &self,
        caller: &Caller,
        installation: InstallationId,
        draft: DraftInstallation,
    ) -> Result<Rule, AppError> {
        let plugin = self.plugin(caller, draft.plugin).await?;
        let budget = self.budget(draft.budget)?;
        let config = draft.config.to_string();
        check_hosts(&draft.grants, &draft.http_hosts)?;
        let ready = self.configure(caller.account, &plugin, &config, &draft.grants).await?;
        let config = Digest::of(config.as_bytes());
        Ok(Rule {
            rule: PluginRef {
                installation,
                plugin: plugin.id,
                rule: plugin.name.clone(),
                version: plugin.version.to_string(),
                component: Some(plugin.sha256),
                config: Some(config),
            },
            component: plugin.sha256,
            config,
            granted: Granted::new(plugin.name, &plugin.imports, &draft.grants, draft.http_hosts),
            hooks: plugin.hooks,
            mode: Mode::Enforce,
            scope: draft.scope,
            on_failure: draft.failure,
            budget,
            percent: draft.percent,
            changed_at: self.now(),
            health: Arc::default(),
            ready: Some(ready),
        })
    }
}
