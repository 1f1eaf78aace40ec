//! The platform's catalogue of plugins: what its people publish, and what an account takes of it.
//!
//! What an account took is a plugin of its own: withdrawing an entry takes nothing away from anybody.

use serde_json::json;
use sluice_domain::{
    audit::Action,
    catalogue::PublishedTo,
    id::{AccountId, CatalogueId, PluginId},
    limits,
    permission::{AccountKind, Permission},
    plugin::Source,
    signature::{PluginSignature, PublisherKey, Signatures},
};
use sluice_storage::{CatalogueRow, NewAudit, PluginRow, StorageError, Tx};

use crate::{
    App, AppError,
    audit::Who,
    caller::Caller,
    components::check_notes,
    plugins::{ShownPlugin, add, show},
    publishers::{Signed, signed},
    store::By,
    uploads::UploadPlace,
};

const NO_ENTRY: AppError = AppError::NotFound("entry of the catalogue");

/// A version to be published.
#[derive(Debug, Clone)]
pub struct Publication {
    /// The component's bytes.
    pub component: Vec<u8>,
    /// What changed with it: at most 4,096 bytes, may be empty.
    pub notes: String,
    /// Who sees it.
    pub to: PublishedTo,
}

/// An entry of the catalogue as an account sees it.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The entry.
    pub row: CatalogueRow,
    /// Who signed it.
    pub signed: Signed,
    /// The account's own plugin that is the same component.
    pub taken: Option<PluginId>,
}

impl App {
    /// Gives a place for a component to be published, before anything of it is read.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for who is none of the platform; [`AppError::Busy`].
    pub fn begin_publication(&self, caller: &Caller) -> Result<UploadPlace, AppError> {
        caller.require(Permission::PublishPlugins)?;
        self.inner.uploads.begin(caller.account).ok_or(AppError::Busy)
    }

    /// Inspects a component and publishes it. The same component again gives the entry that is there.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]; [`AppError::Upload`] says what is wrong with the component; [`AppError::Invalid`] for the notes or an
    /// account; [`AppError::VersionExists`] when the version is published with other bytes; [`AppError::Conflict`] when it is published
    /// to others; [`AppError::Quota`].
    pub async fn publish(
        &self,
        caller: &Caller,
        place: UploadPlace,
        publication: Publication,
    ) -> Result<CatalogueRow, AppError> {
        caller.require(Permission::PublishPlugins)?;
        self.publish_as(Who::of(caller), caller.into(), Some(place), publication).await
    }

    /// The same for whoever runs the server.
    ///
    /// # Errors
    /// As of [`App::publish`].
    pub async fn publish_from_command(&self, publication: Publication) -> Result<CatalogueRow, AppError> {
        self.publish_as(Who::platform(), By::server(self.platform_account().await?), None, publication).await
    }

    async fn publish_as(
        &self,
        who: Who,
        by: By,
        place: Option<UploadPlace>,
        Publication { component, notes, to }: Publication,
    ) -> Result<CatalogueRow, AppError> {
        check_notes(&notes)?;
        self.check_readers(&to).await?;
        let incoming = self.receive(component).await?;
        let (sha256, size) = (incoming.sha256, incoming.size);
        let wanted = to.clone();
        let known = self.inner.database.read(move |tx| {
            let there = tx.catalogue()?.into_iter().find(|(row, _)| row.sha256 == sha256);
            there.map(|(row, is_for)| same(row, &is_for, &wanted)).transpose()
        });
        if let Some(row) = known.await? {
            return Ok(row);
        }
        let inspection = self.inspect(None, incoming, place).await?;
        let now = self.now();
        let row = CatalogueRow {
            id: CatalogueId::new(now, self.random()),
            name: inspection.manifest.name,
            version: inspection.manifest.version,
            sha256,
            size,
            summary: inspection.manifest.summary,
            hooks: inspection.hooks,
            imports: inspection.imports,
            notes,
            signatures: Signatures::default(),
            published_by: who.id.clone(),
            published_at: now,
        };
        let schema = inspection.manifest.config_schema;
        let readers = match &to {
            PublishedTo::Everybody => None,
            PublishedTo::Accounts(accounts) => Some(accounts),
        };
        let details = json!({"name": row.name, "version": row.version, "sha256": sha256, "accounts": readers});
        let entry = self.audit_row_of(who, Action::CataloguePublished, row.id, details);
        self.change_catalogue(by, entry, move |tx| {
            if tx.catalogue_count()? >= limits::CATALOGUE as u64 {
                return Err(AppError::Quota("the catalogue is full: withdraw an entry first"));
            }
            tx.insert_catalogue_entry(&row, &schema, &to).map_err(|error| match error {
                StorageError::Conflict { .. } => {
                    AppError::VersionExists { name: row.name.clone(), version: row.version.clone() }
                }
                other => AppError::Storage(other),
            })?;
            Ok(row)
        })
        .await
    }

