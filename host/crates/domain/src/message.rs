//! A message as rules see it, and who wrote it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    content::{Category, Trait},
    digest::Digest,
    id::{AttachmentId, ConversationId, GroupId, MessageId},
    link::{self, Link},
    time::Timestamp,
};

/// Whether a message comes from the client or goes to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Written by the client, to the account.
    Incoming,
    /// Written by the account's people or programs, to the client.
    Outgoing,
}

/// In what capacity someone writes or asks to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A person outside the account who writes to it.
    Client,
    /// A person of the account who answers clients.
    Operator,
    /// A person of the account who oversees operators.
    Supervisor,
    /// A person of the account who may do everything in it.
    Administrator,
    /// A program that holds one of the account's API tokens.
    ApiToken,
    /// The platform's support, let in by an administrator.
    Support,
    /// The account's chatbot.
    Chatbot,
}

impl Role {
    /// Whether a person of the account can have it.
    pub const fn is_of_people(self) -> bool {
        match self {
            Self::Operator | Self::Supervisor | Self::Administrator => true,
            Self::Client | Self::ApiToken | Self::Support | Self::Chatbot => false,
        }
    }
}

/// Who writes, or asks to be let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Stable and opaque within the account.
    pub id: String,
    /// In what capacity.
    pub role: Role,
    /// The name that others see.
    pub name: String,
}

/// What an attachment is, decided by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttachmentKind {
    /// A picture.
    Image,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
    /// Text, tables, slides, PDF.
    Document,
    /// Files in a file.
    Archive,
    /// Something that a machine would run.
    Executable,
    /// Anything else.
    Other,
}

/// A file that goes with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The upload's own.
    pub id: AttachmentId,
    /// The file name as it was sent.
    pub name: String,
    /// The media type that the sender claimed.
    pub declared_type: String,
    /// The media type that the content shows.
    pub detected_type: String,
    /// Decided by the content.
    pub category: Category,
    /// What is suspicious about it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub traits: BTreeSet<Trait>,
    /// In bytes.
    pub size: u64,
    /// Of the content.
    pub sha256: Digest,
}

/// One message as the rules before this one left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The same in every call for this message.
    pub id: MessageId,
    /// From the client or to the client.
    pub direction: Direction,
    /// How it travels: `widget`, `api`, the name of a messenger.
    pub transport: String,
    /// The account's channel; opaque.
    pub channel: String,
    /// The conversation that it belongs to; an evaluation belongs to none.
    pub conversation: Option<ConversationId>,
    /// The group that answers the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
    /// Who wrote it.
    pub author: Actor,
    /// At most [`crate::limits::TEXT_BYTES`].
    pub text: String,
    /// Links in `text`, in order.
    pub links: Vec<Link>,
    /// Files that go with it.
    pub attachments: Vec<Attachment>,
    /// When the server accepted it.
    pub sent_at: Timestamp,
}

impl Message {
    /// The same message with another text, its links found anew.
    #[must_use]
    pub fn with_text(mut self, text: String) -> Self {
        self.links = link::find(&text);
        self.text = text;
        self
    }
}
