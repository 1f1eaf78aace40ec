//! What the platform's support may do in an account that lets it in.

use serde::{Deserialize, Serialize};

use crate::permission::{Permission, Permissions};

/// How far an account lets support in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SupportScope {
    /// To see, and to change nothing.
    Look,
    /// Also to change how the account works: plugins, channels, chatbots and the like. Not who gets in, and no messages.
    Configure,
}

/// What support sees. Not blocked incoming messages: those are for administrators.
const SEES: &[Permission] = &[
    Permission::AnswerAll,
    Permission::ReviewMessages,
    Permission::ManageSecurity,
    Permission::ManagePeople,
    Permission::ManagePlugins,
    Permission::ManageTokens,
    Permission::ReadAudit,
];

/// What support changes, where it may change anything: nothing that would let it in again, or somebody else.
const CHANGES: &[Permission] = &[
    Permission::ManagePlugins,
    Permission::EditDashboards,
    Permission::EditFunnels,
    Permission::EditChatbots,
    Permission::EditAutoAssignment,
    Permission::EditBlacklist,
    Permission::EditTemplates,
    Permission::EditLists,
    Permission::EditChannels,
];

impl SupportScope {
    /// What support may do with a request that changes something, or with one that does not.
    pub fn permissions(self, changes: bool) -> Permissions {
        let list = match (self, changes) {
            (Self::Look | Self::Configure, false) => SEES,
            (Self::Configure, true) => CHANGES,
            (Self::Look, true) => &[],
        };
        list.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn support_changes_nothing_that_lets_somebody_in_and_writes_no_message() {
        assert_eq!(SupportScope::Look.permissions(true), Permissions::NONE);
        let changes = SupportScope::Configure.permissions(true);
        assert_eq!(changes.reach(), None);
        for scope in [SupportScope::Look, SupportScope::Configure] {
            for permission in [Permission::ManageSupport, Permission::ReadQuarantine, Permission::WriteAsClient] {
                assert!(!scope.permissions(false).contains(permission), "{permission:?}");
            }
        }
        for permission in [Permission::ManageSecurity, Permission::ManagePeople, Permission::ManageTokens] {
            assert!(!changes.contains(permission), "{permission:?}");
        }
    }
}
