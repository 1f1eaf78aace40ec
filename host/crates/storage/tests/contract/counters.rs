//! What plugins ask for: counters, and earlier messages.

use std::collections::BTreeSet;

use sluice_domain::verdict::State;
use sluice_storage::{CounterKey, Database, MessageRow, Realm};

use crate::fixture::{Fixture, World, conversation_id, counter, keyed_digest, message, name, number, time};

async fn add(fixture: &Fixture<'_>, world: &World, counter: CounterKey, by: u32, now: u64, end: u64) -> Option<u64> {
    let id = world.account.id;
    fixture.write(id, move |tx| tx.account(id).add_to_counter(&counter, by, time(now), time(end))).await
}

pub(crate) async fn a_counter_lives_from_its_first_addition_and_begins_again(fixture: Fixture<'_>) {
    let world = fixture.world().await;
    let id = world.account.id;
    let read = async |now| fixture.read(move |tx| tx.account(id).counter(&counter("new"), time(now))).await;
    assert_eq!(read(10).await, 0);
    assert_eq!(add(&fixture, &world, counter("new"), 2, 10, 20).await, Some(2));
    // What comes later does not make it live longer.
    assert_eq!(add(&fixture, &world, counter("new"), u32::MAX, 19, 29).await, Some(2 + u64::from(u32::MAX)));
    assert_eq!((read(19).await, read(20).await), (2 + u64::from(u32::MAX), 0));
    assert_eq!(add(&fixture, &world, counter("new"), 1, 20, 30).await, Some(1));
    assert_eq!((read(29).await, read(30).await), (1, 0));
}

pub(crate) async fn plugins_and_shadow_count_apart(fixture: Fixture<'_>) {
    let world = fixture.world().await;
    let ours = counter("one");
    for other in [
        CounterKey { plugin: name("another"), ..ours.clone() },
        CounterKey { realm: Realm::Shadow, ..ours.clone() },
        CounterKey { key: keyed_digest(), ..ours.clone() },
    ] {
        assert_eq!(add(&fixture, &world, other, 1, 5, 100).await, Some(1));
    }
    assert_eq!(add(&fixture, &world, ours, 1, 5, 100).await, Some(6));
}

/// Two servers, each with several requests at once.
pub(crate) async fn no_addition_is_lost_or_seen_twice(fixture: Fixture<'_>) {
    let world = fixture.world().await;
    let id = world.account.id;
    // SQLite has one server at a time.
    let other = match &fixture.config {
        sluice_storage::DatabaseConfig::Sqlite { .. } => fixture.database.clone(),
        config @ sluice_storage::DatabaseConfig::Postgres { .. } => Database::open(config).await.unwrap(),
    };
    let additions: Vec<_> = (0..60)
        .map(|n| {
            let database = if n % 2 == 0 { fixture.database.clone() } else { other.clone() };
            let addition = async move {
                database
                    .write(Some(id), move |tx| tx.account(id).add_to_counter(&counter("race"), 1, time(5), time(100)))
                    .await
            };
            tokio::spawn(addition)
        })
        .collect();
    let mut seen = BTreeSet::new();
    for addition in additions {
        assert!(seen.insert(addition.await.unwrap().unwrap().unwrap()));
    }
    assert_eq!(seen, (1..=60).collect());
}

pub(crate) async fn an_account_has_so_many_counters_until_some_expire(fixture: Fixture<'_>) {
    let (world, other) = (fixture.world().await, fixture.world().await);
    let id = world.account.id;
    // There is one already.
    fixture.tamper(&format!("UPDATE accounts SET counters = 99999 WHERE id = '{id}'"));
    assert_eq!(add(&fixture, &world, counter("last"), 1, 5, 50).await, Some(1));
    assert_eq!(add(&fixture, &world, counter("too many"), 1, 5, 50).await, None);
    assert_eq!(add(&fixture, &world, counter("last"), 1, 5, 50).await, Some(2), "those that are there count on");
    assert_eq!(add(&fixture, &other, counter("too many"), 1, 5, 50).await, Some(1), "of each account");

    let accounts = async |now| fixture.read(move |tx| tx.accounts_with_expired_counters(time(now), 9)).await;
    assert_eq!(accounts(49).await, []);
    assert_eq!(accounts(50).await.into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([id, other.account.id]));
    assert_eq!(fixture.write(id, move |tx| tx.account(id).delete_expired_counters(time(50))).await, 1);
    assert_eq!(accounts(50).await, [other.account.id]);
    assert_eq!(add(&fixture, &world, counter("too many"), 1, 60, 70).await, Some(1));
    assert_eq!(fixture.read(move |tx| tx.account(id).counter(&counter("one"), time(60))).await, 5);
}

pub(crate) async fn earlier_messages_are_delivered_ones_of_the_conversation_newest_first(fixture: Fixture<'_>) {
    let World { account, conversation, decision, message: first, .. } = fixture.world().await;
    let id = account.id;
    let said = |text: &str, seq, state| MessageRow {
        text: text.to_owned(),
        state,
        created_at: time(number()),
        ..message(conversation.id, decision.id, seq)
    };
    let rows = [
        said("second", 2, State::Delivered),
        said("held", 3, State::Held),
        said("blocked", 4, State::Blocked),
        said("third", 5, State::Delivered),
    ];
    let now = message(conversation.id, decision.id, 6);
    let later = said("later", 7, State::Delivered);
    let (inserted, asked) = (rows.clone(), now.id);
    fixture
        .write(id, move |tx| {
            let mut account = tx.account(id);
            inserted.iter().try_for_each(|row| account.insert_message(row))?;
            // As of a rule in shadow, which is asked when the message is there.
            account.insert_message(&now)?;
            account.insert_message(&later)
        })
        .await;
    let earlier = async |limit, bytes| {
        let read = move |tx: &mut sluice_storage::Tx<'_>| {
            tx.account(id).earlier_messages(conversation.id, asked, limit, bytes)
        };
        fixture.read(read).await.into_iter().map(|message| message.text).collect::<Vec<_>>()
    };
    assert_eq!(earlier(9, 1_000).await, ["third", "second", &first.text]);
    assert_eq!(earlier(2, 1_000).await, ["third", "second"]);
    assert_eq!(earlier(0, 1_000).await, [""; 0]);
    assert_eq!(earlier(9, 11).await, ["third", "second"]);
    assert_eq!(earlier(9, 10).await, ["third"]);
    let whole =
        fixture.read(move |tx| tx.account(id).earlier_messages(conversation.id, asked, 1, 1_000)).await.remove(0);
    assert_eq!((whole.direction, whole.author, whole.sent_at), (first.direction, first.author, rows[3].created_at));
    let elsewhere =
        move |tx: &mut sluice_storage::Tx<'_>| tx.account(id).earlier_messages(conversation_id(), asked, 9, 1_000);
    assert_eq!(fixture.read(elsewhere).await, []);
}
