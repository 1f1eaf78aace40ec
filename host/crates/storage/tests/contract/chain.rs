//! Plugins and installations.

use std::collections::BTreeSet;

use sluice_domain::installation::{FailurePolicy, Mode, Scope};
use sluice_storage::{Constraint, InstallationUpdate, PluginRow, PluginUsage, StorageError};

use crate::fixture::{
    Fixture, World, account_id, digest, host, installation, installation_id, plugin, plugin_id, time,
};

pub(crate) async fn a_plugin_reads_back_as_written(fixture: Fixture<'_>) {
    let World { account, plugin, .. } = fixture.world().await;
    let (id, sha256) = (plugin.id, plugin.sha256);
    assert_eq!(fixture.read(move |tx| tx.account(account.id).plugin(id)).await, Some(plugin.clone()));
    assert_eq!(fixture.read(move |tx| tx.account(account.id).plugin_by_digest(sha256)).await, Some(plugin));
    assert_eq!(fixture.read(move |tx| tx.account(account.id).plugin(plugin_id())).await, None);
    assert_eq!(fixture.read(move |tx| tx.account(account.id).plugin_by_digest(digest())).await, None);
    let usage = fixture.read(move |tx| tx.account(account.id).plugin_usage()).await;
    assert_eq!(usage, PluginUsage { count: 1, bytes: 100_000 });
    let usage = fixture.read(|tx| tx.account(account_id()).plugin_usage()).await;
    assert_eq!(usage, PluginUsage { count: 0, bytes: 0 });
}

pub(crate) async fn a_component_is_uploaded_once_an_account(fixture: Fixture<'_>) {
    let (one, other) = (fixture.world().await, fixture.world().await);
    let again = |world: &World| PluginRow { sha256: one.plugin.sha256, ..plugin(world.person.id) };
    let (account, row) = (one.account.id, again(&one));
    let refused = fixture.database.write(Some(account), move |tx| tx.account(account).insert_plugin(&row)).await;
    assert_eq!(refused, Err(StorageError::Conflict { constraint: Constraint::PluginDigest }));
    let (account, row) = (other.account.id, again(&other));
    fixture.write(account, move |tx| tx.account(account).insert_plugin(&row)).await;
}

pub(crate) async fn installations_keep_the_order_in_which_they_were_made(fixture: Fixture<'_>) {
    let World { account, plugin, installation: first, .. } = fixture.world().await;
    let second = installation(plugin.id);
    let (row, id) = (second.clone(), first.id);
    assert_eq!(fixture.write(account.id, move |tx| tx.account(account.id).insert_installation(&row)).await, 2);
    let rows = fixture.read(move |tx| tx.account(account.id).installations()).await;
    assert_eq!(rows.iter().map(|row| (row.id, row.position)).collect::<Vec<_>>(), [(first.id, 1), (second.id, 2)]);
    assert_eq!(fixture.read(move |tx| tx.account(account.id).installation_count()).await, 2);

    let row = fixture.read(move |tx| tx.account(account.id).installation(id)).await.unwrap();
    assert_eq!(row, rows[0]);
    assert_eq!(
        (row.plugin_id, row.name, row.version, row.sha256),
        (plugin.id, plugin.name, plugin.version, plugin.sha256)
    );
    assert_eq!((row.hooks, row.imports), (plugin.hooks, plugin.imports));
    assert_eq!((row.mode, row.scope, row.failure), (first.mode, first.scope, first.failure));
    assert_eq!((row.grants, row.config, row.config_sha256), (first.grants, first.config, first.config_sha256));
    assert_eq!(row.http_hosts, first.http_hosts);
    assert_eq!((row.created_at, row.updated_at), (first.created_at, first.created_at));
}

pub(crate) async fn an_installation_changes_and_goes(fixture: Fixture<'_>) {
    let World { account, plugin, installation, .. } = fixture.world().await;
    let id = installation.id;
    let update = InstallationUpdate {
        plugin_id: plugin.id,
        mode: Mode::Shadow,
        scope: Scope::default(),
        failure: FailurePolicy::Open,
        grants: BTreeSet::new(),
        http_hosts: BTreeSet::from([host("b.example.com"), host("a.example.com")]),
        config: "{}".to_owned(),
        config_sha256: digest(),
        updated_at: time(9),
    };
    let (change, unknown) = (update.clone(), update.clone());
    assert!(fixture.write(account.id, move |tx| tx.account(account.id).update_installation(id, &change)).await);
    let row = fixture.read(move |tx| tx.account(account.id).installation(id)).await.unwrap();
    assert_eq!((row.mode, row.scope, row.failure), (update.mode, update.scope, update.failure));
    assert_eq!((row.grants, row.config, row.config_sha256), (update.grants, update.config, update.config_sha256));
    assert_eq!(row.http_hosts, update.http_hosts);
    assert_eq!((row.created_at, row.updated_at, row.position), (installation.created_at, time(9), 1));

    let other = installation_id();
    assert!(!fixture.write(account.id, move |tx| tx.account(account.id).update_installation(other, &unknown)).await);
    assert!(fixture.write(account.id, move |tx| tx.account(account.id).delete_installation(id)).await);
    assert!(!fixture.write(account.id, move |tx| tx.account(account.id).delete_installation(id)).await);
    assert_eq!(fixture.read(move |tx| tx.account(account.id).installation(id)).await, None);
}

pub(crate) async fn every_change_of_the_chain_has_a_new_version(fixture: Fixture<'_>) {
    let account = fixture.world().await.account.id;
    for version in 1..4 {
        let bumped = fixture.write(account, move |tx| tx.account(account).bump_chain_version()).await;
        assert_eq!(bumped, Some(version));
    }
    assert_eq!(fixture.read(move |tx| tx.account_row(account)).await.map(|row| row.chain_version), Some(3));
    assert_eq!(fixture.write(account, |tx| tx.account(account_id()).bump_chain_version()).await, None);
}
