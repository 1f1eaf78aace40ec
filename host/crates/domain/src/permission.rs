//! Who may do what in an account.

use crate::message::Role;

/// Something that one may or may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// Read conversations and their messages.
    ReadConversations,
    /// Start conversations and write messages in them.
    WriteMessages,
    /// Bring in what a client wrote, as the client.
    WriteAsClient,
    /// See held messages and the trails of decisions.
    ReviewMessages,
    /// See blocked incoming messages.
    ReadQuarantine,
    /// Upload plugins; enable, change and remove installations; try drafts.
    ManagePlugins,
    /// Read the audit log.
    ReadAudit,
}

impl Role {
    /// Whether someone in this role has `permission`.
    pub const fn may(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            Self::Administrator => true,
            // Beside what its owner may do: a program brings in what clients wrote elsewhere.
            Self::ApiToken => matches!(permission, P::WriteAsClient),
            Self::Supervisor => match permission {
                P::ReadConversations | P::WriteMessages | P::ReviewMessages => true,
                P::WriteAsClient | P::ReadQuarantine | P::ManagePlugins | P::ReadAudit => false,
            },
            Self::Operator => match permission {
                P::ReadConversations | P::WriteMessages => true,
                P::WriteAsClient | P::ReviewMessages | P::ReadQuarantine | P::ManagePlugins | P::ReadAudit => false,
            },
            Self::Client | Self::Support | Self::Chatbot => false,
        }
    }
}
