//! What can go wrong in storage, told the same way by both databases.

use std::fmt;

/// Why storage did not do what was asked. That a row is not there is an `Option`, not an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The database cannot be reached or cannot be used now. Nothing was written; the same may work later.
    #[error("the database cannot be used now: {reason}; check that it runs, is reachable and has room, then try again")]
    Unavailable {
        /// What the driver said.
        reason: String,
    },
    /// Another row has the same value where each must have its own. Nothing was written.
    #[error("there is already a row with the same {constraint}")]
    Conflict {
        /// Which values must be unique.
        constraint: Constraint,
    },
    /// The row refers to one that is not in the same account, or removes one that others refer to. Nothing was written.
    #[error("the row refers to one that is not there, or others refer to it: look them up first")]
    Dangling,
    /// A text has a NUL character, which PostgreSQL cannot keep. Nothing was written.
    #[error("a text with the character U+0000 cannot be kept: remove it")]
    Nul,
    /// A row or a blob is not what was written.
    #[error("what is stored as {what} cannot be read: restore it from a backup")]
    Corrupt {
        /// What kind of thing.
        what: &'static str,
    },
    /// An account's audit log does not end as it was written, so nothing can be added to it. Nothing was written.
    #[error(
        "an audit log does not end as it was written, so nothing is added to it: `sluice audit verify` says which and where; restore it from a backup, or take it as it is with `sluice audit accept`"
    )]
    AuditBroken,
    /// The database was migrated by a newer program.
    #[error("the database has schema {found}, this program knows schemas up to {known}: run a newer program")]
    Newer {
        /// The schema's version.
        found: i64,
        /// The newest one that this program knows.
        known: i64,
    },
    /// A migration that was applied earlier reads differently now.
    #[error(
        "migration {version} is not the one that was applied: run the program that made this database, or restore a backup"
    )]
    Changed {
        /// The migration's version.
        version: i64,
    },
    /// The connection was lost, or the disk failed, while a transaction was being committed: it was written, or it was not. Never
    /// tried again here.
    #[error("a commit was interrupted, so the write may or may not have happened: look before trying again")]
    OutcomeUnknown,
    /// A closure went on after one of its statements had failed. Nothing of it was written.
    #[error("an earlier statement of this transaction failed, so nothing of it was written: return the first error")]
    Aborted,
    /// A closure panicked. Nothing of it was written.
    #[error("a transaction panicked, so nothing of it was written: this is a mistake in the program")]
    Panicked,
    /// The database was closed.
    #[error("the database is closed: the program is ending")]
    Closed,
    /// A statement that the database refuses: a mistake in the program, or a schema that was changed by hand.
    #[error("the database refused a statement: {reason}")]
    Refused {
        /// What the driver said, without values.
        reason: String,
    },
    /// The folder of blobs cannot be read or written.
    #[error("a blob cannot be read or written: {reason}; check the folder's permissions and the room on the disk")]
    Blob {
        /// What the system said.
        reason: String,
    },
}

/// Values that must be unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Constraint {
    /// Identifiers within an account, and keys of idempotent requests.
    PrimaryKey,
    /// One person an e-mail address: over all accounts of who has set a password, within the account of everybody.
    PersonEmail,
    /// One session a token.
    SessionToken,
    /// One API token a secret.
    ApiToken,
    /// One plugin a component, within an account.
    PluginDigest,
    /// One link a secret.
    LinkSecret,
    /// One group a name, within an account.
    GroupName,
    /// One client an external id, within an account.
    ClientExternalId,
    /// One account of the platform's own.
    Platform,
    /// One support session a secret.
    SupportSecret,
    /// One tag a label, within an account.
    TagLabel,
    /// One template of answers a name, within an account.
    AnswerTemplateName,
    /// One template of answers a command, within an account.
    AnswerTemplateCommand,
    /// One entry of the catalogue a version of a plugin.
    CatalogueVersion,
    /// One list a name, within an account.
    ListName,
}

impl Constraint {
    /// Every one.
    pub(crate) const ALL: [Self; 15] = [
        Self::PrimaryKey,
        Self::PersonEmail,
        Self::SessionToken,
        Self::ApiToken,
        Self::PluginDigest,
        Self::LinkSecret,
        Self::GroupName,
        Self::ClientExternalId,
        Self::Platform,
        Self::SupportSecret,
        Self::TagLabel,
        Self::AnswerTemplateName,
        Self::AnswerTemplateCommand,
        Self::CatalogueVersion,
        Self::ListName,
    ];

    /// As people call it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PrimaryKey => "key",
            Self::PersonEmail => "e-mail address",
            Self::SessionToken => "session token",
            Self::ApiToken => "API token",
            Self::PluginDigest => "component",
            Self::LinkSecret => "link",
            Self::GroupName => "name of a group",
            Self::ClientExternalId => "external id",
            Self::Platform => "kind of account, the platform's,",
            Self::SupportSecret => "support session",
            Self::TagLabel => "label of a tag",
            Self::AnswerTemplateName => "name of a template",
            Self::AnswerTemplateCommand => "command of a template",
            Self::CatalogueVersion => "version in the catalogue",
            Self::ListName => "name of a list",
        }
    }

    /// Its name in the schema, by which PostgreSQL reports it. Primary keys are reported as `<table>_pkey`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::PrimaryKey => "_pkey",
            Self::PersonEmail => "people_email",
            Self::SessionToken => "sessions_token",
            Self::ApiToken => "api_tokens_token",
            Self::PluginDigest => "plugins_digest",
            Self::LinkSecret => "one_time_links_secret",
            Self::GroupName => "operator_groups_name",
            Self::ClientExternalId => "clients_external_id",
            Self::Platform => "accounts_platform",
            Self::SupportSecret => "support_sessions_secret",
            Self::TagLabel => "tags_label",
            Self::AnswerTemplateName => "answer_templates_name",
            Self::AnswerTemplateCommand => "answer_templates_command",
            Self::CatalogueVersion => "catalogue_version",
            Self::ListName => "lists_name",
        }
    }

    /// Its last column, by which SQLite reports it. Primary keys have an error code of their own.
    pub(crate) const fn column(self) -> Option<&'static str> {
        match self {
            Self::PrimaryKey => None,
            Self::PersonEmail => Some("people.email"),
            Self::SessionToken => Some("sessions.token_hash"),
            Self::ApiToken => Some("api_tokens.token_hash"),
            Self::PluginDigest => Some("plugins.sha256"),
            Self::LinkSecret => Some("one_time_links.secret_hash"),
            Self::GroupName => Some("operator_groups.name"),
            Self::ClientExternalId => Some("clients.external_id"),
            Self::Platform => Some("accounts.kind"),
            Self::SupportSecret => Some("support_sessions.secret_hash"),
            Self::TagLabel => Some("tags.label"),
            Self::AnswerTemplateName => Some("answer_templates.name"),
            Self::AnswerTemplateCommand => Some("answer_templates.command"),
            Self::CatalogueVersion => Some("catalogue.version"),
            Self::ListName => Some("lists.name"),
        }
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
