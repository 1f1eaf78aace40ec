//! Messages by their words.

use sluice_domain::{
    id::{AccountId, MessageId},
    permission::Reach,
};
use sluice_storage::{Assignment, Before, Database, NewConversation, Reader, SearchPart};

use crate::fixture::{Fixture, World, conversation_id, message, reader_of_all};

/// Messages with these texts, in this order.
async fn texts<const N: usize>(fixture: &Fixture<'_>, world: &World, texts: [&'static str; N]) -> [MessageId; N] {
    let (account, conversation, decision) = (world.account.id, world.conversation.id, world.decision.id);
    let rows = texts.map(|text| {
        let mut row = message(conversation, decision, 2);
        row.text = text.to_owned();
        row
    });
    let ids = rows.each_ref().map(|row| row.id);
    fixture.write(account, move |tx| rows.iter().try_for_each(|row| tx.account(account).insert_message(row))).await;
    ids
}

async fn look(fixture: &Fixture<'_>, account: AccountId, text: &str, reader: Reader, page: Before<i64>) -> SearchPart {
    let text = text.to_owned();
    fixture.read(move |tx| tx.account(account).search_messages(&text, reader, page)).await
}

async fn found(fixture: &Fixture<'_>, world: &World, text: &str) -> Vec<MessageId> {
    let part = look(fixture, world.account.id, text, reader_of_all(), Before::newest(99)).await;
    assert_eq!(part.seen, None, "there were not so many");
    part.hits.into_iter().map(|hit| hit.message.id).collect()
}

pub(crate) async fn messages_are_found_by_all_their_words_newest_first(fixture: Fixture<'_>) {
    let world = fixture.world().await;
    let [parcel, both, late] =
        texts(&fixture, &world, ["Where is my parcel?", "The parcel is late.", "LATE again"]).await;
    assert_eq!(found(&fixture, &world, "parcel").await, [both, parcel]);
    assert_eq!(found(&fixture, &world, "late").await, [late, both]);
    assert_eq!(found(&fixture, &world, "late parcel").await, [both]);
    assert_eq!(found(&fixture, &world, "parcel, LAT").await, [both], "the last word may be a beginning");
    assert_eq!(found(&fixture, &world, "par late").await, [], "the others are whole");
    assert_eq!(found(&fixture, &world, "parcels").await, []);
    let id = world.message.id.to_string();
    assert_eq!(found(&fixture, &world, &id).await, [], "ids are no words of a text");
    assert_eq!(found(&fixture, &world, "acc").await, []);
}

pub(crate) async fn words_of_all_alphabets_are_found_in_any_case(fixture: Fixture<'_>) {
    let world = fixture.world().await;
    let [russian, turkish, hindi, chinese] =
        texts(&fixture, &world, ["Где мой ЗАКАЗ? Ещё в пути", "İyi günler", "नमस्ते दुनिया", "你好 世界"]).await;
    for (text, id) in [
        ("где заказ", russian),
        ("ЕЩЕ", russian),
        ("ещё в пут", russian),
        ("Günler", turkish),
        ("iyi", turkish),
        ("दुनिया", hindi),
        ("नमस्", hindi),
        ("世", chinese),
    ] {
        assert_eq!(found(&fixture, &world, text).await, [id], "{text}");
    }
    assert_eq!(found(&fixture, &world, "grüße").await, [world.message.id]);
    assert_eq!(found(&fixture, &world, "gruße").await, []);
}

pub(crate) async fn what_means_something_to_a_database_means_nothing_in_a_search(fixture: Fixture<'_>) {
    let world = fixture.world().await;
    let [plain, near] = texts(&fixture, &world, ["one two", "NEAR or NOT two"]).await;
    assert_eq!(found(&fixture, &world, "\" OR *").await, [near], "`or` is a word");
    assert_eq!(found(&fixture, &world, "NEAR(two)").await, [near]);
    assert_eq!(found(&fixture, &world, "one' | 'two':*").await, [plain]);
    assert_eq!(found(&fixture, &world, "one\0two").await, [plain]);
    assert_eq!(found(&fixture, &world, "account_id : two").await, []);
    for nothing in ["", "\"", "*", "' & !", "\0", "text:\"\"", "-"] {
        assert!(!found(&fixture, &world, nothing).await.contains(&plain), "{nothing:?}");
    }
    let long = "two ".repeat(20_000);
    assert_eq!(found(&fixture, &world, &long[..2_000]).await, [near, plain]);
    let word = "x".repeat(10_000);
    assert_eq!(found(&fixture, &world, &word).await, []);
}

