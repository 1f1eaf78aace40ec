//! Opening, migrating, opening again.

use sluice_storage::{Database, StorageError};

use crate::fixture::Fixture;

pub(crate) async fn opening_again_keeps_the_rows(fixture: Fixture<'_>) {
    let world = fixture.world().await;
    fixture.database.clone().close().await;
    let again = Database::open(&fixture.config).await.unwrap();
    let (account, message) = (world.account.id, world.message.id);
    let row = again.read(move |tx| tx.account(account).message(message)).await;
    assert_eq!(row, Ok::<_, StorageError>(Some(world.message)));
}

pub(crate) async fn a_schema_of_a_newer_program_is_refused(fixture: Fixture<'_>) {
    fixture.database.clone().close().await;
    fixture.tamper(
        "INSERT INTO schema_migrations (version, sha256) SELECT 9999, sha256 FROM schema_migrations WHERE version = 1",
    );
    let refused = Database::open(&fixture.config).await.err();
    assert!(matches!(refused, Some(StorageError::Newer { found: 9999, known: 1.. })), "{refused:?}");
}

pub(crate) async fn a_migration_that_was_changed_is_refused(fixture: Fixture<'_>) {
    fixture.database.clone().close().await;
    fixture.tamper("UPDATE schema_migrations SET sha256 = REPLACE(sha256, SUBSTR(sha256, 1, 1), '_')");
    let refused = Database::open(&fixture.config).await.err();
    assert_eq!(refused, Some(StorageError::Corrupt { what: "migration digest" }));
    fixture.tamper(&format!("UPDATE schema_migrations SET sha256 = '{}'", "0".repeat(64)));
    let refused = Database::open(&fixture.config).await.err();
    assert_eq!(refused, Some(StorageError::Changed { version: 1 }));
}

pub(crate) async fn two_programs_that_open_at_once_agree(fixture: Fixture<'_>) {
    let (one, other) = tokio::join!(Database::open(&fixture.config), Database::open(&fixture.config));
    one.unwrap().ping().await.unwrap();
    other.unwrap().ping().await.unwrap();
}
