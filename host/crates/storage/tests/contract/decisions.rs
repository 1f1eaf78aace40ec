//! Decisions: looked up and counted. That they read back is among the conversations.

use std::collections::BTreeSet;

use sluice_domain::{
    access::AccessSeverity,
    id::{ConversationId, DecisionId},
    time::Timestamp,
    verdict::{Code, Severity},
};
use sluice_storage::{Before, CountFilter, Database, DecisionFilter, DecisionRow, DecisionTally, Outcome};

use crate::fixture::{Fixture, World, conversation_id, decision, every_decision, name, time};

const HOUR: i64 = 3_600_000;

fn codes(words: &[&'static str]) -> BTreeSet<Code> {
    words.iter().map(|word| Code::of(word)).collect()
}

/// One every ten minutes from 1970 on, different in everything that can be looked up.
fn various(conversations: [ConversationId; 2]) -> Vec<DecisionRow> {
    let severities = [Severity::Allow, Severity::Flag, Severity::Block, Severity::Allow, Severity::Hold];
    let mut rows: Vec<_> = (0..60)
        .map(|n: usize| {
            let at = Timestamp::from_millis(i64::try_from(n).unwrap() * HOUR / 6);
            let severity = severities[n % 5];
            DecisionRow {
                id: DecisionId::new(at, [7; 10]),
                shadow: n.is_multiple_of(7),
                conversation_id: Some(conversations[n % 2]),
                rules: vec![
                    (name("blocked-words"), Outcome::Message(severity)),
                    (
                        name("links"),
                        Outcome::Message(if n.is_multiple_of(3) { Severity::Flag } else { Severity::Allow }),
                    ),
                ],
                codes: match severity {
                    Severity::Allow => BTreeSet::new(),
                    Severity::Flag => codes(&["refund", "card"]),
                    Severity::Redact | Severity::Hold | Severity::Block => codes(&["card"]),
                },
                author_id: Some(format!("cli_{}", n % 4)),
                created_at: at,
                ..decision(conversations[0], severity)
            }
        })
        .collect();
    for (n, severity) in [AccessSeverity::Allow, AccessSeverity::Deny].into_iter().enumerate() {
        let at = Timestamp::from_millis(i64::try_from(n).unwrap() * HOUR + 1);
        rows.push(DecisionRow {
            id: DecisionId::new(at, [8; 10]),
            outcome: Outcome::Access(severity),
            message_id: None,
            conversation_id: None,
            rules: vec![(name("doorman"), Outcome::Access(severity))],
            codes: if severity == AccessSeverity::Deny { codes(&["closed"]) } else { BTreeSet::new() },
            author_id: Some("per_x".to_owned()),
            created_at: at,
            ..decision(conversations[0], Severity::Allow)
        });
    }
    rows.sort_by_key(|row| row.id);
    rows
}

/// Whether a decision passes, told from the row as it was written.
fn passes(row: &DecisionRow, filter: &DecisionFilter) -> bool {
    let DecisionFilter { rule, outcome, conversation, label, person, from, to, shadow } = filter;
    let allow = [Outcome::Message(Severity::Allow), Outcome::Access(AccessSeverity::Allow)];
    let said = |wanted: &sluice_domain::plugin::PluginName| {
        row.rules.iter().any(|(rule, said)| {
            rule == wanted && !allow.contains(said) && outcome.is_none_or(|outcome| outcome == *said)
        })
    };
    let verdict = match (rule, outcome) {
        (Some(rule), _) => said(rule),
        (None, Some(outcome)) => row.outcome == *outcome,
        (None, None) => true,
    };
    verdict
        && conversation.is_none_or(|wanted| row.conversation_id == Some(wanted))
        && label.as_ref().is_none_or(|wanted| row.codes.contains(wanted))
        && person.as_ref().is_none_or(|wanted| row.author_id.as_ref() == Some(wanted))
        && from.is_none_or(|from| row.created_at >= from)
        && to.is_none_or(|to| row.created_at < to)
        && shadow.is_none_or(|wanted| row.shadow == wanted)
}

/// All combinations of one value, or none, of each filter.
fn filters(conversation: ConversationId) -> Vec<DecisionFilter> {
    let block = Outcome::Message(Severity::Block);
    let outcomes = [
        None,
        Some(block),
        Some(Outcome::Message(Severity::Allow)),
        Some(Outcome::Access(AccessSeverity::Deny)),
        Some(Outcome::Access(AccessSeverity::Allow)),
    ];
    let mut all = Vec::new();
    for outcome in outcomes {
        for shadow in [None, Some(true), Some(false)] {
            for bits in 0..32 {
                let has = |bit: u32| bits >> bit & 1 == 1;
                all.push(DecisionFilter {
                    rule: has(0).then(|| name("blocked-words")),
                    outcome,
                    conversation: has(1).then_some(conversation),
                    label: has(2).then(|| Code::of("card")),
                    person: has(3).then(|| "cli_1".to_owned()),
                    from: has(4).then(|| Timestamp::from_millis(HOUR)),
                    to: has(4).then(|| Timestamp::from_millis(HOUR * 8)),
                    shadow,
                });
            }
        }
    }
    all
}

pub(crate) async fn every_combination_of_filters_gives_what_passes_them_in_pages(fixture: Fixture<'_>) {
    let World { account, conversation, decision: first, .. } = fixture.world().await;
    let rows = various([conversation.id, conversation_id()]);
    let written = rows.clone();
    fixture
        .write(account.id, move |tx| written.iter().try_for_each(|row| tx.account(account.id).insert_decision(row)))
        .await;
    let filters = filters(conversation.id);
    fixture
        .read(move |tx| {
            let mut account = tx.account(account.id);
            for filter in &filters {
                let mut expected: Vec<_> = rows.iter().filter(|row| passes(row, filter)).map(|row| row.id).collect();
                if passes(&first, filter) {
                    expected.push(first.id);
                    expected.sort_unstable();
                }
                let mut up = Vec::new();
                let mut cursor = None;
                loop {
                    let part = account.decisions_after(every_decision(), filter, cursor, 7)?;
                    up.extend(part.rows.iter().map(|row| row.id));
                    cursor = part.seen;
                    if cursor.is_none() {
                        break;
                    }
                }
                assert_eq!(up, expected, "{filter:?}");
                let mut down = Vec::new();
                loop {
                    let part = account.decisions(every_decision(), filter, Before { before: cursor, limit: 7 })?;
                    down.extend(part.rows.iter().map(|row| row.id));
                    cursor = part.seen;
                    if cursor.is_none() {
                        break;
                    }
                }
                down.reverse();
                assert_eq!(down, expected, "{filter:?}");
            }
            Ok(())
        })
        .await;
}

pub(crate) async fn a_look_ends_after_so_many_entries_and_is_gone_on_from(fixture: Fixture<'_>) {
    let World { account, conversation, .. } = fixture.world().await;
    let id = |n: i64| DecisionId::new(Timestamp::from_millis(1_000_000 + n), [7; 10]);
    fixture
        .write(account.id, move |tx| {
            let allowed =
                DecisionRow { rules: Vec::new(), codes: BTreeSet::new(), ..decision(conversation.id, Severity::Allow) };
            (0..6_000).try_for_each(|n| {
                let person = if n == 0 { "cli_rare" } else { "cli_often" };
                let row = DecisionRow { id: id(n), author_id: Some(person.to_owned()), ..allowed.clone() };
                tx.account(account.id).insert_decision(&row)
            })
        })
        .await;
    let filter = DecisionFilter {
        person: Some("cli_rare".to_owned()),
        conversation: Some(conversation.id),
        ..DecisionFilter::default()
    };
    let found = |before: Option<DecisionId>| {
        let filter = filter.clone();
        fixture.read(move |tx| tx.account(account.id).decisions(every_decision(), &filter, Before { before, limit: 9 }))
    };
    let first = found(None).await;
    assert_eq!((first.rows.len(), first.seen), (0, Some(id(1_000))));
    let second = found(first.seen).await;
    assert_eq!(second.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [id(0)]);
    assert_eq!(second.seen, None);

    // Without a condition beside the index, no look ends early.
    let alone = DecisionFilter { conversation: None, ..filter.clone() };
    let part =
        fixture.read(move |tx| tx.account(account.id).decisions(every_decision(), &alone, Before::newest(9))).await;
    assert_eq!((part.rows.len(), part.seen), (1, None));
    let often = DecisionFilter { person: Some("cli_often".to_owned()), ..filter };
    let part = fixture.read(move |tx| tx.account(account.id).decisions_after(every_decision(), &often, None, 9)).await;
    assert_eq!((part.rows.len(), part.seen), (9, Some(id(9))));
}

pub(crate) async fn decisions_are_counted_by_bucket_and_outcome(fixture: Fixture<'_>) {
    let World { account, conversation, .. } = fixture.world().await;
    let rows = various([conversation.id, conversation_id()]);
    let written = rows.clone();
    fixture
        .write(account.id, move |tx| written.iter().try_for_each(|row| tx.account(account.id).insert_decision(row)))
        .await;
    // From the second hour on: what the fixture made lies in the first.
    let edges: Vec<_> = (1..=11).map(|hour| Timestamp::from_millis(hour * HOUR)).collect();
    for (rule, label) in [(None, None), (Some("links"), None), (None, Some("card")), (Some("links"), Some("card"))] {
        for shadow in [None, Some(true), Some(false)] {
            let filter = CountFilter { rule: rule.map(name), label: label.map(Code::of), shadow };
            let wanted = DecisionFilter {
                rule: filter.rule.clone(),
                label: filter.label.clone(),
                shadow,
                ..DecisionFilter::default()
            };
            let expected: Vec<_> = edges
                .windows(2)
                .map(|pair| {
                    let mut tally = DecisionTally::new();
                    for row in rows.iter().filter(|row| pair[0] <= row.created_at && row.created_at < pair[1]) {
                        if passes(row, &wanted) {
                            let said = row.rules.iter().find(|(rule, _)| Some(rule) == wanted.rule.as_ref());
                            *tally.entry(said.map_or(row.outcome, |(_, said)| *said)).or_default() += 1;
                        }
                    }
                    tally
                })
                .collect();
            let (asked, edges) = (filter.clone(), edges.clone());
            let counts =
                fixture.read(move |tx| tx.account(account.id).decision_counts(every_decision(), &edges, &asked)).await;
            assert_eq!(counts, expected, "{filter:?}");
        }
    }
}

/// Undoes the migration that made decisions searchable.
const EARLIER: &str = "DROP INDEX decisions_by_author; DROP INDEX decisions_by_verdict; DROP INDEX decisions_in_shadow;
    DROP INDEX decisions_about_access; DROP TABLE decision_labels;
    ALTER TABLE decisions DROP COLUMN author_id; ALTER TABLE decision_rules DROP COLUMN shadow;
    DELETE FROM schema_migrations WHERE version = 11;";

pub(crate) async fn what_wrote_the_messages_of_earlier_decisions_is_found(mut fixture: Fixture<'_>) {
    let World { account, conversation, message, decision: first, .. } = fixture.world().await;
    let about = DecisionRow { message_id: Some(message.id), shadow: true, ..decision(conversation.id, Severity::Hold) };
    let row = about.clone();
    fixture.write(account.id, move |tx| tx.account(account.id).insert_decision(&row)).await;
    fixture.database.clone().close().await;
    fixture.tamper(EARLIER);
    fixture.database = Database::open(&fixture.config).await.unwrap();
    let found = |filter: DecisionFilter| {
        let read =
            fixture.read(move |tx| tx.account(account.id).decisions(every_decision(), &filter, Before::newest(9)));
        async { read.await.rows.iter().map(|row| row.id).collect::<Vec<_>>() }
    };
    let by_author = DecisionFilter { person: Some(message.author.id), ..DecisionFilter::default() };
    assert_eq!(found(by_author).await, [about.id], "nothing says who wrote what {} is about", first.id);
    let edges = [time(0), time(1 << 40)];
    let in_shadow = CountFilter { rule: Some(name("blocked-words")), shadow: Some(true), ..CountFilter::default() };
    let counts =
        fixture.read(move |tx| tx.account(account.id).decision_counts(every_decision(), &edges, &in_shadow)).await;
    assert_eq!(counts, [DecisionTally::from([(Outcome::Message(Severity::Hold), 1)])]);
}
