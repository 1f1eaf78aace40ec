//! Plugins of an account: inspected when they are uploaded, kept by their digest, disabled until somebody installs them; signed by
//! publishers; removed when nothing uses them.
//!
//! What there is of each plugin over all its versions is in `library`.

use serde_json::json;
use sluice_domain::{
    audit::Action,
    id::PluginId,
    permission::Permission,
    plugin::{PluginName, Source},
    signature::{PluginSignature, PublisherKey, Signatures},
};
use sluice_storage::{Account, Before, PluginRow, StorageError};

use crate::{
    App, AppError,
    caller::Caller,
    components::check_notes,
    publishers::{Signed, signed},
    quotas::used,
    uploads::UploadPlace,
};

/// That the account keeps as much as its quota allows.
const FULL: AppError = AppError::Quota(
    "the account keeps as many plugins as its quota allows: remove some that are not installed, or ask whoever runs the server for more",
);

/// A version to be uploaded.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The component's bytes.
    pub component: Vec<u8>,
    /// What changed with it: at most 4,096 bytes, may be empty.
    pub notes: String,
}

/// A plugin as its account sees it.
#[derive(Debug, Clone)]
pub struct ShownPlugin {
    /// One version of it.
    pub row: PluginRow,
    /// Who signed it.
    pub signed: Signed,
}

impl App {
    /// Inspects a component and keeps it as a version of a plugin, not yet installed. The same component again gives the one that is
    /// there. The upload's place is left when this is done.
    ///
    /// # Errors
    /// [`AppError::Upload`] says what is wrong with the component; [`AppError::Invalid`] for the notes; [`AppError::VersionExists`] when
    /// the account has the version with other bytes; [`AppError::Quota`] when the account keeps too much.
    pub async fn upload_plugin(
        &self,
        caller: &Caller,
        place: UploadPlace,
        upload: Upload,
    ) -> Result<ShownPlugin, AppError> {
        caller.require(Permission::ManagePlugins)?;
        check_notes(&upload.notes)?;
        let account = caller.account;
        let incoming = self.receive(upload.component).await?;
        let (sha256, size) = (incoming.sha256, incoming.size);
        let known = self
            .inner
            .database
            .read(move |tx| {
                let mut rows = tx.account(account);
                match rows.plugin_by_digest(sha256)? {
                    Some(row) => show(&mut rows, row).map(Some),
                    // Asked before the component is looked into, which takes long; and again when it is kept.
                    None => has_room(&mut rows, size).map(|()| None),
                }
            })
            .await?;
        if let Some(plugin) = known {
            return Ok(plugin);
        }
        let inspection = self.inspect(Some(account), incoming, Some(place)).await?;
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
            notes: upload.notes,
            source: Source::Upload,
            signatures: Signatures::default(),
            uploaded_by: caller.person,
            created_at: now,
        };
        let details = json!({"name": row.name, "version": row.version, "sha256": row.sha256});
        let entry = self.audit_row(caller, Action::PluginUploaded, row.id, details);
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                // Somebody may have uploaded the same at this moment.
                if let Some(row) = rows.plugin_by_digest(sha256)? {
                    return show(&mut rows, row);
                }
                add(&mut rows, &row)?;
                rows.insert_audit(&entry)?;
                show(&mut rows, row)
            })
            .await
    }

    /// One plugin of the account.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub(crate) async fn plugin(&self, caller: &Caller, id: PluginId) -> Result<PluginRow, AppError> {
        Ok(self.shown_plugin(caller, id).await?.row)
    }

    /// One plugin of the account, with who signed it.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn shown_plugin(&self, caller: &Caller, id: PluginId) -> Result<ShownPlugin, AppError> {
        caller.require(Permission::ManagePlugins)?;
        let account = caller.account;
        self.inner
            .database
            .read(move |tx| {
                let mut rows = tx.account(account);
                let row = rows.plugin(id)?.ok_or(AppError::NotFound("plugin"))?;
                show(&mut rows, row)
            })
            .await
    }

    /// The account's plugins, newest first; or the versions of one of them, from the highest down.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn plugins(
        &self,
        caller: &Caller,
        name: Option<PluginName>,
        page: Before<PluginId>,
    ) -> Result<Vec<ShownPlugin>, AppError> {
        caller.require(Permission::ManagePlugins)?;
        let account = caller.account;
        self.read(account, move |tx| {
            let mut rows = tx.account(account);
            let found = match name {
                None => rows.plugins(page)?,
                Some(name) => versions(&mut rows, &name, page)?,
            };
            let trust = rows.plugin_trust()?.unwrap_or_default();
            let show = |row: PluginRow| ShownPlugin { signed: signed(&trust, &row.signatures), row };
            Ok(found.into_iter().map(show).collect())
        })
        .await
    }

    /// Removes a version that nothing uses. Decisions that name it stay.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]; [`AppError::NotForSupport`]; [`AppError::NotFound`]; [`AppError::PluginInUse`] while it is installed, in
    /// whatever mode.
    pub async fn remove_plugin(&self, caller: &Caller, id: PluginId) -> Result<(), AppError> {
        caller.require(Permission::ManagePlugins)?;
        caller.not_support()?;
        let row = self.plugin(caller, id).await?;
        let details = json!({"name": row.name, "version": row.version, "sha256": row.sha256});
        let entry = self.audit_row(caller, Action::PluginRemoved, id, details);
        let account = caller.account;
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                let installed = rows.installed_versions()?;
                let users: Vec<_> =
                    installed.into_iter().filter(|one| one.plugin == id).map(|one| one.installation).collect();
                if !users.is_empty() {
                    return Err(AppError::PluginInUse(users));
                }
                if !rows.delete_plugin(id)? {
                    return Err(AppError::NotFound("plugin"));
                }
                Ok(rows.insert_audit(&entry)?)
            })
            .await
    }

    /// Adds a publisher's signature to a plugin. One that is there stays.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`]; [`AppError::SignatureInvalid`]; [`AppError::Quota`] for a ninth.
    pub async fn sign_plugin(
        &self,
        caller: &Caller,
        id: PluginId,
        key: PublisherKey,
        signature: PluginSignature,
    ) -> Result<ShownPlugin, AppError> {
        let row = self.plugin(caller, id).await?;
        let mut new = Signatures::default();
        new.add(row.sha256, key, signature)?;
        let entry = self.audit_row(caller, Action::PluginSigned, id, json!({"name": row.name, "publisher_key": key}));
        let account = caller.account;
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                let mut row = rows.plugin(id)?.ok_or(AppError::NotFound("plugin"))?;
                if row.signatures.merge(&new) {
                    rows.set_plugin_signatures(id, &row.signatures)?;
                    rows.insert_audit(&entry)?;
                } else if !row.signatures.is_by(&key) {
                    return Err(AppError::TOO_MANY_SIGNATURES);
                }
                show(&mut rows, row)
            })
            .await
    }
}

