//! What previews read, and what is counted of rules in shadow.

use sluice_domain::{
    id::{DecisionId, MessageId},
    message::{Direction, Message},
    time::{Period, Timestamp},
    verdict::{Severity, State},
};
use sluice_storage::{Before, Extent, MessageRow, ShadowCount, ShadowDifference, ShadowVerdict, TextReader};

use crate::fixture::{ALWAYS, Fixture, World, decision_id, digest, message, reader_of_all, texts_of, time};

const DAY: u64 = 86_400_000;

/// The identifiers of four more messages, written at 10,001 to 10,004; the world's own is older.
async fn four(fixture: &Fixture<'_>, world: &World) -> Vec<MessageRow> {
    let id = |at| MessageId::new(time(10_000 + at), [9; 10]);
    let rows: Vec<_> = (1..=4)
        .map(|at| MessageRow {
            id: id(at),
            created_at: time(10_000 + at),
            text: format!("message {at}"),
            ..message(world.conversation.id, world.decision.id, 100 + i64::try_from(at).unwrap())
        })
        .collect();
    let (account, inserted) = (world.account.id, rows.clone());
    // Not in their order.
    fixture
        .write(account, move |tx| inserted.iter().rev().try_for_each(|row| tx.account(account).insert_message(row)))
        .await;
    rows
}

pub(crate) async fn messages_are_replayed_oldest_first_with_their_place(fixture: Fixture<'_>) {
    let world = fixture.world().await;
    let rows = four(&fixture, &world).await;
    let (account, conversation) = (world.account.id, world.conversation.clone());
    let replay = async |from: MessageId, to: MessageId, limit| {
        fixture
            .read(move |tx| tx.account(account).replay_messages(texts_of(Some(reader_of_all())), from, to, limit))
            .await
    };
    let seen = replay(rows[0].id, rows[3].id, 9).await;
    let expected = rows[..3].iter().cloned().map(|row| Message {
        id: row.id,
        direction: row.direction,
        transport: conversation.transport.clone(),
        channel: conversation.channel.clone(),
        conversation: Some(conversation.id),
        group: None,
        author: row.author,
        text: row.text,
        links: Vec::new(),
        attachments: row.attachments,
        sent_at: row.created_at,
    });
    assert_eq!(seen, expected.collect::<Vec<_>>());
    let next = replay(rows[1].id.successor(), rows[3].id.successor(), 1).await;
    assert_eq!(next.iter().map(|message| message.id).collect::<Vec<_>>(), [rows[2].id]);
}

pub(crate) async fn what_clients_wrote_and_was_withheld_is_replayed_for_who_sees_it(fixture: Fixture<'_>) {
    let world = fixture.world().await;
    let (account, conversation) = (world.account.id, world.conversation.id);
    let states = [State::Held, State::Blocked].into_iter();
    let kinds = states.flat_map(|state| [(state, Direction::Incoming), (state, Direction::Outgoing)]);
    let rows: Vec<_> = (1..)
        .zip(kinds)
        .map(|(at, (state, direction))| MessageRow {
            id: MessageId::new(time(10_000 + at), [9; 10]),
            state,
            direction,
            ..message(conversation, world.decision.id, 100 + i64::try_from(at).unwrap())
        })
        .collect();
    fixture.write(account, move |tx| rows.iter().try_for_each(|row| tx.account(account).insert_message(row))).await;
    let seen = async |held, blocked| {
        let reader = TextReader { held, blocked, ..texts_of(Some(reader_of_all())) };
        fixture
            .read(move |tx| {
                let mut rows = tx.account(account);
                let (from, to) = (MessageId::first_at(time(10_000)), MessageId::first_at(time(20_000)));
                let replayed = rows.replay_messages(reader, from, to, 9)?.len();
                let extent = rows.newest_extent(reader, ALWAYS, None, 9)?.map_or(0, |extent| extent.messages);
                let latest = rows.latest_messages(reader, Before::newest(9))?.len();
                // The world has one more message, which was delivered.
                assert_eq!((u64::try_from(replayed).unwrap() + 1, replayed + 1), (extent, latest));
                Ok(replayed)
            })
            .await
    };
    assert_eq!(seen(false, false).await, 2, "what was written to the client");
    assert_eq!((seen(true, false).await, seen(false, true).await, seen(true, true).await), (3, 3, 4));
}

