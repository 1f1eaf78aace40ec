//! What the API shows: rows and decisions in their JSON form.

mod chat;
mod library;
mod lines;
mod preview;

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;
use sluice_app::{
    messages::{MessageView, Posted},
    plugins::ShownPlugin,
    rows::{DecisionRow, InstallationRow, SealedAudit},
};
use sluice_domain::{
    digest::Digest,
    id::{AuditId, ConversationId, DecisionId, InstallationId, MessageId, PersonId, PluginId},
    installation::{Budget, FailurePolicy, HostName, Mode, Percent, Scope, Suspension},
    message::{Actor, Attachment, Direction, Role},
    network::network_of,
    plugin::{Hook, Import, Source},
    review::Review,
    time::Timestamp,
    verdict::{Decision, Reason, State},
};
use utoipa::ToSchema;

pub(crate) use self::{
    chat::{ClientView, CommentView, ConversationView, RequestView},
    library::{CatalogueView, LibraryView, OfferView, PublishersView, QuotaView, SignedView},
    preview::{PreviewView, ProgressView},
};
use crate::documents::{
    self, ActorDoc, AttachmentDoc, BudgetDoc, DecisionDoc, ReasonDoc, ReviewDoc, ScopeDoc, SuspensionDoc,
};

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// At most `limit` of them.
    pub(crate) items: Vec<T>,
    /// Give it as `cursor` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

/// A plugin of the account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PluginView {
    #[schema(value_type = String, example = "plg_0193…")]
    pub(crate) id: PluginId,
    /// Uploads with the same name are versions of one plugin.
    name: String,
    /// A semantic version.
    version: String,
    /// What it does.
    summary: String,
    /// Of the component.
    #[schema(value_type = String)]
    sha256: Digest,
    /// In bytes.
    size: u64,
    /// What it decides about: `message-filter`, `attachment-filter`, `access-rule`.
    #[schema(value_type = Vec<String>)]
    hooks: BTreeSet<Hook>,
    /// What it asks for: `log`, `counters`, `lists`, `history`, `http`.
    #[schema(value_type = Vec<String>)]
    imports: BTreeSet<Import>,
    /// The same, with what granting each means.
    permissions: Vec<ImportView>,
    /// The JSON Schema of its configuration.
    config_schema: Value,
    /// What changed with this version, in its uploader's words.
    notes: String,
    /// Where it came from: `upload` or `catalogue`.
    #[schema(value_type = String)]
    source: Source,
    #[serde(flatten)]
    signed: SignedView,
    /// Who uploaded it, or took it from the catalogue.
    #[schema(value_type = String)]
    uploaded_by: PersonId,
    /// Milliseconds since 1970.
    #[schema(value_type = i64)]
    created_at: Timestamp,
}

/// What a plugin asks for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportView {
    /// As it is written in an installation's `grants`.
    #[schema(value_type = String)]
    import: Import,
    /// What granting it means.
    sentence: &'static str,
}

impl ImportView {
    pub(crate) const fn of(import: Import) -> Self {
        Self { import, sentence: import.sentence() }
    }
}

impl From<ShownPlugin> for PluginView {
    fn from(ShownPlugin { row, signed }: ShownPlugin) -> Self {
        Self {
            id: row.id,
            name: row.name.into(),
            version: row.version.to_string(),
            summary: row.summary,
            sha256: row.sha256,
            size: row.size,
            hooks: row.hooks,
            permissions: row.imports.iter().map(|import| ImportView::of(*import)).collect(),
            imports: row.imports,
            config_schema: json(&row.config_schema),
            notes: row.notes,
            source: row.source,
            signed: signed.into(),
            uploaded_by: row.uploaded_by,
            created_at: row.created_at,
        }
    }
}

/// A plugin's version enabled in the account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InstallationView {
    #[schema(value_type = String)]
    pub(crate) id: InstallationId,
    #[schema(value_type = String)]
    plugin_id: PluginId,
    /// The plugin's name.
    name: String,
    /// The plugin's version.
    version: String,
    /// Its place in the chain: rules are asked from the smallest to the largest.
    position: i64,
    #[schema(schema_with = documents::mode)]
    mode: Mode,
    /// What it is asked about.
    #[schema(value_type = ScopeDoc)]
    scope: Scope,
    /// What a failure means: the message is held, or passes flagged.
    #[schema(schema_with = documents::failure)]
    failure: FailurePolicy,
    /// What it may import.
    #[schema(value_type = Vec<String>)]
    grants: BTreeSet<Import>,
    /// What one call may use.
    #[schema(value_type = BudgetDoc)]
    budget: Budget,
    /// For how many of a hundred conversations it is in force.
    #[schema(value_type = u8)]
    percent: Percent,
    /// Whom it may ask over HTTPS, when it is granted `http`.
    #[schema(value_type = Vec<String>)]
    http_hosts: BTreeSet<HostName>,
    /// Its configuration.
    config: Value,
    #[schema(value_type = String)]
    config_sha256: Digest,
    #[schema(value_type = i64)]
    created_at: Timestamp,
    #[schema(value_type = i64)]
    updated_at: Timestamp,
    /// When it failed too often: until when its failure policy counts in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SuspensionDoc>)]
    suspension: Option<Suspension>,
    /// Why the platform switched the plugin off for every account, when it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    switched_off: Option<String>,
}