/// Adds a version to an account that does not have its component.
pub(crate) fn add(rows: &mut Account<'_>, row: &PluginRow) -> Result<(), AppError> {
    if rows.versions_of_plugin(&row.name)?.iter().any(|there| there.version == row.version) {
        return Err(AppError::VersionExists { name: row.name.clone(), version: row.version.clone() });
    }
    has_room(rows, row.size)?;
    Ok(rows.insert_plugin(row)?)
}

/// A plugin as its account sees it.
pub(crate) fn show(rows: &mut Account<'_>, row: PluginRow) -> Result<ShownPlugin, AppError> {
    let trust = rows.plugin_trust()?.unwrap_or_default();
    Ok(ShownPlugin { signed: signed(&trust, &row.signatures), row })
}

/// Whether one more component of `size` bytes is within the account's quota.
fn has_room(rows: &mut Account<'_>, size: u64) -> Result<(), AppError> {
    let (quota, used) = used(rows)?;
    if quota.holds(used.count + 1, used.bytes + size) { Ok(()) } else { Err(FULL) }
}

/// One page of a plugin's versions, from the highest down. Neither database knows the order of semantic versions.
fn versions(rows: &mut Account<'_>, name: &PluginName, page: Before<PluginId>) -> Result<Vec<PluginRow>, AppError> {
    let mut all = rows.versions_of_plugin(name)?;
    all.sort_by(|one, other| other.version.cmp(&one.version).then(other.id.cmp(&one.id)));
    let begin = match page.before {
        None => 0,
        // What was removed since the page before leaves no place to go on from.
        Some(last) => all.iter().position(|version| version.id == last).map_or(all.len(), |at| at + 1),
    };
    let mut found = Vec::new();
    for version in all.iter().skip(begin).take(page.limit as usize) {
        found.extend(rows.plugin(version.id)?);
    }
    Ok(found)
}

/// Says what a broken uniqueness means here; other errors stay what they are.
pub(crate) fn conflict(error: StorageError, meaning: &'static str) -> AppError {
    if matches!(error, StorageError::Conflict { .. }) { AppError::Conflict(meaning) } else { AppError::Storage(error) }
}