pub(crate) async fn the_newest_messages_of_a_period_are_counted_in_steps(fixture: Fixture<'_>) {
    let world = fixture.world().await;
    let rows = four(&fixture, &world).await;
    let account = world.account.id;
    let extent = async |period: Period, before: Option<MessageId>, limit| {
        fixture
            .read(move |tx| tx.account(account).newest_extent(texts_of(Some(reader_of_all())), period, before, limit))
            .await
    };
    let all = |messages, oldest| Some(Extent { messages, oldest });
    assert_eq!(extent(ALWAYS, None, 9).await, all(5, world.message.id));
    assert_eq!(extent(ALWAYS, None, 3).await, all(3, rows[1].id));
    assert_eq!(extent(ALWAYS, Some(rows[1].id), 3).await, all(2, world.message.id));
    assert_eq!(extent(ALWAYS, Some(world.message.id), 3).await, None);
    let period = Period { from: time(10_002), to: time(10_004) };
    assert_eq!(extent(period, None, 9).await, all(2, rows[1].id));
}

pub(crate) async fn shadow_verdicts_are_counted_by_day_and_variant(fixture: Fixture<'_>) {
    let world = fixture.world().await;
    let (account, noted) = (world.account.id, world.shadow());
    let (installation, variant) = (noted.installation, noted.variant);
    let said = |shadow, at| ShadowVerdict {
        decision: DecisionId::new(time(at), [8; 10]),
        enforced: Severity::Allow,
        shadow,
        failed: false,
        ..world.shadow()
    };
    let elsewhere = ShadowVerdict { variant: digest(), decision: decision_id(), ..world.shadow() };
    let other = elsewhere.variant;
    let rows = [
        (said(Severity::Allow, DAY), DAY),
        (said(Severity::Allow, DAY + 1), 2 * DAY - 1),
        (said(Severity::Block, DAY + 2), DAY),
        (said(Severity::Block, 2 * DAY), 2 * DAY),
        (elsewhere, DAY),
    ];
    let expected: Vec<_> = [&rows[3].0, &rows[2].0, &noted].into_iter().map(difference).collect();
    fixture
        .write(account, move |tx| {
            rows.iter().try_for_each(|(said, at)| tx.account(account).count_shadow(said, time(*at)))
        })
        .await;
    let counts = async |period: Period| {
        fixture.read(move |tx| tx.account(account).shadow_counts(installation, variant, period)).await
    };
    let count = |day, enforced, shadow, messages, failures| ShadowCount {
        day: time(day),
        enforced,
        shadow,
        messages,
        failures,
    };
    let (allow, block) = (Severity::Allow, Severity::Block);
    let days = [
        count(0, Severity::Flag, Severity::Hold, 1, 1),
        count(DAY, allow, allow, 2, 0),
        count(DAY, allow, block, 1, 0),
        count(2 * DAY, allow, block, 1, 0),
    ];
    assert_eq!(counts(ALWAYS).await, days);
    assert_eq!(counts(Period { from: time(1), to: time(2 * DAY) }).await, days[1..3]);

    let differences = async |period: Period, limit| {
        fixture
            .read(move |tx| {
                tx.account(account).shadow_differences(Some(reader_of_all()), installation, variant, period, limit)
            })
            .await
    };
    assert_eq!(differences(ALWAYS, 9).await, expected);
    assert_eq!(differences(ALWAYS, 1).await, expected[..1]);
    let second = Period { from: Timestamp::from_millis(1), ..ALWAYS };
    assert_eq!(differences(Period { to: time(2 * DAY), ..second }, 9).await.len(), 2);
    let of_other = fixture
        .read(move |tx| tx.account(account).shadow_differences(Some(reader_of_all()), installation, other, ALWAYS, 9))
        .await;
    assert_eq!(of_other.len(), 1);
}

fn difference(said: &ShadowVerdict) -> ShadowDifference {
    ShadowDifference {
        decision: said.decision,
        message: said.message,
        conversation: said.conversation,
        enforced: said.enforced,
        shadow: said.shadow,
    }
}
