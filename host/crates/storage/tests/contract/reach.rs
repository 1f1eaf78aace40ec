//! What a reader does not reach is not there, in any statement that takes a reader.

use std::collections::BTreeSet;

use sluice_domain::{
    access::AccessSeverity,
    id::MessageId,
    message::Direction,
    permission::Reach,
    verdict::{Severity, State},
};
use sluice_storage::{
    Account, Assignment, Before, ClientFilter, ConversationFilter, CountFilter, DecisionFilter, DecisionReader,
    DecisionRow, MessageRow, Outcome, Reader, StorageError,
};

use crate::fixture::{ALWAYS, Fixture, World, decision, decision_id, message, message_id, name, texts_of, time};

/// What there is for a reader: how many of each kind.
fn counted(
    rows: &mut Account<'_>,
    world: &World,
    kept: &Kept,
    reader: Option<Reader>,
    access: bool,
) -> Result<Vec<(&'static str, usize)>, StorageError> {
    let decisions = DecisionReader { messages: reader, access };
    let all = DecisionFilter::default();
    let mut counts = vec![
        ("decision", usize::from(rows.decision(world.decision.id, decisions)?.is_some())),
        ("decision about access", usize::from(rows.decision(kept.access.id, decisions)?.is_some())),
        ("decisions", rows.decisions(decisions, &all, Before::newest(9))?.rows.len()),
        ("decisions, oldest first", rows.decisions_after(decisions, &all, None, 9)?.rows.len()),
    ];
    for (what, filter) in [
        ("counted decisions", CountFilter::default()),
        ("counted of a rule", CountFilter { rule: Some(name("blocked-words")), ..CountFilter::default() }),
        (
            "counted of a label",
            CountFilter { label: Some(sluice_domain::verdict::Code::of("card")), ..CountFilter::default() },
        ),
    ] {
        let tallies = rows.decision_counts(decisions, &[time(0), time(1 << 40)], &filter)?;
        let counted: u64 = tallies.iter().flat_map(|tally| tally.values()).sum();
        counts.push((what, usize::try_from(counted).unwrap()));
    }
    let said = world.shadow();
    counts.extend([
        ("quarantined", rows.quarantined_messages(reader, Before::newest(9))?.len()),
        ("latest", rows.latest_messages(texts_of(reader), Before::newest(9))?.len()),
        (
            "extent",
            rows.newest_extent(texts_of(reader), ALWAYS, None, 9)?
                .map_or(0, |extent| usize::try_from(extent.messages).unwrap()),
        ),
        (
            "replayed",
            rows.replay_messages(
                texts_of(reader),
                MessageId::first_at(time(0)),
                MessageId::first_at(time(1 << 40)),
                9,
            )?
            .len(),
        ),
        ("differences", rows.shadow_differences(reader, said.installation, said.variant, ALWAYS, 9)?.len()),
    ]);
    if let Some(reader) = reader {
        let (client, known) = (world.client.id, world.client.external_id.as_deref().unwrap());
        counts.extend([
            ("conversation", usize::from(rows.conversation(world.conversation.id, reader)?.is_some())),
            ("overview", usize::from(rows.conversation_overview(world.conversation.id, reader)?.is_some())),
            ("conversations", rows.conversations(reader, &ConversationFilter::default(), Before::newest(9))?.len()),
            ("client", usize::from(rows.client(client, reader)?.is_some())),
            ("client by external id", usize::from(rows.client_by_external_id(known, reader)?.is_some())),
            ("clients", rows.clients(reader, &ClientFilter::default(), Before::newest(9))?.len()),
            ("message", usize::from(rows.message_for(world.message.id, reader)?.is_some())),
            ("comment", usize::from(rows.comment_for(world.comment.id, reader)?.is_some())),
            ("held", rows.held_messages(reader, 0, 9)?.len()),
            ("found", rows.search_messages("hello", reader, Before::newest(9))?.hits.len()),
        ]);
    }
    Ok(counts)
}

struct Kept {
    access: DecisionRow,
}

/// Beside the world: a held and a blocked message, a decision about access.
fn keep(rows: &mut Account<'_>, world: &World) -> Result<Kept, StorageError> {
    let access = DecisionRow {
        id: decision_id(),
        outcome: Outcome::Access(AccessSeverity::Deny),
        message_id: None,
        conversation_id: None,
        rules: vec![(name("blocked-words"), Outcome::Access(AccessSeverity::Deny))],
        codes: BTreeSet::from([sluice_domain::verdict::Code::of("card")]),
        ..decision(world.conversation.id, Severity::Flag)
    };
    rows.insert_decision(&access)?;
    let held = MessageRow {
        id: message_id(),
        state: State::Held,
        held_until: Some(time(99)),
        delivered_seq: None,
        text: "hello".to_owned(),
        ..message(world.conversation.id, world.decision.id, 50)
    };
    rows.insert_message(&held)?;
    let blocked = MessageRow {
        id: message_id(),
        direction: Direction::Incoming,
        state: State::Blocked,
        delivered_seq: None,
        ..message(world.conversation.id, world.decision.id, 51)
    };
    rows.insert_message(&blocked)?;
    Ok(Kept { access })
}

pub(crate) async fn what_a_reader_does_not_reach_is_not_there(fixture: Fixture<'_>) {
    let world = fixture.world().await;
    let (id, person) = (world.account.id, world.person.id);
    let (seen, mut readers) = fixture
        .write(id, move |tx| {
            let mut rows = tx.account(id);
            let kept = keep(&mut rows, &world)?;
            let own = Assignment { person: Some(person), group: None };
            let grouped = Assignment { person: None, group: Some(world.group.id) };
            let mut seen = Vec::new();
            let mut readers = Vec::new();
            for (assignment, reach, reaches) in [
                (Assignment::default(), None, false),
                (Assignment::default(), Some(Reach::Own), false),
                (Assignment::default(), Some(Reach::Groups), false),
                (Assignment::default(), Some(Reach::All), true),
                (grouped, Some(Reach::Own), false),
                (grouped, Some(Reach::Groups), true),
                (own, Some(Reach::Own), true),
                (own, Some(Reach::Groups), true),
                (own, None, false),
            ] {
                rows.assign(world.conversation.id, assignment)?;
                let reader = reach.map(|reach| Reader { person, reach });
                for access in [false, true] {
                    seen.push(counted(&mut rows, &world, &kept, reader, access)?);
                    readers.push((reach, reaches, access));
                }
            }
            Ok((seen, readers))
        })
        .await;
    // Everything is there for somebody, or this says nothing.
    let whole = seen[7].clone();
    assert!(whole.iter().all(|(what, count)| *count > 0 || panic!("nothing of {what}")));
    for (counts, (reach, reaches, access)) in seen.iter().zip(readers.drain(..)) {
        for (what, count) in counts {
            let (_, all) = whole.iter().find(|(kind, _)| kind == what).unwrap();
            let expected = match *what {
                "decision about access" => usize::from(access),
                // One of them is about access.
                "decisions"
                | "decisions, oldest first"
                | "counted decisions"
                | "counted of a rule"
                | "counted of a label" => (if reaches { all - 1 } else { 0 }) + usize::from(access),
                _ if reaches => *all,
                _ => 0,
            };
            assert_eq!(*count, expected, "{what} for {reach:?}, access {access}");
        }
    }
}
