//! What the audit log writes down: the closed lists of actions and of refusals, and the chain that shows whether an entry was touched.

mod breach;
mod chain;
mod end;
mod verifier;

pub use breach::Breach;
pub use chain::{Chain, Entry, SealKey};
pub use end::{Earlier, End};
pub use verifier::{BORN_SEALED, KeptEntry, KeptLog, Verification, Verifier};

macro_rules! actions {
    (@ connects) => { true };
    (@) => { false };
    ($(#[$about:meta])* $list:ident { $($name:ident = $word:literal $($connects:ident)?, $sentence:literal;)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $list {
            $(#[doc = $sentence] $name,)*
        }

        impl $list {
            /// Every one.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$name),*];

            /// As it is written in entries.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            /// Whether it is about somebody who comes in, or is kept out: then it stands in the connection journal.
            pub const fn is_about_connecting(self) -> bool {
                match self { $(Self::$name => actions!(@ $($connects)?)),* }
            }
        }
    };
}

actions! {
    /// Something that is written down when it happens.
    Action {
        LoggedIn = "login.accepted" connects, "Somebody logged in.";
        LoggedOut = "session.logged-out" connects, "A person ended the session that they used.";
        SessionEnded = "session.ended", "A session was ended from elsewhere.";
        TokenUsed = "token.used" connects, "An API token was used from an address where it was not seen within a day.";
        TokenCreated = "token.created", "An API token was made.";
        TokenRenewed = "token.renewed", "An API token got another secret.";
        TokenRevoked = "token.revoked", "An API token was revoked.";
        AccountCreated = "account.created", "The account was made.";
        PersonCreated = "person.created", "A person was added with a password.";
        PersonInvited = "person.invited", "A person was invited by link.";
        PersonChanged = "person.changed", "A person's name, address, role, permissions or status was changed.";
        PersonDeleted = "person.deleted", "A person was deleted.";
        PasswordLinkMade = "password.link-made", "A link was made with which a person sets a new password.";
        PasswordSet = "password.set" connects, "A person set a password with a link.";
        PasswordChanged = "password.changed", "A person changed their password.";
        SecondFactorAdded = "second-factor.added", "A person set up a second factor.";
        SecondFactorRemoved = "second-factor.removed", "A person removed their second factor.";
        SecondFactorReset = "second-factor.reset", "An administrator removed a person's second factor.";
        RecoveryCodesRenewed = "second-factor.codes-renewed", "A person got new recovery codes.";
        TemplateKept = "template.kept", "A template of permissions was kept.";
        TemplateRemoved = "template.removed", "A template of permissions was removed.";
        GroupCreated = "group.created", "A group was made.";
        GroupChanged = "group.changed", "A group's name or members were changed.";
        GroupRemoved = "group.removed", "A group was removed.";
        ConversationAssigned = "conversation.assigned", "A conversation was assigned.";
        ClientChanged = "client.changed", "What is known of a client was changed.";
        TagCreated = "tag.created", "A tag was made.";
        TagChanged = "tag.changed", "A tag was changed.";
        TagRemoved = "tag.removed", "A tag was removed, from all that had it.";
        AnswerTemplateCreated = "answer-template.created", "A template of answers was made.";
        AnswerTemplateChanged = "answer-template.changed", "A template of answers was changed.";
        AnswerTemplateRemoved = "answer-template.removed", "A template of answers was removed.";
        SecurityChanged = "security.changed", "The security settings were changed.";
        AddressesChanged = "addresses.changed", "The rules about addresses were changed.";
        AddressesRemoved = "addresses.removed", "The platform removed the rules about addresses.";
        AccessRulesDisabled = "access-rules.disabled", "The platform disabled the plugins that are access rules.";
        SupportOpened = "support.opened", "The account let the platform's support in, for a time.";
        SupportClosed = "support.closed", "The account let the platform's support in no longer.";
        SupportEntered = "support.entered" connects, "Somebody of the platform's support entered.";
        SupportLeft = "support.left" connects, "Somebody of the platform's support left.";
        SupportRequest = "support.request", "Somebody of the platform's support looked at something, or changed something.";
        AuditSealed = "audit.sealed", "The server sealed what it found of a log that was kept without seals, once, at its first start with them.";
        AuditAccepted = "audit.accepted", "The platform took the log as it was found, though it could not be verified.";
        AuditExported = "audit.exported", "Entries of the audit log were exported.";
        DecisionsExported = "decisions.exported", "Decisions were exported.";
        PluginUploaded = "plugin.uploaded", "A plugin was uploaded.";
        PluginRemoved = "plugin.removed", "A plugin was removed.";
        PluginTaken = "plugin.taken", "A plugin was taken from the catalogue.";
        PluginSigned = "plugin.signed", "A publisher's signature of a plugin was added.";
        PublisherTrusted = "publisher.trusted", "A publisher was trusted.";
        PublisherDistrusted = "publisher.distrusted", "A publisher is trusted no longer.";
        SignaturePolicyChanged = "publisher.policy-changed", "Whether plugins need a trusted publisher's signature was changed.";
        QuotaChanged = "quota.changed", "The platform changed how many plugins the account may have.";
        CataloguePublished = "catalogue.published", "The platform published a plugin in its catalogue.";
        CatalogueSigned = "catalogue.signed", "A publisher's signature of a plugin in the catalogue was added.";
        CatalogueWithdrawn = "catalogue.withdrawn", "The platform withdrew a plugin from its catalogue.";
        FilterRuleCreated = "filter.created", "A rule of the content filter was made.";
        FilterRuleChanged = "filter.changed", "A rule of the content filter was changed.";
        FilterRuleRemoved = "filter.removed", "A rule of the content filter was removed.";
        ListCreated = "list.created", "A list for plugins was made.";
        ListChanged = "list.changed", "A list's name or description was changed.";
        ListRemoved = "list.removed", "A list was removed with its entries.";
        ListEntriesAdded = "list.entries-added", "Entries were added to a list.";
        ListEntriesRemoved = "list.entries-removed", "Entries were removed from a list.";
        MessagingChanged = "messaging.changed", "How messages are dealt with was changed.";
        MessageReviewed = "message.reviewed", "Somebody decided about a held message.";
        QuarantineRead = "quarantine.read", "Somebody looked at blocked messages of clients.";
        InstallationCreated = "installation.created", "A plugin was installed.";
        InstallationChanged = "installation.changed", "An installation was changed.";
        InstallationRemoved = "installation.removed", "An installation was removed.";
        InstallationSuspended = "installation.suspended", "An installation failed too often and is not asked for a while.";
        InstallationRecovered = "installation.recovered", "An installation that was suspended gave a good answer again.";
        ChainOrdered = "chain.ordered", "The installations were put into another order.";
        ChainRolledBack = "chain.rolled-back", "The account went back to the rules of an earlier time.";
        PluginsSwitched = "plugins.switched", "All of the account's plugins were switched on or off.";
        PluginSwitchedOff = "plugin.switched-off", "The platform switched a plugin off for every account.";
        PluginSwitchedOn = "plugin.switched-on", "The platform switched a plugin on again.";
    }
}

actions! {
    /// Something that somebody was kept from. Anybody can have it happen again and again, so that not every time is written down.
    Refused {
        LogIn = "login.refused" connects, "Somebody was kept from logging in.";
        Session = "session.refused" connects, "A session was not taken.";
        Token = "token.refused" connects, "An API token was not taken.";
        Link = "link.refused" connects, "A one-time link that was used or had expired was tried.";
        Support = "support.refused" connects, "Somebody of the platform's support was kept out.";
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_action_has_a_word_of_its_own() {
        let all = Action::ALL.into_iter().map(Action::as_str).chain(Refused::ALL.into_iter().map(Refused::as_str));
        let words: BTreeSet<_> = all.collect();
        assert_eq!(words.len(), Action::ALL.len() + Refused::ALL.len());
    }
}
