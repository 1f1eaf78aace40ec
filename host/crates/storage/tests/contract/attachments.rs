//! Attachments, rules of the content filter, and what becomes of held messages.

use sluice_domain::{
    content::Category,
    filter::Action,
    installation::Mode,
    language::Language,
    message::Direction,
    review::{MessagingSettings, Outcome, Review},
    time::Timestamp,
    verdict::State,
};
use sluice_storage::{Account, AttachmentRow, Before, FilterRuleRow, MessageRow, Page, Reviewed, StorageError, Tx};

use crate::fixture::{Fixture, World, attachment, filter_rule, message, message_id, reader_of_all, texts_of, time};

pub(crate) async fn an_attachment_goes_with_one_message_and_counts_until_it_is_removed(fixture: Fixture<'_>) {
    let World { account, conversation, message, .. } = fixture.world().await;
    let (sent, unsent) = (attachment(1_000), attachment(234));
    let rows = [sent.clone(), unsent.clone()];
    fixture
        .write(account.id, move |tx| {
            let mut ours = tx.account(account.id);
            rows.iter().try_for_each(|row| ours.insert_attachment(row))?;
            assert_eq!(ours.attachment_bytes()?, 1_734);
            let id = sent.attachment.id;
            assert_eq!(ours.attachment(id)?, Some(sent.clone()));
            assert!(ours.send_attachment(id, message.id, conversation.id)?);
            assert!(!ours.send_attachment(id, message_id(), conversation.id)?, "it goes with one message");
            assert!(!ours.delete_unsent_attachment(id)?, "what was sent stays");
            let kept = ours.attachment(id)?.unwrap();
            assert_eq!((kept.message_id, kept.conversation_id), (Some(message.id), Some(conversation.id)));
            Ok(())
        })
        .await;
    let (id, before, after) = (unsent.attachment.id, unsent.created_at, time(9_000));
    assert_eq!(fixture.read(move |tx| tx.unsent_attachments(before, 9)).await, []);
    assert_eq!(fixture.read(move |tx| tx.unsent_attachments(after, 9)).await.len(), 2);
    assert!(fixture.read(move |tx| tx.unsent_attachments(after, 9)).await.contains(&(account.id, id)));
    fixture
        .write(account.id, move |tx| {
            let mut ours = tx.account(account.id);
            assert!(ours.delete_unsent_attachment(id)?);
            assert!(!ours.delete_unsent_attachment(id)?);
            assert_eq!(ours.attachment_bytes()?, 1_500);
            Ok(())
        })
        .await;
}

pub(crate) async fn a_message_reads_back_with_its_attachments(fixture: Fixture<'_>) {
    let World { account, conversation, decision, .. } = fixture.world().await;
    let AttachmentRow { attachment, .. } = attachment(7);
    assert_eq!(attachment.category, Category::Image);
    let row = MessageRow {
        attachments: vec![attachment],
        notice: Some("Not here.".to_owned()),
        ..message(conversation.id, decision.id, 5)
    };
    let (id, kept) = (row.id, row.clone());
    fixture.write(account.id, move |tx| tx.account(account.id).insert_message(&kept)).await;
    assert_eq!(fixture.read(move |tx| tx.account(account.id).message(id)).await, Some(row));
}

pub(crate) async fn a_filter_rule_reads_back_changes_and_goes(fixture: Fixture<'_>) {
    let World { account, filter_rule: theirs, .. } = fixture.world().await;
    let made = filter_rule();
    let mut changed = FilterRuleRow { mode: Mode::Enforce, updated_at: time(2), ..made.clone() };
    changed.rule.action = Action::Block;
    fixture
        .write(account.id, move |tx| {
            let mut ours = tx.account(account.id);
            ours.insert_filter_rule(&made)?;
            assert_eq!(ours.filter_rules()?, [theirs.clone(), made.clone()]);
            assert!(ours.update_filter_rule(&changed)?);
            assert_eq!(ours.filter_rule(made.id)?, Some(changed));
            assert!(ours.delete_filter_rule(made.id)?);
            assert!(!ours.delete_filter_rule(made.id)?);
            assert_eq!(ours.filter_rules()?, [theirs]);
            Ok(())
        })
        .await;
}

pub(crate) async fn messaging_settings_have_defaults_and_read_back(fixture: Fixture<'_>) {
    let World { account, .. } = fixture.world().await;
    let settings = MessagingSettings {
        language: Language::Ru,
        client_notice: Some("Нет".to_owned()),
        hold_hours: 1,
        evidence_days: 7,
        own_messages: true,
    };
    fixture
        .write(account.id, move |tx| {
            let mut ours = tx.account(account.id);
            assert_eq!(ours.messaging()?, Some(MessagingSettings::default()));
            ours.set_messaging(&settings)?;
            assert_eq!(ours.messaging()?, Some(settings));
            Ok(())
        })
        .await;
}

