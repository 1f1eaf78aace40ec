//! Exports: rows of an account, batch after batch, for as long as their reader may read them.

use crate::{AppError, caller::Caller};

/// An export that goes on.
pub trait Batches: Send + Sync + 'static {
    /// What it gives.
    type Row: Send;

    /// The next rows; none at the end.
    ///
    /// # Errors
    /// [`AppError::Storage`].
    fn next(&mut self) -> impl Future<Output = Result<Vec<Self::Row>, AppError>> + Send;

    /// Goes on only for the one who began it, with the same rights.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`] for anybody else.
    fn read_as(&self, caller: &Caller) -> Result<(), AppError>;
}

/// Whether `caller` is who began an export, and sees what they saw then.
pub(crate) fn same_reader(began: &Caller, caller: &Caller) -> Result<(), AppError> {
    if began.sees_as(caller) { Ok(()) } else { Err(AppError::Unauthenticated) }
}
