//! Requests, lists of conversations, reading marks, comments, tags, templates of answers, what is known of clients.

use sluice_domain::{
    conversation::ConversationState,
    id::{AccountId, ConversationId},
    message::Direction,
    permission::Reach,
    verdict::State,
};
use sluice_storage::{
    Assigned, Assignment, Before, ClientFilter, ClientRow, ClientUpdate, Constraint, ConversationFilter,
    ConversationOverview, NewConversation, Page, Reader, RequestRow, StorageError,
};

use crate::fixture::{
    Fixture, World, client_id, comment, conversation_id, message, reader_of_all, request_id, tag, template, time,
};

async fn seen(fixture: &Fixture<'_>, account: AccountId, id: ConversationId, reader: Reader) -> ConversationOverview {
    fixture.read(move |tx| tx.account(account).conversation_overview(id, reader)).await.unwrap()
}

pub(crate) async fn a_conversation_closes_with_its_request_and_opens_with_another(fixture: Fixture<'_>) {
    let World { account, conversation, request, .. } = fixture.world().await;
    let (id, account) = (conversation.id, account.id);
    let row = seen(&fixture, account, id, reader_of_all()).await.row;
    assert_eq!((row.state, row.request, row.closed_at), (ConversationState::Open, Some(request), None));
    assert!(fixture.write(account, move |tx| tx.account(account).close_conversation(id, time(5), "per_x")).await);
    let row = seen(&fixture, account, id, reader_of_all()).await.row;
    assert_eq!((row.state, row.request, row.closed_at), (ConversationState::Closed, None, Some(time(5))));

    let second = request_id();
    fixture.write(account, move |tx| tx.account(account).open_request(second, id, time(6))).await;
    let row = seen(&fixture, account, id, reader_of_all()).await.row;
    assert_eq!((row.state, row.request, row.closed_at), (ConversationState::Open, Some(second), None));
    let noted = fixture.write(account, move |tx| tx.account(account).note_message(id, 9)).await;
    assert_eq!(noted, Some((ConversationState::Open, Some(second))));
    let row = seen(&fixture, account, id, reader_of_all()).await.row;
    assert_eq!((row.last_seq, row.activity), (9, 9));

    let open = RequestRow { id: second, conversation_id: id, opened_at: time(6), closed_at: None, closed_by: None };
    let closed = RequestRow {
        id: request,
        opened_at: time(4),
        closed_at: Some(time(5)),
        closed_by: Some("per_x".to_owned()),
        ..open.clone()
    };
    let list = async |page| fixture.read(move |tx| tx.account(account).requests(id, page)).await;
    assert_eq!(list(Before::newest(9)).await, [open.clone(), closed.clone()]);
    assert_eq!(list(Before::newest(1)).await, [open]);
    assert_eq!(list(Before::older_than(second, 9)).await, [closed]);
}

