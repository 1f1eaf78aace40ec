//! Nothing of one call is seen from another: not its memory, not its message, not that there was one.

use std::thread;

use sluice_domain::{
    installation::Budget,
    verdict::{Failure, Severity, Verdict},
};
use sluice_sandbox::Configured;

use crate::{
    lab::{Lab, component, message},
    written::{SECRET, archivist, hoarder},
};

/// For plugins that go through all of their memory.
const BUDGET: Budget = Budget { fuel: 100_000_000, ..Budget::CALL };

fn ask(plugin: &Configured, text: &str) -> Result<Verdict, Failure> {
    plugin.check_message(&message(text), BUDGET).answer
}

fn check_clean(plugin: &Configured, after: &str) {
    assert_eq!(ask(plugin, "scan"), Ok(Verdict::Allow), "after {after}");
}

#[test]
fn a_call_finds_its_memory_clean_whatever_the_one_before_did_and_however_it_ended() {
    // One slot, so that every call is made where the one before was.
    let lab = Lab::with(|config| config.slots = 1);
    let (writer, reader) = (lab.ready(&archivist("writer"), "0"), lab.ready(&archivist("reader"), "0"));
    let hostile = lab.obedient();
    for _ in 0..3 {
        assert_eq!(ask(&writer, "fill"), Ok(Verdict::Allow));
        check_clean(&reader, "a call that filled its memory");
        assert_eq!(ask(&writer, "trap"), Err(Failure::OutOfMemory), "it was refused more than its budget");
        check_clean(&reader, "a call that trapped");
        assert_eq!(ask(&writer, "loop"), Err(Failure::OutOfFuel));
        check_clean(&reader, "a call that used up its budget");
        assert_eq!(ask(&writer, "fill"), Ok(Verdict::Allow));
        check_clean(&writer, "a call of the same plugin");
        for behaviour in ["allow", "eat-memory", "answer-huge", "trap"] {
            ask(&hostile, &format!("hostile: {behaviour}")).ok();
            check_clean(&reader, behaviour);
        }
    }
}

/// A letter and a long message that is full of the secret.
fn told(letter: char) -> String {
    format!("{letter}{}", str::from_utf8(SECRET).unwrap().repeat(7_500))
}

/// For plugins that look at each byte of their memory.
fn look(plugin: &Configured, text: &str) -> Result<Verdict, Failure> {
    plugin.check_message(&message(text), Budget { fuel: 1_000_000_000, ..Budget::CALL }).answer
}

#[test]
fn no_byte_of_a_message_is_left_for_another_plugin_in_the_same_slot_whatever_slots_keep() {
    for (keep_pages, overlay_bytes) in [(true, 32 << 10), (false, 32 << 10), (true, 0), (false, 0)] {
        let lab = Lab::with(|config| {
            config.slots = 1;
            config.keep_pages = keep_pages;
            config.overlay_bytes = overlay_bytes;
        });
        let (mine, theirs) = (lab.ready(&hoarder("mine"), "{}"), lab.ready(&hoarder("theirs"), "{}"));
        let compiled = lab.ready(&component("sensitive-data"), "{}");
        for round in 0..3 {
            assert_eq!(look(&theirs, &told('h')), Ok(Verdict::Allow));
            assert_eq!(look(&mine, "s"), Ok(Verdict::Allow), "{keep_pages}, round {round}: after a call that hoarded");
            assert_eq!(look(&theirs, &told('t')), Err(Failure::OutOfMemory));
            assert_eq!(look(&mine, "s"), Ok(Verdict::Allow), "{keep_pages}, round {round}: after a call that trapped");
            assert_eq!(look(&compiled, &told('h')), Ok(Verdict::Allow));
            assert_eq!(look(&mine, "s"), Ok(Verdict::Allow), "{keep_pages}, round {round}: after a well-behaved call");
            assert_eq!(look(&mine, &told('h')), Ok(Verdict::Allow));
            assert_eq!(look(&mine, "s"), Ok(Verdict::Allow), "{keep_pages}, round {round}: after a call of its own");
        }
    }
}

#[test]
fn a_plugin_that_looks_for_a_secret_finds_it_wherever_it_is() {
    let plugin = Lab::new().ready(&hoarder("mine"), "{}");
    for (letter, place) in [('s', "in the message"), ('k', "at the end of its memory"), ('g', "in a global")] {
        let text = format!("{letter}{}", str::from_utf8(SECRET).unwrap());
        assert_eq!(look(&plugin, &text).unwrap().severity(), Severity::Block, "{place}");
    }
    assert_eq!(look(&plugin, "k3cr3t!\n"), Ok(Verdict::Allow), "what is nearly the secret");
}

#[test]
fn what_configure_left_is_seen_by_calls_of_that_configuration_only() {
    // Each with code of its own, and all with the same code, into which all of a memory is written.
    for overlay_bytes in [0, 1 << 30] {
        let lab = Lab::with(|config| {
            config.slots = 1;
            config.overlay_bytes = overlay_bytes;
        });
        let component = archivist("archivist");
        let (full, empty) = (lab.ready(&component, "1"), lab.ready(&component, "0"));
        for _ in 0..10 {
            // Also shows that a scan finds what there is.
            assert_eq!(ask(&full, "scan").unwrap().severity(), Severity::Block);
            check_clean(&empty, "a call of another configuration");
            assert_eq!(ask(&full, "fill"), Ok(Verdict::Allow));
            check_clean(&empty, "a call that wrote over its configuration");
        }
    }
}

#[test]
fn calls_at_once_do_not_see_one_another() {
    let lab = Lab::with(|config| config.slots = 4);
    let (writer, reader) = (lab.ready(&archivist("writer"), "0"), lab.ready(&archivist("reader"), "0"));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    assert_eq!(ask(&writer, "fill"), Ok(Verdict::Allow));
                    check_clean(&reader, "a call on any thread");
                }
            });
        }
    });
}

#[test]
fn answers_go_to_those_who_asked() {
    let lab = Lab::with(|config| config.slots = 4);
    let plugin = lab.ready(&component("sensitive-data"), "{}");
    thread::scope(|scope| {
        for thread in 0..4 {
            let plugin = &plugin;
            scope.spawn(move || {
                for call in 0..100 {
                    let text = format!("{thread} asks {call}: 4111 1111 1111 1111");
                    let verdict = plugin.check_message(&message(&text), Budget::CALL).answer.unwrap();
                    let Verdict::Redact(redaction) = verdict else { panic!("{verdict:?}") };
                    assert_eq!(redaction.text(), format!("{thread} asks {call}: [card •••• 1111]"));
                }
            });
        }
    });
}

#[test]
fn no_call_knows_that_there_was_an_earlier_one() {
    let lab = Lab::with(|config| config.slots = 2);
    let plugin = lab.ready(&component("hostile-plugins"), r#"{"behaviour": "remember"}"#);
    for call in 0..500 {
        assert_eq!(ask(&plugin, "do you remember?"), Ok(Verdict::Allow), "call {call}");
    }
}
