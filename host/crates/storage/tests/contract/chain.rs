//! Plugins and installations.

use std::collections::BTreeSet;

use sluice_domain::{
    installation::{Budget, FailurePolicy, Mode, Percent, Scope, Suspension},
    verdict::Failure,
};
use sluice_storage::{
    Before, ChainVersionRow, Constraint, InstallationUpdate, PluginRow, PluginUsage, StorageError, SwitchedOffRow,
};

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
    assert_eq!(usage, PluginUsage { count: 1, bytes: 100_000, enabled: 1 });
    let usage = fixture.read(|tx| tx.account(account_id()).plugin_usage()).await;
    assert_eq!(usage, PluginUsage::default());
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
    assert_eq!((row.budget, row.percent), (first.budget, first.percent));
    assert_eq!((row.suspension, row.switched_off), (None, None));
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
        budget: Budget::CALL,
        percent: Percent::ALL,
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
    assert_eq!((row.budget, row.percent), (update.budget, update.percent));
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

pub(crate) async fn configurations_of_the_past_stay(fixture: Fixture<'_>) {
    let World { account, installation: first, .. } = fixture.world().await;
    let (id, digest) = (first.id, first.config_sha256);
    assert!(fixture.write(account.id, move |tx| tx.account(account.id).delete_installation(id)).await);
    let config = fixture.read(move |tx| tx.account(account.id).chain_part(digest)).await;
    assert_eq!(config, Some(first.config));
}

pub(crate) async fn installations_are_put_into_another_order(fixture: Fixture<'_>) {
    let World { account, plugin, installation: first, .. } = fixture.world().await;
    let second = installation(plugin.id);
    let row = second.clone();
    fixture.write(account.id, move |tx| tx.account(account.id).insert_installation(&row)).await;
    assert!(fixture.write(account.id, move |tx| tx.account(account.id).move_installation(first.id, 3)).await);
    let other = installation_id();
    assert!(!fixture.write(account.id, move |tx| tx.account(account.id).move_installation(other, 3)).await);
    let rows = fixture.read(move |tx| tx.account(account.id).installations()).await;
    assert_eq!(rows.into_iter().map(|row| row.id).collect::<Vec<_>>(), [second.id, first.id]);
}

pub(crate) async fn an_installation_is_suspended_until_it_is_let_on_or_changed(fixture: Fixture<'_>) {
    let World { account, installation, .. } = fixture.world().await;
    let (account, id) = (account.id, installation.id);
    let row = async || fixture.read(move |tx| tx.account(account).installation(id)).await.unwrap();
    let suspension = Suspension { until: time(9), times: 3, failure: Failure::OutOfFuel };
    let suspend = async |suspension: Option<Suspension>| {
        fixture.write(account, move |tx| tx.account(account).suspend_installation(id, suspension.as_ref())).await
    };
    assert!(suspend(Some(suspension)).await);
    assert_eq!(row().await.suspension, Some(suspension));
    assert!(suspend(None).await);
    assert_eq!(row().await.suspension, None);
    assert!(suspend(Some(suspension)).await);
    let update = row().await.unchanged(time(10));
    assert!(fixture.write(account, move |tx| tx.account(account).update_installation(id, &update)).await);
    assert_eq!(row().await.suspension, None);
}

