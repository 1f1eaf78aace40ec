//! Lists, part by part.

use sluice_domain::id::ConversationId;
use sluice_storage::{Before, ConversationFilter, NewConversation, Page};

use crate::fixture::{Fixture, World, conversation_id, message, message_id, plugin, reader_of_all};

pub(crate) async fn messages_are_paged_in_both_directions(fixture: Fixture<'_>) {
    let World { account, conversation, decision, .. } = fixture.world().await;
    let other = NewConversation { id: conversation_id(), ..conversation.clone() };
    fixture
        .write(account.id, move |tx| {
            let mut rows = tx.account(account.id);
            rows.insert_conversation(&other)?;
            // Between them, messages of another conversation.
            for seq in 2..=5 {
                let mut row = message(conversation.id, decision.id, seq * 2);
                row.id = message_id();
                rows.insert_message(&row)?;
                rows.insert_message(&message(other.id, decision.id, seq * 2 + 1))?;
            }
            Ok(())
        })
        .await;
    let pages = [
        (Page::first(2), vec![1, 4]),
        (Page::first(9), vec![1, 4, 6, 8, 10]),
        (Page::first(0), vec![]),
        (Page::after(4, 2), vec![6, 8]),
        (Page::after(5, 2), vec![6, 8]),
        (Page::after(8, 2), vec![10]),
        (Page::after(10, 2), vec![]),
        (Page::last(2), vec![8, 10]),
        (Page::last(9), vec![1, 4, 6, 8, 10]),
        (Page::before(8, 2), vec![4, 6]),
        (Page::before(7, 2), vec![4, 6]),
        (Page::before(4, 2), vec![1]),
        (Page::before(1, 2), vec![]),
    ];
    for (page, expected) in pages {
        let rows = fixture.read(move |tx| tx.account(account.id).messages(conversation.id, page)).await;
        assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), expected, "{page:?}");
    }
}

pub(crate) async fn lists_are_paged_from_the_newest(fixture: Fixture<'_>) {
    let World { account, person, plugin: oldest, .. } = fixture.world().await;
    let newest = plugin(person.id);
    let row = newest.clone();
    fixture.write(account.id, move |tx| tx.account(account.id).insert_plugin(&row)).await;
    let id = newest.id;
    assert_eq!(fixture.read(move |tx| tx.account(account.id).plugins(Before::newest(1))).await, [newest]);
    assert_eq!(fixture.read(move |tx| tx.account(account.id).plugins(Before::older_than(id, 9))).await, [oldest]);
}

pub(crate) async fn conversations_are_paged_by_what_happened_last(fixture: Fixture<'_>) {
    let World { account, conversation: first, .. } = fixture.world().await;
    let more = [conversation_id(), conversation_id()];
    // The first is the oldest, and has the newest message.
    let ids: Vec<ConversationId> = [first.id].into_iter().chain(more.iter().rev().copied()).collect();
    fixture
        .write(account.id, move |tx| {
            let mut rows = tx.account(account.id);
            for (activity, id) in (2..).zip(more) {
                rows.insert_conversation(&NewConversation { id, activity, ..first.clone() })?;
            }
            rows.note_message(first.id, 9).map(drop)
        })
        .await;
    let pages = [
        (Before::newest(2), ids[..2].to_vec()),
        (Before::newest(3), ids.clone()),
        (Before::newest(0), vec![]),
        (Before::older_than(9, 9), ids[1..].to_vec()),
        (Before::older_than(3, 1), ids[2..].to_vec()),
        (Before::older_than(2, 1), vec![]),
    ];
    for (page, expected) in pages {
        let all = ConversationFilter::default();
        let rows = fixture.read(move |tx| tx.account(account.id).conversations(reader_of_all(), &all, page)).await;
        assert_eq!(rows.iter().map(|found| found.row.id).collect::<Vec<_>>(), expected, "{page:?}");
    }
}
