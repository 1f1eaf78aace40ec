//! The database as use cases write to it: every write says for whom it is done.
//!
//! Between a request's arrival and its write lie hashing, plugins and rules. A caller who was kept out, or who may do less by then,
//! writes nothing: their standing is asked once more, in the transaction itself, where no other write of the account comes between.
//! That the facts a use case decided from are still so is its own to ask, in its closure.

use sluice_domain::{digest::Digest, id::AccountId, message::Role, permission::Permissions, time::Timestamp};
use sluice_storage::{Database, Tx};

use crate::{
    AppError, Clock, StorageError,
    authenticate::{ended, not_let_in, of_token, token_ended},
    caller::{Caller, Means},
    own::Confirmed,
    support::left,
};

/// The database, and the time for whoever writes to it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Store {
    database: Database,
    clock: Clock,
}

/// For whom something is written, and whose rows are.
pub(crate) struct By {
    account: Option<AccountId>,
    standing: Option<Standing>,
}

/// What a caller was when the use case began.
struct Standing {
    means: Means,
    shown: Digest,
    role: Role,
    permissions: Permissions,
    /// When the password was set that the caller has shown for this.
    password_changed_at: Option<Timestamp>,
}

impl By {
    /// For nobody who has to be asked: the server itself, whoever runs it, or somebody who is no caller yet.
    pub(crate) fn server(account: impl Into<Option<AccountId>>) -> Self {
        Self { account: account.into(), standing: None }
    }

    /// For a caller who writes what belongs to another account, or to none.
    pub(crate) fn caller_in(caller: &Caller, account: impl Into<Option<AccountId>>) -> Self {
        Self { account: account.into(), ..Self::from(caller) }
    }

    pub(crate) const fn account(&self) -> Option<AccountId> {
        self.account
    }
}

impl From<&Caller> for By {
    fn from(caller: &Caller) -> Self {
        let Caller { means, shown, role, permissions, .. } = *caller;
        let standing = Standing { means, shown, role, permissions, password_changed_at: None };
        Self { account: Some(caller.account), standing: Some(standing) }
    }
}

/// For a caller who has shown the password once more: it must still be that one.
impl From<(&Caller, &Confirmed)> for By {
    fn from((caller, confirmed): (&Caller, &Confirmed)) -> Self {
        let mut by = Self::from(caller);
        if let Some(standing) = &mut by.standing {
            standing.password_changed_at = Some(confirmed.person().password_changed_at);
        }
        by
    }
}

impl Store {
    pub(crate) const fn new(database: Database, clock: Clock) -> Self {
        Self { database, clock }
    }

    /// See [`Database::read`].
    pub(crate) async fn read<T, E>(
        &self,
        closure: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        self.database.read(closure).await
    }

    /// See [`Database::read_blocking`].
    pub(crate) fn read_blocking<T, E>(
        &self,
        closure: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        self.database.read_blocking(closure)
    }

    /// See [`Database::reads_here`].
    pub(crate) fn reads_here(&self) -> bool {
        self.database.reads_here()
    }

    /// See [`Database::write`]. The closure is not run for a caller who was kept out meanwhile, or who may do less than before.
    ///
    /// # Errors
    /// Those of the closure; [`AppError::Unauthenticated`] and [`AppError::Refused`] for a caller who was kept out,
    /// [`AppError::RightsChanged`] for one who may do less, [`AppError::WrongCredentials`] for one whose password is another one.
    pub(crate) async fn write<T, E>(
        &self,
        by: impl Into<By>,
        closure: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + From<AppError> + Send + 'static,
    {
        let By { account, standing } = by.into();
        let Some(standing) = standing else { return self.database.write(account, closure).await };
        let now = self.clock.now();
        self.database
            .write(account, move |tx| {
                standing.check(tx, now)?;
                closure(tx)
            })
            .await
    }

    /// See [`Database::ready`].
    pub(crate) async fn ready(&self) -> Result<(), StorageError> {
        self.database.ready().await
    }

    /// See [`Database::close`].
    pub(crate) async fn close(self) {
        self.database.close().await;
    }
}

impl Standing {
    /// Asks the rows by which the caller came in: one statement, by a unique index.
    fn check(&self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), AppError> {
        match self.means {
            Means::Session(_) => {
                let live = tx.session_by_token_hash(self.shown, now)?.ok_or(AppError::Unauthenticated)?;
                let refusal = ended(&live.session).or_else(|| not_let_in(live.status));
                refusal.map_or(Ok(()), |refusal| Err(AppError::Refused(refusal)))?;
                if self.password_changed_at.is_some_and(|at| at != live.password_changed_at) {
                    return Err(AppError::WrongCredentials);
                }
                self.keeps(live.role, Permissions::of(live.kind, live.role, live.permissions))
            }
            Means::Token(_) => {
                let live = tx.api_token_by_hash(self.shown, now)?.ok_or(AppError::Unauthenticated)?;
                let refusal = token_ended(&live, now).or_else(|| not_let_in(live.status));
                refusal.map_or(Ok(()), |refusal| Err(AppError::Refused(refusal)))?;
                self.keeps(live.role, of_token(&live))
            }
            // What a grant lets support do never changes: another scope is another grant.
            Means::Support(_) => {
                let live = tx.support_session_by_secret(self.shown)?.ok_or(AppError::Unauthenticated)?;
                left(&live, now).map_or(Ok(()), |refusal| Err(AppError::Refused(refusal)))
            }
        }
    }

    /// Whether the caller is what rules were told, and may do all that was asked for.
    fn keeps(&self, role: Role, permissions: Permissions) -> Result<(), AppError> {
        let keeps = role == self.role && permissions.and(self.permissions) == self.permissions;
        if keeps { Ok(()) } else { Err(AppError::RightsChanged) }
    }
}
