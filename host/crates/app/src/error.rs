//! What can go wrong in a use case, in the words of the one who asked.
//!
//! How it is sent is not decided here: the web layer turns each into a problem answer.

use std::collections::BTreeSet;

use sluice_domain::{
    id::InstallationId,
    permission::Permission,
    plugin::{ConfigError, Import, PluginName},
    verdict::Reason,
};
use sluice_sandbox::InspectError;
use sluice_storage::StorageError;

use crate::{authenticate::Refusal, caller::Duty, passkeys::Challenge};

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// No session or token came with the request, or one that is not (or no longer) good.
    #[error("not logged in, or the session or token is not valid any more: log in again or use another token")]
    Unauthenticated,
    /// A log-in with an unknown address or a wrong password; which of both is not said.
    #[error("the e-mail address or the password is wrong")]
    WrongCredentials,
    /// Something speaks against a session or a token that is there.
    #[error("{}", .0.sentence())]
    Refused(Refusal),
    /// Attempts to log in failed too often.
    #[error("too many attempts to log in have failed: try again in {seconds} s")]
    TooManyAttempts {
        /// When the next attempt is looked at.
        seconds: u64,
    },
    /// A new password that the account's settings refuse.
    #[error("{problem}")]
    WeakPassword {
        /// What is wrong with it.
        problem: String,
        /// What would make it better.
        suggestions: Vec<String>,
    },
    /// A one-time link that was used already.
    #[error("this link was used already: ask an administrator of the account for a new one")]
    LinkUsed,
    /// A one-time link that has expired.
    #[error("this link has expired: ask an administrator of the account for a new one")]
    LinkExpired,
    /// The rules about addresses keep the caller out.
    #[error("the account does not let anybody in from your address: ask an administrator of the account")]
    AddressRefused,
    /// The rules about addresses would keep their own author out.
    #[error("these rules would keep you out yourself: send `\"confirm\": true` with them if that is meant")]
    WouldLockYouOut,
    /// The person has a second factor, and the log-in came without one.
    #[error(
        "a second factor is needed beside the password: a `code` from the authenticator, one of the recovery codes, or a `passkey`"
    )]
    CodeRequired(Option<Box<Challenge>>),
    /// An answer of an authenticator that does not fit its challenge, or comes late or twice.
    #[error("the passkey was not accepted: ask for another challenge and try again, or use a recovery code")]
    WrongPasskey,
    /// Browsers give passkeys only to names over HTTPS.
    #[error(
        "passkeys are for servers that are reached under https:// and a name: tell whoever runs it to set SLUICE_PUBLIC_URL"
    )]
    PasskeysUnavailable,
    /// A code that is wrong, too old or was used already.
    #[error("the code is wrong or was used already: wait for the next one, or use a recovery code")]
    WrongCode,
    /// The account does not let the platform's support in.
    #[error("this account does not let support in: ask its administrators to open it with PUT /api/v1/support")]
    SupportNotOpen,
    /// Support did what only somebody of the account does.
    #[error("support does not do this: somebody of the account does")]
    NotForSupport,
    /// The change would leave the account without an administrator who can log in.
    #[error("the account needs an administrator who can log in: make somebody else one first")]
    LastAdministrator,
    /// An API token did what only a person does.
    #[error("only a person who has logged in does this, no API token: log in with POST /api/v1/sessions")]
    SessionRequired,
    /// A stream was to go on after an event that the account does not have.
    #[error(
        "this account has no event {after}, the last one is {latest}: read anew what you show, then begin without `Last-Event-ID`"
    )]
    UnknownEvent {
        /// The number that was sent.
        after: i64,
        /// The number of the last event.
        latest: i64,
    },
    /// The caller may not do this.
    #[error("this needs the permission `{}`, which you do not have: ask an administrator of the account", .0.as_str())]
    Forbidden(Permission),
    /// The person must do something else first.
    #[error("{}", match .0 {
        Duty::ChangePassword => "your password is too old: choose a new one first, with PUT /api/v1/me/password",
        Duty::EnrolSecondFactor => "your account wants a second factor: set one up first, under /api/v1/me/second-factors, then log in again",
    })]
    Duty(Duty),
    /// A rule of the account keeps the caller out.
    #[error("a rule of the account refused to let you in: {}", .0.text)]
    AccessDenied(Reason),
    /// A rule of the account wants a second factor.
    #[error("a rule of the account asks for a second factor: {}", .0.text)]
    SecondFactorRequired(Reason),
    /// The caller may do less than when the use case began, or has another role.
    #[error(
        "your role or your permissions were changed at this moment, and nothing was done: try again if you still may"
    )]
    RightsChanged,
    /// There is no such thing in the caller's account.
    #[error("there is no such {0} in this account")]
    NotFound(&'static str),
    /// A value that cannot be used.
    #[error("`{field}`: {problem}")]
    Invalid {
        /// Which value.
        field: &'static str,
        /// What is wrong and what to write instead.
        problem: String,
    },
    /// The body is larger than what may be sent here.
    #[error("the body is larger than {limit} bytes: send less")]
    TooLarge {
        /// In bytes.
        limit: usize,
    },
    /// An attachment that is larger than attachments may be.
    #[error("an attachment has at most {limit} bytes: send a smaller one")]
    AttachmentTooLarge {
        /// In bytes.
        limit: u64,
    },
    /// An attachment that the account's filter blocks.
    #[error("{}", .0.text)]
    AttachmentRefused(Reason),
    /// A message that is not held any more.
    #[error("the message is not held: somebody has decided about it, or it has expired")]
    NotHeld,
    /// A held message whose author would let it through.
    #[error("you wrote this message, or a token of yours did: somebody else approves it")]
    OwnMessage,
    /// A text by a reviewer that a rule blocks or redacts.
    #[error("a rule of this account does not let this text through: {}", .0.as_ref().map_or("write another one", |reason| &reason.text))]
    EditRefused(Option<Reason>),
    /// An uploaded component that cannot be a plugin.
    #[error(transparent)]
    Upload(InspectError),
    /// A configuration that its schema or the plugin refuses.
    #[error("the plugin does not take this configuration: see `errors`")]
    Configuration(Vec<ConfigError>),
    /// A configuration that the plugin failed on.
    #[error("the plugin failed on this configuration: {0}")]
    ConfigureFailed(String),
    /// The plugin asks for permissions that were not granted.
    #[error("the plugin asks for permissions that `grants` does not list: {}", names(.0))]
    MissingGrants(BTreeSet<Import>),
    /// A version that is there already, with other bytes.
    #[error(
        "version {version} of `{name}` is there already with other bytes: raise the version in the plugin's manifest and send it again"
    )]
    VersionExists {
        /// Of which plugin.
        name: PluginName,
        /// Which.
        version: semver::Version,
    },
    /// A plugin that cannot be removed because it is installed.
    #[error("the plugin is installed: remove these installations first, or move them to another version: {}", listed(.0))]
    PluginInUse(Vec<InstallationId>),
    /// A signature that is not the key's over the component.
    #[error(
        "the signature is not this key's over this component: sign the bytes that were uploaded, with `sluice plugin sign COMPONENT KEYFILE`"
    )]
    SignatureInvalid,
    /// A plugin that no trusted publisher signed, where the account asks for that.
    #[error(
        "no publisher that the account trusts has signed this plugin: add a signature with POST /api/v1/plugins/{{id}}/signatures, or trust its publisher with PUT /api/v1/publishers/{{name}}"
    )]
    SignatureRequired,
    /// Something with the same identity is there already.
    #[error("{0}")]
    Conflict(&'static str),
    /// Somebody else has set a password with the e-mail address of an invitation.
    #[error(
        "somebody has set a password with this e-mail address in another account: ask whoever invited you for an invitation to another address"
    )]
    EmailTaken,
    /// A limit of the account is reached.
    #[error("{0}")]
    Quota(&'static str),
    /// The caller's account, session or address has as much going on as it may have at once.
    #[error("{0}: wait until one of them has ended")]
    TooManyAtOnce(&'static str),
    /// More work is waiting than may wait.
    #[error("the server is busy: try again in a moment")]
    Busy,
    /// The server is shutting down.
    #[error("the server is shutting down: try again in a moment")]
    Closing,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Something of ours failed that should not.
    #[error("{0} failed")]
    Internal(&'static str),
}

fn names(imports: &BTreeSet<Import>) -> String {
    imports.iter().map(|import| format!("`{}` ({})", import.as_str(), import.sentence())).collect::<Vec<_>>().join(", ")
}

fn listed(ids: &[InstallationId]) -> String {
    ids.iter().map(InstallationId::to_string).collect::<Vec<_>>().join(", ")
}

impl AppError {
    /// For a component that cannot have one more signature.
    pub(crate) const TOO_MANY_SIGNATURES: Self = Self::Quota("a plugin has at most 8 signatures");
    /// Of [`AppError::SupportNotOpen`].
    pub const SUPPORT_NOT_OPEN: &str = "support-not-open";

    /// A value that cannot be used, and what to write instead.
    pub(crate) fn invalid(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Invalid { field, problem: problem.into() }
    }
}
