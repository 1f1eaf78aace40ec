//! Plugins of an account: inspected when they are uploaded, kept by their digest, disabled until somebody installs them.

use serde_json::json;
use sluice_domain::{
    audit::Action,
    digest::Digest,
    id::PluginId,
    limits,
    permission::Permission,
    plugin::{PluginName, Source},
    signature::Signatures,
};
use sluice_storage::{Before, PluginRow, StorageError};

use crate::{App, AppError, caller::Caller, uploads::UploadPlace};

/// Most plugins that an account may keep.
const PLUGINS: u64 = 256;
/// Most bytes of components that an account may keep.
const PLUGIN_BYTES: u64 = 512 << 20;

impl App {
    /// Inspects a component and keeps it as a plugin of the account, not yet installed. The same component again gives the plugin
    /// that is there. The upload's place is left when this is done.
    ///
    /// # Errors
    /// [`AppError::Upload`] says what is wrong with the component; [`AppError::Quota`] when the account keeps too much.
    pub async fn upload_plugin(
        &self,
        caller: &Caller,
        place: UploadPlace,
        component: Vec<u8>,
    ) -> Result<PluginRow, AppError> {
        caller.require(Permission::ManagePlugins)?;
        if component.len() > limits::COMPONENT_BYTES {
            return Err(AppError::TooLarge { limit: limits::COMPONENT_BYTES });
        }
        let account = caller.account;
        let size = component.len() as u64;
        let (component, sha256) = self
            .inner
            .evaluators
            .run(move || {
                let digest = Digest::of(&component);
                (component, digest)
            })
            .await?;
        let known = self
            .inner
            .database
            .read(move |tx| {
                let mut rows = tx.account(account);
                if let Some(row) = rows.plugin_by_digest(sha256)? {
                    return Ok(Some(row));
                }
                let used = rows.plugin_usage()?;
                if used.count >= PLUGINS || used.bytes + size > PLUGIN_BYTES {
                    return Err(AppError::Quota(
                        "the account keeps too many plugins: remove some that are not installed",
                    ));
                }
                Ok(None)
            })
            .await?;
        if let Some(row) = known {
            return Ok(row);
        }

        let (sandbox, blobs) = (self.inner.sandbox.clone(), self.inner.blobs.clone());
        let inspection = tokio::task::spawn_blocking(move || {
            let inspection = sandbox.inspect(&component).map_err(AppError::Upload)?;
            blobs.put(&component).map_err(AppError::Storage)?;
            // Not before the component's memory is free, even if the caller has gone.
            drop((component, place));
            Ok::<_, AppError>(inspection)
        })
        .await
        .map_err(|_| AppError::Internal("the inspection of a component"))??;

        if inspection.manifest.name.as_str() == PluginName::CONTENT_FILTER {
            return Err(AppError::invalid(
                "name",
                "`content-filter` is the built-in filter's: give the plugin another name",
            ));
        }
        let now = self.now();
        let row = PluginRow {
            id: PluginId::new(now, self.random()),
            name: inspection.manifest.name,
            version: inspection.manifest.version,
            sha256,
            size,
            summary: inspection.manifest.summary,
            config_schema: inspection.manifest.config_schema,
            hooks: inspection.hooks,
            imports: inspection.imports,
            notes: String::new(),
            source: Source::Upload,
            signatures: Signatures::default(),
            uploaded_by: caller.person,
            created_at: now,
        };
        let details = json!({"name": row.name, "version": row.version, "sha256": row.sha256});
        let entry = self.audit_row(caller, Action::PluginUploaded, row.id, details);
        self.inner
            .database
            .write(Some(account), move |tx| {
                let mut rows = tx.account(account);
                rows.insert_plugin(&row).map_err(|error| {
                    conflict(error, "the same component was uploaded at this moment: see the list of plugins")
                })?;
                rows.insert_audit(&entry)?;
                Ok(row)
            })
            .await
    }

    /// One plugin of the account.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn plugin(&self, caller: &Caller, id: PluginId) -> Result<PluginRow, AppError> {
        caller.require(Permission::ManagePlugins)?;
        let account = caller.account;
        let found = self.inner.database.read(move |tx| Ok::<_, AppError>(tx.account(account).plugin(id)?)).await?;
        found.ok_or(AppError::NotFound("plugin"))
    }

    /// The account's plugins, newest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn plugins(&self, caller: &Caller, page: Before<PluginId>) -> Result<Vec<PluginRow>, AppError> {
        caller.require(Permission::ManagePlugins)?;
        let account = caller.account;
        self.inner.database.read(move |tx| Ok(tx.account(account).plugins(page)?)).await
    }
}

/// Says what a broken uniqueness means here; other errors stay what they are.
pub(crate) fn conflict(error: StorageError, meaning: &'static str) -> AppError {
    if matches!(error, StorageError::Conflict { .. }) { AppError::Conflict(meaning) } else { AppError::Storage(error) }
}