pub(crate) async fn conversations_are_listed_by_state_assignee_tag_and_reach(fixture: Fixture<'_>) {
    let World { account, person, group, conversation: mine, tag, .. } = fixture.world().await;
    let account = account.id;
    let [groups, nobodys] = [conversation_id(), conversation_id()];
    let first = mine.id;
    fixture
        .write(account, move |tx| {
            let mut rows = tx.account(account);
            rows.assign(mine.id, Assignment { person: Some(person.id), group: None })?;
            let assignment = Assignment { person: None, group: Some(group.id) };
            rows.insert_conversation(&NewConversation { id: groups, activity: 2, assignment, ..mine.clone() })?;
            rows.insert_conversation(&NewConversation { id: nobodys, activity: 3, ..mine.clone() })?;
            rows.close_conversation(groups, time(5), "x").map(drop)
        })
        .await;
    let (mine, all) = (first, [nobodys, groups, first]);
    let [open, closed] = [ConversationState::Open, ConversationState::Closed].map(Some);
    let whoever = Assigned::Whoever;
    let cases = [
        (Reach::All, None, whoever, None, all.to_vec()),
        (Reach::Groups, None, whoever, None, vec![groups, mine]),
        (Reach::Own, None, whoever, None, vec![mine]),
        (Reach::All, open, whoever, None, vec![nobodys, mine]),
        (Reach::All, closed, whoever, None, vec![groups]),
        (Reach::Groups, closed, whoever, None, vec![groups]),
        (Reach::Own, closed, whoever, None, vec![]),
        (Reach::All, None, Assigned::Nobody, None, vec![nobodys, groups]),
        (Reach::Groups, None, Assigned::Nobody, None, vec![groups]),
        (Reach::Own, open, Assigned::Nobody, None, vec![]),
        (Reach::All, None, Assigned::To(person.id), None, vec![mine]),
        (Reach::Groups, open, Assigned::To(person.id), None, vec![mine]),
        (Reach::Own, None, Assigned::To(person.id), None, vec![mine]),
        (Reach::All, closed, Assigned::To(person.id), None, vec![]),
        (Reach::All, open, Assigned::Nobody, None, vec![nobodys]),
        (Reach::All, None, whoever, Some(tag.id), vec![mine]),
        (Reach::All, closed, whoever, Some(tag.id), vec![]),
    ];
    for (reach, state, assigned, tag, expected) in cases {
        let (reader, filter) = (Reader { person: person.id, reach }, ConversationFilter { state, assigned, tag });
        let found = fixture.read(move |tx| tx.account(account).conversations(reader, &filter, Before::newest(9))).await;
        let found: Vec<_> = found.into_iter().map(|found| found.row.id).collect();
        assert_eq!(found, expected, "{reach:?} {filter:?}");
    }
}

pub(crate) async fn what_a_client_wrote_counts_as_unread_until_it_is_read(fixture: Fixture<'_>) {
    let World { account, person, conversation, decision, .. } = fixture.world().await;
    let (account, id) = (account.id, conversation.id);
    let reader = Reader { person: person.id, reach: Reach::All };
    fixture
        .write(account, move |tx| {
            for (seq, direction, state) in [
                (2, Direction::Incoming, State::Delivered),
                (3, Direction::Incoming, State::Held),
                (4, Direction::Incoming, State::Blocked),
                (5, Direction::Outgoing, State::Delivered),
            ] {
                let row = message(id, decision.id, seq);
                tx.account(account).insert_message(&sluice_storage::MessageRow { direction, state, ..row })?;
            }
            Ok(())
        })
        .await;
    let own = seen(&fixture, account, id, reader).await;
    assert_eq!((own.read_seq, own.unread), (1, 2));
    let others = seen(&fixture, account, id, reader_of_all()).await;
    assert_eq!((others.read_seq, others.unread), (0, 3));
    fixture.write(account, move |tx| tx.account(account).put_reading_mark(person.id, id, 2)).await;
    let own = seen(&fixture, account, id, reader).await;
    assert_eq!((own.read_seq, own.unread), (2, 1));
    fixture
        .write(account, move |tx| {
            (6..=200).try_for_each(|seq| tx.account(account).insert_message(&message(id, decision.id, seq)))
        })
        .await;
    assert_eq!(seen(&fixture, account, id, reader).await.unread, 100, "no more are counted");
    fixture.write(account, move |tx| tx.account(account).forget_reading_marks(person.id)).await;
    assert_eq!(fixture.read(move |tx| tx.account(account).reading_mark(person.id, id)).await, 0);
}

pub(crate) async fn a_clients_mark_never_goes_back(fixture: Fixture<'_>) {
    let World { account, conversation, .. } = fixture.world().await;
    let (account, id) = (account.id, conversation.id);
    for (seq, moved) in [(3, true), (2, false), (3, false), (4, true)] {
        let put = fixture.write(account, move |tx| tx.account(account).put_clients_mark(id, seq)).await;
        assert_eq!(put, moved, "{seq}");
    }
    assert_eq!(seen(&fixture, account, id, reader_of_all()).await.row.client_read_seq, 4);
}

