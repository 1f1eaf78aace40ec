//! Who asks: the account, the rights, and the name that goes into messages and the audit log.
//!
//! How a request's credentials become a caller is in `authenticate`.

use sluice_domain::{
    digest::Digest,
    id::{AccountId, PersonId, SessionId, SupportSessionId, TokenId},
    message::{Actor, Direction, Role},
    permission::{AccountKind, Permission, Permissions},
    verdict::State,
    visibility::{self, Visibility},
};
use sluice_storage::{DecisionReader, Reader, TextReader};

use crate::AppError;

/// How the caller showed who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Means {
    /// A session of the person.
    Session(SessionId),
    /// An API token that acts for the person.
    Token(TokenId),
    /// A support session of the person, who is one of the platform.
    Support(SupportSessionId),
}

/// What a person must do before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// The password is older than the account's settings allow.
    ChangePassword,
    /// The account's settings want a second factor, and the person has none.
    EnrolSecondFactor,
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The account that everything this caller names is looked up in.
    pub account: AccountId,
    /// Whose that account is.
    pub kind: AccountKind,
    /// The person that it is, or that it acts for.
    pub person: PersonId,
    /// How the caller showed that.
    pub means: Means,
    /// The digest of the secret that showed it.
    pub(crate) shown: Digest,
    /// The person's role.
    pub role: Role,
    /// What the caller may do.
    pub permissions: Permissions,
    /// What the person must do before anything that needs a permission.
    pub duty: Option<Duty>,
    /// Whether the person showed a second factor.
    pub second_factor: bool,
    /// The person's name, or the token's.
    pub name: String,
    /// Where the request comes from.
    pub address: String,
    /// Which version of the account's chain was in force when the caller was looked up.
    pub(crate) chain_version: i64,
    /// Which version of the account's door was.
    pub(crate) security_version: i64,
}

impl Caller {
    /// The session that the request came with; `None` for a token, and for support.
    pub const fn session_id(&self) -> Option<SessionId> {
        match self.means {
            Means::Session(session) => Some(session),
            Means::Token(_) | Means::Support(_) => None,
        }
    }

    pub(crate) fn require(&self, permission: Permission) -> Result<(), AppError> {
        self.is_free()?;
        if self.permissions.contains(permission) { Ok(()) } else { Err(AppError::Forbidden(permission)) }
    }

    /// Which conversations the caller reads and answers.
    pub(crate) fn reader(&self) -> Result<Reader, AppError> {
        self.is_free()?;
        let reach = self.permissions.reach().ok_or(AppError::Forbidden(Permission::AnswerOwn))?;
        Ok(Reader { person: self.person, reach })
    }

    /// Whether `other` is the same caller and sees what this one sees.
    pub(crate) fn sees_as(&self, other: &Self) -> bool {
        let rights = |caller: &Self| (caller.account, caller.person, caller.means, caller.permissions, caller.duty);
        rights(self) == rights(other)
    }

    /// The same for what needs another permission than to read conversations: nothing of any conversation is there for who reads none.
    pub(crate) fn maybe_reader(&self) -> Option<Reader> {
        self.permissions.reach().map(|reach| Reader { person: self.person, reach })
    }

    /// Which texts rules are tried on for the caller: what the caller would not see, a rule would tell of.
    pub(crate) fn text_reader(&self) -> TextReader {
        let seen = |state| visibility::of(self.permissions, Direction::Incoming, state) == Visibility::Full;
        TextReader { messages: self.maybe_reader(), held: seen(State::Held), blocked: seen(State::Blocked) }
    }

    /// Which decisions are there for the caller: those about messages that it reaches, and those about who came in for whoever reads the
    /// connection journal.
    pub(crate) fn decision_reader(&self) -> Result<DecisionReader, AppError> {
        self.require(Permission::ReviewMessages)?;
        let access = self.permissions.contains(Permission::ReadAudit);
        Ok(DecisionReader { messages: self.maybe_reader(), access })
    }

    /// The caller's session, for what a person does about themselves, whatever duty they have.
    pub(crate) fn session(&self) -> Result<SessionId, AppError> {
        self.session_id().ok_or(AppError::SessionRequired)
    }

    fn is_free(&self) -> Result<(), AppError> {
        self.duty.map_or(Ok(()), |duty| Err(AppError::Duty(duty)))
    }

    /// For what is kept under the name of a person of the account.
    pub(crate) fn not_support(&self) -> Result<(), AppError> {
        match self.means {
            Means::Session(_) | Means::Token(_) => Ok(()),
            Means::Support(_) => Err(AppError::NotForSupport),
        }
    }

    /// As whom the caller writes messages.
    pub(crate) fn actor(&self) -> Actor {
        let id = match self.means {
            Means::Session(_) | Means::Support(_) => self.person.to_string(),
            Means::Token(token) => token.to_string(),
        };
        Actor { id, role: self.acts_as(), name: self.name.clone() }
    }

    /// The role that rules see: the person's, or that of a program.
    pub(crate) const fn acts_as(&self) -> Role {
        match self.means {
            Means::Session(_) | Means::Support(_) => self.role,
            Means::Token(_) => Role::ApiToken,
        }
    }
}