/// Messages of the world's conversation: a held one to the client, a held one of the client, a blocked one of the client.
fn three(ours: &mut Account<'_>, world: &World) -> Result<[MessageRow; 3], StorageError> {
    let row = |seq, direction, state| MessageRow {
        direction,
        state,
        held_until: (state == State::Held).then(|| Timestamp::from_millis(100 + seq)),
        delivered_seq: None,
        ..message(world.conversation.id, world.decision.id, seq)
    };
    let rows = [
        row(11, Direction::Outgoing, State::Held),
        row(12, Direction::Incoming, State::Held),
        row(13, Direction::Incoming, State::Blocked),
    ];
    rows.iter().try_for_each(|row| ours.insert_message(row))?;
    Ok(rows)
}

fn reviewed(outcome: Outcome, text: &str) -> Reviewed {
    let approved = outcome == Outcome::Approved;
    Reviewed {
        state: outcome.state(),
        text: text.to_owned(),
        reason: None,
        notice: None,
        review: Review { outcome, by: Some("per_x".to_owned()), at: time(50), edited: approved, original: None },
        delivered_seq: approved.then_some(20),
    }
}

pub(crate) async fn held_messages_wait_in_order_until_one_decision(fixture: Fixture<'_>) {
    let world = fixture.world().await;
    let account = world.account.id;
    let check = move |tx: &mut Tx<'_>| {
        let mut ours = tx.account(account);
        let [outgoing, incoming, blocked] = three(&mut ours, &world)?;
        assert_eq!(ours.held_messages(reader_of_all(), 0, 9)?, [outgoing.clone(), incoming.clone()]);
        assert_eq!(ours.held_messages(reader_of_all(), 11, 9)?, std::slice::from_ref(&incoming));
        assert_eq!(
            ours.quarantined_messages(Some(reader_of_all()), Before::newest(9))?,
            std::slice::from_ref(&blocked)
        );
        let client_sees = |ours: &mut Account<'_>, page| {
            let seen = ours.messages_of_client(world.conversation.id, page)?;
            Ok::<_, StorageError>(seen.into_iter().map(|row| row.seq).collect::<Vec<_>>())
        };
        assert_eq!(client_sees(&mut ours, Page::after(10, 9))?, [12, 13]);
        assert!(ours.review_message(outgoing.id, &reviewed(Outcome::Approved, "Edited"))?);
        assert!(!ours.review_message(outgoing.id, &reviewed(Outcome::Rejected, "Late"))?);
        let now = ours.message(outgoing.id)?.unwrap();
        assert_eq!((now.state, now.text.as_str(), now.delivered_seq), (State::Delivered, "Edited", Some(20)));
        assert_eq!((now.held_until, now.review.map(|review| review.edited)), (None, Some(true)));
        assert_eq!(client_sees(&mut ours, Page::after(10, 9))?, [11, 12, 13]);
        assert_eq!(client_sees(&mut ours, Page::last(2))?, [12, 13]);
        assert!(ours.review_message(incoming.id, &reviewed(Outcome::Rejected, &incoming.text))?);
        assert_eq!(ours.held_messages(reader_of_all(), 0, 9)?, []);
        assert_eq!(ours.quarantined_messages(Some(reader_of_all()), Before::newest(9))?.len(), 2);
        Ok(())
    };
    fixture.write(account, check).await;
}

pub(crate) async fn what_waited_too_long_is_found_over_all_accounts(fixture: Fixture<'_>) {
    let (one, other) = (fixture.world().await, fixture.world().await);
    let mut held = Vec::new();
    for world in [one, other] {
        let account = world.account.id;
        let [outgoing, incoming, _] = fixture.write(account, move |tx| three(&mut tx.account(account), &world)).await;
        held.push((account, outgoing.id, incoming.id));
    }
    let expired = fixture.read(|tx| tx.expired_messages(time(111), 99)).await;
    let ours: Vec<_> = held.iter().map(|(account, outgoing, _)| (*account, *outgoing)).collect();
    assert!(ours.iter().all(|one| expired.contains(one)), "{expired:?}");
    assert!(held.iter().all(|(account, _, incoming)| !expired.contains(&(*account, *incoming))));
}

pub(crate) async fn the_newest_messages_come_with_their_place(fixture: Fixture<'_>) {
    let world = fixture.world().await;
    let (account, conversation) = (world.account.id, world.conversation.clone());
    fixture.write(account, move |tx| three(&mut tx.account(account), &world).map(drop)).await;
    let newest = fixture
        .read(move |tx| tx.account(account).latest_messages(texts_of(Some(reader_of_all())), Before::newest(2)))
        .await;
    assert_eq!(newest.len(), 2);
    assert!(newest[0].message.id > newest[1].message.id);
    assert_eq!((&newest[0].channel, &newest[0].transport), (&conversation.channel, &conversation.transport));
    let row = fixture.read(move |tx| tx.account(account).conversation(conversation.id, reader_of_all())).await.unwrap();
    assert_eq!(newest[0].group, row.assignment.group);
}