    /// The whole catalogue by name, with who sees each entry.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for who is none of the platform.
    pub async fn catalogue(&self, caller: &Caller) -> Result<Vec<(CatalogueRow, PublishedTo)>, AppError> {
        caller.require(Permission::PublishPlugins)?;
        self.catalogue_for_command().await
    }

    /// The same for whoever runs the server.
    ///
    /// # Errors
    /// [`AppError::Storage`].
    pub async fn catalogue_for_command(&self) -> Result<Vec<(CatalogueRow, PublishedTo)>, AppError> {
        self.inner
            .database
            .read(|tx| {
                let mut all = tx.catalogue()?;
                all.sort_by(|(one, _), (other, _)| in_order(one, other));
                Ok(all)
            })
            .await
    }

    /// Withdraws an entry. Who took it keeps it.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn withdraw(&self, caller: &Caller, id: CatalogueId) -> Result<(), AppError> {
        caller.require(Permission::PublishPlugins)?;
        self.withdraw_as(Who::of(caller), caller.into(), id).await
    }

    /// The same for whoever runs the server.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn withdraw_from_command(&self, id: CatalogueId) -> Result<(), AppError> {
        self.withdraw_as(Who::platform(), By::server(self.platform_account().await?), id).await
    }

    async fn withdraw_as(&self, who: Who, by: By, id: CatalogueId) -> Result<(), AppError> {
        let row = self.entry(id).await?;
        let details = json!({"name": row.name, "version": row.version, "sha256": row.sha256});
        let entry = self.audit_row_of(who, Action::CatalogueWithdrawn, id, details);
        self.change_catalogue(by, entry, move |tx| if tx.delete_catalogue_entry(id)? { Ok(()) } else { Err(NO_ENTRY) })
            .await
    }

    /// Adds a publisher's signature to an entry. Who took it before takes it again to have it.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`]; [`AppError::SignatureInvalid`]; [`AppError::Quota`] for a ninth.
    pub async fn sign_entry(
        &self,
        caller: &Caller,
        id: CatalogueId,
        key: PublisherKey,
        signature: PluginSignature,
    ) -> Result<CatalogueRow, AppError> {
        caller.require(Permission::PublishPlugins)?;
        self.sign_entry_as(Who::of(caller), caller.into(), id, key, signature).await
    }

    /// The same for whoever runs the server.
    ///
    /// # Errors
    /// As of [`App::sign_entry`].
    pub async fn sign_entry_from_command(
        &self,
        id: CatalogueId,
        key: PublisherKey,
        signature: PluginSignature,
    ) -> Result<CatalogueRow, AppError> {
        let by = By::server(self.platform_account().await?);
        self.sign_entry_as(Who::platform(), by, id, key, signature).await
    }

    async fn sign_entry_as(
        &self,
        who: Who,
        by: By,
        id: CatalogueId,
        key: PublisherKey,
        signature: PluginSignature,
    ) -> Result<CatalogueRow, AppError> {
        let row = self.entry(id).await?;
        let mut new = Signatures::default();
        new.add(row.sha256, key, signature)?;
        let details = json!({"name": row.name, "publisher_key": key});
        let entry = self.audit_row_of(who, Action::CatalogueSigned, id, details);
        self.change_catalogue(by, entry, move |tx| {
            let mut row = tx.catalogue_entry(id)?.ok_or(NO_ENTRY)?;
            if !row.signatures.merge(&new) && !row.signatures.is_by(&key) {
                return Err(AppError::TOO_MANY_SIGNATURES);
            }
            tx.set_catalogue_signatures(id, &row.signatures)?;
            Ok(row)
        })
        .await
    }

    /// What is published to the account: by name, the highest version of each first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn offers(&self, caller: &Caller) -> Result<Vec<Offer>, AppError> {
        caller.require(Permission::ManagePlugins)?;
        let account = caller.account;
        self.read(account, move |tx| {
            let mut rows = tx.account(account);
            let mut published = rows.published()?;
            published.sort_by(in_order);
            let trust = rows.plugin_trust()?.unwrap_or_default();
            let mut offers = Vec::new();
            for row in published {
                let taken = rows.plugin_by_digest(row.sha256)?.map(|plugin| plugin.id);
                offers.push(Offer { signed: signed(&trust, &row.signatures), row, taken });
            }
            Ok(offers)
        })
        .await
    }

    /// Makes an entry a plugin of the account, not yet installed. If the component is there already, that plugin gets the entry's
    /// signatures.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]; [`AppError::NotForSupport`]; [`AppError::NotFound`] for an entry that is not published to the account;
    /// [`AppError::VersionExists`]; [`AppError::Quota`].
    pub async fn take(&self, caller: &Caller, id: CatalogueId) -> Result<ShownPlugin, AppError> {
        caller.require(Permission::ManagePlugins)?;
        caller.not_support()?;
        let account = caller.account;
        let offered =
            self.inner.database.read(move |tx| Ok::<_, AppError>(tx.account(account).published_entry(id)?)).await?;
        let (offered, _) = offered.ok_or(NO_ENTRY)?;
        // If the entry is withdrawn at this moment, the component stays until the row is there.
        self.keep_component(offered.sha256).await?;
        let now = self.now();
        let plugin = PluginId::new(now, self.random());
        let details = json!({"entry": id, "name": offered.name, "version": offered.version, "sha256": offered.sha256});
        let (entry, person) = (self.audit_row(caller, Action::PluginTaken, plugin, details), caller.person);
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                let (offered, config_schema) = rows.published_entry(id)?.ok_or(NO_ENTRY)?;
                if let Some(mut there) = rows.plugin_by_digest(offered.sha256)? {
                    if there.signatures.merge(&offered.signatures) {
                        rows.set_plugin_signatures(there.id, &there.signatures)?;
                    }
                    return show(&mut rows, there);
                }
                let row = PluginRow {
                    id: plugin,
                    name: offered.name,
                    version: offered.version,
                    sha256: offered.sha256,
                    size: offered.size,
                    summary: offered.summary,
                    config_schema,
                    hooks: offered.hooks,
                    imports: offered.imports,
                    notes: offered.notes,
                    source: Source::Catalogue,
                    signatures: offered.signatures,
                    uploaded_by: person,
                    created_at: now,
                };
                add(&mut rows, &row)?;
                rows.insert_audit(&entry)?;
                show(&mut rows, row)
            })
            .await
    }

    async fn entry(&self, id: CatalogueId) -> Result<CatalogueRow, AppError> {
        let row = self.inner.database.read(move |tx| Ok::<_, AppError>(tx.catalogue_entry(id)?)).await?;
        row.ok_or(NO_ENTRY)
    }

    /// Whose audit log says what the command line does, once the platform has an account.
    async fn platform_account(&self) -> Result<Option<AccountId>, AppError> {
        let accounts = self.accounts().await?;
        Ok(accounts.into_iter().find(|account| account.kind == AccountKind::Platform).map(|account| account.id))
    }

    async fn check_readers(&self, to: &PublishedTo) -> Result<(), AppError> {
        let PublishedTo::Accounts(readers) = to else { return Ok(()) };
        if readers.is_empty() || readers.len() > limits::CATALOGUE_ACCOUNTS {
            let problem = format!("1 to {} accounts, or leave it out for all", limits::CATALOGUE_ACCOUNTS);
            return Err(AppError::invalid("accounts", problem));
        }
        let accounts = self.accounts().await?;
        match readers.iter().find(|reader| !accounts.iter().any(|account| account.id == **reader)) {
            Some(unknown) => Err(AppError::invalid("accounts", format!("there is no account {unknown}"))),
            None => Ok(()),
        }
    }

    /// One transaction: the change, and the entry in the log of the account that it is written by.
    async fn change_catalogue<T: Send + 'static>(
        &self,
        by: By,
        entry: NewAudit,
        change: impl FnOnce(&mut Tx<'_>) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let log = by.account();
        self.inner
            .database
            .write(by, move |tx| {
                let changed = change(tx)?;
                if let Some(account) = log {
                    tx.account(account).insert_audit(&entry)?;
                }
                Ok(changed)
            })
            .await
    }
}

/// The entry with the same component, if it is for the same accounts.
fn same(row: CatalogueRow, is_for: &PublishedTo, wanted: &PublishedTo) -> Result<CatalogueRow, AppError> {
    if is_for == wanted {
        return Ok(row);
    }
    Err(AppError::Conflict("the component is published to other accounts: withdraw that entry, then publish it again"))
}

/// By name, the highest version first.
fn in_order(one: &CatalogueRow, other: &CatalogueRow) -> std::cmp::Ordering {
    one.name.cmp(&other.name).then_with(|| other.version.cmp(&one.version))
}
