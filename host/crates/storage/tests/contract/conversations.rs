//! Clients, conversations, messages, decisions.

use std::collections::BTreeSet;

use sluice_domain::{
    access::AccessSeverity,
    verdict::{Code, Reason, Severity, State},
};
use sluice_storage::{
    Before, ClientRow, Constraint, ConversationFilter, DecisionFilter, DecisionRow, Evidence, Outcome, StorageError,
};

use crate::fixture::{Fixture, World, client_id, decision, decision_id, every_decision, message, name, reader_of_all};

pub(crate) async fn a_client_is_found_by_what_another_system_calls_it(fixture: Fixture<'_>) {
    let World { account, client, .. } = fixture.world().await;
    let (id, external) = (client.id, client.external_id.clone().unwrap());
    assert_eq!(fixture.read(move |tx| tx.account(account.id).client(id, reader_of_all())).await, Some(client.clone()));
    let found = fixture.read(move |tx| tx.account(account.id).client_by_external_id(&external, reader_of_all())).await;
    assert_eq!(found, Some(client.clone()));
    assert_eq!(fixture.read(move |tx| tx.account(account.id).client_by_external_id("x", reader_of_all())).await, None);

    let twin = ClientRow { id: client_id(), ..client };
    let nameless = [client_id(), client_id()].map(|id| ClientRow { id, external_id: None, ..twin.clone() });
    let refused = fixture.database.write(Some(account.id), move |tx| tx.account(account.id).insert_client(&twin)).await;
    assert_eq!(refused, Err(StorageError::Conflict { constraint: Constraint::ClientExternalId }));
    let insert = move |tx: &mut sluice_storage::Tx<'_>| {
        nameless.iter().try_for_each(|row| tx.account(account.id).insert_client(row))
    };
    fixture.write(account.id, insert).await;
}

pub(crate) async fn a_conversation_has_its_clients_name(fixture: Fixture<'_>) {
    let World { account, client, conversation, .. } = fixture.world().await;
    let row =
        fixture.read(move |tx| tx.account(account.id).conversation(conversation.id, reader_of_all())).await.unwrap();
    assert_eq!((row.id, row.client_id, row.client_name.clone()), (conversation.id, client.id, client.name));
    assert_eq!((&row.transport, &row.channel), (&conversation.transport, &conversation.channel));
    assert_eq!(row.created_at, conversation.created_at);
    let all = ConversationFilter::default();
    let listed =
        fixture.read(move |tx| tx.account(account.id).conversations(reader_of_all(), &all, Before::newest(9))).await;
    assert_eq!(listed.into_iter().map(|listed| listed.row).collect::<Vec<_>>(), [row]);
}

pub(crate) async fn a_message_reads_back_as_written(fixture: Fixture<'_>) {
    let World { account, conversation, decision, message: delivered, .. } = fixture.world().await;
    let mut held = message(conversation.id, decision.id, 2);
    held.state = State::Held;
    held.reason = Some(Reason { code: Code::of("card"), text: "A card number.".to_owned() });
    let row = held.clone();
    fixture.write(account.id, move |tx| tx.account(account.id).insert_message(&row)).await;
    for row in [delivered, held] {
        let id = row.id;
        assert_eq!(fixture.read(move |tx| tx.account(account.id).message(id)).await, Some(row));
    }
}

