//! Events, and their numbers.

use serde_json::json;
use sluice_storage::{AccountRow, Database, StorageError};

use crate::fixture::{Fixture, account_id, time};

pub(crate) async fn events_are_numbered_without_gaps_under_eight_writers(fixture: Fixture<'_>) {
    let accounts = [account_id(), account_id()];
    for id in accounts {
        fixture.write(id, move |tx| tx.insert_account(&AccountRow::new(id, "Busy".to_owned(), time(1)))).await;
    }
    // As a second server would write.
    let second = Database::open(&fixture.config).await.unwrap();
    let writers: Vec<_> = (0..8u32)
        .map(|writer| {
            let database = if writer < 4 { fixture.database.clone() } else { second.clone() };
            let account = accounts[writer as usize % 2];
            tokio::spawn(async move {
                for n in 0..25u32 {
                    let append = database.write(Some(account), move |tx| {
                        tx.account(account).append_event("n", &json!([writer, n]), time(2))?;
                        if n % 5 == 4 { Err(StorageError::Closed) } else { Ok(()) }
                    });
                    assert_eq!(append.await.is_err(), n % 5 == 4);
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    for account in accounts {
        let events = fixture.read(move |tx| tx.account(account).events_after(0, 1000)).await;
        assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), (1..=80).collect::<Vec<_>>());
        assert_eq!(fixture.read(move |tx| tx.account(account).latest_event()).await, 80);
    }
}

pub(crate) async fn an_event_that_was_rolled_back_leaves_no_gap(fixture: Fixture<'_>) {
    let account = fixture.world().await.account.id;
    let append =
        move |tx: &mut sluice_storage::Tx<'_>| tx.account(account).append_event("a", &json!({"ü": 1}), time(3));
    let failing = fixture.database.write(Some(account), move |tx| append(tx).and(Err::<(), _>(StorageError::Closed)));
    assert_eq!(failing.await, Err(StorageError::Closed));
    assert_eq!(fixture.write(account, append).await, 2);
    let events = fixture.read(move |tx| tx.account(account).events_after(1, 9)).await;
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].seq, events[0].kind.as_str(), events[0].body.as_str()), (2, "a", r#"{"ü":1}"#));
    assert_eq!(fixture.read(move |tx| tx.account(account).events_after(0, 1)).await[0].seq, 1);
    assert_eq!(fixture.read(move |tx| tx.account(account).events_after(2, 9)).await, []);
}

pub(crate) async fn an_account_that_is_not_there_has_no_outbox(fixture: Fixture<'_>) {
    let account = account_id();
    let append =
        fixture.database.write(Some(account), move |tx| tx.account(account).append_event("a", &json!({}), time(3)));
    assert_eq!(append.await, Err(StorageError::Dangling));
    assert_eq!(fixture.read(move |tx| tx.account(account).latest_event()).await, 0);
}