pub(crate) async fn an_entry_is_replaced(fixture: Fixture<'_>) {
    let world = fixture.world().await;
    let account = world.account.id;
    let [first, second] = texts(&fixture, &world, ["the card 4111", "the card 4222"]).await;
    fixture.write(account, move |tx| tx.account(account).index_message(first, "the card was hidden")).await;
    assert_eq!(found(&fixture, &world, "4111").await, []);
    assert_eq!(found(&fixture, &world, "hidden").await, [first]);
    assert_eq!(found(&fixture, &world, "card").await, [second, first], "it keeps its place");
    fixture.write(account, move |tx| tx.account(account).index_message(first, "")).await;
    assert_eq!(found(&fixture, &world, "card").await, [second]);
}

pub(crate) async fn a_look_gives_what_its_reader_reaches_and_goes_on(fixture: Fixture<'_>) {
    let world = fixture.world().await;
    let (account, decision, person) = (world.account.id, world.decision.id, world.person.id);
    let [mine, groups] = [conversation_id(), conversation_id()];
    let (first, group) = (world.conversation.clone(), world.group.id);
    let ids = fixture
        .write(account, move |tx| {
            let mut rows = tx.account(account);
            let of = |person, group| Assignment { person, group };
            let own = of(Some(person), None);
            rows.insert_conversation(&NewConversation { id: mine, assignment: own, activity: 2, ..first.clone() })?;
            let assignment = of(None, Some(group));
            rows.insert_conversation(&NewConversation { id: groups, assignment, activity: 3, ..first.clone() })?;
            let mut ids = Vec::new();
            for conversation in [mine, groups, first.id, mine, groups, first.id] {
                let row = message(conversation, decision, 2);
                rows.insert_message(&row)?;
                ids.push(row.id);
            }
            ids.reverse();
            Ok(ids)
        })
        .await;
    for (reach, expected) in [
        (Reach::Own, vec![ids[2], ids[5]]),
        (Reach::Groups, vec![ids[1], ids[2], ids[4], ids[5]]),
        (Reach::All, [&ids[..], &[world.message.id]].concat()),
    ] {
        let reader = Reader { person, reach };
        let (mut hits, mut before, mut looks) = (Vec::new(), None, 0);
        loop {
            let part = look(&fixture, account, "grüße", reader, Before { before, limit: 2 }).await;
            hits.extend(part.hits.into_iter().map(|hit| hit.message.id));
            looks += 1;
            before = part.seen;
            if before.is_none() {
                break;
            }
        }
        assert_eq!((hits, looks), (expected, 4), "{reach:?}");
    }
}

/// What the program before the table of words left behind.
const EARLIER: &str = "DROP TABLE message_search; DROP TABLE client_tags; DROP TABLE conversation_tags; DROP TABLE tags;
    DROP TABLE answer_templates; DROP TABLE comments; DROP TABLE reading_marks; DROP TABLE requests;
    DROP INDEX conversations_by_activity; DROP INDEX conversations_by_state; DROP INDEX conversations_by_assignee;
    DROP INDEX conversations_by_client; DROP INDEX messages_to_read;
    ALTER TABLE conversations DROP COLUMN state; ALTER TABLE conversations DROP COLUMN closed_at;
    ALTER TABLE conversations DROP COLUMN last_seq; ALTER TABLE conversations DROP COLUMN activity;
    ALTER TABLE conversations DROP COLUMN request_id; ALTER TABLE conversations DROP COLUMN client_read_seq;
    ALTER TABLE clients DROP COLUMN phone; ALTER TABLE clients DROP COLUMN email; ALTER TABLE clients DROP COLUMN comment;
    DELETE FROM schema_migrations WHERE version = 9;";

