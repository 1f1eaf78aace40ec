//! Who asks: the account, the rights, and the name that goes into messages and the audit log.
//!
//! How a request's credentials become a caller is in `authenticate`.

use sluice_domain::{
    id::{AccountId, PersonId, SessionId, TokenId},
    message::{Actor, Role},
    permission::{Permission, Permissions},
};
use sluice_storage::Reader;

use crate::AppError;

/// How the caller showed who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Means {
    /// A session of the person.
    Session(SessionId),
    /// An API token that acts for the person.
    Token(TokenId),
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
    /// The person that it is, or that it acts for.
    pub person: PersonId,
    /// Session or token.
    pub means: Means,
    /// The person's role.
    pub role: Role,
    /// What the caller may do.
    pub permissions: Permissions,
    /// What the person must do before anything that needs a permission.
    pub duty: Option<Duty>,
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
    /// The session that the request came with; `None` for a token.
    pub const fn session_id(&self) -> Option<SessionId> {
        match self.means {
            Means::Session(session) => Some(session),
            Means::Token(_) => None,
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

    /// The caller's session, for what a person does about themselves, whatever duty they have.
    pub(crate) fn session(&self) -> Result<SessionId, AppError> {
        self.session_id().ok_or(AppError::SessionRequired)
    }

    fn is_free(&self) -> Result<(), AppError> {
        self.duty.map_or(Ok(()), |duty| Err(AppError::Duty(duty)))
    }

    /// As whom the caller writes messages.
    pub(crate) fn actor(&self) -> Actor {
        let id = match self.means {
            Means::Session(_) => self.person.to_string(),
            Means::Token(token) => token.to_string(),
        };
        Actor { id, role: self.acts_as(), name: self.name.clone() }
    }

    /// The role that rules see: the person's, or that of a program.
    pub(crate) const fn acts_as(&self) -> Role {
        match self.means {
            Means::Session(_) => self.role,
            Means::Token(_) => Role::ApiToken,
        }
    }
}
