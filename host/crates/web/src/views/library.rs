//! Libraries, the catalogue, quotas and publishers in their JSON form.

use std::collections::BTreeSet;

use serde::Serialize;
use sluice_app::{
    catalogue::Offer,
    library::{InstalledHere, LibraryEntry},
    publishers::Signed,
    rows::{CatalogueRow, PluginUsage},
};
use sluice_domain::{
    catalogue::PublishedTo,
    digest::Digest,
    id::{AccountId, CatalogueId, InstallationId, PluginId},
    installation::Mode,
    plugin::{Hook, Import},
    quota::PluginQuota,
    signature::{PublisherKey, SignaturePolicy, Standing, Trust},
    time::Timestamp,
};
use utoipa::ToSchema;

use super::{ImportView, PluginView};
use crate::documents;

/// Who signed a component, as the account sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedView {
    /// `unsigned`; `untrusted`: by publishers whom the account does not trust; `trusted`.
    #[schema(schema_with = documents::standing)]
    signature: Standing,
    /// One of each publisher.
    signatures: Vec<SignatureView>,
}

/// That a publisher signed a component.
#[derive(Debug, Serialize, ToSchema)]
struct SignatureView {
    /// Base64.
    #[schema(value_type = String)]
    publisher_key: PublisherKey,
    /// The account's name for the publisher, if it trusts it.
    publisher: Option<String>,
}

impl From<Signed> for SignedView {
    fn from(signed: Signed) -> Self {
        let by = signed.by.into_iter();
        let signatures = by.map(|(publisher_key, publisher)| SignatureView { publisher_key, publisher }).collect();
        Self { signature: signed.standing, signatures }
    }
}

/// A plugin over all its versions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LibraryView {
    pub(crate) name: String,
    /// The version that is highest in the order of semantic versions.
    newest: PluginView,
    /// How many versions there are: `/plugins?name=` has them.
    versions: usize,
    /// The versions that are installed, in the order of the chain.
    installed: Vec<InstalledView>,
}

/// That a version is installed.
#[derive(Debug, Serialize, ToSchema)]
struct InstalledView {
    #[schema(value_type = String)]
    installation_id: InstallationId,
    #[schema(value_type = String)]
    plugin_id: PluginId,
    version: String,
    #[schema(schema_with = documents::mode)]
    mode: Mode,
}

impl From<InstalledHere> for InstalledView {
    fn from(here: InstalledHere) -> Self {
        let InstalledHere { installation, plugin, version, mode } = here;
        Self { installation_id: installation, plugin_id: plugin, version: version.to_string(), mode }
    }
}

impl From<LibraryEntry> for LibraryView {
    fn from(entry: LibraryEntry) -> Self {
        Self {
            name: entry.newest.row.name.to_string(),
            newest: entry.newest.into(),
            versions: entry.versions,
            installed: entry.installed.into_iter().map(InstalledView::from).collect(),
        }
    }
}

/// What everybody sees of an entry of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
struct EntryView {
    #[schema(value_type = String, example = "cat_0193…")]
    id: CatalogueId,
    /// Entries with the same name are versions of one plugin.
    name: String,
    /// A semantic version.
    version: String,
    /// What it does.
    summary: String,
    /// Of the component.
    #[schema(value_type = String)]
    sha256: Digest,
    /// In bytes.
    size: u64,
    /// What it decides about: `message-filter`, `attachment-filter`, `access-rule`.
    #[schema(value_type = Vec<String>)]
    hooks: BTreeSet<Hook>,
    /// What it asks for.
    #[schema(value_type = Vec<String>)]
    imports: BTreeSet<Import>,
    /// The same, with what granting each means.
    permissions: Vec<ImportView>,
    /// What changed with this version.
    notes: String,
    /// Milliseconds since 1970.
    #[schema(value_type = i64)]
    published_at: Timestamp,
}

impl From<CatalogueRow> for EntryView {
    fn from(row: CatalogueRow) -> Self {
        Self {
            id: row.id,
            name: row.name.into(),
            version: row.version.to_string(),
            summary: row.summary,
            sha256: row.sha256,
            size: row.size,
            hooks: row.hooks,
            permissions: row.imports.iter().map(|import| ImportView::of(*import)).collect(),
            imports: row.imports,
            notes: row.notes,
            published_at: row.published_at,
        }
    }
}

/// An entry of the catalogue that the account can take.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OfferView {
    #[serde(flatten)]
    entry: EntryView,
    #[serde(flatten)]
    signed: SignedView,
    /// The account's own plugin that is the same component, if there is one.
    #[schema(value_type = Option<String>)]
    plugin_id: Option<PluginId>,
}

impl From<Offer> for OfferView {
    fn from(Offer { row, signed, taken }: Offer) -> Self {
        Self { entry: row.into(), signed: signed.into(), plugin_id: taken }
    }
}

/// An entry of the catalogue, as the platform sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CatalogueView {
    #[serde(flatten)]
    entry: EntryView,
    /// Who sees it; absent when all accounts do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    accounts: Option<BTreeSet<AccountId>>,
    /// Whose signatures it has. Base64.
    #[schema(value_type = Vec<String>)]
    publisher_keys: Vec<PublisherKey>,
    /// A person of the platform, or `platform` for its command line.
    published_by: String,
}

impl CatalogueView {
    pub(crate) fn new(row: CatalogueRow, to: PublishedTo) -> Self {
        let accounts = match to {
            PublishedTo::Everybody => None,
            PublishedTo::Accounts(accounts) => Some(accounts),
        };
        let publisher_keys = row.signatures.iter().map(|(key, _)| *key).collect();
        Self { accounts, publisher_keys, published_by: row.published_by.clone(), entry: row.into() }
    }
}

/// What an account's plugins may take up, and what they do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuotaView {
    #[schema(value_type = documents::QuotaDoc)]
    quota: PluginQuota,
    used: UsedView,
}

/// What an account's plugins take up.
#[derive(Debug, Serialize, ToSchema)]
struct UsedView {
    /// How many versions it keeps.
    plugins: u64,
    /// Of their components together.
    bytes: u64,
    /// How many installations are in shadow or in force.
    enabled: u64,
}

impl From<(PluginQuota, PluginUsage)> for QuotaView {
    fn from((quota, used): (PluginQuota, PluginUsage)) -> Self {
        let PluginUsage { count, bytes, enabled } = used;
        Self { quota, used: UsedView { plugins: count, bytes, enabled } }
    }
}

/// Whom the account trusts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublishersView {
    /// Whether plugins need the signature of one of them: `off` or `trusted`.
    #[schema(schema_with = documents::signature_policy)]
    require_signature: SignaturePolicy,
    items: Vec<PublisherView>,
}

/// A publisher whom the account trusts.
#[derive(Debug, Serialize, ToSchema)]
struct PublisherView {
    /// The account's name for it.
    name: String,
    /// Base64.
    #[schema(value_type = String)]
    key: PublisherKey,
}

impl From<Trust> for PublishersView {
    fn from(Trust { require_signature, publishers }: Trust) -> Self {
        let items = publishers.into_iter().map(|(name, key)| PublisherView { name, key }).collect();
        Self { require_signature, items }
    }
}