pub(crate) async fn messages_from_before_the_table_are_found(mut fixture: Fixture<'_>) {
    let world = fixture.world().await;
    let account = world.account.id;
    let [russian] = texts(&fixture, &world, ["Ещё Один"]).await;
    let empty = [conversation_id(), conversation_id()];
    let row = world.conversation.clone();
    fixture
        .write(account, move |tx| {
            empty.into_iter().zip(7..).try_for_each(|(id, activity)| {
                tx.account(account).insert_conversation(&NewConversation { id, activity, ..row.clone() })
            })
        })
        .await;
    fixture.database.clone().close().await;
    fixture.tamper(EARLIER);
    fixture.database = Database::open(&fixture.config).await.unwrap();
    assert_eq!(found(&fixture, &world, "еще один").await, [russian]);
    assert_eq!(found(&fixture, &world, "grüße").await, [world.message.id]);

    // Conversations without a message come last, the newest first; those with one have a request.
    let all = sluice_storage::ConversationFilter::default();
    let list =
        fixture.read(move |tx| tx.account(account).conversations(reader_of_all(), &all, Before::newest(9))).await;
    let [last, newer, older] = &list[..] else { panic!("three of them: {list:?}") };
    assert_eq!([last.row.id, newer.row.id, older.row.id], [world.conversation.id, empty[1], empty[0]]);
    assert_eq!((last.row.last_seq, newer.row.activity, older.row.activity), (2, -1, -2));
    let conversation = world.conversation.id;
    let requests = fixture.read(move |tx| tx.account(account).requests(conversation, Before::newest(9))).await;
    assert_eq!((last.row.request, requests.len()), (Some(requests[0].id), 1));
    assert_eq!(newer.row.request, None);
}

pub(crate) async fn words_are_found_in_every_form_and_numbers_in_every_grouping(fixture: Fixture<'_>) {
    let world = fixture.world().await;
    let [cafe, shanghai, bangkok, number] =
        texts(&fixture, &world, ["Cafe\u{301}", "我住在上海市中心", "ฉันอยู่ที่กรุงเทพมหานคร", "call 8 (912) 345-67-89"])
            .await;
    for (text, id) in [
        ("caf\u{e9}", cafe),
        ("CAFE", cafe),
        ("上海", shanghai),
        ("心", shanghai),
        ("上 我", shanghai),
        ("กรุงเทพ", bangkok),
        ("89123456789", number),
        ("8-912-345 67 89", number),
        ("9123456789 call", number),
        ("٨٩١٢٣٤٥٦٧٨٩", number),
        ("345 call", number),
    ] {
        assert_eq!(found(&fixture, &world, text).await, [id], "{text}");
    }
    for text in ["海上", "89123456780", "8 912 call 346", "京"] {
        assert_eq!(found(&fixture, &world, text).await, [], "{text}");
    }
    let long: String = (0..300).filter_map(|at| char::from_u32(0x4e00 + at)).collect();
    assert_eq!(found(&fixture, &world, &long).await, []);
}

/// What the program before the rule of now left behind.
const BY_THE_RULE_BEFORE: &str = "DELETE FROM message_search; DELETE FROM schema_migrations WHERE version = 16;";

pub(crate) async fn messages_that_were_indexed_by_another_rule_are_found(mut fixture: Fixture<'_>) {
    let world = fixture.world().await;
    let [cafe, shanghai, number] = texts(&fixture, &world, ["Caf\u{e9}", "我住在上海", "8 912 345-67-89"]).await;
    fixture.database.clone().close().await;
    fixture.tamper(BY_THE_RULE_BEFORE);
    fixture.database = Database::open(&fixture.config).await.unwrap();
    for (text, id) in [("cafe\u{301}", cafe), ("上海", shanghai), ("89123456789", number), ("grüße", world.message.id)]
    {
        assert_eq!(found(&fixture, &world, text).await, [id], "{text}");
    }
    // An entry that was made by the migration is replaced as any other.
    let account = world.account.id;
    fixture.write(account, move |tx| tx.account(account).index_message(number, "hidden")).await;
    assert_eq!(found(&fixture, &world, "89123456789").await, []);
    assert_eq!(found(&fixture, &world, "hidden").await, [number]);
}
