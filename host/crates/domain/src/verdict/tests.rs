//! Properties of edits and of the fold.

use proptest::prelude::*;

use super::*;
use crate::{
    id::MessageId,
    import::{Answer, Question},
    limits,
    message::{Actor, Direction, Role},
    time::Timestamp,
};

fn message(text: &str) -> Message {
    let now = Timestamp::from_millis(1);
    Message {
        id: MessageId::new(now, [3; 10]),
        direction: Direction::Incoming,
        transport: String::new(),
        channel: String::new(),
        conversation: None,
        group: None,
        author: Actor { id: String::new(), role: Role::Client, name: String::new() },
        text: text.to_owned(),
        links: Vec::new(),
        attachments: Vec::new(),
        sent_at: now,
    }
}

fn reason(code: &'static str) -> Reason {
    Reason { code: Code::of(code), text: "because".to_owned() }
}

fn call(answer: Result<Verdict, Failure>, on_failure: FailurePolicy) -> RuleCall {
    let now = Timestamp::from_millis(1);
    RuleCall {
        rule: RuleRef::Plugin(PluginRef {
            installation: InstallationId::new(now, [1; 10]),
            plugin: PluginId::new(now, [2; 10]),
            rule: PluginName::try_from("rule".to_owned()).expect("a name"),
            version: "1.0.0".to_owned(),
            component: None,
            config: None,
        }),
        attachment: None,
        on_failure,
        answer,
        cost: Cost::default(),
        log: Vec::new(),
        exchanges: Vec::new(),
    }
}

