//! Components as they come in: inspected, kept by their digest, and removed when no plugin and no entry of the catalogue is one any
//! more.
//!
//! Whose they become is decided in `plugins` and `catalogue`.

use std::{
    collections::HashSet,
    time::{Duration, SystemTime},
};

use sluice_domain::{
    digest::Digest,
    id::AccountId,
    limits,
    plugin::{Inspection, PluginName},
    time::Timestamp,
};
use sluice_storage::Tx;

use crate::{App, AppError, uploads::UploadPlace};

/// For how long nobody must have put a component before it can be of no use. Much longer than an upload takes.
const UNUSED: Duration = Duration::from_hours(24);
/// How many components one look into the database is about.
const BATCH: usize = 1_000;

/// A component that comes in.
pub(crate) struct Incoming {
    pub(crate) content: Vec<u8>,
    pub(crate) sha256: Digest,
    /// In bytes.
    pub(crate) size: u64,
}

impl App {
    /// Takes a component in, not yet looked into.
    pub(crate) async fn receive(&self, content: Vec<u8>) -> Result<Incoming, AppError> {
        if content.len() > limits::COMPONENT_BYTES {
            return Err(AppError::TooLarge { limit: limits::COMPONENT_BYTES });
        }
        let incoming = move || {
            let (sha256, size) = (Digest::of(&content), content.len() as u64);
            Incoming { content, sha256, size }
        };
        tokio::task::spawn_blocking(incoming).await.map_err(|_| AppError::Internal("the digest of a component"))
    }

    /// Looks into a component and keeps it, when it is the turn of the account that sent it. Whoever runs the server waits for nobody. It has to be named by a row within a day. The upload's place is left when this is done.
    pub(crate) async fn inspect(
        &self,
        account: Option<AccountId>,
        incoming: Incoming,
        place: Option<UploadPlace>,
    ) -> Result<Inspection, AppError> {
        let (sandbox, blobs, component) = (self.inner.sandbox.clone(), self.inner.blobs.clone(), incoming.content);
        let work = move || {
            let inspection = sandbox.inspect(&component).map_err(AppError::Upload)?;
            blobs.put(&component).map_err(AppError::Storage)?;
            // Not before the component's memory is free, even if the caller has gone.
            drop((component, place));
            Ok::<_, AppError>(inspection)
        };
        let inspection = match account {
            Some(account) => self.with_worker(account, work).await??,
            None => {
                let done = tokio::task::spawn_blocking(work).await;
                done.map_err(|_| AppError::Internal("the inspection of a component"))??
            }
        };
        if inspection.manifest.name.as_str() == PluginName::CONTENT_FILTER {
            return Err(AppError::invalid(
                "name",
                "`content-filter` is the built-in filter's: give the plugin another name",
            ));
        }
        Ok(inspection)
    }

    /// Keeps a component that is there for another day, for a row that is about to name it.
    pub(crate) async fn keep_component(&self, sha256: Digest) -> Result<(), AppError> {
        let blobs = self.inner.blobs.clone();
        let kept = move || match blobs.get(sha256)? {
            Some(content) => blobs.put(&content).map(|_| true),
            None => Ok(false),
        };
        let kept = tokio::task::spawn_blocking(kept).await.map_err(|_| AppError::Internal("keeping a component"))??;
        if kept { Ok(()) } else { Err(AppError::Internal("finding a component")) }
    }

    /// Removes components that no row names and that nobody has put within a day. Gives how many.
    pub(crate) async fn remove_unused_components(&self, now: Timestamp) -> Result<u64, AppError> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(now.millis().unsigned_abs());
        let blobs = self.inner.blobs.clone();
        let failed = |_| AppError::Internal("looking for components of no use");
        let old = tokio::task::spawn_blocking(move || blobs.old(now, UNUSED)).await.map_err(failed)??;
        let mut removed = 0;
        for batch in old.chunks(BATCH).map(<[_]>::to_vec) {
            let without_row = move |tx: &mut Tx<'_>| {
                let mut found = Vec::new();
                for sha256 in batch {
                    if !tx.is_component_used(sha256)? {
                        found.push(sha256);
                    }
                }
                Ok::<_, AppError>(found)
            };
            let unused = self.inner.database.read(without_row).await?;
            let blobs = self.inner.blobs.clone();
            // One that was put since then is young, and stays.
            let remove = move || {
                unused.into_iter().try_fold(0, |removed, sha256| {
                    blobs.remove_old(sha256, now, UNUSED).map(|gone| removed + u64::from(gone))
                })
            };
            removed += tokio::task::spawn_blocking(remove).await.map_err(failed)??;
        }
        Ok(removed)
    }

    /// Removes compiled artefacts that were written a day ago or earlier and are of nothing that is installed. Gives how many.
    pub(crate) async fn remove_unused_artefacts(&self, now: Timestamp) -> Result<u64, AppError> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(now.millis().unsigned_abs());
        let (sandbox, database) = (self.inner.sandbox.clone(), self.inner.database.clone());
        let remove = move || {
            let all =
                sandbox.installed_artefacts().map_err(|_| AppError::Internal("reading the folder of artefacts"))?;
            let old = all.into_iter().filter(|one| now.duration_since(one.modified).is_ok_and(|age| age >= UNUSED));
            let old: Vec<_> = old.collect();
            // Read after the folder: what is installed by now and was compiled earlier is found.
            let installed: HashSet<(Digest, Digest)> =
                database.read_blocking(|tx| Ok::<_, AppError>(tx.installed_configurations()?.into_iter().collect()))?;
            let components: HashSet<Digest> = installed.iter().map(|(component, _)| *component).collect();
            let mut removed = 0;
            for artefact in old {
                let is_of_use = match (artefact.component, artefact.config) {
                    (Some(component), Some(config)) => installed.contains(&(component, config)),
                    (Some(component), None) => components.contains(&component),
                    (None, _) => false,
                };
                if !is_of_use {
                    sandbox.remove_artefact(&artefact);
                    removed += 1;
                }
            }
            Ok(removed)
        };
        tokio::task::spawn_blocking(remove).await.map_err(|_| AppError::Internal("removing unused artefacts"))?
    }
}

/// Whether a text can be the change notes of a version: it may be empty and have lines.
pub(crate) fn check_notes(notes: &str) -> Result<(), AppError> {
    if notes.len() > limits::NOTES_BYTES || notes.contains('\0') {
        let problem = format!("at most {} bytes of UTF-8, without U+0000", limits::NOTES_BYTES);
        return Err(AppError::invalid("notes", problem));
    }
    Ok(())
}