pub(crate) async fn comments_are_in_their_order_and_gone_when_removed(fixture: Fixture<'_>) {
    let World { account, person, conversation, comment: first, .. } = fixture.world().await;
    let account = account.id;
    let second = comment(conversation.id, person.id, 7);
    let row = second.clone();
    fixture.write(account, move |tx| tx.account(account).insert_comment(&row)).await;
    let list = async |page| fixture.read(move |tx| tx.account(account).comments(conversation.id, page)).await;
    assert_eq!(list(Page::first(9)).await, [first.clone(), second.clone()]);
    assert_eq!(list(Page::after(1, 9)).await, std::slice::from_ref(&second));
    assert_eq!(list(Page::last(1)).await, std::slice::from_ref(&second));
    assert_eq!(list(Page::before(7, 9)).await, std::slice::from_ref(&first));
    let id = first.id;
    assert_eq!(fixture.read(move |tx| tx.account(account).comment(id)).await, Some(first));
    assert!(fixture.write(account, move |tx| tx.account(account).delete_comment(id)).await);
    assert!(!fixture.write(account, move |tx| tx.account(account).delete_comment(id)).await);
    assert_eq!(list(Page::first(9)).await, [second]);
    let messages = fixture.read(move |tx| tx.account(account).messages(conversation.id, Page::first(9))).await;
    assert_eq!(messages.len(), 1, "comments are no messages");
}

pub(crate) async fn tags_are_unique_and_taken_from_all_when_removed(fixture: Fixture<'_>) {
    let World { account, client, conversation, tag: first, .. } = fixture.world().await;
    let account = account.id;
    let refused = fixture.database.write(Some(account), move |tx| tx.account(account).insert_tag(&tag("urgent"))).await;
    assert_eq!(refused, Err(StorageError::Conflict { constraint: Constraint::TagLabel }));
    let mut second = tag("late");
    let row = second.clone();
    fixture.write(account, move |tx| tx.account(account).insert_tag(&row)).await;
    second.description = "Too late".to_owned();
    let row = second.clone();
    assert!(fixture.write(account, move |tx| tx.account(account).update_tag(&row)).await);
    let both = vec![first.id, second.id];
    let tags = both.clone();
    fixture
        .write(account, move |tx| {
            let mut rows = tx.account(account);
            rows.set_client_tags(client.id, &tags)?;
            rows.set_conversation_tags(conversation.id, &tags)
        })
        .await;
    let tags = async || {
        let client = fixture.read(move |tx| tx.account(account).client(client.id, reader_of_all())).await.unwrap();
        (seen(&fixture, account, conversation.id, reader_of_all()).await.tags, client.tags)
    };
    assert_eq!(tags().await, (both.clone(), both));
    let (gone, left) = (first.id, second.id);
    assert!(fixture.write(account, move |tx| tx.account(account).delete_tag(gone)).await);
    assert_eq!(tags().await, (vec![left], vec![left]));
    assert_eq!(fixture.read(move |tx| tx.account(account).tag(gone)).await, None);
    assert_eq!(fixture.read(move |tx| tx.account(account).tags(Before::newest(9))).await, [second]);
    assert_eq!(fixture.read(move |tx| tx.account(account).tag_count()).await, 1);
}

