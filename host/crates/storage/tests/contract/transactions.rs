//! What a closure may count on.

use std::sync::mpsc;

use sluice_storage::{AccountRow, Constraint, Database, DatabaseConfig, StorageError, Tx};

use crate::fixture::{Fixture, Postgres, account_id, person, session_id, time};

/// Holds up the writer of accounts' rows, so that what is written meanwhile shares one commit; the sender lets it go.
async fn hold_up(database: &Database) -> mpsc::Sender<()> {
    let (go, gone) = mpsc::channel::<()>();
    let (began, begun) = tokio::sync::oneshot::channel();
    let database = database.clone();
    tokio::spawn(async move {
        let held = database.write(None, move |_| {
            began.send(()).unwrap();
            // An error when the sender is dropped, which lets it go too.
            let _ = gone.recv();
            Ok::<_, StorageError>(())
        });
        held.await
    });
    begun.await.unwrap();
    go
}

fn insert(n: usize) -> impl FnOnce(&mut Tx<'_>) -> Result<(), StorageError> + Send + 'static {
    move |tx| tx.insert_account(&AccountRow::new(account_id(), n.to_string(), time(1)))
}

/// A write that stands in the queue: its first poll has put it there.
async fn queued<T>(write: impl Future<Output = T>) -> std::pin::Pin<Box<impl Future<Output = T>>> {
    let mut write = Box::pin(write);
    std::future::poll_fn(|cx| {
        assert!(write.as_mut().poll(cx).is_pending());
        std::task::Poll::Ready(())
    })
    .await;
    write
}

/// Writes seven accounts in one batch; what `spoil` does goes in the middle of it, after an account that is not to stay.
async fn in_the_middle_of_a_batch<T: Send + 'static>(
    fixture: &Fixture<'_>,
    spoil: impl FnOnce(&mut Tx<'_>) -> Result<T, StorageError> + Send + 'static,
) -> Result<T, StorageError> {
    let go = hold_up(&fixture.database).await;
    let mut others = Vec::new();
    for n in 0..3 {
        others.push(queued(fixture.database.write(None, insert(n))).await);
    }
    let spoiled = fixture.database.write(None, move |tx| {
        insert(100)(tx)?;
        spoil(tx)
    });
    let spoiled = queued(spoiled).await;
    for n in 3..7 {
        others.push(queued(fixture.database.write(None, insert(n))).await);
    }
    drop(go);
    for write in others {
        assert_eq!(write.await, Ok(()));
    }
    let result = spoiled.await;
    let names: Vec<_> = fixture.read(|tx| tx.accounts()).await.into_iter().map(|row| row.name).collect();
    assert_eq!(names, ["0", "1", "2", "3", "4", "5", "6"]);
    result
}

pub(crate) async fn a_failing_closure_takes_nothing_with_it(fixture: Fixture<'_>) {
    let result = in_the_middle_of_a_batch(&fixture, |_| Err::<(), _>(StorageError::Dangling)).await;
    assert_eq!(result, Err(StorageError::Dangling));
    // Alone in its transaction, too.
    let alone = fixture.database.write(None, |tx| insert(8)(tx).and(Err::<(), _>(StorageError::Dangling))).await;
    assert_eq!(alone, Err(StorageError::Dangling));
    assert_eq!(fixture.read(|tx| tx.accounts()).await.len(), 7);
}

pub(crate) async fn a_panic_in_a_closure_is_answered_and_takes_nothing_with_it(fixture: Fixture<'_>) {
    let result = in_the_middle_of_a_batch::<()>(&fixture, |_| panic!("on purpose")).await;
    assert_eq!(result, Err(StorageError::Panicked));
    let read = fixture.database.read::<(), StorageError>(|_| panic!("on purpose")).await;
    assert_eq!(read, Err(StorageError::Panicked));
    fixture.database.ping().await.unwrap();
}

pub(crate) async fn success_after_a_failed_statement_is_an_error(fixture: Fixture<'_>) {
    let world = fixture.world().await;
    let account = world.account.clone();
    let result = fixture.database.write(None, move |tx| {
        insert(1)(tx)?;
        assert!(tx.insert_account(&account).is_err());
        assert_eq!(tx.accounts(), Err(StorageError::Aborted));
        Ok(())
    });
    assert_eq!(result.await, Err(StorageError::Aborted));
    assert_eq!(fixture.read(|tx| tx.accounts()).await.len(), 1);
}

pub(crate) async fn a_conflict_says_what_must_be_unique(fixture: Fixture<'_>) {
    let world = fixture.world().await;
    let account = world.account.id;
    let write = |constraint, closure: fn(&mut Tx<'_>, &crate::fixture::World) -> Result<(), StorageError>| {
        let world = world.clone();
        let write = fixture.database.write(Some(account), move |tx| closure(tx, &world));
        async move { assert_eq!(write.await, Err(StorageError::Conflict { constraint })) }
    };
    write(Constraint::PrimaryKey, |tx, world| tx.insert_account(&world.account)).await;
    write(Constraint::PrimaryKey, |tx, world| {
        let mut twin = person();
        twin.id = world.person.id;
        tx.account(world.account.id).insert_person(&twin)
    })
    .await;
    write(Constraint::PrimaryKey, |tx, world| tx.account(world.account.id).insert_message(&world.message)).await;
    write(Constraint::PrimaryKey, |tx, world| tx.account(world.account.id).insert_decision(&world.decision)).await;
    write(Constraint::SessionToken, |tx, world| {
        let mut twin = world.session.clone();
        twin.id = session_id();
        tx.account(world.account.id).insert_session(&twin)
    })
    .await;
    write(Constraint::ApiToken, |tx, world| {
        let mut twin = world.token.clone();
        twin.id = crate::fixture::token_id();
        tx.account(world.account.id).insert_api_token(&twin)
    })
    .await;
}

pub(crate) async fn a_text_with_a_nul_is_refused(fixture: Fixture<'_>) {
    let row = AccountRow::new(account_id(), "a\0b".to_owned(), time(1));
    let refused = fixture.database.write(None, move |tx| tx.insert_account(&row)).await;
    assert_eq!(refused, Err(StorageError::Nul));
}

pub(crate) async fn a_write_is_seen_by_the_next_read(fixture: Fixture<'_>) {
    for n in 1..50 {
        fixture.database.write(Some(account_id()), insert(n)).await.unwrap();
        assert_eq!(fixture.read(|tx| tx.accounts()).await.len(), n);
    }
}

pub(crate) async fn a_read_sees_one_state(fixture: Fixture<'_>) {
    fixture.database.write(None, insert(1)).await.unwrap();
    let (database, runtime) = (fixture.database.clone(), tokio::runtime::Handle::current());
    let counts = fixture
        .read(move |tx| {
            let before = tx.accounts()?.len();
            // From another thread: a closure itself cannot wait.
            let write = std::thread::spawn(move || runtime.block_on(database.write(None, insert(2))));
            write.join().unwrap()?;
            Ok((before, tx.accounts()?.len()))
        })
        .await;
    assert_eq!(counts, (1, 1));
    assert_eq!(fixture.read(|tx| tx.accounts()).await.len(), 2);
}

pub(crate) async fn a_read_cannot_write(fixture: Fixture<'_>) {
    let refused = fixture.database.read(insert(1)).await;
    assert!(matches!(refused, Err(StorageError::Refused { .. })), "{refused:?}");
    assert_eq!(fixture.read(|tx| tx.accounts()).await, []);
}

pub(crate) async fn many_writers_get_each_their_own_answer(fixture: Fixture<'_>) {
    let writes: Vec<_> = (0..500)
        .map(|n| {
            let database = fixture.database.clone();
            tokio::spawn(async move {
                let shard = (n % 3 > 0).then(account_id);
                database.write(shard, move |tx| insert(n)(tx).map(|()| n)).await
            })
        })
        .collect();
    for (n, write) in writes.into_iter().enumerate() {
        assert_eq!(write.await.unwrap(), Ok(n));
    }
    assert_eq!(fixture.read(|tx| tx.accounts()).await.len(), 500);
}

pub(crate) async fn closing_finishes_what_was_accepted_and_takes_no_more(fixture: Fixture<'_>) {
    let go = hold_up(&fixture.database).await;
    let accepted = queued(fixture.database.write(None, insert(1))).await;
    let close = tokio::spawn(fixture.database.clone().close());
    drop(go);
    close.await.unwrap();
    assert_eq!(accepted.await, Ok(()));
    assert_eq!(fixture.database.write(None, insert(2)).await, Err(StorageError::Closed));
    assert_eq!(fixture.database.read(|tx| tx.accounts()).await, Err(StorageError::Closed));
    // To close again does nothing.
    fixture.database.clone().close().await;
    let again = Database::open(&fixture.config).await.unwrap();
    assert_eq!(again.read(|tx| tx.accounts()).await.unwrap().len(), 1);
}

pub(crate) async fn a_ping_is_answered_until_the_database_is_closed(fixture: Fixture<'_>) {
    fixture.database.ping().await.unwrap();
    fixture.database.clone().close().await;
    assert_eq!(fixture.database.ping().await, Err(StorageError::Closed));
}

/// On PostgreSQL only: SQLite has no connection to lose.
pub(crate) async fn a_lost_connection_is_replaced(fixture: Fixture<'_>, postgres: &Postgres) {
    const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sluice'";
    fixture.database.write(None, insert(1)).await.unwrap();
    // Between two writes: nobody notices.
    postgres.execute(&fixture.config, CUT);
    fixture.database.write(None, insert(2)).await.unwrap();
    assert_eq!(fixture.read(|tx| tx.accounts()).await.len(), 2);

    // In the middle of one: it is told that nothing was written.
    let (go, held) = (mpsc::channel::<()>(), tokio::sync::oneshot::channel());
    let (database, (go, gone), (began, begun)) = (fixture.database.clone(), go, held);
    let cut = tokio::spawn(async move {
        let write = database.write(None, move |tx| {
            insert(3)(tx)?;
            began.send(()).unwrap();
            let _ = gone.recv();
            insert(4)(tx)
        });
        write.await
    });
    begun.await.unwrap();
    postgres.execute(&fixture.config, CUT);
    drop(go);
    assert!(matches!(cut.await.unwrap(), Err(StorageError::Unavailable { .. })));
    fixture.database.write(None, insert(5)).await.unwrap();
    assert_eq!(fixture.read(|tx| tx.accounts()).await.len(), 3);

    let config = DatabaseConfig::Postgres { url: "postgresql://postgres@%2Fnowhere/sluice".to_owned() };
    assert!(matches!(Database::open(&config).await.err(), Some(StorageError::Unavailable { .. })));
}
