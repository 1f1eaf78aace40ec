//! Who asks: the account, the rights, and the name that goes into messages and the audit log.

use secrecy::SecretString;
use sluice_domain::{
    id::{AccountId, PersonId, SessionId, TokenId},
    message::{Actor, Role},
    permission::Permission,
};

use crate::{App, AppError, secret};

/// What a request carries to show who sent it.
#[derive(Debug)]
pub enum Credentials {
    /// The secret of a session, from the cookie.
    Session(SecretString),
    /// An API token, from the `Authorization` header.
    Token(SecretString),
}

/// How the caller showed who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// A session of the person.
    Session(SessionId),
    /// An API token that acts for the person.
    Token(TokenId),
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
    /// The person's rights.
    pub role: Role,
    /// The person's name, or the token's.
    pub name: String,
    /// Where the request comes from.
    pub address: String,
    /// Which version of the account's chain was in force when the caller was looked up.
    pub(crate) chain_version: i64,
}

impl Caller {
    /// Whether the caller has `permission`.
    pub fn may(&self, permission: Permission) -> bool {
        let program = matches!(self.means, Means::Token(_));
        self.role.may(permission) || (program && Role::ApiToken.may(permission))
    }

    pub(crate) fn require(&self, permission: Permission) -> Result<(), AppError> {
        if self.may(permission) { Ok(()) } else { Err(AppError::Forbidden) }
    }

    /// As whom the caller writes messages.
    pub(crate) fn actor(&self) -> Actor {
        match self.means {
            Means::Session(_) => Actor { id: self.person.to_string(), role: self.role, name: self.name.clone() },
            Means::Token(token) => Actor { id: token.to_string(), role: Role::ApiToken, name: self.name.clone() },
        }
    }
}

impl App {
    /// Finds out who sent a request from `address`.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`] when the session or token does not exist, has expired or was ended.
    pub async fn authenticate(&self, credentials: Credentials, address: String) -> Result<Caller, AppError> {
        let now = self.now();
        let (prefix, secret) = match &credentials {
            Credentials::Session(secret) => (secret::SESSION_PREFIX, secret),
            Credentials::Token(secret) => (secret::TOKEN_PREFIX, secret),
        };
        if !secret::is_shaped(prefix, secret) {
            return Err(AppError::Unauthenticated);
        }
        let digest = secret::digest(secret);
        let is_session = matches!(credentials, Credentials::Session(_));
        self.inner
            .database
            .read(move |tx| {
                let found = if is_session {
                    tx.session_by_token_hash(digest, now)?.map(|row| Caller {
                        account: row.account_id,
                        person: row.person_id,
                        means: Means::Session(row.id),
                        role: row.role,
                        name: row.name,
                        address,
                        chain_version: row.chain_version,
                    })
                } else {
                    tx.api_token_by_hash(digest)?.map(|row| Caller {
                        account: row.account_id,
                        person: row.person_id,
                        means: Means::Token(row.id),
                        role: row.role,
                        name: row.name,
                        address,
                        chain_version: row.chain_version,
                    })
                };
                found.ok_or(AppError::Unauthenticated)
            })
            .await
    }
}