pub(crate) async fn a_chain_is_found_by_every_version_at_which_it_was_in_force(fixture: Fixture<'_>) {
    let account = fixture.world().await.account.id;
    let row = |version, body: &str| ChainVersionRow {
        version,
        audit: None,
        body: body.to_owned(),
        created_at: time(version.unsigned_abs()),
    };
    let (first, third) = (row(1, r#"{"a":1}"#), row(3, r#"{"a":3}"#));
    for row in [first.clone(), third.clone()] {
        fixture.write(account, move |tx| tx.account(account).insert_chain_version(&row)).await;
    }
    let at = async |version| fixture.read(move |tx| tx.account(account).chain_version_at(version)).await;
    assert_eq!(at(0).await, None);
    assert_eq!(at(1).await, Some(first.clone()));
    assert_eq!(at(2).await, Some(first.clone()));
    assert_eq!(at(9).await, Some(third.clone()));
    let page = fixture.read(move |tx| tx.account(account).chain_versions(Before::newest(1))).await;
    assert_eq!(page, [third]);
    let page = fixture.read(move |tx| tx.account(account).chain_versions(Before::older_than(3, 9))).await;
    assert_eq!(page, [first]);
}

pub(crate) async fn the_oldest_chains_go_with_what_only_they_name(fixture: Fixture<'_>) {
    let World { account, installation, filter_rule, .. } = fixture.world().await;
    let (account, id) = (account.id, installation.id);
    let keep = async |version: i64| {
        let row = ChainVersionRow { version, audit: None, body: "x".repeat(100), created_at: time(1) };
        fixture
            .write(account, move |tx| {
                let mut rows = tx.account(account);
                rows.name_filter_rules()?;
                rows.insert_chain_version(&row)?;
                rows.name_chain_parts(version)
            })
            .await;
    };
    let forget = async |most, bytes| {
        fixture.write(account, move |tx| tx.account(account).forget_chains(most, bytes)).await;
        let kept = fixture.read(move |tx| tx.account(account).chain_versions(Before::newest(99))).await;
        kept.iter().map(|row| row.version).rev().collect::<Vec<_>>()
    };
    let part = async |sha256| fixture.read(move |tx| tx.account(account).chain_part(sha256)).await;
    let rule = fixture.read(move |tx| tx.account(account).named_filter_rules()).await;
    assert_eq!((rule.len(), rule[0].id), (1, filter_rule.id));

    keep(1).await;
    let change = InstallationUpdate {
        config: r#"{"words":[]}"#.to_owned(),
        config_sha256: digest(),
        ..fixture.read(move |tx| tx.account(account).installation(id)).await.unwrap().unchanged(time(2))
    };
    let (first, second) = (installation.config_sha256, change.config_sha256);
    fixture.write(account, move |tx| tx.account(account).update_installation(id, &change)).await;
    keep(2).await;
    keep(3).await;
    assert_eq!(forget(3, 1 << 20).await, [1, 2, 3], "there is room");
    assert_eq!(part(first).await, Some(installation.config));
    assert_eq!(forget(2, 1 << 20).await, [2, 3]);
    assert_eq!(part(first).await, None, "only the first chain named it");
    assert!(part(second).await.is_some() && part(rule[0].sha256).await.is_some());
    assert_eq!(forget(2, 250).await, [3], "two chains and what they name are longer than that");
    assert_eq!(forget(0, 0).await, [3], "the newest one stays");
    assert!(part(second).await.is_some() && part(rule[0].sha256).await.is_some());
}

pub(crate) async fn plugins_are_switched_off_for_an_account_and_for_all(fixture: Fixture<'_>) {
    let World { account, plugin, installation, .. } = fixture.world().await;
    let (account, sha256) = (account.id, plugin.sha256);
    let on = async || fixture.read(move |tx| tx.account_row(account)).await.unwrap().plugins_on;
    assert!(on().await);
    fixture.write(account, move |tx| tx.account(account).switch_plugins(false)).await;
    assert!(!on().await);

    assert_eq!(fixture.read(move |tx| tx.accounts_with_plugin(sha256)).await, [account]);
    assert_eq!(fixture.read(move |tx| tx.accounts_with_plugin(digest())).await, []);
    let off = SwitchedOffRow { sha256, reason: "it leaks".to_owned(), created_at: time(1) };
    let again = SwitchedOffRow { reason: "it still leaks".to_owned(), ..off.clone() };
    for row in [off, again.clone()] {
        fixture.write(account, move |tx| tx.switch_plugin_off(&row)).await;
    }
    assert_eq!(fixture.read(|tx| tx.switched_off_plugins()).await, [again]);
    let row = fixture.read(move |tx| tx.account(account).installation(installation.id)).await.unwrap();
    assert_eq!(row.switched_off.as_deref(), Some("it still leaks"));
    assert!(fixture.write(account, move |tx| tx.switch_plugin_on(sha256)).await);
    assert!(!fixture.write(account, move |tx| tx.switch_plugin_on(sha256)).await);
    let row = fixture.read(move |tx| tx.account(account).installation(installation.id)).await.unwrap();
    assert_eq!(row.switched_off, None);
}