pub(crate) async fn decisions_are_found_by_rule_verdict_and_conversation(fixture: Fixture<'_>) {
    let World { account, conversation, decision: flagged, .. } = fixture.world().await;
    let blocked = DecisionRow {
        // One rule twice: it is found by the strictest that it said.
        rules: vec![
            (name("links"), Outcome::Message(Severity::Flag)),
            (name("links"), Outcome::Message(Severity::Block)),
            (name("links"), Outcome::Message(Severity::Hold)),
            (name("quiet"), Outcome::Message(Severity::Allow)),
        ],
        ..decision(conversation.id, Severity::Block)
    };
    let elsewhere = DecisionRow {
        conversation_id: None,
        message_id: None,
        shadow: true,
        ..decision(conversation.id, Severity::Flag)
    };
    let rows = [blocked.clone(), elsewhere.clone()];
    fixture
        .write(account.id, move |tx| rows.iter().try_for_each(|row| tx.account(account.id).insert_decision(row)))
        .await;

    let id = elsewhere.id;
    let read = fixture.read(move |tx| tx.account(account.id).decision(id, every_decision())).await;
    assert_eq!(read, Some(DecisionRow { rules: Vec::new(), codes: BTreeSet::new(), ..elsewhere.clone() }));
    assert_eq!(fixture.read(move |tx| tx.account(account.id).decision(decision_id(), every_decision())).await, None);

    let (here, flag, block) = (Some(conversation.id), Severity::Flag, Severity::Block);
    let filters = [
        ((None, None, None), vec![elsewhere.id, blocked.id, flagged.id]),
        ((None, Some(flag), None), vec![elsewhere.id, flagged.id]),
        ((None, None, here), vec![blocked.id, flagged.id]),
        ((None, Some(block), here), vec![blocked.id]),
        ((Some("links"), None, None), vec![blocked.id]),
        ((Some("links"), Some(block), None), vec![blocked.id]),
        ((Some("links"), Some(flag), None), vec![]),
        ((Some("quiet"), None, None), vec![]),
        ((Some("blocked-words"), Some(flag), None), vec![elsewhere.id, flagged.id]),
        ((Some("blocked-words"), None, here), vec![flagged.id]),
    ];
    for ((rule, severity, conversation), expected) in filters {
        let (rule, outcome) = (rule.map(name), severity.map(Outcome::Message));
        let filter = DecisionFilter { rule, outcome, conversation, ..DecisionFilter::default() };
        let asked = filter.clone();
        let rows = fixture
            .read(move |tx| tx.account(account.id).decisions(every_decision(), &asked, Before::newest(9)))
            .await
            .rows;
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), expected, "{filter:?}");
        for before in [blocked.id, flagged.id] {
            let asked = filter.clone();
            let page = Before::older_than(before, 1);
            let rows =
                fixture.read(move |tx| tx.account(account.id).decisions(every_decision(), &asked, page)).await.rows;
            let expected = expected.iter().copied().filter(|id| *id < before).take(1).collect::<Vec<_>>();
            assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), expected, "{filter:?} before {before}");
        }
    }
}

pub(crate) async fn a_decision_about_access_reads_back_as_written(fixture: Fixture<'_>) {
    let World { account, conversation, .. } = fixture.world().await;
    let row = DecisionRow {
        outcome: Outcome::Access(AccessSeverity::Challenge),
        message_id: None,
        conversation_id: None,
        rules: Vec::new(),
        codes: BTreeSet::new(),
        ..decision(conversation.id, Severity::Allow)
    };
    let written = row.clone();
    fixture.write(account.id, move |tx| tx.account(account.id).insert_decision(&written)).await;
    let filter = DecisionFilter { outcome: Some(row.outcome), ..DecisionFilter::default() };
    let rows = fixture
        .read(move |tx| tx.account(account.id).decisions(every_decision(), &filter, Before::newest(9)))
        .await
        .rows;
    assert_eq!(rows, [row]);
    // Both kinds know `allow`.
    let filter = DecisionFilter { outcome: Some(Outcome::Access(AccessSeverity::Allow)), ..DecisionFilter::default() };
    assert_eq!(
        fixture
            .read(move |tx| tx.account(account.id).decisions(every_decision(), &filter, Before::newest(9)))
            .await
            .rows,
        []
    );
}

pub(crate) async fn what_a_decision_was_about_is_kept_and_forgotten_oldest_first(fixture: Fixture<'_>) {
    let World { account, conversation, .. } = fixture.world().await;
    let account = account.id;
    let mut ids = Vec::new();
    for number in 0..3 {
        let kept = Evidence { chain_version: Some(number), input: Some(format!("sealed {number}")) };
        let row = DecisionRow { evidence: kept.clone(), ..decision(conversation.id, Severity::Flag) };
        ids.push(row.id);
        let id = row.id;
        fixture.write(account, move |tx| tx.account(account).insert_decision(&row)).await;
        assert_eq!(fixture.read(move |tx| tx.account(account).evidence(id)).await, Some(kept));
    }
    let unknown = decision_id();
    assert_eq!(fixture.read(move |tx| tx.account(account).evidence(unknown)).await, None);
    let forget =
        async |before, limit| fixture.write(account, move |tx| tx.account(account).forget_inputs(before, limit)).await;
    let kept = async || {
        let mut kept = Vec::new();
        for id in ids.clone() {
            let evidence = fixture.read(move |tx| tx.account(account).evidence(id)).await.unwrap();
            assert!(evidence.chain_version.is_some());
            kept.push(evidence.input.is_some());
        }
        kept
    };
    assert_eq!(forget(ids[2], 1).await, 1);
    assert_eq!(kept().await, [false, true, true]);
    assert_eq!(forget(ids[2], 9).await, 1);
    assert_eq!(kept().await, [false, false, true]);
}