/// What a rule does, without the text it does it to.
#[derive(Debug, Clone)]
enum Behaviour {
    Allow,
    Flag(&'static str),
    /// Replaces the first character, where there is one.
    Redact(String),
    Hold(&'static str),
    Block(&'static str),
    Fail(Failure, FailurePolicy),
}

fn behaviour() -> impl Strategy<Value = Behaviour> {
    let code = prop_oneof![Just("one"), Just("two"), Just("three")];
    prop_oneof![
        Just(Behaviour::Allow),
        Just(Behaviour::Allow),
        code.clone().prop_map(Behaviour::Flag),
        "\\PC{0,3}".prop_map(Behaviour::Redact),
        code.clone().prop_map(Behaviour::Hold),
        code.prop_map(Behaviour::Block),
        Just(Behaviour::Fail(Failure::Trap, FailurePolicy::Closed)),
        Just(Behaviour::Fail(Failure::OutOfFuel, FailurePolicy::Open)),
    ]
}

impl Behaviour {
    fn on(&self, text: &str) -> RuleCall {
        let verdict = match self {
            Self::Allow => Verdict::Allow,
            Self::Flag(label) => Verdict::Flag(BTreeSet::from([Code::of(label)])),
            Self::Redact(replacement) => {
                let end = text.chars().next().map_or(0, char::len_utf8) as u32;
                let edit = Edit { start: 0, end, replacement: replacement.clone() };
                Verdict::Redact(Redaction::new(text, vec![edit]).expect("fits"))
            }
            Self::Hold(code) => Verdict::Hold(reason(code)),
            Self::Block(code) => Verdict::Block(reason(code)),
            Self::Fail(failure, policy) => return call(Err(*failure), *policy),
        };
        call(Ok(verdict), FailurePolicy::Closed)
    }
}

fn run(text: &str, chain: &[Behaviour]) -> (String, Decision, Vec<String>) {
    let mut fold = Fold::new(message(text));
    let mut seen = Vec::new();
    for rule in chain {
        if fold.is_settled() {
            break;
        }
        seen.push(fold.message().text.clone());
        let answer = rule.on(&fold.message().text);
        fold.push(answer);
    }
    let (message, decision) = fold.finish();
    (message.text, decision, seen)
}

proptest! {
    #[test]
    fn the_decision_is_the_strictest_of_its_trail(text in "\\PC{0,20}", chain in prop::collection::vec(behaviour(), 0..12)) {
        let (_, decision, _) = run(&text, &chain);
        let strictest = decision.rules.iter().map(|r| r.verdict).max().unwrap_or(Severity::Allow);
        prop_assert_eq!(decision.verdict, strictest);
        let first = decision.rules.iter().find(|r| r.verdict == strictest).and_then(|r| r.reason.clone());
        prop_assert_eq!(decision.reason.clone(), first);
        let held_or_blocked = matches!(decision.state(), State::Held | State::Blocked);
        prop_assert_eq!(held_or_blocked, decision.reason.is_some());
    }

    #[test]
    fn no_rule_is_asked_after_the_first_block(text in "\\PC{0,20}", chain in prop::collection::vec(behaviour(), 0..12)) {
        let (_, decision, _) = run(&text, &chain);
        let asked = chain.iter().position(|b| matches!(b, Behaviour::Block(_))).map_or(chain.len(), |i| i + 1);
        prop_assert_eq!(decision.rules.len(), asked);
    }

    #[test]
    fn adding_a_rule_never_makes_the_decision_milder(
        text in "\\PC{0,20}", chain in prop::collection::vec(behaviour(), 0..8), more in behaviour(),
    ) {
        let (_, before, _) = run(&text, &chain);
        let mut longer = chain.clone();
        longer.push(more);
        prop_assert!(run(&text, &longer).1.verdict >= before.verdict);
    }

    #[test]
    fn only_redactions_change_the_text_and_each_rule_sees_the_last_one(
        text in "\\PC{0,20}", chain in prop::collection::vec(behaviour(), 0..8),
    ) {
        let (after, decision, seen) = run(&text, &chain);
        let mut expected = text;
        for (rule, seen) in decision.rules.iter().zip(&seen) {
            prop_assert_eq!(&expected, seen);
            if rule.verdict == Severity::Redact {
                expected = Redaction::new(&expected, rule.edits.clone()).expect("kept edits fit").text().to_owned();
            } else {
                prop_assert!(rule.edits.is_empty());
            }
        }
        prop_assert_eq!(after, expected);
    }

    #[test]
    fn a_failed_rule_holds_when_closed_and_flags_when_open(text in "\\PC{0,20}") {
        let (_, closed) = fold(message(&text), [call(Err(Failure::Trap), FailurePolicy::Closed)]);
        prop_assert_eq!(closed.state(), State::Held);
        let (after, open) = fold(message(&text), [call(Err(Failure::Trap), FailurePolicy::Open)]);
        prop_assert_eq!((open.state(), open.verdict, after.text), (State::Delivered, Severity::Flag, text));
        prop_assert!(open.labels.contains(&Code::of(RULE_FAILED)));
        prop_assert_eq!(open.rules[0].failure, Some(Failure::Trap));
    }

    #[test]
    fn edits_do_what_they_say_and_nothing_else(
        pieces in prop::collection::vec(("\\PC{0,6}", prop::option::of("\\PC{0,6}")), 1..12),
    ) {
        let (mut text, mut edits, mut expected) = (String::new(), Vec::new(), String::new());
        for (piece, replacement) in &pieces {
            let start = text.len() as u32;
            text.push_str(piece);
            expected.push_str(replacement.as_ref().unwrap_or(piece));
            if let Some(replacement) = replacement {
                edits.push(Edit { start, end: text.len() as u32, replacement: replacement.clone() });
            }
        }
        let made = Redaction::new(&text, edits.clone());
        match made {
            Err(error) => prop_assert_eq!((error, edits.len()), (BadEdits::Count { count: 0 }, 0)),
            Ok(redaction) => prop_assert_eq!(redaction.text(), expected),
        }
    }

    #[test]
    fn no_edits_whatever_make_the_check_panic(
        text in "\\PC{0,12}", edits in prop::collection::vec((0u32..20, 0u32..20, "\\PC{0,3}"), 0..6),
    ) {
        let edits: Vec<Edit> = edits.into_iter().map(|(start, end, replacement)| Edit { start, end, replacement }).collect();
        let sound = !edits.is_empty()
            && edits.iter().all(|e| text.get(e.start as usize..e.end as usize).is_some())
            && edits.windows(2).all(|pair| pair[0].end <= pair[1].start);
        prop_assert_eq!(Redaction::new(&text, edits).is_ok(), sound);
    }
}

#[test]
fn an_edited_text_over_the_limit_is_refused() {
    let replacement = "x".repeat(limits::TEXT_BYTES + 1);
    assert_eq!(Redaction::new("a", vec![Edit { start: 0, end: 1, replacement }]), Err(BadEdits::Length));
}

#[test]
fn a_trail_reads_back_as_written() {
    let (_, decision, _) =
        run("text", &[Behaviour::Flag("one"), Behaviour::Redact("*".to_owned()), Behaviour::Hold("two")]);
    let json = serde_json::to_string(&decision).expect("serializes");
    assert_eq!(serde_json::from_str::<Decision>(&json).expect("reads back"), decision);
}

#[test]
fn codes_outside_the_alphabet_are_refused() {
    for bad in ["", "A", "a b", "é", &"a".repeat(65)] {
        assert_eq!(Code::try_from(bad.to_owned()), Err(NotACode), "{bad}");
    }
}

#[test]
fn what_a_rule_asked_is_counted_in_its_trail_and_can_be_left_out() {
    let exchange = Exchange {
        question: Question::FindInList { list: "vip".to_owned(), value: "ann".to_owned() },
        answer: Answer::Found { entry: None },
        micros: 3,
    };
    let call = RuleCall { exchanges: vec![exchange.clone()], ..call(Ok(Verdict::Allow), FailurePolicy::Closed) };
    let (_, mut decision) = fold(message("text"), [call]);
    assert_eq!(decision.rules[0].exchanges, [exchange]);
    let asked = decision.rules[0].asked.clone();
    assert_eq!(asked[&Import::Lists], Asked { questions: 1, bytes: 6, micros: 3 });
    let kept = serde_json::to_string(&decision).unwrap();
    assert_eq!(serde_json::from_str::<Decision>(&kept).unwrap(), decision);
    decision.forget_exchanges();
    assert!(decision.rules[0].exchanges.is_empty() && decision.rules[0].asked == asked);
    // A trail from before there were questions.
    let old = kept.replace("exchanges", "of no use").replace("asked", "of no use either");
    assert!(serde_json::from_str::<Decision>(&old).unwrap().rules[0].asked.is_empty());
}
