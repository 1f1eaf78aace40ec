//! Between the domain's types and the contract's. What comes from a guest is checked here, against the contract's limits.

use sluice_domain::{
    access::{Access, AccessRequest, Occasion},
    limits,
    message::{self, AttachmentKind, Direction, Role},
    plugin::{ConfigError, Manifest},
    verdict::{Code, Edit, Reason, Redaction, Verdict},
};

use crate::{
    bindings::{
        exports::sluice::policy::{access_rule, plugin},
        sluice::policy::types,
    },
    error::BadManifest,
};

/// An answer that the contract does not allow; what is wrong with it, for the plugin's author.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadAnswer(String);

impl BadAnswer {
    fn new(problem: impl ToString) -> Self {
        Self(problem.to_string())
    }
}

fn role(role: Role) -> types::Role {
    match role {
        Role::Client => types::Role::Client,
        Role::Operator => types::Role::Operator,
        Role::Supervisor => types::Role::Supervisor,
        Role::Administrator => types::Role::Administrator,
        Role::ApiToken => types::Role::ApiToken,
        Role::Support => types::Role::Support,
        Role::Chatbot => types::Role::Chatbot,
    }
}

pub(crate) fn actor(actor: &message::Actor) -> types::Actor {
    types::Actor { id: actor.id.clone(), role: role(actor.role), name: actor.name.clone() }
}

pub(crate) fn millis(at: sluice_domain::time::Timestamp) -> u64 {
    u64::try_from(at.millis()).unwrap_or(0)
}

pub(crate) fn attachment(attachment: &message::Attachment) -> types::Attachment {
    types::Attachment {
        name: attachment.name.clone(),
        declared_type: attachment.declared_type.clone(),
        detected_type: attachment.detected_type.clone(),
        kind: match attachment.category.kind() {
            AttachmentKind::Image => types::AttachmentKind::Image,
            AttachmentKind::Audio => types::AttachmentKind::Audio,
            AttachmentKind::Video => types::AttachmentKind::Video,
            AttachmentKind::Document => types::AttachmentKind::Document,
            AttachmentKind::Archive => types::AttachmentKind::Archive,
            AttachmentKind::Executable => types::AttachmentKind::Executable,
            AttachmentKind::Other => types::AttachmentKind::Other,
        },
        size: attachment.size,
        sha256: attachment.sha256.to_string(),
    }
}

pub(crate) fn message(message: &message::Message) -> types::Message {
    types::Message {
        id: message.id.to_string(),
        direction: match message.direction {
            Direction::Incoming => types::Direction::Incoming,
            Direction::Outgoing => types::Direction::Outgoing,
        },
        transport: message.transport.clone(),
        channel: message.channel.clone(),
        conversation: message.conversation.map(|id| id.to_string()).unwrap_or_default(),
        author: actor(&message.author),
        text: message.text.clone(),
        links: message
            .links
            .iter()
            .map(|link| types::Link {
                start: link.start,
                end: link.end,
                url: link.url.clone(),
                host: link.host.clone(),
                registrable_domain: link.registrable_domain.clone(),
            })
            .collect(),
        attachments: message.attachments.iter().map(attachment).collect(),
        sent_at: millis(message.sent_at),
    }
}

pub(crate) fn access_request(request: &AccessRequest) -> access_rule::AccessRequest {
    access_rule::AccessRequest {
        occasion: match request.occasion {
            Occasion::LogIn => access_rule::Occasion::LogIn,
            Occasion::NewAddress => access_rule::Occasion::NewAddress,
            Occasion::TokenUse => access_rule::Occasion::TokenUse,
            Occasion::SupportEntry => access_rule::Occasion::SupportEntry,
        },
        who: actor(&request.who),
        address: request.address.clone(),
        user_agent: request.user_agent.clone(),
        at: millis(request.at),
    }
}

fn reason(reason: types::Reason) -> Result<Reason, BadAnswer> {
    if reason.text.len() > limits::REASON_TEXT_BYTES {
        return Err(BadAnswer::new(format!("a reason's text is longer than {} bytes", limits::REASON_TEXT_BYTES)));
    }
    Ok(Reason { code: Code::try_from(reason.code).map_err(BadAnswer::new)?, text: reason.text })
}

/// A verdict about `text`.
pub(crate) fn verdict(text: &str, verdict: types::Verdict) -> Result<Verdict, BadAnswer> {
    Ok(match verdict {
        types::Verdict::Allow => Verdict::Allow,
        types::Verdict::Flag(labels) => {
            if !(1..=limits::LABELS).contains(&labels.len()) {
                return Err(BadAnswer::new(format!("{} labels; there must be 1 to {}", labels.len(), limits::LABELS)));
            }
            Verdict::Flag(labels.into_iter().map(Code::try_from).collect::<Result<_, _>>().map_err(BadAnswer::new)?)
        }
        types::Verdict::Redact(edits) => {
            let edits =
                edits.into_iter().map(|edit| Edit { start: edit.start, end: edit.end, replacement: edit.replacement });
            Verdict::Redact(Redaction::new(text, edits.collect()).map_err(BadAnswer::new)?)
        }
        types::Verdict::Hold(why) => Verdict::Hold(reason(why)?),
        types::Verdict::Block(why) => Verdict::Block(reason(why)?),
    })
}

/// A verdict about an attachment, which is delivered whole or not at all.
pub(crate) fn attachment_verdict(verdict: types::Verdict) -> Result<Verdict, BadAnswer> {
    match self::verdict("", verdict)? {
        Verdict::Redact(_) => Err(BadAnswer::new("an attachment cannot be redacted: hold or block it")),
        other @ (Verdict::Allow | Verdict::Flag(_) | Verdict::Hold(_) | Verdict::Block(_)) => Ok(other),
    }
}

pub(crate) fn access(access: access_rule::Access) -> Result<Access, BadAnswer> {
    Ok(match access {
        access_rule::Access::Allow => Access::Allow,
        access_rule::Access::Challenge(why) => Access::Challenge(reason(why)?),
        access_rule::Access::Deny(why) => Access::Deny(reason(why)?),
    })
}

pub(crate) fn manifest(manifest: plugin::Manifest) -> Result<Manifest, BadManifest> {
    let plugin::Manifest { name, version, summary, config_schema } = manifest;
    if summary.is_empty() || summary.len() > limits::SUMMARY_BYTES {
        return Err(BadManifest::Summary);
    }
    Ok(Manifest {
        name: name.try_into().map_err(|_| BadManifest::Name)?,
        version: version.parse().map_err(|_| BadManifest::Version)?,
        summary,
        config_schema,
    })
}

/// What a plugin says against a configuration, bounded.
pub(crate) fn config_errors(errors: Vec<plugin::ConfigError>) -> Vec<ConfigError> {
    let bounded = |mut text: String| {
        text.truncate(text.floor_char_boundary(limits::CONFIG_ERROR_BYTES));
        text
    };
    let errors = errors.into_iter().take(limits::CONFIG_ERRORS);
    errors.map(|error| ConfigError { path: bounded(error.path), message: bounded(error.message) }).collect()
}
