//! Who may do what in an account: the catalogue, sets of permissions, and templates of such sets.
//!
//! Which route needs which permission is not said here: each use case asks for its own.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::message::Role;

/// Whose an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountKind {
    /// A business that talks with its customers.
    Customer,
    /// Whoever runs the server: its people make accounts, and enter those that let them in. There is one.
    Platform,
}

/// To whom a permission can be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holders {
    /// To supervisors and operators, one by one. Administrators have it.
    People,
    /// To nobody: administrators have it, and nobody else.
    Administrators,
    /// To API tokens. Administrators have it.
    Programs,
    /// To people of the platform, one by one. The platform's administrators have it.
    Platform,
}

macro_rules! catalogue {
    ($($name:ident = $word:literal, $holders:ident, $sentence:literal;)*) => {
        /// Something that one may or may not do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $(#[doc = $sentence] $name,)*
        }

        impl Permission {
            /// Every one, in the order in which people read them.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$name),*];

            /// As it is written in requests, answers and rows.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            /// What it lets one do.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence),* }
            }

            /// Whether there is anything to do with it in such an account. The platform's own has no clients and no support.
            fn is_in(self, kind: AccountKind) -> bool {
                match (kind, self.holders()) {
                    (AccountKind::Customer, holders) => holders != Holders::Platform,
                    (AccountKind::Platform, Holders::Platform) => true,
                    (AccountKind::Platform, Holders::Administrators) => {
                        !matches!(self, Self::ManageSupport | Self::ReadQuarantine)
                    }
                    (AccountKind::Platform, Holders::People | Holders::Programs) => false,
                }
            }

            /// To whom it can be given.
            pub const fn holders(self) -> Holders {
                match self { $(Self::$name => Holders::$holders),* }
            }
        }
    };
}

catalogue! {
    AnswerOwn = "conversations-own", People, "Read and answer the conversations that are assigned to oneself.";
    AnswerGroup = "conversations-group", People, "Read and answer the conversations of one's groups.";
    AnswerAll = "conversations-all", People, "Read and answer all conversations.";
    Assign = "conversations-assign", People, "Assign conversations to people and groups.";
    ReviewMessages = "messages-review", People, "See held messages and the trails of decisions, and decide about them.";
    EditDashboards = "dashboards-edit", People, "Edit dashboards.";
    EditFunnels = "funnels-edit", People, "Edit sales funnels.";
    EditChatbots = "chatbots-edit", People, "Edit chatbots.";
    EditAutoAssignment = "auto-assignment-edit", People, "Edit how conversations are assigned by themselves.";
    EditBlacklist = "blacklist-edit", People, "Edit the blacklist of clients.";
    EditTemplates = "templates-edit", People, "Edit templates of answers, and the tags of conversations and clients.";
    EditLists = "lists-edit", People, "Edit the named lists that plugins look into.";
    EditChannels = "channels-edit", People, "Edit channels.";
    Export = "data-export", People, "Export conversations, clients and decisions.";
    Delete = "data-delete", People, "Delete conversations and clients.";
    ManageSecurity = "security-manage", Administrators, "Change security settings: passwords, sessions, second factors, addresses, whose plugins are trusted.";
    ManagePeople = "people-manage", Administrators, "Invite, change, disable and delete people, and give them permissions.";
    ManagePlugins = "plugins-manage", Administrators, "Upload plugins; enable, change and remove filters; try drafts.";
    ManageTokens = "tokens-manage", Administrators, "Make, renew and revoke API tokens.";
    ManageSupport = "support-manage", Administrators, "Let the platform's support in, and out.";
    ReadAudit = "audit-read", Administrators, "Read the audit log and the connection journal.";
    ReadQuarantine = "quarantine-read", Administrators, "See blocked incoming messages.";
    ManageAccounts = "accounts-manage", Platform, "See which accounts there are, and make some.";
    EnterForSupport = "support-enter", Platform, "Enter accounts that let support in.";
    SwitchPlugins = "plugins-switch", Platform, "Switch a plugin off for every account.";
    PublishPlugins = "catalogue-publish", Platform, "Publish plugins in the catalogue, for accounts to take.";
    WriteAsClient = "messages-write-as-client", Programs, "Bring in what a client wrote elsewhere, as the client.";
}

/// A text that names no permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no such permission: see the catalogue of permissions")]
pub struct NotAPermission;

impl FromStr for Permission {
    type Err = NotAPermission;

    fn from_str(text: &str) -> Result<Self, NotAPermission> {
        Self::ALL.into_iter().find(|permission| permission.as_str() == text).ok_or(NotAPermission)
    }
}

/// A set of permissions. Written as a list of their words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u32);

impl Permissions {
    /// None.
    pub const NONE: Self = Self(0);
    /// Every one.
    pub const ALL: Self = Self((1 << Permission::ALL.len()) - 1);

