//! Versions of plugins, quotas, trusted publishers, the catalogue.

use std::collections::BTreeSet;

use sluice_domain::{
    catalogue::PublishedTo,
    id::AccountId,
    installation::Mode,
    plugin::{Hook, Import},
    quota::PluginQuota,
    signature::{PublisherSecret, SignaturePolicy, Signatures, Trust},
};
use sluice_storage::{
    CatalogueRow, Constraint, InstalledVersion, NewInstallation, PluginRow, PluginUsage, PluginVersion, StorageError,
};

use crate::fixture::{
    Fixture, World, account_id, catalogue_id, digest, installation, name, number, plugin, plugin_id, time,
};

fn entry() -> CatalogueRow {
    CatalogueRow {
        id: catalogue_id(),
        name: name(&format!("listed-{:06}", number())),
        version: "1.0.0".parse().unwrap(),
        sha256: digest(),
        size: 7,
        summary: "Blocks words.".to_owned(),
        hooks: BTreeSet::from([Hook::MessageFilter]),
        imports: BTreeSet::from([Import::Log]),
        notes: "The first one.".to_owned(),
        signatures: Signatures::default(),
        published_by: "platform".to_owned(),
        published_at: time(3),
    }
}

async fn publish(fixture: &Fixture<'_>, row: &CatalogueRow, to: PublishedTo) {
    let row = row.clone();
    fixture.write(account_id(), move |tx| tx.insert_catalogue_entry(&row, r#"{"type":"object"}"#, &to)).await;
}

/// Signatures that are good for the component.
fn signatures(sha256: sluice_domain::digest::Digest) -> Signatures {
    let secret = PublisherSecret::new(&[3; 32]);
    let mut signatures = Signatures::default();
    signatures.add(sha256, secret.public_key(), secret.sign(sha256)).unwrap();
    signatures
}

pub(crate) async fn versions_of_a_plugin_are_listed_and_removed_unless_they_are_installed(fixture: Fixture<'_>) {
    let World { account, person, plugin: first, installation, .. } = fixture.world().await;
    let account = account.id;
    let second = PluginRow { version: "1.3.0".parse().unwrap(), ..plugin(person.id) };
    let other = PluginRow { name: name("another"), ..plugin(person.id) };
    let rows = [second.clone(), other.clone()];
    fixture.write(account, move |tx| rows.iter().try_for_each(|row| tx.account(account).insert_plugin(row))).await;
    let light = |row: &PluginRow| PluginVersion { id: row.id, name: row.name.clone(), version: row.version.clone() };
    let all = fixture.read(move |tx| tx.account(account).plugin_versions()).await;
    assert_eq!(all, [light(&other), light(&first), light(&second)]);
    let wanted = first.name.clone();
    let of_one = fixture.read(move |tx| tx.account(account).versions_of_plugin(&wanted)).await;
    assert_eq!(of_one, [light(&first), light(&second)]);
    let installed = fixture.read(move |tx| tx.account(account).installed_versions()).await;
    let expected = InstalledVersion { installation: installation.id, plugin: first.id, mode: installation.mode };
    assert_eq!(installed, [expected]);

    let delete = |id| fixture.database.write(Some(account), move |tx| tx.account(account).delete_plugin(id));
    assert_eq!(delete(first.id).await, Err(StorageError::Dangling));
    assert_eq!(delete(second.id).await, Ok(true));
    assert_eq!(delete(second.id).await, Ok(false));
    assert_eq!(fixture.read(move |tx| tx.account(account).plugin(second.id)).await, None);
}

pub(crate) async fn what_is_enabled_counts_and_what_is_disabled_does_not(fixture: Fixture<'_>) {
    let World { account, plugin, .. } = fixture.world().await;
    let account = account.id;
    for mode in [Mode::Disabled, Mode::Shadow] {
        let row = NewInstallation { mode, ..installation(plugin.id) };
        fixture.write(account, move |tx| tx.account(account).insert_installation(&row)).await;
    }
    let usage = fixture.read(move |tx| tx.account(account).plugin_usage()).await;
    assert_eq!(usage, PluginUsage { count: 1, bytes: plugin.size, enabled: 2 });
}

pub(crate) async fn signatures_read_back_as_written(fixture: Fixture<'_>) {
    let World { account, plugin, .. } = fixture.world().await;
    let (account, signatures) = (account.id, signatures(plugin.sha256));
    let sign = |id| {
        let signatures = signatures.clone();
        fixture.write(account, move |tx| tx.account(account).set_plugin_signatures(id, &signatures))
    };
    assert!(sign(plugin.id).await);
    assert!(!sign(plugin_id()).await);
    let row = fixture.read(move |tx| tx.account(account).plugin(plugin.id)).await.unwrap();
    assert_eq!(row.signatures, signatures);
}

pub(crate) async fn quotas_and_trust_have_defaults_and_read_back(fixture: Fixture<'_>) {
    let account = fixture.world().await.account.id;
    let quota = |id: AccountId| fixture.read(move |tx| tx.account(id).plugin_quota());
    let trust = |id: AccountId| fixture.read(move |tx| tx.account(id).plugin_trust());
    assert_eq!((quota(account).await, trust(account).await), (Some(PluginQuota::default()), Some(Trust::default())));
    assert_eq!((quota(account_id()).await, trust(account_id()).await), (None, None));

    let other = PluginQuota { plugins: 1, bytes: 2, enabled: 3, cpu_share: 4 };
    let mut trusted = Trust { require_signature: SignaturePolicy::Trusted, ..Trust::default() };
    trusted.publishers.insert("мы".to_owned(), PublisherSecret::new(&[3; 32]).public_key());
    let kept = trusted.clone();
    fixture
        .write(account, move |tx| {
            let mut rows = tx.account(account);
            rows.set_plugin_quota(&other)?;
            rows.set_plugin_trust(&kept)
        })
        .await;
    assert_eq!((quota(account).await, trust(account).await), (Some(other), Some(trusted)));
}

pub(crate) async fn an_entry_of_the_catalogue_is_seen_by_those_it_is_for(fixture: Fixture<'_>) {
    let (one, other) = (fixture.world().await.account.id, fixture.world().await.account.id);
    let (for_all, for_one, for_none) = (entry(), entry(), entry());
    publish(&fixture, &for_all, PublishedTo::Everybody).await;
    publish(&fixture, &for_one, PublishedTo::Accounts(BTreeSet::from([one]))).await;
    publish(&fixture, &for_none, PublishedTo::Accounts(BTreeSet::new())).await;
    let published = |account: AccountId| fixture.read(move |tx| tx.account(account).published());
    assert_eq!(published(one).await, [for_all.clone(), for_one.clone()]);
    assert_eq!(published(other).await, std::slice::from_ref(&for_all));
    let taken = |account: AccountId, id| fixture.read(move |tx| tx.account(account).published_entry(id));
    let schema = || r#"{"type":"object"}"#.to_owned();
    assert_eq!(taken(one, for_one.id).await, Some((for_one.clone(), schema())));
    assert_eq!(taken(other, for_all.id).await, Some((for_all.clone(), schema())));
    assert_eq!((taken(other, for_one.id).await, taken(one, for_none.id).await), (None, None));
    let all = fixture.read(|tx| tx.catalogue()).await;
    let expected = [
        (for_all, PublishedTo::Everybody),
        (for_one, PublishedTo::Accounts(BTreeSet::from([one]))),
        (for_none, PublishedTo::Accounts(BTreeSet::new())),
    ];
    assert_eq!(all, expected);
}

pub(crate) async fn a_version_is_in_the_catalogue_once(fixture: Fixture<'_>) {
    let row = entry();
    publish(&fixture, &row, PublishedTo::Everybody).await;
    let again = CatalogueRow { id: catalogue_id(), sha256: digest(), ..row.clone() };
    let newer = CatalogueRow { id: catalogue_id(), version: "1.0.1".parse().unwrap(), ..row };
    let refused =
        fixture.database.write(None, move |tx| tx.insert_catalogue_entry(&again, "{}", &PublishedTo::Everybody)).await;
    assert_eq!(refused, Err(StorageError::Conflict { constraint: Constraint::CatalogueVersion }));
    publish(&fixture, &newer, PublishedTo::Everybody).await;
    assert_eq!(fixture.read(|tx| tx.catalogue_count()).await, 2);
}

pub(crate) async fn an_entry_is_signed_and_withdrawn(fixture: Fixture<'_>) {
    let account = fixture.world().await.account.id;
    let row = entry();
    publish(&fixture, &row, PublishedTo::Accounts(BTreeSet::from([account]))).await;
    let (id, signatures) = (row.id, signatures(row.sha256));
    let kept = signatures.clone();
    assert!(fixture.write(account, move |tx| tx.set_catalogue_signatures(id, &kept)).await);
    assert!(!fixture.write(account, |tx| tx.set_catalogue_signatures(catalogue_id(), &Signatures::default())).await);
    let read = fixture.read(move |tx| tx.catalogue_entry(id)).await;
    assert_eq!(read, Some(CatalogueRow { signatures, ..row }));

    assert!(fixture.write(account, move |tx| tx.delete_catalogue_entry(id)).await);
    assert!(!fixture.write(account, move |tx| tx.delete_catalogue_entry(id)).await);
    assert_eq!(fixture.read(move |tx| tx.catalogue_entry(id)).await, None);
    assert_eq!(fixture.read(move |tx| tx.account(account).published()).await, []);
}

pub(crate) async fn a_component_is_used_until_the_last_row_goes(fixture: Fixture<'_>) {
    let World { account, person, .. } = fixture.world().await;
    let account = account.id;
    let taken = plugin(person.id);
    let listed = CatalogueRow { sha256: taken.sha256, ..entry() };
    let (sha256, id, row) = (taken.sha256, taken.id, taken.clone());
    let used = || fixture.read(move |tx| tx.is_component_used(sha256));
    assert!(!used().await);
    fixture.write(account, move |tx| tx.account(account).insert_plugin(&row)).await;
    assert!(used().await);
    publish(&fixture, &listed, PublishedTo::Everybody).await;
    fixture.write(account, move |tx| tx.account(account).delete_plugin(id)).await;
    assert!(used().await);
    fixture.write(account, move |tx| tx.delete_catalogue_entry(listed.id)).await;
    assert!(!used().await);
}