impl From<InstallationRow> for InstallationView {
    fn from(row: InstallationRow) -> Self {
        Self {
            id: row.id,
            plugin_id: row.plugin_id,
            name: row.name.into(),
            version: row.version.to_string(),
            position: row.position,
            mode: row.mode,
            scope: row.scope,
            failure: row.failure,
            grants: row.grants,
            budget: row.budget,
            percent: row.percent,
            http_hosts: row.http_hosts,
            config: json(&row.config),
            config_sha256: row.config_sha256,
            created_at: row.created_at,
            updated_at: row.updated_at,
            suspension: row.suspension,
            switched_off: row.switched_off,
        }
    }
}

/// What became of a message that was sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PostedView {
    #[schema(value_type = String)]
    id: MessageId,
    /// As the rules left it.
    text: String,
    /// Files that go with it, as the rules left them.
    #[schema(value_type = Vec<AttachmentDoc>)]
    attachments: Vec<Attachment>,
    #[schema(schema_with = documents::state)]
    state: State,
    /// The decision's id, for `/decisions/{id}`.
    #[schema(value_type = String)]
    decision_id: DecisionId,
    #[schema(value_type = DecisionDoc)]
    decision: Decision,
}

impl From<Posted> for PostedView {
    fn from(posted: Posted) -> Self {
        let Posted { id, text, attachments, state, notice: _, decision_id, decision } = posted;
        Self { id, text, attachments, state, decision_id, decision }
    }
}

/// A message as the caller may see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageDto {
    #[schema(value_type = String)]
    pub(crate) id: MessageId,
    #[schema(value_type = String)]
    conversation_id: ConversationId,
    /// Its place among the account's events.
    pub(crate) seq: i64,
    #[schema(schema_with = documents::direction)]
    direction: Direction,
    #[schema(value_type = ActorDoc)]
    author: Actor,
    /// `null` when it is withheld from the caller: `state` and `reason` say why.
    text: Option<String>,
    /// Files that go with it; none when they are withheld.
    #[schema(value_type = Vec<AttachmentDoc>)]
    attachments: Vec<Attachment>,
    #[schema(schema_with = documents::state)]
    state: State,
    /// Why it was held or blocked; for the account's people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ReasonDoc>)]
    reason: Option<Reason>,
    /// What the client is told in place of its message.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<String>,
    /// What a supervisor made of it; for the account's people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ReviewDoc>)]
    review: Option<Review>,
    /// Until when it waits for that; for the account's people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    held_until: Option<Timestamp>,
    /// What the rules made of it, for `/decisions/{id}`; for the account's people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    decision_id: Option<DecisionId>,
    #[schema(value_type = i64)]
    sent_at: Timestamp,
}

impl From<MessageView> for MessageDto {
    fn from(view: MessageView) -> Self {
        Self {
            id: view.id,
            conversation_id: view.conversation,
            seq: view.seq,
            direction: view.direction,
            author: view.author,
            text: view.text,
            attachments: view.attachments,
            state: view.state,
            reason: view.reason,
            notice: view.notice,
            review: view.review,
            held_until: view.held_until,
            decision_id: view.decision,
            sent_at: view.sent_at,
        }
    }
}

/// A decision that was kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeptDecisionView {
    #[schema(value_type = String)]
    pub(crate) id: DecisionId,
    /// `message` or `access`.
    subject: &'static str,
    /// Whether shadow rules were asked: then it had no effect.
    shadow: bool,
    #[schema(value_type = Option<String>)]
    message_id: Option<MessageId>,
    #[schema(value_type = Option<String>)]
    conversation_id: Option<ConversationId>,
    /// Who wrote the message, or asked to be let in; `null` where nobody knows any more.
    author_id: Option<String>,
    #[schema(value_type = DecisionDoc)]
    decision: Value,
    #[schema(value_type = i64)]
    created_at: Timestamp,
}

impl From<DecisionRow> for KeptDecisionView {
    fn from(row: DecisionRow) -> Self {
        Self {
            id: row.id,
            subject: row.outcome.subject(),
            shadow: row.shadow,
            message_id: row.message_id,
            conversation_id: row.conversation_id,
            author_id: row.author_id,
            decision: json(&row.body),
            created_at: row.created_at,
        }
    }
}

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditView {
    /// Its place in the account's log: 1, 2, 3 …, without gaps.
    pub(crate) seq: i64,
    #[schema(value_type = String)]
    id: AuditId,
    #[schema(value_type = i64)]
    at: Timestamp,
    /// A person, a token, or `platform`.
    actor: String,
    /// As what: `support` for people of the platform, and for whoever runs the server.
    #[schema(schema_with = documents::role)]
    role: Role,
    /// What was done.
    action: String,
    /// To what.
    target: String,
    /// From where.
    address: String,
    /// The network of the address.
    network: String,
    /// What else is worth knowing.
    #[schema(value_type = Object)]
    details: Value,
    /// HMAC-SHA256 over the entry and the one before it, under the server's key; absent on entries from before there were any.
    #[schema(value_type = Option<String>)]
    mac: Option<Digest>,
}

impl From<SealedAudit> for AuditView {
    fn from(SealedAudit { seq, mac, row }: SealedAudit) -> Self {
        Self {
            seq,
            id: row.id,
            at: row.at,
            actor: row.actor_id,
            role: row.actor_role,
            action: row.action,
            target: row.target,
            network: network_of(&row.address),
            address: row.address,
            details: json(&row.details),
            mac,
        }
    }
}

/// JSON that was kept as text. What was written as JSON reads as JSON.
pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

/// The configuration of who gives none.
pub(crate) fn empty() -> Value {
    Value::Object(serde_json::Map::new())
}