    /// Whether `permission` is in it.
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// With `permission`.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        Self(self.0 | 1 << permission as u32)
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in it, in the order of the catalogue.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.contains(*permission))
    }

    /// The first that cannot be given to a supervisor or an operator of such an account.
    pub fn not_given_in(self, kind: AccountKind) -> Option<Permission> {
        let holders = match kind {
            AccountKind::Customer => Holders::People,
            AccountKind::Platform => Holders::Platform,
        };
        self.iter().find(|permission| permission.holders() != holders)
    }

    /// What someone in `role` to whom `given` was given may do in such an account.
    pub fn of(kind: AccountKind, role: Role, given: Self) -> Self {
        match role {
            Role::Administrator => Permission::ALL.into_iter().filter(|permission| permission.is_in(kind)).collect(),
            Role::Supervisor | Role::Operator => given,
            Role::Client | Role::ApiToken | Role::Support | Role::Chatbot => Self::NONE,
        }
    }

    /// What a token with `scopes` may do for its owner, who may do `owners`.
    pub const fn of_token(scopes: Self, owners: Self) -> Self {
        scopes.and(owners.with(Permission::WriteAsClient))
    }

    /// Which conversations one reads and answers with these; `None` for none.
    pub const fn reach(self) -> Option<Reach> {
        if self.contains(Permission::AnswerAll) {
            Some(Reach::All)
        } else if self.contains(Permission::AnswerGroup) {
            Some(Reach::Groups)
        } else if self.contains(Permission::AnswerOwn) {
            Some(Reach::Own)
        } else {
            None
        }
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::NONE, Self::with)
    }
}

impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Permission::as_str))
    }
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(deserializer)?;
        let known = |word: String| {
            word.parse().map_err(|_| D::Error::custom(format_args!("there is no permission `{}`", word.escape_debug())))
        };
        words.into_iter().map(known).collect()
    }
}

/// Which conversations someone reads and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Those that are assigned to them.
    Own,
    /// Also those that are assigned to a group that they are in.
    Groups,
    /// All.
    All,
}

/// A set of permissions that a person is often given, and its name.
#[derive(Debug, Clone, Copy)]
pub struct Template {
    /// Stable.
    pub name: &'static str,
    /// For whom it is meant.
    pub role: Role,
    /// What it gives.
    pub permissions: &'static [Permission],
}

/// The templates that every account has.
pub const TEMPLATES: [Template; 4] = {
    use Permission as P;
    [
        Template { name: "operator", role: Role::Operator, permissions: &[P::AnswerOwn, P::AnswerGroup] },
        Template { name: "operator-of-all", role: Role::Operator, permissions: &[P::AnswerAll] },
        Template {
            name: "supervisor",
            role: Role::Supervisor,
            permissions: &[P::AnswerAll, P::Assign, P::ReviewMessages, P::EditTemplates, P::EditBlacklist],
        },
        Template {
            name: "manager",
            role: Role::Supervisor,
            permissions: &[
                P::AnswerAll,
                P::Assign,
                P::ReviewMessages,
                P::EditDashboards,
                P::EditFunnels,
                P::EditChatbots,
                P::EditAutoAssignment,
                P::EditBlacklist,
                P::EditTemplates,
                P::EditChannels,
                P::Export,
            ],
        },
    ]
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn permissions() -> impl Strategy<Value = Permissions> {
        prop::collection::vec(prop::sample::select(&Permission::ALL[..]), 0..8).prop_map(Permissions::from_iter)
    }

    proptest! {
        #[test]
        fn a_set_reads_back_as_written(set in permissions()) {
            let written = serde_json::to_string(&set).expect("written");
            prop_assert_eq!(serde_json::from_str::<Permissions>(&written).expect("read"), set);
        }

        #[test]
        fn a_token_never_does_more_than_its_scopes_and_its_owner(scopes in permissions(), owners in permissions()) {
            let may = Permissions::of_token(scopes, owners);
            for permission in Permission::ALL {
                let owner = owners.contains(permission) || permission == Permission::WriteAsClient;
                prop_assert_eq!(may.contains(permission), scopes.contains(permission) && owner);
            }
        }
    }

    #[test]
    fn an_unknown_word_is_refused() {
        let error = serde_json::from_str::<Permissions>(r#"["conversations-own", "root"]"#).expect_err("refused");
        assert!(error.to_string().contains("`root`"), "{error}");
    }

    #[test]
    fn only_administrators_have_what_is_never_given() {
        let given = Permissions::ALL;
        assert_eq!(given.not_given_in(AccountKind::Customer), Some(Permission::ManageSecurity));
        for role in [Role::Client, Role::ApiToken, Role::Support, Role::Chatbot] {
            assert_eq!(Permissions::of(AccountKind::Customer, role, given), Permissions::NONE, "{role:?}");
        }
    }

    #[test]
    fn the_platform_has_nothing_to_do_with_clients_and_customers_nothing_with_the_platform() {
        let administrator = |kind| Permissions::of(kind, Role::Administrator, Permissions::NONE);
        let customer = administrator(AccountKind::Customer);
        for permission in Permission::ALL {
            assert_eq!(customer.contains(permission), permission.holders() != Holders::Platform, "{permission:?}");
        }
        let platform = administrator(AccountKind::Platform);
        assert_eq!(platform.reach(), None);
        assert!(platform.contains(Permission::EnterForSupport) && platform.contains(Permission::ManagePeople));
        for permission in [Permission::Export, Permission::ManageSupport, Permission::WriteAsClient] {
            assert!(!platform.contains(permission), "{permission:?}");
        }
        let entering = Permissions::NONE.with(Permission::EnterForSupport);
        assert_eq!(entering.not_given_in(AccountKind::Platform), None);
        assert_eq!(entering.not_given_in(AccountKind::Customer), Some(Permission::EnterForSupport));
    }

    #[test]
    fn templates_give_only_what_can_be_given() {
        for template in TEMPLATES {
            let set: Permissions = template.permissions.iter().copied().collect();
            assert_eq!(set.not_given_in(AccountKind::Customer), None, "{}", template.name);
            assert!(set.reach().is_some(), "{}", template.name);
        }
    }
}
