//! A call is a function of the plugin, its configuration and what it is asked: its answer and its cost come out the same, always.

use std::thread;

use sluice_domain::{
    installation::Budget,
    verdict::{Failure, LogLine, Verdict},
};
use sluice_sandbox::{Call, Configured};

use crate::lab::{Lab, component, message};

/// What plugins are asked: one of each kind of end, and of each kind of work.
const ASKED: [(&str, &str, &str); 9] = [
    ("blocked-words", r#"{"lists": [{"name": "a", "words": ["idiot", "gift card"]}]}"#, "Please pay by G1FT-CARD"),
    ("sensitive-data", "{}", "My card is 4111 1111 1111 1111, IBAN DE89 3704 0044 0532 0130 00"),
    ("hostile-plugins", r#"{"obey": true}"#, "hostile: slow"),
    ("hostile-plugins", r#"{"obey": true}"#, "hostile: log-flood"),
    ("hostile-plugins", r#"{"obey": true}"#, "hostile: trap"),
    ("hostile-plugins", r#"{"obey": true}"#, "hostile: recurse"),
    ("hostile-plugins", r#"{"obey": true}"#, "hostile: loop"),
    ("hostile-plugins", r#"{"obey": true}"#, "hostile: eat-memory"),
    ("hostile-plugins", r#"{"obey": true}"#, "hostile: labels-many"),
];

/// All of a call but the words about a failure.
pub(crate) type Outcome = (Result<Verdict, Failure>, u64, Vec<LogLine>);

pub(crate) fn outcome(plugin: &Configured, text: &str) -> Outcome {
    let Call { answer, cost, log, .. } = plugin.check_message(&message(text), Budget::CALL);
    (answer, cost.fuel, log)
}

/// What a sandbox that compiles everything anew makes of each question.
fn outcomes_in(lab: &Lab) -> Vec<Outcome> {
    let asked = ASKED.iter();
    asked.map(|(plugin, config, text)| outcome(&lab.ready(&component(plugin), config), text)).collect()
}

#[test]
fn the_same_call_comes_out_the_same_each_time_on_every_thread_and_after_others() {
    let lab = Lab::new();
    let expected = outcomes_in(&lab);
    let plugins = ASKED.map(|(plugin, config, _)| lab.ready(&component(plugin), config));
    let again = || {
        for _ in 0..25 {
            for (plugin, ((.., text), expected)) in plugins.iter().zip(ASKED.iter().zip(&expected)) {
                assert_eq!(&outcome(plugin, text), expected, "{text}");
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(again);
        scope.spawn(again);
    });
}

#[test]
fn a_plugin_that_is_compiled_anew_gives_the_same_answers_at_the_same_cost() {
    let lab = Lab::new();
    let expected = outcomes_in(&lab);
    for file in lab.artefacts() {
        std::fs::remove_file(file).unwrap();
    }
    assert_eq!(outcomes_in(&lab), expected, "the same sandbox without its artefacts");
    assert_eq!(outcomes_in(&Lab::new()), expected, "another sandbox");
    assert_eq!(outcomes_in(&lab), expected, "from artefacts");
}

#[test]
fn a_larger_budget_changes_no_answer_and_no_cost() {
    let plugin = Lab::new().obedient();
    for behaviour in ["allow", "slow", "redact", "trap", "labels-many"] {
        let asked = message(&format!("hostile: {behaviour}"));
        let [usual, larger] = [Budget::CALL, Budget { fuel: 1 << 40, memory: 32 << 20 }].map(|budget| {
            let call = plugin.check_message(&asked, budget);
            (call.answer, call.cost.fuel)
        });
        assert_eq!(usual, larger, "{behaviour}");
    }
}