pub(crate) async fn templates_of_answers_have_names_and_commands_of_their_own(fixture: Fixture<'_>) {
    let World { account, template: first, .. } = fixture.world().await;
    let account = account.id;
    for (row, constraint) in [
        (template("greeting", None), Constraint::AnswerTemplateName),
        (template("other", Some("hi")), Constraint::AnswerTemplateCommand),
    ] {
        let insert = move |tx: &mut sluice_storage::Tx<'_>| tx.account(account).insert_answer_template(&row);
        let refused = fixture.database.write(Some(account), insert).await;
        assert_eq!(refused, Err(StorageError::Conflict { constraint }));
    }
    let rows = [template("a", None), template("b", None)];
    let [_, mut last] = rows.clone();
    fixture
        .write(account, move |tx| rows.iter().try_for_each(|row| tx.account(account).insert_answer_template(row)))
        .await;
    last.command = Some("b".to_owned());
    let row = last.clone();
    assert!(fixture.write(account, move |tx| tx.account(account).update_answer_template(&row)).await);
    let id = last.id;
    assert_eq!(fixture.read(move |tx| tx.account(account).answer_template(id)).await, Some(last.clone()));
    let list = async |page| fixture.read(move |tx| tx.account(account).answer_templates(page)).await;
    assert_eq!(list(Before::newest(1)).await, [last]);
    assert_eq!(list(Before::older_than(id, 9)).await[1], first);
    assert_eq!(fixture.read(move |tx| tx.account(account).answer_template_count()).await, 3);
    assert!(fixture.write(account, move |tx| tx.account(account).delete_answer_template(id)).await);
    assert_eq!(list(Before::newest(9)).await.len(), 2);
}

pub(crate) async fn clients_are_listed_by_external_id_tag_and_reach(fixture: Fixture<'_>) {
    let World { account, person, group, client: mut first, conversation, tag, .. } = fixture.world().await;
    let account = account.id;
    first.name = "Another name".to_owned();
    first.known = ClientUpdate { comment: Some("Likes tea.\nAnd coffee.".to_owned()), ..ClientUpdate::default() };
    first.tags = vec![tag.id];
    let second =
        ClientRow { id: client_id(), external_id: Some("second".to_owned()), tags: Vec::new(), ..first.clone() };
    let (changed, new) = (first.clone(), second.clone());
    fixture
        .write(account, move |tx| {
            let mut rows = tx.account(account);
            assert!(rows.update_client(changed.id, &changed.name, &changed.known)?);
            rows.set_client_tags(changed.id, &changed.tags)?;
            rows.assign(conversation.id, Assignment { person: None, group: Some(group.id) })?;
            rows.insert_client(&new)
        })
        .await;
    let list = async |reach, external_id: Option<&str>, tag, page| {
        let filter = ClientFilter { external_id: external_id.map(str::to_owned), tag };
        let reader = Reader { person: person.id, reach };
        fixture.read(move |tx| tx.account(account).clients(reader, &filter, page)).await
    };
    let newest = Before::newest(9);
    assert_eq!(list(Reach::All, None, None, newest).await, [second.clone(), first.clone()]);
    assert_eq!(list(Reach::All, None, None, Before::newest(1)).await, std::slice::from_ref(&second));
    assert_eq!(list(Reach::All, None, None, Before::older_than(second.id, 9)).await, std::slice::from_ref(&first));
    assert_eq!(list(Reach::Groups, None, None, newest).await, std::slice::from_ref(&first));
    assert_eq!(list(Reach::Own, None, None, newest).await, []);
    assert_eq!(list(Reach::All, None, Some(tag.id), newest).await, std::slice::from_ref(&first));
    assert_eq!(list(Reach::All, Some("second"), None, newest).await, std::slice::from_ref(&second));
    assert_eq!(list(Reach::All, Some("second"), Some(tag.id), newest).await, []);
    assert_eq!(list(Reach::Groups, Some("second"), None, newest).await, []);
    assert_eq!(list(Reach::All, Some("second"), None, Before::older_than(second.id, 9)).await, []);
    for (client, reach, expected) in [
        (second.id, Reach::All, true),
        (second.id, Reach::Groups, false),
        (first.id, Reach::Groups, true),
        (first.id, Reach::Own, false),
    ] {
        let reader = Reader { person: person.id, reach };
        let reached = fixture.read(move |tx| tx.account(account).client(client, reader)).await.is_some();
        assert_eq!(reached, expected, "{client} {reach:?}");
    }
}
